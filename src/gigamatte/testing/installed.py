"""What reading with other programs needs: to find them, and to take their pictures apart."""

from __future__ import annotations

import importlib
import shutil
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


class NotInstalled(Exception):
    """The program or library is not there."""


def library(name: str) -> Any:
    """A module that may be missing: raises NotInstalled."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NotInstalled(name) from error


def program(*names: str) -> str:
    """The path of the first of these programs that is there: raises NotInstalled."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NotInstalled(names[0])


def rgba(pixels: Pixels) -> Pixels:
    """Grey and RGB as RGBA, opaque."""
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels of {pixels.dtype}")
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    if pixels.shape[2] == 3:
        opaque = np.full(pixels.shape[:2], np.iinfo(pixels.dtype).max, pixels.dtype)
        pixels = np.dstack([pixels, opaque])
    return pixels


def decoded(png: bytes) -> Pixels:
    """The pixels of a PNG, (row, column, RGBA), uint8 or uint16."""
    import cv2

    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("no picture")
    straight: Pixels = rgba(np.asarray(pixels))[..., [2, 1, 0, 3]]
    return straight
