"""Names in and of tar shards: which shards are meant, which members belong together, which names are safe."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gigamatte.batch.films import is_film
from gigamatte.batch.lists.patterns import compiled, fixed_part, is_pattern
from gigamatte.batch.lists.wanted import PICTURES, Wanted
from gigamatte.batch.naming import shard_of
from gigamatte.batch.places import filesystem, is_uri, local, reading
from gigamatte.errors import MissingInput, UsageError

#: of a shard's name: tar alone, whose members can be found without unpacking anything
SUFFIX = ".tar"
#: shards that a range may name, at most
MOST = 1_000_000
#: letters that a member's name may not have: where they separate folders or drives
_FORBIDDEN = "\\:" if os.name == "nt" else "\\"
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def is_tar(spec: str) -> bool:
    """Whether IN names tar shards."""
    return spec.lower().endswith(SUFFIX) and (is_uri(spec) or not local(spec).is_dir())


def shards_named(spec: str) -> list[str]:
    """The shards that ``spec`` names, in order: one file, a pattern, or ranges ``s-{0000..0127}.tar``; local or URIs.

    Raises MissingInput where there are none, UsageError for a range that is none and for two shards of one name.
    """
    if not is_uri(spec) and local(spec).is_file():
        found = [spec]  # whatever its name looks like
    else:
        found = _ranges(spec) if _RANGE.search(spec) else _matching(spec) if is_pattern(spec) else [spec]
    places = [place if is_uri(place) else str(local(place)) for place in found]
    if not places:
        raise MissingInput(f"there is no {spec}", "expected tar files")
    names: dict[str, str] = {}
    for place in places:
        other = names.setdefault(stem_of_shard(place), place)
        if other != place:
            raise UsageError(f"{other} and {place} have the same name: so would their results", "give each an OUT")
    return places


def stem_of_shard(place: str) -> str:
    """The name of a shard without its suffix."""
    return place.replace(os.sep, "/").rpartition("/")[2][: -len(SUFFIX)]


def part_of(places: list[str], shard: tuple[int, int]) -> list[str]:
    """Those that the I-th of N machines has to do."""
    index, count = shard
    return [place for place in places if shard_of(f"{stem_of_shard(place)}.", count) == index - 1]


@dataclass(frozen=True, slots=True)
class Member:
    """A member's name in parts: ``dir/000.seg.png`` is the ``seg.png`` of the sample ``dir/000``."""

    sample: str
    kind: str

    @classmethod
    def of(cls, name: str) -> Member:
        """Before the first dot of the last part, and behind it."""
        folder, slash, last = name.rpartition("/")
        stem, _, kind = last.partition(".")
        return cls(f"{folder}{slash}{stem}", kind)


def is_photo(name: str) -> bool:
    """Whether a member of this name may be the photo of its sample."""
    return Wanted(None)(name)


def chosen_by(pattern: str | None) -> Callable[[str], bool]:
    """As ``is_photo``, among the members that ``--pattern`` chooses."""
    wanted = Wanted(pattern)
    if not wanted.chosen:
        return wanted
    return lambda name: wanted(name) and (os.path.splitext(name)[1].lower() in PICTURES or is_film(name))


def refusal(name: str) -> str:
    """Why a member of this name is not unpacked; "" where it may be."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "its name leads elsewhere"
    if any(part.startswith(".") for part in parts) or not parts[-1].partition(".")[0]:
        return "its name is hidden"
    if any(letter in name for letter in _FORBIDDEN) or any(ord(letter) < 32 for letter in name):
        return "its name has letters that no file should have"
    if any(len(part.encode("utf-8", "surrogateescape")) > 200 for part in parts) or len(parts) > 32:
        return "its name is too long"
    return ""


def _ranges(spec: str) -> list[str]:
    found = [spec]
    while (said := _RANGE.search(found[0])) is not None:
        first, last = said.group(1), said.group(2)
        width = len(first) if first.startswith("0") or len(first) == len(last) else 0
        count = int(last) - int(first) + 1
        if count < 1 or count * len(found) > MOST:
            raise UsageError(f"{said.group()} is no range of shards", "for example shard-{0000..0127}.tar")
        numbers = [str(number).zfill(width) for number in range(int(first), int(last) + 1)]
        found = [_RANGE.sub(number, place, count=1) for place in found for number in numbers]
    return found


def _matching(spec: str) -> list[str]:
    root, rest = fixed_part(spec) if is_uri(spec) else fixed_part(local(spec).as_posix(), os.path.isdir)
    if is_uri(spec):
        with reading(root):
            system, base = filesystem(root)
            inside = [str(path)[len(base.rstrip("/")) + 1 :] for path in system.find(base)]
    elif not Path(root).is_dir():
        raise MissingInput(f"there is no folder {root}")
    else:
        inside = [path.relative_to(root).as_posix() for path in Path(root).rglob("*") if path.is_file()]
    expression = compiled(rest)
    return [f"{root}/{path}" for path in sorted(inside) if expression.fullmatch(path)]
