"""Films among photos: recognised by their suffix, cut frame by frame, and kept in parts until they are complete."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from gigamatte.batch.places import sha256_of
from gigamatte.errors import InputError, UsageError, WriteError
from gigamatte.film.formats import default_name
from gigamatte.film.hints import FilmHints
from gigamatte.film.kinds import SUFFIXES, kind_of
from gigamatte.options import Options
from gigamatte.worker.wire import FilmJob


def is_film(name: str) -> bool:
    """Whether a key, path or URI is that of a film. Animated WebP, PNG and AVIF are photos here: their first frame."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def as_film(target: str, key: str) -> str:
    """The ``target`` of a photo as that of the film ``key``: WebM, of an animation WebP."""
    if not is_film(key):
        return target
    kind = os.path.splitext(key)[1].lower().removeprefix(".")
    return os.path.splitext(target)[0] + Path(default_name(Path(key), kind)).suffix


def refuse_mask(key: str) -> None:
    """Raise UsageError for a film that is to have a mask."""
    if is_film(key):
        raise UsageError(
            f"{key}: a film takes no --mask, which holds for one photo",
            "NAME.hints.json beside it points at the subject; cut films in a batch of their own",
        )


def job_of(film: Path, target: Path, options: Options, hints: Path | None) -> FilmJob:
    """The work of one film. Its format is that of the target, whatever that of the photos. Raises UsageError."""
    entries = None if hints is None else FilmHints.read(hints).as_plain()
    own = dataclasses.replace(options, format=None)
    return FilmJob(film, target, own, hints=entries, overwrite=True)


def verified(path: Path) -> tuple[str, int]:
    """(SHA-256, bytes) of a finished film. Raises WriteError."""
    try:
        length, digest = path.stat().st_size, sha256_of(path)
    except (OSError, InputError) as error:
        raise WriteError(f"{path} was written but cannot be read again: {error}") from error
    expected = path.suffix.lower().removeprefix(".")
    found = kind_of(path)
    if found != expected:
        raise WriteError(f"{path} holds {found or 'no film'}, {expected} was written")
    return digest, length
