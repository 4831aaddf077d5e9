"""--memory: obeyed, or refused up front with the figure that is needed, whatever is read and written."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gigamatte.cutout import foreground
from gigamatte.errors import BudgetExceeded
from gigamatte.matte.mask.area_mean import area_mean
from gigamatte.options import Options
from gigamatte.photo.mask import mask_bytes
from gigamatte.remover import Remover
from gigamatte.types import Size

MASK = np.zeros((30, 40), np.uint8)
MASK[8:22, 10:30] = 255


def photo(width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def needed(options: Options, tmp_path: Path, format: str) -> float:
    with pytest.raises(BudgetExceeded) as refused, Remover(options) as remover:
        remover.process(photo(2000, 1500), tmp_path / f"out.{format}", mask=MASK)
    assert not list(tmp_path.iterdir())
    found = re.search(r"needs (\d+) MB", refused.value.message)
    assert found
    return float(found[1])


def test_encoders_that_take_the_whole_picture_count(tmp_path: Path) -> None:
    options = Options(refine="guided", memory=50_000_000)
    strips = needed(options, tmp_path, "png")
    assert needed(options, tmp_path, "webp") > strips + 80
    assert needed(options, tmp_path, "avif") > needed(options, tmp_path, "webp") + 30


def test_a_canvas_and_an_outline_count(tmp_path: Path) -> None:
    options = Options(refine="guided", memory=50_000_000)
    plain = needed(options, tmp_path, "png")
    placed = needed(dataclasses.replace(options, canvas="9000x9000"), tmp_path, "png")
    assert placed - plain == pytest.approx(9000 * 116 * 130e-6, abs=1.1)
    lined = needed(dataclasses.replace(options, canvas="9000x9000", outline="500px,white"), tmp_path, "png")
    assert lined - placed == pytest.approx(9000 * (3 * 501 + 116) * 16e-6, abs=1.1)


def test_masks_and_strokes_count(tmp_path: Path) -> None:
    from PIL import Image

    stroke = tmp_path / "stroke.png"
    Image.fromarray(np.zeros((3000, 4000), np.uint8)).save(stroke)
    assert mask_bytes(str(stroke)) == 24_000_000
    plain, drawn = (
        Options(refine="guided", memory=50_000_000),
        Options(refine="guided", memory=50_000_000, keep=str(stroke)),
    )
    folder = tmp_path / "out"
    folder.mkdir()
    assert needed(drawn, folder, "png") - needed(plain, folder, "png") == pytest.approx(24, abs=1.1)


def test_a_mask_given_to_the_call_is_priced_as_a_mask() -> None:
    options = Options(refine="guided", memory=300_000_000)
    with Remover(options) as remover:
        remover.cut(photo(200, 150), mask=MASK).close()  # with a network it would need 400 MB
        with pytest.raises(BudgetExceeded):
            remover.cut(photo(200, 150))


@pytest.mark.parametrize("columns", [40, 1500])
def test_a_picture_solved_in_bands_is_the_picture_solved_at_once(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    colour, alpha = rng.random((3, 300, columns), np.float32), rng.random((300, columns), np.float32)
    at_once = foreground.solve(colour, alpha)
    monkeypatch.setattr(foreground, "BAND_PIXELS", 7 * columns)
    assert np.array_equal(foreground.solve(colour, alpha), at_once)


def test_averaging_in_strips_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).integers(0, 65536, (301, 203), np.uint16)
    # every pixel cut into 7 × 5 equal pieces, and means of whole blocks of them
    pieces = np.repeat(np.repeat(values, 70, axis=0), 50, axis=1).astype(np.float64) / 65535
    exact = pieces.reshape(70, 301, 50, 203).mean(axis=(1, 3))
    for strip in (16, 256, 1000):
        monkeypatch.setattr("gigamatte.matte.mask.area_mean.STRIP", strip)
        assert np.abs(area_mean(values, Size(50, 70)) - exact).max() < 1e-5


_CHILD = """
import sys, numpy as np, pyvips
from gigamatte.options import Options
from gigamatte.remover import Remover
from gigamatte.system import peak_rss_mb
source, mask, target, memory = sys.argv[1:]
with Remover(Options(refine="guided", memory=int(memory), mask=mask, keep=mask)) as remover:
    remover.process(source, target)
print(peak_rss_mb())
"""


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_what_is_allowed_suffices(tmp_path: Path, suffix: str) -> None:
    """What is refused with one byte less is done with the memory that the refusal names."""
    import pyvips

    source, mask, target = tmp_path / "photo.tif", tmp_path / "mask.png", tmp_path / f"out.{suffix}"
    pyvips.Image.gaussnoise(4000, 3000, mean=128, sigma=20).cast("uchar").bandjoin([90, 60]).copy(
        interpretation="srgb"
    ).tiffsave(str(source), tile=True, compression="deflate")
    shape = np.zeros((3000, 4000), np.uint8)
    shape[800:2200, 1000:3000] = 255
    pyvips.Image.new_from_array(shape).copy(interpretation="b-w").pngsave(str(mask))

    def run(memory: int) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", _CHILD, str(source), str(mask), str(target), str(memory)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    refused = run(50_000_000)
    named = re.search(r"needs (\d+) MB", refused.stderr)
    assert named
    wanted = int(named[1]) + 1
    done = run(wanted * 1_000_000)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < wanted
