"""BiRefNet (Zheng et al. 2024) as an ONNX graph, made directly from a published state dict, without PyTorch.

image → encoder at full and at half size → squeeze → decoder, which sees patches of the image again at every scale
→ logits. RMBG-2.0 is the same network with other weights.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from gigamatte.errors import UsageError
from gigamatte.network.build.graph import Graph, Map
from gigamatte.network.build.layers import Layers, Weights, reorder_patches
from gigamatte.network.build.nobg import as_birefnet
from gigamatte.network.build.swin import SWIN_L, SWIN_L24, SWIN_T, Swin, swin
from gigamatte.network.cards.card import PatchOrder
from gigamatte.types import Size

#: raise when the same weights give another graph: it is part of the key of cached graphs
BUILDER_VERSION = 1
MULTIPLE = 64

#: what only training needs
_UNUSED = ("decoder.conv_ms_spvn_", "decoder.gdt_convs_pred_")

BACKBONES = {"birefnet-swin-l": SWIN_L, "birefnet-swin-l24": SWIN_L24, "birefnet-swin-t": SWIN_T}
_WIDTH = 64  # channels inside every decoder block


def build(
    weights: Weights,
    backbone: Swin,
    size: Size,
    patch_order: PatchOrder,
    file: BinaryIO,
    *,
    dtype: str | None = None,
    metadata: dict[str, str] | None = None,
) -> None:
    """Write the network for one input size as ONNX: ``pixels`` (1, 3, H, W) normalised → ``logits`` (1, 1, H, W).

    ``size`` is a multiple of 64 both ways. ``dtype`` float16 or float32 is how weights are stored (None: as they
    come); the graph computes in float32. Nothing is written unless every weight is there with the right shape.
    Raises UsageError, WeightsRefused.
    """
    if size.width % MULTIPLE or size.height % MULTIPLE:
        raise UsageError(f"BiRefNet is built for sizes that are multiples of {MULTIPLE}, found {size}")
    net, image, logits = _assemble(weights, backbone, size, patch_order, dtype)
    entries = {"output": "logits", "patch_order": patch_order, "builder": str(BUILDER_VERSION), **(metadata or {})}
    net.graph.write(file, image, logits, "logits", entries)


def check(weights: Weights, backbone: Swin) -> None:
    """Raise WeightsRefused unless the state dict has exactly this network's tensors. None is loaded."""
    _assemble(weights, backbone, Size(MULTIPLE, MULTIPLE), "new", None)


def _assemble(
    weights: Weights, backbone: Swin, size: Size, order: PatchOrder, dtype: str | None
) -> tuple[Layers, Map, Map]:
    weights = as_birefnet(weights)
    net = Layers(Graph(), weights, dtype)
    image = Map("pixels", 3, size.height, size.width)
    logits = _network(net, backbone, image, order)
    net.refuse_unexpected(_UNUSED)
    return net, image, logits


def _network(net: Layers, backbone: Swin, image: Map, order: PatchOrder) -> Map:
    x1, x2, x3, x4 = _encoder(net, backbone, image)
    smaller = [net.resize(x, x4.height, x4.width) for x in (x1, x2, x3)]
    x4 = _decoder_block(net, "squeeze_module.0", net.concat(*smaller, x4), x4.channels)
    return _decoder(net, image, (x1, x2, x3, x4), order)


