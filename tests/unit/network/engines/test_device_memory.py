"""What CUDA is asked for, and batches that do not fit: run in smaller ones, or one clear line."""

import json
import subprocess
import sys

import numpy as np
import pytest

from gigamatte.errors import UsageError
from gigamatte.options import Options

pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")

from gigamatte.network.engines.onnx import in_batches, providers_for


def test_what_cuda_is_asked_for():
    (name, settings), other = providers_for("cuda", "1", memory=2_000_000_000)
    assert (name, other) == ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert (settings["device_id"], settings["gpu_mem_limit"], settings["use_tf32"]) == ("1", "2000000000", "1")
    (_, settings), _ = providers_for("cuda", "", exact=True)
    assert settings["use_tf32"] == "0"
    assert not {"device_id", "gpu_mem_limit"} & settings.keys()
    assert providers_for("cpu", "", memory=1) == ["CPUExecutionProvider"]


@pytest.mark.parametrize("fits", range(1, 12))
def test_batches_are_halved_until_they_fit(fits):
    pictures = np.arange(11, dtype=np.float32).reshape(11, 1)
    asked = []

    def run(part):
        asked.append(len(part))
        return None if len(part) > fits else (part * 2, part + 1)

    doubled, more = in_batches(run, pictures, 11)
    assert np.array_equal(doubled, pictures * 2)
    assert np.array_equal(more, pictures + 1)
    done = [count for count in asked if count <= fits]
    assert sum(done) == 11
    assert len(asked) - len(done) <= 4


@pytest.mark.parametrize("device", ["cpu", "intel-gpu", "directml", "cpu,intel-gpu:1"])
def test_where_there_is_nothing_to_bound_it_is_refused(device):
    with pytest.raises(UsageError, match="bounds CUDA's memory"):
        Options(device=device, device_memory=1_000_000_000)
    assert Options(device="cuda:0,cpu", device_memory=1_000_000_000).device_memory == 1_000_000_000


CHILD = """
import io, json, resource, sys
import numpy as np
from gigamatte.errors import GigamatteError
from gigamatte.network.build.graph import Graph, Map
from gigamatte.network.engines.onnx import OnnxRuntimeEngine

graph = Graph()
weights = np.random.default_rng(0).standard_normal((48, 3, 3, 3)).astype(np.float32)
wide = graph.op("Conv", "pixels", graph.constant(weights), pads=[1] * 4)
back = graph.op("Conv", wide, graph.constant(weights[:, :1].reshape(1, 48, 3, 3)), pads=[1] * 4)
file = io.BytesIO()
graph.write(file, Map("pixels", 3, 0, 0), Map(back, 1, 0, 0), "alpha", {})
engine = OnnxRuntimeEngine.open(file.getvalue(), threads=1)
pictures = np.random.default_rng(1).standard_normal((16, 3, 512, 512)).astype(np.float32)
alone = np.concatenate([engine.run(picture[None]) for picture in pictures])
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (260 << 20),) * 2)  # four maps of 48 channels and their work
together = engine.run(pictures)
told = {"most": engine._most, "differ": float(np.abs(together - alone).max())}
try:
    engine.run(np.zeros((1, 3, 2048, 2048), np.float32))
except GigamatteError as error:
    told |= {"kind": type(error).__name__, "message": error.written[0], "hint": error.written[1]}
print(json.dumps(told))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
def test_a_batch_that_does_not_fit_is_run_in_parts():
    """Real memory that ends: 16 pictures of 50 MB each in 260 MB, then one of 800 MB."""
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["most"] in (1, 2, 4)
    assert told["differ"] < 1e-4
    assert told["kind"] == "NoRoom"
    assert "not enough memory of the device" in told["message"]
    assert "--device-memory" in told["hint"]
