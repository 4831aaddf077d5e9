"""Alpha that was encoded by itself, as PyAV hands it to a container: the side data of the colours' packet.

PyAV copies side data from packet to packet but makes none. So a Matroska file of one block, with the alpha as its
addition (RFC 9559, BlockAdditions), is made in memory and read.
"""

from __future__ import annotations

import io
from typing import Any

from gigamatte.film.library import pyav


def side_data(alpha: bytes) -> Any:
    """PyAV's side data of a VP8 or VP9 packet whose alpha is the packet ``alpha``."""
    picture = _element("E0", _number("B0", 16), _number("BA", 16), _number("53C0", 1))
    numbers = _number("D7", 1) + _number("73C5", 1) + _number("83", 1) + _number("55EE", 1)
    track = _element("AE", numbers, _element("86", b"V_VP9"), picture)
    addition = _element("75A1", _element("A6", _number("EE", 1), _element("A5", alpha)))
    block = _element("A0", _element("A1", b"\x81\0\0\0", b"\0"), addition)
    head = _element("1A45DFA3", _element("4282", b"matroska"))
    film = _element("18538067", _element("1654AE6B", track), _element("1F43B675", _number("E7", 0), block))
    with pyav().open(io.BytesIO(head + film), "r", format="matroska") as box:
        packet = next(box.demux(box.streams.video[0]))
        return packet.get_sidedata("matroska_block_additional")


def _element(name: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes.fromhex(name) + (1 << 56 | len(content)).to_bytes(8, "big") + content


def _number(name: str, value: int) -> bytes:
    return _element(name, bytes([value]))
