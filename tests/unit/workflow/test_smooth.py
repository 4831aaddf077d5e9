"""The smooth command's library function: alpha changes, nothing else does."""

import numpy as np
import pytest
import pyvips
from PIL import Image

from gigamatte.errors import UnsupportedInput, UsageError
from gigamatte.matte.smooth import smooth_alpha
from gigamatte.workflow.smooth import smooth


def load(path):
    with Image.open(path) as picture:
        picture.load()
        return picture


def cutout(height=1500, width=60, bits=8):
    rng = np.random.default_rng(2)
    scale = (1 << bits) - 1
    return (rng.random((height, width, 4)) * scale).astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_only_the_alpha_changes(tmp_path, suffix):
    rgba = cutout()
    rgba[..., 3] = np.where(np.arange(60) < 30, 0, rgba[..., 3])  # colours under transparency stay too
    Image.fromarray(rgba).save(tmp_path / "in.png", dpi=(300, 300))
    smooth(tmp_path / "in.png", tmp_path / f"out{suffix}", sigma=1.5)
    found = np.asarray(load(tmp_path / f"out{suffix}"))
    assert (found[..., :3] == rgba[..., :3]).all()
    assert (found[..., 3] == smooth_alpha(np.ascontiguousarray(rgba[..., 3]), 1.5)).all()
    if suffix == ".png":
        assert load(tmp_path / "out.png").info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_sixteen_bits(tmp_path):
    rgba = cutout(80, 60, 16)
    pyvips.Image.new_from_array(rgba).copy(interpretation="rgb16").pngsave(str(tmp_path / "in.png"))
    smooth(tmp_path / "in.png", tmp_path / "out.png")
    found = pyvips.Image.new_from_file(str(tmp_path / "out.png")).numpy()
    assert found.dtype == np.uint16
    assert (found[..., :3] == rgba[..., :3]).all()
    assert (found[..., 3] == smooth_alpha(np.ascontiguousarray(rgba[..., 3]))).all()


def test_in_place_only_when_told(tmp_path):
    Image.fromarray(cutout(40)).save(tmp_path / "in.png")
    with pytest.raises(UsageError, match="exists already"):
        smooth(tmp_path / "in.png", tmp_path / "in.png")
    smooth(tmp_path / "in.png", tmp_path / "in.png", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_refusals(tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "opaque.png")
    with pytest.raises(UnsupportedInput, match="no alpha"):
        smooth(tmp_path / "opaque.png", tmp_path / "out.png")
    with pytest.raises(UsageError, match=r"found out\.jpg"):
        smooth(tmp_path / "opaque.png", tmp_path / "out.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["opaque.png"]
