"""Layers by the names of their published weights: each method reads ``prefix.weight`` … and adds ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import WeightsRefused
from gigamatte.network.build.graph import Graph, Map

#: ends of the names of what follows from the architecture
_FOLLOWS = (".num_batches_tracked", ".relative_position_index", ".attn_mask")


class Weights(Protocol):
    """A state dict that is read one tensor at a time."""

    def names(self) -> list[str]: ...  # noqa: D102

    def describe(self, key: str) -> tuple[tuple[int, ...], str]:
        """(shape, NumPy dtype name) of a tensor, without loading it."""
        ...

    def load(self, key: str) -> NDArray[Any]:
        """The tensor, in the shape and type that ``describe`` gives."""
        ...


class Layers:
    """Adds layers to a graph and remembers which weights were used.

    ``dtype`` float16 or float32 is how floating weights are stored; None keeps what the file has.
    """

    def __init__(self, graph: Graph, weights: Weights, dtype: str | None = None) -> None:
        self.graph = graph
        self.used: set[str] = set()
        self._weights = weights
        self._known = set(weights.names())
        self._dtype = dtype

    def weight(self, key: str, *shape: int, change: Callable[[NDArray[Any]], NDArray[Any]] | None = None) -> str:
        """The weight ``key``, which must have this shape; ``change`` is applied when it is stored."""
        dtype = self._checked(key, shape)

        def load() -> NDArray[Any]:
            values = self._weights.load(key)
            return values if change is None else change(values)

        return self.graph.weight(key, shape, self._dtype or dtype, load)

    def derived(
        self, name: str, shape: tuple[int, ...], parts: dict[str, tuple[int, ...]], compute: Callable[..., NDArray[Any]]
    ) -> str:
        """A float32 weight computed from others (key → shape), which reach ``compute`` in order as float64."""
        for key, expected in parts.items():
            self._checked(key, expected)
        return self.graph.weight(
            name, shape, "float32", lambda: compute(*(self._weights.load(key).astype(np.float64) for key in parts))
        )

    def _checked(self, key: str, shape: tuple[int, ...]) -> str:
        """The dtype of a weight that is there and has this shape. Raises WeightsRefused."""
        if key not in self._known:
            raise WeightsRefused(f"the weight {key} is missing", "is this the checkpoint that the card names?")
        found, dtype = self._weights.describe(key)
        if found != shape:
            raise WeightsRefused(f"the weight {key} should have shape {list(shape)}, found {list(found)}")
        if dtype not in ("float16", "float32"):
            raise WeightsRefused(f"the weight {key} should be float16 or float32, found {dtype}")
        self.used.add(key)
        return dtype

    def refuse_unexpected(self, unused: tuple[str, ...]) -> None:
        """Raise WeightsRefused where a tensor was not used, but for those whose names begin with one of ``unused``."""
        left = [key for key in self._known - self.used if not key.startswith(unused) and not key.endswith(_FOLLOWS)]
        if left:
            more = f" and {len(left) - 1} more" if len(left) > 1 else ""
            raise WeightsRefused(f"the file holds a weight that this network has no use for: {sorted(left)[0]}{more}")

    def conv(
        self, x: Map, prefix: str, channels: int, kernel: int, *, bias: bool = True,
        change: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
    ) -> Map:  # fmt: skip
        """Convolution, stride 1, same size."""
        inputs = [x.name, self.weight(f"{prefix}.weight", channels, x.channels, kernel, kernel, change=change)]
        if bias:
            inputs.append(self.weight(f"{prefix}.bias", channels))
        name = self.graph.op("Conv", *inputs, pads=[kernel // 2] * 4, kernel_shape=[kernel, kernel])
        return replace(x, name=name, channels=channels)

    def deform_conv(self, x: Map, prefix: str, channels: int, kernel: int) -> Map:
        """Modulated deformable convolution (Zhu et al. 2019): each tap is moved by an offset and weighted by 2σ(m)."""
        offset = self.conv(x, f"{prefix}.offset_conv", 2 * kernel * kernel, kernel)
        strength = self.conv(x, f"{prefix}.modulator_conv", kernel * kernel, kernel)
        mask = self.graph.op("Mul", self.graph.op("Sigmoid", strength.name), self.graph.constant(2.0))
        weight = self.weight(f"{prefix}.regular_conv.weight", channels, x.channels, kernel, kernel)
        name = self.graph.op(
            "DeformConv", x.name, weight, offset.name, "", mask, pads=[kernel // 2] * 4, kernel_shape=[kernel, kernel]
        )
        return Map(name, channels, x.height, x.width)

    def batch_norm(self, x: Map, prefix: str) -> Map:
        """Batch normalisation with its stored statistics."""
        parts = [
            self.weight(f"{prefix}.{part}", x.channels) for part in ("weight", "bias", "running_mean", "running_var")
        ]
        return Map(self.graph.op("BatchNormalization", x.name, *parts, epsilon=1e-5), x.channels, x.height, x.width)

    def relu(self, x: Map) -> Map:
        """max(x, 0)."""
        return replace(x, name=self.graph.op("Relu", x.name))

    def gelu(self, x: Map) -> Map:
        """x·Φ(x), with the exact error function."""
        return replace(x, name=self.graph.op("Gelu", x.name))

    def instance_norm(self, x: Map) -> Map:
        """Each channel of each picture to mean 0 and variance 1; it has no weights."""
        scale, bias = (self.graph.constant(np.full(x.channels, value, np.float32)) for value in (1, 0))
        return replace(x, name=self.graph.op("InstanceNormalization", x.name, scale, bias, epsilon=1e-5))

    def layer_norm(self, x: str, prefix: str, channels: int) -> str:
        """Normalise the last axis."""
        scale, bias = self.weight(f"{prefix}.weight", channels), self.weight(f"{prefix}.bias", channels)
        return self.graph.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def linear(self, x: str, prefix: str, inputs: int, outputs: int, *, bias: bool = True) -> str:
        """(rows, inputs) → (rows, outputs)."""
        parts = [x, self.weight(f"{prefix}.weight", outputs, inputs)]
        if bias:
            parts.append(self.weight(f"{prefix}.bias", outputs))
        return self.graph.op("Gemm", *parts, transB=1)

    def resize(self, x: Map, height: int, width: int, *, aligned: bool = True) -> Map:
        """Bilinear, without antialiasing; corner pixels ``aligned``, or the pictures' edges."""
        if (x.height, x.width) == (height, width):
            return x
        sizes = self.graph.constant([x.count, x.channels, height, width])
        at = "align_corners" if aligned else "half_pixel"
        name = self.graph.op("Resize", x.name, "", "", sizes, mode="linear", coordinate_transformation_mode=at)
        return replace(x, name=name, height=height, width=width)

    def doubled(self, x: Map) -> Map:
        """Every pixel becomes four."""
        sizes = self.graph.constant([x.count, x.channels, 2 * x.height, 2 * x.width])
        name = self.graph.op(
            "Resize", x.name, "", "", sizes,
            mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        return replace(x, name=name, height=2 * x.height, width=2 * x.width)

    def concat(self, *maps: Map) -> Map:
        """Channels one after the other."""
        name = self.graph.op("Concat", *(x.name for x in maps), axis=1)
        return replace(maps[0], name=name, channels=sum(x.channels for x in maps))

    def add(self, a: Map, b: Map) -> Map:
        """Sum of two maps of one shape."""
        return replace(a, name=self.graph.op("Add", a.name, b.name))


def reorder_patches(grid: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Turn a convolution over image patches in the old channel order (column, row, colour) into the new one.

    Until November 2024 the decoder stacked its grid×grid patches by column, then row, then colour; since then by
    colour, row, column. Shapes are equal, so only the order of the input channels tells the two apart.
    """
    order = np.arange(grid * grid * 3).reshape(grid, grid, 3).transpose(2, 1, 0).ravel()
    return lambda weight: weight[:, order]
