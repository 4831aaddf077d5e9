"""Which photos there are: a folder with all below it, a list or inventory, a glob pattern, one file, or any of these as
a URI; ``-`` is a list on standard input.

Sources are found one by one, in an order that is the same every time: a million of them take no memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gigamatte.batch import hint_files
from gigamatte.batch.films import is_film
from gigamatte.batch.lists.folder import existing, folder_photos
from gigamatte.batch.lists.named import STDIN, is_inventory, named_photos
from gigamatte.batch.lists.patterns import fixed_part, is_pattern
from gigamatte.batch.lists.store import store_photos
from gigamatte.batch.lists.wanted import PICTURES, Passed, Wanted
from gigamatte.batch.places import filesystem, is_uri, local, reading
from gigamatte.batch.task import Source
from gigamatte.errors import MissingInput, UsageError

#: archives that are not read
_PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".zip", ".7z", ".rar")


def list_sources(
    spec: str,
    *,
    pattern: str | None = None,
    out: str | None = None,
    column: str | None = None,
    passed: Passed | None = None,
) -> Iterator[Source]:
    """The photos that ``spec`` names: everything with a known suffix, or what ``pattern`` matches.

    The pattern is compared with the path below the folder, or with the name alone when it has no slash. Hidden files
    and folders, folders of previews (``wanted.LITTER``), ``out`` when it lies below ``spec`` and results of other
    batches are left out; ``passed`` counts them. ``column`` is that of an inventory. Raises MissingInput when there is
    no such place, UsageError when a list climbs out of its folder or a pattern is given without a folder.
    """
    passed = Passed() if passed is None else passed
    if spec.lower().endswith(_PACKED) and (is_uri(spec) or not local(spec).is_dir()):
        raise UsageError(f"{spec} is a packed archive: only plain tar files are read as tar shards", "unpack it first")
    if pattern is not None and (spec == STDIN or is_inventory(spec)):
        raise UsageError(f"--pattern chooses among the files of a folder, and {spec} is none", "leave it out")
    if spec == STDIN:
        return named_photos(spec, column, out)
    if column is not None and not is_inventory(spec):
        raise UsageError(f"--column is for CSV, JSON lines and Parquet, and {spec} is none of them", "leave it out")
    wanted = Wanted(pattern)
    if is_uri(spec):
        return _remote(spec, wanted, out, column, passed)
    path = local(spec)
    if path.is_dir():
        return folder_photos(path, wanted, out, passed)
    if pattern is not None:
        raise UsageError(f"--pattern chooses among the files of a folder, and {spec} is none", "leave it out")
    if path.is_file():
        return _one(path) if _is_one(path.name) else named_photos(spec, column, out)
    if is_pattern(spec):
        root, rest = fixed_part(local(spec).as_posix(), os.path.isdir)
        return folder_photos(existing(Path(root)), Wanted(rest, whole=True), out, passed)
    raise MissingInput(f"there is no {spec}", "expected a folder, a file with a list of photos, a pattern or a URI")


def root_of(spec: str) -> str | None:
    """The folder (or URI) that keys are relative to; None for a list, whose entries may lie anywhere."""
    if spec == STDIN or is_inventory(spec):
        return None
    if is_uri(spec):
        return fixed_part(spec)[0] if is_pattern(spec) else spec.rstrip("/")
    path = local(spec)
    if path.is_dir():
        return str(path)
    if path.is_file():
        return str(path.parent) if _is_one(path.name) else None
    return fixed_part(path.as_posix(), os.path.isdir)[0] if is_pattern(spec) else None


def _is_one(name: str) -> bool:
    """Whether a file of this name is a picture or a film, and no list of others."""
    return PurePosixPath(name).suffix.lower() in PICTURES or is_film(name)


def _one(path: Path) -> Iterator[Source]:
    size, stamp = hint_files.stamp_of(str(path))
    yield Source(path.name, str(path), size, stamp)


def _remote(spec: str, wanted: Wanted, out: str | None, column: str | None, passed: Passed) -> Iterator[Source]:
    if is_pattern(spec):
        root, rest = fixed_part(spec)
        wanted = Wanted(rest, whole=True)
    else:
        root = spec.rstrip("/")
        if is_inventory(spec):
            yield from named_photos(spec, column, out)
            return
        with reading(spec):
            system, path = filesystem(root)
            single = system.isfile(path)
        if single:
            if not _is_one(root):
                yield from named_photos(spec, column)
                return
            size, stamp = hint_files.stamp_of(root, hinted=True)
            yield Source(root.rsplit("/", 1)[-1], root, size, stamp)
            return
    yield from store_photos(root, wanted, out, passed)
