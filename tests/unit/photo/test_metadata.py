"""EXIF, XMP and IPTC: what is reset, what is taken out, what stays."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gigamatte.photo import ifd, metadata, xmp
from gigamatte.photo.exif import Exif
from gigamatte.photo.read import open_photo
from gigamatte.photo.resources import Resource
from gigamatte.photo.xmp import _escaped, _quoted
from gigamatte.testing.paths import in_jpeg, in_tiff, resource
from gigamatte.types import Size


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


def upright(block: bytes) -> bytes | None:
    """What goes along of a photo's block."""
    exif = Exif.parse(block)
    if exif is None:
        return None
    exif.set_upright()
    return exif.data()


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_reset_and_the_rest_stays(order: str) -> None:
    block = exif_block(order=order)
    assert tags(block)[0x0112] == 6
    edited = upright(block)
    assert edited is not None
    assert tags(edited)[0x0112] == 1
    assert tags(edited)[0x010F] == "ACME"
    found = Image.Exif()
    found.load(edited)
    assert found.get_ifd(0x8825)[2] == (48.0, 8.0, 0.0)
    assert preview_length(edited) == 0  # it showed the background
    assert preview_length(block) == 7


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_position_is_taken_out(order: str) -> None:
    block = metadata.without_position({metadata.EXIF: exif_block(order=order)})[metadata.EXIF]
    assert 0x8825 not in tags(block)
    assert tags(block)[0x010F] == "ACME"
    assert struct.pack(order + "6I", 48, 1, 8, 1, 0, 1) not in block
    assert metadata.without_position({metadata.EXIF: block})[metadata.EXIF] == block


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 140), value=st.integers(0, 255), cut=st.integers(0, 200))
def test_broken_blocks_never_crash(at: int, value: int, cut: int) -> None:
    block = bytearray(exif_block())
    if at < len(block):
        block[at] = value
    exif = Exif.parse(bytes(block[: max(0, len(block) - cut)]))
    if exif is not None:
        again = Exif.parse(exif.data())
        assert again is not None
        assert (again.main, again.photo, again.position) == (exif.main, exif.photo, exif.position)
        assert len(exif.data()) <= len(block) + 64


def test_values_that_share_their_bytes_are_no_more_than_the_block() -> None:
    """A thousand tags that all point to the same 60 kB would become 60 MB."""
    entries = b"".join(struct.pack("<HHII", 0x9000 + tag, 7, 60_000, 20_000) for tag in range(1000))
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 1000) + entries + bytes(4)
    assert Exif.parse(block.ljust(80_000, b"\1")) is None


def test_a_makers_note_keeps_its_place() -> None:
    """Its own offsets may count from the beginning of the block."""
    note = ifd.Entry(ifd.UNDEFINED, 300, bytes(range(256)) + bytes(44))
    exif = Exif("<", {0x010F: ifd.Entry.text("ACME" * 30)}, {0x927C: note, 0x9286: ifd.Entry.text("x" * 200)})
    for at in (9, 200, 471, 9001):
        exif.note_at = at
        block = exif.data().removeprefix(b"Exif\0\0")
        assert block[at : at + 300] == note.data
        again = Exif.parse(block)
        assert again is not None
        assert (again.main, again.photo, again.note_at) == (exif.main, exif.photo, at)


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


def test_iptc_is_unwrapped_from_jpeg() -> None:
    records = b"\x1c\x02\x19\x00\x03cat"
    wrapped = b"Photoshop 3.0\0" + Resource(1028, b"", records).encoded()
    photo = open_photo(photo_with(".jpg", iptc=wrapped), max_pixels=100)
    assert photo.metadata[metadata.IPTC] == records


@pytest.mark.parametrize("pieces", [2, 9])
def test_iptc_of_a_jpeg_is_read_from_all_segments(pieces: int) -> None:
    records = b"\x1c\x02\x19\x00\x03cat"
    paths, iptc = resource(2000, b"Path 1", bytes(26 * 40)), resource(1028, b"", records)
    for block, kept in ((paths + iptc, records), (iptc + paths, records), (paths, None)):
        photo = open_photo(in_jpeg(photo_with(".jpg"), block, pieces), max_pixels=100)
        assert photo.metadata.get(metadata.IPTC) == kept
        assert not photo.warnings


def test_iptc_of_a_tiff_is_found_among_resources() -> None:
    """Its own tag is the usual place; ImageMagick writes it there alone."""
    records = b"\x1c\x02\x19\x00\x03cat"
    for block, kept in ((resource(1028, b"", records), records), (resource(2000, b"Path 1", bytes(26)), None)):
        photo = open_photo(in_tiff(photo_with(".tif"), block), max_pixels=100)
        assert photo.metadata.get(metadata.IPTC) == kept
        assert not photo.warnings


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
    assert b"PREVIEW" not in (upright(exif_block(order=order)) or b"")
    # even where its own directory comes last
    assert b"PREVIEW" not in (upright(exif_block(order=order, position=False)) or b"")


