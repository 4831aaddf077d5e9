"""Decides whether failures in a row are due to the photos or to their place: a share or folder that has gone, keys."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from gigamatte.batch import places
from gigamatte.batch.plan import Plan
from gigamatte.batch.task import Outcome, Suspect
from gigamatte.errors import GigamatteError, InputError, MissingInput, WriteError

#: after so many failures of this kind in a row, with no result between them, the place itself is checked
STREAK = 20
#: errors of a share that was unmounted or does not answer; a single broken file does not cause them
_AWAY = frozenset({errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENODEV})
_AGAIN = "bring it back; the same command goes on from here"


def suspect_of(error: GigamatteError) -> Suspect:
    """How an error may concern the place of photos or results, and not this photo alone."""
    if isinstance(error, MissingInput):
        cause = error.__cause__
        if cause is None or isinstance(cause, (FileNotFoundError, NotADirectoryError)):
            return "gone"
        if isinstance(cause, OSError) and cause.errno in _AWAY:
            return "away"
        return "unreadable"
    return "unwritten" if isinstance(error, WriteError) and error.code == "write" else ""


def lost_place(plan: Plan, root: str | None, held: list[Outcome], streak: int = STREAK) -> GigamatteError | None:
    """The error of the place that caused these failures, with no result between them; None when the photos did.

    ``root`` is the folder or URI that was listed, None for a list. It is given because a place that has gone can no
    longer tell whether it was a folder.
    """
    reading = [outcome for outcome in held if outcome.suspect != "unwritten"]
    error = _input_lost(plan, root, reading, streak) if reading else None
    return error or (_output_lost(plan, held, streak) if len(reading) < len(held) else None)


def _input_lost(plan: Plan, root: str | None, held: list[Outcome], streak: int) -> GigamatteError | None:
    for place in (root, plan.masks):
        if place is not None and (error := _unreadable(place)) is not None:
            return error
    # all these photos existed when they were listed. If their folder can still be read, only single photos are gone.
    # For a list, whose photos lie anywhere, and a store that refuses what it lists, only their number decides
    telling = {"away"}
    if root is None:
        telling |= {"gone", "unreadable"}
    elif places.is_uri(root):
        telling |= {"unreadable"}
    counted = [outcome for outcome in held if outcome.suspect in telling]
    if len(counted) < streak:
        return None
    return MissingInput(f"{len(counted)} photos in a row could not be read; the last: {counted[-1].message}", _AGAIN)


def _unreadable(place: str) -> GigamatteError | None:
    """An unmounted share often leaves its folder behind, empty: no place to read photos from either."""
    try:
        if places.has_entries(place):
            return None
    except InputError as error:
        return MissingInput(f"the input has gone: {error.message}", _AGAIN)
    return MissingInput(f"the input has gone: {place} is empty", _AGAIN)


def _output_lost(plan: Plan, held: list[Outcome], streak: int) -> GigamatteError | None:
    failed = [outcome for outcome in held if outcome.suspect == "unwritten"]
    if places.is_uri(plan.out):
        if len(failed) < streak:
            return None
        return WriteError(
            f"{len(failed)} results in a row could not be written; the last: {failed[-1].message}", _AGAIN
        )
    try:
        descriptor, name = tempfile.mkstemp(prefix=".gigamatte-", suffix=".partial", dir=places.local(plan.out))
    except OSError as error:
        return WriteError(f"the output cannot be written any more: {plan.out}: {error.strerror}", _AGAIN)
    os.close(descriptor)
    Path(name).unlink(missing_ok=True)
    return None
