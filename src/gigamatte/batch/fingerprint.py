"""The two hashes that decide what is redone: of the photo's bytes, and of all else that its result depends on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from gigamatte.batch.places import sha256_of
from gigamatte.clipping import path_named
from gigamatte.errors import NetworkUnavailable
from gigamatte.options import DEFAULTS, Options
from gigamatte.own_files import sha256_of_text

#: options that change how fast a result comes, or whether it comes, but not what it is
_INDIFFERENT = {
    "threads",
    "device",
    "require_device",
    "device_memory",
    "max_pixels",
    "memory",
    "cache",
    "cache_size",
    "notes",
    "checked",
}


def config_hash(options: Options, *, masks: bool = False) -> str:
    """Of the options that shape a result; of files that they name, the content counts, not the path.

    ``masks``: every photo has a mask of its own, which its fingerprint covers.

    Raises NetworkUnavailable when the network is not installed: no photo could be cut.
    """
    # options at their defaults are left out, so that a new option does not make earlier results outdated
    changed = {name for name, default in DEFAULTS.items() if getattr(options, name) != default}
    plain = {name: value for name, value in dataclasses.asdict(options).items() if name in changed - _INDIFFERENT}
    plain["model"] = "mask" if masks or options.mask is not None else _network(options.model)
    for name in ("mask", "background", "keep", "drop"):
        if name in plain and path_named(plain[name]) is None and Path(plain[name]).is_file():
            plain[name] = sha256_of(plain[name])
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True)
    return sha256_of_text(text)[:32]


def fingerprint(photo: Path, mask: Path | None, hints: Path | None = None) -> str:
    """Of what a result is made of: the photo, and the mask and the hints where there are any."""
    own = sha256_of(photo)
    own = own if mask is None else f"{own}+{sha256_of(mask)}"
    return own if hints is None else f"{own}&{sha256_of(hints)}"


def _network(name: str) -> str:
    """SHA-256 of the network's file: ``auto`` is another network once a better one is installed."""
    from gigamatte.network.cards.locator import NAME, locator_card
    from gigamatte.network.networks import choose

    chosen = choose() if name == "auto" else name
    if chosen == NAME:
        return str(locator_card().sha256)
    if Path(chosen).suffix.lower() == ".onnx":
        if not Path(chosen).is_file():
            raise NetworkUnavailable(f"there is no file {chosen}", "--model takes a name or an ONNX file")
        return sha256_of(chosen)
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights.store import need

    here = need(find_card(chosen))
    return here.sha256 or sha256_of(here.path)
