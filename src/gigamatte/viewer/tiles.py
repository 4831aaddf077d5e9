"""Cuts a picture into tiles at full, ½, ¼ … size, so that a browser never decodes more than it shows.

The picture passes once, top to bottom, in strips: memory holds a strip per level, whatever the picture's height.
Colours under partial alpha are stored without loss, because a cutout is judged by them, unless the caller chooses
otherwise; opaque and photo tiles are JPEG.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.closable import Closable
from gigamatte.system import cpu_count
from gigamatte.thread_exit import Pool
from gigamatte.types import Size

TILE = 512
#: sides of what is halved at once
BLOCK = 128
JPEG_QUALITY = 92
WEBP_QUALITY = 90

Pixels = NDArray[np.uint8]
#: takes a tile: (level, 0 finest; index, row by row; jpeg or webp; the file's bytes); what it gives stands for the tile
Keep = Callable[[int, int, str, bytes], Any]


@dataclass(frozen=True)
class Layer:
    """One picture as the viewer takes it: ``kind`` is cutout or photo; ``levels`` finest first."""

    name: str
    kind: str
    size: Size
    levels: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """What GigamatteViewer expects of a layer."""
        return {
            "name": self.name,
            "kind": self.kind,
            "width": self.size.width,
            "height": self.size.height,
            "tile": TILE,
            "levels": self.levels,
        }


def cut_into_tiles(
    name: str, strips: Iterable[Pixels], size: Size, kind: str = "cutout", *, lossless: bool = True
) -> Layer:
    """A layer from strips of sRGB uint8 (row, column, RGB or RGBA straight); its tiles are data URIs.

    Without ``lossless`` the colours of soft tiles are kept about as well as a JPEG's, their alpha still exactly.
    """
    with Tiler(size, lambda _level, _index, form, data: data_uri(form, data), lossless=lossless) as tiler:
        for strip in strips:
            tiler.add(strip)
        return Layer(name, kind, size, tiler.levels())


class Tiler(Closable):
    """Cuts a picture of this ``size`` into tiles while its strips come, top to bottom. Memory holds two rows of tiles.

    ``keep`` is called on several threads. To be used in a ``with`` statement.
    """

    def __init__(self, size: Size, keep: Keep, *, lossless: bool = True) -> None:
        # encoders release Python's global lock: they run while the next strip is made and halved
        self._pool = Pool(min(4, cpu_count()))
        self._levels = [_Level(size)]
        while self._levels[-1].size.long > TILE:
            self._levels.append(_Level(_half(self._levels[-1].size)))
        self._keep, self._lossless = keep, lossless

    def add(self, strip: Pixels) -> None:
        """The next rows, as many as there are: sRGB uint8 (row, column, RGB or RGBA straight)."""
        self._put(0, strip)

    def levels(self) -> list[dict[str, Any]]:
        """After all rows: the levels, finest first, with what ``keep`` gave for each tile; None for an empty one."""
        for index in range(len(self._levels)):
            self._flush(index)
        return [level.as_dict() for level in self._levels]

    def close(self) -> None:
        """Begin no more tiles, and wait for those that are under way."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _put(self, index: int, rows: Pixels) -> None:
        """Gathers rows of a level until they fill a row of tiles."""
        level = self._levels[index]
        while len(rows):
            part, rows = rows[: TILE - level.height], rows[TILE - level.height :]
            level.pending.append(part)
            level.height += len(part)
            if level.height == TILE:
                self._flush(index)

    def _flush(self, index: int) -> None:
        """Has the tiles of the gathered rows encoded, and gives their half to the next level."""
        level = self._levels[index]
        if not level.pending:
            return
        strip = level.pending[0] if len(level.pending) == 1 else np.concatenate(level.pending)
        level.pending, level.height = [], 0
        wait(level.tiles)  # of the row before: memory holds two
        for left in range(0, level.size.width, TILE):
            tile = strip[:, left : left + TILE]
            level.tiles.append(self._pool.submit(self._tile, index, len(level.tiles), tile))
        if index + 1 < len(self._levels):
            self._put(index + 1, _halved(strip))

    def _tile(self, level: int, index: int, tile: Pixels) -> Any:
        encoded = _encoded(tile, lossless=self._lossless)
        return None if encoded is None else self._keep(level, index, *encoded)


