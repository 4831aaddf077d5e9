"""The four ways from one photo to a cutout that users choose between, on one network (or one coarse mask).

direct        the network's answer enlarged to the photo and put on it: what today's tools return
prepared      the photo shrunk first (``prepare``), then direct: what users do for "better" edges
prepared + smoothed   the same, and ImageMagick's blur and level on the alpha afterwards
gigamatte     ``cut``: alpha and colours resolved at the photo's own size
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.errors import NoSubject
from gigamatte.matte.smooth import smooth_alpha
from gigamatte.network.decode import has_subject
from gigamatte.options import MAX_PIXELS
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import read_mask
from gigamatte.photo.read import open_photo
from gigamatte.remover import Remover
from gigamatte.types import Depth, FloatArray, Size
from gigamatte.workflow.picture import strips
from gigamatte.workflow.prepare import Strategy, prepare

Pixels = NDArray[np.uint8]

DIRECT, PREPARED, SMOOTHED, FULL = "direct", "prepared", "prepared + smoothed", "gigamatte"
NAMES = (DIRECT, PREPARED, SMOOTHED, FULL)


@dataclass(frozen=True)
class Way:
    """The result of one way: ``rgba`` uint8 (row, column, RGBA straight), as written to ``path``."""

    name: str
    rgba: Pixels
    path: Path
    seconds: float

    @property
    def size(self) -> Size:
        """Width and height of the result."""
        return Size.of(self.rgba)

    @property
    def megabytes(self) -> float:
        """Size of the PNG file."""
        return self.path.stat().st_size / 1e6


def four_ways(
    photo: Path, remover: Remover, folder: Path, *, mask: Path | None = None, strategy: Strategy = "long-side"
) -> list[Way]:
    """Cuts ``photo`` in all four ways, PNG files in ``folder``. ``mask`` takes the network's place in each.

    Seconds count from file to file; the network is loaded before the clock starts, and shared steps count for each.
    Raises what the pipeline raises; NoSubject when any way finds none.
    """
    if mask is None:
        remover.network()
    direct = _timed(DIRECT, folder, lambda: _direct(photo, remover, mask))
    small = folder / "prepared-photo.png"
    started = time.perf_counter()
    prepare(photo, small, strategy=strategy, overwrite=True)
    shrinking = time.perf_counter() - started
    prepared = _timed(PREPARED, folder, lambda: _direct(small, remover, mask), shrinking)
    smoothed = _timed(SMOOTHED, folder, lambda: _smoothed(prepared.rgba), prepared.seconds)
    return [direct, prepared, smoothed, _full(photo, remover, mask, folder)]


def _timed(name: str, folder: Path, make: Callable[[], Pixels], before: float = 0.0) -> Way:
    started = time.perf_counter()
    rgba = make()
    path = folder / f"{name.replace(' + ', '-')}.png"
    _save(rgba, path)
    return Way(name, rgba, path, before + time.perf_counter() - started)


def _direct(photo: Path, remover: Remover, mask: Path | None) -> Pixels:
    """The coarse alpha, enlarged, on the photo's own colours."""
    pixels = screen_pixels(photo)
    shape = pixels.shape[:2]
    alpha = _enlarged(_mask_alpha(mask) if mask is not None else _network_alpha(photo, remover), shape)
    return np.dstack([pixels, Depth(8).from_unit(alpha)]).astype(np.uint8)


def _network_alpha(photo: Path, remover: Remover) -> FloatArray:
    network = remover.network()
    with PhotoLevels(open_photo(photo, max_pixels=MAX_PIXELS)) as levels:
        size = levels.size(0)
        coarse = network.locate(levels.proxy(size.box, network.input_size(size)), size.box, size)
    if not has_subject(coarse):
        raise NoSubject(f"{photo.name}: the network {network.card.name} found no subject", "try another --model")
    return coarse.alpha


def _mask_alpha(mask: Path) -> FloatArray:
    values = read_mask(mask, max_pixels=MAX_PIXELS).values
    return Depth.of(values).quotient(values)


def _enlarged(alpha: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    grows = alpha.shape[0] <= shape[0]
    resampled = cv2.resize(alpha, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC if grows else cv2.INTER_AREA)
    clipped: FloatArray = np.clip(resampled, 0, 1)
    return clipped


def _smoothed(rgba: Pixels) -> Pixels:
    return np.dstack([rgba[..., :3], smooth_alpha(np.ascontiguousarray(rgba[..., 3]))]).astype(np.uint8)


def _full(photo: Path, remover: Remover, mask: Path | None, folder: Path) -> Way:
    path = folder / "gigamatte.png"
    started = time.perf_counter()
    remover.process(photo, path, mask=mask, overwrite=True)
    seconds = time.perf_counter() - started
    return Way(FULL, _shown(path), path, seconds)


def _shown(path: Path) -> Pixels:
    return np.concatenate(list(strips(open_photo(path, max_pixels=MAX_PIXELS), 512)))


def screen_pixels(photo: Path) -> Pixels:
    """The photo as uint8 sRGB (row, column, RGB), upright."""
    source = open_photo(photo, max_pixels=MAX_PIXELS)
    return np.concatenate([strip[..., :3] for strip in strips(source, 512)])


def _save(rgba: Pixels, path: Path) -> None:
    # the same writer for all, so that seconds and megabytes compare the ways and not the encoders
    write_image(as_strips(rgba), Raster(Size.of(rgba), 4, 8), target=path, format="png", overwrite=True)
