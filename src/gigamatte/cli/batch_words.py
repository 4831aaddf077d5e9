"""Parses the options of ``gigamatte batch`` before anything is listed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gigamatte.cli.values import parse_count
from gigamatte.errors import UsageError

if TYPE_CHECKING:
    from gigamatte.batch.division import Pool
    from gigamatte.batch.limits import Limits
    from gigamatte.batch.tars.cutting import Results


def redo_of(word: str | None) -> bool:
    """Whether --redo was given, whose only value is "marked". Raises UsageError for another."""
    if word not in (None, "marked"):
        raise UsageError(f"--redo takes the word marked; found {word!r}", "marks are made with `gigamatte review OUT`")
    return word is not None


def address_of(text: str | None) -> tuple[str, int] | None:
    """(host, port) of --metrics, which is a port, or host:port. Raises UsageError."""
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--metrics takes a port, or host:port; found {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


def limits_of(jobs: int, memory: str | None, seconds: float) -> Limits:
    """The limits of a batch, from --jobs, --memory and --timeout. Raises UsageError."""
    from gigamatte.batch.limits import Limits

    if jobs < 0:
        raise UsageError("--jobs is a whole number from 0 on")
    return Limits(parse_count(memory, "--memory") if memory is not None else None, seconds, jobs or None)


def masks_of(mask: str | None) -> tuple[str | None, str | None]:
    """(one mask for all, folder of masks): at most one of the two."""
    from gigamatte.batch.places import is_uri

    if mask is None:
        return None, None
    return (None, mask) if is_uri(mask) or Path(mask).is_dir() else (mask, None)


def pool_of(actors: str, gpus_each: float | None) -> Pool:
    """--actors N or N-M, and --gpus-each. Raises UsageError."""
    from gigamatte.batch.division import Pool

    least, _, most = actors.partition("-") if actors else ("0", "", "")
    if not least.isdecimal() or (most and not most.isdecimal()) or actors.endswith("-"):
        raise UsageError(f"--actors is N, or from N-M with N ≤ M; found {actors}")
    return Pool(int(least), int(most or least), gpus_each)


def results_of(tars: bool, kind: str | None, photos: int, size: str | None) -> Results | None:
    """How a batch in lots keeps its results, from --results, --tar-photos and --tar-size; None where nothing is a tar
    file. ``tars``: IN is. Raises UsageError."""
    from gigamatte.batch.tars.cutting import Results
    from gigamatte.batch.tars.shard import Limits as TarLimits

    if kind not in (None, "files", "tars"):
        raise UsageError(f"--results is files or tars; found {kind!r}")
    if photos < 0:
        raise UsageError(f"--tar-photos is a whole number from 1 on, found {photos}")
    limited = bool(photos) or size is not None
    if kind == "files" and limited:
        raise UsageError("--tar-photos and --tar-size are for results in tar shards", "leave out --results files")
    if kind == "files" or not (tars or limited or kind == "tars"):
        return Results(files=True) if tars else None
    return Results(limits=TarLimits(photos or None, parse_count(size, "--tar-size") if size is not None else None))


def need_words(**said: str | None) -> None:
    """Raise UsageError for an empty option: a script's variable that is not set must not count as no option."""
    for name, word in said.items():
        if word is not None and not word.strip():
            raise UsageError(f"--{name} is empty", "a variable that is not set?")


def need_folders(*files: str | None) -> None:
    """Check before the work begins that the folders of these files exist. Raises UsageError."""
    for file in files:
        if file is not None and not Path(file).absolute().parent.is_dir():
            raise UsageError(f"{file} cannot be written: there is no folder {Path(file).parent}", "make it first")


def shard_of(text: str) -> tuple[int, int]:
    """(i, n) of --shard i/n. Raises UsageError."""
    try:
        index, count = (int(part) for part in text.split("/"))
    except ValueError:
        raise UsageError(f"--shard is i/n, for example 3/16; found {text!r}") from None
    return index, count
