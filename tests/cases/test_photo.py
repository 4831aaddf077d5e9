"""Reported pictures: what is read of them, the warnings, and the cutout's backdrop. One test for each case."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image
from tests.cases.made_tiff import BITS, CIELAB, CMYK, EXTRA, GREY, OLD_SUBFILE, PACKED, RGB, SPACE, SUBFILE, tiff

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.errors import InputError, NoSubject, UnsupportedInput, UsageError
from gigamatte.options import Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import read_mask
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.remover import Remover
from gigamatte.testing import profiles
from gigamatte.types import Receipt
from gigamatte.worker.view import write_view
from gigamatte.worker.wire import View
from gigamatte.workflow.compare import compare
from gigamatte.workflow.inspect import inspect_photo
from gigamatte.workflow.prepare import prepare
from gigamatte.workflow.preview import preview

LIMIT = 10**8
Case = Callable[[str], Path]


def cut(source: Any, target: Path, **options: Any) -> Receipt:
    """A cutout by a mask, refined by nothing: what is tested here is the picture."""
    with Remover(Options(refine="off", **options)) as remover:
        return remover.process(source, target)


def white_mask(folder: Path) -> str:
    """A mask that keeps all."""
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(folder / "white.png")
    return str(folder / "white.png")


def seen(source: Any) -> NDArray[np.uint8]:
    """A picture as a screen shows it, (row, column, RGB or RGBA)."""
    return np.concatenate(list(strips(open_photo(source, max_pixels=LIMIT), 512)))


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


def values(bands: int, dtype: Any = np.uint8, seed: int = 3) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (24, 32, bands)).astype(dtype)


def read(source: Any, **choices: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The photo's own pixels, (row, column, RGB or RGBA), and what was said about them."""
    photo = open_photo(source, max_pixels=LIMIT, **choices)
    with PhotoLevels(photo) as levels:
        rgb, alpha = levels.read(0, photo.size.box), levels.alpha(photo.size.box)
    return rgb if alpha is None else np.dstack([rgb, alpha]), photo.warnings


@pytest.mark.parametrize("name", ["rgbi16.tif", "grey_unspec.tif", "selection.tif"])
def test_tiff_extra_samples(case: Case, tmp_path: Path, name: str) -> None:
    folder, target = case("tiff-extra-samples"), tmp_path / "o.png"
    receipt = cut(folder / name, target, mask=str(folder / "mask.png"))
    result = pyvips.Image.new_from_file(str(target)).numpy()
    mask = np.asarray(
        Image.open(folder / "mask.png").convert("L").resize(result.shape[1::-1], Image.Resampling.NEAREST)
    )
    inside = np.asarray(cv2.erode(np.asarray(mask), np.ones((5, 5), np.uint8)) == 255)
    assert inside.any()
    assert (result[..., 3][inside] == np.iinfo(result.dtype).max).all()
    assert any("does not call alpha" in warning for warning in receipt.warnings)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("space", "colours", "extra", "alpha"),
    [
        (RGB, 3, (0,), None),  # infrared, a saved selection
        (RGB, 3, (), None),  # a channel of which the file says nothing at all
        (RGB, 3, (2,), 0),
        (RGB, 3, (0, 2), 1),
        (RGB, 3, (2, 0), 0),
        (RGB, 3, (0, 0, 2, 0), 2),
        (GREY, 1, (0,), None),
        (GREY, 1, (2,), 0),
        (GREY, 1, (0, 2), 1),
        (GREY, 1, (0, 0, 0), None),
        (CMYK, 4, (0,), None),  # a spot ink
        (CMYK, 4, (0, 2), 1),
    ],
)
def test_only_what_a_tiff_calls_alpha_is_alpha(
    space: int, colours: int, extra: tuple[int, ...], alpha: int | None, dtype: Any
) -> None:
    bands = colours + (len(extra) or 1)
    array = values(bands, dtype)
    tags = {SPACE: [space], **({EXTRA: extra} if extra else {})}
    pixels, warnings = read(tiff((array, tags)))
    assert pixels.shape[2] == (3 if alpha is None else 4)
    if alpha is not None:
        assert (pixels[..., 3] == array[..., colours + alpha]).all()
    if space == RGB:
        assert (pixels[..., :3] == array[..., :3]).all()
    if space == GREY:
        assert (pixels[..., :3] == array[..., :1]).all()
    left_out = bands - colours - (alpha is not None)
    said = [warning for warning in warnings if "left out" in warning]
    assert [warning.split()[0] for warning in said] == ([str(left_out)] if left_out else [])
    mask = read_mask(tiff((array, tags)), max_pixels=LIMIT) if space != CMYK else None
    if mask is not None and alpha is not None:  # a mask is the alpha of a picture that has one
        assert (mask.values == array[..., colours + alpha]).all()
    elif mask is not None and space == GREY:
        assert (mask.values == array[..., 0]).all()


