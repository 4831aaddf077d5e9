"""One shard: unpacked into a folder, and packed again with results in its photos' places."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gigamatte.batch.tars.names import Member, is_photo, refusal
from gigamatte.batch.tars.reading import members, reading_tar
from gigamatte.errors import ScratchFull
from gigamatte.own_files import sha256_of

#: bytes that are copied at once
_CHUNK = 1 << 20
#: bytes of which a tar file has whole ones
_BLOCK = 512
#: tells by its name whether a member may be a photo
Chosen = Callable[[str], bool]


@dataclass
class Sample:
    """Members of one stem. Paths are where they were unpacked."""

    name: str
    photo: str | None = None
    #: (name in the tar, path) of what goes with it unchanged, in the tar's order
    others: list[tuple[str, Path]] = field(default_factory=list)


@dataclass
class Unpacked:
    """What was in a shard. ``refused``: members that were left, and why."""

    samples: dict[str, Sample]
    refused: dict[str, str]


def unpack(shard: Path, photos: Path, others: Path, chosen: Chosen = is_photo) -> Unpacked:
    """Photos go below ``photos`` under their own names, all else into ``others`` under numbers.

    ``chosen`` tells by its name whether a member may be a photo. Only plain files are taken, and names that stay below
    the folder. Raises UnsupportedInput for a file that is no tar or ends too soon, ScratchFull where there is no room.
    """
    found = Unpacked({}, {})
    with reading_tar(shard.name, name=shard, mode="r:") as tar:
        end = 0
        for number, member in enumerate(members(tar)):
            end = member.offset_data + -(-member.size // _BLOCK) * _BLOCK * member.isreg()
            if member.isdir():
                continue
            name = member.name.removeprefix("./")
            why = refusal(name) if member.isreg() and not member.issparse() else "it is no plain file"
            if not why and not _take(tar, member, name, number, found, photos, others, chosen=chosen):
                why = "another member has its name"
            if why:
                found.refused[name] = why
        _check_end(shard, end)
    return found


def _check_end(shard: Path, end: int) -> None:
    """A tar ends with empty blocks; tarfile takes one that was cut off between two members for whole."""
    with shard.open("rb") as file:
        file.seek(end)
        if file.read(_BLOCK) != bytes(_BLOCK):
            raise tarfile.ReadError("it has no end: is it still being copied?")


def _take(
    tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, number: int, found: Unpacked, photos: Path, others: Path,
    *, chosen: Chosen,
) -> bool:  # fmt: skip
    parsed = Member.of(name)
    sample = found.samples.setdefault(parsed.sample, Sample(parsed.sample))
    # 000.jpg is the photo of 000 whatever else is a picture there; 000.seg.png only where nothing plainer is
    taken = chosen(name) and (sample.photo is None or "." not in parsed.kind)
    path = photos / name if taken else others / str(number)
    source = tar.extractfile(member)
    assert source is not None  # a plain file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            _copy(source, file, member)
    except (FileExistsError, NotADirectoryError):
        return False
    except OSError as error:
        raise ScratchFull(f"{name} cannot be unpacked in {photos}: {error.strerror}", "make room there") from error
    if not taken:
        sample.others.append((name, path))
        return True
    if sample.photo is not None:  # what was taken for the photo before goes along with it
        before = others / f"{number}-before"
        os.replace(photos / sample.photo, before)
        sample.others.append((sample.photo, before))
    sample.photo = name
    return True


def _copy(source: IO[bytes], file: IO[bytes], member: tarfile.TarInfo) -> None:
    left = member.size
    while left and (chunk := source.read(min(_CHUNK, left))):
        file.write(chunk)
        left -= len(chunk)
    if left:
        raise tarfile.ReadError(f"{member.name} ends too soon")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a shard that is written: samples and bytes; None: as many as the shard that it was made of."""

    photos: int | None = None
    bytes: int | None = None

    @property
    def parted(self) -> bool:
        """Whether a shard may become several."""
        return self.photos is not None or self.bytes is not None


@dataclass(frozen=True, slots=True)
class Packed:
    """A shard that was written."""

    path: Path
    sha256: str
    photos: int


def pack(
    samples: Iterable[tuple[Sample, list[tuple[str, Path]]]], folder: Path, stem: str, limits: Limits
) -> Iterator[Packed]:
    """Write samples and their results, as (name in the tar, path), into shards in ``folder``.

    The same samples always give the same bytes. A shard holds one sample at least, however large.
    """
    number, waiting, size = 0, list[list[tuple[str, Path]]](), 0
    for sample, results in samples:
        members = [*results, *sample.others]
        length = sum(path.stat().st_size + 1024 for _, path in members)
        full = limits.photos is not None and len(waiting) >= limits.photos
        if waiting and (full or (limits.bytes is not None and size + length > limits.bytes)):
            yield _write(folder, _name(stem, number, limits), waiting)
            number, waiting, size = number + 1, [], 0
        waiting.append(members)
        size += length
    if waiting:
        yield _write(folder, _name(stem, number, limits), waiting)


def _name(stem: str, number: int, limits: Limits) -> str:
    return f"{stem}-{number:05}.tar" if limits.parted else f"{stem}.tar"


def _write(folder: Path, name: str, samples: list[list[tuple[str, Path]]]) -> Packed:
    path = folder / name
    try:
        with path.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for member in (member for sample in samples for member in sample):
                    _add(tar, *member)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ScratchFull(f"{path} cannot be written: {error.strerror}", "make room there") from error
    return Packed(path, sha256_of(path), len(samples))


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    """Add a file without owner and times, so that equal results give equal bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = path.stat().st_size, 0o644
    with path.open("rb") as file:
        tar.addfile(info, file)


def restore(shard: Path, folder: Path, names: frozenset[str]) -> None:
    """Unpack those members of a tar shard of results that are ``names``, which are our own."""
    with reading_tar(shard.name, name=shard, mode="r:") as tar:
        for member in members(tar):
            path = folder / member.name
            if member.name not in names or not member.isreg() or path.exists():
                continue
            source = tar.extractfile(member)
            assert source is not None  # a plain file
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                _copy(source, file, member)
