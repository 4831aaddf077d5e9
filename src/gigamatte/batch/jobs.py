"""Which photos there are: a folder with all below it, a list, a glob pattern, one file, or any of these as a URI.

Sources are found one by one, in an order that is the same every time: a million of them take no memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gigamatte.batch.patterns import compiled, fixed_part, is_pattern
from gigamatte.batch.places import filesystem, is_uri, join, local, local_stamp, reading, remote_stamp, stamp_of
from gigamatte.batch.task import Source
from gigamatte.errors import InputError, MissingInput, UsageError
from gigamatte.photo.formats import KINDS, RAW_SUFFIXES

#: suffixes that are taken without a pattern
SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes)
_PICTURES = SUFFIXES | RAW_SUFFIXES | {".heic", ".heif", ".avif", ".gif", ".bmp", ".psd"}


def list_sources(spec: str, *, pattern: str | None = None, out: str | None = None) -> Iterator[Source]:
    """The photos that ``spec`` names: everything with a known suffix, or what ``pattern`` matches.

    The pattern is compared with the path below the folder, or with the name alone when it has no slash. Hidden files
    and folders, and ``out`` when it lies below ``spec``, are left out. Raises MissingInput when there is no such
    place, UsageError when a list climbs out of its folder or a pattern is given without a folder.
    """
    wanted = _Wanted(pattern)
    if is_uri(spec):
        return _remote(spec, wanted, out)
    path = local(spec)
    if path.is_dir():
        return _folder(path, wanted, out)
    if pattern is not None:
        raise UsageError(f"--pattern chooses among the files of a folder, and {spec} is none", "leave it out")
    if path.is_file():
        return _one(path) if path.suffix.lower() in _PICTURES else _listed(spec)
    if is_pattern(spec):
        root, rest = fixed_part(local(spec).as_posix())
        return _folder(_existing(Path(root)), _Wanted(rest, whole=True), out)
    raise MissingInput(f"there is no {spec}", "expected a folder, a file with a list of photos, a pattern or a URI")


def root_of(spec: str) -> str | None:
    """The folder (or URI) that keys are relative to; None for a list, whose entries may lie anywhere."""
    if is_uri(spec):
        return fixed_part(spec)[0] if is_pattern(spec) else spec.rstrip("/")
    path = local(spec)
    if path.is_dir():
        return str(path)
    if path.is_file():
        return str(path.parent) if path.suffix.lower() in _PICTURES else None
    return fixed_part(path.as_posix())[0] if is_pattern(spec) else None


class _Wanted:
    """Decides by the relative path."""

    def __init__(self, pattern: str | None, *, whole: bool = False) -> None:
        self._expression: re.Pattern[str] | None = compiled(pattern) if pattern else None
        self._whole = whole or (pattern is not None and "/" in pattern)

    def __call__(self, key: str) -> bool:
        name = key.rsplit("/", 1)[-1]
        if self._expression is None:
            return os.path.splitext(name)[1].lower() in SUFFIXES
        return self._expression.fullmatch(key if self._whole else name) is not None


def _existing(root: Path) -> Path:
    if not root.is_dir():
        raise MissingInput(f"there is no folder {root}")
    return root


def _one(path: Path) -> Iterator[Source]:
    size, stamp = stamp_of(str(path))
    yield Source(path.name, str(path), size, stamp)


def _folder(root: Path, wanted: _Wanted, out: str | None) -> Iterator[Source]:
    """Depth first, names sorted. Links to folders are not followed; links to files outside are refused."""
    real = root.resolve()
    left_out = None if out is None or is_uri(out) else local(out).resolve()
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
        except OSError as error:
            yield _refused(prefix.rstrip("/") or ".", root / prefix, f"folder cannot be read: {error.strerror}")
            continue
        folders = []
        for entry in entries:
            key = prefix + entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if left_out is None or Path(entry.path).resolve() != left_out:
                    folders.append(key + "/")
            elif wanted(key):
                yield _file(key, entry, real)
        waiting.extend(reversed(folders))


def _file(key: str, entry: os.DirEntry[str], root: Path) -> Source:
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            return _refused(key, Path(entry.path), "a link that leads outside the input folder")
        if not entry.is_file():
            return _refused(key, Path(entry.path), "not a file")
        size, stamp = local_stamp(entry.stat())
    except OSError as error:
        return _refused(key, Path(entry.path), f"cannot be read: {error.strerror}")
    return Source(key, os.path.abspath(entry.path), size, stamp)


def _refused(key: str, path: Path, why: str) -> Source:
    return Source(key, str(path), 0, "", refusal=f"{key}: {why}")


def _listed(spec: str) -> Iterator[Source]:
    """A text file with a path or URI on every line; relative ones belong to the list's own folder."""
    home = spec.rsplit("/", 1)[0] if is_uri(spec) else str(local(spec).parent)
    for line in _lines(spec):
        place = line if is_uri(line) or Path(line).is_absolute() else join(home, line)
        place = place if is_uri(place) else str(local(place))
        key = _listed_key(place, home)
        try:
            size, stamp = stamp_of(place)
        except InputError as error:
            yield Source(key, place, 0, "", refusal=error.message)
            continue
        yield Source(key, place, size, stamp)


