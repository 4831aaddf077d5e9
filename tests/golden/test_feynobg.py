"""FeyNobg's graph against the reference network: BiRefNet's made-up weights under FeyNobg's names, blocks that pass on.

There is no checkpoint and no reference run of the deeper network here. But a block whose last layers are zero adds
nothing: with such blocks behind the known ones, the deeper network must answer as the reference did.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigamatte.errors import WeightsRefused
from gigamatte.network.build.birefnet import BACKBONES, build, check
from gigamatte.network.build.nobg import as_birefnet
from gigamatte.network.build.swin import SWIN_L24, SWIN_T
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.testing.made_up_weights import MadeUpWeights, golden_input
from gigamatte.types import Size

HERE = Path(__file__).parent / "birefnet"
STAGE = "bb.layers.2.blocks."


class Deeper:
    """BiRefNet's weights with ``more`` blocks in the third stage: copies of its last ones that only pass on."""

    def __init__(self, weights: MadeUpWeights, depth: int, more: int) -> None:
        self._weights, self._depth = weights, depth
        found = [name for name in weights.names() if name.startswith(STAGE)]
        self._copies = {
            f"{STAGE}{depth + extra}.{name.split('.', 5)[5]}": name
            for extra in range(more)
            # every second block shifts its windows: a copy is of the same kind
            for name in found
            if name.startswith(f"{STAGE}{depth - 2 + extra % 2}.")
        }

    def names(self) -> list[str]:
        return [*self._weights.names(), *self._copies]

    def describe(self, key: str) -> tuple[tuple[int, ...], str]:
        return self._weights.describe(self._copies.get(key, key))

    def load(self, key: str) -> np.ndarray[Any, Any]:
        loaded = self._weights.load(self._copies.get(key, key))
        ends = (".attn.proj.weight", ".attn.proj.bias", ".mlp.fc2.weight", ".mlp.fc2.bias")
        return loaded * 0 if key in self._copies and key.endswith(ends) else loaded


