"""The networks known by name. Their weights stay where their authors publish them; ``models get`` fetches one."""

from __future__ import annotations

from typing import Any

from gigamatte.errors import NetworkUnavailable
from gigamatte.network.cards.card import ModelCard, PatchOrder
from gigamatte.network.cards.locator import NAME as LOCATOR
from gigamatte.network.cards.locator import locator_card
from gigamatte.network.cards.user_cards import user_cards

_RMBG = "briaai/RMBG-2.0"
_BEN2 = "e48a20765fb421d19dcdb0bf3cc61e802ca5ec8f"
_REMBG = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"


def _birefnet(name: str, repo: str, order: PatchOrder, *, size: int = 1024, **more: Any) -> ModelCard:
    """A checkpoint with BiRefNet's graph, its authors' own and under MIT unless it is said otherwise.

    The patch order follows from the date of its training.
    """
    return ModelCard(
        name=name,
        family="birefnet",
        licence=more.pop("licence", "MIT"),
        size=size,
        output="logits",
        repo=repo if "/" in repo else f"ZhengPeng7/{repo}",
        file="model.safetensors",
        build=more.pop("build", "birefnet-swin-l"),
        patch_order=order,
        multiple=more.pop("multiple", 64),
        **more,
    )


CHECKPOINTS: tuple[ModelCard, ...] = (
    _birefnet(
        "birefnet", "BiRefNet", "old",
        revision="e2bf8e4460fc8fa32bba5ea4d94b3233d367b0e4", bytes=444_473_596,
        sha256="9ab37426bf4de0567af6b5d21b16151357149139362e6e8992021b8ce356a154",
        rank=60, tags=("general",), about="anything: products, people, animals",
    ),
    _birefnet(
        "birefnet-lite", "BiRefNet_lite", "old", build="birefnet-swin-t",
        revision="aa62cd87eafb9cc43056d08ef3615a14628b831d",
        sha256="4417d89795250e698c3cb0ae8df15743810065f646f48a694fdfa7ca052d0815",
        rank=30, tags=("general", "fast"), about="anything, several times faster, edges less sure",
    ),
    _birefnet(
        "birefnet-hr", "BiRefNet_HR", "new", size=2048,
        rank=90, tags=("general", "fine"), about="fine structure: sees 2048×2048, about 4 times the work",
    ),
    _birefnet(
        "birefnet-hr-matting", "BiRefNet_HR-matting", "new", size=2048,
        answers="matte", rank=80, tags=("hair", "fine"), about="hair, fur, veils: soft alpha at 2048×2048",
    ),
    _birefnet(
        "birefnet-matting", "BiRefNet-matting", "old",
        answers="matte", rank=50, tags=("hair",), about="hair, fur, veils: soft alpha at 1024×1024",
    ),
    _birefnet(
        "birefnet-portrait", "BiRefNet-portrait", "old", tags=("people",), about="people only",
    ),
    _birefnet(
        "birefnet-dynamic", "BiRefNet_dynamic", "new", sides=(256, 2304), multiple=128,
        rank=70, tags=("general",), about="very wide or tall photos: takes its shape from the photo",
    ),
    _birefnet(
        "birefnet-dynamic-matting", "BiRefNet_dynamic-matting", "new", sides=(256, 2304), multiple=128,
        rank=55, tags=("hair",), about="hair and veils in very wide or tall photos: takes its shape from the photo",
    ),
    _birefnet(
        "birefnet-lite-matting", "BiRefNet_lite-matting", "new", build="birefnet-swin-t",
        rank=25, tags=("hair", "fast"), about="hair, fur, veils, several times faster",
    ),
    _birefnet(
        # trained at 2560×1440, of which 1440 is no multiple of 64
        "birefnet-lite-2k", "BiRefNet_lite-2K", "old", build="birefnet-swin-t", size=1920, sides=(1024, 2560),
        rank=35, tags=("general", "fine"), about="fine structure with the small backbone: sees about 2560×1440",
    ),
    _birefnet(
        "lucida", "egeorcun/lucida", "new",
        rank=65, tags=("general", "glass"), about="glass, glow, text, drawings: birefnet-hr trained further, at 1024²",
    ),
    _birefnet(
        "feynobg", "feyninc/FeyNobg", "new", build="birefnet-swin-l24", licence="Apache-2.0",
        rank=62, tags=("general",), about="anything: BiRefNet made deeper (2026), a fifth more work",
    ),
    ModelCard(
        name="ben2", family="ben2", licence="MIT", size=1024, output="logits", build="ben2", multiple=512,
        repo="PramaLLC/BEN2", revision=_BEN2, file="model.safetensors", bytes=380_577_976,
        sha256="ea8b7907176a09667c86343dc7d00de6a6d871076cb90bb5f753618fd6fb3ebb",
        rank=58, tags=("general",), about="anything: sees the photo whole and in quarters (2025)",
    ),
    ModelCard(
        name="ben2-onnx", family="ben2", licence="MIT", size=1024, output="auto",
        repo="PramaLLC/BEN2", revision=_BEN2, file="BEN2_Base.onnx", bytes=222_932_053,
        sha256="22cea62108ff53b7ccc20f7a008bf30494228d84b1687f29ecbe76936a998101",
        tags=("general", "ready-made"), about="ready-made ONNX, answers in float16; prefer ben2",
        note="normalised as for ImageNet, as its authors trained it; their script for this file does not normalise: "
        "--normalise 0/1 does as it does",
    ),
    ModelCard(
        name="birefnet-onnx", family="birefnet", licence="MIT", size=1024, output="logits",
        url=f"{_REMBG}/BiRefNet-general-epoch_244.onnx", file="BiRefNet-general-epoch_244.onnx", bytes=972_666_916,
        sha256="58f621f00f5d756097615970a88a791584600dcf7c45b18a0a6267535a1ebd3c", patch_order="old",
        tags=("general", "ready-made"), about="ready-made ONNX of 2024: 8-14 GB of memory; prefer birefnet",
    ),
    ModelCard(
        name="rmbg-2.0", family="rmbg", licence="CC BY-NC 4.0", commercial=False, gated=True, size=1024,
        output="logits", repo=_RMBG, file="model.safetensors", build="birefnet-swin-l", patch_order="old", multiple=64,
        tags=("general",), about="anything; built without the memory hunger of its ONNX files",
    ),
    ModelCard(
        name="rmbg-2.0-onnx", family="rmbg", licence="CC BY-NC 4.0", commercial=False, gated=True, size=1024,
        output="sigmoid", repo=_RMBG, file="onnx/model.onnx", bytes=1_024_331_469,
        sha256="5b486f08200f513f460da46dd701db5fbb47d79b4be4b708a19444bcd4e79958",
        tags=("general", "ready-made"), about="ready-made ONNX: 8-14 GB of memory; prefer rmbg-2.0",
    ),
    ModelCard(
        name="rmbg-2.0-onnx-quantized", family="rmbg", licence="CC BY-NC 4.0", commercial=False, gated=True, size=1024,
        output="sigmoid", repo=_RMBG, file="onnx/model_quantized.onnx", bytes=366_087_549,
        sha256="fcea23951a378f92634834888896cc1eec54655366ae6e949282646ce17c5420",
        tags=("general", "ready-made"), about="ready-made ONNX with 8-bit weights: a smaller file, rougher edges",
    ),
    ModelCard(
        name="isnet-general-use", family="isnet", licence="Apache-2.0", size=1024, output="sigmoid",
        url=f"{_REMBG}/isnet-general-use.onnx", file="isnet-general-use.onnx", bytes=178_648_008,
        sha256="60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a",
        mean=(0.5, 0.5, 0.5), std=(1.0, 1.0, 1.0), answers="contour", tags=("general", "fast"),
        about="products with hard edges",
    ),
    *(
        ModelCard(
            name=name, family="u2net", licence="Apache-2.0", size=320, output="sigmoid",
            url=f"{_REMBG}/{name}.onnx", file=f"{name}.onnx", bytes=size, sha256=sha256, tags=("general", "fast"),
            answers="contour", about=about,
        )
        for name, about, size, sha256 in (
            ("u2net", "the classic of 2020, sees 320×320", 175_997_641,
             "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491"),
            ("u2netp", "the same, 4 MB", 4_574_861,
             "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"),
            ("silueta", "u2net made smaller", 44_173_029,
             "75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb"),
        )
    ),
)  # fmt: skip


def all_cards() -> list[ModelCard]:
    """The embedded network, the known checkpoints, the user's own. Raises NetworkUnavailable for a name taken twice."""
    cards = {card.name: card for card in (locator_card(), *CHECKPOINTS)}
    for card in user_cards():
        if card.name in cards:
            raise NetworkUnavailable(f"your model card {card.name!r} takes the name of a known one", "rename it")
        cards[card.name] = card
    return list(cards.values())


def find_card(name: str) -> ModelCard:
    """The card called ``name``. Raises NetworkUnavailable, naming what is near."""
    if name == LOCATOR:
        return locator_card()
    import difflib

    cards = {card.name: card for card in (*CHECKPOINTS, *user_cards())}
    if name in cards:
        return cards[name]
    near = difflib.get_close_matches(name, [*cards, LOCATOR], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`gigamatte models list` shows the known ones"
    raise NetworkUnavailable(f"there is no network called {name!r}", hint)
