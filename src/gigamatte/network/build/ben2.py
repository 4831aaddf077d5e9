"""BEN2's base network (Meyer & Spruyt 2025) as an ONNX graph, made from its published state dict, without PyTorch.

image → its four quarters and the whole at half size, together through one encoder → from coarse to fine, each level's
quarters and whole exchange what they see → the quarters put together → logits at the image's size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError
from gigamatte.network.build.ben2_attention import QUARTERS, between_views, divided, merged, within_views
from gigamatte.network.build.graph import Graph, Map
from gigamatte.network.build.layers import Layers, Weights
from gigamatte.network.build.swin import SWIN_B, swin
from gigamatte.types import Size

#: raise when the same weights give another graph: it is part of the key of cached graphs
BUILDER_VERSION = 1
#: below it the coarsest level's keys would be less than a pixel
MULTIPLE = 512

#: what only training needs
_UNUSED = ("sideout",)
_WIDTH = 128  # channels everywhere in the decoder
_INNER = 384
#: channels of the last layer that exist at full size at one time: 134 MB at 1024×1024
_GROUP = 32


def build(
    weights: Weights,
    size: Size,
    file: BinaryIO,
    *,
    dtype: str | None = None,
    metadata: dict[str, str] | None = None,
) -> None:
    """Write the network for one input size as ONNX: ``pixels`` (1, 3, H, W) normalised → ``logits`` (1, 1, H, W).

    ``size`` is a multiple of 512 both ways; the network was trained at 1024×1024. ``dtype`` float16 or float32 is how
    weights are stored (None: as they come); the graph computes in float32. Nothing is written unless every weight is
    there with the right shape. Raises UsageError, WeightsRefused.
    """
    if size.width % MULTIPLE or size.height % MULTIPLE:
        raise UsageError(f"BEN2 is built for sizes that are multiples of {MULTIPLE}, found {size}")
    net, image, logits = _assemble(weights, size, dtype)
    entries = {"output": "logits", "builder": f"ben2-{BUILDER_VERSION}", **(metadata or {})}
    net.graph.write(file, image, logits, "logits", entries)


def check(weights: Weights) -> None:
    """Raise WeightsRefused unless the state dict has exactly this network's tensors. None is loaded."""
    _assemble(weights, Size(MULTIPLE, MULTIPLE), None)


def _assemble(weights: Weights, size: Size, dtype: str | None) -> tuple[Layers, Map, Map]:
    net = Layers(Graph(), weights, dtype)
    image = Map("pixels", 3, size.height, size.width)
    logits = _network(net, image)
    net.refuse_unexpected(_UNUSED)
    return net, image, logits


def _network(net: Layers, image: Map) -> Map:
    levels = swin(net, "backbone", SWIN_B, _views(net, image), embedding=True)
    # finest first; the first two have one size
    e1, e2, e3, e4, e5 = (_block(net, f"output{number}.0", level) for number, level in enumerate(levels, start=1))
    x = between_views(net, "multifieldcrossatt", e5)
    for number, level in ((4, e4), (3, e3), (2, e2), (1, e1)):
        x = net.add(level, net.resize(x, level.height, level.width, aligned=False))
        x = within_views(net, f"dec_blk{number}", x)
        x = _block(net, f"conv{number}.0", x)
    return _head(net, image, x)


