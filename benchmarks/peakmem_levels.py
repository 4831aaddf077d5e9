"""Peak memory, time and scratch space of reading a photo into its levels and writing it again, by size.

    python benchmarks/peakmem_levels.py [--megapixels 24 100 400 1000] [--inputs jpeg tiff] [--outputs png tiff]

Each row is a process of its own: open the photo, decode it into PhotoLevels, touch every level, write every pixel with
an alpha that is 0, 255 or in between, which is a cut without network and matte.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gigamatte.cutout.target import picture_format
from gigamatte.options import Options
from report import parser

ROWS = 256


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--megapixels", type=int, nargs="+", default=[24, 100, 400, 1000])
    words.add_argument("--inputs", nargs="+", default=["jpeg", "tiff"], help="jpeg, progressive, tiff, tiff16, png")
    words.add_argument("--outputs", nargs="+", default=["png"], help="png, tiff")
    words.add_argument("--orientation", type=int, default=1)
    words.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.child:
        return child(*given.child)
    print("| megapixels | input | output | read s | write s | CPU s | peak RSS MB | scratch GB | output GB |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in given.megapixels:
            for kind in given.inputs:
                photo = make(Path(folder), megapixels, kind, given.orientation)
                for output in given.outputs:
                    print(row(photo, megapixels, kind, output), flush=True)
                photo.unlink()
    return None


def make(folder: Path, megapixels: int, kind: str, orientation: int) -> Path:
    """A textured 3:2 photo of the size asked for, written without ever being in memory."""
    import pyvips

    from gigamatte.testing.photos import made_photo
    from gigamatte.types import Size

    pyvips.cache_set_max(0)
    height = round(math.sqrt(megapixels * 1e6 / 1.5))
    width = round(height * 1.5)
    sample = made_photo(Size(1500, 1000), strands=200).photo
    noisy = np.clip(sample + np.random.default_rng(0).normal(0, 3, sample.shape), 0, 255).astype(np.uint8)
    image = pyvips.Image.new_from_array(noisy).copy(interpretation="srgb")
    image = image.replicate(width // 1500 + 1, height // 1000 + 1).crop(0, 0, width, height).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    path = folder / f"photo.{kind}"
    if kind in ("jpeg", "progressive"):
        image.jpegsave(str(path), Q=90, interlace=kind == "progressive")
    elif kind == "png":
        image.pngsave(str(path), compression=1)
    else:
        deep = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
        large = width * height * (6 if kind == "tiff16" else 3) > 3.9e9
        options = {"tile": True, "compression": "deflate", "bigtiff": large}
        (deep if kind == "tiff16" else image).tiffsave(str(path), **options)
    return path


def row(photo: Path, megapixels: int, kind: str, output: str) -> str:
    target = photo.with_suffix(f".out.{output}")
    command = [sys.executable, __file__, "--child", str(photo), str(target)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    size = target.stat().st_size / 1e9
    target.unlink()
    return (
        f"| {megapixels} | {kind} | {output} | {found['read']:.1f} | {found['write']:.1f} | {found['cpu']:.1f} "
        f"| {found['peak']:.0f} | {found['scratch']:.2f} | {size:.2f} |"
    )


def child(source: str, target: str) -> None:
    from gigamatte import system
    from gigamatte.cutout.raster import Raster
    from gigamatte.cutout.write import write_image
    from gigamatte.photo.levels import PhotoLevels
    from gigamatte.photo.read import harden, open_photo
    from gigamatte.types import Box

    harden()
    started = time.perf_counter()
    photo = open_photo(source, max_pixels=10**10)
    with PhotoLevels(photo) as levels:
        read = time.perf_counter() - started

        def strips() -> Iterator[np.ndarray]:
            for top in range(0, photo.size.height, ROWS):
                box = Box(0, top, photo.size.width, min(ROWS, photo.size.height - top))
                strip = np.zeros((box.height, box.width, 4), photo.depth.dtype)
                # the subject fills the middle third across and down
                if photo.size.height / 3 < top < photo.size.height * 2 / 3:
                    middle = slice(box.width // 3, box.width * 2 // 3)
                    strip[:, middle, :3] = levels.read(0, box)[:, middle]
                    strip[:, middle, 3] = photo.depth.full
                yield strip

        write_image(
            strips(),
            Raster(photo.size, 4, photo.bits),
            target=Path(target),
            format=picture_format(Options(), Path(target)),
        )
        done = {
            "read": read,
            "write": time.perf_counter() - started - read,
            "cpu": time.process_time(),
            "peak": system.peak_rss_mb(),
            "scratch": levels.scratch_bytes / 1e9,
        }
    print(json.dumps(done))


if __name__ == "__main__":
    main()
