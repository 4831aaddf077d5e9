"""Films that PyAV reads: MP4, MOV, WebM, MKV, AVI, each frame with its own time stamp, upright."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gigamatte.errors import BudgetExceeded, UnsupportedInput
from gigamatte.film import colour
from gigamatte.film.kinds import CONTAINERS
from gigamatte.film.library import pyav, readable
from gigamatte.film.types import Frame, Header, Span
from gigamatte.types import PixelArray, Size

#: a film without a rate of its own is taken to have this one
ANY_RATE = Fraction(25)
#: threads that decode; each holds a frame of its own, and cutting takes far longer than decoding
THREADS = 2


class VideoFile:
    """A film in a container. Raises UnsupportedInput, BudgetExceeded."""

    def __init__(self, path: Path, kind: str, max_pixels: int) -> None:
        self.path: Path | None = path
        self._file, self._kind = path, kind
        with readable(path.name), path.open("rb") as file, self._open(file) as container:
            stream = self._stream(container)
            self.header = self._describe(container, stream, max_pixels)

    def _open(self, file: Any) -> Any:
        # an open file and a named demuxer: nothing inside the film can make the library open anything else
        return pyav().open(file, "r", format=CONTAINERS[self._kind])

    def _stream(self, container: Any) -> Any:
        pictures = [one for one in container.streams.video if not one.disposition & 0x400]  # covers of albums
        if not pictures:
            raise UnsupportedInput(f"{self._file.name} holds no moving picture")
        return pictures[0]

    def _describe(self, container: Any, stream: Any, max_pixels: int) -> Header:
        context, name = stream.codec_context, self._file.name
        if not context.width or not context.height:
            raise UnsupportedInput(f"{name}: its size is not given", "is the film whole?")
        stored = Size(context.width, context.height)
        if stored.pixels > max_pixels:
            raise BudgetExceeded(
                f"{name} has frames of {stored} = {stored.megapixels:.1f} megapixels, allowed are "
                f"{max_pixels / 1e6:.1f}",
                "allow more with --max-pixels",
            )
        first = next(self._decoded(container, stream), None)
        if first is None:
            raise UnsupportedInput(f"{name} holds no frame that can be decoded")
        turns = _turns(first)
        size = Size(first.height, first.width) if turns % 2 else Size(first.width, first.height)
        aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        warnings = []
        if int(first.color_trc) in (colour.PQ, colour.HLG):
            kind = "PQ" if int(first.color_trc) == colour.PQ else "HLG"
            warnings.append(f"{name} is HDR ({kind}): its colours were not tone-mapped and look pale")
        seconds = None
        if stream.duration is not None and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            seconds = container.duration / 1e6
        rate = stream.average_rate or stream.guessed_rate
        frames = stream.frames or (round(seconds * float(rate)) if seconds and rate else None)
        sound = container.streams.audio[0].codec_context.name if container.streams.audio else None
        return Header(
            name=name,
            kind=self._kind,
            size=size,
            bits=colour.depth(first.format),
            alpha=colour.has_alpha(first.format),
            rate=rate,
            base=stream.time_base or Fraction(1, 1000),
            aspect=1 / aspect if turns % 2 else aspect,
            frames=frames,
            seconds=seconds,
            sound=sound,
            warnings=tuple(warnings),
        )

    def frames(self, span: Span, skip: int = 0) -> Iterator[Frame]:
        """The wanted frames but the first ``skip``, in order, each with the time stamp that it has in the film."""
        with readable(self._file.name), self._file.open("rb") as file, self._open(file) as container:
            stream = self._stream(container)
            base = stream.time_base or Fraction(1, 1000)
            if span.start > 0:
                container.seek(max(0, int(span.start / base) - 1), stream=stream, backward=True)
            usual = 1 / (stream.average_rate or stream.guessed_rate or ANY_RATE)
            waiting: tuple[Fraction, PixelArray, Fraction] | None = None
            number, last = 0, None
            for decoded in self._decoded(container, stream):
                time = last + usual if decoded.pts is None and last is not None else (decoded.pts or 0) * base
                if last is not None and time <= last:  # broken films repeat themselves
                    continue
                last = time
                if waiting is not None:
                    yield Frame(waiting[0], waiting[1], time - waiting[0])
                    waiting = None
                if span.end is not None and not span.holds(time) and time > span.start:
                    return
                if span.holds(time):
                    if number % span.every == 0 and number >= skip * span.every:
                        waiting = time, self._upright(decoded), (decoded.duration or 0) * base or usual
                    number += 1
            if waiting is not None:
                yield Frame(*waiting)

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """The frames as PyAV gives them; VP8 and VP9 with alpha by the decoders that give it."""
        alpha = {key.lower(): value for key, value in stream.metadata.items()}.get("alpha_mode") == "1"
        codec = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(stream.codec_context.name) if alpha else None
        if codec is None:
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = THREADS
            yield from container.decode(stream)
            return
        decoder = pyav().CodecContext.create(codec, "r")
        for packet in container.demux(stream):
            yield from decoder.decode(packet if packet.size else None)

    def _upright(self, decoded: Any) -> PixelArray:
        turns, expected = _turns(decoded), self.header
        width, height = (decoded.height, decoded.width) if turns % 2 else (decoded.width, decoded.height)
        if Size(width, height) != expected.size or colour.has_alpha(decoded.format) != expected.alpha:
            raise UnsupportedInput(
                f"{self._file.name}: its frames change from {expected.size} to {width}×{height} pixels",
                "a film has one size",
            )
        pixels = colour.as_rgb(decoded, expected.bits)
        upright: PixelArray = np.ascontiguousarray(np.rot90(pixels, turns))  # type: ignore[assignment]
        return upright


def _turns(decoded: Any) -> int:
    """Quarter turns, counter-clockwise, that make a frame upright: its display matrix."""
    return (int(decoded.rotation) // 90) % 4