def _encoder(net: Layers, backbone: Swin, image: Map) -> list[Map]:
    """Each level: the map of the image beside the map of the image at half size."""
    full = swin(net, "bb", backbone, image)
    half = swin(net, "bb", backbone, net.resize(image, image.height // 2, image.width // 2))
    return [net.concat(x, net.resize(small, x.height, x.width)) for x, small in zip(full, half, strict=True)]


def _decoder(net: Layers, image: Map, levels: tuple[Map, ...], order: PatchOrder) -> Map:
    """From 1/32 up to the image's size; ``levels`` are the encoder's maps, finest first."""
    x1, x2, x3, x4 = levels
    c = x1.channels
    x = x4
    # block, image patches seen there (block's name, channels), channels out, the next finer level
    for number, patches, seen, channels, finer in (
        (4, 5, c, 4 * c, x3),
        (3, 4, c, 2 * c, x2),
        (2, 3, c // 2, c, x1),
    ):
        x = net.concat(x, _image_patches(net, f"decoder.ipt_blk{patches}", image, x, seen, order))
        x = _decoder_block(net, f"decoder.decoder_block{number}", x, channels)
        x = _gradient_attention(net, number, x)
        lateral = net.conv(finer, f"decoder.lateral_block{number}.conv", finer.channels, 1)
        x = net.add(net.resize(x, finer.height, finer.width), lateral)
    x = net.concat(x, _image_patches(net, "decoder.ipt_blk2", image, x, c // 4, order))
    x = _decoder_block(net, "decoder.decoder_block1", x, c // 2)
    return _last_layer(net, image, x, c // 8)


def _last_layer(net: Layers, image: Map, x: Map, seen: int) -> Map:
    """Upsample ``x``, set the image beside it (``ipt_blk1``), mix all channels to one: the logits.

    Done in another order with the same result. Mixing commutes with upsampling, both being linear and the latter's
    weights summing to 1; and mixing after a convolution is a convolution. So one channel is upsampled instead of 192,
    and neither they nor the image's 48 ever exist at full size, where they would be a gigabyte at 1024×1024.
    """
    mix: dict[str, tuple[int, ...]] = {"decoder.conv_out1.0.weight": (1, x.channels + seen, 1, 1)}
    image_part = "decoder.ipt_blk1.conv_out"
    from_x = net.derived("mixed.x.weight", (1, x.channels, 1, 1), mix, lambda w: w[:, : x.channels])
    logits = net.resize(Map(net.graph.op("Conv", x.name, from_x), 1, x.height, x.width), image.height, image.width)

    parts = {**mix, f"{image_part}.weight": (seen, _WIDTH, 3, 3)}
    weight = net.derived(
        "mixed.image.weight", (1, _WIDTH, 3, 3), parts, lambda w, conv: np.tensordot(w[:, x.channels :, 0, 0], conv, 1)
    )
    parts = {**mix, f"{image_part}.bias": (seen,), "decoder.conv_out1.0.bias": (1,)}
    bias = net.derived("mixed.bias", (1,), parts, lambda w, conv, last: w[:, x.channels :, 0, 0] @ conv + last)
    hidden = net.conv(image, "decoder.ipt_blk1.conv1", _WIDTH, 3)
    name = net.graph.op("Conv", hidden.name, weight, bias, pads=[1] * 4, kernel_shape=[3, 3])
    return net.add(logits, Map(name, 1, image.height, image.width))


def _image_patches(net: Layers, prefix: str, image: Map, at: Map, channels: int, order: PatchOrder) -> Map:
    """The image cut into a grid of crops as large as ``at``, stacked as channels, through two convolutions."""
    grid = image.height // at.height
    cells = net.graph.reshape(image.name, 3, grid, at.height, grid, at.width)
    stacked = net.graph.op("Transpose", cells, perm=[0, 1, 3, 2, 4])
    count = 3 * grid * grid
    patches = Map(net.graph.reshape(stacked, 1, count, at.height, at.width), count, at.height, at.width)
    change = reorder_patches(grid) if order == "old" else None
    return net.conv(net.conv(patches, f"{prefix}.conv1", _WIDTH, 3, change=change), f"{prefix}.conv_out", channels, 3)


def _gradient_attention(net: Layers, number: int, x: Map) -> Map:
    """Weigh each pixel by how much it looks like an edge."""
    edges = net.conv(x, f"decoder.gdt_convs_{number}.0", 16, 3)
    edges = net.relu(net.batch_norm(edges, f"decoder.gdt_convs_{number}.1"))
    strength = net.conv(edges, f"decoder.gdt_convs_attn_{number}.0", 1, 1)
    name = net.graph.op("Mul", x.name, net.graph.op("Sigmoid", strength.name))
    return Map(name, x.channels, x.height, x.width)


def _decoder_block(net: Layers, prefix: str, x: Map, channels: int) -> Map:
    x = net.relu(net.batch_norm(net.conv(x, f"{prefix}.conv_in", _WIDTH, 3), f"{prefix}.bn_in"))
    x = _deformable_pyramid(net, f"{prefix}.dec_att", x)
    return net.batch_norm(net.conv(x, f"{prefix}.conv_out", channels, 3), f"{prefix}.bn_out")


def _deformable_pyramid(net: Layers, prefix: str, x: Map) -> Map:
    """Deformable convolutions of several sizes side by side, and the mean of the whole picture."""

    def branch(name: str, kernel: int) -> Map:
        moved = net.deform_conv(x, f"{prefix}.{name}.atrous_conv", 256, kernel)
        return net.relu(net.batch_norm(moved, f"{prefix}.{name}.bn"))

    parts = [branch("aspp1", 1), *(branch(f"aspp_deforms.{i}", kernel) for i, kernel in enumerate((1, 3, 7)))]
    mean = Map(net.graph.op("GlobalAveragePool", x.name), x.channels, 1, 1)
    mean = net.conv(mean, f"{prefix}.global_avg_pool.1", 256, 1, bias=False)
    mean = net.relu(net.batch_norm(mean, f"{prefix}.global_avg_pool.2"))
    everywhere = net.graph.op("Expand", mean.name, net.graph.constant([1, 256, x.height, x.width]))
    together = net.concat(*parts, Map(everywhere, 256, x.height, x.width))
    return net.relu(net.batch_norm(net.conv(together, f"{prefix}.conv1", _WIDTH, 1, bias=False), f"{prefix}.bn1"))
