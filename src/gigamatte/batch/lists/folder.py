"""The photos of a folder on this machine, with all below it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gigamatte.batch.lists.wanted import Passed, Wanted, is_litter
from gigamatte.batch.places import is_uri, local, local_stamp
from gigamatte.batch.task import Source
from gigamatte.errors import MissingInput

#: the folder in OUT that says so
MARK = ".gigamatte"


def folder_photos(root: Path, wanted: Wanted, out: str | None, passed: Passed) -> Iterator[Source]:
    """Depth first, names sorted. Links to folders are not followed; links to files outside are refused."""
    real = root.resolve()
    left_out = None if out is None or is_uri(out) else local(out).resolve()
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
        except OSError as error:
            why = f"folder cannot be read: {error.strerror}"
            yield refused(prefix.rstrip("/") or ".", root / prefix, why)
            continue
        if prefix and any(entry.name == MARK for entry in entries):
            passed.batch(str(root / prefix))
            continue
        folders = []
        for entry in entries:
            key = prefix + entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if is_litter(entry.name):
                    passed.litter(entry.name)
                elif left_out is None or Path(entry.path).resolve() != left_out:
                    folders.append(key + "/")
            elif wanted(key):
                yield _file(key, entry, real)
            elif not wanted.chosen:
                passed.file(entry.name)
        waiting.extend(reversed(folders))


def existing(root: Path) -> Path:
    """The folder itself. Raises MissingInput."""
    if not root.is_dir():
        raise MissingInput(f"there is no folder {root}")
    return root


def refused(key: str, path: Path, why: str) -> Source:
    """A photo that is listed and not touched."""
    return Source(key, str(path), 0, "", refusal=f"{key}: {why}")


def _file(key: str, entry: os.DirEntry[str], root: Path) -> Source:
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            return refused(key, Path(entry.path), "a link that leads outside the input folder")
        if not entry.is_file():
            return refused(key, Path(entry.path), "not a file")
        size, stamp = local_stamp(entry.stat())
    except OSError as error:
        return refused(key, Path(entry.path), f"cannot be read: {error.strerror}")
    return Source(key, os.path.abspath(entry.path), size, stamp)
