"""The process that encodes the frames of one part: alpha before colours, so that one encoder is held at a time.

libvpx holds 60 bytes for each pixel of a frame, 48 of them zeros that it writes when it begins and hardly uses; here,
where nothing else runs, they can be given back to the system.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from gigamatte import system
from gigamatte.errors import GigamatteError
from gigamatte.film import colour
from gigamatte.film.coding import Coding, Part
from gigamatte.film.deferred import planes_of
from gigamatte.film.library import pyav

#: planes of a frame: colours, then alpha
_COLOURS = 3


def encode(frames: Path, path: Path, coding: Coding) -> None:
    """Encode the ``frames`` that ``DeferredPart`` kept into the file ``path``. Raises OSError, WriteError."""
    planes = _COLOURS + coding.alpha
    with frames.open("rb") as file:
        alphas = iter(list(_alphas(file, coding))) if coding.alpha else None
        system.release_memory()
        part = Part(path, coding, alphas)
        try:
            part.begin()
            system.return_zero_pages()
            for one in planes_of(file, range(_COLOURS), planes):
                part.put(_tagged(one, coding))
            part.close()
        except BaseException:
            with contextlib.suppress(Exception):
                part.drop()
            raise


def _alphas(file: BinaryIO, coding: Coding) -> Iterator[bytes]:
    """The alpha of each frame as the brightness of a grey film, as VP9 holds it, encoded."""
    encoder = pyav().CodecContext.create(coding.codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = coding.size.width, coding.size.height, coding.format
    encoder.framerate, encoder.time_base = coding.rate, 1 / coding.rate
    encoder.options = dict(coding.settings)
    encoder.open()
    system.return_zero_pages()
    for number, (alpha,) in enumerate(planes_of(file, range(_COLOURS, _COLOURS + 1), _COLOURS + 1)):
        grey = _frame([alpha], coding)
        grey.pts, grey.time_base = number, 1 / coding.rate
        yield from (bytes(packet) for packet in encoder.encode(grey))
    yield from (bytes(packet) for packet in encoder.encode(None))


def _tagged(planes: list[bytes], coding: Coding) -> Any:
    frame = _frame(planes, coding)
    colour.tag(frame, coding.size.height)
    return frame


def _frame(planes: list[bytes], coding: Coding) -> Any:
    """A frame of these planes; those of colour that are missing are grey."""
    frame = pyav().VideoFrame(coding.size.width, coding.size.height, coding.format)
    for number, plane in enumerate(frame.planes):
        values = np.frombuffer(plane, np.uint8)
        values[:] = np.frombuffer(planes[number], np.uint8) if number < len(planes) else 128
    return frame


def main() -> None:
    """Encode what standard input names: a line of JSON. What goes wrong is one line on standard error."""
    frames, path, coding = json.loads(_line())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        encode(Path(frames), Path(path), Coding.from_plain(coding))
    except (GigamatteError, OSError) as error:
        sys.exit(f"{getattr(error, 'strerror', None) or error}")


def _line() -> bytes:
    said = b""
    while not said.endswith(b"\n"):
        more = os.read(0, 1 << 16)
        if not more:
            os._exit(1)
        said += more
    return said


def _end_with_parent() -> None:
    # the parent's end closes the pipe; a part must not be written while another run begins it anew
    while os.read(0, 1):
        pass
    os._exit(1)
