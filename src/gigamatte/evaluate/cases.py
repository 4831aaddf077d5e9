"""A folder of cases: photos with a coarse mask and the exact alpha, to measure against."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import InputError, MissingInput
from gigamatte.evaluate.metrics import unit_alpha
from gigamatte.options import MAX_PIXELS
from gigamatte.photo.mask import read_mask
from gigamatte.photo.read import open_photo

PHOTOS = ("photo.png", "photo.jpg", "photo.jpeg", "photo.webp", "photo.tif", "photo.tiff")


@dataclass(frozen=True, slots=True)
class Case:
    """One folder ``name``: photo.*, alpha.png (exact), and perhaps coarse.png and foreground.png (exact colours)."""

    name: str
    photo: Path
    alpha: Path
    coarse: Path | None
    foreground: Path | None


def find_cases(folder: str | os.PathLike[str]) -> list[Case]:
    """The cases in ``folder``, by name. Raises MissingInput when there is none."""
    root = Path(folder)
    if not root.is_dir():
        raise MissingInput(f"there is no folder {root}")
    cases = [case for path in sorted(root.iterdir()) if path.is_dir() and (case := _case(path)) is not None]
    if not cases:
        raise MissingInput(
            f"{root} holds no case",
            "a case is a folder with photo.png or photo.jpg, alpha.png, and perhaps coarse.png and foreground.png",
        )
    return cases


def _case(path: Path) -> Case | None:
    photo = next((path / name for name in PHOTOS if (path / name).is_file()), None)
    if photo is None or not (path / "alpha.png").is_file():
        return None
    coarse, foreground = path / "coarse.png", path / "foreground.png"
    return Case(
        path.name,
        photo,
        path / "alpha.png",
        coarse if coarse.is_file() else None,
        foreground if foreground.is_file() else None,
    )


def read_alpha(path: Path) -> NDArray[np.float32]:
    """An alpha picture as float32 (row, column) in [0, 1]."""
    return unit_alpha(read_mask(path, max_pixels=MAX_PIXELS).values)


def read_colours(path: Path) -> NDArray[Any]:
    """A picture's stored colours (row, column, RGB), uint8 or uint16; no profile is applied, nothing is turned.

    Raises InputError for one that EXIF turns, and what reading raises.
    """
    photo = open_photo(path, max_pixels=MAX_PIXELS)
    if photo.orientation != 1:
        raise InputError(f"{path} is turned by EXIF; the pictures of a case are upright")
    return np.ascontiguousarray(photo.open().numpy()[..., :3])
