"""PhotoLevels: levels are exact box means, boxes are slices, in memory and in scratch, for every orientation."""

from __future__ import annotations

import dataclasses
import gc
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from gigamatte.errors import Cancelled, UnsupportedInput, UsageError, WriteError
from gigamatte.photo import colour, levels, store
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.photo.turn import Turn
from gigamatte.testing import profiles
from gigamatte.types import Box, Photo, Size

LIMIT = 10**8
MEMORY, SCRATCH = 1 << 30, 0
CHANCE = np.random.default_rng(7)


def turned(array: NDArray[Any], orientation: int) -> Photo:
    photo = open_photo(array, max_pixels=LIMIT)
    size = Turn.from_exif(orientation).size(photo.size)
    return dataclasses.replace(photo, orientation=orientation, size=size)


def halved(array: NDArray[Any]) -> NDArray[Any]:
    """The definition: rounded mean of 2×2 pixels, an odd last row or column left out, a single one repeated."""
    rows, columns = max(1, array.shape[0] // 2), max(1, array.shape[1] // 2)
    wide = array.repeat(2, 0) if array.shape[0] == 1 else array
    wide = wide.repeat(2, 1) if array.shape[1] == 1 else wide
    blocks = wide[: 2 * rows, : 2 * columns].astype(np.uint32).reshape(rows, 2, columns, 2, -1)
    return ((blocks.sum((1, 3)) + 2) // 4).astype(array.dtype)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_is_what_pillow_does(orientation: int) -> None:
    array = CHANCE.integers(0, 256, (5, 8, 3), np.uint8)
    picture = Image.fromarray(array)
    picture.getexif()[0x0112] = orientation
    assert np.array_equal(Turn.from_exif(orientation).upright(array), np.asarray(ImageOps.exif_transpose(picture)))


def test_an_unknown_orientation_is_refused() -> None:
    with pytest.raises(UsageError, match="found 9"):
        Turn.from_exif(9)


@pytest.mark.parametrize("memory", [MEMORY, SCRATCH])
@pytest.mark.parametrize("shape", [(701, 1033, 3), (600, 515, 4), (1, 900, 3), (900, 1, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_levels_are_box_means_in_every_orientation(memory: int, shape: tuple[int, ...], dtype: Any) -> None:
    array = CHANCE.integers(0, np.iinfo(dtype).max + 1, shape, dtype)
    for orientation in range(1, 9):
        photo = turned(array, orientation)
        expected = Turn.from_exif(orientation).upright(array)
        with PhotoLevels(photo, memory=memory) as pyramid:
            assert (pyramid.scratch_bytes > 0) == (memory == SCRATCH)
            for level in range(pyramid.levels):
                size = pyramid.size(level)
                assert size.shape == expected.shape[:2]
                found = pyramid.read(level, size.box)
                assert found.dtype == dtype
                assert np.array_equal(found, expected[..., :3])
                part = Box(size.width // 3, size.height // 4, size.width // 2, size.height // 2)
                assert np.array_equal(pyramid.read(level, part), expected[part.slices()][..., :3])
                if level == 0 and shape[2] == 4:
                    alpha = pyramid.alpha(part)
                    assert alpha is not None
                    assert np.array_equal(alpha, expected[part.slices()][..., 3])
                expected = halved(expected)
        assert size.long <= levels.SMALLEST


@pytest.mark.parametrize("memory", [MEMORY, SCRATCH])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_box_is_a_slice(memory: int, data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 600))
    array = CHANCE.integers(0, 256, (rows, columns, 3), np.uint8)
    left, top = data.draw(st.integers(0, columns)), data.draw(st.integers(0, rows))
    box = Box(left, top, data.draw(st.integers(0, columns - left)), data.draw(st.integers(0, rows - top)))
    with PhotoLevels(open_photo(array, max_pixels=LIMIT), memory=memory) as pyramid:
        assert np.array_equal(pyramid.read(0, box), array[box.slices()])


def test_a_box_outside_is_refused() -> None:
    with PhotoLevels(open_photo(np.zeros((10, 20, 3), np.uint8), max_pixels=LIMIT)) as pyramid:
        assert pyramid.alpha(Box(0, 0, 2, 2)) is None
        for box in (Box(-1, 0, 5, 5), Box(15, 0, 6, 5), Box(0, 9, 5, 2)):
            with pytest.raises(UsageError, match="does not lie in level 0 of 20×10"):
                pyramid.read(0, box)


@pytest.mark.parametrize("memory", [MEMORY, SCRATCH])
def test_threads_read_the_same(memory: int) -> None:
    array = CHANCE.integers(0, 256, (900, 1200, 3), np.uint8)
    boxes = [Box(x, y, 300, 200) for x in range(0, 900, 70) for y in range(0, 700, 90)]
    with PhotoLevels(open_photo(array, max_pixels=LIMIT), memory=memory) as pyramid, ThreadPoolExecutor(8) as pool:
        for box, found in zip(boxes, pool.map(lambda box: pyramid.read(0, box), boxes), strict=True):
            assert np.array_equal(found, array[box.slices()])


def test_what_was_read_survives_closing() -> None:
    array = CHANCE.integers(0, 256, (50, 60, 3), np.uint8)
    with PhotoLevels(open_photo(array, max_pixels=LIMIT)) as pyramid:
        view = pyramid.read(0, Box(0, 0, 60, 50))
    gc.collect()
    assert np.array_equal(view, array)
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 0


def test_progress_and_cancelling(tmp_path: Path) -> None:
    photo = open_photo(np.zeros((1000, 300, 3), np.uint8), max_pixels=LIMIT)
    told: list[tuple[str, float]] = []
    with PhotoLevels(photo, watch=lambda stage, fraction: told.append((stage, fraction))):
        pass
    assert told[-1] == ("read", 1.0)
    assert [fraction for _, fraction in told] == sorted({fraction for _, fraction in told})

    def stop(stage: str, fraction: float) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        PhotoLevels(photo, memory=SCRATCH, scratch=tmp_path, watch=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_photo_that_breaks_off_leaves_no_scratch(tmp_path: Path) -> None:
    noise = CHANCE.integers(0, 256, (400, 500, 3), np.uint8)
    data = bytes(pyvips.Image.new_from_array(noise).write_to_buffer(".png"))
    photo = open_photo(data[: len(data) // 2], max_pixels=LIMIT)
    with pytest.raises(UnsupportedInput, match="is broken"):
        PhotoLevels(photo, memory=SCRATCH, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_scratch_is_counted_and_given_back(tmp_path: Path) -> None:
    photo = open_photo(np.zeros((700, 900, 3), np.uint8), max_pixels=LIMIT)
    with PhotoLevels(photo, memory=SCRATCH, scratch=tmp_path) as pyramid:
        assert 700 * 900 * 3 * 4 / 3 < pyramid.scratch_bytes < 700 * 900 * 3 * 4 / 3 * 2
        if sys.platform == "linux":
            assert list(tmp_path.iterdir()) == []  # nameless: nothing to clean up, whatever happens
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_process_leaves_no_scratch(tmp_path: Path) -> None:
    program = (
        "import numpy, os, pathlib, signal\n"
        "from gigamatte.photo.levels import PhotoLevels\n"
        "from gigamatte.photo.read import open_photo\n"
        "photo = open_photo(numpy.zeros((700, 900, 3), 'u1'), max_pixels=10**8)\n"
        f"pyramid = PhotoLevels(photo, memory=0, scratch=pathlib.Path({str(tmp_path)!r}))\n"
        "assert pyramid.scratch_bytes\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_scratch_is_said_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = open_photo(np.zeros((700, 900, 3), np.uint8), max_pixels=LIMIT)
    with pytest.raises(WriteError, match="scratch space"):
        PhotoLevels(photo, memory=SCRATCH, scratch=tmp_path / "missing")
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(WriteError, match=r"scratch space needs 0\.0 GB in .* are free"):
        PhotoLevels(photo, memory=SCRATCH, scratch=tmp_path)


@pytest.mark.skipif(not hasattr(os, "pread"), reason="reads are not positional here")
def test_a_scratch_file_that_fills_the_disk_is_a_write_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: memoryview, offset: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_at", full)
    with pytest.raises(WriteError, match="No space left on device"):
        PhotoLevels(open_photo(np.zeros((300, 300, 3), np.uint8), max_pixels=LIMIT), memory=SCRATCH)


def test_decode_bytes_count_towards_the_memory() -> None:
    image = pyvips.Image.black(400, 300, bands=3).copy(interpretation="srgb")
    data = bytes(image.write_to_buffer(".png", interlace=True))
    photo = open_photo(data, max_pixels=LIMIT)
    assert photo.decode_bytes == 360000
    with PhotoLevels(photo, memory=700_000) as pyramid:
        assert pyramid.scratch_bytes > 0
    with PhotoLevels(dataclasses.replace(photo, decode_bytes=0), memory=700_000) as pyramid:
        assert pyramid.scratch_bytes == 0


def test_the_system_folder_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = []
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    real = tempfile.TemporaryFile
    monkeypatch.setattr(
        store.tempfile, "TemporaryFile", lambda **options: seen.append(options["dir"]) or real(**options)
    )
    with PhotoLevels(open_photo(np.zeros((300, 300, 3), np.uint8), max_pixels=LIMIT), memory=SCRATCH):
        assert seen == [tmp_path]


def test_the_proxy_has_twice_what_was_asked() -> None:
    photo = open_photo(np.zeros((1600, 2400, 3), np.uint8), max_pixels=LIMIT)
    with PhotoLevels(photo) as pyramid:
        assert pyramid.proxy(photo.size.box, Size(288, 288)).shape == (800, 1200, 3)
        assert pyramid.proxy(photo.size.box, Size(1024, 1024)).shape == (1600, 2400, 3)
        assert pyramid.proxy(Box(101, 200, 1199, 800), Size(100, 100)).shape == (200, 300, 3)
        assert pyramid.proxy(Box(0, 0, 3, 3), Size(288, 288)).shape == (3, 3, 3)


def test_a_large_proxy_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "LARGE_PROXY", 1_000_000)
    photo = open_photo(np.zeros((1600, 2400, 3), np.uint8), max_pixels=LIMIT)
    with PhotoLevels(photo) as pyramid:
        assert pyramid.proxy(photo.size.box, Size(500, 500)).shape == (800, 1200, 3)


def test_the_proxy_is_srgb_in_8_bits() -> None:
    array = np.zeros((20, 30, 3), np.uint16)
    array[..., 0] = 40000
    photo = open_photo(array, max_pixels=LIMIT)
    with PhotoLevels(photo) as pyramid:
        assert np.unique(pyramid.proxy(photo.size.box, Size(9, 9)).reshape(-1, 3), axis=0).tolist() == [[156, 0, 0]]
    with PhotoLevels(dataclasses.replace(photo, icc=profiles.swapped_srgb())) as pyramid:
        assert np.unique(pyramid.proxy(photo.size.box, Size(9, 9)).reshape(-1, 3), axis=0).tolist() == [[0, 156, 0]]


def test_colours_under_no_alpha_are_not_shown_to_the_network() -> None:
    array = np.zeros((300, 300, 4), np.uint8)
    array[..., 0], array[:150, :, 3] = 200, 255
    photo = open_photo(array, max_pixels=LIMIT)
    with PhotoLevels(photo) as pyramid:
        proxy = pyramid.proxy(photo.size.box, Size(150, 150))
        assert proxy[100, 100].tolist() == [200, 0, 0]
        assert proxy[200, 100].tolist() == [colour.BACKDROP] * 3
        assert pyramid.read(0, Box(0, 200, 1, 1)).tolist() == [[[200, 0, 0]]]  # the photo itself is not changed


def test_cmyk_and_grey_profiles_are_applied_while_decoding() -> None:
    inks = np.zeros((300, 400, 4), np.uint8)
    image = pyvips.Image.new_from_array(inks).copy(interpretation="cmyk")
    photo = open_photo(bytes(image.write_to_buffer(".tif")), max_pixels=LIMIT)
    for memory in (MEMORY, SCRATCH):
        with PhotoLevels(photo, memory=memory) as pyramid:
            assert pyramid.read(0, Box(100, 100, 50, 50)).min() >= 250


def test_opencv_still_halves_as_defined() -> None:
    # the levels lean on INTER_AREA being exact for 2×2; a new OpenCV must prove it again
    for dtype in (np.uint8, np.uint16):
        array = CHANCE.integers(0, np.iinfo(dtype).max + 1, (64, 64, 3), dtype)
        assert np.array_equal(cv2.resize(array, (32, 32), interpolation=cv2.INTER_AREA), halved(array))