class Theirs:
    """A state dict under FeyNobg's names: the other way round than the builder goes."""

    def __init__(self, weights: Any) -> None:
        self._weights = weights
        self._sources = dict(self._named())

    def _named(self) -> Iterator[tuple[str, tuple[str, int | None]]]:
        for name in self._weights.names():
            if name.endswith("relative_position_index"):
                continue
            if ".attn.qkv." in name:
                for third, letter in enumerate("qkv"):
                    yield _theirs(name.replace(".attn.qkv.", f".attention.{letter}_proj.")), (name, third)
            else:
                yield _theirs(name), (name, None)

    def names(self) -> list[str]:
        return list(self._sources)

    def describe(self, key: str) -> tuple[tuple[int, ...], str]:
        name, third = self._sources[key]
        shape, dtype = self._weights.describe(name)
        return (shape if third is None else (shape[0] // 3, *shape[1:])), dtype

    def load(self, key: str) -> np.ndarray[Any, Any]:
        name, third = self._sources[key]
        loaded = self._weights.load(name)
        return loaded if third is None else np.split(loaded, 3)[third]


def _theirs(name: str) -> str:
    for pattern, theirs in (
        (r"bb\.patch_embed\.proj", "bb.swin.embeddings.patch_embeddings.projection"),
        (r"bb\.patch_embed\.norm", "bb.swin.embeddings.norm"),
        (r"bb\.layers", "bb.swin.encoder.layers"),
        (r"\.attn\.proj\.", ".attention.o_proj."),
        (r"\.attn\.relative", ".attention.relative_position_bias.relative"),
        (r"(blocks\.\d+)\.norm1\.", r"\1.layernorm_before."),
        (r"(blocks\.\d+)\.norm2\.", r"\1.layernorm_after."),
    ):
        name = re.sub(pattern, theirs, name)
    name = re.sub(r"bb\.norm(\d)", lambda m: f"bb.hidden_states_norms.stage{int(m[1]) + 1}", name)
    name = re.sub(r"decoder\.ipt_blk(\d)", lambda m: f"decoder.ipt_blks.{5 - int(m[1])}", name)
    name = re.sub(r"decoder\.(decoder|lateral)_block(\d)", lambda m: f"decoder.{m[1]}_blocks.{4 - int(m[2])}", name)
    numbered = r"decoder\.(conv_ms_spvn|gdt_convs|gdt_convs_pred|gdt_convs_attn)_(\d)"
    return re.sub(numbered, lambda m: f"decoder.{m[1]}.{4 - int(m[2])}", name)


@pytest.mark.parametrize(("more", "renamed"), [(0, True), (4, False), (4, True)])
def test_the_deeper_network_answers_like_the_reference(more, renamed, tmp_path):
    small = MadeUpWeights(HERE / "swin_v1_t.state_dict.json")
    weights = Deeper(small, SWIN_T.depths[2], more)
    backbone = dataclasses.replace(SWIN_T, depths=(2, 2, SWIN_T.depths[2] + more, 2))
    graph = tmp_path / "graph.onnx"
    with graph.open("wb") as file:
        build(Theirs(weights) if renamed else weights, backbone, Size(320, 192), "new", file)
    answer = OpenVinoEngine.open(graph, precision="f32").run(golden_input(192, 320))[0, 0]
    golden = np.load(HERE / "swin_v1_t.logits.npz")["new_192x320"]
    assert golden.max() - golden.min() > 3
    assert np.abs(answer - golden).max() < 1e-3


def test_the_names_are_those_of_its_library():
    names = set(Theirs(MadeUpWeights(HERE / "swin_v1_l.state_dict.json")).names())
    for name in (
        "bb.swin.embeddings.patch_embeddings.projection.weight",
        "bb.swin.encoder.layers.2.blocks.17.attention.q_proj.weight",
        "bb.swin.encoder.layers.0.blocks.1.attention.o_proj.bias",
        "bb.swin.encoder.layers.0.blocks.0.attention.relative_position_bias.relative_position_bias_table",
        "bb.swin.encoder.layers.1.downsample.reduction.weight",
        "bb.hidden_states_norms.stage4.bias",
        "decoder.decoder_blocks.0.dec_att.aspp_deforms.2.bn.weight",
        "decoder.lateral_blocks.2.conv.weight",
        "decoder.ipt_blks.4.conv_out.bias",
        "decoder.gdt_convs_attn.1.0.weight",
        "squeeze_module.0.conv_in.weight",
        "decoder.conv_out1.0.bias",
    ):
        assert name in names
        assert not name.startswith("bb.layers")


def test_the_whole_of_it_is_known_by_names_and_shapes():
    """24 blocks in the third stage, 263 million weights."""
    large = Deeper(MadeUpWeights(HERE / "swin_v1_l.state_dict.json", dtype="float16"), 18, 6)
    check(Theirs(large), BACKBONES["birefnet-swin-l24"])
    check(large, SWIN_L24)
    listing = json.loads((HERE / "swin_v1_l.state_dict.json").read_text())
    trained = {name for name, (_, dtype) in listing.items() if dtype == "float32" and "running" not in name}
    weights = sum(
        int(np.prod(large.describe(name)[0])) for name in large.names() if large._copies.get(name, name) in trained
    )
    assert round(weights / 1e6) == 263
    with pytest.raises(WeightsRefused, match=r"blocks\.18\..* is missing"):
        check(Theirs(MadeUpWeights(HERE / "swin_v1_l.state_dict.json")), SWIN_L24)


def test_thirds_that_do_not_belong_together_are_refused():
    theirs = Theirs(MadeUpWeights(HERE / "swin_v1_t.state_dict.json"))
    describe = theirs.describe
    odd = "bb.swin.encoder.layers.0.blocks.0.attention.k_proj.weight"
    theirs.describe = lambda key: ((7, 7), "float32") if key == odd else describe(key)  # type: ignore[method-assign]
    with pytest.raises(WeightsRefused, match="should have one shape"):
        check(theirs, SWIN_T)


def test_birefnets_own_names_stay():
    weights = MadeUpWeights(HERE / "swin_v1_t.state_dict.json")
    assert as_birefnet(weights) is weights
