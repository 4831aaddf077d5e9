"""Weights that need no download: normal numbers seeded by tensor names; a list of names and shapes suffices.

The reference network was run once with exactly these weights and inputs; its answers are the golden arrays.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class MadeUpWeights:
    """A state dict by formula. ``listing`` is a JSON file {name: [shape, dtype]}."""

    def __init__(self, listing: Path, *, dtype: str = "float32") -> None:
        self._entries: dict[str, tuple[list[int], str]] = json.loads(listing.read_text("utf-8"))
        self._dtype = dtype

    def names(self) -> list[str]:
        """Names of all tensors."""
        return list(self._entries)

    def describe(self, key: str) -> tuple[tuple[int, ...], str]:
        """(shape, NumPy dtype name); floating tensors have this object's dtype."""
        shape, dtype = self._entries[key]
        return tuple(shape), self._dtype if dtype == "float32" else dtype

    def load(self, key: str) -> NDArray[Any]:
        """The tensor. Statistics and scales are like trained ones, so that no layer's values become huge or zero."""
        shape, dtype = self._entries[key]
        if dtype != "float32":
            return np.zeros(shape, dtype)  # counters and indices, which inference ignores
        n = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode()))).standard_normal(shape, dtype=np.float32)
        return np.asarray(_placed(key, n), self._dtype)


def _placed(key: str, n: NDArray[np.float32]) -> NDArray[np.float32]:
    if key.endswith("running_var"):
        return np.float32(0.5) + np.abs(n)
    if key.endswith("running_mean"):
        return np.float32(0.1) * n
    if n.ndim == 1:
        return 1 + np.float32(0.1) * n if key.endswith("weight") else np.float32(0.05) * n
    return np.asarray(n / np.float32(np.sqrt(np.prod(n.shape[1:]))), np.float32)


def golden_input(height: int, width: int) -> NDArray[np.float32]:
    """The normalised input (1, 3, row, column) that belongs to the golden arrays of this size."""
    generator = np.random.Generator(np.random.PCG64(height * 10000 + width))
    return generator.standard_normal((1, 3, height, width), np.float32)
