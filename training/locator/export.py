"""Writes the shipped ONNX files from a checkpoint, and reads them again.

The files keep weights as float16 initialisers, each followed by a Cast to float32, so that they are small and every
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
from torch import Tensor, nn

from .model import HINTED, TAPPED, Locator, fold, norms

OPSET = 17
#: the graphs that are shipped
PARTS = ("encoder", "hints", "decoder")


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


class _Part(nn.Module):
    """One of the graphs that are shipped: what of the network it computes."""

    def __init__(self, model: Locator) -> None:
        super().__init__()
        self.model = model


class _Encoder(_Part):
    def forward(self, pixels: Tensor) -> list[Tensor]:
        maps: list[Tensor] = self.model.encoder(pixels)
        return maps


class _Hints(_Part):
    def forward(self, hints: Tensor) -> list[Tensor]:
        return self.model.say(hints)


class _Decoder(_Part):
    def forward(self, *inputs: Tensor) -> Tensor | list[Tensor]:
        return self.model.decode(list(inputs[: len(TAPPED)]), list(inputs[len(TAPPED) :]))


def _written(part: _Part, inputs: dict[str, Tensor], outputs: list[str], notes: dict[str, str]) -> bytes:
    part.eval()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but needs no further package and keeps the weights' names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part,
            tuple(inputs.values()),
            buffer,
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
        )
    proto = onnx.load_from_string(buffer.getvalue())
    halve(proto.graph)
    with torch.no_grad():
        answers = part(*inputs.values())
    # the exporter leaves shapes behind a padding open
    for output, answer in zip(proto.graph.output, answers if isinstance(answers, list) else [answers], strict=True):
        shape = helper.make_tensor_type_proto(TensorProto.FLOAT, list(answer.shape))
        output.type.CopyFrom(shape)
    proto.producer_name, proto.producer_version, proto.doc_string = "gigamatte", "", ""
    helper.set_model_props(proto, notes)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


def between(model: Locator, other: Locator, share: float) -> Locator:
    """A network whose weights lie at ``share`` of the way from ``other`` to ``model``, its norms folded away.

    Where one was trained further from the other, the way between often answers better than both, on what the further
    training changed little as well (Wortsman et al., 2022, "Robust fine-tuning of zero-shot models").
    """
    found, start = copy.deepcopy(model), copy.deepcopy(other)
    for network in (found, start):
        fold(network.to(memory_format=torch.contiguous_format))
    with torch.no_grad():
        for value, begin in zip(found.parameters(), start.parameters(), strict=True):
            value.copy_(begin + share * (value - begin))
    return found


def export(model: Locator, folder: Path, size: int, notes: dict[str, str]) -> None:
    """Writes the three graphs, `locator-*.onnx`, into `folder`, for pixels (1, 3, size, size).

    encoder: `pixels` -> `map2` … `map32`; hints: `hints` (1, 3, size, size) -> `said32` … `said4`, which are added in
    the decoder (zeros where nothing was said); decoder: maps and said -> `logits` (1, 1, size, size).
    """
    folded = fold(copy.deepcopy(model).to(memory_format=torch.contiguous_format))
    notes = {"name": "locator", "size": str(size), "output": "logits", **notes}
    pixels = torch.zeros(1, 3, size, size)
    with torch.no_grad():
        maps, said = folded.encoder(pixels), folded.say(pixels)
    maps_by_name = {f"map{2 << at}": value for at, value in enumerate(maps)}
    said_by_name = {f"said{stride}": value for stride, value in zip(HINTED, said, strict=True)}
    parts = {
        "encoder": _written(_Encoder(folded), {"pixels": pixels}, list(maps_by_name), notes),
        "hints": _written(_Hints(folded), {"hints": pixels}, list(said_by_name), notes),
        "decoder": _written(_Decoder(folded), maps_by_name | said_by_name, ["logits"], notes),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in parts.items():
        (folder / f"locator-{name}.onnx").write_bytes(data)


def read_weights(path: Path) -> tuple[Locator, int]:
    """The network in a checkpoint (its running average) or an exported folder, and the pictures it was shown."""
    model = Locator()
    if path.is_file():
        state = torch.load(path, weights_only=True, map_location="cpu")
        running = {
            name: value.float() if value.is_floating_point() else value for name, value in state["running"].items()
        }
        model.load_state_dict(running)
        return model, int(state["seen"])
    arrays: dict[str, np.ndarray] = {}
    pictures = "0"
    for name in PARTS:
        proto = onnx.load(str(path / f"locator-{name}.onnx"))
        arrays |= {
            i.name.removesuffix(".half").removeprefix("model."): numpy_helper.to_array(i)
            for i in proto.graph.initializer
        }
        pictures = next((p.value for p in proto.metadata_props if p.key == "pictures"), pictures)
    folded = {name: (holder, norm) for name, holder, _, norm in norms(model)}
    with torch.no_grad():
        for name, module in model.named_modules():
            # the side outputs only serve training: no file has them
            if not isinstance(module, nn.Conv2d) or name.startswith("side"):
                continue
            key = name.removesuffix(".0") if name.removesuffix(".0") in folded else name
            weight = next((arrays[f"{n}.weight"] for n in (name, key) if f"{n}.weight" in arrays), None)
            if weight is None:
                raise ValueError(f"{path} was not exported by this program: it lacks the weights of {name!r}")
            bias = torch.tensor(
                next(arrays[f"{n}.bias"] for n in (name, key) if f"{n}.bias" in arrays).astype(np.float32)
            )
            module.weight.copy_(torch.tensor(weight.astype(np.float32)))
            if module.bias is not None:
                module.bias.copy_(bias)
                continue
            # the norm after it was folded away: begin with one that only adds the bias
            holder, norm_name = folded[key]
            norm = getattr(holder, norm_name)
            norm.weight.fill_(float(np.sqrt(1 + norm.eps)))
            norm.bias.copy_(bias)
    return model, int(pictures)


def settle(model: Locator, pixels: list[torch.Tensor]) -> None:
    """Gives a network read from an exported file true batch-norm statistics, its answers unchanged.

    Each norm's mean and variance are measured on `pixels`, then its scale and shift are set to undo them.
    """
    every = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    sums: dict[nn.BatchNorm2d, list[torch.Tensor]] = {norm: [] for norm in every}

    def watch(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = inputs[0].detach()
        sums[norm].append(torch.stack([x.mean((0, 2, 3)), (x * x).mean((0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(watch) for norm in every]
    model.eval()
    with torch.no_grad():
        for batch in pixels:
            model(batch)
        for norm in every:
            mean, square = torch.stack(sums[norm]).mean(0)
            norm.running_mean.copy_(mean)
            variance = (square - mean * mean).clamp_min(1e-6)
            norm.running_var.copy_(variance)
            norm.weight.copy_(torch.sqrt(variance + norm.eps))
            norm.bias.add_(mean)
    for hook in hooks:
        hook.remove()


def training_sources(path: Path) -> list[str]:
    """The sources a checkpoint was trained on."""
    return list(torch.load(path, weights_only=True)["sources"])