def test_colours_that_were_multiplied_by_a_later_alpha_are_divided() -> None:
    array = np.full((24, 32, 5), (50, 100, 25, 7, 128), np.uint8)
    pixels, _ = read(tiff((array, {EXTRA: (0, 1)})))
    assert np.abs(pixels.astype(int) - (100, 199, 50, 128)).max() <= 1


def test_tiff_thumbnail_first(case: Case, tmp_path: Path) -> None:
    receipt = cut(case("tiff-thumbnail-first") / "thumbfirst.tif", tmp_path / "o.png", mask=white_mask(tmp_path))
    assert pyvips.Image.new_from_file(str(tmp_path / "o.png")).width == 320
    assert any("smaller copy" in warning for warning in receipt.warnings)


@pytest.mark.parametrize("flag", [{SUBFILE: [1]}, {OLD_SUBFILE: [2]}, {SUBFILE: [4]}, {SUBFILE: [5]}])
def test_the_first_picture_of_full_size_is_the_photo(flag: dict[int, list[int]]) -> None:
    small, photo = values(3, seed=4)[::2, ::2], values(3)
    for file in (
        tiff((small, flag), (photo, {})),
        tiff((small, flag), (small, flag), (photo, {}), (small, flag)),
        tiff((small, flag), inner=(photo, {})),  # as raw developers write it
        tiff((photo, {}), (small, flag)),  # a pyramid
        tiff((photo, flag)),  # the only one, whatever it is called
    ):
        assert (read(file)[0] == photo).all()


def test_pages_that_go_in_a_circle_are_read_once() -> None:
    photo = values(3)
    file = bytearray(tiff((photo, {SUBFILE: [1]}), (photo[::2], {SUBFILE: [1]})))
    (first,) = struct.unpack_from("<I", file, 4)
    struct.pack_into("<I", file, len(file) - 4, first)
    assert read(bytes(file))[0].shape[:2] == photo.shape[:2]


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
    ("tags", "said"),
    [
        ({PACKED: [50000]}, "packed with Zstandard"),
        ({PACKED: [34925]}, "packed with LZMA"),
        ({PACKED: [34887]}, "packed with LERC"),
        ({PACKED: [34712]}, "packed with JPEG 2000"),
        ({PACKED: [33005]}, "packed with JPEG 2000"),
        ({PACKED: [50002]}, "packed with JPEG XL"),
        ({PACKED: [61234]}, "packed with scheme 61234"),
        ({SPACE: [CIELAB]}, "in the CIELAB colour space"),
        ({SPACE: [9]}, "in the ICC LAB colour space"),
        ({SPACE: [32803]}, "camera raw"),
        ({BITS: [12] * 3}, "has 12 bits a channel"),
        ({BITS: [10] * 3}, "has 10 bits a channel"),
    ],
)
def test_a_tiff_of_a_kind_that_is_not_read_is_not_called_broken(tags: dict[int, list[int]], said: str) -> None:
    for dtype in (np.uint8, np.uint16):
        with pytest.raises(UnsupportedInput, match=said) as caught:
            read(tiff((values(3, dtype), tags)))
        assert "broken" not in caught.value.message


@pytest.mark.parametrize(
    ("dtype", "said"), [(np.int8, "signed 8-bit"), (np.int16, "signed 16-bit"), (np.float32, "floats")]
)
def test_numbers_that_are_no_pixels_are_named(dtype: Any, said: str) -> None:
    with pytest.raises(UnsupportedInput, match=said):
        read(tiff((values(3).astype(dtype), {})))


