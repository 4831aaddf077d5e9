"""The built graph against the reference network: float32 logits, made-up weights, every pixel within 1e-3."""

import gc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gigamatte.network.build.birefnet import BACKBONES, build
from gigamatte.network.build.checkpoint import SafetensorsFile
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.testing.made_up_weights import MadeUpWeights, golden_input
from gigamatte.types import Size

HERE = Path(__file__).parent / "birefnet"
CASES = ["new_256x256", "old_256x256", "new_192x320", "old_192x320"]


def made_up(letter: str, dtype: str = "float32") -> MadeUpWeights:
    return MadeUpWeights(HERE / f"swin_v1_{letter}.state_dict.json", dtype=dtype)


# one backbone at a time: module scope makes pytest finish all cases of a parameter before the next one
@pytest.fixture(scope="module", params=["t", "l"])
def checkpoint(request, tmp_path_factory):
    """A safetensors file of made-up weights, as large as the published one."""
    weights = made_up(request.param)
    path = tmp_path_factory.mktemp("weights") / f"swin_{request.param}.safetensors"
    save_file({name: weights.load(name) for name in weights.names()}, path)
    yield request.param, path
    path.unlink()


def run_case(letter: str, path: Path, case: str, graph: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order, sides = case.split("_")
    height, width = map(int, sides.split("x"))
    with graph.open("wb") as file:
        build(SafetensorsFile(path), BACKBONES[f"birefnet-swin-{letter}"], Size(width, height), order, file)
    engine = OpenVinoEngine.open(graph, precision="f32")
    answer = engine.run(golden_input(height, width))[0, 0]
    engine.close()
    gc.collect()  # a Swin-L is several gigabytes; the next one comes only when this one is gone
    golden = np.load(HERE / f"swin_v1_{letter}.logits.npz")[case]
    return answer, golden, golden_input(height, width)


@pytest.mark.parametrize("case", CASES)
def test_openvino_answers_like_the_reference(checkpoint, case, tmp_path):
    letter, path = checkpoint
    graph = tmp_path / "graph.onnx"
    answer, golden, _ = run_case(letter, path, case, graph)
    assert answer.shape == golden.shape
    # if the network answered a constant, the threshold would test nothing
    assert golden.max() - golden.min() > 3
    assert np.abs(answer - golden).max() < 1e-3
    graph.unlink()


def test_onnxruntime_answers_the_same(checkpoint, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine

    letter, path = checkpoint
    graph = tmp_path / "graph.onnx"
    by_openvino, golden, tensor = run_case(letter, path, "new_192x320", graph)
    engine = OnnxRuntimeEngine.open(graph)
    answer = engine.run(tensor)[0, 0]
    engine.close()
    assert np.abs(answer - golden).max() < 1e-3
    assert np.abs(answer - by_openvino).max() <= 1e-4
    graph.unlink()


def test_the_wrong_patch_order_is_told_apart():
    """Both orders load; only the numbers differ. The golden arrays must be able to tell."""
    golden = np.load(HERE / "swin_v1_t.logits.npz")
    assert np.abs(golden["new_256x256"] - golden["old_256x256"]).max() > 0.1


def test_half_precision_weights_are_stored_as_they_are(tmp_path):
    """A float16 checkpoint gives a graph of half the size that answers as its weights, widened, do."""
    size, tensor = Size(128, 64), golden_input(64, 128)
    half, wide = tmp_path / "half.onnx", tmp_path / "wide.onnx"
    with half.open("wb") as file:
        build(made_up("t", "float16"), BACKBONES["birefnet-swin-t"], size, "new", file)
    with wide.open("wb") as file:
        build(made_up("t", "float16"), BACKBONES["birefnet-swin-t"], size, "new", file, dtype="float32")
    assert half.stat().st_size < 0.52 * wide.stat().st_size
    answers = [OpenVinoEngine.open(path, precision="f32").run(tensor) for path in (half, wide)]
    assert np.abs(answers[0] - answers[1]).max() < 1e-5
