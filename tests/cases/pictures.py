"""What the cases of pictures share: a cut by a mask, made-up pixels, and what is read of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte.options import Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.remover import Remover
from gigamatte.types import Receipt

LIMIT = 10**8


Case = Callable[[str], Path]


def cut(source: Any, target: Path, **options: Any) -> Receipt:
    """A cutout by a mask, refined by nothing: what is tested here is the picture."""
    with Remover(Options(refine="off", **options)) as remover:
        return remover.process(source, target)


def white_mask(folder: Path) -> str:
    """A mask that keeps all."""
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(folder / "white.png")
    return str(folder / "white.png")


def seen(source: Any) -> NDArray[np.uint8]:
    """A picture as a screen shows it, (row, column, RGB or RGBA)."""
    return np.concatenate(list(strips(open_photo(source, max_pixels=LIMIT), 512)))


def values(bands: int, dtype: Any = np.uint8, seed: int = 3) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (24, 32, bands)).astype(dtype)


def read(source: Any, **choices: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The photo's own pixels, (row, column, RGB or RGBA), and what was said about them."""
    photo = open_photo(source, max_pixels=LIMIT, **choices)
    with PhotoLevels(photo) as levels:
        rgb, alpha = levels.read(0, photo.size.box), levels.alpha(photo.size.box)
    return rgb if alpha is None else np.dstack([rgb, alpha]), photo.warnings
