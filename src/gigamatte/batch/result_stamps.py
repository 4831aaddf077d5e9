"""Stamps of earlier results, from a store's listings: one request for a thousand, instead of one for each file."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from gigamatte.batch import hint_files, places
from gigamatte.batch.objects import LAST, Objects, objects_of
from gigamatte.batch.plan import Plan
from gigamatte.errors import InputError, MissingInput

#: pages of a thousand results that are remembered
PAGES = 8


class ResultStamps:
    """Gives the stamp of a result's file, None where there is none. Little is remembered: sources come in their order,
    and their results lie in nearly the same."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pages: _Pages | None = None
        self._folder: str | None = None
        self._stamps: dict[str, str] | None = None
        if places.is_uri(plan.out):
            system, base = places.filesystem(plan.out)
            objects = objects_of(system)
            self._pages = None if objects is None else _Pages(objects, base)

    def __call__(self, file: str) -> str | None:
        """The stamp of ``file``, a path below OUT."""
        place = self._plan.place(file)
        if not places.is_uri(place):
            return places.output_stamp(place)
        if self._pages is not None:
            found = self._pages.stamp(file)
            return places.output_stamp(place) if found == _UNKNOWN else found
        folder, _, name = place.rpartition("/")
        if folder != self._folder:
            self._folder, self._stamps = folder, _listed(folder)
        if self._stamps is None:
            return places.output_stamp(place)
        found = self._stamps.get(name)
        # a listing without tags tells too little to compare
        return places.output_stamp(place) if found is not None and found.endswith("-") else found


def _before(key: str) -> str:
    """The last key that sorts before ``key``."""
    code = ord(key[-1]) - 1
    if code < 1:
        return key[:-1]
    return key[:-1] + chr(0xD7FF if 0xD800 <= code <= 0xDFFF else code) + LAST


#: a store that lists nothing, or in no order, has to be asked for each
_UNKNOWN = "?"


class _Pages:
    """Windows into the sorted keys below OUT, the latest first."""

    def __init__(self, objects: Objects, base: str) -> None:
        self._objects, self._base = objects, base
        #: (first key that a page tells of, last one, its keys in order, their stamps)
        self._pages: deque[tuple[str, str, list[str], list[str]]] = deque(maxlen=PAGES)
        self._silent = False

    def stamp(self, key: str) -> str | None:
        if self._silent:
            return _UNKNOWN
        page = next((page for page in self._pages if page[0] <= key <= page[1]), None)
        if page is None:
            try:
                page = self._ask(key)
            except InputError:
                self._silent = True
                return _UNKNOWN
        _, _, keys, stamps = page
        at = bisect_left(keys, key)
        return stamps[at] if at < len(keys) and keys[at] == key else None

    def _ask(self, key: str) -> tuple[str, str, list[str], list[str]]:
        """From ``key`` on: a listing begins behind the key that it is given."""
        with places.reading(self._base):
            entries, more = next(self._objects.pages(self._base, _before(key)))
        keys, stamps = [entry[0] for entry in entries], [entry[2] for entry in entries]
        if keys != sorted(keys):
            raise MissingInput(f"{self._base} is listed in no order")
        # a page that is not followed by another tells that there is nothing behind it
        last = keys[-1] if more and keys else LAST
        page = (key, last, keys, stamps)
        self._pages.appendleft(page)
        return page


def _listed(folder: str) -> dict[str, str] | None:
    """{name: stamp}; None where a store lists nothing: then each result is asked for."""
    try:
        return places.stamps_in(folder)
    except InputError:
        return None


def stamps_at(found: list[str]) -> dict[str, str]:
    """Stamps of those of some places where something lies; object stores are asked about many at once."""
    with ThreadPoolExecutor(min(32, len(found))) as pool:
        stamps = pool.map(places.lies_at, found)
        return {place: stamp for place, stamp in zip(found, stamps, strict=True) if stamp is not None}


def photo_stamps(found: list[str]) -> dict[str, str]:
    """Stamps of those of some photos that are still there."""
    with ThreadPoolExecutor(min(32, len(found))) as pool:
        stamps = pool.map(_photo_stamp, found)
        return {place: stamp for place, stamp in zip(found, stamps, strict=True) if stamp is not None}


def _photo_stamp(place: str) -> str | None:
    try:
        return hint_files.stamp_of(place)[1]
    except InputError:
        return None
