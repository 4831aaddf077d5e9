"""OpenVINO: the engine for CPUs. Also runs Intel GPUs, where OpenVINO finds one."""

from __future__ import annotations

import hashlib
import io
import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gigamatte.errors import DeviceUnavailable, GigamatteError, NetworkUnavailable, WeightsRefused
from gigamatte.network.cards.external import whole_digest
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.cards.onnx_header import OnnxHeader
from gigamatte.network.engines.answer import pick
from gigamatte.network.engines.blobs import read_blob, write_blob
from gigamatte.network.engines.silent import import_openvino
from gigamatte.own_files import sha256_of_text
from gigamatte.system import cpu_count
from gigamatte.types import FloatArray

ov = import_openvino()

Precision = Literal["auto", "f32", "bf16"]

_HINTS = {"f32": "f32", "bf16": "bf16"}


class OpenVinoEngine:
    """One compiled network with one inference request: calls from several threads run one after another.

    A request already uses every granted thread, so a second one would take memory and save no time. Only a tiny
    network that is called often with small pieces is opened with several ``streams`` of one thread each, because
    dividing its layers among threads would take longer.
    """

    runtime = "openvino"

    def __init__(
        self,
        compiled: Any,
        keep: Any,
        header: OnnxHeader,
        device: str,
        precision: str,
        streams: int = 1,
        part: bool = False,
    ) -> None:
        self._keep = keep  # the mapped file that an imported network goes on reading its weights from
        self.device = device
        self.precision = precision
        self.metadata = header.metadata
        self._inputs, self.input_shapes = tuple(header.inputs), tuple(shape for _, shape in header.inputs.values())
        self.input_shape = self.input_shapes[0] if part else header.inputs[header.image_input][1]
        self._dtype = np.dtype(np.float32 if part else header.dtype)
        self._answers = tuple(range(len(header.outputs))) if part else header.answers
        #: None in the place of a request: closed
        self._requests: queue.SimpleQueue[Any | None] = queue.SimpleQueue()
        for _ in range(streams):
            self._requests.put(compiled.create_infer_request())
        self._streams = streams

    @classmethod
    def open(
        cls,
        model: Path | bytes,
        *,
        device: str = "cpu",
        threads: int = 0,
        precision: Precision = "f32",
        streams: int = 1,
        cache_dir: Path | None = None,
        digest: str | None = None,
        part: bool = False,
    ) -> OpenVinoEngine:
        """Compile an ONNX network.

        ``device`` is cpu, or another device that OpenVINO lists here (gpu, gpu.1, npu). ``threads`` bounds CPU
        threads (0: all that are granted), which ``streams`` share: so many calls run at once. ``precision`` auto
        takes bf16 where the CPU multiplies it, f32 otherwise.
        With ``cache_dir`` the compiled network is kept there, keyed by ``digest`` (sha256 of ``model`` and the files
        beside it that hold its weights; computed when absent). A ``part`` of a network may have several inputs and
        outputs. Raises DeviceUnavailable, WeightsRefused, NetworkUnavailable.
        """
        header = read_header(model)
        core = _core()
        _need_device(core, device)
        chosen = choose_precision(core, device, precision)
        config: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": _HINTS[chosen]}
        if device == "cpu":
            config |= {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(threads or cpu_count())}
        with _translated(f"OpenVINO cannot load {model if isinstance(model, Path) else 'this network'}"):
            if cache_dir is None:
                compiled, keep = core.compile_model(_read(core, model), device.upper(), config), None
            else:
                key = _key(core, digest or _sha256(model, header), device, chosen)
                compiled, keep = _cached(core, model, device, config, cache_dir / f"{key}.blob")
        return cls(compiled, keep, header, device, chosen, streams, part)

    def run(self, tensor: FloatArray) -> FloatArray:
        """(N, C, H, W) float32 in, the answer out; N, H, W may change where the network leaves them free."""
        return pick(self._inferred((tensor,)), tensor.shape)

    def run_all(self, tensors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """All inputs, float32, in the file's order in, all outputs in the file's order out."""
        return self._inferred(tensors)

    def _inferred(self, tensors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        request = self._requests.get()
        try:
            if request is None:
                raise GigamatteError("this network was closed; open it again")
            shapes = ", ".join(str(tensor.shape) for tensor in tensors)
            with _translated(f"OpenVINO failed on an input of shape {shapes}", GigamatteError):
                named = zip(self._inputs, tensors, strict=True)
                request.infer(
                    {name: np.ascontiguousarray(value, self._dtype) for name, value in named}, share_inputs=True
                )
                # copied, because OpenVINO uses the tensor again for the next answer
                return tuple(np.array(request.get_output_tensor(k).data, np.float32) for k in self._answers)
        finally:
            self._requests.put(request)

    def close(self) -> None:
        """Release the compiled network, once no call runs any more."""
        for _ in range(self._streams):
            self._requests.get()
        for _ in range(self._streams):
            self._requests.put(None)
        self._keep = None


def _core() -> Any:
    from openvino.frontend.onnx import ConversionExtension

    core = ov.Core()
    core.add_extension(ConversionExtension("DeformConv", _deform_conv))
    return core


def _deform_conv(node: Any) -> list[Any]:
    """ONNX DeformConv (opset 19) as OpenVINO's; its ONNX reader knows no such operator.

    Both sample bilinearly and treat what lies outside as zero, which OpenVINO does only with the padding flag.
    """
    opset8 = ov.opset8
    inputs = [node.get_input(index) for index in range(node.get_input_size())]
    if len(inputs) < 3:
        raise ValueError("DeformConv without offsets")
    pads = node.get_attribute("pads", [0, 0, 0, 0])
    optional = {"mask": inputs[4]} if len(inputs) > 4 else {}
    result = opset8.deformable_convolution(
        inputs[0],
        inputs[2],
        inputs[1],
        node.get_attribute("strides", [1, 1]),
        pads[:2],
        pads[2:],
        node.get_attribute("dilations", [1, 1]),
        group=node.get_attribute("group", 1),
        deformable_group=node.get_attribute("offset_group", 1),
        bilinear_interpolation_pad=True,
        **optional,
    )
    if len(inputs) > 3 and (bias := inputs[3]).get_node().get_type_name() != "NullNode":
        shape = opset8.constant(np.array([1, -1, 1, 1], np.int64))
        result = opset8.add(result, opset8.reshape(bias, shape, special_zero=False))
    return [result.output(0)]


def _need_device(core: Any, device: str) -> None:
    listed = [name.lower() for name in core.available_devices]
    if device not in listed and not any(name.startswith(f"{device}.") for name in listed):
        raise DeviceUnavailable(
            f"OpenVINO has no device {device!r} here; it has {', '.join(listed) or 'none'}", "see `gigamatte doctor`"
        )


def choose_precision(core: Any, device: str, wanted: Precision) -> str:
    """f32 or bf16 for this device. Raises DeviceUnavailable where bf16 is wanted and the device has none."""
    if wanted == "f32":
        return "f32"
    able = "BF16" in core.get_property(device.upper(), "OPTIMIZATION_CAPABILITIES")
    if wanted == "bf16" and not able:
        raise DeviceUnavailable(f"the device {device} does not multiply in bf16", "use f32, or auto")
    return "bf16" if able else "f32"


def _read(core: Any, model: Path | bytes) -> Any:
    return core.read_model(io.BytesIO(model) if isinstance(model, bytes) else str(model))


def _sha256(model: Path | bytes, header: OnnxHeader) -> str:
    return hashlib.sha256(model).hexdigest() if isinstance(model, bytes) else whole_digest(model, header.external)


def _key(core: Any, digest: str, device: str, precision: str) -> str:
    # a network that was compiled for one CPU or OpenVINO version must not be used with another
    where = (ov.get_version(), device, core.get_property(device.upper(), "FULL_DEVICE_NAME"), precision)
    capabilities = sorted(core.get_property(device.upper(), "OPTIMIZATION_CAPABILITIES"))
    return f"{digest[:16]}-{sha256_of_text(repr((digest, where, capabilities)))[:16]}"


def _cached(core: Any, model: Path | bytes, device: str, config: dict[str, Any], blob: Path) -> tuple[Any, Any]:
    """(compiled network, what must live as long as it)."""
    try:
        mapped = read_blob(blob)
        # these settings are not stored in the blob: without them OpenVINO would choose the precision
        return core.import_model(mapped, device.upper(), config), mapped
    except (OSError, ValueError, RuntimeError):
        pass  # not there, cut short, or of another build: compile afresh and replace it
    compiled = core.compile_model(_read(core, model), device.upper(), config)
    # without a written cache only the next start takes longer
    with suppress(OSError):
        write_blob(blob, compiled.export_model().getbuffer())
    return compiled, None


@contextmanager
def _translated(what: str, kind: type[GigamatteError] = NetworkUnavailable) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, TypeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if "Exception from" not in line), type(error).__name__)
        if "out of memory" in str(error).lower() or "bad_alloc" in str(error).lower():
            raise GigamatteError(
                f"{what}: not enough memory", "use a smaller network or fewer photos at a time"
            ) from error
        if kind is NetworkUnavailable:
            raise WeightsRefused(f"{what}: {reason}") from error
        raise kind(f"{what}: {reason}") from error
