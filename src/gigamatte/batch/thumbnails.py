"""Small pictures of photos and results for the report, as data URIs."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pyvips

from gigamatte.batch.films import is_film
from gigamatte.errors import GigamatteError, UnsupportedInput
from gigamatte.film.reading import open_film
from gigamatte.film.types import Span
from gigamatte.options import Options
from gigamatte.photo.colour import to_8bit

#: the longer side, pixels
SIDE = 320


def thumbnail(path: Path, alpha: Path | None = None) -> str | None:
    """A picture file upright, in sRGB, at most ``SIDE`` pixels long, under the ``alpha`` of another file where that is
    named: WebP where it has alpha, else JPEG; None if it cannot be read."""
    try:
        image = _first_frame(path) if is_film(path.name) else _small(path)
        if alpha is not None:
            image = image[:3].bandjoin(_small(alpha)[0])
        if image.hasalpha():
            kind, data = "webp", image.webpsave_buffer(Q=85, alpha_q=100, keep="none")
        else:
            kind, data = "jpeg", image.jpegsave_buffer(Q=85, keep="none")
    except (pyvips.Error, GigamatteError):
        return None
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _first_frame(path: Path) -> pyvips.Image:
    """Of a film. Raises InputError, and UsageError without PyAV."""
    frame = next(open_film(path, max_pixels=Options().max_pixels).frames(Span()), None)
    if frame is None or isinstance(frame.pixels, Path):
        raise UnsupportedInput(f"{path.name} holds no frame")
    image = pyvips.Image.new_from_array(to_8bit(frame.pixels), interpretation="srgb")
    return image.thumbnail_image(SIDE, height=SIDE, size="down")


def _small(path: Path) -> pyvips.Image:
    image = pyvips.Image.thumbnail(
        os.fsencode(path) if os.name == "posix" else str(path), SIDE, height=SIDE, size="down", export_profile="srgb"
    )
    return image if image.format == "uchar" else image.colourspace("srgb").cast("uchar")