def test_jpeg_without_end(case: Case, tmp_path: Path) -> None:
    folder = case("jpeg-without-end")
    receipt = cut(folder / "noeoi.jpg", tmp_path / "o.png", mask=str(folder / "mask.png"))
    assert any("lacks the marker that ends a JPEG" in warning for warning in receipt.warnings)
    whole = tmp_path / "whole.jpg"
    whole.write_bytes((folder / "noeoi.jpg").read_bytes() + b"\xff\xd9")
    assert (read(folder / "noeoi.jpg")[0] == read(whole)[0]).all()
    inspect_photo(folder / "noeoi.jpg")


JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"interlace": True},
    "full chroma": {"subsample_mode": "off"},
    "noise": {"subsample_mode": "off", "Q": 90},
    "restarts": {"restart_interval": 2},
    "best": {"optimize_coding": True, "interlace": True, "optimize_scans": True, "Q": 95},
}


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lacks_more_than_its_end_is_refused(kind: str, tmp_path: Path) -> None:
    """However many bytes are missing: the pixels come back as they were, or the file is refused."""
    picture = cv2.resize(values(3), (150, 100), interpolation=cv2.INTER_CUBIC)
    data = bytes(pyvips.Image.new_from_array(picture).jpegsave_buffer(**JPEGS[kind]))
    whole, said = read(data)
    assert not said
    taken = []
    scans = [found.start() for found in re.finditer(rb"\xff(\xda|\xc4)", data)][1:]
    for length in (*range(len(data) - 60, len(data)), *scans, *(scan + 1 for scan in scans)):
        path = tmp_path / "cut.jpg"
        path.write_bytes(data[:length])
        try:
            pixels, warnings = read(path)
        except UnsupportedInput:
            continue
        taken.append(len(data) - length)
        assert (pixels == whole).all(), f"{len(data) - length} bytes short"
        assert any("lacks the marker" in warning for warning in warnings)
    assert {1, 2} <= set(taken)
    assert len(taken) < 8
    trailed = data + b"SEFT a phone's own words"  # behind its end, anything may stand
    assert (read(trailed)[0] == whole).all()
    assert not read(trailed)[1]


def test_prepare_reads_a_jpeg_without_end(case: Case, tmp_path: Path) -> None:
    data = (case("jpeg-without-end") / "noeoi.jpg").read_bytes()
    for name, content in (("open", data), ("whole", data + b"\xff\xd9")):
        (tmp_path / f"{name}.jpg").write_bytes(content)
        prepare(tmp_path / f"{name}.jpg", tmp_path / f"{name}.png")
    assert (tmp_path / "open.png").read_bytes() == (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[:-200])
    with pytest.raises(UnsupportedInput, match="broken"):
        prepare(tmp_path / "cut.jpg", tmp_path / "cut.png")


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


def laid(background: object, folder: Path, photo: Any = None, suffix: str = ".png", **options: Any) -> NDArray[Any]:
    """The result where nothing of the photo is kept: what is behind it."""
    Image.fromarray(np.pad(np.full((4, 4), 255, np.uint8), ((0, 60), (0, 60)))).save(folder / "corner.png")
    photo = np.full((96, 128, 3), 90, np.uint8) if photo is None else photo
    target = folder / f"laid{suffix}"
    cut(photo, target, mask=str(folder / "corner.png"), background=str(background), **options)
    result: NDArray[Any] = pyvips.Image.new_from_file(str(target)).numpy()
    target.unlink()
    return result