def _views(net: Layers, image: Map) -> Map:
    """The image's quarters, and the image at half their scale: five pictures of one size."""
    half = net.resize(image, image.height // 2, image.width // 2, aligned=False)
    quarters = divided(net, image)
    return replace(quarters, name=net.graph.op("Concat", quarters.name, half.name, axis=0), count=QUARTERS + 1)


def _block(net: Layers, prefix: str, x: Map, channels: int = _WIDTH) -> Map:
    return net.gelu(net.instance_norm(net.conv(x, prefix, channels, 3)))


def _head(net: Layers, image: Map, views: Map) -> Map:
    """Quarters and whole become one picture, which meets the image's own pixels twice on its way to full size."""
    constant, op = net.graph.constant, net.graph.op
    parts = replace(views, name=op("Slice", views.name, constant([0]), constant([QUARTERS]), constant([0])))
    whole = op("Slice", views.name, constant([QUARTERS]), constant([QUARTERS + 1]), constant([0]))
    x = merged(net, replace(parts, count=QUARTERS))
    x = net.add(x, net.resize(replace(views, name=whole, count=1), x.height, x.width, aligned=False))
    x = _block(net, "insmask_head.0", x, _INNER)
    x = _block(net, "insmask_head.3", x, _INNER)
    x = net.conv(x, "insmask_head.6", _WIDTH, 3)
    x = net.add(x, _shallow(net, image, 4))
    x = _block(net, "upsample1.0", net.doubled(x))
    x = net.add(x, _shallow(net, image, 2))
    return _last_layers(net, x)


def _shallow(net: Layers, image: Map, smaller: int) -> Map:
    """One convolution of the image, then bilinear to a half or a quarter, as one convolution.

    Between two pixels of the convolved image lies the sample's place, in both directions; the mean of four neighbours
    of a 3×3 convolution is a 4×4 convolution. So its 128 channels never exist at full size, where they are 537 MB.
    """

    def mean_of_four(w: NDArray[np.float64]) -> NDArray[np.float64]:
        wide = np.zeros((*w.shape[:2], 4, 4))
        for row in (0, 1):
            for column in (0, 1):
                wide[:, :, row : row + 3, column : column + 3] += w / 4
        return wide

    weight = net.derived(
        "shallow.mean", (_WIDTH, 3, 4, 4), {"shallow.0.weight": (_WIDTH, 3, 3, 3)}, mean_of_four
    )  # fmt: skip
    pads = [(4 - smaller) // 2] * 4
    bias = net.weight("shallow.0.bias", _WIDTH)
    name = net.graph.op("Conv", image.name, weight, bias, strides=[smaller] * 2, pads=pads, kernel_shape=[4, 4])
    return Map(name, _WIDTH, image.height // smaller, image.width // smaller)


def _last_layers(net: Layers, x: Map) -> Map:
    """Double ``x``; convolution, norm, GELU; convolution to one channel: the logits at twice the size of ``x``.

    The doubled picture is kept as its four phases, each of the size of ``x``: pixels of even and odd rows and columns.
    Where each pixel was doubled, a 3×3 convolution sees 2×2 different ones, so it takes four ninths of the work; norm
    and GELU treat each channel alone and in any order of pixels; and the last convolution sums over channels, so that
    a group of them at a time is enough.
    """
    graph, logits = net.graph, None
    for start in range(0, _WIDTH, _GROUP):
        hidden = graph.op("Concat", *(_phase(net, x, start, row, column) for row, column in _PHASES), axis=2)
        tall = net.gelu(net.instance_norm(Map(hidden, _GROUP, 4 * x.height, x.width)))
        cells = graph.reshape(tall.name, _GROUP, 4, x.height, x.width)
        stacked = graph.reshape(graph.op("Transpose", cells, perm=[1, 0, 2, 3]), 1, 4 * _GROUP, x.height, x.width)
        weight = _last_weight(net, start)
        part = graph.op("Conv", stacked, weight, pads=[1] * 4, kernel_shape=[3, 3])
        logits = part if logits is None else graph.op("Add", logits, part)
    bias = graph.reshape(net.weight("output.0.bias", 1), 1, 1, 1, 1)
    name = graph.op("Add", graph.op("DepthToSpace", logits or "", blocksize=2), bias)
    return Map(name, 1, 2 * x.height, 2 * x.width)


#: (row, column) of a pixel in its 2×2 cell
_PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))


def _phase(net: Layers, x: Map, start: int, row: int, column: int) -> str:
    """The pixels (row, column) of every cell of the doubled and convolved picture, channels from ``start``."""

    def seen(w: NDArray[np.float64]) -> NDArray[np.float64]:
        # taps that fall on the same pixel before doubling are added: 0|12 in even rows, 01|2 in odd ones
        w = w[start : start + _GROUP]
        w = np.stack([w[:, :, : 1 + row].sum(2), w[:, :, 1 + row :].sum(2)], axis=2)
        return np.stack([w[..., : 1 + column].sum(-1), w[..., 1 + column :].sum(-1)], axis=-1)

    shape, name = (_GROUP, _WIDTH, 2, 2), f"upsample2.{start}.{row}{column}"
    weight = net.derived(name, shape, {"upsample2.0.weight": (_WIDTH, _WIDTH, 3, 3)}, seen)
    bias = net.derived(
        f"upsample2.{start}.bias", (_GROUP,), {"upsample2.0.bias": (_WIDTH,)}, lambda b: b[start : start + _GROUP]
    )
    return net.graph.op("Conv", x.name, weight, bias, pads=[1 - row, 1 - column, row, column], kernel_shape=[2, 2])


def _last_weight(net: Layers, start: int) -> str:
    """The last convolution between phases: (4 phases out, 4 phases × channels from ``start`` in, 3, 3)."""

    def between(w: NDArray[np.float64]) -> NDArray[np.float64]:
        taps = np.zeros((4, 4, _GROUP, 3, 3))
        for out, (row, column) in enumerate(_PHASES):
            for down in range(3):
                for across in range(3):
                    # of the doubled picture, from this cell's corner: which cell, and which phase of it
                    (y, in_row), (x, in_column) = divmod(row + down - 1, 2), divmod(column + across - 1, 2)
                    seen = w[0, start : start + _GROUP, down, across]
                    taps[out, 2 * in_row + in_column, :, y + 1, x + 1] += seen
        return taps.reshape(4, 4 * _GROUP, 3, 3)

    return net.derived(
        f"output.{start}.weight", (4, 4 * _GROUP, 3, 3), {"output.0.weight": (1, _WIDTH, 3, 3)}, between
    )  # fmt: skip
