"""Makes Hints of the command line's options."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from gigamatte.errors import UsageError
from gigamatte.hints import Hints, Point, hints_in


def read_hints(photos: Sequence[str], keep: Sequence[str], drop: Sequence[str], file: str | None) -> Hints | None:
    """The hints of ``file`` and the points ``X,Y[,RADIUS]`` to keep and to drop; None where nothing was said.

    Raises UsageError for what is no hint, and for hints about several photos; MissingInput for the file.
    """
    if file is None and not keep and not drop:
        return None
    if len(photos) > 1:
        raise UsageError(
            f"hints are places in one photo, found {len(photos)} photos",
            "cut them one by one",
        )
    said = Hints() if file is None else hints_in(Path(file))
    points = {name: tuple(map(Point.parse, typed)) for name, typed in (("keep", keep), ("drop", drop))}
    return dataclasses.replace(said, keep=said.keep + points["keep"], drop=said.drop + points["drop"])
