"""How the frames of a film are encoded: parts of a film, each a file of its own that begins anew, joined at the end."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gigamatte import system
from gigamatte.errors import UsageError, WriteError
from gigamatte.film import colour
from gigamatte.film.formats import Plan
from gigamatte.film.library import pyav
from gigamatte.film.side_data import side_data
from gigamatte.options import Options
from gigamatte.types import PixelArray, Size

#: threads of x264, on which its bytes depend: a film goes on to the same result with fewer processors
THREADS = "4"
#: pixels of a frame from which memory counts for more than the last percent of a film's size
LARGE = 4_000_000
#: Frames that x264 looks ahead from LARGE on, else 40: of 3840×2160 it holds 1160 MB with 40, and 440 with 10.
LOOKS_AHEAD = "10"
#: H.264 encoders, the first that PyAV was built with is used
_H264 = ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf")


@dataclass(frozen=True)
class Coding:
    """An encoder and its settings. ``format`` is that of its frames, without alpha."""

    codec: str
    format: str
    alpha: bool
    size: Size
    rate: Fraction
    settings: dict[str, str]
    aspect: Fraction = Fraction(1)

    def as_plain(self) -> dict[str, Any]:
        """Plain JSON types, for another process."""
        own = {name: getattr(self, name) for name in ("codec", "format", "alpha", "settings")}
        size = [self.size.width, self.size.height]
        return {**own, "size": size, "rate": str(self.rate), "aspect": str(self.aspect)}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Coding:
        """What ``as_plain`` gave."""
        rate, aspect = Fraction(plain["rate"]), Fraction(plain["aspect"])
        return cls(**{**plain, "size": Size(*plain["size"]), "rate": rate, "aspect": aspect})


def coding_of(plan: Plan, options: Options, size: Size, rate: Fraction | None, aspect: Fraction) -> Coding:
    """The encoder for a plan. Raises UsageError where PyAV was built without it."""
    codecs = pyav().codecs_available
    whole = Fraction(rate or 25).limit_denominator(1001)
    threads = str(options.threads or system.cpu_count())
    if plan.format == "mov":
        settings = {"profile": "4444", "alpha_bits": "16", "vendor": "apl0", "threads": threads}
        return Coding("prores_ks", "yuv444p10le", plan.alpha, size, whole, settings, aspect)
    if plan.format == "webm":
        # of 720 lines: .06 CPU seconds a frame, against .20 with "good" and 4; as large, with the same alpha
        # 8 against 7, of 1080 lines: .066 against .077, 3 % larger, alpha as exact (.66 levels off where it is mixed)
        # without row-mt, with which the bytes depend on the number of threads; no frames that wait: 650 MB less at 4K
        settings = {"crf": str(_crf(options.quality, 4, 63)), "b": "0", "deadline": "realtime", "cpu-used": "8",
                    "row-mt": "0", "threads": threads, "auto-alt-ref": "0", "lag-in-frames": "0"}  # fmt: skip
        return Coding("libvpx-vp9", "yuv420p", plan.alpha, size, whole, settings, aspect)
    codec = next((name for name in _H264 if name in codecs), None)
    if codec is None:
        raise UsageError("this PyAV was built without an H.264 encoder", "write WebM instead")
    settings = {"crf": str(_crf(options.quality, 17, 51)), "preset": "medium", "bf": "0", "threads": THREADS}
    if size.pixels >= LARGE:
        settings["rc-lookahead"] = LOOKS_AHEAD
    return Coding(codec, "yuv420p", False, _even(size), whole, settings if codec == "libx264" else {}, aspect)


def _crf(quality: int | None, usual: int, worst: int) -> int:
    """1…100 as the encoder's 0 (best) … ``worst``."""
    return usual if quality is None else round((100 - quality) / 100 * worst * 0.8)


def _even(size: Size) -> Size:
    return Size(size.width + size.width % 2, size.height + size.height % 2)


def fitting(pixels: PixelArray, size: Size) -> PixelArray:
    """A frame (row, column[, channel]) as an encoder of ``size`` takes it: grey as RGB, its last lines doubled."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., np.newaxis], 3, axis=2)  # type: ignore[assignment]
    missing = (size.height - pixels.shape[0], size.width - pixels.shape[1])
    if any(missing):
        pixels = np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")  # type: ignore[assignment]
    return pixels


class Part:
    """Some frames of a film, encoded into a file of their own. Its times count frames; the true ones come later.

    ``alphas``: the alpha of each frame, encoded already; ``put`` then takes colours alone.
    """

    def __init__(self, path: Path, coding: Coding, alphas: Iterator[bytes] | None = None) -> None:
        self._path, self._coding, self._alphas = path, coding, alphas
        self._box = pyav().open(str(path), "w", format="matroska", options={"fflags": "+bitexact"})
        self._stream = self._box.add_stream(coding.codec, rate=coding.rate, options=dict(coding.settings))
        context = self._stream.codec_context
        self._stream.width, self._stream.height = coding.size.width, coding.size.height
        own_alpha = coding.alpha and alphas is None
        self._stream.pix_fmt = coding.format.replace("yuv", "yuva") if own_alpha else coding.format
        colour.tag(context, coding.size.height)
        context.time_base = 1 / coding.rate
        if coding.aspect != 1:
            context.sample_aspect_ratio = coding.aspect
        if coding.alpha and coding.codec == "libvpx-vp9":
            self._stream.metadata["alpha_mode"] = "1"
        self._frames = 0

    def begin(self) -> None:
        """Make the encoder ready now; otherwise the first frame does."""
        self._stream.codec_context.open()

    def add(self, pixels: PixelArray) -> None:
        """The next frame: (row, column), (row, column, RGB), or RGBA for a coding with alpha."""
        coding = self._coding
        self.put(colour.as_frame(fitting(pixels, coding.size), coding.format, alpha=coding.alpha))

    def put(self, frame: Any) -> None:
        """The next frame, as PyAV has it, in the coding's own format."""
        frame.pts, frame.time_base = self._frames, 1 / self._coding.rate
        self._frames += 1
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            if self._alphas is not None:
                packet.set_sidedata(side_data(next(self._alphas)), move=True)
            self._box.mux(packet)

    def close(self) -> None:
        """Finish the file."""
        self._mux(self._stream.encode())
        self._box.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def drop(self) -> None:
        """Leave it unfinished."""
        self._box.close()
        self._path.unlink(missing_ok=True)


def packets_of(parts: list[tuple[Path, int]]) -> Iterator[Any]:
    """The packets of all parts, in order; ``parts`` are files and how many frames each holds.

    Raises WriteError where a part holds another number of frames.
    """
    av = pyav()
    for path, frames in parts:
        with av.open(str(path), "r", format="matroska") as box:
            found = 0
            for packet in box.demux(box.streams.video[0]):
                if packet.size:
                    found += 1
                    yield packet
            if found != frames:
                raise WriteError(f"{path.name}: a part of the film holds {found} frames, expected {frames}")


def ticks(time: Fraction, base: Fraction) -> int:
    """A time in whole units of ``base``, to the nearest."""
    return math.floor(time / base + Fraction(1, 2))
