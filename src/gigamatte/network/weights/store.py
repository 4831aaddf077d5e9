"""Finds, fetches, verifies and removes weights on this machine. A file is parsed only after its digest was checked.

    models/NAME/FILE            the weights, there only when whole and verified
    models/NAME/record.json     digest, revision and source, as they were when the file came
    models/NAME/incoming/       a download that is under way or was broken off
"""  # fmt: skip

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gigamatte.errors import DownloadFailed, NetworkUnavailable, WeightsRefused, WriteError
from gigamatte.folders import cache_folder
from gigamatte.network.cards import embedded
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.weights import hub
from gigamatte.network.weights.download import Progress, disk_full, download, free_bytes, offline
from gigamatte.network.weights.reach import need_reach
from gigamatte.own_files import replaced, sha256_of

_RECORD = "record.json"


@dataclass(frozen=True)
class Installed:
    """A weights file that is here. ``pinned``: its digest comes with gigamatte (or the user's card)."""

    card: ModelCard
    path: Path
    sha256: str | None
    pinned: bool
    revision: str | None = None

    @property
    def bytes(self) -> int:
        """Size on disk; 0 when it vanished."""
        return self.path.stat().st_size if self.path.exists() else 0


def home(card: ModelCard) -> Path:
    """The folder of a card's files."""
    return cache_folder("models", card.name)


def installed(card: ModelCard) -> Installed | None:
    """The installed file of ``card``, not verified; None when it was not fetched."""
    if card.path is not None:
        return Installed(card, card.path, card.sha256, card.sha256 is not None) if card.path.exists() else None
    if card.source == "embedded":
        return Installed(card, Path(embedded.__file__).with_name(card.file), card.sha256, True)
    path = home(card) / PurePosixPath(card.file).name
    if not path.exists():
        return None
    record = _read_record(card)
    return Installed(card, path, card.sha256 or record.get("sha256"), card.sha256 is not None, record.get("revision"))


def need(card: ModelCard) -> Installed:
    """The installed file of ``card``. Raises NetworkUnavailable, whose hint is the command that fetches it."""
    here = installed(card)
    if here is None:
        if card.path is not None:
            raise NetworkUnavailable(f"the card {card.name} names {card.path}, which does not exist")
        raise NetworkUnavailable(f"the network {card.name} is not installed", f"gigamatte models get {card.name}")
    return here


def verify(here: Installed) -> str:
    """The file's sha256, which is the one it must have. Raises WeightsRefused."""
    card = here.card
    files = [here.path.with_name(name) for name in (card.file, *card.parts)] if card.parts else [here.path]
    try:
        size, found = sum(path.stat().st_size for path in files), sha256_of(*files)
    except OSError as error:
        raise NetworkUnavailable(f"{here.path} cannot be read: {error.strerror or error}") from error
    if card.path is not None and card.sha256 is None:
        return found  # the user's own file, whose digest only the user's card can give
    hint = f"gigamatte models remove {card.name} && gigamatte models get {card.name}"
    if here.sha256 is None:
        raise WeightsRefused(f"{here.path} came without a record of its digest, so it cannot be verified", hint)
    if found != here.sha256:
        wanted = f"{card.bytes} bytes" if card.bytes and size != card.bytes else f"sha256 {here.sha256[:16]}…"
        got = f"{size} bytes" if card.bytes and size != card.bytes else f"{found[:16]}…"
        raise WeightsRefused(
            f"{here.path} is not the file that the card {card.name} names: {wanted} expected, {got} found", hint
        )
    return found


def get(card: ModelCard, progress: Progress | None = None) -> Installed:
    """Fetch, verify and keep a card's file; what is already here and right is not fetched again.

    Raises DownloadFailed, WeightsRefused, NetworkUnavailable.
    """
    if not (card.repo or card.url):
        here = need(card)
        verify(here)
        return here
    if present := installed(card):
        with suppress(WeightsRefused):
            verify(present)
            return present
    incoming = home(card) / "incoming"
    try:
        if card.repo:
            path, wanted, revision = _from_hub(card, incoming)
        else:
            path, wanted, revision = _from_url(card, incoming, progress), card.sha256, None
        found = _accept(card, path, wanted)
        return _keep(card, path, found, revision)
    except OSError as error:
        raise DownloadFailed(
            f"{card.name} could not be kept in {home(card)}: {error.strerror or error}",
            "set GIGAMATTE_CACHE to a folder that you may write",
        ) from error


