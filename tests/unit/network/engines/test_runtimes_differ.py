"""Where OpenVINO cannot run a file, or would answer otherwise than it says: ONNX Runtime does it, or it is refused."""

import io
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from tests.unit.network.onnx_files import model, nested_u, red_detector, redness
from typer.testing import CliRunner

from gigamatte.cli.models import models_app
from gigamatte.errors import WeightsRefused
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.engines import onnx as onnx_engine
from gigamatte.network.engines.differences import differences
from gigamatte.network.engines.select import open_engine
from gigamatte.network.networks import open_network
from gigamatte.types import Size

node = helper.make_node
HALF = np.array([1, 1, 0.5, 0.5], np.float32)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path / "cache"))


def network(*nodes, answer: int = 64, **weights: np.ndarray) -> bytes:
    """Redness as alpha, then ``nodes`` from ``red`` to ``alpha``."""
    first = [node("Conv", ["image", "w"], ["raw"]), node("Sigmoid", ["raw"], ["red"])]
    return model(
        [*first, *nodes], {"image": [1, 3, 64, 64]}, {"alpha": [1, 1, answer, answer]}, {"w": redness(), **weights}
    )


def resized(**attributes) -> bytes:
    return network(node("Resize", ["red", "", "scales"], ["alpha"], **attributes), answer=32, scales=HALF)


def pooled(kind: str, answer: int, **attributes) -> bytes:
    return network(node(kind, ["red"], ["alpha"], **attributes), answer=answer)


ANTIALIASED = resized(mode="linear", antialias=1, coordinate_transformation_mode="half_pixel")
AVERAGED = pooled(
    "AveragePool", 33, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1
)
DIFFERENT = {
    "Resize with antialias": ANTIALIASED,
    "Resize to the nearest pixel with aligned corners": resized(
        mode="nearest", coordinate_transformation_mode="align_corners", nearest_mode="floor"
    ),
    "AveragePool with ceil_mode and count_include_pad": AVERAGED,
    "MaxPool with ceil_mode and a last window outside the picture": pooled(
        "MaxPool", 22, kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1
    ),
}
ALIKE = [
    red_detector(),
    nested_u("x", ["y"], 320),  # pooled with ceil_mode, and no pads
    resized(mode="linear", coordinate_transformation_mode="align_corners"),
    resized(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
    pooled("AveragePool", 32, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1),
]


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_openvino_computes_otherwise_is_known(what):
    assert differences(read_header(DIFFERENT[what])) == (what,)


@pytest.mark.parametrize("data", ALIKE)
def test_what_it_computes_alike_is_left_to_it(data):
    assert differences(read_header(data)) == ()
    engine, warnings = open_engine(data)
    assert (engine.runtime, warnings) == ("openvino", ())


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((1, 3, 64, 64)).astype(np.float32)


@pytest.mark.parametrize("data", [ANTIALIASED, AVERAGED], ids=["antialias", "average"])
def test_openvino_does_compute_them_otherwise(data):
    """When a release mends it, this fails, and the rule can go."""
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    from gigamatte.network.engines.openvino import OpenVinoEngine

    by_rule, by_openvino = onnx_engine.OnnxRuntimeEngine.open(data).run(noise()), OpenVinoEngine.open(data).run(noise())
    assert np.abs(by_rule - by_openvino).max() > 0.1


@pytest.mark.parametrize("what", DIFFERENT)
def test_onnx_runtime_does_it_and_the_receipt_says_so(what):
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    engine, (warning,) = open_engine(DIFFERENT[what])
    assert engine.runtime == "onnxruntime"
    assert warning == f"OpenVINO computes {what} otherwise than ONNX says; ONNX Runtime did the work"


def wrapped() -> bytes:
    """Padded with what lies on the other side, and cut again: OpenVINO has no such padding."""
    pads = np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)
    cut = {"from": np.array([1, 1], np.int64), "to": np.array([65, 65], np.int64), "axes": np.array([2, 3], np.int64)}
    return network(
        node("Pad", ["red", "pads"], ["wide"], mode="wrap"),
        node("Slice", ["wide", "from", "to", "axes"], ["alpha"]),
        pads=pads,
        **cut,
    )


def unpooled() -> bytes:
    """Pooled with the places kept, and put back there."""
    return network(
        node("MaxPool", ["red"], ["small", "places"], kernel_shape=[2, 2], strides=[2, 2]),
        node("MaxUnpool", ["small", "places"], ["alpha"], kernel_shape=[2, 2], strides=[2, 2]),
    )


@pytest.mark.parametrize("data", [wrapped(), unpooled()], ids=["Pad wrap", "MaxUnpool"])
def test_what_openvino_cannot_convert_is_tried_by_the_other(data, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    path = tmp_path / "own.onnx"
    path.write_bytes(data)
    with open_network(str(path)) as opened:
        assert opened.engine.runtime == "onnxruntime"
        assert any("cannot load" in told and "ONNX Runtime did the work" in told for told in opened.warnings)
        size = Size(64, 64)
        photo = np.full((64, 64, 3), (250, 10, 10), np.uint8)
        assert opened.locate(photo, size.box, size).alpha.max() > 0.9


@pytest.mark.parametrize("data", [wrapped(), ANTIALIASED], ids=["Pad wrap", "antialias"])
def test_without_the_other_it_is_refused_with_what_would_help(data, monkeypatch):
    monkeypatch.setattr(onnx_engine, "why_not", lambda _: "onnxruntime is not installed")
    with pytest.raises(WeightsRefused, match=r"otherwise than ONNX says|cannot load") as raised:
        open_engine(data)
    assert "gigamatte[onnx]" in raised.value.hint


def test_what_neither_can_run_is_told_by_the_first():
    from gigamatte.network.build.graph import Graph, Map

    graph, file = Graph(), io.BytesIO()
    graph.write(file, Map("pixels", 3, 64, 64), Map(graph.op("Quux", "pixels"), 1, 64, 64), "alpha", {})
    with pytest.raises(WeightsRefused, match="OpenVINO cannot load"):
        open_engine(file.getvalue())


# --- models verify FILE.onnx


def verified(path: Path) -> str:
    result = CliRunner().invoke(models_app, ["verify", str(path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_verify_runs_a_file_on_both_runtimes(tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    path = tmp_path / "own.onnx"
    path.write_bytes(nested_u("img", ["a", "b"], 1024))
    told = verified(path)
    assert f"{path}: sha256 " in told
    assert "looks like IS-Net" in told
    assert "OpenVINO and ONNX Runtime: mean difference 0.00000, largest 0.0000" in told


def test_verify_tells_how_far_a_known_difference_goes(tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    path = tmp_path / "own.onnx"
    path.write_bytes(ANTIALIASED)
    told = verified(path)
    assert "OpenVINO computes Resize with antialias otherwise than ONNX says: ONNX Runtime is used" in told
    assert "mean difference 0." in told


def test_verify_says_what_could_not_be_compared(tmp_path):
    path = tmp_path / "own.onnx"
    path.write_bytes(wrapped())
    assert "the runtimes were not compared: OpenVINO cannot load" in verified(path)


def test_verify_refuses_runtimes_that_differ_without_a_reason(tmp_path, monkeypatch):
    from gigamatte.network import parity

    path = tmp_path / "own.onnx"
    path.write_bytes(red_detector())
    monkeypatch.setattr(parity, "between_runtimes", lambda _: (0.25, 0.9))
    result = CliRunner().invoke(models_app, ["verify", str(path)])
    assert isinstance(result.exception, WeightsRefused)
    assert result.exception.exit_code == 5
