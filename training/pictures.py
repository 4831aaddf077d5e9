"""Reading the pictures that both networks are trained on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def read(path: Path, flags: int = cv2.IMREAD_UNCHANGED) -> NDArray[np.uint8]:
    """uint8 (row, column, RGB or RGBA), or (row, column) of a grey picture."""
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise FileNotFoundError(f"cannot read the training picture {path}")
    pixels = np.asarray(picture, np.uint8)
    return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])


def renders_in(folder: Path) -> list[Path]:
    """The finished renders in and below a folder, sorted; a renderer may still be at work on others."""
    return [path for path in sorted(folder.rglob("*.png")) if ".part" not in path.suffixes]
