"""Pictures behind a cutout, and colours in the photo's own depth and colour space, strip by strip."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.cutout.css_colour import Colour, parse_colour
from gigamatte.effects import fit_of
from gigamatte.errors import UsageError
from gigamatte.filters import warped
from gigamatte.photo.colour import srgb_profile
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import screen_image
from gigamatte.photo.turn import Turn
from gigamatte.photo.unsupported import broken
from gigamatte.types import Box, Depth, FloatArray, Photo, PixelArray, Size

#: A picture is kept in memory up to this size, and enlarged on the way out beyond it.
MEMORY_PIXELS = 32_000_000

#: ``rows(top, count)``: (row, column, RGB or RGBA) of the backdrop, straight, 0…full, asked for from top to bottom
Rows = Callable[[int, int], PixelArray | FloatArray]


@dataclass(frozen=True)
class Backdrop:
    """``rows`` are RGBA where ``alpha`` is set: something of it can be seen through, and through the result as well."""

    rows: Rows
    alpha: bool = False
    warnings: tuple[str, ...] = ()


def picture_backdrop(
    background: str, size: Size, bits: int, icc: bytes | None, max_pixels: int, fit: str = "cover"
) -> Backdrop:
    """A picture as a backdrop, see ``open_backdrop``."""
    way, around = fit_of(fit)
    if way != "cover":
        return _whole_picture(background, size, bits, icc, max_pixels, way, around)
    photo = _picture(background, max_pixels)
    turn = Turn.from_exif(photo.orientation)
    image = screen_image(dataclasses.replace(photo, orientation=1))  # turned when it is small
    # a picture behind a gigapixel cutout is enlarged row by row, so that it never lies in memory at that size
    shrink = min(1.0, (MEMORY_PIXELS / size.pixels) ** 0.5)
    wanted = Size(max(1, round(size.width * shrink)), max(1, round(size.height * shrink)))
    scale = max(wanted.width / photo.size.width, wanted.height / photo.size.height)
    try:
        # by weight of alpha: what cannot be seen must not spread into what can
        if photo.has_alpha and scale != 1:
            image = image.premultiply().resize(scale, vscale=scale).unpremultiply().rint().cast("uchar")
        elif scale != 1:
            image = image.resize(scale, vscale=scale)
        across, down = (image.height, image.width) if turn.transposed else (image.width, image.height)
        wanted = Size(min(wanted.width, across), min(wanted.height, down))
        part = Box((across - wanted.width) // 2, (down - wanted.height) // 2, wanted.width, wanted.height)
        stored = turn.stored(part, Size(across, down))
        cropped = image.crop(stored.left, stored.top, stored.width, stored.height).numpy()
    except pyvips.Error as error:
        raise broken(photo.name, error) from error
    cropped = np.ascontiguousarray(turn.upright(cropped))
    alpha = photo.has_alpha and bool((cropped[..., 3] < 255).any())
    pixels = in_space(cropped if alpha else cropped[..., :3], bits, icc)
    said = tuple(f"the background: {warning}" for warning in photo.warnings)
    return Backdrop(lambda first, count: _rows(pixels, size, first, count), alpha, said)


def picture_seen_through(background: str, max_pixels: int, fit: str = "cover") -> bool:
    """Whether something of it can be seen through. Raises like ``picture_backdrop``."""
    way, around = fit_of(fit)
    if way == "contain" and _around(around)[3] < 255:
        _picture(background, max_pixels)
        return True
    photo = _picture(background, max_pixels)
    try:
        return photo.has_alpha and photo.open().extract_band(3).min() < photo.depth.full
    except pyvips.Error as error:
        raise broken(photo.name, error) from error


def decode_picture(background: str, max_pixels: int) -> None:
    """Decode a picture and keep nothing of it, to know that it is whole. Raises like ``picture_backdrop``."""
    photo = _picture(background, max_pixels)
    try:
        photo.open().avg()
    except pyvips.Error as error:
        raise broken(photo.name, error) from error


def _around(colour: str | None) -> Colour:
    found = (0, 0, 0, 0) if colour is None else parse_colour(colour)
    if found is None:
        raise UsageError(f"--background-fit contain:COLOUR takes a colour; found {colour!r}")
    return found


def _whole_picture(
    background: str, size: Size, bits: int, icc: bytes | None, max_pixels: int, way: str, around: str | None
) -> Backdrop:
    """The picture in the middle, as large as fits, or again and again at its own size."""
    photo = _picture(background, max_pixels)
    turn = Turn.from_exif(photo.orientation)
    image = screen_image(dataclasses.replace(photo, orientation=1))
    upright = photo.size
    scale = min(size.width / upright.width, size.height / upright.height) if way == "contain" else 1.0
    shrink = min(1.0, math.sqrt(MEMORY_PIXELS / max(1.0, upright.pixels * scale * scale)))
    if way == "tile" and shrink < 1:
        raise UsageError(
            f"--background-fit tile takes pictures up to {MEMORY_PIXELS / 1e6:.0f} megapixels, this has {upright}",
            "choose cover, or a smaller picture",
        )
    placed = Size(max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
    try:
        if scale * shrink != 1:
            image = image.premultiply() if photo.has_alpha else image
            image = image.resize(scale * shrink, vscale=scale * shrink)
            image = image.unpremultiply().rint().cast("uchar") if photo.has_alpha else image
        pixels: NDArray[np.uint8] = np.ascontiguousarray(turn.upright(image.numpy()), np.uint8)
    except pyvips.Error as error:
        raise broken(photo.name, error) from error
    said = tuple(f"the background: {warning}" for warning in photo.warnings)
    clear = photo.has_alpha and bool((pixels[..., 3] < 255).any())
    if not photo.has_alpha:
        pixels = np.dstack([pixels, np.full_like(pixels[..., 0], 255)])
    rgba = in_space(pixels, bits, icc)
    if way == "tile":
        repeated = np.arange(size.width) % upright.width

        def tiles(first: int, count: int) -> PixelArray:
            rows: PixelArray = rgba[(np.arange(first, first + count) % upright.height)][:, repeated]
            return rows if clear else rows[..., :3]

        return Backdrop(tiles, clear, said)
    colour = in_space(np.array([[_around(around)]], np.uint8), bits, icc)[0, 0]
    left, top = (size.width - placed.width) // 2, (size.height - placed.height) // 2
    clear = clear or bool(colour[3] < Depth(bits).full)

    def rows(first: int, count: int) -> PixelArray:
        out: PixelArray = np.empty((count, size.width, 4), rgba.dtype)
        out[:] = colour
        begin, end = max(first, top), min(first + count, top + placed.height)
        if begin < end:
            out[begin - first : end - first, left : left + placed.width] = _rows(rgba, placed, begin - top, end - begin)
        return out if clear else out[..., :3]

    return Backdrop(rows, clear, said)


def _picture(background: str, max_pixels: int) -> Photo:
    if not os.path.exists(background):  # a name that is too long, or holds a NUL, is no file either
        raise UsageError(
            f"--background takes a colour or a picture; {background!r} is neither a known colour nor a file",
            "try white, '#ff00ff', 'linear(white, grey)' or blur; a picture's name holds from the folder you are in",
        )
    return open_photo(background, max_pixels=max_pixels)


def _rows(pixels: PixelArray, size: Size, first: int, count: int) -> PixelArray:
    """``count`` rows from ``first`` of the picture stretched to ``size``."""
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (size.width, size.height):
        return pixels[first : first + count]
    if pixels.shape[2] == 4:
        return _by_weight(pixels, size, first, count)
    stretched: PixelArray = _stretched(pixels, size, first, count)
    return stretched


def _by_weight(pixels: PixelArray, size: Size, first: int, count: int) -> PixelArray:
    """RGBA rows stretched as their alpha weighs them."""
    top = max(0, int(first * pixels.shape[0] / size.height) - 2)
    bottom = min(pixels.shape[0], int((first + count) * pixels.shape[0] / size.height) + 3)
    weighted = pixels[top:bottom].astype(np.float32)
    weighted[..., :3] *= weighted[..., 3:]
    stretched = _stretched(weighted, size, first, count, top, pixels.shape[0])
    stretched[..., :3] /= np.maximum(stretched[..., 3:], np.float32(1e-6))
    return np.rint(stretched).astype(pixels.dtype)  # type: ignore[no-any-return]


def _stretched(pixels: Any, size: Size, first: int, count: int, top: int = 0, rows: int = 0) -> Any:
    """``count`` rows from ``first`` of a picture stretched to ``size``, of whose ``rows`` these begin at ``top``."""
    across, down = pixels.shape[1] / size.width, (rows or pixels.shape[0]) / size.height
    place = np.array([[across, 0, across / 2 - 0.5], [0, down, (first + 0.5) * down - 0.5 - top]])
    return warped(pixels, place, Size(size.width, count))


def in_space(pixels: NDArray[np.uint8], bits: int, icc: bytes | None) -> PixelArray:
    """8-bit sRGB (row, column, RGB or RGBA) in the depth and the colour space of the photo; alpha in its depth."""
    deep: PixelArray = pixels if bits == 8 else pixels.astype(np.uint16) * np.uint16(257)
    if icc is None or icc == srgb_profile():
        return deep
    colours = np.ascontiguousarray(pixels[..., :3])
    image = pyvips.Image.new_from_array(colours).copy(interpretation="srgb")
    # as profiles do it: libvips' own Lab has another white than the Lab between two profiles
    lab = image.icc_import(input_profile="srgb", intent="relative").copy()
    lab.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    exported: PixelArray = lab.icc_export(depth=bits, intent="relative").numpy()
    return exported if pixels.shape[2] == 3 else np.dstack([exported, deep[..., 3]])  # type: ignore[return-value]


def repeated(row: PixelArray, rows: int, columns: int) -> PixelArray:
    """``rows`` × ``columns`` of one pixel, (1, 1, band)."""
    many: PixelArray = np.broadcast_to(row, (rows, columns, row.shape[2]))  # type: ignore[assignment]
    return many