def quarters(size: tuple[int, int] = (128, 96)) -> NDArray[np.uint8]:
    """Red, green above blue, white: what is where cannot be mistaken."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    down, across = size[1] // 2, size[0] // 2
    picture[:down, :across], picture[:down, across:] = (255, 0, 0), (0, 255, 0)
    picture[down:, :across], picture[down:, across:] = (0, 0, 255), (255, 255, 255)
    return picture


def test_background_orientation(case: Case, tmp_path: Path) -> None:
    folder = case("background-orientation")
    cut(folder / "base.jpg", tmp_path / "o.png", mask=str(folder / "mask.png"), background=str(folder / "bg3.jpg"))
    result = pyvips.Image.new_from_file(str(tmp_path / "o.png")).numpy()
    (red, _, _), (_, _, blue) = result[4, 4].astype(int), result[-4, 4].astype(int)
    assert min(red, blue) > 200
    assert result[-4, 4, 0] < 60


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_background_of_any_orientation_is_upright(orientation: int, tmp_path: Path) -> None:
    upright = Image.fromarray(quarters())
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the turn by which a viewer undoes it, undone
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "b.png", exif=exif)
    result = laid(tmp_path / "b.png", tmp_path)
    inside = [(24, 32), (24, 96), (72, 32), (72, 96)]
    assert [result[place].tolist() for place in inside] == [quarters()[place].tolist() for place in inside]


def test_a_background_keeps_its_own_profile_colours(tmp_path: Path) -> None:
    Image.fromarray(quarters()).save(tmp_path / "b.png", icc_profile=profiles.swapped_srgb())
    result = laid(tmp_path / "b.png", tmp_path)
    assert np.abs(result[24, 32].astype(int) - (0, 255, 0)).max() <= 2  # what the profile calls red is green
    assert np.abs(result[24, 96].astype(int) - (255, 0, 0)).max() <= 2


def test_background_alpha(case: Case, tmp_path: Path) -> None:
    folder = case("background-alpha")
    behind = np.asarray(Image.open(folder / "bgtrans.png").convert("RGBA"))
    assert 0 < (behind[..., 3] == 0).mean() < 1
    given = {"mask": str(folder / "mask.png"), "background": str(folder / "bgtrans.png")}
    cut(folder / "base.jpg", tmp_path / "o.png", **given)
    result = pyvips.Image.new_from_file(str(tmp_path / "o.png")).numpy()
    assert result.shape[2] == 4
    scaled = cv2.resize(behind[..., 3], result.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    mask = cv2.imread(str(folder / "mask.png"), cv2.IMREAD_GRAYSCALE)
    outside = cv2.dilate(cv2.resize(mask, result.shape[1::-1]), np.ones((9, 9), np.uint8)) == 0
    edge = cv2.morphologyEx(scaled, cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8)) > 0
    assert (result[..., 3] == scaled)[outside & ~edge].all()
    for target in ("o.jpg", "p.jpeg"):
        with pytest.raises(UsageError, match="can be seen through"):
            cut(folder / "base.jpg", tmp_path / target, **given)
        assert not (tmp_path / target).exists()


@pytest.mark.parametrize("deep", [False, True])
def test_half_transparent_colours_and_pictures_are_seen_through(deep: bool, tmp_path: Path) -> None:
    photo = np.full((96, 128, 3), 90, np.uint8).astype(np.uint16) * 257 if deep else None
    full = 65535 if deep else 255
    result = laid("#ff000080", tmp_path, photo)
    assert (result[-1, -1] == (full, 0, 0, 128 * full // 255)).all()
    assert (result[0, 0] == (90 * full // 255,) * 3 + (full,)).all()  # the subject is as opaque as ever
    picture = np.dstack([quarters(), np.full((96, 128), 255, np.uint8)])
    picture[48:, 64:] = (10, 20, 30, 0)  # hidden colours
    Image.fromarray(picture).save(tmp_path / "b.png")
    result = laid(tmp_path / "b.png", tmp_path, photo)
    assert (result[70, 100] == (full, full, full, 0)).all()  # white, not what was hidden
    assert (result[70, 20] == (0, 0, full, full)).all()
    Image.fromarray(picture).resize((64, 48), Image.Resampling.NEAREST).save(tmp_path / "small.png")
    enlarged = laid(tmp_path / "small.png", tmp_path, photo)
    seen_a_little = (enlarged[..., 3] > full // 10) & (enlarged[..., 3] < full)
    assert seen_a_little.any()
    assert (enlarged[seen_a_little][:, :3].astype(int).sum(axis=1) > 0.95 * full).all()  # nothing of the hidden colour
    Image.fromarray(picture | np.uint8([0, 0, 0, 255])).save(tmp_path / "opaque.png")
    assert laid(tmp_path / "opaque.png", tmp_path, photo).shape[2] == 3
    assert laid("rgba(255, 0, 0, 1)", tmp_path, photo, ".jpg").shape[2] == 3


def test_a_background_that_is_enlarged_row_by_row_looks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done behind a gigapixel, at a size that can be compared."""
    smooth = cv2.resize(np.random.default_rng(2).integers(0, 256, (3, 4, 4), np.uint8), (128, 96))
    Image.fromarray(smooth).save(tmp_path / "b.png")
    whole = laid(tmp_path / "b.png", tmp_path).astype(int)
    monkeypatch.setattr("gigamatte.cutout.backdrop_picture.MEMORY_PIXELS", 96 * 128 // 4)
    by_rows = laid(tmp_path / "b.png", tmp_path).astype(int)
    visible = whole[..., 3] > 60
    assert np.abs(by_rows - whole)[4:-4, 4:-4][visible[4:-4, 4:-4]].max() < 12
    assert np.abs(by_rows - whole)[..., 3].max() < 12


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("rgb(255, 0, 0)", (255, 0, 0, 255)),
        ("rgb(255 0 0)", (255, 0, 0, 255)),
        ("RGB(100%, 0%, 50%)", (255, 0, 128, 255)),
        ("rgb(255 0 0 / 50%)", (255, 0, 0, 128)),
        ("rgba(1, 2, 3, 0.5)", (1, 2, 3, 128)),
        ("rgb(1, 2, 3, .5)", (1, 2, 3, 128)),
        ("#f00", (255, 0, 0, 255)),
        ("#f008", (255, 0, 0, 136)),
        ("#FF000080", (255, 0, 0, 128)),
        ("hsl(120, 100%, 50%)", (0, 255, 0, 255)),
        ("hsl(120deg 100% 25%)", (0, 128, 0, 255)),
        ("hsl(.5turn 100 50)", (0, 255, 255, 255)),
        ("hsl(-120, 100%, 50%)", (0, 0, 255, 255)),
        ("hsla(240, 100%, 50%, 25%)", (0, 0, 255, 64)),
        ("hwb(0 50% 50%)", (128, 128, 128, 255)),
        ("hwb(120 0% 0%)", (0, 255, 0, 255)),
        (" RebeccaPurple ", (102, 51, 153, 255)),
        ("cornflowerblue", (100, 149, 237, 255)),
        ("transparent", (0, 0, 0, 0)),
        ("255,0,255", (255, 0, 255, 255)),
        ("255, 0, 255, 128", (255, 0, 255, 128)),
        ("rgba(255, 0, 0, 128)", None),  # meant for half, would be opaque
        ("rgb(256, 0, 0)", None),
        ("rgb(1, 2)", None),
        ("rgb(1 2 3 /)", None),
        ("rgb(1, 2, 3, 4, 5)", None),
        ("hsl(120, 101%, 50%)", None),
        ("#ff00f", None),
        ("#gg0000", None),
        ("256,0,0", None),
        ("", None),
        ("rgb()", None),
        ("photo.jpg", None),
    ],
)
def test_colours_as_css_writes_them(text: str, colour: tuple[int, ...] | None) -> None:
    assert parse_colour(text) == colour


