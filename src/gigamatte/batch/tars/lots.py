"""A lot: the photos that become one tar shard of results, or several. They come from one tar shard, or from a list."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigamatte.batch import places
from gigamatte.batch.task import Source
from gigamatte.own_files import sha256_of_text


@dataclass(frozen=True)
class Lot:
    """``stem`` names it and its results. ``place`` is a tar shard's path or URI; "" = the photos are ``listed``."""

    stem: str
    place: str = ""
    listed: tuple[Source, ...] = ()
    #: of listed photos, with those that are no longer there; of a tar shard, see ``now``
    stamp: str = ""

    def now(self) -> str:
        """Changes whenever a photo does. Raises MissingInput for a tar shard that is not there."""
        return places.stamp_of(self.place)[1] if self.place else self.stamp

    def named(self, key: str) -> str:
        """How messages name one of its photos."""
        return f"{self.stem}.tar/{key}" if self.place else key

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Lot:
        """The inverse of ``as_dict``."""
        return cls(**{**plain, "listed": tuple(Source(**one) for one in plain["listed"])})


#: the folder of lots' homes, below the manifest's
TARS = "tars"


@dataclass(frozen=True)
class Home:
    """The folder of one lot beside the manifest: what is remembered of it, and its files as long as it is at work."""

    folder: Path

    @property
    def work(self) -> Path:
        """What is unpacked, cut and not yet packed."""
        return self.folder / "work"

    @property
    def manifest(self) -> Path:
        """The manifest of its photos."""
        return self.folder / "1-of-1.sqlite"

    @property
    def finished(self) -> Path:
        """The file that records what became of it."""
        return self.folder / "finished.json"


def is_of_lot(manifest: Path) -> bool:
    """Whether a manifest is that of one lot, which stays in its home."""
    home = Home(manifest.parent)
    return manifest.parent.parent.name == TARS and (home.finished.exists() or home.work.exists())


def stamp_of_listed(listed: list[tuple[str, str, str]]) -> str:
    """One stamp of photos, each as (key, place, stamp)."""
    return sha256_of_text(json.dumps(listed))
