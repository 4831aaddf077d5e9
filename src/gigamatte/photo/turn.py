"""Turns a photo as its file stores it upright: the eight orientations of EXIF (tag 0x0112)."""

from __future__ import annotations

from dataclasses import dataclass

from gigamatte.errors import UsageError
from gigamatte.types import Box, PixelArray, Size


@dataclass(frozen=True, slots=True)
class Turn:
    """First swap rows with columns (``transposed``), then mirror left–right and top–bottom: stored → upright."""

    transposed: bool
    mirrored_x: bool
    mirrored_y: bool

    @classmethod
    def from_exif(cls, orientation: int) -> Turn:
        """The turn for EXIF's ``orientation`` (1…8). Raises UsageError for other numbers."""
        if orientation not in _EXIF:
            raise UsageError(f"an EXIF orientation lies in 1…8, found {orientation}")
        return cls(*_EXIF[orientation])

    def size(self, size: Size) -> Size:
        """The upright size of a stored size, or the other way round."""
        return Size(size.height, size.width) if self.transposed else size

    def stored(self, box: Box, upright: Size) -> Box:
        """Where the pixels of ``box`` (in an upright picture of size ``upright``) are stored."""
        left = upright.width - box.right if self.mirrored_x else box.left
        top = upright.height - box.bottom if self.mirrored_y else box.top
        if self.transposed:
            return Box(top, left, box.height, box.width)
        return Box(left, top, box.width, box.height)

    def upright(self, array: PixelArray) -> PixelArray:
        """A view of stored pixels (row, column[, channel]), turned upright. Nothing is copied."""
        if self.transposed:
            array = array.swapaxes(0, 1)
        if self.mirrored_x:
            array = array[:, ::-1]
        if self.mirrored_y:
            array = array[::-1]
        return array

    @property
    def starts_right(self) -> bool:
        """Whether upright counting begins at the last stored column."""
        return self.mirrored_y if self.transposed else self.mirrored_x

    @property
    def starts_bottom(self) -> bool:
        """Whether upright counting begins at the last stored row."""
        return self.mirrored_x if self.transposed else self.mirrored_y


#: orientation → transposed, mirrored_x, mirrored_y
_EXIF = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}
