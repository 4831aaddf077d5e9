"""Photo → NetworkInput: resizes a part of the photo to a network's input size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte.errors import UsageError
from gigamatte.network.cards.card import ModelCard
from gigamatte.types import Box, Depth, Fit, NetworkInput, Size


def squash(pixels: NDArray[np.uint8], region: Box, photo: Size, network: Size, card: ModelCard) -> NetworkInput:
    """Resize ``pixels`` to ``network``, whose aspect may differ, and normalise as ``card`` says.

    ``pixels`` is uint8 (row, column, RGB), sRGB, of any size, and shows the ``region`` of the photo; twice the
    network's size or more keeps what antialiasing needs. Aspect is kept only where the card says so: most networks were
    trained on squashed squares, in sRGB and not in linear light, with an antialiased bilinear filter (Pillow's is one,
    OpenCV's is not). Raises UsageError for pixels of another kind.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UsageError(f"a network is given uint8 (row, column, RGB) pixels, found {pixels.dtype} {pixels.shape}")
    shown = shown_size(region.size, network, card)
    small = Image.fromarray(np.ascontiguousarray(pixels)).resize((shown.width, shown.height), Image.Resampling.BILINEAR)
    rgb = np.zeros((*network.shape, 3), np.float32)
    rgb[shown.box.slices()] = Depth(8).quotient(np.asarray(small, np.uint8))
    normal = (rgb - np.array(card.mean, np.float32)) / np.array(card.std, np.float32)
    tensor = np.ascontiguousarray(normal.transpose(2, 0, 1)[np.newaxis], np.float32)
    return NetworkInput(tensor, Fit(photo, region, network))


def shown_size(region: Size, network: Size, card: ModelCard) -> Size:
    """How much of the network's input the region takes, from the top left corner: all of it, or what its aspect is."""
    if not card.letterbox:
        return network
    scale = min(network.width / region.width, network.height / region.height)
    return Size(
        min(network.width, max(1, round(region.width * scale))),
        min(network.height, max(1, round(region.height * scale))),
    )
