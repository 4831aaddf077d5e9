"""The Swin transformer (Liu et al. 2021), version 1, as encoders use it: feature maps of 1/4 … 1/32."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from gigamatte.network.build.graph import Map
from gigamatte.network.build.layers import Layers

_PATCH = 4
#: added to the scores of pixels that were not neighbours before the shift
_APART = -100.0


@dataclass(frozen=True)
class Swin:
    """The numbers in which one Swin differs from another."""

    name: str
    embed: int
    depths: tuple[int, int, int, int]
    heads: tuple[int, int, int, int]
    window: int


SWIN_L = Swin("swin-l", 192, (2, 2, 18, 2), (6, 12, 24, 48), 12)
#: FeyNobg's: six blocks more in the third stage
SWIN_L24 = Swin("swin-l24", 192, (2, 2, 24, 2), (6, 12, 24, 48), 12)
#: BEN2's
SWIN_B = Swin("swin-b", 128, (2, 2, 18, 2), (4, 8, 16, 32), 12)
SWIN_T = Swin("swin-t", 96, (2, 2, 6, 2), (3, 6, 12, 24), 7)


@dataclass(frozen=True)
class _Tokens:
    """Feature maps as the transformer sees them: the name of a (count·height·width, channels) tensor."""

    name: str
    height: int
    width: int
    channels: int
    count: int


def swin(net: Layers, prefix: str, kind: Swin, image: Map, *, embedding: bool = False) -> list[Map]:
    """The four feature maps of an image, or of several at once; before them its ``embedding`` where it is asked for."""
    x = _patch_embed(net, f"{prefix}.patch_embed", kind, image)
    maps = [_to_map(net, x.name, x)] if embedding else []
    for stage, (depth, heads) in enumerate(zip(kind.depths, kind.heads, strict=True)):
        for block in range(depth):
            # every second block shifts its windows by half, so that neighbours across a border meet
            shift = kind.window // 2 if block % 2 else 0
            x = _block(net, f"{prefix}.layers.{stage}.blocks.{block}", x, heads, kind.window, shift)
        maps.append(_to_map(net, net.layer_norm(x.name, f"{prefix}.norm{stage}", x.channels), x))
        if stage < 3:
            x = _merge(net, f"{prefix}.layers.{stage}.downsample", x)
    return maps


def _patch_embed(net: Layers, prefix: str, kind: Swin, image: Map) -> _Tokens:
    weight = net.weight(f"{prefix}.proj.weight", kind.embed, 3, _PATCH, _PATCH)
    bias = net.weight(f"{prefix}.proj.bias", kind.embed)
    patches = net.graph.op("Conv", image.name, weight, bias, strides=[_PATCH, _PATCH], kernel_shape=[_PATCH, _PATCH])
    height, width, count = image.height // _PATCH, image.width // _PATCH, image.count
    rows = net.graph.op("Transpose", net.graph.reshape(patches, count, kind.embed, height * width), perm=[0, 2, 1])
    rows = net.graph.reshape(rows, count * height * width, kind.embed)
    return _Tokens(net.layer_norm(rows, f"{prefix}.norm", kind.embed), height, width, kind.embed, count)


def _to_map(net: Layers, name: str, x: _Tokens) -> Map:
    pictures = net.graph.reshape(name, x.count, x.height * x.width, x.channels)
    channels_first = net.graph.op("Transpose", pictures, perm=[0, 2, 1])
    shaped = net.graph.reshape(channels_first, x.count, x.channels, x.height, x.width)
    return Map(shaped, x.channels, x.height, x.width, x.count)


def _merge(net: Layers, prefix: str, x: _Tokens) -> _Tokens:
    """Four neighbours become one pixel of twice the channels."""
    graph, half_h, half_w, c = net.graph, x.height // 2, x.width // 2, x.channels
    # pictures stand one below the other: heights are even, so that no neighbour is of another one
    grid = graph.reshape(x.name, x.count * half_h, 2, half_w, 2, c)
    # neighbours in the order (row, column) = (0,0), (1,0), (0,1), (1,1): the column is the slower index
    stacked = graph.reshape(graph.op("Transpose", grid, perm=[0, 2, 3, 1, 4]), x.count * half_h * half_w, 4 * c)
    normal = net.layer_norm(stacked, f"{prefix}.norm", 4 * c)
    reduced = net.linear(normal, f"{prefix}.reduction", 4 * c, 2 * c, bias=False)
    return _Tokens(reduced, half_h, half_w, 2 * c, x.count)


def _block(net: Layers, prefix: str, x: _Tokens, heads: int, window: int, shift: int) -> _Tokens:
    graph, c = net.graph, x.channels
    attended = _attention(net, f"{prefix}.attn", net.layer_norm(x.name, f"{prefix}.norm1", c), x, heads, window, shift)
    sum1 = graph.op("Add", x.name, attended)
    hidden = net.linear(net.layer_norm(sum1, f"{prefix}.norm2", c), f"{prefix}.mlp.fc1", c, 4 * c)
    mlp = net.linear(graph.op("Gelu", hidden), f"{prefix}.mlp.fc2", 4 * c, c)
    return replace(x, name=graph.op("Add", sum1, mlp))


def _attention(net: Layers, prefix: str, normal: str, x: _Tokens, heads: int, window: int, shift: int) -> str:
    """Self-attention in windows; ``normal`` is ``x`` after its norm. Both are (count·height·width, channels)."""
    graph, c, area = net.graph, x.channels, window * window
    rows, columns = -(-x.height // window), -(-x.width // window)
    count, per_head = x.count * rows * columns, c // heads

    grid = graph.reshape(normal, x.count, x.height, x.width, c)
    # padding follows the norm, so the pads are true zeros; they take part in the attention, as in training
    pad = [0, 0, 0, 0, 0, rows * window - x.height, columns * window - x.width, 0]
    grid = graph.op("Pad", grid, graph.constant(pad)) if any(pad) else grid
    grid = _roll(net, grid, -shift, (rows * window, columns * window))
    cells = graph.reshape(grid, x.count * rows, window, columns, window, c)
    windows = graph.op("Transpose", cells, perm=[0, 2, 1, 3, 4])

    qkv = net.linear(graph.reshape(windows, count * area, c), f"{prefix}.qkv", c, 3 * c)
    qkv = graph.op("Transpose", graph.reshape(qkv, count, area, 3, heads, per_head), perm=[2, 0, 3, 1, 4])
    q, k, v = (graph.op("Gather", qkv, graph.constant(part), axis=0) for part in range(3))

    q = graph.op("Mul", q, graph.constant(per_head**-0.5))
    scores = graph.op("MatMul", q, graph.op("Transpose", k, perm=[0, 1, 3, 2]))
    scores = graph.op("Add", scores, _position_bias(net, prefix, heads, window))
    if shift:
        scores = graph.op("Add", scores, _shift_mask(net, x.count, rows, columns, window, shift))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), v)
    mixed = graph.reshape(graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), count * area, c)
    mixed = net.linear(mixed, f"{prefix}.proj", c, c)

    cells = graph.reshape(mixed, x.count * rows, columns, window, window, c)
    grid = graph.op("Transpose", cells, perm=[0, 2, 1, 3, 4])
    grid = graph.reshape(grid, x.count, rows * window, columns * window, c)
    grid = _roll(net, grid, shift, (rows * window, columns * window))
    if any(pad):
        grid = _slice(net, _slice(net, grid, 1, 0, x.height), 2, 0, x.width)
    return graph.reshape(grid, x.count * x.height * x.width, c)


def _slice(net: Layers, name: str, axis: int, start: int, end: int) -> str:
    constant = net.graph.constant
    return net.graph.op("Slice", name, constant([start]), constant([end]), constant([axis]))


def _roll(net: Layers, name: str, by: int, sizes: tuple[int, int]) -> str:
    """Move rows and columns by ``by``; what leaves on one side enters on the other."""
    if by == 0:
        return name
    for axis, size in enumerate(sizes, start=1):
        cut = -by % size
        name = net.graph.op("Concat", _slice(net, name, axis, cut, size), _slice(net, name, axis, 0, cut), axis=axis)
    return name


def _position_bias(net: Layers, prefix: str, heads: int, window: int) -> str:
    """Learned bias of every pair of pixels in a window by their distance: (heads, area, area)."""
    table = net.weight(f"{prefix}.relative_position_bias_table", (2 * window - 1) ** 2, heads)
    by_head = net.graph.op("Transpose", table, perm=[1, 0])
    return net.graph.op("Gather", by_head, net.graph.constant(_pair_index(window)), axis=1)


def _pair_index(window: int) -> NDArray[np.int64]:
    """Row of the bias table for every pair of pixels of a window: (area, area)."""
    at = np.indices((window, window)).reshape(2, -1)
    rows, columns = at[:, :, None] - at[:, None, :] + window - 1
    return np.asarray(rows * (2 * window - 1) + columns, np.int64)


def _shift_mask(net: Layers, count: int, rows: int, columns: int, window: int, shift: int) -> str:
    """(count·windows, 1, area, area): 0 where both pixels were neighbours before the shift, −100 elsewhere.

    Only the region numbers are stored; runtimes compute the mask once, when they load the network.
    """
    graph, area = net.graph, window * window
    region = _regions(rows * window, window, shift)[:, None] * 3 + _regions(columns * window, window, shift)[None]
    ids = region.reshape(rows, window, columns, window).transpose(0, 2, 1, 3).reshape(rows * columns, 1, area)
    ids = np.tile(ids, (count, 1, 1))
    same = graph.op("Equal", graph.constant(ids[..., None]), graph.constant(ids[:, :, None, :]))
    apart = graph.op("Not", same)
    return graph.op("Mul", graph.op("Cast", apart, to=TensorProto.FLOAT), graph.constant(_APART))


def _regions(size: int, window: int, shift: int) -> NDArray[np.int64]:
    """0, 1 or 2 along one axis: before the last window, in it, and what was rolled in from the other side."""
    at = np.arange(size)
    return np.asarray((at >= size - window).astype(np.int64) + (at >= size - shift), np.int64)
