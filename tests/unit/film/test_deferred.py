"""Frames that are encoded after they were cut give the same bytes as those that are encoded at once."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.unit.film.films import moving, write_film

from gigamatte import Options, Remover, WriteError
from gigamatte.film import deferred, saving
from gigamatte.film.coding import Coding, Part, coding_of, packets_of
from gigamatte.film.deferred import DeferredPart
from gigamatte.film.formats import plan
from gigamatte.types import PixelArray, Size

pytest.importorskip("av", reason="films need PyAV (pip install 'gigamatte[film]')")

FRAMES = 6


def frames(size: Size) -> list[PixelArray]:
    """A disc that moves over noise: (row, column, RGBA)."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[0 : size.height, 0 : size.width]
    found = []
    for number in range(FRAMES):
        noisy = np.sin((x + 5 * number) / 20) * 100 + 120 + random.normal(0, 3, size.shape)
        alpha = 255 * np.clip((40 - np.hypot(x - 60 - 4 * number, y - 50)) / 20, 0, 1)
        found.append(np.clip(np.dstack([noisy, 255 - noisy, noisy / 2, alpha]), 0, 255).astype(np.uint8))
    return found


def coding(name: str, options: Options, size: Size) -> Coding:
    return coding_of(plan(options, Path(name)), options, size, Fraction(25), Fraction(1))


@pytest.mark.parametrize("size", [Size(160, 120), Size(161, 121)])
@pytest.mark.parametrize(
    ("name", "options", "channels"),
    [
        ("out.webm", Options(), slice(4)),
        ("out.webm", Options(only="alpha"), 3),
        ("out.webm", Options(background="green"), slice(3)),
        ("out.mp4", Options(background="green"), slice(3)),
    ],
)
def test_deferred_frames_give_the_same_bytes(
    tmp_path: Path, name: str, options: Options, channels: slice | int, size: Size
) -> None:
    """Alpha that was encoded by itself too, packet by packet."""
    made = {}
    for kind in (Part, DeferredPart):
        path = tmp_path / "part.mkv"
        part = kind(path, coding(name, options, size))
        for pixels in frames(size):
            part.add(pixels[..., channels])
        part.close()
        packets = list(packets_of([(path, FRAMES)]))
        made[kind] = path.read_bytes()
        if options == Options():
            assert all(packet.has_sidedata("matroska_block_additional") for packet in packets)
    assert made[DeferredPart] == made[Part]
    assert [path.name for path in tmp_path.iterdir()] == ["part.mkv"]


def test_what_the_encoder_says_is_said(tmp_path: Path) -> None:
    size = Size(160, 120)
    part = DeferredPart(tmp_path / "part.mkv", coding("out.webm", Options(), size))
    part.add(frames(size)[0])
    (tmp_path / "part.mkv").mkdir()
    with pytest.raises(WriteError, match=r"part\.mkv: the encoder failed: Is a directory"):
        part.close()
    part.drop()
    assert [path.name for path in tmp_path.iterdir()] == ["part.mkv"]


def test_an_encoder_that_dies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aborting.py").write_text("from os import abort as main\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(deferred, "_ENTRY", "aborting")
    part = DeferredPart(tmp_path / "part.mkv", coding("out.webm", Options(), Size(160, 120)))
    with pytest.raises(WriteError, match="the encoder failed: it ended with -6"):
        part.close()


@pytest.mark.parametrize("name", ["out.webm", "out.mp4"])
def test_large_films_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A whole film whose frames count as large, in parts, is what it would be else."""
    source = write_film(tmp_path / "film.mp4", moving(), sound="aac")
    monkeypatch.setattr(saving, "PART", 3)
    made = []
    for number, large in enumerate((10**9, 0)):
        monkeypatch.setattr(saving, "LARGE", large)
        folder = tmp_path / str(number)
        folder.mkdir()
        with Remover(Options(kind="art", threads=1, background=None if name == "out.webm" else "green")) as remover:
            remover.film(source).save(folder / name)
        assert [path.name for path in folder.iterdir()] == [name]
        made.append((folder / name).read_bytes())
    assert all(one == other for one, other in itertools.pairwise(made))
