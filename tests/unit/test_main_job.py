"""The main job: a photo as it comes, the embedded network, the result at the photo's own size."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from gigamatte.cli.app import run

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_example_photo_is_cut_at_full_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.png"
    assert run(["cut", str(EXAMPLES / "photo.jpg"), "-o", str(out), "--json"]) == 0
    receipt = json.loads(capsys.readouterr().out)
    cutout = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    exact = cv2.imread(str(EXAMPLES / "photo.alpha.png"), cv2.IMREAD_GRAYSCALE)
    photo = cv2.imread(str(EXAMPLES / "photo.jpg"))
    assert cutout.shape == (*exact.shape, 4)
    assert photo.shape[0] * photo.shape[1] >= 20_000_000
    assert receipt["model"]["name"] == "locator"
    assert receipt["refine"] == "neural"
    alpha = cutout[..., 3]
    both, either = ((alpha > 127) & (exact > 127)).sum(), ((alpha > 127) | (exact > 127)).sum()
    assert both / either > 0.85
    opaque = alpha == 255
    assert np.array_equal(cutout[opaque][:, :3], photo[opaque])


def test_given_the_coarse_truth_the_fur_is_resolved(tmp_path: Path) -> None:
    """From a mask of 512 pixels, the alpha at 21 megapixels: at most half as wrong as the enlarged mask."""
    exact = cv2.imread(str(EXAMPLES / "photo.alpha.png"), cv2.IMREAD_GRAYSCALE)
    coarse = cv2.GaussianBlur(cv2.resize(exact, (512, 341), interpolation=cv2.INTER_AREA), (0, 0), 1)
    cv2.imwrite(str(tmp_path / "mask.png"), coarse)
    arguments = ["cut", str(EXAMPLES / "photo.jpg"), "--mask", str(tmp_path / "mask.png"), "--only", "alpha"]
    assert run([*arguments, "-o", str(tmp_path / "alpha.png")]) == 0
    alpha = cv2.imread(str(tmp_path / "alpha.png"), cv2.IMREAD_GRAYSCALE)
    enlarged = cv2.resize(coarse, exact.shape[::-1], interpolation=cv2.INTER_CUBIC)
    assert np.abs(alpha - exact.astype(float)).sum() < 0.5 * np.abs(enlarged - exact.astype(float)).sum()
