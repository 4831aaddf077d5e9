"""Flat art as it was reported: logos, line drawings, signatures."""

import numpy as np
import pytest
from PIL import Image

from gigamatte.cli.app import run


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lineart", "signature"])
def test_flat_art(case, tmp_path, name):
    folder = case("flat-art")
    out = tmp_path / "alpha.png"
    assert run(["cut", str(folder / f"{name}.jpg"), "--kind", "art", "--only", "alpha", "-o", str(out), "--quiet"]) == 0
    truth = np.asarray(Image.open(folder / f"{name}.alpha.png").convert("L")) > 127
    alpha = np.asarray(Image.open(out).convert("L")) > 127
    assert (alpha & truth).sum() / (alpha | truth).sum() >= 0.98
