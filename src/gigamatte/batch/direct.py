"""Stores that are asked through their own clients, in fewer requests than fsspec makes: S3 and Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gigamatte.batch.blobs import blobs_of
from gigamatte.batch.objects import objects_of

if TYPE_CHECKING:
    from pathlib import Path


class Direct(Protocol):
    """A store's own client. A path is one of fsspec's; a stamp is "bytes-tag".

    Raises FileNotFoundError where there is no such object, and what else the client makes of the store's answers.
    """

    def head(self, path: str) -> tuple[int, str]:
        """(bytes, stamp) of an object."""

    def get(self, path: str, to: Path) -> tuple[int, str]:
        """Fetch an object into a file: (bytes, stamp) of what was fetched."""

    def put(self, file: Path, path: str) -> tuple[int, str]:
        """Send a file, which is there whole or not at all: (bytes, stamp) of what lies there."""

    def note(self, path: str, text: str) -> None:
        """Make an object of a few words."""


def direct_of(system: Any) -> Direct | None:
    """The client of an fsspec file system's store; None where only fsspec knows how to ask it."""
    return objects_of(system) or blobs_of(system)
