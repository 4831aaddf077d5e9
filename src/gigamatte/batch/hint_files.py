"""Hints in a file beside a photo: ``NAME.hints.json`` beside NAME.jpg says what is meant in it.

The photo's stamp includes that of the file, so that a listing notices when hints are added, removed or changed.
"""

from __future__ import annotations

import os

from gigamatte.batch import places
from gigamatte.batch.task import Source
from gigamatte.errors import InputError

#: behind the photo's name without its suffix
HINTS = ".hints.json"
#: between a photo's stamp and that of its hints
_AND = "&hints:"


def hints_of(photo: str) -> str:
    """Where the hints of a photo would lie: a key, path or URI like the photo's own."""
    folder, name = photo[: len(photo) - len(_name(photo))], _name(photo)
    stem = name.rpartition(".")[0] or name
    return folder + stem + HINTS


def with_hints(source: Source, stamp: str) -> Source:
    """The photo with hints of this stamp beside it."""
    return Source(source.key, source.place, source.bytes, both(source.stamp, stamp), source.refusal)


def both(photo: str, hints: str | None) -> str:
    """One stamp of a photo and its hints."""
    return photo if hints is None or not photo else photo + _AND + hints


def parts(stamp: str) -> list[str]:
    """The stamps of the photo and, if it had any, of its hints."""
    return stamp.split(_AND)


def hinted(stamp: str | None) -> bool:
    """Whether the photo had hints beside it when it was given this stamp."""
    return stamp is not None and _AND in stamp


def stamp_of(photo: str, *, hinted: bool | None = None) -> tuple[int, str]:
    """(bytes of the photo, stamp with its hints). ``hinted``: whether to look for hints; None: where it costs nothing,
    on this machine's disks. Raises MissingInput."""
    size, stamp = places.stamp_of(photo)
    if hinted is False or (hinted is None and places.is_uri(photo)):
        return size, stamp
    beside = hints_of(photo)
    try:
        return size, both(stamp, places.stamp_of(beside)[1])
    except InputError:
        if not places.is_uri(photo) and os.path.lexists(beside):
            raise
        return size, stamp  # there are none


def _name(place: str) -> str:
    return place.replace("\\", "/").rpartition("/")[2]
