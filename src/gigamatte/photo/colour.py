"""Colour: which profiles can be used, and how grey, CMYK and the network's input are converted to sRGB."""

from __future__ import annotations

import functools
import struct
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.photo.fields import field_of
from gigamatte.types import Depth, PixelArray

#: a profile larger than this is not carried along (real ones end at about 3 MB)
MAX_PROFILE = 8 << 20

#: laid under a photo that has alpha, because its colour under alpha 0 is arbitrary: mid-grey, unlike most subjects
BACKDROP = 128

_SPACES = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")


def profile_problem(icc: bytes, bands: int) -> str | None:
    """Why an ICC profile cannot be used for pictures of 1, 3 or 4 colour bands; None if it can.

    Checks the header and the tag table (ICC.1:2022, clauses 7.2 and 7.3), because the colour library replaces some
    broken profiles silently, and then tries it.
    """
    if len(icc) > MAX_PROFILE:
        return f"it has {len(icc)} bytes, more than {MAX_PROFILE}"
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return "it has no ICC header"
    size, count = struct.unpack(">I", icc[:4])[0], struct.unpack(">I", icc[128:132])[0]
    if size > len(icc) or count > 1000 or 132 + 12 * count > len(icc):
        return "it is truncated"
    if icc[12:16] not in _CLASSES:
        return "it describes no photo's colours"
    if icc[16:20] != _SPACES[bands]:
        found = icc[16:20].decode("ascii", "replace").strip()
        return f"it is for {found or 'unknown'} pictures, this one is {_SPACES[bands].decode().strip()}"
    tags = {}
    for index in range(count):
        tag, offset, length = struct.unpack(">4sII", icc[132 + 12 * index : 144 + 12 * index])
        if offset + length > len(icc):
            return "it is truncated"
        tags[tag] = length
    matrix = {b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"}
    table = b"A2B0" in tags or b"A2B1" in tags
    if not (table or (bands == 3 and matrix <= tags.keys()) or (bands == 1 and b"kTRC" in tags)):
        return "it lacks the tags that tell its colours"
    return None if _transforms(icc, bands) else "it cannot be applied"


def _transforms(icc: bytes, bands: int) -> bool:
    """Whether the colour library can use a profile, tried on one pixel."""
    pixel = pyvips.Image.black(1, 1, bands=bands).copy(interpretation={1: "b-w", 3: "srgb", 4: "cmyk"}[bands])
    pixel.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    try:
        to_srgb(pixel).write_to_memory()
    except pyvips.Error:
        return False
    return True


@functools.cache
def srgb_profile() -> bytes:
    """A small sRGB profile, for pictures that were converted to sRGB here."""
    converted = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb").icc_transform("srgb")
    return bytes(converted.get("icc-profile-data"))


def to_srgb(image: pyvips.Image, *, input_profile: str | None = None) -> pyvips.Image:
    """A lazy image through its embedded profile to sRGB, at its own depth. Alpha passes unchanged.

    Relative colorimetric with black-point compensation, what photo editors do by default.
    """
    options: dict[str, Any] = {"input_profile": input_profile} if input_profile else {}
    depth = 16 if image.format == "ushort" else 8
    return image.icc_transform(
        "srgb", embedded=True, intent="relative", black_point_compensation=True, depth=depth, **options
    )


def full_range(image: pyvips.Image) -> pyvips.Image:
    """A 16-bit image of the HEIF family, which holds its 10 or 12 bits shifted up, stretched so that white is 65535."""
    depth = field_of(image, "bits-per-sample", 8)
    if image.format != "ushort" or depth >= 16:
        return image
    white = ((1 << depth) - 1) << (16 - depth)
    space = image.interpretation
    return image.linear(65535 / white, 0).rint().cast("ushort").copy(interpretation=space)


def to_srgb8(pixels: PixelArray, icc: bytes | None) -> NDArray[np.uint8]:
    """Pixels (row, column, RGB), uint8 or uint16, in the space of ``icc`` (None: sRGB), as 8-bit sRGB."""
    if icc is not None and icc != srgb_profile():
        return to_8bit(in_srgb(pixels, icc, depth=8))
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    return to_8bit(pixels)


def in_srgb(pixels: PixelArray, icc: bytes, *, depth: int) -> PixelArray:
    """Pixels (row, column, RGB), uint8 or uint16, in the space of ``icc``, as sRGB of ``depth`` bits."""
    height, width = pixels.shape[:2]
    form, space = ("uchar", "srgb") if pixels.dtype == np.uint8 else ("ushort", "rgb16")
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels).data, width, height, 3, form).copy(
        interpretation=space
    )
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    image = image.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True, depth=depth)
    data = image.write_to_memory()
    srgb: PixelArray = np.frombuffer(data, np.uint8) if depth == 8 else np.frombuffer(data, np.uint16)
    return srgb.reshape(height, width, 3)


@functools.lru_cache(maxsize=16)
def leads_back(icc: bytes) -> bool:
    """Whether colours can be converted into the space of an RGB profile; a scanner's may lead out of it only."""
    pixel = pyvips.Image.black(1, 1, bands=3).copy(interpretation="lab")
    pixel.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    try:
        pixel.icc_export(depth=8, intent="relative").write_to_memory()
    except pyvips.Error:
        return False
    return True


def to_8bit(pixels: PixelArray) -> NDArray[np.uint8]:
    """16-bit values, of any shape, scaled to 8 bits and rounded; 8-bit values as they are."""
    if pixels.dtype == np.uint8:
        return pixels.view(np.uint8)
    scaled = cv2.convertScaleAbs(np.ascontiguousarray(pixels), alpha=255 / 65535)
    return np.asarray(scaled, np.uint8).reshape(pixels.shape)


def on_backdrop(rgb: NDArray[np.uint8], alpha: PixelArray) -> NDArray[np.uint8]:
    """8-bit colours (row, column, 3) laid over mid-grey by ``alpha`` (row, column), uint8 or uint16.

    So arbitrary colours under alpha 0 do not show.
    """
    mixed = np.empty(rgb.shape, np.uint8)
    depth = Depth.of(alpha)
    # by strips: floats of the whole picture would take eight times its memory
    for top in range(0, len(rgb), 128):
        rows = slice(top, top + 128)
        weight = depth.quotient(alpha[rows])[..., None]
        mixed[rows] = np.rint((rgb[rows].astype(np.float32) - BACKDROP) * weight + BACKDROP)
    return mixed
