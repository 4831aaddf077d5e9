"""Sequences of pictures: files that are numbered (shot_%05d.png), or all pictures of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from gigamatte.errors import MissingInput, UnsupportedInput
from gigamatte.film.types import Frame, Header, Span
from gigamatte.photo.formats import KINDS
from gigamatte.photo.read import open_photo
from gigamatte.types import Size

#: frames a second where nobody says
USUAL = 25.0


class PictureSequence:
    """Pictures of one size, one after another. Raises MissingInput, UnsupportedInput, BudgetExceeded."""

    def __init__(self, name: str, files: Sequence[Path], fps: float | None, max_pixels: int) -> None:
        if not files:
            raise MissingInput(f"there are no pictures {name}", "name a sequence like shot_%05d.png, or a folder")
        self.path: Path | None = files[0]
        self._files, self._max_pixels = list(files), max_pixels
        rate = Fraction(repr(fps or USUAL))
        photo = open_photo(files[0], max_pixels=max_pixels)
        said = () if fps else (f"the pictures {name} have no times: taken as {USUAL:g} a second; --fps says otherwise",)
        self.header = Header(
            name=name,
            kind="sequence",
            size=photo.size,
            bits=photo.bits,
            alpha=photo.has_alpha,
            rate=rate,
            base=1 / rate if rate.numerator == 1 else Fraction(1, rate.numerator),
            frames=len(files),
            seconds=float(len(files) / rate),
            warnings=said,
        )

    def frames(self, span: Span, skip: int = 0) -> Iterator[Frame]:
        """The wanted pictures but the first ``skip``, in order."""
        assert self.header.rate is not None
        every, number = 1 / self.header.rate, 0
        for at, path in enumerate(self._files):
            if not span.holds(at * every):
                continue
            if number % span.every == 0 and number >= skip * span.every:
                size = open_photo(path, max_pixels=self._max_pixels).size
                self._refuse(path, size)
                yield Frame(at * every, path, every)
            number += 1

    def _refuse(self, path: Path, size: Size) -> None:
        if size != self.header.size:
            expected = f"{self.header.size} like {self._files[0].name}"
            raise UnsupportedInput(f"{path.name} has {size} pixels, expected {expected}", "a film has one size")


def pictures_in(folder: Path) -> list[Path]:
    """All pictures of a folder, by name, numbers in them by value."""
    suffixes = {suffix for kind in KINDS for suffix in kind.suffixes}
    found = [path for path in folder.iterdir() if path.suffix.lower() in suffixes and not path.name.startswith(".")]
    return sorted(found, key=lambda path: [int(p) if p.isdigit() else p for p in _split(path.name)])


def _split(name: str) -> list[str]:
    return re.split(r"(\d+)", name)
