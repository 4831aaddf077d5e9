"""Writes a file of at most so many bytes: settings are tried in order of their loss until one fits."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.compose import Composer
from gigamatte.cutout.encode import Encoding
from gigamatte.cutout.write import Written
from gigamatte.errors import UsageError
from gigamatte.options import Format, Options

#: the lowest quality that is tried, and colours of palettes, one after another
LOWEST, COLOURS = 40, (256, 16)
#: how the sides shrink from attempt to attempt, and the smallest share of them that is tried
STEP, SMALLEST = 0.85, 0.15
#: the first quality that is tried
FIRST = {"jpeg": 95, "avif": 90, "webp": 90}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One setting to try: encoding, the part of the sides that is kept (0…1), and the warning that names the loss."""

    encoding: Encoding
    share: float = 1.0
    said: str = ""


def attempts(options: Options, format: Format, encoding: Encoding) -> Iterator[tuple[Attempt, ...]]:
    """Groups of attempts, the one that loses least first; within a group each is smaller than the one before."""
    yield (Attempt(encoding),)
    if format == "png":
        tight = dataclasses.replace(encoding, tight=True)
        last, said = dataclasses.replace(tight, palette=True, colours=COLOURS[0]), f"{COLOURS[0]} colours"
        if not encoding.palette:
            yield (Attempt(tight, said="packed harder, without loss"),)
            yield (Attempt(last, said=f"reduced to {said}"),)
        lean = [dataclasses.replace(last, colours=number) for number in COLOURS[1:]]
        fewer = tuple(Attempt(one, said=f"reduced to {one.colours} colours") for one in lean)
    else:
        first = encoding.quality or FIRST[format]
        qualities = list(range(first - 1, LOWEST - 1, -1))
        if format == "webp" and encoding.quality is None:
            qualities = [first, *qualities]
        yield tuple(Attempt(dataclasses.replace(encoding, quality=one), said=f"quality {one}") for one in qualities)
        lowest = min(LOWEST, first)
        last, said, fewer = dataclasses.replace(encoding, quality=lowest), f"quality {lowest}", ()
    if options.canvas is None and not options.clipping_path:
        shares, share = [], STEP
        while share >= SMALLEST:
            shares.append(share)
            share *= STEP
        yield tuple(Attempt(last, one, f"{said}, sides reduced to {one:.0%}") for one in shares)
    yield fewer


def write_max_bytes(
    options: Options,
    format: Format,
    encoding: Encoding,
    target: Path | BinaryIO,
    composer: Callable[[float], Composer],
    write: Callable[[Path | BinaryIO, Encoding, Composer], Written],
) -> Written:
    """Write the first attempt that fits into ``options.max_bytes``. Raises UsageError when none does."""
    most, smallest = options.max_bytes or 0, 0

    def bytes_of(attempt: Attempt) -> int:
        nonlocal smallest
        with tempfile.TemporaryFile(prefix="gigamatte-") as file:
            write(file, attempt.encoding, composer(attempt.share))
            total = file.seek(0, os.SEEK_END)
        smallest = min(smallest or total, total)
        return total

    for group in attempts(options, format, encoding):
        if not group or bytes_of(group[-1]) > most:
            continue
        # the first of the group that fits, by halving what is left of it
        low, high = 0, len(group) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if bytes_of(group[middle]) <= most else (middle + 1, high)
        chosen = group[low]
        written = write(target, chosen.encoding, composer(chosen.share))
        said = (f"--max-bytes {most}: {chosen.said}",) if chosen.said else ()
        return dataclasses.replace(written, warnings=(*written.warnings, *said), share=chosen.share)
    hint = "allow more, or a smaller --canvas" if options.canvas is not None else "allow more"
    raise UsageError(f"--max-bytes {most} cannot be reached: the smallest file has {smallest} bytes", hint)
