"""What the ring under alpha 0 is worth and what it costs, against other forms of it, on made-up pictures.

    python benchmarks/under.py [--width 2000]

Errors: the picture halved by a program that disregards alpha and then laid on white, against laid on white and then
halved by it; levels of 255 at half-transparent pixels, mean and the worst, and how many are more than 3 off. Bytes: how
much larger a file is than with white under alpha 0. CPU seconds: drawing the ring, of 24 megapixels.
"""

from __future__ import annotations

import importlib
import io
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.containers.png_pixels import write_png
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.under import edged
from gigamatte.evaluate.table import Cell
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, Size
from report import parser, show

#: (row, column, RGBA) uint8
Picture = NDArray[np.uint8]
TILE = 256


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--width", type=int, default=2000, help="of the pictures, in pixels")
    width = words.parse_args().width
    rows = []
    for name, made in PICTURES.items():
        picture = made(Size(width, width // 2), np.random.default_rng(5))
        right = {program: halved(on_white(picture)) for program, halved in PROGRAMS.items()}
        plain = files(picture)
        for form, drawn in FORMS.items():
            seconds, result = drawn(picture)
            line: list[Cell] = [name, form]
            for program, halved in PROGRAMS.items():
                wrong = errors(halved(result), right[program])
                line.append(f"{wrong.mean():.2f}, {wrong.max():.0f}, {(wrong > 3).mean() * 100:.1f} %")
            for kind, size in files(result).items():
                line.append(f"{(size / plain[kind] - 1) * 100:+.2f} %")
            rows.append([*line, f"{seconds * 24e6 / (width * width // 2):.2f}"])
    show(["picture", "form", *PROGRAMS, *plain, "CPU s"], rows)


def product(size: Size, chance: np.random.Generator) -> Picture:
    """One smooth shape with an edge of two pixels."""
    alpha = np.zeros(size.shape, np.uint8)
    middle, axes = (size.width // 2, size.height // 2), (int(size.width * 0.3), int(size.height * 0.35))
    cv2.ellipse(alpha, middle, axes, 20, 0, 360, 255, -1, cv2.LINE_AA)
    return noisy(texture(size, (140, 90, 50), 60, chance), cv2.GaussianBlur(alpha, (0, 0), 1), chance)


def hair(size: Size, chance: np.random.Generator) -> Picture:
    """Dark strands of .7 to 3 pixels around a body."""
    body, finer = np.zeros(size.shape, np.uint8), 4
    radius, middle = size.height / 4, np.array([size.width / 2, size.height / 2])
    cv2.circle(body, (int(middle[0]), int(middle[1])), int(radius), 255, -1, cv2.LINE_AA)
    clear = 1 - body.astype(np.float32) / 255
    for angle in chance.uniform(0, 2 * np.pi, size.height):
        steps = np.linspace(0, 1, 32)
        away = radius * (0.9 + steps * chance.uniform(0.4, 1.0))
        bearing = angle + chance.uniform(-0.5, 0.5) * steps**2
        path = middle + np.stack([np.cos(bearing), np.sin(bearing)], 1) * away[:, None]
        low = np.floor(path.min(0)).astype(int) - 4
        columns, rows = np.ceil(path.max(0)).astype(int) + 4 - low
        large = np.zeros((rows * finer, columns * finer), np.uint8)
        points = np.rint((path - low) * finer * 16).astype(np.int32)
        cv2.polylines(large, [points], False, 255, max(1, round(chance.uniform(0.7, 3) * finer)), cv2.LINE_AA, 4)
        strand = cv2.resize(large, (int(columns), int(rows)), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        clear[low[1] : low[1] + rows, low[0] : low[0] + columns] *= 1 - strand
    alpha = np.rint(255 * (1 - clear)).astype(np.uint8)
    return noisy(texture(size, (46, 30, 25), 25, chance), alpha, chance)


def leaves(size: Size, chance: np.random.Generator, number: int = 5000, longest: int = 33) -> Picture:
    """So many leaves for each 4 megapixels and little else."""
    colour, alpha = np.zeros((*size.shape, 3), np.float32), np.zeros(size.shape, np.float32)
    for _ in range(number * size.pixels // 4_000_000):
        length = chance.uniform(longest / 3, longest)
        turn, reach = chance.uniform(0, np.pi), int(length) + 4
        t = np.linspace(0, 2 * np.pi, 26)
        leaf = np.stack([np.cos(t) * length, np.sin(t) * length * chance.uniform(0.2, 0.5)], 1)
        leaf = leaf @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) + reach
        shape = np.zeros((2 * reach, 2 * reach), np.uint8)
        cv2.fillPoly(shape, [np.rint(leaf * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        new = cv2.GaussianBlur(shape, (0, 0), 0.6).astype(np.float32) / 255
        left, top = chance.integers(0, size.width - 2 * reach), chance.integers(0, size.height - 2 * reach)
        place = slice(top, top + 2 * reach), slice(left, left + 2 * reach)
        both = new + alpha[place] * (1 - new)
        part = (new / np.maximum(both, 1e-6))[..., None]
        colour[place] += part * (chance.uniform((20, 70, 10), (110, 190, 70)).astype(np.float32) - colour[place])
        alpha[place] = both
    return noisy(colour, np.rint(alpha * 255).astype(np.uint8), chance)


def sparse_leaves(size: Size, chance: np.random.Generator) -> Picture:
    """Half of the picture is covered, most of it edges."""
    return leaves(size, chance, 2000)


def texture(size: Size, mean: tuple[int, int, int], contrast: float, chance: np.random.Generator) -> NDArray[Any]:
    total = np.zeros((*size.shape, 3), np.float32)
    for cells in (3, 9, 27, 81):
        noise = chance.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        total += cv2.resize(noise, (size.width, size.height), interpolation=cv2.INTER_CUBIC) / cells**0.5
    return np.asarray(mean, np.float32) + contrast * total


def noisy(colour: NDArray[Any], alpha: NDArray[np.uint8], chance: np.random.Generator) -> Picture:
    """With the noise of a camera, and white under alpha 0."""
    grain = np.clip(colour + chance.normal(0, 3, colour.shape), 0, 255)
    return np.dstack([np.where(alpha[..., None] > 0, grain, 255).astype(np.uint8), alpha])


def plain(picture: Picture) -> tuple[float, Picture]:
    return 0.0, picture


def black(picture: Picture) -> tuple[float, Picture]:
    return 0.0, np.where(picture[..., 3:] > 0, picture, 0).astype(np.uint8)


def ring(picture: Picture) -> tuple[float, Picture]:
    """As results have it, by one thread."""
    height, width = picture.shape[:2]
    strips = [(picture[top : top + TILE].copy(), Box(0, top, width, TILE)) for top in range(0, height, TILE)]
    spans = [(left, min(left + TILE, width)) for left in range(0, width, TILE)]
    with Pool(1) as pool:
        began = time.process_time()
        result = [strip for strip, _ in edged(strips, lambda _box: spans, pool)]
        return time.process_time() - began, np.concatenate(result)


def nearest(reach: int) -> Callable[[Picture], tuple[float, Picture]]:
    """The nearest colour within so many pixels: of several the one that OpenCV finds."""

    def drawn(picture: Picture) -> tuple[float, Picture]:
        began, result = time.process_time(), picture.copy()
        clear = (picture[..., 3] == 0).view(np.uint8)
        away, labels = cv2.distanceTransformWithLabels(clear, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        seen = np.flatnonzero(clear == 0)
        near = (clear > 0) & (away <= reach)
        result[near, :3] = picture[..., :3].reshape(-1, 3)[seen[labels[near] - 1]]
        return time.process_time() - began, result

    return drawn


def on_white(picture: Picture) -> Picture:
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def errors(small: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """The largest of the channels' errors, of each half-transparent pixel."""
    alpha = small[..., 3:].astype(np.float32) / 255
    wrong = np.abs(small[..., :3] * alpha + 255 * (1 - alpha) - right[..., :3].astype(np.float32)).max(2)
    return np.asarray(wrong[(small[..., 3] > 0) & (small[..., 3] < 255)])


def by_opencv(picture: Picture) -> NDArray[Any]:
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def by_libvips(picture: Picture) -> NDArray[Any]:
    return np.asarray(pyvips.Image.new_from_array(picture).resize(0.5).numpy())


def by_ffmpeg(picture: Picture) -> NDArray[Any]:
    with tempfile.TemporaryDirectory() as name:
        whole, small = Path(name) / "whole.png", Path(name) / "small.png"
        Image.fromarray(picture).save(whole, compress_level=1)
        program = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
        words = ["-loglevel", "error", "-i", str(whole), "-vf", "scale=iw/2:ih/2", str(small)]
        subprocess.run([program, *words], check=True)
        return np.asarray(Image.open(small))


def files(picture: Picture) -> dict[str, int]:
    """Bytes of the file in each format."""
    file, raster = io.BytesIO(), Raster(Size.of(picture), 4, 8)
    write_png([picture], raster, file, icc=None, carried=Carried(), threads=1)
    image = pyvips.Image.new_from_array(picture, interpretation="srgb")
    return {
        "PNG": file.tell(),
        "TIFF": len(image.tiffsave_buffer(compression="deflate", predictor="horizontal")),
        "WebP": len(image.webpsave_buffer(lossless=True, exact=True, effort=2)),
        "WebP, 90": len(image.webpsave_buffer(Q=90, exact=True)),
    }


PICTURES = {"product": product, "hair": hair, "leaves": leaves, "sparse leaves": sparse_leaves}
PROGRAMS = {"OpenCV": by_opencv, "libvips": by_libvips, "ffmpeg": by_ffmpeg}
FORMS = (
    {"white": plain, "black": black} | {f"nearest, {reach}": nearest(reach) for reach in (1, 2, 4, 8)} | {"ring": ring}
)


if __name__ == "__main__":
    main()
