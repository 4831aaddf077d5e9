"""The cache on disk: one private SQLite file, which several processes may share.

It holds parts of users' pictures, so only the user may read it; it never grows beyond its cap. A stored value is used
only when its digest and its length are right. A file that cannot be used when it is opened is an error; when it fails
later, there is a warning, and the run goes on without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sqlite3
import stat
import sys
import threading
import zlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np

from gigamatte.cache.base import key_of
from gigamatte.errors import UsageError, WriteError

NAME = "gigamatte.cache"
#: marks the file as one of these: SQLite's application_id and user_version
MARK, SCHEMA = 0x67_6D_63_31, 1
#: folders of gigamatte whose code makes the values, or their form
MAKERS = ("kept", "matte", "network")
#: values wait until they are this many bytes, and are then written together
WAITING = 2 << 20
#: what an entry takes beside its value: key, digest, and the rest of its last page
OVERHEAD = 4096
#: seconds to wait for another process that writes
PATIENCE = 20.0
#: the longest compressed value that is read
LONGEST = 256 << 20


class DiskCache:
    """Keeps values in ``folder``, in at most ``cap`` bytes; the least recently used are deleted first.

    Values that the present turn put or found are not deleted to make room for more of the same turn: of a photo that
    is larger than the cap a part is kept. ``release`` names the code that makes the values: those of other code are
    not found.
    Raises UsageError when the file is not private or not a cache, WriteError when it cannot be written.
    """

    def __init__(self, folder: Path, cap: int, release: str) -> None:
        self._maker = _maker(release)
        self._path, self._cap = folder / NAME, cap
        self._lock = threading.Lock()
        self._waiting: dict[bytes, tuple[bytes, bytes]] = {}
        self._found: set[bytes] = set()
        self._damaged = self._refused = 0
        self._failed: str | None = None
        try:
            _make_private(self._path)
            self._db = sqlite3.connect(self._path, PATIENCE, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(folder, error) from error
        try:
            self._turn = self._prepare()
        except sqlite3.OperationalError as error:
            self._db.close()
            raise _unwritable(folder, error) from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise UsageError(f"{self._path} is damaged: {error}", "delete it, or name another --cache") from error

    def get(self, key: bytes, length: int) -> bytes | None:
        """What was put under ``key``; None when it is not there, is damaged, or has not ``length`` bytes."""
        key = key_of(self._maker, key)
        with self._lock:
            row = self._row(key)
        if row is None:
            return None
        value = _unpacked(key, *row, length)
        with self._lock:
            if value is None:
                self._damaged += 1
            else:
                self._found.add(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep ``value``; it is written with the next ones."""
        key, packed = key_of(self._maker, key), zlib.compress(value, 1)
        with self._lock:
            self._waiting[key] = packed, _seal(key, packed)
            if sum(len(data) for data, _ in self._waiting.values()) > WAITING:
                self._write()

    def end_turn(self) -> tuple[str, ...]:
        """Write what waits; gives the warnings since the last turn."""
        with self._lock:
            self._write()
            warnings = []
            if self._damaged:
                warnings.append(f"{self._damaged} damaged entries of the cache were not used: they were made anew")
            if self._refused:
                warnings.append(f"the cache is full with this photo: {self._refused} parts were not kept")
            if self._failed is not None:
                warnings.append(f"the cache {self._path} was not used any further: {self._failed}")
            self._damaged = self._refused = 0
            self._turn += 1
        return tuple(warnings)

    def close(self) -> None:
        """Write what waits and close the file."""
        with self._lock:
            self._write()
            self._db.close()

    def _prepare(self) -> int:
        """Checks and makes the tables; the number of this turn."""
        db = self._db
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        for pragma in (
            # sqlite.org, "Defense Against The Dark Arts": the file may have been written by somebody else
            "trusted_schema=OFF",
            "cell_size_check=ON",
            # entries are parts of users' pictures: deleted ones are overwritten on disk, and the file shrinks
            "secure_delete=ON",
            "auto_vacuum=FULL",
            "synchronous=NORMAL",
            "journal_mode=TRUNCATE",
        ):
            db.execute(f"PRAGMA {pragma}")
        with self._transaction():
            mark, tables = self._number("PRAGMA application_id"), self._number("SELECT count(*) FROM sqlite_master")
            if tables and (mark, self._number("PRAGMA user_version")) != (MARK, SCHEMA):
                raise sqlite3.DatabaseError("it is not a cache of this version of gigamatte")
            db.execute(f"PRAGMA application_id={MARK}")
            db.execute(f"PRAGMA user_version={SCHEMA}")
            db.execute(
                "CREATE TABLE IF NOT EXISTS entries"
                " (key BLOB PRIMARY KEY, value BLOB NOT NULL, seal BLOB NOT NULL, turn INTEGER NOT NULL)"
            )
            db.execute("CREATE INDEX IF NOT EXISTS by_turn ON entries (turn)")
            return 1 + self._number("SELECT coalesce(max(turn), 0) FROM entries")

    def _number(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def _row(self, key: bytes) -> tuple[object, object] | None:
        if self._failed is not None:
            return None
        try:
            row: tuple[object, object] | None = self._db.execute(
                "SELECT value, seal FROM entries WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            self._failed = str(error)
            return None
        return row

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                self._db.execute("ROLLBACK")
            raise

    def _write(self) -> None:
        """What waits goes to disk, and what was found is marked as used."""
        waiting, self._waiting = self._waiting, {}
        found, self._found = self._found, set()
        if self._failed is not None or not (waiting or found):
            return
        try:
            with self._transaction():
                turn = self._turn
                self._db.executemany("UPDATE entries SET turn = ? WHERE key = ?", [(turn, key) for key in found])
                room = self._room(sum(len(data) + OVERHEAD for data, _ in waiting.values()))
                for key, (data, seal) in waiting.items():
                    room -= len(data) + OVERHEAD
                    if room < 0:
                        self._refused += 1
                    else:
                        row = (key, data, seal, turn)
                        self._db.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            self._failed = str(error)

    def _room(self, wanted: int) -> int:
        """Bytes that may be written, after entries of earlier turns were deleted as far as needed."""
        lacking = wanted - self._free()
        gone = []
        if lacking > 0:
            oldest = "SELECT rowid, length(value) FROM entries WHERE turn < ? ORDER BY turn"
            for row, size in self._db.execute(oldest, (self._turn,)):
                gone.append((row,))
                lacking -= size
                if lacking <= 0:
                    break
            self._db.executemany("DELETE FROM entries WHERE rowid = ?", gone)
        return self._free()

    def _free(self) -> int:
        pages = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
        return self._cap - pages * self._number("PRAGMA page_size")


def _maker(release: str) -> str:
    """All that can change a result without a change of its input, such as library versions: part of every key."""
    openvino = "none"
    with contextlib.suppress(metadata.PackageNotFoundError):
        openvino = metadata.version("openvino")
    code = hashlib.sha256()
    package = Path(__file__).parents[1]
    for folder in MAKERS:  # the code is hashed too, because a checkout may change without a new release number
        for path in sorted((package / folder).rglob("*.py")):
            code.update(path.read_bytes())
    libraries = f"{np.__version__} {cv2.__version__} {openvino}"
    return f"{code.hexdigest()} {release} {libraries} {platform.machine()} {sys.byteorder}"


def _seal(key: bytes, packed: bytes) -> bytes:
    return hashlib.sha256(key + packed).digest()


def _unpacked(key: bytes, packed: object, seal: object, length: int) -> bytes | None:
    """The value, if these are the bytes that were stored and they hold exactly ``length``."""
    if not isinstance(packed, bytes) or seal != _seal(key, packed):
        return None
    unpacker = zlib.decompressobj()
    try:
        value = unpacker.decompress(packed, length + 1)  # never more, whatever the bytes claim
    except zlib.error:
        return None
    return value if len(value) == length and unpacker.eof else None


def _make_private(path: Path) -> None:
    """The file, its folder too if need be, for this user alone. Raises OSError, UsageError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if os.name == "posix" and (
        found.st_uid != os.geteuid() or found.st_mode & 0o077 or not stat.S_ISREG(found.st_mode)
    ):
        raise UsageError(f"{path} is not private: others own it or may read it", "delete it, or name another --cache")


def _unwritable(folder: Path, error: Exception) -> WriteError:
    why = error.strerror if isinstance(error, OSError) else error
    return WriteError(f"the cache {folder} cannot be written: {why}", "name another folder with --cache")