def _listed_key(place: str, home: str) -> str:
    """Relative to the list's folder, or else the path without its anchor: whatever else the list names."""
    if is_uri(place):
        inside = place.startswith(home + "/")
        key = place[len(home) + 1 :] if inside else place.split("://", 1)[1]
    else:
        path = Path(place)
        inside = path.is_relative_to(home)
        key = (path.relative_to(home) if inside else path.relative_to(path.anchor)).as_posix()
    if ".." in PurePosixPath(key).parts:
        raise UsageError(f"the list names {place!r}: '..' would leave the output folder")
    return key


def _lines(spec: str) -> Iterator[str]:
    try:
        if is_uri(spec):
            with reading(spec):
                system, path = filesystem(spec)
                file = system.open(path, "rt", encoding="utf-8-sig")
        else:
            file = open(spec, encoding="utf-8-sig")  # noqa: SIM115
        with file:
            for number, line in enumerate(file, 1):
                text = line.strip("\r\n")
                if "\0" in text:
                    raise UsageError(f"{spec}, line {number}: expected the path of a photo, found no text")
                if text.strip():
                    yield text
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{spec} is neither a picture nor a list: expected UTF-8 text with one path on each line"
        ) from error
    except OSError as error:
        raise MissingInput(f"{spec} cannot be read: {error.strerror or error}") from error


def _remote(spec: str, wanted: _Wanted, out: str | None) -> Iterator[Source]:
    if is_pattern(spec):
        root, rest = fixed_part(spec)
        wanted = _Wanted(rest, whole=True)
    else:
        root = spec.rstrip("/")
        with reading(spec):
            system, path = filesystem(root)
            single = system.isfile(path)
        if single:
            if PurePosixPath(root).suffix.lower() not in _PICTURES:
                yield from _listed(spec)
                return
            size, stamp = stamp_of(root)
            yield Source(root.rsplit("/", 1)[-1], root, size, stamp)
            return
    yield from _remote_folder(root, wanted, out)


def _remote_folder(root: str, wanted: _Wanted, out: str | None) -> Iterator[Source]:
    system, base = filesystem(root)
    base = base.rstrip("/")
    left_out = filesystem(out)[1].rstrip("/") if out is not None and is_uri(out) else None
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        folder = f"{base}/{prefix}".rstrip("/")
        with reading(f"{root}/{prefix}"):
            system.invalidate_cache(folder)
            entries = sorted(system.ls(folder, detail=True), key=_name)
        system.invalidate_cache(folder)  # a cache of every folder would grow without end
        folders = []
        for entry in entries:
            path = _name(entry).rstrip("/")
            key = path[len(base) + 1 :]
            name = key.rsplit("/", 1)[-1]
            if not key or path == folder or name.startswith("."):
                continue
            if entry["type"] == "directory":
                if path != left_out:
                    folders.append(key + "/")
            elif ".." in key.split("/"):
                why = f"{key}: '..' would leave the output folder"
                yield Source(key.replace("..", "__"), join(root, key), 0, "", refusal=why)
            elif wanted(key):
                size, stamp = remote_stamp(entry)
                yield Source(key, join(root, key), size, stamp)
        waiting.extend(reversed(folders))


def _name(entry: dict[str, str]) -> str:
    return str(entry["name"])
