"""Hardens the edge of a cutout that another tool made, as ImageMagick would; colours stay as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gigamatte.cutout.encode import CONTAINERS
from gigamatte.cutout.place import refuse_existing
from gigamatte.cutout.raster import Extras, Raster
from gigamatte.cutout.write import write_image
from gigamatte.errors import UnsupportedInput, UsageError
from gigamatte.matte.smooth import LEVELS, SIGMA, smooth_alpha, smooth_halo
from gigamatte.option_names import with_option_names
from gigamatte.options import MAX_PIXELS, Format
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import stored_strips
from gigamatte.photo.turn import Turn
from gigamatte.types import Photo, PixelArray, Size

#: rows that are smoothed and written at once
ROWS = 512


def smooth(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    sigma: float = SIGMA,
    levels: tuple[float, float] = LEVELS,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> tuple[str, ...]:
    """Writes ``source`` (PNG, WebP or TIFF with alpha, 8 or 16 bits) with its alpha smoothed; returns warnings.

    Colours, profile, resolution and metadata are kept; a picture that EXIF turns is written upright; WebP is lossless.
    The result may replace the source. Raises UsageError, InputError (no alpha) or WriteError.
    """
    target = Path(output)
    format = _format_of(target)
    refuse_existing(target, overwrite)
    photo = open_photo(source, max_pixels=max_pixels)
    if not photo.has_alpha:
        raise UnsupportedInput(f"{photo.name} has no alpha: there is nothing to smooth", "cut it first")
    if photo.orientation == 1:
        alpha = np.concatenate([strip[..., 3] for strip in stored_strips(photo, ROWS)])
        pixels = stored_strips(photo, ROWS)
    else:
        turned = _upright(photo)
        alpha = np.ascontiguousarray(turned[..., 3])
        pixels = (turned[top : top + ROWS] for top in range(0, len(turned), ROWS))
    warnings = write_image(
        _with_alpha(pixels, alpha, sigma, levels),
        Raster(Size.of(alpha), 4, photo.bits),
        target=target,
        format=format,
        overwrite=overwrite,
        extras=Extras(icc=photo.icc, blocks=photo.metadata, resolution=photo.resolution, moved=photo.orientation != 1),
    ).warnings
    return tuple(with_option_names(said) for said in (*photo.warnings, *warnings))


def _format_of(target: Path) -> Format:
    for format, container in CONTAINERS.items():
        if container.alpha and target.suffix.lower() in container.suffixes:
            return format
    raise UsageError(f"a smoothed cutout is written as .png, .webp or .tif; found {target.name}")


def _upright(photo: Photo) -> PixelArray:
    stored = np.concatenate(list(stored_strips(photo, ROWS)))
    upright: PixelArray = Turn.from_exif(photo.orientation).upright(stored)
    return upright


def _with_alpha(
    pixels: Iterator[PixelArray], alpha: PixelArray, sigma: float, levels: tuple[float, float]
) -> Iterator[PixelArray]:
    halo, top = smooth_halo(sigma), 0
    for strip in pixels:
        bottom = top + len(strip)
        first, last = max(0, top - halo), min(len(alpha), bottom + halo)
        result = strip.copy()
        result[..., 3] = smooth_alpha(alpha[first:last], sigma, levels)[top - first : bottom - first]
        yield result
        top = bottom
