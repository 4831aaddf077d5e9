"""The smallest network that tells whether a device works: one deformable convolution and a sigmoid."""

from __future__ import annotations

import io

import numpy as np

from gigamatte.network.build.graph import Graph, Map


def probe_network(*, seed: int = 0, metadata: dict[str, str] | None = None, free: bool = False) -> bytes:
    """An ONNX file: ``pixels`` (1, 3, 32, 32) → ``alpha`` (1, 1, 32, 32) in 0…1; ``free``: any N, H and W."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> str:
        return graph.constant(random.standard_normal(shape).astype(np.float32) / 3)

    graph = Graph()
    offsets = graph.op("Conv", "pixels", normal(18, 3, 3, 3), pads=[1, 1, 1, 1])
    strength = graph.op("Sigmoid", graph.op("Conv", "pixels", normal(9, 3, 3, 3), pads=[1, 1, 1, 1]))
    answer = graph.op(
        "DeformConv", "pixels", normal(1, 3, 3, 3), offsets, normal(1), strength, pads=[1, 1, 1, 1], kernel_shape=[3, 3]
    )
    side = 0 if free else 32
    alpha = Map(graph.op("Sigmoid", answer), 1, side, side)
    file = io.BytesIO()
    graph.write(file, Map("pixels", 3, side, side), alpha, "alpha", {"output": "sigmoid", **(metadata or {})})
    return file.getvalue()
