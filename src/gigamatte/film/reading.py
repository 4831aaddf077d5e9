"""A film from a path: a container, an animated picture, numbered pictures, or a folder of pictures."""

from __future__ import annotations

from pathlib import Path

from gigamatte.errors import MissingInput, UnsupportedInput
from gigamatte.film.animated import AnimatedPicture
from gigamatte.film.kinds import ANIMATIONS, is_pattern, kind_of, members
from gigamatte.film.sequence import PictureSequence, pictures_in
from gigamatte.film.types import Source
from gigamatte.film.video import VideoFile


def is_film(path: str | Path, *, fps: float | None = None) -> bool:
    """Whether a path leads to what moves; a folder does where a rate (``fps``) is given for its pictures."""
    place = Path(path)
    if place.is_dir():
        return fps is not None
    return (not place.exists() and is_pattern(place.name)) or kind_of(place) is not None


def open_film(path: str | Path, *, fps: float | None = None, max_pixels: int) -> Source:
    """The film at ``path``, its header read. Raises MissingInput, UnsupportedInput, BudgetExceeded, UsageError."""
    place = Path(path)
    if place.is_dir():
        return PictureSequence(f"in {place.name or place}", pictures_in(place), fps, max_pixels)
    if not place.exists():
        if is_pattern(place.name) and place.parent.is_dir():
            return PictureSequence(place.name, members(place), fps, max_pixels)
        raise MissingInput(f"there is no file {place}")
    kind = kind_of(place)
    if kind is None:
        raise UnsupportedInput(
            f"{place.name} is no film: expected MP4, MOV, WebM, MKV, AVI, or an animated GIF, PNG, WebP or AVIF",
            "gigamatte cut takes photos as well; a sequence is named like shot_%05d.png",
        )
    if kind in ANIMATIONS:
        return AnimatedPicture(place, kind, max_pixels)
    return VideoFile(place, kind, max_pixels)
