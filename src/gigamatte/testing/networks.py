"""Networks small enough to make in a test, which still tell a subject from its background."""

from __future__ import annotations

import io

import numpy as np

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
