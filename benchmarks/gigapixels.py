"""The whole `gigamatte cut` at 24, 100, 400 and 1000 MP: wall and CPU seconds, peak memory, scratch space.

The photo is a noisy textured ellipse before another texture, written without ever being in memory, as a JPEG or a
tiled TIFF; the mask is the ellipse at 1024 pixels, so that the band is sparse, as it is in a large photo of one thing.
Each row is a process of its own.
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pyvips

from gigamatte.evaluate.table import Cell
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size
from report import arguments, median_run, program, publish, run_child, show

#: the ellipse's half axes as parts of the photo's width and height
ACROSS, DOWN = 0.3, 0.38
TEXTURE = Size(1500, 1000)


def main() -> None:
    parser = arguments(__doc__)
    parser.set_defaults(repeats=1)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[24, 100, 400, 1000])
    parser.add_argument("--inputs", nargs="+", default=["jpeg", "tiff"], choices=["jpeg", "tiff"])
    parser.add_argument("--scratch", type=Path, help="folder for the pictures: up to 6 GB")
    options = parser.parse_args()
    pyvips.cache_set_max(0)
    rows: list[list[Cell]] = []
    for megapixels in options.megapixels:
        for kind in options.inputs:
            with tempfile.TemporaryDirectory(prefix="gigamatte-bench-", dir=options.scratch) as folder:
                rows.append(measured(Path(folder), megapixels, kind, options.repeats))
                print(rows[-1], flush=True)
    head = ["MP", "photo", "wall s", "CPU s", "peak MB", "scratch MB", "band %", "read s", "matte s", "write s"]
    publish("gigapixels", "Whole cuts of large photos, with `--mask`", show(head, rows), options.page)


def measured(folder: Path, megapixels: int, kind: str, repeats: int) -> list[Cell]:
    photo = make_photo(folder, megapixels, kind)
    mask, out = folder / "mask.png", folder / "out.png"
    cv2.imwrite(str(mask), ellipse_mask(1024))
    command = [program(), "cut", str(photo), "--mask", str(mask), "-o", str(out), "--overwrite", "--json"]
    run = median_run(lambda: run_child(command), repeats)
    if run.failure:
        return [megapixels, kind, f"failed: {run.failure}", *[None] * 7]
    receipt = json.loads(run.stdout)
    took = receipt["seconds"]
    return [
        megapixels,
        kind,
        run.wall,
        run.cpu,
        round(run.peak_mb),
        round(receipt["scratch_bytes"] / 1e6),
        100 * receipt["band_fraction"],
        took["read"],
        took["matte"],
        took["colours"] + took["write"],
    ]


def make_photo(folder: Path, megapixels: int, kind: str) -> Path:
    """A 3:2 photo of the size asked for."""
    height = round(math.sqrt(megapixels * 1e6 / 1.5))
    width = round(height * 1.5)
    back = textured(1, [0.6, 0.8, 1.0]).replicate(width // TEXTURE.width + 1, height // TEXTURE.height + 1)
    front = textured(2, [1.0, 0.5, 0.3]).replicate(width // TEXTURE.width + 1, height // TEXTURE.height + 1)
    place = pyvips.Image.xyz(width, height)
    off_centre = (place - [width / 2, height / 2]) / [ACROSS * width, DOWN * height]
    inside = (off_centre[0] ** 2 + off_centre[1] ** 2) < 1
    picture = inside.ifthenelse(front.crop(0, 0, width, height), back.crop(0, 0, width, height))
    path = folder / f"photo.{kind}"
    if kind == "jpeg":
        picture.jpegsave(str(path), Q=90)
    else:
        picture.tiffsave(str(path), tile=True, compression="deflate", bigtiff=width * height * 3 > 3.9e9)
    return path


def textured(seed: int, tint: list[float]) -> pyvips.Image:
    """A noisy texture of one tint, sRGB."""
    made = made_photo(TEXTURE, strands=200, seed=seed).photo.astype(np.float32) * np.asarray(tint, np.float32)
    noisy = np.clip(made + np.random.default_rng(seed).normal(0, 3, made.shape), 0, 255).astype(np.uint8)
    return pyvips.Image.new_from_array(noisy).copy(interpretation="srgb")


def ellipse_mask(width: int) -> np.ndarray:
    """The same ellipse as uint8 (row, column), its edge blurred by one pixel, as networks blur it."""
    height = round(width / 1.5)
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x + 0.5 - width / 2) / (ACROSS * width), (y + 0.5 - height / 2) / (DOWN * height))
    away = (1 - radius) * DOWN * height
    return np.asarray((np.clip(away / 2 + 0.5, 0, 1) * 255).round(), np.uint8)


if __name__ == "__main__":
    main()