def packet(body: str, attributes: str = "", spaces: dict[str, str] | None = None) -> bytes:
    names = {"xmp": "http://ns.adobe.com/xap/1.0/", "dc": "http://purl.org/dc/elements/1.1/", **(spaces or {})}
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in names.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description{declared} rdf:about=""{attributes}>'
        f'{body}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def test_previews_in_xmp_are_left_out() -> None:
    body = "<xmp:Thumbnails><rdf:Alt>/9j/4AAQ</rdf:Alt></xmp:Thumbnails><dc:title>a &lt; b</dc:title>"
    image = pyvips.Image.black(8, 8).copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", packet(body))
    assert metadata.collect(image)[0][metadata.XMP] == packet("<dc:title>a &lt; b</dc:title>")


def test_properties_are_known_by_their_namespace_whatever_their_prefix() -> None:
    spaces = {"foo": "http://ns.google.com/photos/1.0/camera/", "bar": "http://example.com/mine/"}
    found = xmp.rewritten(packet("", ' foo:MotionPhoto="1" bar:MotionPhoto="1"', spaces), metadata._clean_xmp)
    assert found is not None
    assert b'foo:MotionPhoto="1"' not in found
    assert b'bar:MotionPhoto="1"' in found


@pytest.mark.parametrize(
    "broken",
    [
        b"<x>",
        b"",
        b"no XML",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        b"<a:b/>",
        b"\xff\xfe<\0",
    ],
)
def test_broken_packets_are_refused(broken: bytes) -> None:
    assert xmp.rewritten(broken, lambda _key: True) is None


def test_a_long_packet_is_divided_and_its_short_properties_stay() -> None:
    long = "".join(f"<rdf:li>{number:032x}</rdf:li>" for number in range(3000))
    whole = packet(
        f"<dc:rights>(c) somebody</dc:rights><p:DocumentAncestors><rdf:Bag>{long}</rdf:Bag></p:DocumentAncestors>",
        ' xmp:CreatorTool="a tool"',
        {"p": "http://ns.adobe.com/photoshop/1.0/"},
    )
    both = xmp.divided(whole, 65000)
    assert both is not None
    main, rest = both
    assert len(main) < 2000
    assert b"(c) somebody" in main
    assert b'CreatorTool="a tool"' in main
    assert b"HasExtendedXMP" in main
    assert b"DocumentAncestors" not in main
    assert rest.count(b"<rdf:li>") == 3000
    assert b"somebody" not in rest
    assert xmp.divided(packet("", f' xmp:CreatorTool="{"x" * 70000}"'), 65000) is None


def test_the_size_in_the_exif_is_the_results_own() -> None:
    about = Image.Exif()
    about.get_ifd(0x8769)  # made by Pillow when it is asked for
    about._ifds[0x8769] = {0xA002: 4000, 0xA003: 3000}
    found = Image.Exif()
    found.load(metadata.sized({metadata.EXIF: about.tobytes()}, Size(70000, 300), moved=False)[0][metadata.EXIF])
    assert (found.get_ifd(0x8769)[0xA002], found.get_ifd(0x8769)[0xA003]) == (70000, 300)


def test_iptc_of_a_png_is_read() -> None:
    from PIL import PngImagePlugin

    info, file = PngImagePlugin.PngInfo(), io.BytesIO()
    records = b"\x1c\x02\x19\x00\x03cat"
    block = Resource(1028, b"", records).encoded()
    info.add_text("Raw profile type iptc", f"\niptc\n{len(block):8}\n{block.hex()}", zip=True)
    Image.new("RGB", (9, 9)).save(file, "PNG", pnginfo=info)
    assert open_photo(file.getvalue(), max_pixels=100).metadata[metadata.IPTC] == records


@pytest.mark.parametrize("said", ["plain", "a<b&c>d", "both \" and ' quotes", "two\nlines\r\tand a tab"])
def test_what_is_written_into_xmp_is_read_back(said: str) -> None:
    element = ElementTree.fromstring(f"<x y={_quoted(said)}>{_escaped(said)}</x>")
    assert element.get("y") == said
    assert (element.text or "") == said.replace("\r", "\n")


def test_a_cut_needs_no_network_library() -> None:
    asked = "import sys, gigamatte.remover; print(sorted({'urllib.request', 'http.client', 'ssl'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
