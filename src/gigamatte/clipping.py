"""A clipping path: the curves that enclose a subject, as Photoshop keeps them in a picture's file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import InputError, UsageError
from gigamatte.geometry import Size

#: float64 (knot, 3, 2) of one closed curve: the control point before, the anchor, the control point after; x, y
Knots: TypeAlias = NDArray[np.float64]

#: what ``mask`` is called where the photo's own path is meant: path, or path:NAME
_WORD = "path"
#: how far a path may be moved outwards, pixels
OFFSETS = (0.5, 2000.0)


@dataclass(frozen=True, eq=False)
class ClippingPath:
    """Closed cubic Bezier curves, filled by the even-odd rule.

    ``subpaths`` are Knots in pixels: x to the right, y down, the corners of pixels at whole numbers.
    """

    name: str
    subpaths: tuple[Knots, ...] = ()

    @property
    def knots(self) -> int:
        """How many knots all of its curves have."""
        return sum(map(len, self.subpaths))

    def scaled(self, size: Size, other: Size) -> ClippingPath:
        """The path of a picture of one size, in pixels of the same picture at another."""
        if size == other:
            return self
        by = (other.width / size.width, other.height / size.height)
        return ClippingPath(self.name, tuple(knots * by for knots in self.subpaths))


@dataclass(frozen=True)
class OwnPaths:
    """The paths that a picture's file holds, in pixels of the upright picture, which has this ``size``.

    ``clipping``: the name of the one that cuts the picture, where the file says so.
    """

    paths: tuple[ClippingPath, ...] = ()
    clipping: str | None = None
    size: Size | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all of them, in the file's order."""
        return tuple(one.name for one in self.paths)

    def chosen(self, name: str, photo: str) -> tuple[ClippingPath, tuple[str, ...]]:
        """The path called ``name``, or the clipping path where that is empty; and warnings.

        ``photo`` is what messages call the picture. Raises InputError, which names the paths there are.
        """
        if not self.paths:
            raise InputError(
                f"{photo} holds no path; expected a JPEG, TIFF or PSD with a clipping path", "leave --mask out"
            )
        wanted = name or self.clipping
        if wanted is None:
            if len(self.paths) == 1:
                only = self.paths[0]
                return only, (f"the path {only.name!r} is not marked as clipping path, but is the only one: taken",)
            raise InputError(f"{photo} marks none of its paths as clipping path: {_listed(self.names)}", _ADVICE)
        for same in (str.__eq__, _equal_but_for_case, _equal_in_bytes):
            for one in self.paths:
                if same(one.name, wanted):
                    return one, ()
        listed = _listed(self.names)
        if name:
            raise InputError(f"{photo} holds no path {wanted!r}; its paths: {listed}", _ADVICE)
        raise InputError(
            f"{photo} names {wanted!r} as its clipping path, but does not hold it; its paths: {listed}", _ADVICE
        )


#: of names in files that Photoshop wrote on Windows
_ENCODINGS = ("cp936", "cp932", "cp950", "cp949", "cp1252", "cp1250", "cp1251")
_ADVICE = "name one of them: --mask path:NAME"


def path_named(mask: object) -> str | None:
    """The name of the photo's own path that a ``mask`` means: empty for its clipping path, None where it means a file.

    A file that is called path is named ./path.
    """
    if not isinstance(mask, str) or not (mask == _WORD or mask.startswith(_WORD + ":")):
        return None
    return mask[len(_WORD) + 1 :].strip()


def offset_of(text: str, resolution: tuple[float, float] | None) -> float:
    """Pixels that "12px" or "2mm" mean for a photo of so many pixels per millimetre, across and down; 0 = not known.

    Without a ``resolution`` only the text is checked. Raises UsageError.
    """
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?) ?(px|mm)", text.strip().lower())
    if found is None:
        raise UsageError(f"--offset is written as 12px or 2mm; found {text!r}")
    pixels = float(found[1])
    if found[2] == "mm":
        if resolution is None:
            return 0.0
        if min(resolution) <= 0:
            raise UsageError(
                f"the photo does not say how many pixels make a millimetre; --offset {text} needs that",
                "give the offset in pixels, such as 12px",
            )
        pixels *= sum(resolution) / 2
    if not OFFSETS[0] <= pixels <= OFFSETS[1]:
        raise UsageError(f"--offset is {OFFSETS[0]:g} to {OFFSETS[1]:g} pixels; {text} is {pixels:g}")
    return pixels


def _equal_but_for_case(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _equal_in_bytes(stored: str, wanted: str) -> bool:
    """Whether a name that was taken for MacRoman is the wanted one in the encoding of another system."""
    try:
        found = stored.encode("mac_roman")
    except UnicodeEncodeError:
        return False
    return any(found == wanted.encode(encoding, "replace") for encoding in _ENCODINGS)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
