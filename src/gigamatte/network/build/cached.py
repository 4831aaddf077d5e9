"""Graphs built from published weights, kept on disk so that each is built once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from gigamatte.errors import UsageError, WeightsRefused
from gigamatte.folders import cache_folder
from gigamatte.network.build.by_card import build, built, version
from gigamatte.network.build.checkpoint import SafetensorsFile
from gigamatte.network.cards.card import ModelCard, PatchOrder
from gigamatte.own_files import keep_newest, replaced
from gigamatte.types import Size
from gigamatte.write_errors import not_written

StoredAs = Literal["f32", "f16"]

#: built graphs that are kept; one of Swin-L in float16 has 440 MB
NEWEST = 6

_DTYPES = {"f32": "float32", "f16": "float16"}


def cached_graph(card: ModelCard, weights: Path, sha256: str, size: Size) -> tuple[Path, str]:
    """(graph, key) for verified weights: built now unless it is there. Raises WeightsRefused, WriteError."""
    key = f"{sha256[:16]}-{size.width}x{size.height}-{card.patch_order}-{version(card)}"
    path = cache_folder("graphs", f"{key}.onnx")
    if path.exists():
        os.utime(path)  # the least recently used goes first
    else:
        write_graph(card, weights, sha256, path, size=size)
        keep_newest(path.parent.glob("*.onnx"), NEWEST)
    return path, f"{sha256}-{key}"


def write_graph(
    card: ModelCard,
    weights: Path,
    sha256: str,
    target: Path,
    *,
    size: Size | None = None,
    patch_order: PatchOrder | None = None,
    stored_as: StoredAs | None = None,
    verified: bool = True,
) -> None:
    """Build the card's network from ``weights`` into ``target``, which is replaced only when the graph is whole.

    Raises UsageError, WeightsRefused, WriteError.
    """
    if not built(card):
        raise UsageError(f"{card.name} is published as ONNX and needs no building", f"gigamatte models get {card.name}")
    metadata = {
        "card": card.name,
        "weights_sha256": sha256,
        "verified": str(verified).lower(),
        "licence": card.licence,
        "commercial": str(card.commercial).lower(),
        "mean": " ".join(map(str, card.mean)),
        "std": " ".join(map(str, card.std)),
    }
    shape = size or Size(card.size, card.size)
    dtype = _DTYPES[stored_as] if stored_as else None
    state = SafetensorsFile(weights)
    try:
        with replaced(target) as draft, draft.open("wb") as file:
            build(card, state, shape, file, patch_order=patch_order, dtype=dtype, metadata=metadata)
    except OSError as error:
        raise not_written(
            f"{target} could not be written: {error.strerror or error}", "is the disk full?", error
        ) from error
    except WeightsRefused as error:
        raise WeightsRefused(
            f"{weights} is not the network that the card {card.name} names: {error.message}"
        ) from error
