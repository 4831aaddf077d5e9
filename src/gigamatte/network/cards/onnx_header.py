"""The header of an ONNX file: inputs, outputs, metadata, and which of the outputs is the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gigamatte.errors import WeightsRefused

FLOAT, FLOAT16 = 1, 10
_FLOATS = (FLOAT, FLOAT16)

#: element type and shape; None where a side is free
Value = tuple[int, tuple[int | None, ...]]
#: operator and its attributes by name: numbers, texts, lists of numbers
Node = tuple[str, frozenset[tuple[str, int | str | tuple[int, ...]]]]


@dataclass(frozen=True)
class OnnxHeader:
    """Inputs and outputs by name with (element type, shape; None where free), metadata, opset, referenced files."""

    inputs: dict[str, Value]
    outputs: dict[str, Value]
    metadata: dict[str, str]
    opset: int
    operators: frozenset[str]
    #: the operator that computes each output, looking through those that only pass values on
    makers: dict[str, str]
    #: relative paths of the files that hold weights outside this one
    external: frozenset[str] = field(default_factory=frozenset)
    #: the kinds of nodes, with their attributes, about which runtimes differ
    kept: frozenset[Node] = field(default_factory=frozenset)

    @property
    def image_input(self) -> str:
        """Name of the one (N, C, H, W) input, float32 or float16. Raises WeightsRefused: there is none, or several."""
        fitting = [name for name, (kind, shape) in self.inputs.items() if kind in _FLOATS and len(shape) == 4]
        if len(fitting) != 1 or len(self.inputs) != 1:
            raise WeightsRefused(
                "a network file needs exactly one input of 4 axes (N, C, H, W), float32 or float16; "
                f"found {described(self.inputs)}"
            )
        return fitting[0]

    @property
    def dtype(self) -> str:
        """The type of the image input: float32 or float16."""
        return "float16" if self.inputs[self.image_input][0] == FLOAT16 else "float32"

    @property
    def answers(self) -> tuple[int, ...]:
        """Which outputs, by number, may be the alpha, the likeliest first; decided when it is run if they are several.

        The answer has one channel and the input's size; it need not be the first, because files also have side outputs
        and feature maps. An output whose known size is the input's comes first; of several, one called alpha, else the
        first.
        """
        sides = self.inputs[self.image_input][1][2:]
        outputs = list(self.outputs.items())
        floats = [number for number, (_, (kind, shape)) in enumerate(outputs) if kind in _FLOATS and len(shape) != 1]
        single = [number for number in floats if _channels(outputs[number][1][1]) in (1, None)] or floats or [0]
        named = sorted(single, key=lambda number: not outputs[number][0].startswith("alpha"))
        sizes = {number: outputs[number][1][1][-2:] for number in named}
        same = [number for number in named if sizes[number] == sides and None not in sides]
        untold = [number for number in named if len(sizes[number]) < 2 or None in sizes[number]]
        largest = sorted(named, key=lambda number: -math.prod(side or 1 for side in sizes[number]))
        return tuple(same[:1] or untold or largest[:1])

    @property
    def last_operator(self) -> str:
        """The operator that computes the answer, or what is likeliest to be it."""
        return list(self.makers.values())[self.answers[0]]


def described(values: dict[str, Value]) -> str:
    """Names, shapes and types of inputs or outputs, for people: ``x [1, 3, ?, ?] float16``."""
    kinds = {FLOAT: "", FLOAT16: " float16", 2: " uint8", 7: " int64", 11: " float64", 16: " bfloat16"}
    parts = []
    for name, (kind, shape) in values.items():
        sides = ", ".join("?" if side is None else str(side) for side in shape)
        parts.append(f"{name} [{sides}]{kinds.get(kind, f' of type {kind}')}")
    return ", ".join(parts) or "none"


def _channels(shape: tuple[int | None, ...]) -> int | None:
    """Channels of an answer: (N, C, H, W), or none at all in (N, H, W) and (H, W); None where it is not said."""
    if not shape:
        return None
    return shape[1] if len(shape) == 4 else 1
