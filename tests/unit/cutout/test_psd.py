"""Photoshop files: read back by psd-tools and by ImageMagick, which share no code with the writer."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gigamatte.cutout import psd, psd_planes
from gigamatte.cutout.raster import Extras, Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.errors import Cancelled, UsageError, WriteError
from gigamatte.photo import metadata
from gigamatte.photo.exif import Exif
from gigamatte.photo.ifd import Entry
from gigamatte.testing import profiles
from gigamatte.types import Size

CHANCE = np.random.default_rng(5)


def picture(size: Size, bands: int = 4, dtype: Any = np.uint8) -> NDArray[Any]:
    array = CHANCE.integers(0, np.iinfo(dtype).max + 1, (*size.shape, bands), dtype)
    if bands == 4:
        array[: size.height // 3, :, 3] = 0
        array[size.height // 2 :, : size.width // 2, 3] = np.iinfo(dtype).max
    return array


def save(array: NDArray[Any], target: Path, rows: int = 33, **options: Any) -> tuple[str, ...]:
    bits = 8 * array.dtype.itemsize
    names = ("icc", "resolution", "strip", "strip_gps", "moved", "path")
    extras = Extras(
        **{name: options.pop(name) for name in names if name in options}, blocks=options.pop("metadata", {})
    )
    return write_image(
        as_strips(array, rows),
        Raster(Size.of(array), array.shape[2], bits),
        target=target,
        format="psd",
        extras=extras,
        **options,
    ).warnings


def unpacked(data: bytes) -> bytes:
    """PackBits undone, byte by byte, as the definition has it."""
    out, at = b"", 0
    while at < len(data):
        head = data[at]
        if head < 128:
            out += data[at + 1 : at + 2 + head]
            at += 2 + head
        else:
            out += data[at + 1 : at + 2] * (257 - head)
            at += 2
    return out


@settings(max_examples=100, deadline=None)
@given(width=st.integers(1, 400), seed=st.integers(0, 99), plain=st.booleans())
def test_packed_rows_are_the_rows(width: int, seed: int, plain: bool) -> None:
    rows = np.random.default_rng(seed).integers(0, 2 if plain else 256, (3, width), np.uint8)
    rows[:, width // 3 :] = 7
    data, lengths = psd_planes.pack_bits(rows)
    ends = np.cumsum(lengths)
    for row, start, end in zip(rows, [0, *ends[:-1]], ends, strict=True):
        assert unpacked(data[start:end]) == row.tobytes()
    assert ends[-1] == len(data)
    assert b"\x80" not in {data[start : start + 1] for start in [0, *ends[:-1]]}  # 128 means nothing


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("large", [False, True])
def test_psd_tools_finds_the_layer_and_its_mask(
    dtype: Any, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psd_tools = pytest.importorskip("psd_tools", reason="psd-tools is not installed")
    if large:
        monkeypatch.setattr(psd, "LARGEST_SIDE", 100)
    array = picture(Size(301, 203), dtype=dtype)
    warnings = save(array, tmp_path / "a.psd", icc=profiles.swapped_srgb(), resolution=(11.811, 11.811))
    assert bool(warnings) == large
    file = psd_tools.PSDImage.open(tmp_path / "a.psd")
    assert (file.width, file.height, file.depth, file.channels) == (301, 203, 8 * array.itemsize, 4)
    (layer,) = list(file)
    assert layer.name == "photo"
    assert layer.bbox == (0, 0, 301, 203)
    full = np.iinfo(dtype).max
    assert np.array_equal(np.rint(layer.numpy("color") * full).astype(dtype), array[..., :3])
    assert np.array_equal(np.rint(layer.numpy("mask")[..., 0] * full).astype(dtype), array[..., 3])
    assert layer.mask.background_color == 0
    resources = file.image_resources
    assert bytes(resources.get_data(1039)) == profiles.swapped_srgb()
    assert resources[1005].data.horizontal / 65536 == pytest.approx(300, rel=1e-3)


def test_the_merged_picture_lies_on_white(tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools", reason="psd-tools is not installed")
    array = picture(Size(90, 60))
    save(array, tmp_path / "a.psd")
    # psd-tools takes the white away again, as viewers do; rounding is divided by alpha
    merged = psd_tools.PSDImage.open(tmp_path / "a.psd").numpy() * 255
    assert np.array_equal(np.rint(merged[..., 3]), array[..., 3])
    alpha = array[..., 3:] / 255
    assert (np.abs(merged[..., :3] - array[..., :3]) * alpha).max() <= 0.51


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_imagemagick_finds_the_layer(dtype: Any, tmp_path: Path, imagemagick: str) -> None:
    array = picture(Size(120, 80), dtype=dtype)
    save(array, tmp_path / "a.psd")
    depth = str(8 * array.itemsize)

    def channel(scene: str, *how: str) -> NDArray[Any]:
        command = [imagemagick, f"{tmp_path}/a.psd[{scene}]", *how, "-depth", depth, "-endian", "LSB"]
        raw = subprocess.run([*command, "gray:-"], capture_output=True, check=True).stdout
        return np.frombuffer(raw, dtype).reshape(80, 120)

    command = [imagemagick, f"{tmp_path}/a.psd", "info:"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [line for line in listed.splitlines() if "120x80" in line][1:]  # the merged picture and the layer
    # ImageMagick folds the mask into the layer's alpha
    assert np.array_equal(channel("1", "-alpha", "extract"), array[..., 3])
    for index, name in enumerate("RGB"):
        found = channel("1", "-alpha", "off", "-channel", name, "-separate")
        visible = array[..., 3] > 0
        assert np.array_equal(found[visible], array[..., index][visible])


def test_an_opaque_picture_has_no_mask(tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools", reason="psd-tools is not installed")
    array = picture(Size(50, 40), bands=3)
    save(array, tmp_path / "a.psd")
    file = psd_tools.PSDImage.open(tmp_path / "a.psd")
    assert file[0].mask is None
    assert np.array_equal(np.rint(file[0].numpy("color") * 255), array)
    assert np.array_equal(np.rint(file.numpy() * 255), array)


def test_metadata_has_its_resources(tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools", reason="psd-tools is not installed")
    about = Exif("<", {0x010F: Entry.text("ACME")})
    blocks = {metadata.EXIF: about.data(), metadata.XMP: b"<x></x>", metadata.IPTC: b"\x1c\x02\x19\x00\x03cat"}
    assert save(picture(Size(20, 20)), tmp_path / "a.psd", metadata=blocks) == ()
    resources = psd_tools.PSDImage.open(tmp_path / "a.psd").image_resources
    assert b"Exif\0\0" + bytes(resources.get_data(1058)) == about.data()
    assert b"<x></x>" in bytes(resources.get_data(1060))
    assert bytes(resources.get_data(1028)).startswith(b"\x1c\x02")
    assert 1005 not in resources  # no resolution is made up


def test_psd_to_a_stream_and_what_is_refused(tmp_path: Path) -> None:
    array = picture(Size(30, 20))
    stream = io.BytesIO()
    write_image(as_strips(array), Raster(Size.of(array), 4, 8), target=stream, format="psd")
    assert stream.getvalue().startswith(b"8BPS\0\x01")
    with pytest.raises(UsageError, match="single channel"):
        write_image(as_strips(array[..., :1]), Raster(Size.of(array), 1, 8), target=tmp_path / "a.psd", format="psd")
    with pytest.raises(WriteError, match="300000"):
        write_image(iter(()), Raster(Size(300_001, 2), 4, 8), target=tmp_path / "a.psd", format="psd")
    for wrong in (array[:-1], array[:, :-1], np.concatenate([array, array])):
        with pytest.raises(ValueError, match="strip"):
            write_image(as_strips(wrong), Raster(Size.of(array), 4, 8), target=tmp_path / "a.psd", format="psd")
    assert list(tmp_path.iterdir()) == []


def test_what_a_strip_raises_leaves_nothing(tmp_path: Path) -> None:
    def strips() -> Iterator[NDArray[np.uint8]]:
        yield picture(Size(30, 10))
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write_image(strips(), Raster(Size(30, 20), 4, 8), target=tmp_path / "a.psd", format="psd")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_write_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(psd_planes.tempfile, "TemporaryFile", full)
    with pytest.raises(WriteError, match="No space left"):
        save(picture(Size(20, 20)), tmp_path / "a.psd")
    assert list(tmp_path.iterdir()) == []


def test_the_scratch_space_of_channels_and_streams_is_counted(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (300, 200, 4), np.uint8)
    written = write_image(as_strips(array), Raster(Size.of(array), 4, 8), target=tmp_path / "a.psd", format="psd")
    # noise does not pack: RGB and alpha of the layer, opacity as next to nothing, and the merged picture
    assert written.scratch_bytes > 7 * 300 * 200
    stream = io.BytesIO()
    assert write_image(
        as_strips(array), Raster(Size.of(array), 4, 8), target=stream, format="png"
    ).scratch_bytes == len(stream.getvalue())
