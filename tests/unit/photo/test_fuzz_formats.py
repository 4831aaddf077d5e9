"""Damaged files of every format: each gives a photo or one of our errors; no crash, no hang, no partial output.

GIGAMATTE_FUZZ sets how many files of each format are tried: 60 unless said, 500 where the whole suite runs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import io
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import pyvips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gigamatte.cutout.raster import Extras, Raster
from gigamatte.cutout.write import write_image
from gigamatte.errors import GigamatteError
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import read_mask
from gigamatte.photo.read import open_photo
from gigamatte.testing import profiles
from gigamatte.types import Box, PixelArray

TRIED = int(os.environ.get("GIGAMATTE_FUZZ", "60"))
#: a damaged header may claim any size
LIMIT = 1_000_000
#: seconds after which a file counts as a hang; the process then ends with a traceback
HANG = 60


@functools.cache
def seeds(format: str) -> list[bytes]:
    """Small sound files that between them use most of what a format has."""
    rgb = np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8)
    rgba = np.dstack([rgb, rgb[..., 0]])
    exif = Image.Exif()
    exif[0x0112] = 6
    image = pyvips.Image.new_from_array(rgb).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profiles.swapped_srgb())
    deep = (pyvips.Image.new_from_array(rgba).cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    inks = pyvips.Image.new_from_array(rgba).copy(interpretation="cmyk")

    def pillow(array: np.ndarray, kind: str, **options: object) -> bytes:
        file = io.BytesIO()
        Image.fromarray(array).save(file, kind, **options)
        return file.getvalue()

    def heic(array: np.ndarray, mode: str) -> bytes:
        pillow_heif = pytest.importorskip("pillow_heif", reason="the extra [heif] is not installed")
        file = io.BytesIO()
        pillow_heif.from_bytes(mode=mode, size=array.shape[1::-1], data=array.tobytes()).save(file, quality=50)
        return file.getvalue()

    def palette() -> bytes:
        file = io.BytesIO()
        Image.fromarray(rgb).quantize(16).save(file, "PNG", transparency=1)
        return file.getvalue()

    made = {
        "jpeg": lambda: [
            image.jpegsave_buffer(Q=90),
            image.jpegsave_buffer(interlace=True),
            inks.jpegsave_buffer(),
            pillow(rgb, "JPEG", exif=exif),
            pillow(rgb[..., 0], "JPEG"),
        ],
        "png": lambda: [
            image.pngsave_buffer(),
            image.pngsave_buffer(interlace=True),
            deep.pngsave_buffer(),
            pillow(rgba, "PNG", exif=exif),
            palette(),
        ],
        "webp": lambda: [
            image.webpsave_buffer(lossless=True),
            image.webpsave_buffer(Q=50),
            pillow(rgba, "WEBP", exif=exif),
            pillow(rgba, "WEBP", save_all=True, append_images=[Image.fromarray(rgba[::-1].copy())]),
        ],
        "tiff": lambda: [
            image.tiffsave_buffer(),
            deep.tiffsave_buffer(compression="deflate", predictor="horizontal"),
            image.tiffsave_buffer(tile=True, tile_width=16, tile_height=16, compression="lzw", pyramid=True),
            image.tiffsave_buffer(compression="jpeg"),
            inks.tiffsave_buffer(bigtiff=True),
            pillow(rgb[..., 0] > 127, "TIFF", compression="group4"),
        ],
        "avif": lambda: [
            image.heifsave_buffer(compression="av1", effort=0),
            deep.heifsave_buffer(compression="av1", effort=0, bitdepth=12, lossless=True),
        ],
        "heic": lambda: [heic(rgb, "RGB"), heic(rgba, "RGBA")],
    }
    return [bytes(data) for data in made[format]()]


@st.composite
def damaged(draw: st.DrawFn, format: str) -> bytes:
    """A sound file that is damaged anywhere; half of the PNGs inside their chunks, which then have right checksums."""
    data = draw(st.sampled_from(seeds(format)))
    if format == "png" and draw(st.booleans()):
        return damaged_inside(draw, data)
    return damaged_anywhere(draw, data)


def damaged_anywhere(draw: st.DrawFn, sound: bytes) -> bytes:
    """Bytes changed, cut out, doubled or cut off; mostly one place, and not the first, which tell the format."""
    data = bytearray(sound)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 5]))):
        at = draw(st.integers(0 if draw(st.integers(0, 9)) == 0 else 8, max(8, len(data) - 1)))
        what = draw(st.sampled_from(["byte", "byte", "byte", "bit", "bit", "word", "cut", "double", "end"]))
        length = draw(st.integers(1, 40))
        if what == "byte":
            data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif what == "bit" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif what == "word":
            data[at : at + 4] = draw(st.sampled_from([bytes(4), b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"]))
        elif what == "cut":
            del data[at : at + length]
        elif what == "double":
            data[at:at] = data[at : at + length]
        elif what == "end":
            del data[at:]
    return bytes(data)


def damaged_inside(draw: st.DrawFn, sound: bytes) -> bytes:
    """A PNG with some bytes of its chunks' contents changed: header, colours, metadata, or pixels before deflate.

    A reader refuses a wrong checksum, and one wrong bit of deflated pixels, before it looks at what they say.
    """
    chunks = chunks_of(sound)
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(chunks) - 1))
        kind, content = chunks[index]
        inner = bytearray(zlib.decompress(content) if kind == b"IDAT" else content)
        for _ in range(draw(st.integers(1, 4)) if inner else 0):
            inner[draw(st.integers(0, len(inner) - 1))] = draw(st.integers(0, 255))
        chunks[index] = kind, zlib.compress(inner) if kind == b"IDAT" else bytes(inner)
    return sound[:8] + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def chunks_of(png: bytes) -> list[tuple[bytes, bytes]]:
    """(kind, content) of each; all IDAT as one."""
    found: dict[tuple[bytes, int], bytes] = {}
    at = 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        content = png[at + 8 : at + 8 + length]
        key = (kind, 0 if kind == b"IDAT" else at)
        found[key] = found.get(key, b"") + content
        at += 12 + length
    return [(kind, content) for (kind, _), content in found.items()]


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "tiff", "avif", "heic"])
def test_damaged_files(format: str) -> None:
    opened = [0, 0]

    @settings(
        max_examples=TRIED, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(data=damaged(format))
    def one(data: bytes) -> None:
        faulthandler.dump_traceback_later(HANG, exit=True)
        opened[try_to_copy(data)] += 1

    one()
    # the damage must neither be always fatal nor never: else little was tested
    assert min(opened) >= TRIED // 10, opened


def try_to_copy(data: bytes) -> bool:
    """Read, decode and write; True if it worked. Anything but one of our errors fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "copy.png"
        try:
            photo = open_photo(data, max_pixels=LIMIT)
            with PhotoLevels(photo, memory=1 << 22) as levels:
                bands = 4 if photo.has_alpha else 3

                def strips() -> Iterator[PixelArray]:
                    for top in range(0, photo.size.height, 16):
                        box = Box(0, top, photo.size.width, min(16, photo.size.height - top))
                        alpha = levels.alpha(box)
                        rgb = levels.read(0, box)
                        yield rgb if alpha is None else np.dstack([rgb, alpha])

                levels.proxy(photo.size.box, photo.size.halved())
                write_image(
                    strips(),
                    Raster(photo.size, bands, photo.bits),
                    target=target,
                    format="png",
                    extras=Extras(icc=photo.icc, blocks=photo.metadata, resolution=photo.resolution, strip_gps=True),
                )
            assert open_photo(target, max_pixels=LIMIT).size == photo.size
            done = True
        except GigamatteError as refused:
            error = refused
            done = False
        if not done:
            assert error.message
            assert "\n" not in error.message
            assert list(Path(folder).iterdir()) == []
        with contextlib.suppress(GigamatteError):
            read_mask(data, max_pixels=LIMIT)
        return done