def _from_hub(card: ModelCard, incoming: Path) -> tuple[Path, str | None, str]:
    if offline() and hub.in_cache(card) is None:
        raise _forbidden(card)
    copy = hub.in_cache(card)
    if copy is not None and card.sha256 and card.revision and sha256_of(copy) == card.sha256:
        return _link(copy, incoming / copy.name), card.sha256, card.revision
    need_reach(hub.endpoint())
    pinned = card.sha256 is not None and card.revision is not None
    said = None if pinned else hub.describe(card)
    revision = card.revision or (said.revision if said else "main")
    wanted = card.sha256 or (said.sha256 if said else None)
    if wanted is None:
        raise WeightsRefused(f"the hub tells no digest of {card.repo}/{card.file}, so it could not be verified")
    _need_room(incoming, card.bytes or (said.bytes if said else None))
    return hub.fetch(card, revision, incoming), wanted, revision


def _from_url(card: ModelCard, incoming: Path, progress: Progress | None) -> Path:
    assert card.url is not None  # get() has looked
    if offline():
        raise _forbidden(card)
    need_reach(card.url)
    target = incoming / PurePosixPath(card.file).name
    _need_room(incoming, card.bytes)
    download(card.url, target, size=card.bytes, progress=progress)
    return target


def _forbidden(card: ModelCard) -> DownloadFailed:
    return DownloadFailed(f"{card.name} is not here, and HF_HUB_OFFLINE forbids to fetch it", "unset HF_HUB_OFFLINE")


def _need_room(folder: Path, size: int | None) -> None:
    if size is not None and free_bytes(folder) < size:
        raise disk_full(folder, size)


def _link(copy: Path, target: Path) -> Path:
    """The same file under another name: a hard link where the disk can, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(copy.resolve(), target)
    except OSError:
        shutil.copyfile(copy, target)
    return target


def _accept(card: ModelCard, path: Path, wanted: str | None) -> str:
    """Digest first, then what the file holds. What is refused is deleted."""
    from gigamatte.network.weights.inspect import refuse_misfit

    found = sha256_of(path)
    if wanted is not None and found != wanted:
        path.unlink()
        raise WeightsRefused(
            f"what {card.source} sent is not {card.name}: sha256 {wanted[:16]}… expected, {found[:16]}… found",
            "try again; if it stays so, the server or the mirror gives another file",
        )
    try:
        refuse_misfit(card, path)
    except WeightsRefused:
        path.unlink()
        raise
    return found


def _keep(card: ModelCard, path: Path, sha256: str, revision: str | None) -> Installed:
    folder = home(card)
    record = {
        "file": card.file,
        "sha256": sha256,
        "revision": revision,
        "source": card.source,
        "bytes": path.stat().st_size,
    }
    with replaced(folder / _RECORD) as draft:
        draft.write_text(json.dumps(record, indent=1), "utf-8")
    target = folder / PurePosixPath(card.file).name
    path.replace(target)
    shutil.rmtree(folder / "incoming", ignore_errors=True)
    return Installed(card, target, sha256, card.sha256 is not None, revision)


def _read_record(card: ModelCard) -> dict[str, str]:
    try:
        record = json.loads((home(card) / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in record.items() if isinstance(value, str)} if isinstance(record, dict) else {}


def remove(card: ModelCard) -> int:
    """Delete a card's files and what was built from them; bytes freed. Raises NetworkUnavailable."""
    here = need(card)
    if card.path is not None:
        raise NetworkUnavailable(f"{here.path} is your own file; gigamatte does not delete it", "remove its card")
    if card.source == "embedded":
        raise NetworkUnavailable(f"the network {card.name} is part of gigamatte and cannot be removed")
    doomed = [path for path in home(card).rglob("*") if path.is_file()]
    if here.sha256:
        derived = cache_folder("graphs"), cache_folder("compiled")
        doomed += [path for folder in derived if folder.is_dir() for path in folder.glob(f"{here.sha256[:16]}-*")]
    freed = sum(path.stat().st_size for path in doomed)
    try:
        for path in doomed:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(f"{path} could not be deleted: {error.strerror or error}", "is it in use?") from error
    shutil.rmtree(home(card), ignore_errors=True)
    return freed
