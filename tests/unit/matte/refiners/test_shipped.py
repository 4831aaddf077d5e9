"""The refiner.onnx of the package, through OpenVINO and the whole cascade: tiles, clean edges, constants, hair."""

import cv2
import numpy as np
import pytest

from gigamatte.evaluate.contour import edge_width, raggedness
from gigamatte.evaluate.metrics import gradient_error, sad
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.refiners.neural import NeuralRefiner, refiner_bytes
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.testing.levels import ArrayLevels
from gigamatte.testing.photos import coarse, made_photo
from gigamatte.types import CoarseMatte, Fit, Size


@pytest.fixture(scope="module")
def refiner():
    engine = OpenVinoEngine.open(refiner_bytes(), precision="auto")  # as the pipeline opens it
    yield NeuralRefiner(engine)
    engine.close()


def lifted(refiner, photo, mask, **how):
    """uint8 (row, column) of the whole cascade."""
    size = Size.of(photo)
    given = CoarseMatte(np.ascontiguousarray(mask, np.float32), Fit.whole(size, Size.of(mask)))
    return resolve(given, ArrayLevels(photo), refiner, **how)[0].read(size.box)


def slanted_edge(angle: float, side: int = 384) -> tuple[np.ndarray, np.ndarray]:
    """A noisy photo of a clean straight edge between two textured halves, and its exact alpha, area-averaged."""
    rng = np.random.default_rng(1)
    y, x = np.indices((side * 8, side * 8), dtype=np.float32) / 8
    inside = ((x - side / 2) * np.cos(angle) + (y - side / 2) * np.sin(angle) > 0).astype(np.float32)
    alpha = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)
    texture = cv2.GaussianBlur(rng.normal(0, 0.35, (side, side, 3)).astype(np.float32), (0, 0), 2.5)
    front, back = np.float32([0.75, 0.6, 0.4]) + texture, np.float32([0.25, 0.35, 0.5]) + texture[::-1]
    mixed = back + alpha[..., None] * (front - back) + rng.normal(0, 0.008, (side, side, 3))
    return np.clip(mixed * 255, 0, 255).round().astype(np.uint8), alpha


def test_the_file_is_small(refiner):
    assert len(refiner_bytes()) <= 2_000_000
    assert refiner.engine.metadata["licence"] == "Apache-2.0"


def test_tiles_of_any_size_agree_within_one_level(refiner):
    made = made_photo(Size(700, 600), strands=50, seed=3)
    mask = coarse(made.alpha, 6)
    whole = lifted(refiner, made.photo, mask, edge=1024).astype(int)
    for edge in (128, 256):
        assert np.abs(lifted(refiner, made.photo, mask, edge=edge).astype(int) - whole).max() <= 1


@pytest.mark.parametrize("angle", [0.1, 0.5, 1.2])
def test_a_clean_edge_stays_clean(refiner, angle):
    photo, alpha = slanted_edge(angle)
    found = lifted(refiner, photo, coarse(alpha, 6))
    assert raggedness(found) <= raggedness(alpha) + 0.1
    assert edge_width(found) == pytest.approx(edge_width(alpha), rel=0.2)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_constant_mask_comes_back_constant(refiner, value):
    made = made_photo(Size(500, 400), seed=5)
    found = lifted(refiner, made.photo, np.full((40, 50), value, np.float32))
    assert (found == round(value * 255)).all()


def test_hair_comes_out_far_better_than_enlarged(refiner):
    made = made_photo(Size(700, 600), strands=80, seed=7)
    mask = coarse(made.alpha, 6)
    found, enlarged = lifted(refiner, made.photo, mask), lifted(UpscaleRefiner(), made.photo, mask)
    assert sad(found, made.alpha) < 0.5 * sad(enlarged, made.alpha)
    assert gradient_error(found, made.alpha) < 0.4 * gradient_error(enlarged, made.alpha)


def test_a_subject_that_touches_the_border_stays(refiner):
    made = made_photo(Size(700, 600), seed=9)
    photo, alpha = made.photo[:, 260:], made.alpha[:, 260:]
    found = lifted(refiner, np.ascontiguousarray(photo), coarse(alpha, 6))
    rows = np.flatnonzero(alpha[:, 0] == 1)
    assert rows.size
    assert (found[rows[4:-4], 0] > 250).all()
