"""Networks that people have as ONNX files, known by the names and shapes of what goes in and out of them.

A published file does not say how its pictures are to be normalised or what its values mean. Each entry says what its
authors' own code does; where programs that use the file differ, this is noted, and a warning tells it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gigamatte.errors import WeightsRefused
from gigamatte.network.cards.card import IMAGENET_MEAN, IMAGENET_STD, Output
from gigamatte.network.cards.onnx_header import FLOAT16, OnnxHeader, described

Triple = tuple[float, float, float]
HALF: Triple = (0.5, 0.5, 0.5)
ONE: Triple = (1.0, 1.0, 1.0)
NOUGHT: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Family:
    """How a family's input pictures are made and how its answers are read.

    ``mean`` and ``std`` apply to RGB in 0…1. ``output`` None: by the last operator, or by the values. ``size`` is the
    side it was trained at, for files whose sides are free; they become multiples of ``multiple``.
    """

    name: str
    fits: Callable[[OnnxHeader], bool]
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    output: Output | None = None
    size: int = 1024
    multiple: int = 64
    #: shown with its aspect kept, from the top left corner, black beside it
    letterbox: bool = False
    #: what is uncertain about this family
    note: str = ""


def _named(header: OnnxHeader, source: str, *answers: str) -> bool:
    return header.image_input == source and any(name in header.outputs for name in answers)


def _sides(header: OnnxHeader) -> tuple[int | None, ...]:
    return header.inputs[header.image_input][1][2:]


def _nested_u(header: OnnxHeader) -> bool:
    """Built as U²-Net and its descendants are: of convolutions, pooling, resizing and sigmoids alone."""
    others = {"MatMul", "Gemm", "Softmax", "LayerNormalization", "InstanceNormalization", "DeformConv", "Einsum"}
    convolves = bool({"Conv", "ConvInteger", "QLinearConv"} & header.operators)
    return convolves and {"MaxPool", "Concat", "Sigmoid"} <= header.operators and not header.operators & others


def _square(header: OnnxHeader, side: int) -> bool:
    return _sides(header) in ((side, side), (None, None))


FAMILIES = (
    Family(
        name="withoutBG", fits=lambda header: _named(header, "rgb", "alpha"),
        mean=NOUGHT, std=ONE, output="sigmoid", size=448, letterbox=True,
    ),
    Family(name="BiRefNet", fits=lambda header: _named(header, "input_image", "output_image")),
    Family(name="RMBG-2.0 or FeyNobg", fits=lambda header: _named(header, "pixel_values", "alphas", "logits")),
    Family(
        name="MODNet", fits=lambda header: _named(header, "input", "output")
        and {"InstanceNormalization", "Sigmoid"} <= header.operators,
        mean=HALF, std=HALF, output="sigmoid", size=512, multiple=32,
    ),
    Family(
        name="U²-Net", fits=lambda header: _nested_u(header) and len(header.outputs) == 7 and _square(header, 320),
        output="sigmoid", size=320, multiple=32,
    ),
    Family(
        name="RMBG-1.4", fits=lambda header: _nested_u(header) and _named(header, "input", "output")
        and _square(header, 1024),
        mean=HALF, std=ONE, output="sigmoid", multiple=32,
    ),
    Family(
        name="IS-Net", fits=lambda header: _nested_u(header) and _sides(header) == (1024, 1024),
        mean=HALF, std=ONE, output="sigmoid", multiple=32,
    ),
    Family(
        name="BEN2", fits=lambda header: _square(header, 1024) and header.dtype == "float32"
        and next(iter(header.outputs.values()))[0] == FLOAT16,
        note="its authors train with ImageNet's mean and deviation, and leave them out in their script for ONNX: "
        "--normalise 0/1 does as the script does",
    ),
)  # fmt: skip


def family_of(header: OnnxHeader) -> Family | None:
    """The family that a file belongs to, or None."""
    return next((family for family in FAMILIES if family.fits(header)), None)


def refuse_other_tasks(name: str, header: OnnxHeader) -> None:
    """Raise WeightsRefused for networks that answer another question than where the subject is, and say which."""
    inputs, outputs = header.inputs, header.outputs
    hint = "use a network that takes a photo and answers with its alpha"
    if "image_embeddings" in outputs or any(shape[1:] == (256, 64, 64) for _, shape in outputs.values()):
        raise WeightsRefused(f"{name} is the image encoder of SAM: it answers with features, not with an alpha", hint)
    if {"image_embeddings", "point_coords"} & set(inputs):
        raise WeightsRefused(f"{name} is the decoder of SAM: it needs points and features, not a picture", hint)
    if any(len(shape) == 4 and shape[1] == 4 for _, shape in inputs.values()):
        raise WeightsRefused(f"{name} takes 4 channels, as ViTMatte does: a picture and a trimap", hint)
    for source, (_, shape) in inputs.items():
        if len(shape) == 4 and shape[3] == 3 and shape[1] != 3:
            raise WeightsRefused(
                f"{name} takes its picture with the channels last (NHWC): {described({source: inputs[source]})}",
                "export it with the channels first: (1, 3, H, W)",
            )
        if len(shape) == 4 and shape[1] not in (3, None):
            raise WeightsRefused(f"{name} takes {shape[1]} channels, a network here takes 3 (RGB)")
        if len(shape) == 4 and (shape[0] or 1) > 1:
            raise WeightsRefused(
                f"{name} takes {shape[0]} pictures at once: {described({source: inputs[source]})}",
                "export it with a batch of 1, or with a free one",
            )
