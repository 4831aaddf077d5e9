"""Recognises films and animations by their first bytes, and sequences by their names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from gigamatte.photo.frames import avif_frames, png_frames

#: bytes that are looked at
HEAD = 64
#: kinds that PyAV reads, and what it calls them: nothing else is tried, so that no playlist opens other files
CONTAINERS = {"mp4": "mov", "mov": "mov", "webm": "matroska", "mkv": "matroska", "avi": "avi"}
#: suffixes of films, for those who decide before they open a file
SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif"))
#: kinds that Pillow reads
ANIMATIONS = ("gif", "apng", "webp", "avif")

_NUMBER = re.compile(r"%0?(\d*)d")
_STILLS = frozenset((b"avif", b"mif1", b"miaf", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"msf1", b"crx "))


def is_pattern(name: str) -> bool:
    """Whether a name stands for a sequence of pictures: shot_%05d.png."""
    return len(_NUMBER.findall(Path(name).name)) == 1


def numbered(pattern: Path, number: int) -> Path:
    """The picture of a sequence with this number."""
    digits = _NUMBER.search(pattern.name)
    assert digits is not None
    text = f"{number:0{int(digits[1] or 1)}d}"
    return pattern.with_name(f"{pattern.name[: digits.start()]}{text}{pattern.name[digits.end() :]}")


def members(pattern: Path) -> list[Path]:
    """The pictures of a sequence that exist, in the order of their numbers."""
    digits = _NUMBER.search(pattern.name)
    assert digits is not None
    least = int(digits[1] or 1)
    before, after = re.escape(pattern.name[: digits.start()]), re.escape(pattern.name[digits.end() :])
    named = re.compile(rf"{before}(\d{{{least},9}}){after}")
    found = [(int(match[1]), path) for path in pattern.parent.iterdir() if (match := named.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def kind_of(path: Path) -> str | None:
    """mp4, mov, webm, mkv, avi, gif, apng, webp or avif where a file moves; None where it is a photo or no picture."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            if head.startswith(b"\x1a\x45\xdf\xa3"):
                return "webm" if b"webm" in head else "mkv"
            if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
                return "avi"
            if head.startswith(b"GIF8"):
                return "gif"
            if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X":
                return "webp" if head[20] & 2 else None
            if head.startswith(b"\x89PNG\r\n\x1a\n"):
                return "apng" if png_frames(file) > 1 else None
            if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
                return "mov"
            if head[4:8] == b"ftyp":
                return _media(head, file)
    except OSError:
        return None
    return None


def _media(head: bytes, file: BinaryIO) -> str | None:
    """Of the files that share the container of MP4, by the brands they claim (ISO 14496-12, 4.3)."""
    brand = head[8:12]
    if brand == b"avis":
        file.seek(0)
        return "avif" if (avif_frames(file) or 0) > 1 else None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {brand, *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & _STILLS:
        return None
    return "mov" if brand == b"qt  " else "mp4"
