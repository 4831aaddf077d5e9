"""Writes a checkpoint as the shipped ONNX file: float16 weights, float32 arithmetic, any number and size of patches."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
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


def exported(path: Path) -> Refiner:
    """The network of an exported file, to go on from. Raises ValueError when this program did not write it."""
    proto = onnx.load(str(path))
    arrays = {i.name.removesuffix(".half"): numpy_helper.to_array(i) for i in proto.graph.initializer}
    if "enter.weight" not in arrays or "down.weight" not in arrays:
        raise ValueError(f"{path} was not exported by this program: it lacks the weights of 'enter' or 'down'")
    width, channels = arrays["enter.weight"].shape[:2]
    blocks = sum(name.startswith("middle.") and name.endswith("first.weight") for name in arrays)
    model = Refiner(channels, width, len(arrays["down.weight"]), blocks)
    model.load_state_dict({name: torch.tensor(arrays[name].astype(np.float32)) for name in model.state_dict()})
    return model


def mean(model: Refiner, other: Refiner) -> Refiner:
    """The network half way between two (Wortsman et al., Model soups, 2022), of which one went on from the other."""
    theirs = other.state_dict()
    model.load_state_dict({name: (value + theirs[name]) / 2 for name, value in model.state_dict().items()})
    return model


def export(checkpoint: Path, path: Path, mean_with: Path | None = None) -> str:
    """Writes ``path``: input ``evidence`` (N, C, row, column), output ``residual`` (N, 4, row, column)."""
    model, notes = averaged(checkpoint)
    if mean_with is not None:
        model = mean(model, exported(mean_with))
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but needs no further package and keeps the weights' names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(1, model.shape[0], 64, 64),),
            buffer,
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
