"""BEN2's graph against the published network: float32 logits of made-up weights, within 1e-3.

``ben2/logits.npz`` holds every third pixel of what its authors' PyTorch code answered, from row 1 and column 2: so each
quarter, and each of the pixels that come from one, is seen. ``ben2/state_dict.json`` lists its tensors.
"""

import gc
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gigamatte.errors import UsageError, WeightsRefused
from gigamatte.network.build.ben2 import build, check
from gigamatte.network.build.checkpoint import SafetensorsFile
from gigamatte.network.cards.checkpoints import find_card
from gigamatte.network.engines.base import Engine
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.testing.made_up_weights import MadeUpWeights, golden_input
from gigamatte.types import Size

HERE = Path(__file__).parent / "ben2"
SIDES = [(512, 512), (512, 1024)]


def made_up(dtype: str = "float32") -> MadeUpWeights:
    return MadeUpWeights(HERE / "state_dict.json", dtype=dtype)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A safetensors file of made-up weights, as large as the published one."""
    weights = made_up()
    path = tmp_path_factory.mktemp("weights") / "ben2.safetensors"
    save_file({name: weights.load(name) for name in weights.names()}, path)
    yield path
    path.unlink()


def answer(engine: Engine, height: int, width: int) -> np.ndarray:
    found = engine.run(golden_input(height, width))[0, 0]
    engine.close()
    gc.collect()  # a graph is a gigabyte; the next one comes only when this one is gone
    assert found.shape == (height, width)
    return found[1::3, 2::3]


def differs(found: np.ndarray, height: int, width: int) -> float:
    golden = np.load(HERE / "logits.npz")[f"{height}x{width}"]
    # if the network answered a constant, the threshold would test nothing
    assert golden.max() - golden.min() > 3
    return float(np.abs(found - golden).max())


def built(checkpoint: Path, folder: Path, height: int, width: int) -> Path:
    graph = folder / "graph.onnx"
    with graph.open("wb") as file:
        build(SafetensorsFile(checkpoint), Size(width, height), file)
    return graph


@pytest.mark.parametrize(("height", "width"), SIDES)
def test_openvino_answers_like_the_published_network(checkpoint, tmp_path, height, width):
    graph = built(checkpoint, tmp_path, height, width)
    assert differs(answer(OpenVinoEngine.open(graph, precision="f32"), height, width), height, width) < 1e-3


@pytest.mark.parametrize(("height", "width"), SIDES)
def test_onnxruntime_answers_like_the_published_network(checkpoint, tmp_path, height, width):
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine

    graph = built(checkpoint, tmp_path, height, width)
    assert differs(answer(OnnxRuntimeEngine.open(graph), height, width), height, width) < 1e-3


def test_half_precision_weights_are_stored_as_they_are(tmp_path):
    graph = tmp_path / "half.onnx"
    with graph.open("wb") as file:
        build(made_up("float16"), Size(512, 512), file)
    # but for the few that are put together from others
    assert graph.stat().st_size < 0.53 * 380_577_976
    assert differs(answer(OpenVinoEngine.open(graph, precision="f32"), 512, 512), 512, 512) < 0.05


def test_the_whole_of_it_is_known_by_names_and_shapes():
    listing = json.loads((HERE / "state_dict.json").read_text())
    trained = sum(int(np.prod(shape)) for shape, dtype in listing.values() if dtype == "float32")
    assert trained == 94_134_658
    # with its header, the published file is as large as its tensors
    every = sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in listing.values())
    assert 0 < find_card("ben2").bytes - every < 100_000
    check(made_up())


class Changed:
    """Made-up weights but for one name, which is missing, or one that is too many, or of another shape."""

    def __init__(self, *, without="", beyond="", shape=None):
        self._weights, self._without, self._beyond, self._shape = made_up(), without, beyond, shape

    def names(self):
        return [name for name in self._weights.names() if name != self._without] + [self._beyond] * bool(self._beyond)

    def describe(self, key):
        shape, dtype = self._weights.describe(key)
        return (self._shape[1], dtype) if self._shape and self._shape[0] == key else (shape, dtype)

    def load(self, key):
        return self._weights.load(key)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"without": "dec_blk3.attention.2.in_proj_weight"}, r"dec_blk3\.attention\.2\.in_proj_weight is missing"),
        ({"without": "shallow.0.weight"}, r"shallow\.0\.weight is missing"),
        ({"beyond": "decoder.more.weight"}, r"no use for: decoder\.more\.weight"),
        ({"shape": ("output.0.weight", (2, 128, 3, 3))}, r"should have shape \[1, 128, 3, 3\], found \[2, 128, 3, 3\]"),
    ],
)
def test_another_checkpoint_is_refused_before_anything_is_written(changed, said):
    file = io.BytesIO()
    with pytest.raises(WeightsRefused, match=said):
        build(Changed(**changed), Size(512, 512), file)
    assert not file.getvalue()


@pytest.mark.parametrize("size", [Size(1024, 768), Size(64, 64), Size(1000, 1024)])
def test_sizes_that_it_cannot_divide_are_refused(size):
    with pytest.raises(UsageError, match="multiples of 512"):
        build(made_up(), size, io.BytesIO())


def test_a_pickle_is_not_opened(tmp_path):
    """Its authors publish BEN2_Base.pth too: a zip with a pickle inside."""
    for first in (b"PK\x03\x04", b"\x80\x02"):
        path = tmp_path / "BEN2_Base.pth"
        path.write_bytes(first + bytes(100))
        with pytest.raises(WeightsRefused, match="is a pickle, which may run any code"):
            SafetensorsFile(path)


def test_the_card_builds_it_and_says_how_its_pictures_are_made(checkpoint, tmp_path):
    """By the command: the graph's own metadata tell normalisation and answer, and no patch order is taken."""
    from typer.testing import CliRunner

    from gigamatte.cli.models import models_app
    from gigamatte.network.cards.onnx_file import read_header

    graph = tmp_path / "ben2.onnx"
    arguments = ["build", "ben2", "--weights", str(checkpoint), "-o", str(graph), "--size", "512x512"]
    result = CliRunner().invoke(models_app, arguments)
    assert result.exit_code == 0, result.output
    told = read_header(graph).metadata
    assert (told["output"], told["verified"], told["licence"]) == ("logits", "false", "MIT")
    assert told["mean"].split()[0] == "0.485"
    result = CliRunner().invoke(models_app, [*arguments, "--patch-order", "old"])
    assert isinstance(result.exception, UsageError)
    assert "no patches whose order" in result.exception.message


def test_building_takes_the_memory_of_its_largest_tensor(checkpoint, tmp_path):
    """380 MB of weights go through a child that may grow by much less than that."""
    script = f"""
import resource
from pathlib import Path
from gigamatte.network.build.ben2 import build
from gigamatte.network.build.checkpoint import SafetensorsFile
from gigamatte.types import Size
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Path({str(tmp_path / "graph.onnx")!r}).open("wb") as file:
    build(SafetensorsFile(Path({str(checkpoint)!r})), Size(1024, 1024), file)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) < 120 << 10  # KiB
