"""Stamps of earlier results. A store's listing tells of a thousand at once; asking for each takes a request apiece."""

from __future__ import annotations

from gigamatte.batch import places
from gigamatte.batch.plan import Plan
from gigamatte.errors import InputError


class Standing:
    """Gives the stamp of a result's file, None where there is none. One folder's listing is remembered: sources come
    folder by folder, and so do their results."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._folder: str | None = None
        self._stamps: dict[str, str] | None = None

    def __call__(self, file: str) -> str | None:
        """The stamp of ``file``, a path below OUT."""
        place = self._plan.place(file)
        if not places.is_uri(place):
            return places.output_stamp(place)
        folder, _, name = place.rpartition("/")
        if folder != self._folder:
            self._folder, self._stamps = folder, _listed(folder)
        if self._stamps is None:
            return places.output_stamp(place)
        found = self._stamps.get(name)
        # a listing without tags tells too little to compare
        return places.output_stamp(place) if found is not None and found.endswith("-") else found


def _listed(folder: str) -> dict[str, str] | None:
    """{name: stamp}; None where a store lists nothing: then each result is asked for."""
    try:
        return places.stamps_in(folder)
    except InputError:
        return None
