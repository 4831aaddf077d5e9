"""The cache on disk: damaged values are not used, it stays within its cap, and only its user may read it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gigamatte.cache.base import key_of
from gigamatte.cache.disk import NAME, DiskCache
from gigamatte.errors import UsageError, WriteError

CAP = 1_000_000


def noise(seed: int, length: int = 20_000) -> bytes:
    """Bytes that no compression makes smaller."""
    return np.random.default_rng(seed).bytes(length)


def key(number: int) -> bytes:
    return key_of(str(number))


def put(folder: Path, *numbers: int, cap: int = CAP, release: str = "1") -> tuple[str, ...]:
    """One turn of a process that keeps some values."""
    cache = DiskCache(folder, cap, release)
    for number in numbers:
        cache.put(key(number), noise(number))
    warnings = cache.end_turn()
    cache.close()
    return warnings


def held(folder: Path, *numbers: int, release: str = "1") -> list[int]:
    """Which of the values are there, and right; asking for them marks them as used."""
    cache = DiskCache(folder, CAP, release)
    values = {number: cache.get(key(number), 20_000) for number in numbers}
    cache.end_turn()
    cache.close()
    assert all(value in (None, noise(number)) for number, value in values.items())
    return [number for number, value in values.items() if value is not None]


def test_what_was_put_is_found_by_the_next_run(tmp_path: Path) -> None:
    assert put(tmp_path, 1, 2) == ()
    assert held(tmp_path, 1, 2, 3) == [1, 2]


def test_another_release_finds_nothing(tmp_path: Path) -> None:
    put(tmp_path, 1, release="0.1.0")
    assert held(tmp_path, 1, release="0.2.0") == []


def test_a_value_of_another_length_is_not_given(tmp_path: Path) -> None:
    put(tmp_path, 1)
    cache = DiskCache(tmp_path, CAP, "1")
    assert cache.get(key(1), 19_999) is None
    assert cache.get(key(1), 20_001) is None
    assert cache.get(key(1), 20_000) == noise(1)
    cache.close()


def read(folder: Path, query: str) -> bytes:
    with sqlite3.connect(folder / NAME) as db:
        return bytes(db.execute(query).fetchone()[0])


def change(folder: Path, query: str, *values: object) -> None:
    db = sqlite3.connect(folder / NAME)
    with db:
        assert db.execute(query, values).rowcount > 0
    db.close()


@pytest.mark.parametrize("damage", [b"", b"garbage", noise(7), "text", 5, None])
def test_damaged_values_are_not_believed(tmp_path: Path, damage: object) -> None:
    put(tmp_path, 1, 2)
    if damage is None:  # one bit
        value = bytearray(read(tmp_path, "SELECT value FROM entries WHERE rowid = 1"))
        value[1000] ^= 1
        damage = bytes(value)
    change(tmp_path, "UPDATE entries SET value = ? WHERE rowid = 1", damage)
    cache = DiskCache(tmp_path, CAP, "1")
    assert cache.get(key(1), 20_000) is None
    assert cache.get(key(2), 20_000) == noise(2)
    assert cache.end_turn() == ("1 damaged entries of the cache were not used: they were made anew",)
    cache.put(key(1), noise(1))
    assert cache.end_turn() == ()
    assert cache.get(key(1), 20_000) == noise(1)
    cache.close()


def test_a_bomb_with_a_right_seal_is_not_unpacked(tmp_path: Path) -> None:
    import zlib

    put(tmp_path, 1)
    bomb = zlib.compress(bytes(300_000_000), 9)
    row = read(tmp_path, "SELECT key FROM entries")
    seal = hashlib.sha256(row + bomb).digest()
    change(tmp_path, "UPDATE entries SET value = ?, seal = ?", bomb, seal)
    assert held(tmp_path, 1) == []


def test_the_oldest_go_and_the_file_stays_within_its_cap(tmp_path: Path) -> None:
    for number in range(30):
        put(tmp_path, number)
        assert (tmp_path / NAME).stat().st_size <= CAP
    assert held(tmp_path, 0) == [0]  # used now: younger than the others
    for number in range(30, 60):
        assert put(tmp_path, number) == ()
        assert held(tmp_path, 0) == [0]
    assert (tmp_path / NAME).stat().st_size <= CAP
    assert held(tmp_path, *range(1, 10)) == []
    assert held(tmp_path, 58, 59) == [58, 59]


def test_one_turn_does_not_push_itself_out(tmp_path: Path) -> None:
    warnings = put(tmp_path, *range(200))
    assert len(warnings) == 1
    assert "the cache is full with this photo" in warnings[0]
    first = held(tmp_path, *range(200))
    assert 20 < len(first) < 50
    assert first[:30] == list(range(30))


def test_a_smaller_cap_shrinks_the_file(tmp_path: Path) -> None:
    put(tmp_path, *range(200), cap=8_000_000)
    assert (tmp_path / NAME).stat().st_size > 3_000_000
    put(tmp_path, 500)
    assert (tmp_path / NAME).stat().st_size <= CAP


WRITER = """
import sys
import numpy as np
from gigamatte.cache.base import key_of
from gigamatte.cache.disk import DiskCache
from pathlib import Path
cache = DiskCache(Path(sys.argv[1]), 50_000_000, "1")
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 300):
    cache.put(key_of(str(number)), np.random.default_rng(number).bytes(20_000))
print(*cache.end_turn())
cache.close()
"""


def test_processes_share_it(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(start)], stdout=subprocess.PIPE, text=True)
        for start in (0, 150, 450)
    ]
    assert [writer.communicate()[0].strip() for writer in writers] == ["", "", ""]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert held(tmp_path, *range(0, 750, 25)) == list(range(0, 750, 25))


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_it_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    put(folder, 1)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    (folder / NAME).chmod(0o644)
    with pytest.raises(UsageError, match="is not private"):
        DiskCache(folder, CAP, "1")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such links")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteError, match="cannot be written"):
        DiskCache(tmp_path, CAP, "1")
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="cannot be written"):
        DiskCache(tmp_path / "file", CAP, "1")


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    for content in (b"no database at all, but long enough to have a header" * 20, None):
        (tmp_path / NAME).unlink(missing_ok=True)
        if content is not None:
            (tmp_path / NAME).write_bytes(content)
        else:
            with sqlite3.connect(tmp_path / NAME) as db:
                db.execute("CREATE TABLE mine (value)")
            db.close()
        (tmp_path / NAME).chmod(0o600)
        before = (tmp_path / NAME).read_bytes()
        with pytest.raises(UsageError, match="is damaged"):
            DiskCache(tmp_path, CAP, "1")
        assert (tmp_path / NAME).read_bytes() == before


def test_what_fails_later_is_a_warning(tmp_path: Path) -> None:
    put(tmp_path, *range(20))
    cache = DiskCache(tmp_path, CAP, "1")
    size = (tmp_path / NAME).stat().st_size
    with (tmp_path / NAME).open("r+b") as file:  # everything but the first page is overwritten
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    assert all(cache.get(key(number), 20_000) is None for number in range(20))
    cache.put(key(1), noise(1))
    warnings = cache.end_turn()
    assert any("was not used any further" in warning for warning in warnings)
    cache.close()
