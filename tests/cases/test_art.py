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


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lineart", "signature"])
def test_art_is_proposed_whatever_the_network_finds(case, tmp_path, capsys, name):
    """In a warning where it finds something, in the hint where it finds no subject."""
    run(["cut", str(case("flat-art") / f"{name}.jpg"), "-o", str(tmp_path / "out.png")])
    assert "--kind art" in capsys.readouterr().err
