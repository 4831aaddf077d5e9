"""From a checkpoint to the shipped ONNX file, and back.

The file keeps weights as float16 initialisers, each followed by a Cast to float32, so that it is small and every
runtime computes in float32.  `read_weights` turns the file into a network that can be trained further.
"""

from __future__ import annotations

import copy
import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from .model import Locator, fold

OPSET = 17
VERSION_KEY = "version"


def _convolutions(model: Locator) -> dict[str, nn.Conv2d]:
    """Every convolution by the name its folded form has."""
    # The side outputs only serve training: no file has them.
    return {
        name.removesuffix(".0")
        if isinstance(model.get_submodule(name.rpartition(".")[0]), nn.Sequential)
        else name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d) and not name.startswith("side")
    }


def halve(graph: onnx.GraphProto) -> None:
    """Stores every large float32 initialiser as float16, with a Cast to float32 behind it."""
    casts, kept = [], []
    for initialiser in graph.initializer:
        values = numpy_helper.to_array(initialiser)
        if initialiser.data_type != TensorProto.FLOAT or values.size < 16:
            kept.append(initialiser)
            continue
        half = values.astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"weight {initialiser.name!r} does not fit float16: largest {np.abs(values).max():g}")
        kept.append(numpy_helper.from_array(half, initialiser.name + ".half"))
        casts.append(helper.make_node("Cast", [initialiser.name + ".half"], [initialiser.name], to=TensorProto.FLOAT))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)


def export(model: Locator, path: Path, size: int, notes: dict[str, str]) -> None:
    """Writes `path`: input `pixels` (1, 3, size, size), output `logits` (1, 1, size, size), metadata `notes`."""
    folded = fold(copy.deepcopy(model).to(memory_format=torch.contiguous_format))  # type: ignore[call-overload]
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but needs no further package and keeps the weights' names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            folded,
            (torch.zeros(1, 3, size, size),),
            buffer,  # type: ignore[arg-type]
            input_names=["pixels"],
            output_names=["logits"],
            opset_version=OPSET,
            dynamo=False,
        )
    proto = onnx.load_from_string(buffer.getvalue())
    halve(proto.graph)
    proto.producer_name, proto.producer_version, proto.doc_string = "gigamatte", "", ""
    helper.set_model_props(proto, {"name": "locator", "size": str(size), "output": "logits", **notes})
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())


def read_weights(path: Path) -> tuple[Locator, int]:
    """The network in a checkpoint (its running average) or an exported file, and the pictures it was trained on."""
    model = Locator()
    if path.suffix != ".onnx":
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["running"])
        return model, int(state["counters"][2] + state["counters"][3])
    proto = onnx.load(str(path))
    arrays = {i.name.removesuffix(".half"): numpy_helper.to_array(i) for i in proto.graph.initializer}
    missing = [n for n in _convolutions(model) if f"{n}.weight" not in arrays]
    if missing:
        raise ValueError(f"{path} was not exported by this program: it lacks the weights of {missing[0]!r}")
    with torch.no_grad():
        for name, convolution in _convolutions(model).items():
            convolution.weight.copy_(torch.tensor(arrays[f"{name}.weight"].astype(np.float32)))
            bias = torch.tensor(arrays[f"{name}.bias"].astype(np.float32))
            if convolution.bias is not None:
                convolution.bias.copy_(bias)
                continue
            # The norm after it was folded away: begin with one that only adds the bias.
            norm = model.get_submodule(name)[1]  # type: ignore[index]
            norm.weight.fill_(1)
            norm.weight.mul_(float(np.sqrt(1 + norm.eps)))
            norm.bias.copy_(bias)
    pictures = next((p.value for p in proto.metadata_props if p.key == "pictures"), "0")
    return model, int(pictures)


def settle(model: Locator, pixels: list[torch.Tensor]) -> None:
    """Gives a network read from an exported file true batch-norm statistics, its answers unchanged.

    Each norm's mean and variance are measured on `pixels`, then its scale and shift are set to undo them.
    """
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    sums: dict[nn.BatchNorm2d, list[torch.Tensor]] = {norm: [] for norm in norms}

    def watch(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = inputs[0].detach()
        sums[norm].append(torch.stack([x.mean((0, 2, 3)), (x * x).mean((0, 2, 3))]))  # type: ignore[index]

    hooks = [norm.register_forward_pre_hook(watch) for norm in norms]
    model.eval()
    with torch.no_grad():
        for batch in pixels:
            model(batch)
        for norm in norms:
            mean, square = torch.stack(sums[norm]).mean(0)
            norm.running_mean.copy_(mean)  # type: ignore[union-attr]
            variance = (square - mean * mean).clamp_min(1e-6)
            norm.running_var.copy_(variance)  # type: ignore[union-attr]
            norm.weight.copy_(torch.sqrt(variance + norm.eps))
            norm.bias.add_(mean)
    for hook in hooks:
        hook.remove()


def training_sources(path: Path) -> list[str]:
    """The sources a checkpoint was trained on."""
    return list(torch.load(path, weights_only=True)["sources"])
