"""Squares of whole scenes with the embedded locator's own mask: what the refiner starts from by default.

The other scenes are pieces of things, in which the locator finds nothing. Here a rendered thing stands before a whole
photo; the locator runs on it as in the product, and squares are cut around the contour. A mask that lies somewhere
else altogether is left out, because nothing can be learned from it.

The squares start where the mask would start by its sharpness. The product now looks for the contour first, from one
level coarser (``gigamatte/matte/cascade/contour_search.py``); training from there was tried and was no better
(docs/design/matte.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from training.locator.data import is_held_out as is_held_out_photo
from training.locator.data import picture_files
from training.pictures import read, renders_in

from gigamatte.matte.cascade.sharpness import starting_level
from gigamatte.matte.cascade.start import laid_on_level
from gigamatte.network.decode import decided
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.types import Size

from .coarse import covered_share
from .photo import camera, composite, relit
from .renders import has_alpha, is_held_out
from .steps import Image, Walk, half, pyramid
from .textures import SIDE, Pixels, Rng, turned

#: Side of a scene, and the largest number of squares that are cut from one.
FRAME, SQUARES = 1152, 8
#: The locator's mask overlaps the subject by at least this (IoU), and says this much of what is undecided in a square.
FOUND, COVERED = 0.85, 0.5
#: Levels at which walks may start; a locator's mask of such a scene mostly starts at 2.
LEVELS = (1, 2, 3)


def row_of(level: int) -> np.dtype[np.void]:
    """What is stored of one square whose mask lies on ``level``."""
    small = SIDE >> level
    return np.dtype(
        [
            ("photo", "u1", (SIDE, SIDE, 3)),
            ("exact", "u1", (SIDE, SIDE)),
            ("mask", "u1", (small, small)),
            ("blur", "f4"),
        ]
    )


def build(data: Path, renders: Path, cache: Path, count: int, seed: int) -> dict[int, int]:
    """Writes ``located-LEVEL.npy`` for ``count`` scenes; returns the number of squares by level."""
    things = [path for path in renders_in(renders) if not is_held_out(path.name) and has_alpha(path)]
    photos = [path for path in picture_files(data, "backgrounds") if not is_held_out_photo("backgrounds", path.name)]
    found: dict[int, list[NDArray[np.void]]] = {level: [] for level in LEVELS}
    with open_network("locator") as locator:
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            photo, alpha = scene(
                rng, read(things[int(rng.integers(len(things)))]), read(photos[int(rng.integers(len(photos)))])
            )
            for level, square in squares(rng, locator, photo, alpha):
                found[level].append(square)
    for level, rows in found.items():
        if rows:
            np.save(cache / f"located-{level}.npy", np.stack(rows))
    return {level: len(rows) for level, rows in found.items()}


def scene(rng: Rng, thing: Pixels, behind: Pixels) -> tuple[Image, Image]:
    """A thing before a photo: colours float32 (FRAME, FRAME, RGB) and exact alpha (FRAME, FRAME), both in [0, 1]."""
    backdrop = cropped(rng, behind)
    if rng.random() < 0.6:
        backdrop = cv2.GaussianBlur(backdrop, (0, 0), float(np.exp(rng.uniform(0.5, 2.7))))
    colour, alpha = placed(rng, thing)
    return composite(relit(rng, colour), backdrop, alpha, linear=rng.random() < 0.35), alpha


def cropped(rng: Rng, photo: Pixels) -> Image:
    """A random square of a photo, FRAME wide."""
    short = min(photo.shape[:2])
    side = int(short * rng.uniform(0.6, 1))
    top, left = (int(rng.integers(length - side + 1)) for length in photo.shape[:2])
    square = photo[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side > FRAME else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (FRAME, FRAME), interpolation=method), np.float32) * np.float32(1 / 255)


def placed(rng: Rng, thing: Pixels) -> tuple[Image, Image]:
    """Colours and alpha of a thing on an empty frame: half to all of it wide, never enlarged."""
    rows, columns = (np.flatnonzero((thing[..., 3] > 8).any(axis=axis)) for axis in (1, 0))
    tight = thing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) * np.float32(1 / 255)
    tight = tight[:, ::-1] if rng.random() < 0.5 else tight
    longest = max(tight.shape[:2])
    scale = min(1.0, FRAME * rng.uniform(0.5, 1.05) / longest)
    size = tuple(max(8, round(length * scale)) for length in tight.shape[1::-1])
    premultiplied = tight * np.concatenate([np.repeat(tight[..., 3:], 3, 2), np.ones_like(tight[..., 3:])], 2)
    small = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
    where = [(FRAME - length) / 2 + rng.normal(0, 0.08) * FRAME for length in size]
    moved = np.array([[1, 0, round(where[0])], [0, 1, round(where[1])]], np.float64)
    laid = np.asarray(cv2.warpAffine(small, moved, (FRAME, FRAME), flags=cv2.INTER_NEAREST), np.float32)
    return np.asarray(laid[..., :3] / np.maximum(laid[..., 3:], 1e-3), np.float32), laid[..., 3]


def squares(rng: Rng, locator: Network, photo: Image, alpha: Image) -> Iterator[tuple[int, NDArray[np.void]]]:
    """(level, row) of up to SQUARES squares; none where the locator missed the subject."""
    pixels = np.clip(photo * 255 + 0.5, 0, 255).astype(np.uint8)
    size = Size(FRAME, FRAME)
    coarse = decided(locator.locate(pixels, size.box, size))
    level, blur = starting_level(coarse, LEVELS[-1])
    if level not in LEVELS:
        return
    exact = alpha
    for _ in range(level):
        exact = half(exact)
    mask = laid_on_level(coarse, Size.of(exact), level)
    seen, there = mask > 0.5, exact > 0.5
    if (seen & there).sum() < FOUND * max(1, int((seen | there).sum())):
        return
    step, small = 2**level, SIDE >> level
    given = 0
    for _ in range(40):
        top, left = (int(at) for at in rng.integers((FRAME - SIDE) // step + 1, size=2))
        own, true = (plane[top : top + small, left : left + small] for plane in (mask, exact))
        undecided = float(((true > 0.05) & (true < 0.95)).mean())
        if not (0.03 < float(own.mean()) < 0.97 and undecided > 0.02 and covered_share(own, true) >= COVERED):
            continue
        full = slice(top * step, top * step + SIDE), slice(left * step, left * step + SIDE)
        row = np.zeros((), row_of(level))
        row["photo"], row["exact"] = pixels[full], np.round(alpha[full] * 255)
        row["mask"], row["blur"] = np.round(own * 255), blur
        yield level, row
        given += 1
        if given == SQUARES:
            return


class LocatedScenes:
    """The stored squares, memory-mapped; none where they were not built."""

    def __init__(self, cache: Path) -> None:
        files = {level: cache / f"located-{level}.npy" for level in LEVELS}
        self.rows = {level: np.load(path, mmap_mode="r") for level, path in files.items() if path.is_file()}

    def has(self, level: int) -> bool:
        """Whether there are squares whose walk starts at ``level``."""
        return level in self.rows

    def walk(self, rng: Rng, level: int) -> Walk:
        """A walk that starts from the locator's mask."""
        row = self.rows[level][int(rng.integers(len(self.rows[level])))]
        state = rng.bit_generator.state
        planes = []
        for name in ("photo", "exact", "mask"):  # all turned alike
            rng.bit_generator.state = state
            planes.append(np.ascontiguousarray(turned(rng, row[name])))
        photo = camera(rng, planes[0].astype(np.float32) * np.float32(1 / 255))
        mask = planes[2].astype(np.float32) * np.float32(1 / 255)
        return Walk(pyramid(photo, level), pyramid(planes[1], level), mask, float(row["blur"]), level)
