"""Facts of a JPEG that libvips does not report: its depth and process, how many pictures it holds, and whether only
its end is missing.

(ITU-T T.81, annexes B and G; CIPA DC-007-2009, the multi-picture format.)
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from gigamatte.photo.resources import HEAD

#: what ends every JPEG
END = b"\xff\xd9"
_END, _SCAN, _EXIF_OR_XMP, _PICTURES = 0xD9, 0xDA, 0xE1, 0xE2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: markers that stand alone: restarts, and the start
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
#: within a scan: a marker that is neither a stuffed byte nor a restart
_NEXT = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_CHUNK = 1 << 20
#: segments before the first scan
_MOST_SEGMENTS = 10_000
#: fill bytes before a marker
_MOST_FILL = 4096
_BROKEN = (OSError, struct.error, ValueError, IndexError, OverflowError)


@dataclass(frozen=True, slots=True)
class Facts:
    """``precision``: bits a channel; ``process``: the n of its SOFn marker (0, 1 baseline, 2 progressive, 3 lossless,
    9 and more arithmetic); ``pictures``: how many it holds, previews and gain maps not counted.

    ``endless``: every scan is there and only the last marker is missing; whether the last scan is whole must be seen
    when it is decoded.
    """

    precision: int = 8
    process: int = 0
    pictures: int = 1
    endless: bool = False


def read_facts(file: BinaryIO) -> Facts:
    """The facts of a JPEG, at its start. Of a broken one the defaults: libvips will refuse it."""
    try:
        return _Reader(file).facts()
    except _BROKEN:
        return Facts()


def frame_size(file: BinaryIO) -> tuple[int, int] | None:
    """(width, height) of the frame; None where there is none before the first scan. Raises struct.error at the end."""
    file.seek(2)
    for marker in _Reader(file).markers():
        if marker in (_SCAN, _END):
            break
        if marker in _ALONE:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(max(0, length - 2), 1)
    return None


def application_data(file: BinaryIO, number: int, head: bytes, most: int) -> list[bytes]:
    """The application segments APP``number`` that begin with ``head``, before the first scan: ``most`` bytes of them.

    What is broken ends the list.
    """
    found: list[bytes] = []
    file.seek(2)
    with contextlib.suppress(*_BROKEN):
        for marker in _Reader(file).markers():
            if marker in (_SCAN, _END):
                break
            if marker in _ALONE:
                continue
            length = struct.unpack(">H", file.read(2))[0] - 2
            if marker != 0xE0 + number:
                file.seek(length, 1)
                continue
            body = file.read(length)
            most -= length
            if len(body) < length or most < 0:
                break
            if body.startswith(head):
                found.append(body)
    return found


def photoshop_data(file: BinaryIO, most: int) -> bytes:
    """Photoshop's resources, of all segments: one may begin in a segment and end in the next."""
    return b"".join(part[len(HEAD) :] for part in application_data(file, 13, HEAD, most))


@dataclass
class _Reader:
    file: BinaryIO
    precision: int = field(default=8, init=False)
    process: int = field(default=0, init=False)
    pictures: int = field(default=1, init=False)
    gain_maps: int = field(default=0, init=False)
    #: by component: the lowest bit of each coefficient that its scans have had so far
    lowest: dict[int, list[int | None]] = field(default_factory=dict, init=False)

    def facts(self) -> Facts:
        self.file.seek(-2, 2)
        closed = self.file.read(2) == END
        self.file.seek(2)
        for marker in self.markers():
            if marker == _END:
                closed = True
                break
            self.segment(marker)
            if marker == _SCAN and closed:
                break
        endless = not closed and bool(self.lowest) and all(bits == [0] * 64 for bits in self.lowest.values())
        return Facts(self.precision, self.process, max(1, self.pictures - self.gain_maps), endless)

    def markers(self) -> Iterator[int]:
        """The markers from here on, the file standing behind each; ends with the file."""
        marker = None
        for _ in range(_MOST_SEGMENTS):
            marker = self.after_scan() if marker == _SCAN else self.here()
            if marker is None:
                return
            yield marker
            if marker == _END:
                return

    def here(self) -> int | None:
        byte = self.file.read(1)
        if byte != b"\xff":
            return None
        for _ in range(_MOST_FILL):
            byte = self.file.read(1)
            if byte != b"\xff":
                break
        return byte[0] if byte and byte != b"\xff" else None

    def after_scan(self) -> int | None:
        """The marker that ends the coded data of a scan."""
        kept = b""
        while chunk := self.file.read(_CHUNK):
            data = kept + chunk
            if found := _NEXT.search(data):
                self.file.seek(found.end() - len(data), 1)
                return data[found.end() - 1]
            kept = data[len(data.rstrip(b"\xff")) :]  # a marker may begin at the end of a chunk
        return None

    def segment(self, marker: int) -> None:
        if marker in _ALONE:
            return
        length = struct.unpack(">H", self.file.read(2))[0] - 2
        body = self.file.read(length)
        if len(body) < length:
            raise ValueError("a segment that ends beyond the file")
        if marker in _FRAMES:
            self.process, self.precision = marker - 0xC0, body[0]
            self.lowest = {body[6 + 3 * number]: [None] * 64 for number in range(body[5])}
        elif marker == _SCAN:
            self.scan(body)
        elif marker == _PICTURES and body.startswith(b"MPF\0"):
            self.pictures = _pictures(body[4:])
        elif marker == _EXIF_OR_XMP and b"hdrgm:" in body and b"GainMap" in body:
            self.gain_maps = 1

    def scan(self, body: bytes) -> None:
        first, last, low = body[1 + 2 * body[0]], body[2 + 2 * body[0]], body[3 + 2 * body[0]] & 15
        for number in range(body[0]):
            known = self.lowest.get(body[1 + 2 * number])
            if known is not None:
                known[first : last + 1] = [low] * (last + 1 - first)


def _pictures(index: bytes) -> int:
    """How many pictures a multi-picture index names, not counting previews (its "large thumbnails")."""
    order = "<" if index[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", index, 4)
    (count,) = struct.unpack_from(order + "H", index, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, _, length, where = struct.unpack_from(order + "HHII", index, at)
        if tag == 0xB002:
            kinds = [struct.unpack_from(order + "I", index, where + entry)[0] for entry in range(0, length, 16)]
            return sum(kind >> 16 & 0xFF != 1 for kind in kinds)
    return 1
