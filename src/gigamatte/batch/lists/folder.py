"""The photos of a folder on this machine, with all below it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gigamatte.batch import hint_files
from gigamatte.batch.lists.wanted import Passed, Wanted, is_litter
from gigamatte.batch.places import is_uri, local, local_stamp
from gigamatte.batch.task import Source
from gigamatte.errors import MissingInput

#: the folder in OUT by which the results of another batch are recognised
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
        folders, hints = [], {entry.name: entry for entry in entries if entry.name.endswith(hint_files.HINTS)}
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
                source = _file(key, entry, real)
                beside = hints.get(hint_files.hints_of(entry.name))
                yield source if beside is None or source.refusal else _with_hints(source, beside, real)
            elif not wanted.chosen and entry.name not in hints:
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


def _with_hints(source: Source, entry: os.DirEntry[str], root: Path) -> Source:
    """The photo with the hints beside it, refused where these are no file of the folder."""
    hints = _file(source.key, entry, root, "its hints are ")
    return replace(hints, place=source.place) if hints.refusal else hint_files.with_hints(source, hints.stamp)


def _file(key: str, entry: os.DirEntry[str], root: Path, what: str = "") -> Source:
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            return refused(key, Path(entry.path), f"{what}a link that leads outside the input folder")
        if not entry.is_file():
            return refused(key, Path(entry.path), f"{what}not a file")
        size, stamp = local_stamp(entry.stat())
    except (OSError, RuntimeError) as error:  # links in a circle are a RuntimeError
        why = getattr(error, "strerror", None) or "a link that leads to itself"
        return refused(key, Path(entry.path), f"cannot be read: {why}")
    return Source(key, os.path.abspath(entry.path), size, stamp)
