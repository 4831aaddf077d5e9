"""Reported TIFF and JPEG files: what is read and what is refused. One test for each case."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from PIL import Image
from tests.cases.made_tiff import BITS, CIELAB, CMYK, EXTRA, GREY, OLD_SUBFILE, PACKED, RGB, SPACE, SUBFILE, tiff
from tests.cases.pictures import LIMIT, Case, cut, read, values, white_mask

from gigamatte.errors import UnsupportedInput
from gigamatte.photo.mask import read_mask
from gigamatte.workflow.inspect import inspect_photo
from gigamatte.workflow.prepare import prepare

JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"interlace": True},
    "full chroma": {"subsample_mode": "off"},
    "noise": {"subsample_mode": "off", "Q": 90},
    "restarts": {"restart_interval": 2},
    "best": {"optimize_coding": True, "interlace": True, "optimize_scans": True, "Q": 95},
}


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


def test_jpeg_without_end(case: Case, tmp_path: Path) -> None:
    folder = case("jpeg-without-end")
    receipt = cut(folder / "noeoi.jpg", tmp_path / "o.png", mask=str(folder / "mask.png"))
    assert any("lacks the marker that ends a JPEG" in warning for warning in receipt.warnings)
    whole = tmp_path / "whole.jpg"
    whole.write_bytes((folder / "noeoi.jpg").read_bytes() + b"\xff\xd9")
    assert (read(folder / "noeoi.jpg")[0] == read(whole)[0]).all()
    inspect_photo(folder / "noeoi.jpg")


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


def test_what_plans_by_the_size_of_a_tiff_sees_its_full_size(tmp_path: Path) -> None:
    from gigamatte.photo.header_size import header_size

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
        assert str(header_size(path)) == "32×24"
        assert sizes.claimed_pixels(path) == 32 * 24
