"""EXIF, XMP and IPTC: what is reset, what is taken out, what stays."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gigamatte.photo import exif, metadata
from gigamatte.photo.read import open_photo


def exif_block(*, position: bool = True, preview: bool = True, order: str = "<") -> bytes:
    """A hand-made block: orientation 6, a maker, perhaps a position and an embedded preview."""
    entries = [(0x010F, 2, 5, b"ACME\0"), (0x0112, 3, 1, struct.pack(order + "HH", 6, 0))]
    latitude = struct.pack(order + "6I", 48, 1, 8, 1, 0, 1)
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    count = len(entries) + position
    end = 8 + 2 + 12 * count + 4
    gps_at = end + 8
    preview_at = gps_at + (2 + 12 + 4 + 24 if position else 0)
    directory = struct.pack(order + "H", count)
    tail = b"ACME\0\0\0\0"
    directory += struct.pack(order + "HHII", *entries[0][:3], end)
    directory += struct.pack(order + "HHI", *entries[1][:3]) + entries[1][3]
    if position:
        directory += struct.pack(order + "HHII", 0x8825, 4, 1, gps_at)
        tail += struct.pack(order + "HHHIII", 1, 2, 5, 3, gps_at + 18, 0) + latitude
    directory += struct.pack(order + "I", preview_at if preview else 0)
    if preview:
        thumbnail = preview_at + 2 + 24 + 4
        tail += struct.pack(order + "H", 2)
        tail += struct.pack(order + "HHII", 0x0201, 4, 1, thumbnail) + struct.pack(order + "HHII", 0x0202, 4, 1, 7)
        tail += struct.pack(order + "I", 0) + b"PREVIEW"
    return b"Exif\0\0" + block + directory + tail


def tags(block: bytes) -> dict[int, object]:
    found = Image.Exif()
    found.load(block)
    return dict(found)


def preview_length(block: bytes) -> int:
    """What the second directory says about the length of the embedded preview; 0 without one."""
    data, order = block.removeprefix(b"Exif\0\0"), "<" if b"II*" in block else ">"
    link = 10 + 12 * struct.unpack_from(order + "H", data, 8)[0]
    second = struct.unpack_from(order + "I", data, link)[0]
    return struct.unpack_from(order + "I", data, second + 2 + 12 + 8)[0] if second else 0


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_reset_and_the_rest_stays(order: str) -> None:
    block = exif_block(order=order)
    assert tags(block)[0x0112] == 6
    upright = exif.upright(block)
    assert upright is not None
    assert tags(upright)[0x0112] == 1
    assert tags(upright)[0x010F] == "ACME"
    found = Image.Exif()
    found.load(upright)
    assert found.get_ifd(0x8825)[2] == (48.0, 8.0, 0.0)
    assert preview_length(upright) == 0  # it showed the background
    assert preview_length(block) == 7


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_position_is_taken_out_and_wiped(order: str) -> None:
    block = exif.without_position(exif_block(order=order, preview=False))
    assert block is not None
    assert 0x8825 not in tags(block)
    assert tags(block)[0x010F] == "ACME"
    assert struct.pack(order + "6I", 48, 1, 8, 1, 0, 1) not in block
    assert exif.without_position(block) == block


def test_a_position_after_which_a_preview_follows() -> None:
    block = exif_block()
    both = exif.without_position(block)
    assert both is not None
    assert preview_length(block) == 7
    assert preview_length(both) == 7  # the link to the second directory has moved along


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 140), value=st.integers(0, 255), cut=st.integers(0, 200))
def test_broken_blocks_never_crash(at: int, value: int, cut: int) -> None:
    block = bytearray(exif_block())
    if at < len(block):
        block[at] = value
    for edit in (exif.upright, exif.without_position):
        short = bytes(block[: max(0, len(block) - cut)])
        result = edit(short)
        assert result is None or len(result) == len(short)


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="t" xmlns:exif="e" tiff:Orientation="6" exif:GPSLatitude="48,8N" tiff:Make="A">'
    b"<exif:GPSLongitude>11,5E</exif:GPSLongitude><tiff:Orientation>8</tiff:Orientation></rdf:Description></rdf:RDF>"
    b"</x:xmpmeta>"
)


def photo_with(suffix: str, **blocks: bytes) -> bytes:
    image = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
    for name, block in blocks.items():
        image.set_type(pyvips.GValue.blob_type, f"{name}-data", block)
    return bytes(image.write_to_buffer(suffix))


def test_xmp_orientation_and_position() -> None:
    photo = open_photo(photo_with(".png", xmp=XMP), max_pixels=100)
    block = photo.metadata[metadata.XMP]
    assert b'tiff:Orientation="1"' in block
    assert b"<tiff:Orientation>1<" in block
    assert b"GPS" in block
    without = metadata.without_position(photo.metadata)[metadata.XMP]
    assert b"GPS" not in without
    assert b'tiff:Make="A"' in without


def test_iptc_is_unwrapped_from_jpeg_and_plain_in_tiff() -> None:
    records = b"\x1c\x02\x19\x00\x03cat"
    wrapped = metadata._photoshop_block(records)
    photo = open_photo(photo_with(".jpg", iptc=wrapped), max_pixels=100)
    assert photo.metadata[metadata.IPTC] == records
    image = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
    image = metadata.attach(image, {metadata.IPTC: records}, format="tiff")
    photo = open_photo(bytes(image.write_to_buffer(".tif")), max_pixels=100)
    assert photo.metadata[metadata.IPTC].rstrip(b"\0") == records


def test_broken_and_oversized_blocks_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = photo_with(".jpg", iptc=b"Photoshop 3.0\0nothing that is a resource")
    assert any("IPTC block is broken" in line for line in open_photo(data, max_pixels=100).warnings)
    monkeypatch.setattr(metadata, "MAX_BLOCK", 50)
    photo = open_photo(photo_with(".png", xmp=XMP), max_pixels=100)
    assert any("XMP block has" in line for line in photo.warnings)
    assert not photo.metadata


def test_orientation_is_applied_once() -> None:
    array = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", exif=exif_block(), quality=95)
    photo = open_photo(file.getvalue(), max_pixels=10**6)
    assert (photo.orientation, photo.size.width) == (6, 16)
    assert tags(photo.metadata[metadata.EXIF])[0x0112] == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_preview_of_the_photo_before_it_was_cut_is_wiped(order: str) -> None:
    assert b"PREVIEW" not in (exif.upright(exif_block(order=order)) or b"")
    # even where its own directory comes last
    assert b"PREVIEW" not in (exif.upright(exif_block(order=order, position=False)) or b"")


def test_previews_in_xmp_are_left_out() -> None:
    xmp = b"<x><xmp:Thumbnails><rdf:Alt>/9j/4AAQ</rdf:Alt></xmp:Thumbnails><dc:title>a</dc:title></x>"
    image = pyvips.Image.black(8, 8).copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", xmp)
    assert metadata.collect(image)[0][metadata.XMP] == b"<x><dc:title>a</dc:title></x>"


def test_the_size_in_the_exif_is_the_results_own() -> None:
    about = Image.Exif()
    about.get_ifd(0x8769)  # made by Pillow when it is asked for
    about._ifds[0x8769] = {0xA002: 4000, 0xA003: 3000}
    found = Image.Exif()
    found.load(metadata.sized({metadata.EXIF: about.tobytes()}, 70000, 300)[metadata.EXIF])
    assert (found.get_ifd(0x8769)[0xA002], found.get_ifd(0x8769)[0xA003]) == (70000, 300)
    assert exif.resized(b"nonsense", 1, 1) == b"nonsense"


def test_iptc_in_a_png_is_said_to_be_lost() -> None:
    from PIL import PngImagePlugin

    info, file = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text("Raw profile type iptc", "\niptc\n       4\n1c02", zip=True)
    Image.new("RGB", (9, 9)).save(file, "PNG", pnginfo=info)
    assert any("IPTC" in warning for warning in open_photo(file.getvalue(), max_pixels=100).warnings)
