"""Small ONNX files in the form of those that people have: names, shapes and operators, with weights of our own."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, FLOAT16 = TensorProto.FLOAT, TensorProto.FLOAT16
Sides = list[int | str | None]


def model(
    nodes: list[Any], inputs: dict[str, Any], outputs: dict[str, Any], weights: dict[str, np.ndarray] | None = None,
    *, metadata: dict[str, str] | None = None, opset: int = 19,
) -> bytes:  # fmt: skip
    """An ONNX file. ``inputs`` and ``outputs``: name → sides, or (element type, sides)."""

    def value(name: str, told: Any) -> Any:
        kind, sides = told if isinstance(told, tuple) else (FLOAT, told)
        return helper.make_tensor_value_info(name, kind, sides)

    graph = helper.make_graph(
        nodes, "g", [value(*pair) for pair in inputs.items()], [value(*pair) for pair in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    helper.set_model_props(made, metadata or {})
    return bytes(made.SerializeToString())


def redness(dtype: type = np.float32) -> np.ndarray:
    """Weights of a 1×1 convolution: how much redder than green a pixel is, ten times."""
    return np.array([10, -10, 0], dtype).reshape(1, 3, 1, 1)


def red_detector(
    source: str = "image", answer: str = "alpha", side: int | str = 64, *, sigmoid: bool = True,
    metadata: dict[str, str] | None = None,
) -> bytes:  # fmt: skip
    """The plainest network of all: (1, 3, side, side) → (1, 1, side, side)."""
    conv = helper.make_node("Conv", [source, "w"], ["raw" if sigmoid else answer])
    last = [helper.make_node("Sigmoid", ["raw"], [answer])] if sigmoid else []
    return model(
        [conv, *last], {source: [1, 3, side, side]}, {answer: [1, 1, side, side]}, {"w": redness()}, metadata=metadata
    )


def nested_u(source: str, answers: list[str], side: int) -> bytes:
    """Built of what U²-Net is built of; every answer is the same."""
    node = helper.make_node
    nodes = [
        node("Conv", [source, "w"], ["fine"]),
        node("MaxPool", ["fine"], ["coarse"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("Resize", ["coarse", "", "scales"], ["back"], mode="linear", coordinate_transformation_mode="half_pixel"),
        node("Concat", ["fine", "back"], ["both"], axis=1),
        node("Conv", ["both", "mean"], ["raw"]),
        *(node("Sigmoid", ["raw"], [answer]) for answer in answers),
    ]
    weights = {
        "w": redness(),
        "mean": np.full((1, 2, 1, 1), 0.5, np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    return model(nodes, {source: [1, 3, side, side]}, {answer: [1, 1, side, side] for answer in answers}, weights)
