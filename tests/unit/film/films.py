"""Small films, made here: a red disc that moves over white, with known times, and sound."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.film.types import Frame, Span

Pixels = NDArray[np.uint8]
#: unit of the times of films made here, in seconds
BASE = Fraction(1, 15360)
#: time stamps of a phone's film, whose frames are not evenly spaced
UNEVEN = (0, 512, 1024, 1700, 2212, 2900, 3412, 4000)


def disc(at: float, width: int = 96, height: int = 64, ground: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    """A red disc, smooth at its edge, with its centre ``at`` pixels from the left."""
    rows, columns = np.mgrid[0:height, 0:width]
    inside = np.clip(height / 4 - np.hypot(rows - height / 2, columns - at) + 0.5, 0, 1)[..., np.newaxis]
    mixed: Pixels = np.rint(inside * (200, 30, 40) + (1 - inside) * ground).astype(np.uint8)
    return mixed


def moving(frames: int = 8, step: float = 4.0, **how: Any) -> list[Pixels]:
    return [disc(24 + step * number, **how) for number in range(frames)]


def write_film(
    path: Path,
    frames: Sequence[Pixels],
    times: Sequence[int] = UNEVEN,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    settings: dict[str, str] | None = None,
    tag: int | None = None,
    sound: str | None = None,
    transfer: int | None = None,
    silent: float = 0.0,
) -> Path:
    """A film of these frames, RGB or RGBA, at ``times`` in units of BASE; ``sound``: the codec of a tone that begins
    after ``silent`` seconds."""
    import av

    height, width = frames[0].shape[:2]
    box = av.open(str(path), "w")
    stream = box.add_stream(codec, rate=30, options=settings or ({"crf": "8"} if codec == "libx264" else {}))
    stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
    stream.codec_context.time_base = BASE
    if tag is not None:
        stream.codec_context.colorspace = tag
    if transfer is not None:
        stream.codec_context.color_trc = transfer
    track = box.add_stream(sound, rate=48000, layout="mono") if sound else None
    for pixels, time in zip(frames, times, strict=False):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgba" if pixels.shape[2] == 4 else "rgb24")
        frame = frame.reformat(format=pix_fmt)
        frame.pts, frame.time_base = time, BASE
        box.mux(stream.encode(frame))
    box.mux(stream.encode())
    if track is not None:
        seconds = float(times[len(frames) - 1] * BASE) + 0.05
        tone = np.sin(np.arange(int(48000 * seconds)) * 2 * np.pi * 440 / 48000)
        tone[: int(48000 * silent)] = 0
        heard = av.AudioFrame.from_ndarray((tone * 0.5).astype(np.float32)[np.newaxis], format="fltp", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = 48000, 0, Fraction(1, 48000)
        box.mux(track.encode(heard))
        box.mux(track.encode())
    box.close()
    return path


def frames_of(path: Path, span: Span | None = None) -> list[Frame]:
    from gigamatte.film.reading import open_film

    return list(open_film(path, max_pixels=10**8).frames(span or Span()))
