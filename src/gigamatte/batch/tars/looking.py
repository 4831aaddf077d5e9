"""Finds one photo, or one result, of a lot for a look at it: in the tar shards, or among the files of OUT."""

from __future__ import annotations

import contextlib
import functools
import tarfile
from pathlib import Path

from gigamatte.batch import places
from gigamatte.batch.tars.lots import Home
from gigamatte.batch.tars.reading import members, reading_tar
from gigamatte.batch.tars.record import read_finished
from gigamatte.errors import MissingInput

#: tar files whose members are remembered
_KEPT = 8
_CHUNK = 1 << 20


def photo_of(home: Home, key: str, place: str, folder: Path) -> Path | str:
    """A photo of a lot: a copy in ``folder`` of what is in its tar shard, else ``place`` itself. Raises InputError."""
    finished = read_finished(home.finished)
    if finished is None or not finished.place:
        return place
    return _copied(finished.place, key, folder)


def result_of(home: Home, out: str, file: str, folder: Path) -> Path | str:
    """A file of a result: a copy in ``folder`` of what is in a tar shard, or where it lies. Raises InputError."""
    finished = read_finished(home.finished)
    names = [name for name, *_ in finished.files] if finished is not None else []
    if not names:  # as files, or not packed yet
        inside = home.work / "out" / file
        return inside if inside.is_file() else places.join(places.join(out, home.folder.name), file)
    for name in names:
        with contextlib.suppress(MissingInput):
            return _copied(places.join(out, name), file, folder)
    raise MissingInput(f"there is no {file} in the tar shards of {home.folder.name}")


def _copied(tar: str, name: str, folder: Path) -> Path:
    if places.is_uri(tar):  # one look is not worth the whole of it
        raise MissingInput(f"{name} is in {tar}, which is not fetched for a look")
    path = Path(tar)
    try:
        status = path.stat()
    except OSError as error:
        raise MissingInput(f"{tar} cannot be read: {error.strerror}") from error
    found = _where(path, status.st_size, status.st_mtime_ns).get(name)
    if found is None:
        raise MissingInput(f"there is no {name} in {tar}")
    offset, left = found
    target = folder / f"{len(list(folder.iterdir()))}{Path(name).suffix}"
    with path.open("rb") as source, target.open("wb") as file:
        source.seek(offset)
        while left and (chunk := source.read(min(left, _CHUNK))):
            file.write(chunk)
            left -= len(chunk)
    return target


@functools.lru_cache(maxsize=_KEPT)
def _where(path: Path, size: int, changed: int) -> dict[str, tuple[int, int]]:
    """Where each member begins in a tar file, and its bytes; as long as the file is the same."""
    del size, changed
    found: dict[str, tuple[int, int]] = {}
    with reading_tar(path.name, name=path, mode="r:") as tar:
        for member in members(tar):
            if member.isreg() and not member.issparse() and member.type != tarfile.GNUTYPE_SPARSE:
                found.setdefault(member.name.removeprefix("./"), (member.offset_data, member.size))
    return found
