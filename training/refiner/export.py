"""From a checkpoint to the shipped ONNX file: float16 weights, float32 arithmetic, any number and size of patches."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import onnx
import torch
from onnx import helper
from training.locator.export import halve

from gigamatte.matte.refiners.neural import EVIDENCE

from .model import Refiner, parameters

OPSET = 17


def averaged(checkpoint: Path) -> tuple[Refiner, dict[str, str]]:
    """The averaged network of a checkpoint and what to note about it."""
    state = torch.load(checkpoint, weights_only=True)
    model = Refiner(*state["shape"])
    model.load_state_dict(state["running"])
    seconds, updates, scenes = state["counters"]
    notes = {"minutes": f"{seconds / 60:.0f}", "updates": str(updates), "scenes": str(scenes)}
    return model.eval(), notes


def export(checkpoint: Path, path: Path) -> str:
    """Writes ``path``: input ``evidence`` (N, C, row, column), output ``residual`` (N, 4, row, column)."""
    model, notes = averaged(checkpoint)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but needs no further package and keeps the weights' names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(1, model.shape[0], 64, 64),),
            buffer,  # type: ignore[arg-type]
            input_names=["evidence"],
            output_names=["residual"],
            dynamic_axes={name: {0: "n", 2: "rows", 3: "columns"} for name in ("evidence", "residual")},
            opset_version=OPSET,
            dynamo=False,
        )
    proto = onnx.load_from_string(buffer.getvalue())
    halve(proto.graph)
    proto.producer_name, proto.producer_version, proto.doc_string = "gigamatte", "", ""
    about = {"name": "refiner", "evidence": EVIDENCE, "parameters": str(parameters(model)), "licence": "Apache-2.0"}
    helper.set_model_props(proto, {**about, **notes})
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())
    return f"{path}: {path.stat().st_size} bytes, {about['parameters']} parameters, {notes}"
