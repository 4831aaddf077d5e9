"""The sound of a film: copied where the new container takes it, else encoded anew (Opus in WebM, AAC elsewhere)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from gigamatte.film.coding import ticks
from gigamatte.film.kinds import CONTAINERS
from gigamatte.film.library import pyav
from gigamatte.film.types import Span

#: codecs that a container takes as they are
TAKES = {
    "webm": ("opus", "vorbis"),
    "mov": ("aac", "mp3", "alac", "ac3", "eac3", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
    "mp4": ("aac", "mp3", "alac", "ac3", "eac3", "opus"),
}
ENCODERS = {"webm": "libopus", "mov": "aac", "mp4": "aac"}
#: samples a second of Opus
OPUS_RATE = 48_000


class Sound:
    """The first sound track of a film, from ``span.start`` on, which becomes time 0, and before ``span.end``."""

    def __init__(self, path: Path, kind: str, format: str, span: Span) -> None:
        self._span, self._format = span, format
        self._start = Fraction(repr(span.start))
        self._end = None if span.end is None else Fraction(repr(span.end))
        self._file = path.open("rb")
        self._box = pyav().open(self._file, "r", format=CONTAINERS[kind])
        self._track = self._box.streams.audio[0]
        codec = self._track.codec_context.name.removeprefix("lib")
        self._copied = codec in TAKES[format]
        #: how it is taken along, in a word
        self.how = "copied" if self._copied else ENCODERS[format].removeprefix("lib")
        self.tracks = len(self._box.streams.audio)
        self._stream: Any = None

    def add_to(self, output: Any) -> None:
        """Make its stream in the new container."""
        if self._copied:
            self._stream = output.add_stream_from_template(self._track)
            return
        context = self._track.codec_context
        rate = OPUS_RATE if self._format == "webm" else min(context.sample_rate, 48_000)
        self._stream = output.add_stream(ENCODERS[self._format], rate=rate, layout=context.layout.name)
        self._stream.codec_context.bit_rate = 64_000 * max(1, min(context.layout.nb_channels, 8))

    def packets(self) -> Iterator[tuple[Fraction, Any]]:
        """(time in seconds, packet), in order."""
        if self._span.start > 0:
            base = self._track.time_base
            self._box.seek(max(0, int(self._start / base) - 1), stream=self._track, backward=True)
        yield from self._copies() if self._copied else self._encoded()

    def _copies(self) -> Iterator[tuple[Fraction, Any]]:
        for packet in self._box.demux(self._track):
            if packet.pts is None or not packet.size:
                continue
            time = packet.pts * packet.time_base
            if self._end is not None and time >= self._end:
                return
            if self._start > 0 and time < self._start:
                continue
            shift = ticks(self._start, packet.time_base)
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = self._stream
            yield packet.pts * packet.time_base, packet

    def _encoded(self) -> Iterator[tuple[Fraction, Any]]:
        av, context = pyav(), self._stream.codec_context
        resampler = av.AudioResampler(format=context.format.name, layout=context.layout.name, rate=context.sample_rate)
        rate = context.sample_rate
        for frame in self._heard(resampler):
            begin = frame.pts * frame.time_base
            first = max(0, ticks(self._start - begin, Fraction(1, rate)))
            last = frame.samples
            if self._end is not None:
                last = min(last, ticks(self._end - begin, Fraction(1, rate)))
            if last <= 0:
                break
            if first >= last:
                continue
            part = _part(frame, first, last)
            part.pts = ticks(begin - self._start, Fraction(1, rate)) + first
            part.time_base = Fraction(1, rate)
            yield from self._given(self._stream.encode(part))
        yield from self._given(self._stream.encode())

    def _given(self, packets: list[Any]) -> Iterator[tuple[Fraction, Any]]:
        for packet in packets:
            yield (packet.pts or 0) * packet.time_base, packet

    def _heard(self, resampler: Any) -> Iterator[Any]:
        for decoded in self._box.decode(self._track):
            yield from resampler.resample(decoded)
        yield from resampler.resample(None)

    def close(self) -> None:
        """Give the file back."""
        self._box.close()
        self._file.close()


def _part(frame: Any, first: int, last: int) -> Any:
    if first == 0 and last == frame.samples:
        return frame
    values = frame.to_ndarray()
    packed = not frame.format.is_planar
    channels = frame.layout.nb_channels
    values = values[:, first * channels : last * channels] if packed else values[:, first:last]
    part = pyav().AudioFrame.from_ndarray(values.copy(), format=frame.format.name, layout=frame.layout.name)
    part.sample_rate = frame.sample_rate
    return part
