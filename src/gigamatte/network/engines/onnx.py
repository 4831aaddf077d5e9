"""ONNX Runtime: the engine for NVIDIA (CUDA), Apple (CoreML) and Windows (DirectML) GPUs, and for CPUs where wanted.

It is optional: extras ``[cuda]`` and ``[onnx]`` bring it. The two wheels overwrite each other, so install one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gigamatte.errors import DeviceUnavailable, GigamatteError, NoRoom, WeightsRefused
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

#: what ONNX Runtime and CUDA say where memory does not suffice
_NO_ROOM = ("out of memory", "bad_alloc", "failed to allocate", "available memory of", "cuda failure 2")

#: native DeformConv came with this release
OLDEST = (1, 25)


class OnnxRuntimeEngine:
    """One session. Threads may share it; calls run one after another, because each would need buffers of its own."""

    runtime = "onnxruntime"

    def __init__(
        self, session: Any, header: OnnxHeader, device: str, part: bool = False, precision: str = "f32"
    ) -> None:
        self.device = device
        self.precision = precision
        self.metadata = header.metadata
        self._inputs, self.input_shapes = tuple(header.inputs), tuple(shape for _, shape in header.inputs.values())
        self.input_shape = self.input_shapes[0] if part else header.inputs[header.image_input][1]
        self._session: Any | None = session
        self._dtype = np.dtype(np.float32 if part else header.dtype)
        names = [output.name for output in session.get_outputs()]
        self._answers = names if part else [names[number] for number in header.answers]
        self._lock = threading.Lock()
        #: pictures at once that the device's memory has been found to hold; None: no more were asked for than it holds
        self._most: int | None = None

    @classmethod
    def open(
        cls,
        model: Path | bytes,
        *,
        device: str = "cpu",
        threads: int = 0,
        part: bool = False,
        exact: bool = False,
        memory: int | None = None,
    ) -> OnnxRuntimeEngine:
        """Load an ONNX network on cpu, cuda, cuda:1, coreml or directml.

        ``threads`` bounds CPU threads (0: all that are granted). On CUDA products are rounded to TF32 (10 bits) where
        the card has it, unless they are to be ``exact``; ``memory`` bounds what is held of it there, in bytes. Raises
        DeviceUnavailable when the runtime or the device is missing, or when ONNX Runtime would quietly have run on the
        CPU instead; WeightsRefused, NetworkUnavailable.
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
                model if isinstance(model, bytes) else str(model),
                options,
                providers=providers_for(kind, index, exact=exact, memory=memory),
            )
        if PROVIDERS[kind] not in session.get_providers():
            raise DeviceUnavailable(f"ONNX Runtime could not start {kind} and fell back to the CPU", why_not(kind))
        precision = "tf32" if kind == "cuda" and not exact else "f32"
        return cls(session, header, device if kind == "cpu" else f"{kind}:{index or 0}", part, precision)

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
            count = tensors[0].shape[0]
            if len(tensors) > 1 or count < 2:
                return self._bound(tensors)
            return in_batches(self._one_batch, tensors[0], self._most or count)

    def _one_batch(self, pictures: FloatArray) -> tuple[FloatArray, ...] | None:
        """The answers for some pictures; None where more than one do not fit into the device's memory."""
        try:
            return self._bound((pictures,))
        except NoRoom:
            if len(pictures) < 2:
                raise
            self._most = -(-len(pictures) // 2)
            return None

    def _bound(self, tensors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """Inputs go to the device once, and answers come from it once, when all are there: I/O binding."""
        shapes = ", ".join(str(tensor.shape) for tensor in tensors)
        with _translated(f"ONNX Runtime failed on an input of shape {shapes}", GigamatteError):
            binding = self._session.io_binding()  # type: ignore[union-attr]
            for name, value in zip(self._inputs, tensors, strict=True):
                binding.bind_cpu_input(name, np.ascontiguousarray(value, self._dtype))
            kind, _, index = self.device.partition(":")
            for name in self._answers:
                # only CUDA's memory has a name of its own here; answers of other devices come back by themselves
                binding.bind_output(name, *(("cuda", int(index)) if kind == "cuda" else ("cpu",)))
            self._session.run_with_iobinding(binding)  # type: ignore[union-attr]
            return tuple(np.asarray(value, np.float32) for value in binding.copy_outputs_to_cpu())

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


def in_batches(
    run: Callable[[FloatArray], tuple[FloatArray, ...] | None], pictures: FloatArray, most: int
) -> tuple[FloatArray, ...]:
    """What ``run`` answers for all pictures, asked for at most ``most`` at once; for half as many where it has none."""
    answers: list[tuple[FloatArray, ...]] = []
    at = 0
    while at < len(pictures):
        found = run(pictures[at : at + most])
        if found is None:
            most = -(-min(most, len(pictures) - at) // 2)
            continue
        answers.append(found)
        at += most
    return answers[0] if len(answers) == 1 else tuple(np.concatenate(parts) for parts in zip(*answers, strict=True))


def providers_for(kind: str, index: str, *, exact: bool = False, memory: int | None = None) -> list[Any]:
    """What ONNX Runtime is asked for: the device's provider with its settings, then the CPU's."""
    if kind == "cpu":
        return [PROVIDERS["cpu"]]
    settings: dict[str, str] = {}
    if index:
        settings["device_id"] = index
    if kind == "cuda":
        # grow by what is asked for, not by doubling; and measure convolutions once, not exhaustively
        settings |= {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_algo_search": "HEURISTIC"}
        settings["use_tf32"] = "0" if exact else "1"
        if memory is not None:
            settings["gpu_mem_limit"] = str(memory)
    return [(PROVIDERS[kind], settings), PROVIDERS["cpu"]]


@contextmanager
def _translated(what: str, kind: type[GigamatteError] = WeightsRefused) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # onnxruntime raises its own kinds, which have no common public base
        text = str(error)
        if any(sign in text.lower() for sign in _NO_ROOM):
            raise NoRoom(
                f"{what}: not enough memory of the device",
                "raise --device-memory where it is given, use a smaller network, or --device cpu",
            ) from error
        raise kind(f"{what}: {text.splitlines()[0] if text else type(error).__name__}") from error
