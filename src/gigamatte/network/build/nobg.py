"""Reads FeyNobg's checkpoint, which holds BiRefNet's tensors under the names of another library.

Its encoder is named as in Hugging Face's Swin, where query, key and value are three tensors instead of one; the blocks
of its decoder are numbered from the deepest, 0, instead of 4. (Feyn Inc. 2026; the library nobg, Apache-2.0.)
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import WeightsRefused
from gigamatte.network.build.layers import Weights

_SIGN = "bb.swin."
_BLOCK = re.compile(r"bb\.swin\.encoder\.layers\.(\d+)\.blocks\.(\d+)\.(.+)")
_DECODER = re.compile(
    r"decoder\.(decoder_blocks|lateral_blocks|ipt_blks|conv_ms_spvn|gdt_convs_pred|gdt_convs_attn|gdt_convs)\.(\d)\.(.+)"
)
_PARTS = ("q", "k", "v")
#: beginnings of names, of the encoder and inside one of its blocks
_ENCODER = {
    "bb.swin.embeddings.patch_embeddings.projection.": "bb.patch_embed.proj.",
    "bb.swin.embeddings.norm.": "bb.patch_embed.norm.",
    "bb.swin.encoder.": "bb.",
}
_IN_BLOCK = {
    "attention.o_proj.": "attn.proj.",
    "attention.relative_position_bias.": "attn.",
    "layernorm_before.": "norm1.",
    "layernorm_after.": "norm2.",
}
#: what the library's Swin brings along and nothing uses
_UNUSED = ("bb.swin.layernorm.",)


def as_birefnet(weights: Weights) -> Weights:
    """The same state dict under BiRefNet's names; itself when it has them already."""
    return Renamed(weights) if any(name.startswith(_SIGN) for name in weights.names()) else weights


class Renamed:
    """A state dict with FeyNobg's names, read by BiRefNet's. Raises WeightsRefused where parts do not fit together."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        #: name here → (place, name there) of its parts
        parts: dict[str, list[tuple[int, str]]] = {}
        for name in weights.names():
            if not name.startswith(_UNUSED):
                known, place = _translated(name)
                parts.setdefault(known, []).append((place, name))
        self._sources = {known: [name for _, name in sorted(found)] for known, found in parts.items()}

    def names(self) -> list[str]:
        """Names of all tensors."""
        return list(self._sources)

    def describe(self, key: str) -> tuple[tuple[int, ...], str]:
        """(shape, NumPy dtype name) of a tensor, or of its parts one below the other. Raises WeightsRefused."""
        described = [self._weights.describe(name) for name in self._sources[key]]
        shape, dtype = described[0]
        if any(other != described[0] for other in described):
            raise WeightsRefused(f"the weights {', '.join(self._sources[key])} should have one shape and type")
        return ((shape[0] * len(described), *shape[1:]), dtype) if len(described) > 1 else (shape, dtype)

    def load(self, key: str) -> NDArray[Any]:
        """The tensor, put together where it comes in parts."""
        loaded = [self._weights.load(name) for name in self._sources[key]]
        return np.concatenate(loaded) if len(loaded) > 1 else loaded[0]


def _translated(name: str) -> tuple[str, int]:
    """(BiRefNet's name, which part of that tensor this is)."""
    if block := _BLOCK.fullmatch(name):
        stage, number, rest = block.groups()
        place = 0
        for part, letter in enumerate(_PARTS):
            if rest.startswith(f"attention.{letter}_proj."):
                rest, place = f"attn.qkv.{rest.rsplit('.', 1)[1]}", part
        return f"bb.layers.{stage}.blocks.{number}.{_begun(rest, _IN_BLOCK)}", place
    if stage_norm := re.fullmatch(r"bb\.hidden_states_norms\.stage(\d)\.(.+)", name):
        return f"bb.norm{int(stage_norm[1]) - 1}.{stage_norm[2]}", 0
    if decoder := _DECODER.fullmatch(name):
        kind, number, rest = decoder.groups()
        if kind == "ipt_blks":
            return f"decoder.ipt_blk{5 - int(number)}.{rest}", 0
        joint = "" if kind.endswith("_blocks") else "_"
        return f"decoder.{kind.removesuffix('s') if not joint else kind}{joint}{4 - int(number)}.{rest}", 0
    return _begun(name, _ENCODER), 0


def _begun(name: str, beginnings: dict[str, str]) -> str:
    for theirs, ours in beginnings.items():
        if name.startswith(theirs):
            return ours + name[len(theirs) :]
    return name
