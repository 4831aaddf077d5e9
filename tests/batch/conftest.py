"""A network of a few bytes, a mask, and a home that is not the user's."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from batch_helpers import batch_of_five

from gigamatte.options import Options
from gigamatte.testing.networks import smoothed_red


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An ONNX file that takes what is red and not blue for the subject."""
    path = tmp_path_factory.mktemp("network") / "red.onnx"
    path.write_bytes(smoothed_red(64))
    return str(path)


@pytest.fixture(scope="session")
def mask(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A soft disc."""
    disc = np.zeros((48, 64), np.float32)
    cv2.ellipse(disc, (32, 24), (16, 18), 0, 0, 360, 1, -1)
    path = tmp_path_factory.mktemp("mask") / "disc.png"
    cv2.imwrite(str(path), (cv2.GaussianBlur(disc, (0, 0), 1.5) * 255).astype(np.uint8))
    return str(path)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifests of URIs stay out of the user's own folder; messages are English."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("GIGAMATTE_LANG", "en")


@pytest.fixture
def batch(tmp_path: Path, mask: str) -> tuple[Path, Path, Options]:
    """A finished batch of five photos: (in, out, options)."""
    return batch_of_five(tmp_path, Options(mask=mask))
