"""Reported pictures: what is read of them, the warnings, and the cutout's backdrop. One test for each case."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image
from tests.cases.made_tiff import tiff
from tests.cases.pictures import LIMIT, Case, cut, read, seen, values, white_mask

from gigamatte.errors import NoSubject, UnsupportedInput
from gigamatte.testing import profiles
from gigamatte.worker.view import write_view
from gigamatte.worker.wire import View
from gigamatte.workflow.compare import compare
from gigamatte.workflow.inspect import inspect_photo
from gigamatte.workflow.preview import preview


def deep(
    array: NDArray[np.uint16], suffix: str, icc: bytes | None = None, orientation: int = 1, **options: Any
) -> bytes:
    """A file of 16 bits a channel (AVIF: 12)."""
    bands = 1 if array.ndim == 2 else array.shape[2]
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array))
    image = image.copy(interpretation=options.pop("space", "rgb16" if bands > 2 else "grey16"))
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    if orientation != 1:
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return bytes(image.write_to_buffer(suffix, **options))


def tile_of(page: Path, layer: int) -> NDArray[np.uint8]:
    """The finest tile of a layer of a preview page, which must have only one."""
    found = re.findall(r'"tiles":\["data:image/\w+;base64,([^"]+)"\]', page.read_text(encoding="utf-8"))
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[layer]))))


def test_sixteen_bit_preview(case: Case, tmp_path: Path) -> None:
    photo = Path(shutil.copy(case("sixteen-bit-preview") / "rgb16.png", tmp_path))
    stored = pyvips.Image.new_from_file(str(photo)).numpy()
    assert stored.dtype == np.uint16
    inspected = inspect_photo(photo)
    assert (inspected.bits, inspected.width, inspected.height) == (16, 96, 72)
    mask = tmp_path / "mask.png"
    Image.fromarray(np.pad(np.full((24, 48), 255, np.uint8), 24)).save(mask)
    cutout = tmp_path / "c.png"
    cut(photo, cutout, mask=str(mask))
    page = preview(cutout, photo=photo)
    shown = np.asarray(stored >> 8, np.uint8)
    assert np.abs(tile_of(page, 0).astype(int) - shown).mean() < 3  # the photo's tile is a JPEG
    assert (tile_of(page, 1)[..., :3] == shown)[28:44, 28:68].all()
    compare(photo, mask=mask)
    assert (tmp_path / "rgb16.compare.html").stat().st_size > 10_000
    for kind, source in (("photo", photo), ("cutout", cutout)):  # what the web page asks the service for
        write_view(View(source, tmp_path / kind, kind, LIMIT))  # type: ignore[arg-type]
        layer = json.loads((tmp_path / kind / "layer.json").read_text())
        assert (layer["width"], layer["height"], layer["levels"][0]["tiles"]) == (96, 72, [True])


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("kind", "bands"),
    [
        (kind, bands)
        for kind in ("png", "tiff", "avif", "profile")
        for bands in (1, 2, 3, 4)
        if kind != "avif" or bands > 2
    ],
)
def test_sixteen_bits_on_the_screen(kind: str, bands: int, orientation: int, tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 40 * 60 * bands).astype(np.uint16).reshape(40, 60, bands)
    suffix = {"tiff": ".tif", "avif": ".avif"}.get(kind, ".png")
    options = {"lossless": True, "bitdepth": 12, "effort": 0} if kind == "avif" else {}
    icc = {1: profiles.linear_grey(), 2: profiles.linear_grey()}.get(bands, profiles.swapped_srgb())
    data = deep(values, suffix, icc if kind == "profile" else None, orientation, **options)
    shown = seen(data)
    upright = np.rot90(values, -1) if orientation == 6 else values
    expected = np.asarray(upright >> 8, np.uint8)
    if bands < 3:
        expected = np.concatenate([expected[..., :1]] * 3 + [expected[..., 1:]], axis=2)
    if kind == "profile" and bands > 2:
        expected[..., :2] = expected[..., 1::-1]  # the profile exchanges red and green
    assert shown.shape == expected.shape
    if kind == "profile" and bands < 3:
        assert (np.diff(shown[..., 0].astype(int), axis=0 if orientation == 6 else 1) >= 0).mean() > 0.9
        assert (shown[..., 3:] == expected[..., 3:]).all()
    else:
        limit = 6 if kind == "avif" else 1  # AVIF holds 12 bits, and YCbCr of them
        assert np.abs(shown.astype(int) - expected).max() <= limit


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_ignore_alpha_cuts_a_photo_as_if_it_had_none(format: str, tmp_path: Path) -> None:
    rgba = np.dstack([values(3), np.repeat(np.arange(0, 256, 8, np.uint8)[None], 24, axis=0)])
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, format, lossless=True, exact=True)
    assert (read(file.getvalue())[0] == rgba).all()
    pixels, warnings = read(file.getvalue(), ignore_alpha=True)
    assert (pixels == rgba[..., :3]).all()
    assert not warnings
    for ignored, expected in ((False, rgba[..., 3]), (True, np.full((24, 32), 255))):
        cut(file.getvalue(), tmp_path / f"{ignored}.png", mask=white_mask(tmp_path), ignore_alpha=ignored)
        result = pyvips.Image.new_from_file(str(tmp_path / f"{ignored}.png")).numpy()
        assert (result[..., 3] == expected).all()


def test_an_alpha_that_is_0_everywhere_is_said(tmp_path: Path) -> None:
    hidden = np.dstack([values(3), np.zeros((24, 32), np.uint8)])
    receipt = cut(hidden, tmp_path / "hidden.png", mask=white_mask(tmp_path))
    (said,) = receipt.warnings
    assert "alpha is 0 everywhere" in said
    assert "ignore_alpha=True" in said
    with pytest.raises(NoSubject, match="alpha is 0 everywhere") as caught:
        cut(hidden, tmp_path / "none.png")
    assert "ignore_alpha=True" in caught.value.hint
    shown = cut(hidden, tmp_path / "shown.png", mask=white_mask(tmp_path), ignore_alpha=True)
    assert not shown.warnings
    hidden[3, 4, 3] = 1  # one pixel that can be seen, if barely
    assert not cut(hidden, tmp_path / "one.png", mask=white_mask(tmp_path)).warnings


@pytest.mark.parametrize("name", ["anim.png", "two.mpo"])
def test_animated_no_warning(case: Case, tmp_path: Path, name: str) -> None:
    folder = case("animated-no-warning")
    receipt = cut(folder / name, tmp_path / "o.png", mask=str(folder / "mask.png"))
    assert any("pictures (pages, frames or sizes): the first was read" in warning for warning in receipt.warnings)


@pytest.mark.parametrize("format", ["PNG", "MPO", "WEBP", "TIFF", "AVIF"])
def test_every_file_of_several_pictures_says_so(format: str) -> None:
    Image.init()
    if format not in Image.SAVE_ALL:
        pytest.skip("this Pillow writes no AVIF")
    first, second = (Image.fromarray(values(3, seed=seed)) for seed in (1, 2))
    for more, said in (([second], 1), ([], 0)):
        file = io.BytesIO()
        first.save(file, format, save_all=True, append_images=more)
        assert len([warning for warning in read(file.getvalue())[1] if "holds 2 pictures" in warning]) == said


def test_a_camera_preview_or_a_gain_map_is_no_second_picture() -> None:
    plain = io.BytesIO()
    Image.fromarray(values(3)).save(plain, "JPEG", xmp=b'<x xmlns:hdrgm="u" hdrgm:Version="1.0" s="GainMap"/>')
    for kind, xmp, said in (
        (0x010001, False, 0),
        (0x010002, False, 0),
        (0x020003, False, 1),
        (0, True, 0),
        (0, False, 1),
    ):
        entries = struct.pack(">8I", 0x20030000, 100, 0, 0, kind, 100, 5000, 0)
        index = (
            b"MM\0*" + struct.pack(">IH", 8, 1) + struct.pack(">HHII", 0xB002, 7, len(entries), 26) + bytes(4) + entries
        )
        segment = b"\xff\xe2" + struct.pack(">H", len(index) + 6) + b"MPF\0" + index
        data = plain.getvalue() if xmp else plain.getvalue().replace(b"hdrgm:", b"other:")
        warnings = read(data[:2] + segment + data[2:])[1]
        assert len([warning for warning in warnings if "holds 2 pictures" in warning]) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("c_zstd.tif", "packed with Zstandard"),
        ("lab.tif", "in the CIELAB colour space"),
        ("j12.jpg", "12 bits a channel"),
    ],
)
def test_wrong_broken_message(case: Case, name: str, said: str) -> None:
    for source in (case("wrong-broken-message") / name, (case("wrong-broken-message") / name).read_bytes()):
        with pytest.raises(UnsupportedInput, match=said) as caught:
            read(source)
        assert "broken" not in caught.value.message
        assert "cut short" not in caught.value.hint


@pytest.mark.parametrize(
    ("dtype", "said"), [(np.int8, "signed 8-bit"), (np.int16, "signed 16-bit"), (np.float32, "floats")]
)
def test_numbers_that_are_no_pixels_are_named(dtype: Any, said: str) -> None:
    with pytest.raises(UnsupportedInput, match=said):
        read(tiff((values(3).astype(dtype), {})))


def test_pillow_transparency(case: Case) -> None:
    path = case("pillow-transparency") / "rgb_trns.png"
    with Image.open(path) as picture:
        assert "transparency" in picture.info
        by_object, by_path = read(picture)[0], read(path)[0]
        assert (by_object == np.asarray(picture.convert("RGBA"))).all()
    assert (by_object[..., 3] == by_path[..., 3]).all()
    assert by_object[5, 5, 3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "I;16"])
def test_the_transparent_colour_of_a_pillow_image_is_transparent(mode: str) -> None:
    grey = np.repeat(np.arange(0, 256, 8, np.uint8)[None], 24, axis=0)
    if mode == "I;16":
        picture, clear = Image.fromarray(grey.astype(np.uint16) * 257), 40 * 257
    else:
        picture = Image.fromarray(np.dstack([grey, grey // 2, grey])).convert(mode)
        clear = {"1": 255, "L": picture.getpixel((5, 0)), "P": picture.getpixel((5, 0)), "RGB": (40, 20, 40)}[mode]
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=clear)
    expected = read(file.getvalue())[0]
    assert 0 < (expected[..., 3] == 0).sum() < expected[..., 3].size
    with Image.open(file) as opened:
        assert (read(opened)[0][..., 3] == expected[..., 3]).all()
        opened.load()
        assert (read(opened.copy())[0][..., 3] == expected[..., 3]).all()
