"""Networks small enough to make in a test, which still tell a subject from its background."""

from __future__ import annotations

import io

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from gigamatte.network.build.graph import Graph, Map


def warm_colours(side: int) -> bytes:
    """An ONNX file: (1, 3, side, side) normalised pixels → opacity 0…1, high where red outweighs blue.

    Right for the photos of ``gigamatte.testing.photos``: a brown body before a bluish ground.
    """
    graph = Graph()
    weights = graph.constant(np.array([4.0, 0.0, -4.0], np.float32).reshape(1, 3, 1, 1))
    answer = graph.op("Sigmoid", graph.op("Conv", "pixels", weights))
    file = io.BytesIO()
    graph.write(file, Map("pixels", 3, side, side), Map(answer, 1, side, side), "alpha", {"output": "sigmoid"})
    return file.getvalue()


def smoothed_red(side: int, weights: tuple[float, float, float] = (1.5, 0.5, -1.5)) -> bytes:
    """An ONNX file: (1, 3, side, side) normalised pixels → opacity 0…1, high where what is red outweighs what is blue.

    Means of 9×9 pixels, weighted by ``weights`` of red, green and blue; of opset 17, which old runtimes read too.
    """
    weight = numpy_helper.from_array(np.array(weights, np.float32).reshape(1, 3, 1, 1), "w")
    nodes = [
        helper.make_node("AveragePool", ["x"], ["soft"], kernel_shape=[9, 9], pads=[4] * 4),
        helper.make_node("Conv", ["soft", "w"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["alpha"]),
    ]
    pixels, alpha = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, side, side])
        for name, channels in (("x", 3), ("alpha", 1))
    )
    graph = helper.make_graph(nodes, "red", [pixels], [alpha], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"output": "sigmoid", "licence": "Apache-2.0"})
    data: bytes = model.SerializeToString()
    return data
