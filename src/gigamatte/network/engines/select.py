"""Chooses the runtime of a network: for the device that was asked for, else the CPU with a warning that says why."""

from __future__ import annotations

import contextlib
import importlib
import threading
from pathlib import Path

from gigamatte.errors import DeviceUnavailable, GigamatteError, WeightsRefused
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.engines.base import Engine
from gigamatte.network.engines.devices import ON_CPU, one_device
from gigamatte.network.engines.differences import differences
from gigamatte.network.engines.startup import pays
from gigamatte.thread_exit import native_work

#: what ``gpu`` tries, in this order
_GPUS = ("cuda", "coreml", "directml", "intel-gpu")


def open_engine(
    model: Path | bytes,
    *,
    device: str = "auto",
    require: bool = False,
    threads: int = 0,
    small: bool = False,
    cache_dir: Path | None = None,
    digest: str | None = None,
    part: bool = False,
    device_memory: int | None = None,
    photos: int | None = None,
) -> tuple[Engine, tuple[str, ...]]:
    """(engine, warnings) for an ONNX network.

    ``auto`` takes CUDA where it works, and for a ``small`` network where so many ``photos`` are worth loading it (None:
    the process stays), else the CPU. A device that was named and is
    missing raises DeviceUnavailable when ``require``, else the CPU does the work and a warning says so. Small networks
    run in f32 so that results do not depend on the CPU; large ones in bf16 where the CPU multiplies it. What OpenVINO
    cannot convert, or would compute otherwise, is run by ONNX Runtime where it is installed, and a warning says so.
    A ``part`` of a network may have several inputs. ``device_memory`` bounds what is held of CUDA's memory, in bytes.
    Raises WeightsRefused where neither can run it.
    """
    device = one_device(device)
    kind = device.partition(":")[0]

    def on_cpu() -> tuple[Engine, tuple[str, ...]]:
        from gigamatte.network.engines.openvino import OpenVinoEngine, Precision

        precision: Precision = "f32" if small else "auto"
        try:
            _need_the_same(model)
            engine = OpenVinoEngine.open(
                model, threads=threads, precision=precision, cache_dir=cache_dir, digest=digest, part=part
            )
        except WeightsRefused as error:
            return _otherwise(model, threads, error, part=part)
        return engine, ()

    if kind == "cpu" or (kind == "auto" and ((small and not pays(photos)) or not gpu_listed())):
        return on_cpu()
    wanted = {"auto": ("cuda",), "gpu": _GPUS}.get(kind, (device,))
    reasons = []
    for name in wanted:
        try:
            engine = _on_gpu(model, name, threads, cache_dir, digest, part, exact=small, memory=device_memory)
            return engine, ()
        except DeviceUnavailable as error:
            reasons.append(error)
    if require:
        if len(reasons) == 1:
            raise reasons[0]
        raise DeviceUnavailable("; ".join(reason.message for reason in reasons), "see `gigamatte doctor`")
    why = "; ".join(reason.message for reason in reasons)
    engine, warnings = on_cpu()
    return engine, (f"{why}; {ON_CPU}", *warnings)


def _need_the_same(model: Path | bytes) -> None:
    """Raise WeightsRefused where OpenVINO would compute something else than the file says."""
    otherwise = differences(read_header(model))
    if otherwise:
        raise WeightsRefused(f"OpenVINO computes {' and '.join(otherwise)} otherwise than ONNX says")


def _otherwise(
    model: Path | bytes, threads: int, refusal: WeightsRefused, *, part: bool
) -> tuple[Engine, tuple[str, ...]]:
    """The network on ONNX Runtime and the CPU. Raises the refusal of the first, with what would help."""
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine, why_not

    if why_not("cpu"):
        hint = "ONNX Runtime may run it: pip install 'gigamatte[onnx]'"
        raise WeightsRefused(refusal.message, refusal.hint or hint) from refusal
    try:
        engine = OnnxRuntimeEngine.open(model, threads=threads, part=part)
    except GigamatteError:  # neither can: the first runtime's reason is reported
        raise refusal from None
    return engine, (f"{refusal.message}; ONNX Runtime did the work",)


def import_ahead(device: str) -> None:
    """Import the CPU's runtime on another thread, while a digest is made: each takes a third of a second."""

    def load() -> None:
        with native_work(), contextlib.suppress(ImportError):  # the error is raised when the module is used
            importlib.import_module("gigamatte.network.engines.openvino")

    if device in ("auto", "cpu"):
        threading.Thread(target=load, name="import").start()


def _on_gpu(
    model: Path | bytes,
    device: str,
    threads: int,
    cache_dir: Path | None,
    digest: str | None,
    part: bool,
    *,
    exact: bool,
    memory: int | None,
) -> Engine:
    if device.startswith("intel-gpu"):
        from gigamatte.network.engines.openvino import OpenVinoEngine

        try:
            _need_the_same(model)
        except WeightsRefused as error:
            raise DeviceUnavailable(error.message) from error
        index = device.partition(":")[2]
        name = f"gpu.{index}" if index else "gpu"
        return OpenVinoEngine.open(model, device=name, cache_dir=cache_dir, digest=digest, part=part)
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine

    return OnnxRuntimeEngine.open(model, device=device, threads=threads, part=part, exact=exact, memory=memory)


def gpu_listed() -> bool:
    """Whether an installed ONNX Runtime was built for CUDA; without it a GPU is not tried, which takes time."""
    from gigamatte.network.engines.onnx import why_not

    return not why_not("cuda")