def test_a_background_that_is_none_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    for background, error in (("rgba(255, 0, 0, 128)", UsageError), (str(tmp_path / "b.png"), UnsupportedInput)):
        with pytest.raises(error):
            cut(values(3), tmp_path / "o.png", mask=str(tmp_path / "missing.png"), background=background)


@pytest.mark.parametrize(("name", "value"), [("voc_person", 147), ("voc_aeroplane", 38), ("zero_one", 1)])
def test_label_masks(case: Case, tmp_path: Path, name: str, value: int) -> None:
    folder = case("label-masks")
    receipt = cut(folder / "base.jpg", tmp_path / "o.png", mask=str(folder / f"{name}.png"))
    assert any(f"two values, 0 and {value} of 255: taken as no and yes" in warning for warning in receipt.warnings)
    alpha = pyvips.Image.new_from_file(str(tmp_path / "o.png")).numpy()[..., 3]
    meant = np.asarray(Image.open(folder / f"{name}.png").convert("RGB")).max(axis=2) > 0
    meant = cv2.resize(meant.astype(np.uint8), alpha.shape[::-1], interpolation=cv2.INTER_NEAREST)
    assert (alpha[cv2.erode(meant, np.ones((5, 5), np.uint8)) > 0] == 255).all()
    assert (alpha[cv2.dilate(meant, np.ones((5, 5), np.uint8)) == 0] == 0).all()


