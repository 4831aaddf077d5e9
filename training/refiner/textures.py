"""Squares of photos, kept decoded in one file, from which foregrounds and backgrounds are cut.

Sources: backgrounds (none that is CC BY-SA), people and cats. What is held out for validation is decided by file name,
in the same way as for the locator.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from training.locator.data import is_held_out, picture_files

#: uint8 (row, column, RGB), or (row, column) of an alpha; pools have the number of the picture first
Pixels = NDArray[np.uint8]
Rng = np.random.Generator

SIDE = 320
#: Squares cut from one picture of each source.
CUTS = {"backgrounds": 36, "people": 1, "cats": 1}


def cut(rng: Rng, picture: Pixels, smallest: float) -> Pixels:
    """A random square of a picture, reduced to SIDE; at least SIDE pixels wide where the picture allows."""
    short = min(picture.shape[:2])
    side = int(np.clip(short * rng.uniform(smallest, 1), min(SIDE, short), short))
    top, left = (int(rng.integers(length - side + 1)) for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def squares(data: Path, held_out: bool, seed: int) -> Iterator[Pixels]:
    """All squares of one side of the split, uint8 (SIDE, SIDE, RGB)."""
    rng = np.random.default_rng(seed)
    for source, count in CUTS.items():
        for path in picture_files(data, source):
            if is_held_out(source, path.name) != held_out:
                continue
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is None:
                raise FileNotFoundError(f"cannot read the training picture {path}")
            for _ in range(count):
                yield np.ascontiguousarray(cut(rng, np.asarray(picture, np.uint8), 0.27)[..., ::-1])


def build(data: Path, cache: Path, seed: int = 5) -> None:
    """Writes textures.npy (for training) and textures-held-out.npy."""
    for held_out, name in ((False, "textures.npy"), (True, "textures-held-out.npy")):
        np.save(cache / name, np.stack(list(squares(data, held_out, seed))))


def open_textures(cache: Path, held_out: bool) -> Pixels:
    """The squares, memory-mapped: uint8 (number, SIDE, SIDE, RGB)."""
    mapped: Pixels = np.load(cache / ("textures-held-out.npy" if held_out else "textures.npy"), mmap_mode="r")
    return mapped


def turned(rng: Rng, picture: NDArray[np.generic]) -> NDArray[np.generic]:
    """One of the eight mirrorings and quarter turns."""
    picture = np.rot90(picture, int(rng.integers(4)))
    return picture[:, ::-1] if rng.random() < 0.5 else picture


def draw(rng: Rng, pool: Pixels, zoom: float = 1.8) -> NDArray[np.float32]:
    """A random texture, turned, enlarged up to ``zoom`` times: float32 (SIDE, SIDE, RGB) in [0, 1]."""
    picture = turned(rng, pool[int(rng.integers(len(pool)))])
    if rng.random() < 0.35:
        side = int(SIDE / rng.uniform(1, zoom))
        top, left = rng.integers(SIDE - side + 1, size=2)
        window = np.ascontiguousarray(picture[top : top + side, left : left + side])
        picture = cv2.resize(window, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(picture).astype(np.float32) * np.float32(1 / 255)


def plain(rng: Rng) -> NDArray[np.float32]:
    """A colour, often greyish, that changes smoothly: float32 (SIDE, SIDE, RGB) in [0, 1]."""
    corners = rng.uniform(0.02, 0.98) + rng.normal(0, 0.16 * rng.random(), (1, 1, 3))
    corners = corners + rng.normal(0, 0.15 * rng.random() ** 2, (2, 2, 3))
    field = cv2.resize(corners.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(field, 0, 1), np.float32)
