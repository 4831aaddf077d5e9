"""One batch at a time on one output and shard: a lock that the operating system releases when its process dies."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path

from gigamatte.errors import UsageError, WriteError


class Lock:
    """An exclusively locked, empty SQLite database: it works on every system, and a crash leaves nothing to remove."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def take(self) -> bool:
        """Whether it was free; it is held from now on if so. Raises WriteError where no lock can be made."""
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                return False
            hint = "is the folder writable, and on a disk that knows locks?"
            raise WriteError(f"{self.path} cannot be locked: {error}", hint) from error
        self._connection = connection
        return True

    def release(self) -> None:
        """Release the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def lock_shard(folder: Path, shard: tuple[int, int]) -> Lock:
    """Take the lock of shard (i, n), i from 1. Raises UsageError when it, or any shard of another n, is at work."""
    name = shard_name(shard)
    mine = Lock(folder / f"{name}.lock")
    owner = folder / f"{name}.owner"
    if not mine.take():
        raise UsageError(
            f"another batch is at work on {folder.parent} (shard {name.replace('-of-', '/')}{_owner_text(owner)})",
            "wait for it, or choose another output folder or --shard",
        )
    owner.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
    for other in folder.glob("*-of-*.lock"):
        if other.stem.split("-of-")[1] == str(shard[1]):
            continue
        probe = Lock(other)
        free = probe.take()
        probe.release()
        if not free:
            mine.release()
            raise UsageError(
                f"another batch divides {folder.parent} otherwise: shard {other.stem.replace('-of-', '/')} is at work",
                "all machines that work on one output need the same number of shards",
            )
    return mine


def shard_name(shard: tuple[int, int]) -> str:
    """``1-of-4``: what files of a shard are called."""
    return f"{shard[0]}-of-{shard[1]}"


def _owner_text(owner: Path) -> str:
    try:
        return f", {owner.read_text('utf-8')}"
    except OSError:
        return ""
