"""ONNX Runtime: the engine for NVIDIA (CUDA), Apple (CoreML) and Windows (DirectML) GPUs, and for CPUs where wanted.

It is optional: extras ``[cuda]`` and ``[onnx]`` bring it. The two wheels overwrite each other, so install one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gigamatte.errors import DeviceUnavailable, GigamatteError, WeightsRefused
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.cards.onnx_header import OnnxHeader
from gigamatte.network.engines.answer import pick
from gigamatte.network.engines.silent import import_onnxruntime
from gigamatte.system import cpu_count
from gigamatte.types import FloatArray

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}

#: how each device's runtime is installed
INSTALL = {
    "cpu": "pip install 'gigamatte[onnx]'",
    "cuda": "pip uninstall -y onnxruntime onnxruntime-gpu, then pip install 'gigamatte[cuda]'",
    "coreml": "pip install 'gigamatte[onnx]' on a Mac",
    "directml": "pip install onnxruntime-directml on Windows",
}

#: what pip leaves when one of two builds is uninstalled: they share one folder
EMPTIED = "onnxruntime is there and has nothing in it, as it is left when one of its two builds is uninstalled"
REPAIR = "pip uninstall -y onnxruntime onnxruntime-gpu, then pip install the one that you want"

#: native DeformConv came with this release
OLDEST = (1, 25)


class OnnxRuntimeEngine:
    """One session. Threads may share it; calls run one after another, because each would need buffers of its own."""

    runtime = "onnxruntime"

    def __init__(self, session: Any, header: OnnxHeader, device: str, part: bool = False) -> None:
        self.device = device
        self.precision = "f32"
        self.metadata = header.metadata
        self._inputs, self.input_shapes = tuple(header.inputs), tuple(shape for _, shape in header.inputs.values())
        self.input_shape = self.input_shapes[0] if part else header.inputs[header.image_input][1]
        self._session: Any | None = session
        self._dtype = np.dtype(np.float32 if part else header.dtype)
        names = [output.name for output in session.get_outputs()]
        self._answers = names if part else [names[number] for number in header.answers]
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls, model: Path | bytes, *, device: str = "cpu", threads: int = 0, part: bool = False
    ) -> OnnxRuntimeEngine:
        """Load an ONNX network on cpu, cuda, cuda:1, coreml or directml.

        ``threads`` bounds CPU threads (0: all that are granted). Raises DeviceUnavailable when the runtime or the
        device is missing, or when ONNX Runtime would quietly have run on the CPU instead; WeightsRefused,
        NetworkUnavailable.
        """
        header = read_header(model)
        kind, _, index = device.partition(":")
        ort = runtime_for(kind)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or cpu_count()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # its own log is off: errors are raised instead
        # an arena keeps the largest activations of a run for good; a network here is run once per photo
        options.enable_cpu_mem_arena = False
        with _translated(f"ONNX Runtime cannot load {model if isinstance(model, Path) else 'this network'}"):
            session = ort.InferenceSession(
                model if isinstance(model, bytes) else str(model), options, providers=_providers(kind, index)
            )
        if PROVIDERS[kind] not in session.get_providers():
            raise DeviceUnavailable(f"ONNX Runtime could not start {kind} and fell back to the CPU", why_not(kind))
        return cls(session, header, device if kind == "cpu" else f"{kind}:{index or 0}", part)

    def run(self, tensor: FloatArray) -> FloatArray:
        """(N, C, H, W) float32 in, the answer out; N, H, W may change where the network leaves them free."""
        return pick(self._inferred((tensor,)), tensor.shape)

    def run_all(self, tensors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """All inputs, float32, in the file's order in, all outputs in the file's order out."""
        return self._inferred(tensors)

    def _inferred(self, tensors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        with self._lock:
            if self._session is None:
                raise GigamatteError("this network was closed; open it again")
            shapes = ", ".join(str(tensor.shape) for tensor in tensors)
            with _translated(f"ONNX Runtime failed on an input of shape {shapes}", GigamatteError):
                named = zip(self._inputs, tensors, strict=True)
                feed = {name: np.ascontiguousarray(value, self._dtype) for name, value in named}
                return tuple(np.asarray(value, np.float32) for value in self._session.run(self._answers, feed))

    def close(self) -> None:
        """Release the session."""
        with self._lock:
            self._session = None


def runtime_for(kind: str) -> Any:
    """The onnxruntime module, able to run on ``kind``. Raises DeviceUnavailable."""
    if kind not in PROVIDERS:
        raise DeviceUnavailable(f"there is no device called {kind!r}", f"devices: {', '.join(('auto', *PROVIDERS))}")
    reason = why_not(kind)
    if reason:
        hint = REPAIR if reason == EMPTIED else INSTALL[kind]
        raise DeviceUnavailable(f"the device {kind} cannot be used: {reason}", hint)
    return import_onnxruntime()


def why_not(kind: str) -> str:
    """Why ONNX Runtime cannot run on ``kind`` here, in a few words; empty when it says that it can."""
    try:
        onnxruntime = import_onnxruntime()
    except ImportError as error:
        return "onnxruntime is not installed" if "onnxruntime" in str(error) else f"onnxruntime does not load: {error}"
    if not hasattr(onnxruntime, "InferenceSession"):
        return EMPTIED
    version = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
    if version < OLDEST:
        return f"onnxruntime {onnxruntime.__version__} is older than {OLDEST[0]}.{OLDEST[1]}, the first with DeformConv"
    if PROVIDERS[kind] not in onnxruntime.get_available_providers():
        return f"the installed onnxruntime {onnxruntime.__version__} was built without {PROVIDERS[kind]}"
    return ""


def _providers(kind: str, index: str) -> list[Any]:
    if kind == "cpu":
        return [PROVIDERS["cpu"]]
    settings: dict[str, str] = {}
    if index:
        settings["device_id"] = index
    if kind == "cuda":
        # grow by what is asked for, not by doubling; and measure convolutions once, not exhaustively
        settings |= {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_algo_search": "HEURISTIC"}
    return [(PROVIDERS[kind], settings), PROVIDERS["cpu"]]


@contextmanager
def _translated(what: str, kind: type[GigamatteError] = WeightsRefused) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # onnxruntime raises its own kinds, which have no common public base
        text = str(error)
        if "out of memory" in text.lower() or "bad_alloc" in text.lower() or "failed to allocate" in text.lower():
            raise GigamatteError(f"{what}: not enough memory", "use a smaller network, or --device cpu") from error
        raise kind(f"{what}: {text.splitlines()[0] if text else type(error).__name__}") from error
