"""Which builder a card's weights need: BiRefNet's or BEN2's."""

from __future__ import annotations

from typing import BinaryIO

from gigamatte.errors import UsageError
from gigamatte.network.build import ben2, birefnet
from gigamatte.network.build.layers import Weights
from gigamatte.network.cards.card import ModelCard, PatchOrder
from gigamatte.types import Size


def built(card: ModelCard) -> bool:
    """Whether the card's graph is made here; otherwise it is published as ONNX."""
    return card.build in birefnet.BACKBONES or card.build == "ben2"


def version(card: ModelCard) -> str:
    """Of the builder: another one may make another graph from the same weights."""
    return f"ben2-{ben2.BUILDER_VERSION}" if card.build == "ben2" else str(birefnet.BUILDER_VERSION)


def build(
    card: ModelCard,
    weights: Weights,
    size: Size,
    file: BinaryIO,
    *,
    patch_order: PatchOrder | None = None,
    dtype: str | None = None,
    metadata: dict[str, str] | None = None,
) -> None:
    """Write the card's network for one input size as ONNX. Raises UsageError, WeightsRefused."""
    if card.build == "ben2":
        if patch_order is not None:
            raise UsageError(f"{card.name} has no patches whose order could differ", "leave --patch-order out")
        ben2.build(weights, size, file, dtype=dtype, metadata=metadata)
        return
    order = patch_order or card.patch_order
    birefnet.build(weights, birefnet.BACKBONES[card.build], size, order, file, dtype=dtype, metadata=metadata)


def check(card: ModelCard, weights: Weights) -> None:
    """Raise WeightsRefused unless the state dict has exactly the tensors of the card's network. None is loaded."""
    if card.build == "ben2":
        ben2.check(weights)
    else:
        birefnet.check(weights, birefnet.BACKBONES[card.build])