@dataclass
class _Level:
    size: Size
    tiles: list[Future[Any]] = field(default_factory=list)
    pending: list[Pixels] = field(default_factory=list)
    #: rows of ``pending``
    height: int = 0

    def as_dict(self) -> dict[str, Any]:
        columns = -(-self.size.width // TILE)
        tiles = [tile.result() for tile in self.tiles]
        return {"width": self.size.width, "height": self.size.height, "columns": columns, "tiles": tiles}


def _half(size: Size) -> Size:
    return Size(-(-size.width // 2), -(-size.height // 2))


def _halved(strip: Pixels) -> Pixels:
    """Means of 2×2 pixels, colours weighted by alpha; an odd last row or column counts twice."""
    rows, columns = strip.shape[:2]
    if rows % 2 or columns % 2:
        strip = np.pad(strip, ((0, rows % 2), (0, columns % 2), (0, 0)), mode="edge")
    if strip.shape[2] == 3:
        return _quarter(strip)
    out = np.zeros((strip.shape[0] // 2, strip.shape[1] // 2, 4), np.uint8)
    for top, left in itertools.product(range(0, strip.shape[0], BLOCK), range(0, strip.shape[1], BLOCK)):
        part = strip[top : top + BLOCK, left : left + BLOCK]
        alpha = part[..., 3]
        if alpha.any():  # what is wholly opaque needs no weights: most of a cutout is that, or nothing
            made = _quarter(part) if alpha.all() and alpha.min() == 255 else _weighted_quarter(part)
            out[top // 2 : top // 2 + made.shape[0], left // 2 : left // 2 + made.shape[1]] = made
    return out


def _quarter(part: Pixels) -> Pixels:
    size = (part.shape[1] // 2, part.shape[0] // 2)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def _weighted_quarter(strip: Pixels) -> Pixels:
    half = (strip.shape[1] // 2, strip.shape[0] // 2)
    weight = strip[..., 3:].astype(np.float32)
    weighted = np.concatenate([strip[..., :3] * weight, weight], axis=2)
    mean = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA)
    mean[..., :3] /= np.maximum(mean[..., 3:], 1e-3)
    return np.asarray(np.rint(mean), np.uint8)


def _encoded(tile: Pixels, *, lossless: bool) -> tuple[str, bytes] | None:
    """A picture file and its kind; None where the tile is wholly transparent."""
    if tile.shape[2] == 4 and not tile[..., 3].any():
        return None
    opaque = tile.shape[2] == 3 or bool((tile[..., 3] == 255).all())
    image = as_image(tile[..., :3] if opaque else tile)
    if opaque:
        return "jpeg", image.jpegsave_buffer(Q=JPEG_QUALITY, subsample_mode="off", keep="none")
    if lossless:
        return "webp", image.webpsave_buffer(lossless=True, effort=0, keep="none")
    return "webp", image.webpsave_buffer(Q=WEBP_QUALITY, alpha_q=100, effort=2, keep="none")


def exact_uri(pixels: Pixels) -> str:
    """Any sRGB uint8 picture (row, column, 1, 3 or 4) as a data URI, every visible pixel kept exactly."""
    return data_uri("webp", as_image(pixels).webpsave_buffer(lossless=True, effort=1, keep="none"))


def as_image(pixels: Pixels) -> pyvips.Image:
    """The array (row, column, 1, 3 or 4) as a libvips image of sRGB, or of greys."""
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    return image.copy(interpretation="b-w" if image.bands == 1 else "srgb")


def data_uri(kind: str, data: bytes) -> str:
    """The picture file ``data`` as text that an ``img`` element takes."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
