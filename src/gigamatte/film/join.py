"""The finished parts of a film become one file, every frame at its source's own time, with the sound beside them."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from gigamatte.cutout.atomic import whole_file
from gigamatte.film.coding import packets_of, ticks
from gigamatte.film.library import pyav
from gigamatte.film.resume import Shown
from gigamatte.film.sound import Sound

#: the unit of times in WebM, which has no other
WEBM_BASE = Fraction(1, 1000)


def join(
    parts: Sequence[tuple[Path, int]],
    shown: Sequence[Shown],
    start: Fraction,
    format: str,
    target: Path,
    *,
    base: Fraction,
    alpha: bool,
    sound: Sound | None,
    overwrite: bool,
) -> None:
    """Write ``target``, whole or not at all. ``start`` of the source becomes 0; ``base`` is the unit of its times."""
    av = pyav()
    unit = WEBM_BASE if format == "webm" else base
    with whole_file(target, overwrite=overwrite) as draft, os.fdopen(os.dup(draft.descriptor), "w+b") as file:
        output = av.open(file, "w", format=format, options={"fflags": "+bitexact"})
        with av.open(str(parts[0][0]), "r", format="matroska") as first:
            stream = output.add_stream_from_template(first.streams.video[0])
            stream.time_base = unit
            if alpha and format == "webm":
                stream.metadata["alpha_mode"] = "1"
            if sound is not None:
                sound.add_to(output)
            merged = heapq.merge(
                _pictures(parts, shown, start, unit, stream),
                sound.packets() if sound is not None else iter(()),
                key=lambda one: one[0],
            )
            for _, packet in merged:
                output.mux(packet)
            output.close()


def _pictures(
    parts: Sequence[tuple[Path, int]], shown: Sequence[Shown], start: Fraction, unit: Fraction, stream: Any
) -> Iterator[tuple[Fraction, Any]]:
    for number, (packet, one) in enumerate(zip(packets_of(list(parts)), shown, strict=True)):
        time = one.time - start
        packet.time_base = unit
        packet.pts = packet.dts = ticks(time, unit)
        until = shown[number + 1].time if number + 1 < len(shown) else one.time + one.duration
        packet.duration = ticks(until - start, unit) - packet.pts
        packet.stream = stream
        yield time, packet
