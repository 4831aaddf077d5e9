"""--keep-times: the result has the file times of its photo, wherever it is cut from."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gigamatte import Options, UsageError, cut
from gigamatte.cli.app import run

#: 2019-03-08, with nanoseconds
TIMES = (1_552_000_000_123_456_700, 1_552_003_600_765_432_100)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:60] = 255
    cv2.imwrite(str(tmp_path / "photo.png"), picture)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    os.utime(tmp_path / "photo.png", ns=TIMES)
    return tmp_path / "photo.png"


def times(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_atime_ns, found.st_mtime_ns


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "psd", "avif"])
def test_from_python(photo: Path, suffix: str) -> None:
    target = photo.with_name(f"a.{suffix}")
    with cut(photo, Options(keep_times=True, refine="off"), mask=photo.with_name("mask.png")) as cutout:
        os.utime(photo, (0, 0))  # they were taken when the photo was opened
        cutout.save(target)
    assert times(target) == TIMES
    cut(photo, Options(refine="off"), mask=photo.with_name("mask.png")).save(target, overwrite=True)
    assert times(target)[1] > 1_700_000_000 * 10**9


def test_from_the_command_line(photo: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("GIGAMATTE_LANG", "en")
    words = ["cut", str(photo), "--mask", str(photo.with_name("mask.png")), "--keep-times", "--refine", "off"]
    assert run([*words, "-o", str(photo.with_name("a.tif")), "--only", "pair"]) == 0
    assert times(photo.with_name("a.colour.tif"))[1] == TIMES[1]
    assert times(photo.with_name("a.alpha.tif"))[1] == TIMES[1]
    assert run([*words, "-o", "-"]) == 2
    assert "--keep-times sets the times of a file, the result goes to a stream" in capsys.readouterr().err


def test_what_is_no_file_has_no_times(photo: Path) -> None:
    options = Options(keep_times=True, refine="off")
    with cut(photo.read_bytes(), options, mask=photo.with_name("mask.png")) as cutout:
        receipt = cutout.save(photo.with_name("a.png"))
        assert any("the photo is no file" in warning for warning in receipt.warnings)
        with pytest.raises(UsageError, match="goes to a stream"):
            cutout.save(io.BytesIO())
