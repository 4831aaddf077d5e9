"""How deep a channel is, 8 or 16 bits, and the arrays of pixels that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError

FloatArray = NDArray[np.float32]
PixelArray = NDArray[np.uint8] | NDArray[np.uint16]
#: alphas of the cascade, 65535 = subject
Pixels16 = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Depth:
    """``bits`` a channel, 8 or 16: its type, the value of white, and the ways to and from [0, 1]."""

    bits: int

    def __post_init__(self) -> None:
        if self.bits not in (8, 16):
            raise UsageError(f"a channel has 8 or 16 bits, found {self.bits}")

    @classmethod
    def of(cls, pixels: PixelArray) -> Depth:
        """The depth of an array, uint8 or uint16."""
        return cls(8 * pixels.dtype.itemsize)

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)

    @property
    def full(self) -> int:
        """The value of white, and of an opaque alpha: 255 or 65535."""
        return (1 << self.bits) - 1

    def pixels(self, values: NDArray[Any]) -> PixelArray:
        """Numbers of any type and shape in 0…full as uint8 or uint16 of the same shape; fractions are cut off."""
        return values.astype(np.uint8) if self.bits == 8 else values.astype(np.uint16)

    def unit(self, pixels: PixelArray) -> FloatArray:
        """Pixels in 0…full as float32 in [0, 1]; same shape. A product: it may lie one float beside the quotient."""
        out = pixels.astype(np.float32)
        out *= np.float32(1 / self.full)
        return out

    def quotient(self, pixels: PixelArray | FloatArray) -> FloatArray:
        """The same by division, whose result is the nearest float; slower than ``unit``."""
        out = pixels.astype(np.float32)
        out /= np.float32(self.full)
        return out

    def from_unit(self, values: FloatArray) -> PixelArray:
        """float32 in [0, 1] as pixels in 0…full, rounded, halves upwards; same shape."""
        return self.pixels(values * np.float32(self.full) + np.float32(0.5))
