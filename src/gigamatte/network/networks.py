"""Opens a network by its name or by the path of its file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from gigamatte.errors import NetworkUnavailable, UsageError
from gigamatte.folders import cache_folder
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.external import together, whole_digest
from gigamatte.network.cards.locator import NAME as LOCATOR
from gigamatte.network.cards.locator import locator_bytes, locator_card
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.cards.own_file import OwnFile, read_own_file
from gigamatte.network.engines.base import Engine
from gigamatte.network.engines.select import import_ahead, open_engine
from gigamatte.network.hinted import HintedNetwork
from gigamatte.network.network import Network
from gigamatte.types import Size

#: (mean, deviation) of RGB in 0…1, three numbers each
Normalisation = tuple[tuple[float, float, float], tuple[float, float, float]]


def open_network(
    name: str = "auto",
    *,
    device: str = "auto",
    require_device: bool = False,
    threads: int = 0,
    lazy: bool = False,
    normalise: Normalisation | None = None,
    device_memory: int | None = None,
    photos: int | None = None,
) -> Network:
    """Load the network called ``name``: auto, locator, a card, or the path of an ONNX file. Never downloads.

    ``normalise`` (mean, deviation) of RGB in 0…1 takes the place of what the card or the file's family says.
    ``device_memory`` bounds what is held of CUDA's memory, in bytes. ``photos`` that it is loaded for; None: it stays.

    Weights are verified before they are parsed. A ``lazy`` network is only found and verified; its first use loads it.
    Raises NetworkUnavailable, WeightsRefused, DeviceUnavailable.
    """
    chosen = choose() if name == "auto" else name
    if chosen != LOCATOR and not lazy:  # the embedded one takes no noticeable time to verify
        import_ahead(device)

    def opener(model: Path | bytes, digest: str | None, small: bool) -> tuple[Engine, tuple[str, ...]]:
        return open_engine(
            model,
            device=device,
            require=require_device,
            threads=threads,
            small=small,
            cache_dir=None if small else cache_folder("compiled"),
            digest=digest,
            part=small,
            device_memory=device_memory,
            photos=photos,
        )

    network = _find(chosen, opener, normalise)
    if not lazy and (network.card.sides is None or network.card.build == "onnx"):
        network.engine  # noqa: B018  # opens it: what is missing or wrong is said now, not at the first photo
    return network


def _find(chosen: str, opener: Callable[..., tuple[Engine, tuple[str, ...]]], normal: Normalisation | None) -> Network:
    if chosen == LOCATOR:
        card = _normalised(locator_card(), normal)
        return HintedNetwork(card, lambda part: opener(locator_bytes(part), None, True))
    if Path(chosen).suffix.lower() == ".onnx":
        return _open_file(Path(chosen), opener, normal)
    if Path(chosen).suffix.lower() in (".safetensors", ".pth", ".pt", ".bin", ".ckpt"):
        raise UsageError(
            f"--model takes a name or an ONNX file, found {chosen}",
            "see `gigamatte models build --help` for safetensors",
        )
    return _open_card(chosen, opener, normal)


def _normalised(card: ModelCard, normal: Normalisation | None) -> ModelCard:
    # the user has said what was uncertain about it
    return card if normal is None else dataclasses.replace(card, mean=normal[0], std=normal[1], note="")


def choose() -> str:
    """The network that ``auto`` means: the best installed general one free for every use, else the locator."""
    from gigamatte.network.cards.checkpoints import CHECKPOINTS
    from gigamatte.network.cards.user_cards import user_cards
    from gigamatte.network.weights.store import installed

    able = [card for card in (*CHECKPOINTS, *user_cards()) if card.rank > 0 and card.commercial and installed(card)]
    return max(able, key=lambda card: card.rank).name if able else LOCATOR


def _open_card(
    name: str, opener: Callable[..., tuple[Engine, tuple[str, ...]]], normal: Normalisation | None
) -> Network:
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights.inspect import refuse_misfit
    from gigamatte.network.weights.store import need, verify

    card = find_card(name)
    here = need(card)
    digest = verify(here)
    card = dataclasses.replace(
        _normalised(card, normal), sha256=digest
    )  # receipts name the file that was used, pinned or not
    if card.build == "onnx":
        refuse_misfit(card, here.path)
        path, digest = _whole(here.path)
        card = dataclasses.replace(card, sha256=digest)
        return Network(card, lambda _: opener(path, digest, False))
    from gigamatte.network.build.cached import cached_graph

    def at(size: Size) -> tuple[Engine, tuple[str, ...]]:
        graph, key = cached_graph(card, here.path, digest, size)
        return opener(graph, key, False)

    return Network(card, at)


def _open_file(
    path: Path, opener: Callable[..., tuple[Engine, tuple[str, ...]]], normal: Normalisation | None
) -> Network:
    """A user's own ONNX file: what it does not say about itself is assumed, and a warning tells the assumption."""
    own, loaded = read_file(path, normal)
    digest = own.card.sha256
    return Network(own.card, lambda _: opener(loaded, digest, False), own.notices, own.fixed, own.assumed)


def read_file(path: Path, normal: Normalisation | None = None) -> tuple[OwnFile, Path]:
    """(the card of a user's own ONNX file, where runtimes load it from). Raises NetworkUnavailable, WeightsRefused."""
    if not path.is_file():
        raise NetworkUnavailable(f"there is no file {path}", "--model takes a name or an ONNX file")
    header = read_header(path)
    loaded, digest = _whole(path)
    return read_own_file(path, header, digest, normal), loaded


def _whole(path: Path) -> tuple[Path, str]:
    """(where runtimes load an ONNX file from, the sha256 of all its files)."""
    names = read_header(path).external
    digest = whole_digest(path, names)
    return together(path, names, cache_folder("together", digest[:16])), digest
