"""Masks that are right and soft: the exact alpha made smaller, as the answer of a perfect network would be."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from gigamatte.errors import UsageError
from gigamatte.types import FloatArray, PixelArray

#: A mask has at least so many pixels along each side.
LEAST = 8
#: The largest square, in pixels along its side.
MOST = 16384


@dataclass(frozen=True, slots=True)
class Reduction:
    """How much smaller: to ``1/ratio`` of both sides, or to a square of ``side`` pixels, as networks see a photo."""

    ratio: float = 1.0
    side: int | None = None

    @classmethod
    def parsed(cls, text: str) -> Reduction:
        """Of ``1/2`` or ``2048``. Raises UsageError."""
        try:
            if text.startswith("1/") and 1 <= (ratio := float(text[2:])) <= MOST:
                return cls(ratio)
            if text.isdecimal() and LEAST <= (side := int(text)) <= MOST:
                return cls(side=side)
        except ValueError:
            pass
        raise UsageError(
            f"--exact {text!r} is no size of a mask: expected 1/1, 1/2, 1/3 … of the photo's sides, or pixels of a "
            f"square ({LEAST} to {MOST}), such as 2048"
        )

    def __str__(self) -> str:
        return f"exact {self.side}²" if self.side else f"exact 1/{self.ratio:g}"

    def mask(self, alpha: FloatArray) -> PixelArray:
        """``alpha``, float32 (row, column) in [0, 1], averaged by area: uint8 (row, column), never larger than it."""
        size = [min(length, self.side or max(LEAST, round(length / self.ratio))) for length in alpha.shape[::-1]]
        small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        return np.asarray(np.round(np.clip(small, 0, 1) * 255), np.uint8)
