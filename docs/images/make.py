"""Makes before-after.jpg, the picture of the README, from examples/photo.jpg and its cutout.

usage: python docs/images/make.py [LEFT,TOP]
LEFT,TOP is the corner of the 1:1 crop in the photo; by default the hairiest place is taken.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
HEIGHT, CROP = 420, 420


def checkerboard(shape: tuple[int, int], cell: int = 12) -> NDArray[np.float32]:
    rows, columns = np.indices(shape) // cell
    return np.where(((rows + columns) % 2 == 0)[..., None], np.float32(255), np.float32(214))


def on_checkerboard(rgba: NDArray[np.uint8]) -> NDArray[np.float32]:
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return rgba[..., :3] * alpha + checkerboard(rgba.shape[:2]) * (1 - alpha)


def hairiest(alpha: NDArray[np.uint8]) -> tuple[int, int]:
    """The corner of the crop with the most half-transparent pixels."""
    mixed = ((alpha > 20) & (alpha < 235)).astype(np.float32)
    found = cv2.boxFilter(mixed, -1, (CROP, CROP), normalize=False, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    row, column = np.unravel_index(found[: -CROP or None, : -CROP or None].argmax(), found.shape)
    return int(column), int(row)


def main() -> None:
    photo = cv2.imread(str(ROOT / "examples" / "photo.jpg"))
    cutout = cv2.imread(str(ROOT / "examples" / "photo.cutout.png"), cv2.IMREAD_UNCHANGED)
    given = tuple(int(word) for word in sys.argv[1].split(",")) if len(sys.argv) > 1 else hairiest(cutout[..., 3])
    left, top = given[0], given[1]
    width = round(photo.shape[1] * HEIGHT / photo.shape[0])
    small = cv2.resize(photo, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    # shrunk with premultiplied colour, else the emptiness around the subject darkens its border
    weight = cutout[..., 3:].astype(np.float32) / 255
    mixed = cv2.resize(np.dstack([cutout[..., :3] * weight, weight]), (width, HEIGHT), interpolation=cv2.INTER_AREA)
    after = mixed[..., :3] + checkerboard((HEIGHT, width)) * (1 - mixed[..., 3:])
    part = slice(top, top + CROP), slice(left, left + CROP)
    gap = np.full((HEIGHT, 8, 3), 255, np.float32)
    row = [
        small.astype(np.float32),
        gap,
        after,
        gap,
        photo[part].astype(np.float32),
        gap,
        on_checkerboard(cutout[part]),
    ]
    sheet = np.clip(np.round(np.hstack(row)), 0, 255).astype(np.uint8)
    cv2.imwrite(str(ROOT / "docs" / "images" / "before-after.jpg"), sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(f"before-after.jpg: {sheet.shape[1]}×{sheet.shape[0]}, crop at {left},{top}")


if __name__ == "__main__":
    main()
