"""Checks that a weights file holds the network that its card describes: by its header, without loading weights."""

from __future__ import annotations

from pathlib import Path

from gigamatte.errors import WeightsRefused
from gigamatte.network.build.by_card import check
from gigamatte.network.build.checkpoint import SafetensorsFile
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.onnx_file import read_header


def refuse_misfit(card: ModelCard, path: Path) -> None:
    """Raise WeightsRefused unless the file is of the card's kind, with the card's tensors or input."""
    if card.build == "onnx":
        _refuse_onnx(card, path)
        return
    try:
        check(card, SafetensorsFile(path))
    except WeightsRefused as error:
        raise WeightsRefused(
            f"{path.name} is not the network that the card {card.name} names: {error.message}"
        ) from error


def _refuse_onnx(card: ModelCard, path: Path) -> None:
    header = read_header(path)
    shape = header.inputs[header.image_input][1]
    channels, height, width = shape[1:]
    if channels not in (3, None):
        raise WeightsRefused(f"{path.name} takes {channels} channels, a network here takes 3 (RGB)")
    if card.sides is None and (height not in (card.size, None) or width not in (card.size, None)):
        raise WeightsRefused(f"{path.name} takes {width}×{height}, the card {card.name} says {card.size}×{card.size}")
