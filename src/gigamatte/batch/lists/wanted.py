"""Decides which files of a folder or store are photos, and counts and names those that are skipped."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator

from gigamatte.batch.films import is_film
from gigamatte.batch.lists.patterns import compiled
from gigamatte.photo.formats import KINDS, RAW_SUFFIXES

#: suffixes that are taken without a pattern
SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes)
#: suffixes of pictures, whether they are read or not
PICTURES = SUFFIXES | RAW_SUFFIXES | {".heic", ".heif", ".avif", ".gif", ".bmp", ".psd"}
#: folders in which file servers, systems and photo programs keep previews and what was deleted, in lower case
LITTER = frozenset((
    "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "lost+found", "__macosx",
    "$recycle.bin", "system volume information", "network trash folder", "temporary items", "_gsdata_",
))  # fmt: skip
#: endings of folders that are one document to their program, previews among their parts
_BUNDLES = (".lrdata", ".photoslibrary", ".photolibrary", ".aplibrary", ".fcpbundle")
#: kinds of files that are named one by one
_NAMED = 8


class Wanted:
    """Decides by the path below the folder, or by the name alone where the pattern has no slash."""

    def __init__(self, pattern: str | None, *, whole: bool = False) -> None:
        self._expression: re.Pattern[str] | None = compiled(pattern) if pattern else None
        self._whole = whole or (pattern is not None and "/" in pattern)
        #: whether the user gave a pattern: then files that it leaves out are not reported
        self.chosen = pattern is not None

    def __call__(self, key: str) -> bool:
        """Whether the file at this path below the folder is taken."""
        name = key.rsplit("/", 1)[-1]
        if self._expression is None:
            return os.path.splitext(name)[1].lower() in SUFFIXES or is_film(name)
        return self._expression.fullmatch(key if self._whole else name) is not None


class Passed:
    """What was found and not taken. Filled by the thread that lists, read when it is done."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._litter: Counter[str] = Counter()
        self._batches: list[str] = []

    def file(self, name: str) -> None:
        """A file of a kind that is not read."""
        self._kinds[os.path.splitext(name)[1].lower() or name] += 1

    def litter(self, name: str) -> None:
        """A folder of previews or of what was deleted."""
        self._litter[name] += 1

    def batch(self, place: str) -> None:
        """A folder with another batch's results."""
        self._batches.append(place)

    def lines(self) -> Iterator[str]:
        """A line for each kind of thing that was passed over."""
        if self._kinds:
            listed = ", ".join(f"{kind} {count:,}" for kind, count in self._kinds.most_common(_NAMED))
            listed += ", …" if len(self._kinds) > _NAMED else ""
            yield f"{sum(self._kinds.values()):,} files are of kinds that are not read, and left out: {listed}"
        if self._litter:
            listed = ", ".join(f"{name} {count:,}" for name, count in self._litter.most_common(_NAMED))
            yield f"folders of previews and deleted files are left out: {listed}"
        for place in self._batches:
            yield f"{place} holds the results of another batch and is left out: name it as IN to cut them"


def is_litter(name: str) -> bool:
    """Whether a folder of this name holds previews, caches or deleted files."""
    low = name.lower()
    return low in LITTER or low.endswith(_BUNDLES)
