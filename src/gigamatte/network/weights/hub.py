"""Hugging Face: one file of one revision, by its library, with its resuming, tokens and mirrors; errors translated."""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gigamatte.errors import DownloadFailed, GigamatteError
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.weights.download import disk_full

_DEFAULT_ENDPOINT = "https://huggingface.co"


@dataclass(frozen=True)
class HubFile:
    """The hub's facts about a file; ``sha256`` is None for small files that it does not store as LFS objects."""

    revision: str
    sha256: str | None
    bytes: int | None


def endpoint() -> str:
    """The hub, or the mirror that ``HF_ENDPOINT`` names."""
    return (os.environ.get("HF_ENDPOINT") or _DEFAULT_ENDPOINT).rstrip("/")


def describe(card: ModelCard) -> HubFile:
    """Ask the hub for revision, digest and size. Raises DownloadFailed."""
    import huggingface_hub as hub

    try:
        url = hub.hf_hub_url(_repo(card), card.file, revision=card.revision, endpoint=endpoint())
        with _silence():
            found = hub.get_hf_file_metadata(url, endpoint=endpoint(), token=_token(), library_name="gigamatte")
    except Exception as error:
        raise _translated(card, error) from error
    digest = found.etag if found.etag and re.fullmatch("[0-9a-f]{64}", found.etag) else None
    if not found.commit_hash:
        raise DownloadFailed(f"{endpoint()} does not say which revision of {card.repo} it has", "is this a hub mirror?")
    return HubFile(found.commit_hash, digest, found.size)


def fetch(card: ModelCard, revision: str, folder: Path) -> Path:
    """Download into ``folder``, going on where an earlier try stopped. Raises DownloadFailed."""
    import huggingface_hub as hub

    if not sys.stderr.isatty():
        hub.utils.disable_progress_bars()  # type: ignore[attr-defined]
    try:
        with _silence():
            path = hub.hf_hub_download(
                _repo(card), card.file, revision=revision, local_dir=folder, endpoint=endpoint(), token=_token(),
                library_name="gigamatte",
            )  # fmt: skip
    except Exception as error:
        raise _translated(card, error) from error
    return Path(path)


def in_cache(card: ModelCard) -> Path | None:
    """The same file in the hub's own cache, where another tool may have put it."""
    import huggingface_hub as hub

    if card.revision is None:
        return None
    path = hub.try_to_load_from_cache(_repo(card), card.file, revision=card.revision)
    return Path(path) if isinstance(path, str) else None


@contextmanager
def _silence() -> Iterator[None]:
    """Turn off the library's log of each try and its address, because errors are raised and reported once."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _repo(card: ModelCard) -> str:
    if card.repo is None:
        raise DownloadFailed(f"the card {card.name} names no repository")
    return card.repo


def _token() -> str | None:
    # None leaves the choice to the hub's library: HF_TOKEN, or what its login stored
    return os.environ.get("HF_TOKEN") or None


def _translated(card: ModelCard, error: BaseException) -> DownloadFailed:
    """Our error for what the library raised, chosen by the most specific error in its chain."""
    from huggingface_hub import errors

    chain = _chain(error)
    for link in chain:
        if isinstance(link, DownloadFailed):
            return link
        if isinstance(link, OSError) and link.errno in (errno.ENOSPC, errno.EDQUOT):
            return disk_full(Path(getattr(link, "filename", None) or "."), card.bytes)
        if isinstance(link, errors.OfflineModeIsEnabled):
            return DownloadFailed(
                f"{card.name} is not here, and HF_HUB_OFFLINE forbids to fetch it", "unset HF_HUB_OFFLINE"
            )
    status = next((code for link in chain if (code := _status(link)) is not None), None)
    place = f"{card.repo} on {endpoint()}"
    if any(isinstance(link, errors.GatedRepoError) for link in chain) or status in (401, 403):
        return refused_access(card, status)
    if any(
        isinstance(link, errors.RevisionNotFoundError | errors.EntryNotFoundError) for link in chain if _status(link)
    ):
        return DownloadFailed(f"{place} has no {card.file} at revision {card.revision or 'main'}", "update gigamatte")
    if status == 404 or any(isinstance(link, errors.RepositoryNotFoundError) for link in chain):
        return DownloadFailed(f"there is no {place}", "check HF_ENDPOINT, or update gigamatte")
    if status is not None:
        return DownloadFailed(
            f"{card.name}: {endpoint()} answered {status}", "try again later; it goes on where it stopped"
        )
    root = chain[-1]
    return DownloadFailed(
        f"{card.name} could not be fetched from {endpoint()}: {_first_line(root)}",
        "check the connection, or set HF_ENDPOINT to a mirror; repeating goes on where it stopped",
    )


def refused_access(card: ModelCard, status: int | None) -> DownloadFailed:
    """The error when the hub requires a token, or an accepted form; its hint says what to do."""
    page = f"{_DEFAULT_ENDPOINT}/{card.repo}"
    answered = f" (the hub answered {status})" if status else ""
    if not card.gated:
        return DownloadFailed(f"access to {card.repo} was refused{answered}", "check HF_TOKEN and HF_ENDPOINT")
    terms = "" if card.commercial else f"; its licence, {card.licence}, allows no commercial use"
    return DownloadFailed(
        f"{card.name} is gated{answered}: its authors want a form accepted first{terms}",
        f"accept the form at {page}, make a token at {_DEFAULT_ENDPOINT}/settings/tokens, set HF_TOKEN, and repeat",
    )


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _first_line(error: BaseException) -> str:
    if isinstance(error, GigamatteError):
        return error.message
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
