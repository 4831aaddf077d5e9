"""Finds out what the inference runtimes can do on this machine, for ``gigamatte doctor``."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from gigamatte.errors import GigamatteError
from gigamatte.network.cards.locator import locator_bytes
from gigamatte.network.engines.base import Engine
from gigamatte.network.engines.hardware import bf16_support
from gigamatte.network.engines.onnx import EMPTIED, INSTALL, REPAIR, OnnxRuntimeEngine, why_not
from gigamatte.network.engines.select import open_engine
from gigamatte.network.engines.silent import import_onnxruntime, import_openvino


def runtimes() -> dict[str, dict[str, Any]]:
    """Name → version, why_not (empty when it works), needed (whether nothing runs without it)."""
    return {"openvino": _openvino(), "onnxruntime": _onnxruntime()}


def _openvino() -> dict[str, Any]:
    try:
        openvino = import_openvino()
    except ImportError as error:
        return {"version": None, "why_not": f"does not load: {error}", "needed": True}
    return {"version": openvino.get_version(), "why_not": "", "needed": True}


def _onnxruntime() -> dict[str, Any]:
    reason = why_not("cpu")
    if reason:
        return {"version": None, "why_not": reason, "needed": False}
    return {"version": import_onnxruntime().__version__, "why_not": "", "needed": False}


def cpu() -> dict[str, str]:
    """The CPU's name, and the precision of large networks on it with the reason."""
    try:
        core = import_openvino().Core()
        name = str(core.get_property("CPU", "FULL_DEVICE_NAME"))
        able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError) as error:
        return {"name": "unknown", "precision": f"unknown: OpenVINO does not start: {str(error).splitlines()[0]}"}
    by = bf16_support()
    if able:
        return {"name": name, "precision": f"bf16 for large networks ({by or 'OpenVINO says so'}), f32 for the locator"}
    return {"name": name, "precision": "f32: this CPU has neither AMX nor AVX512_BF16"}


def gpus() -> dict[str, dict[str, str]]:
    """Device → why_not (empty when usable) and hint."""
    found = {name: {"why_not": why_not(name), "hint": INSTALL[name]} for name in ("cuda", "coreml", "directml")}
    for device in found.values():
        if device["why_not"] == EMPTIED:
            device["hint"] = REPAIR
    if not found["cuda"]["why_not"]:
        found["cuda"] = _cuda()
    elif shutil.which("nvidia-smi") is None:
        found["cuda"]["why_not"] += "; and no NVIDIA driver was found (no nvidia-smi)"
    if sys.platform != "darwin":
        found["coreml"] = {"why_not": "this is not a Mac", "hint": "Macs only"}
    if sys.platform != "win32":
        found["directml"] = {"why_not": "this is not Windows", "hint": "Windows only"}
    found["intel-gpu"] = _intel()
    return found


def inferences(usable: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the embedded network's encoder takes on each device that works, the CPU's runtimes and ``usable`` ones.

    Device → runtime, precision, ``load_s`` and ``run_s`` (seconds until it is ready with its first answer, and of the
    fastest of three more), or ``failed`` with the reason.
    """
    model = locator_bytes("encoder")
    ways: dict[str, Callable[[], Engine]] = {"cpu": lambda: open_engine(model, device="cpu", small=True, part=True)[0]}
    if not why_not("cpu"):
        ways["cpu (onnxruntime)"] = lambda: OnnxRuntimeEngine.open(model, part=True)
    for device in usable:
        ways[device] = partial(_required, model, device)
    return {name: _timed(opener) for name, opener in ways.items()}


def _required(model: bytes, device: str) -> Engine:
    return open_engine(model, device=device, require=True, small=True, part=True)[0]


def _timed(opener: Callable[[], Engine]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        engine = opener()
        try:
            shape = [side or 1 for side in engine.input_shape]
            pixels = np.zeros(shape, np.float32)
            engine.run_all([pixels])
            loaded = time.perf_counter() - started
            seconds = []
            for _ in range(3):
                started = time.perf_counter()
                engine.run_all([pixels])
                seconds.append(time.perf_counter() - started)
        finally:
            engine.close()
    except GigamatteError as error:
        return {"failed": error.message}
    return {
        "runtime": engine.runtime, "device": engine.device, "precision": engine.precision,
        "load_s": round(loaded, 3), "run_s": round(min(seconds), 4),
    }  # fmt: skip


def _cuda() -> dict[str, str]:
    """Being built for CUDA is not enough: a session must really start on it."""
    from gigamatte.network.engines.probe import probe_network

    try:
        OnnxRuntimeEngine.open(probe_network(), device="cuda").close()
    except GigamatteError as error:
        return {"why_not": error.message, "hint": error.hint or "check the driver and the CUDA and cuDNN libraries"}
    return {"why_not": "", "hint": ""}


def _intel() -> dict[str, str]:
    try:
        listed = import_openvino().Core().available_devices
    except (ImportError, RuntimeError) as error:
        return {"why_not": str(error).splitlines()[0], "hint": "reinstall openvino"}
    if any(name.startswith("GPU") for name in listed):
        return {"why_not": "", "hint": ""}
    return {"why_not": "OpenVINO lists no GPU", "hint": "install the GPU's compute driver, if there is an Intel GPU"}
