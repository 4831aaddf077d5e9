"""Large frames of a part are encoded after they were cut: an encoder never works beside cutting.

Meanwhile they lie beside the target as the encoder gets them, without loss. ``film.encoder`` encodes them.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gigamatte import system
from gigamatte.film import colour
from gigamatte.film.coding import Coding, fitting
from gigamatte.types import PixelArray
from gigamatte.write_errors import not_written

#: how the planes of a frame are stored: of 3840×2160, .15 CPU seconds to write and read one of 4 MB
_LEVEL = 1
_ENTRY = "gigamatte.film.encoder"


class DeferredPart:
    """As ``Part``, encoded by ``close``. Raises WriteError."""

    def __init__(self, path: Path, coding: Coding) -> None:
        self._path, self._coding = path, coding
        self._frames = path.with_suffix(".frames")
        self._file = self._frames.open("wb")

    def add(self, pixels: PixelArray) -> None:
        """The next frame, as ``Part.add`` takes it."""
        coding = self._coding
        frame = colour.as_frame(fitting(pixels, coding.size), coding.format, alpha=coding.alpha)
        try:
            for plane in frame.planes:
                packed = zlib.compress(plane, _LEVEL)
                self._file.write(len(packed).to_bytes(8, "big"))
                self._file.write(packed)
        except OSError as error:
            raise not_written(f"{self._frames} cannot be written: {error.strerror or error}", "", error) from error

    def close(self) -> None:
        """Encode all frames and finish the file."""
        self._file.close()
        # what cutting freed goes back to the system before the encoder takes as much
        system.release_memory()
        said, code = _encoded([str(self._frames), str(self._path), self._coding.as_plain()])
        if code:
            hint = "the same command goes on from the last finished part"
            raise not_written(f"{self._path}: the encoder failed: {said}", hint, said)
        self.drop()

    def drop(self) -> None:
        """Remove the frames."""
        self._file.close()
        self._frames.unlink(missing_ok=True)


def _encoded(what: list[Any]) -> tuple[str, int]:
    """(the last line that ``film.encoder`` said, its exit code)."""
    command, environment = system.python_child(_ENTRY)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        try:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(what).encode() + b"\n")
                child.stdin.flush()
            # the pipe stays open: its end ends the child
            said = child.stderr.read().decode(errors="replace").strip().splitlines()
            code = child.wait()
        except BaseException:
            child.kill()
            raise
    return said[-1] if said else f"it ended with {code}", code


def planes_of(file: BinaryIO, wanted: range, each: int) -> Iterator[list[bytes]]:
    """The ``wanted`` planes of each frame of ``each`` planes, from the file's beginning. Raises WriteError."""
    file.seek(0)
    while head := file.read(8):
        found = []
        for number in range(each):
            size = int.from_bytes(head if number == 0 else file.read(8), "big")
            if number in wanted:
                found.append(zlib.decompress(file.read(size)))
            else:
                file.seek(size, os.SEEK_CUR)
        yield found
