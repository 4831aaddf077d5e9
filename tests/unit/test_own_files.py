"""Files of gigamatte's own folders: there whole or not at all, and only the newest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from gigamatte.own_files import keep_newest, replaced, sha256_of, sha256_of_text


def test_a_file_is_replaced_whole_and_its_folder_made(tmp_path):
    target = tmp_path / "new" / "record.json"
    with replaced(target) as draft:
        draft.write_text("first")
        assert not target.exists()
    with replaced(target) as draft:
        draft.write_text("second")
        assert target.read_text() == "first"
    assert target.read_text() == "second"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("wrong", [OSError("full"), KeyboardInterrupt()])
def test_after_an_error_the_old_file_is_there_and_no_draft(tmp_path, wrong):
    target = tmp_path / "record.json"
    target.write_text("old")

    def write() -> None:
        with replaced(target) as draft:
            draft.write_text("half")
            raise wrong

    with pytest.raises(type(wrong)):
        write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_only_the_newest_are_kept_files_and_folders(tmp_path):
    paths = [tmp_path / name for name in "abcde"]
    for age, path in enumerate(paths):
        if path.name == "c":
            path.mkdir()
            (path / "inside").write_text("x")
        else:
            path.write_text("x")
        os.utime(path, (1000 - age, 1000 - age))
    gone = tmp_path / "gone"
    assert sorted(keep_newest([*paths, gone], 2)) == paths[2:]
    assert sorted(tmp_path.iterdir()) == paths[:2]
    assert keep_newest(paths[:2], 2) == []


def test_a_digest_of_several_files_is_that_of_their_bytes_in_order(tmp_path: Path) -> None:
    parts = [b"first", b"", b"third" * 100_000]
    paths = [tmp_path / str(number) for number in range(3)]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(part)
    assert sha256_of(*paths) == hashlib.sha256(b"".join(parts)).hexdigest()
    assert sha256_of(str(paths[0])) == hashlib.sha256(b"first").hexdigest()


def test_a_name_of_any_bytes_has_a_digest():
    assert sha256_of_text("é") == hashlib.sha256("é".encode()).hexdigest()
    assert sha256_of_text(os.fsdecode(b"a\xff")) == hashlib.sha256(b"a\xff").hexdigest()
