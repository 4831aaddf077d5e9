"""The attention of BEN2's decoder, between the whole picture and its four quarters (MVANet: Yu et al. 2024).

A map with ``count`` 5 holds the quarters, row by row, and then the whole picture at half size. Every attention has one
head. Tokens are the pixels of a map, row by row.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gigamatte.network.build.graph import Map
from gigamatte.network.build.layers import Layers

QUARTERS = 4
#: values of one block of scores: queries are taken so many at a time that a block has no more (64 MB)
_SCORES = 1 << 24
#: of its position's sines: Vaswani et al. 2017
_TEMPERATURE = 10_000.0
#: how much smaller the keys are than the map that they are averaged from
_WHOLE_POOLS, _QUARTER_POOLS = (1, 4, 8), (2, 4, 8)


def between_views(net: Layers, prefix: str, views: Map) -> Map:
    """The whole learns from the quarters put together, then each quarter from its part of the whole."""
    graph, c, (h, w) = net.graph, views.channels, (views.height, views.width)
    quarters, whole = _taken(net, views, 0, QUARTERS), _taken(net, views, QUARTERS, QUARTERS + 1)

    put_together = merged(net, quarters)
    pools = [_pooled(net, put_together, h // ratio, w // ratio) for ratio in _WHOLE_POOLS]
    values = graph.op("Concat", *(_rows(net, pool) for pool in pools), axis=0)
    places = np.concatenate([_places(pool.height, pool.width, c) for pool in pools])
    keys = graph.op("Add", values, graph.constant(places))
    tokens = _rows(net, whole)
    queries = graph.op("Add", tokens, graph.constant(_places(h, w, c)))
    seen = _attention(net, f"{prefix}.attention.0", c, queries, h * w, keys, values, len(places))
    tokens = _renewed(net, prefix, c, graph.op("Add", tokens, seen), ("linear1", "linear2"))

    parts = divided(net, replace(whole, name=_as_maps(net, tokens, 1, c, h, w)))
    own, theirs = _tokens(net, quarters), _tokens(net, parts)
    seen = _each(net, prefix, c, own, h * w, theirs, h * w // QUARTERS, first=1)
    stacked = graph.reshape(graph.op("Add", own, seen), QUARTERS * h * w, c)
    stacked = _renewed(net, prefix, c, stacked, ("linear3", "linear4"))
    both = graph.op("Concat", stacked, tokens, axis=0)
    return replace(views, name=_as_maps(net, both, QUARTERS + 1, c, h, w))


def within_views(net: Layers, prefix: str, views: Map) -> Map:
    """The quarters learn from their parts of the whole, then it from them; first they are weighed by its salience."""
    graph, c, (h, w) = net.graph, views.channels, (views.height, views.width)
    quarters, whole = _taken(net, views, 0, QUARTERS), _taken(net, views, QUARTERS, QUARTERS + 1)

    salient = net.conv(whole, f"{prefix}.sal_conv", 1, 1)
    salient = divided(net, replace(salient, name=graph.op("Sigmoid", salient.name)))
    quarters = replace(quarters, name=graph.op("Mul", quarters.name, net.doubled(salient).name))

    parts = divided(net, whole)
    pools = [_pooled(net, parts, h // ratio, w // ratio) for ratio in _QUARTER_POOLS]
    keys = graph.op("Concat", *(_tokens(net, pool) for pool in pools), axis=1)
    count = sum(pool.height * pool.width for pool in pools)
    own = _tokens(net, quarters)
    seen = _each(net, prefix, c, own, h * w, keys, count, first=0)
    stacked = graph.reshape(graph.op("Add", own, seen), QUARTERS * h * w, c)
    stacked = _renewed(net, prefix, c, stacked, ("linear3", "linear4"))
    quarters = replace(quarters, name=_as_maps(net, stacked, QUARTERS, c, h, w))

    # of their picture, which is twice as large, every second pixel
    ends = (graph.constant([0, 0]), graph.constant([h, w]), graph.constant([2, 3]), graph.constant([2, 2]))
    thinned = replace(quarters, name=graph.op("Slice", quarters.name, *ends), height=h // 2, width=w // 2)
    whole = net.add(whole, merged(net, thinned))
    return replace(views, name=graph.op("Concat", quarters.name, whole.name, axis=0))


def merged(net: Layers, quarters: Map) -> Map:
    """The picture whose quarters these are."""
    c, h, w = quarters.channels, quarters.height, quarters.width
    cells = net.graph.reshape(quarters.name, 2, 2, c, h, w)
    name = net.graph.reshape(net.graph.op("Transpose", cells, perm=[2, 0, 3, 1, 4]), 1, c, 2 * h, 2 * w)
    return Map(name, c, 2 * h, 2 * w)


def divided(net: Layers, whole: Map) -> Map:
    """The four quarters of a picture, row by row."""
    c, h, w = whole.channels, whole.height // 2, whole.width // 2
    cells = net.graph.reshape(whole.name, c, 2, h, 2, w)
    name = net.graph.reshape(net.graph.op("Transpose", cells, perm=[1, 3, 0, 2, 4]), QUARTERS, c, h, w)
    return Map(name, c, h, w, QUARTERS)


def _taken(net: Layers, x: Map, start: int, end: int) -> Map:
    constant = net.graph.constant
    name = net.graph.op("Slice", x.name, constant([start]), constant([end]), constant([0]))
    return replace(x, name=name, count=end - start)


def _pooled(net: Layers, x: Map, height: int, width: int) -> Map:
    """Means of equal cells; sides divide without a rest."""
    down, across = x.height // height, x.width // width
    if down == across == 1:
        return x
    name = net.graph.op("AveragePool", x.name, kernel_shape=[down, across], strides=[down, across])
    return replace(x, name=name, height=height, width=width)


def _tokens(net: Layers, x: Map) -> str:
    """(count, height·width, channels)."""
    flat = net.graph.reshape(x.name, x.count, x.channels, x.height * x.width)
    return net.graph.op("Transpose", flat, perm=[0, 2, 1])


def _rows(net: Layers, x: Map) -> str:
    """(height·width, channels) of one picture."""
    return net.graph.reshape(_tokens(net, x), x.height * x.width, x.channels)


def _as_maps(net: Layers, rows: str, count: int, c: int, h: int, w: int) -> str:
    channels_first = net.graph.op("Transpose", net.graph.reshape(rows, count, h * w, c), perm=[0, 2, 1])
    return net.graph.reshape(channels_first, count, c, h, w)


def _renewed(net: Layers, prefix: str, c: int, rows: str, names: tuple[str, str]) -> str:
    """Norm, two layers beside what they add to, norm. (rows, c) → (rows, c)."""
    rows = net.layer_norm(rows, f"{prefix}.norm1", c)
    hidden = net.graph.op("Gelu", net.linear(rows, f"{prefix}.{names[0]}", c, 2 * c))
    rows = net.graph.op("Add", rows, net.linear(hidden, f"{prefix}.{names[1]}", 2 * c, c))
    return net.layer_norm(rows, f"{prefix}.norm2", c)


def _each(net: Layers, prefix: str, c: int, own: str, queries: int, theirs: str, keys: int, *, first: int) -> str:
    """Attention of every quarter with weights of its own: (4, queries, c) and (4, keys, c) → (4, queries, c)."""
    graph = net.graph
    answers = []
    for quarter in range(QUARTERS):
        q, k = (graph.op("Gather", tokens, graph.constant(quarter), axis=0) for tokens in (own, theirs))
        seen = _attention(net, f"{prefix}.attention.{first + quarter}", c, q, queries, k, k, keys)
        answers.append(graph.reshape(seen, 1, queries, c))
    return graph.op("Concat", *answers, axis=0)


def _attention(
    net: Layers, prefix: str, c: int, query: str, queries: int, key: str, value: str, keys: int
) -> str:  # fmt: skip
    """softmax(q·kᵀ/√c)·v of one head, between linear layers: (queries, c) from (queries, c) and (keys, c)."""
    graph = net.graph
    q, k, v = (_projected(net, prefix, c, tokens, part) for part, tokens in enumerate((query, key, value)))
    q = graph.op("Mul", q, graph.constant(c**-0.5))
    k = graph.op("Transpose", k, perm=[1, 0])
    step = max(1, _SCORES // keys)
    mixed = []
    for start in range(0, queries, step):
        ends = (graph.constant([start]), graph.constant([min(start + step, queries)]), graph.constant([0]))
        rows = q if step >= queries else graph.op("Slice", q, *ends)
        mixed.append(graph.op("MatMul", graph.op("Softmax", graph.op("MatMul", rows, k), axis=-1), v))
    whole = mixed[0] if len(mixed) == 1 else graph.op("Concat", *mixed, axis=0)
    return net.linear(whole, f"{prefix}.out_proj", c, c)


def _projected(net: Layers, prefix: str, c: int, tokens: str, part: int) -> str:
    """Query, key or value (0, 1, 2): one tensor holds the weights of all three, one below the other."""

    def third(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[part * c : (part + 1) * c]

    weight = net.derived(f"{prefix}.{part}.weight", (c, c), {f"{prefix}.in_proj_weight": (3 * c, c)}, third)
    bias = net.derived(f"{prefix}.{part}.bias", (c,), {f"{prefix}.in_proj_bias": (3 * c,)}, third)
    return net.graph.op("Gemm", tokens, weight, bias, transB=1)


def _places(height: int, width: int, channels: int) -> NDArray[np.float32]:
    """(height·width, channels): sines and cosines of a pixel's row, then of its column, each 0…2π over the map."""
    half = channels // 2
    waves = _TEMPERATURE ** (2 * (np.arange(half) // 2) / half)

    def along(count: int) -> NDArray[np.float64]:
        angles = (np.arange(count)[:, None] + 0.5) / (count + 1e-6) * 2 * np.pi / waves
        angles[:, 0::2], angles[:, 1::2] = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
        return angles

    rows = np.broadcast_to(along(height)[:, None], (height, width, half))
    columns = np.broadcast_to(along(width)[None], (height, width, half))
    return np.concatenate([rows, columns], axis=-1).reshape(height * width, channels).astype(np.float32)