def labelled(*values: Any, dtype: Any = np.uint8) -> NDArray[Any]:
    """Bands of these values, or colours, from left to right."""
    return np.repeat(np.repeat(np.array(values, dtype)[None], 24, axis=0), 32 // len(values), axis=1)


def alpha_of(mask: Any, **options: Any) -> tuple[NDArray[Any], list[str]]:
    with Remover(Options(refine="off", **options)) as remover, remover.cut(values(3), mask=mask) as cutout:
        return cutout.alpha, [warning for warning in cutout.receipt.warnings if "mask" in warning]


@pytest.mark.parametrize(
    ("mask", "alpha", "said"),
    [
        (labelled(0, 1), (0, 255), "0 and 1 of 255"),
        (labelled(0, 128), (0, 255), "0 and 128 of 255"),
        (labelled(0, 255, dtype=np.uint16), (0, 255), "0 and 255 of 65535"),
        (labelled((0, 0, 0), (0, 255, 0)), (0, 255), "0 and 150 of 255"),
        (labelled(0, 255), (0, 255), None),
        (labelled(0, 250), (0, 250), None),  # as white as a lossy mask is
        (labelled((0, 0, 0), (255, 255, 255)), (0, 255), None),
        (labelled(0, 80, 160, 200), (0, 200), "brightest value of the mask is 200 of 255"),
        (labelled((255, 255, 255, 0), (255, 255, 255, 160)), (0, 160), None),  # an alpha is an alpha
    ],
)
def test_what_two_values_mean(mask: NDArray[Any], alpha: tuple[int, int], said: str | None) -> None:
    found, warnings = alpha_of(mask)
    assert (found[12, 1], found[12, -2]) == alpha
    assert [said is not None and said in warning for warning in warnings] == ([True] if said else [])


def test_a_kind_that_was_named_takes_values_as_they_are() -> None:
    found, warnings = alpha_of(labelled(0, 160), mask_kind="alpha")
    assert (found[12, 1], found[12, -2]) == (0, 160)
    assert not warnings


@pytest.mark.parametrize(
    "mask",
    [
        labelled((0, 0, 0), (128, 0, 0), (192, 128, 128), (224, 224, 192)),  # two classes and a border
        labelled((255, 255, 255), (200, 0, 0)),  # which of the two is the subject?
    ],
)
def test_a_map_of_several_labels_is_refused(mask: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="colours, as a map of labels does"):
        alpha_of(mask)
    assert alpha_of(mask, mask_kind="alpha")[0].max() > 128


@pytest.mark.parametrize("mask", [labelled(0, 1, 2, 3), labelled(0, 1, 2, 700, dtype=np.uint16), labelled(0, 0)])
def test_a_mask_without_subject_tells_its_largest_value(mask: NDArray[Any]) -> None:
    full = 255 if mask.dtype == np.uint8 else 65535
    with pytest.raises(NoSubject, match=f"its largest value is {mask.max()} of {full}"):
        alpha_of(mask)


def test_strokes_of_labels_count(tmp_path: Path) -> None:
    for name, stroke in (("one", labelled(0, 1)), ("grey", labelled(0, 100)), ("few", labelled(0, 30, 60, 90))):
        Image.fromarray(stroke).save(tmp_path / f"{name}.png")
    for name in ("one", "grey"):
        with Remover(Options(refine="off", drop=str(tmp_path / f"{name}.png"))) as remover:
            cutout = remover.cut(values(3), mask=np.full((24, 32), 255, np.uint8))
            assert any("drop holds two values" in warning for warning in cutout.receipt.warnings)
            assert (cutout.alpha[12, 2], cutout.alpha[12, -3]) == (255, 0)
    with Remover(Options(refine="off", keep=str(tmp_path / "few.png"))) as remover:
        receipt = remover.cut(values(3), mask=np.full((24, 32), 255, np.uint8)).receipt
        assert any("nothing of it counts" in warning for warning in receipt.warnings)


def test_what_plans_by_the_size_of_a_tiff_sees_its_full_size(tmp_path: Path) -> None:
    from gigamatte.batch.dimensions import dimensions

    sizes = pytest.importorskip("gigamatte.service.sizes", reason="the extra [serve] is not installed")
    small, photo = values(3)[::2, ::2], values(3)
    for number, file in enumerate(
        (
            tiff((small, {SUBFILE: [1]}), (photo, {})),
            tiff((small, {SUBFILE: [1]}), inner=(photo, {})),
            tiff((photo, {}), (small, {SUBFILE: [1]})),
        )
    ):
        path = tmp_path / f"{number}.tif"
        path.write_bytes(file)
        assert str(dimensions(path)) == "32×24"
        assert sizes.claimed_pixels(path) == 32 * 24
