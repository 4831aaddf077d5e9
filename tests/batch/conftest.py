"""A network of a few bytes, a mask, and a home that is not the user's."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from batch_helpers import batch_of_five
from onnx import TensorProto, helper, numpy_helper

from gigamatte.options import Options


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An ONNX file that takes what is red and not blue for the subject."""
    weight = numpy_helper.from_array(np.array([[[[1.5]], [[0.5]], [[-1.5]]]], np.float32), "w")
    nodes = [
        helper.make_node("AveragePool", ["x"], ["soft"], kernel_shape=[9, 9], pads=[4] * 4),
        helper.make_node("Conv", ["soft", "w"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["alpha"]),
    ]
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("alpha", TensorProto.FLOAT, [1, 1, 64, 64])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    helper.set_model_props(model, {"output": "sigmoid", "licence": "Apache-2.0"})
    path = tmp_path_factory.mktemp("network") / "red.onnx"
    onnx.save(model, path)
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
