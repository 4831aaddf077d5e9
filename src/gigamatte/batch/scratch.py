"""Local copies of what lies in a store, for as long as one photo is being cut."""

from __future__ import annotations

import time
from pathlib import Path

from gigamatte.batch import places
from gigamatte.closable import Closable


class Scratch(Closable):
    """Local copies of one photo's files, gone when it is done."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._made = folder, list[Path]()

    def local(self, place: str) -> Path:
        """The file itself, or a copy of what lies in a store."""
        if not places.is_uri(place):
            return Path(place)
        return self.photo(place)[0]

    def photo(self, place: str) -> tuple[Path, str]:
        """(a local file, the stamp of what it was made of)."""
        if not places.is_uri(place):
            return Path(place), places.stamp_of(place)[1]
        path, stamp = places.fetch(place, self._folder)
        self._made.append(path)
        return path, stamp

    def draft(self, target: str) -> Path:
        """Where a result for a store is written first."""
        return self._folder / f"{len(self._made)}-{time.monotonic_ns()}{Path(target).suffix}"

    def note(self, files: tuple[str, ...]) -> tuple[str, ...]:
        """Remember files that are removed when this object is closed."""
        self._made += map(Path, files)
        return files

    def close(self) -> None:
        """Remove them."""
        for path in self._made:
            path.unlink(missing_ok=True)
