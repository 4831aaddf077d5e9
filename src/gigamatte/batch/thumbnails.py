"""Small pictures of photos and results for report and review, as data URIs, within a budget of memory."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pyvips

from gigamatte.batch.films import is_film
from gigamatte.batch.memory import Budget
from gigamatte.errors import BudgetExceeded, GigamatteError, UnsupportedInput
from gigamatte.film.reading import open_film
from gigamatte.film.types import Span
from gigamatte.options import MAX_PIXELS
from gigamatte.photo.colour import to_8bit
from gigamatte.photo.read import open_photo

#: the longer side, pixels
SIDE = 320
#: bytes that pictures which have to be decoded whole may take, those at work at the same time together
MOST = 768 << 20
#: … and what any other picture takes of it: some rows of the widest
ROWS = 32 << 20

_budget = Budget(MOST)


def thumbnail(path: Path, alpha: Path | None = None) -> str | None:
    """A picture file upright, in sRGB, at most ``SIDE`` pixels long, under the ``alpha`` of another file where that is
    named: WebP where it has alpha, else JPEG.

    None if it cannot be read, or if decoding would hold more than ``MOST`` bytes: the header tells, before that.
    """
    try:
        with _budget.hold(sum(_needed(file) for file in (path, alpha) if file is not None)):
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


def _needed(path: Path) -> int:
    """Bytes that decoding takes, about. Raises InputError, and BudgetExceeded for more than there may ever be."""
    if is_film(path.name):
        return MOST
    needed = ROWS + open_photo(path, max_pixels=MAX_PIXELS).decode_bytes
    if needed > MOST:
        raise BudgetExceeded(f"{path.name} needs {needed / 1e6:.0f} MB of memory, allowed are {MOST / 1e6:.0f}")
    return needed


def _first_frame(path: Path) -> pyvips.Image:
    """Of a film. Raises InputError, and UsageError without PyAV."""
    # a frame is held twice, with up to four bytes a pixel
    frame = next(open_film(path, max_pixels=MOST // 8).frames(Span()), None)
    if frame is None or isinstance(frame.pixels, Path):
        raise UnsupportedInput(f"{path.name} holds no frame")
    image = pyvips.Image.new_from_array(to_8bit(frame.pixels), interpretation="srgb")
    return image.thumbnail_image(SIDE, height=SIDE, size="down")


def _small(path: Path) -> pyvips.Image:
    image = pyvips.Image.thumbnail(
        os.fsencode(path) if os.name == "posix" else str(path), SIDE, height=SIDE, size="down", export_profile="srgb"
    )
    return image if image.format == "uchar" else image.colourspace("srgb").cast("uchar")
