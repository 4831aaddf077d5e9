"""Tells what a photo loses in a tool whose network sees 1024×1024 pixels, and suggests what to do."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte.option_names import with_option_names
from gigamatte.options import MAX_PIXELS
from gigamatte.photo.read import open_photo
from gigamatte.types import Photo, Size
from gigamatte.workflow.picture import strips
from gigamatte.workflow.prepare import plan_for

#: side of the square that RMBG-2.0 and the BiRefNet family see, pixels
NETWORK = 1024
#: detail is measured on at most this many pixels, from the top
MEASURED_PIXELS = 100_000_000
STRIP = 512


@dataclass(frozen=True, slots=True)
class Inspection:
    """A photo and what shrinking it to ``network`` × ``network`` pixels costs."""

    name: str
    format: str
    width: int
    height: int
    megapixels: float
    bits: int
    alpha: bool
    profile: bool
    #: EXIF's 1…8; width and height are those of the upright photo
    orientation: int
    network: int
    #: photo pixels per network pixel
    across: float
    down: float
    #: the finest line pair that survives, in photo pixels
    finest: float
    #: part of the photo's gradient energy that is gone after shrinking and enlarging again, 0…1
    detail_lost: float
    #: what ``prepare --strategy auto`` would do, and why
    strategy: str
    reason: str
    #: what ``prepare`` would make of it; None when it stays as it is
    prepared: tuple[int, int] | None
    #: the names of the paths in its file, and of the one that is its clipping path
    paths: tuple[str, ...] = ()
    clipping_path: str | None = None
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def inspect_photo(
    source: str | os.PathLike[str], *, network: int = NETWORK, max_pixels: int = MAX_PIXELS
) -> Inspection:
    """Reads a photo (JPEG, PNG, WebP or TIFF) once and tells what a ``network``-pixel tool would lose of it.

    Raises InputError when it cannot be read and BudgetExceeded when it has more than ``max_pixels`` pixels.
    """
    photo = open_photo(Path(source), max_pixels=max_pixels)
    size = photo.size
    luminance, thumbnail = _look(photo)
    plan = plan_for(size, "auto", thumbnail)
    own = photo.paths()
    across, down = size.width / network, size.height / network
    return Inspection(
        name=photo.name,
        format=photo.format,
        width=size.width,
        height=size.height,
        megapixels=round(size.megapixels, 2),
        bits=photo.bits,
        alpha=photo.has_alpha,
        profile=photo.icc is not None,
        orientation=photo.orientation,
        network=network,
        across=round(across, 3),
        down=round(down, 3),
        finest=round(2 * max(1.0, across, down), 1),
        detail_lost=round(detail_lost(luminance, size, network), 4),
        strategy=plan.strategy,
        reason=plan.reason,
        prepared=(plan.size.width, plan.size.height) if plan.size else None,
        paths=own.names,
        clipping_path=own.clipping,
        warnings=tuple(with_option_names(said) for said in photo.warnings),
    )


def detail_lost(luminance: NDArray[np.uint8], size: Size, network: int = NETWORK) -> float:
    """1 − (gradient energy after shrinking to the network's scale and enlarging again) / (energy before), 0…1.

    ``luminance`` uint8 (row, column) is the upper part, or all, of a photo of ``size`` pixels.
    """
    rows, columns = luminance.shape
    shape = (max(1, round(columns * network / size.width)), max(1, round(rows * network / size.height)))
    shape = (min(columns, shape[0]), min(rows, shape[1]))
    small = cv2.resize(luminance, shape, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)
    before, after = _energy(luminance), _energy(np.asarray(back, np.uint8))
    return float(min(1.0, max(0.0, 1 - after / before))) if before else 0.0


def _energy(luminance: NDArray[np.uint8]) -> float:
    total = 0.0
    for top in range(0, len(luminance), STRIP):
        part = luminance[top : top + STRIP + 1].astype(np.float32)
        total += float(np.square(np.diff(part, axis=0)).sum(dtype=np.float64))
        total += float(np.square(np.diff(part[:STRIP], axis=1)).sum(dtype=np.float64))
    return total


def _look(photo: Photo) -> tuple[NDArray[np.uint8], Image.Image]:
    """One pass over the photo: the luminance of as many rows as are measured, and a thumbnail of the whole."""
    rows = min(photo.size.height, max(1, MEASURED_PIXELS // photo.size.width))
    luminance = np.empty((rows, photo.size.width), np.uint8)
    factor = 1 << max(0, (photo.size.long // 640).bit_length() - 1)  # divides a strip
    reduced = []
    top = 0
    for strip in strips(photo, STRIP):
        colours = np.ascontiguousarray(strip[..., :3])
        kept = min(len(strip), rows - top)
        if kept > 0:
            cv2.cvtColor(colours[:kept], cv2.COLOR_RGB2GRAY, dst=luminance[top : top + kept])
        top += len(strip)
        shape = (-(-colours.shape[1] // factor), -(-colours.shape[0] // factor))
        reduced.append(cv2.resize(colours, shape, interpolation=cv2.INTER_AREA))
    return luminance, Image.fromarray(np.concatenate(reduced))
