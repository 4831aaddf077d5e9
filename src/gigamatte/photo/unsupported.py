"""Tells unsupported files from broken ones: their compression, colours or depth are of a kind that is not read."""

from __future__ import annotations

import re

import pyvips

from gigamatte.errors import UnsupportedInput
from gigamatte.photo import jpeg, tiff

#: what the libraries behind libvips say of such files
_UNSUPPORTED = re.compile(r"not (configured|implemented|supported)|unsupported|no decoder", re.I)
#: lines that say nothing to a person: numbers of errors, places in the file, that another line has failed
_SAYS_NOTHING = re.compile(r"^\(|^vips__|: bad seek to|: load error$|^unable to call ")
#: which function of a library says it
_FUNCTION = re.compile(r"^\w+: ")
#: PhotometricInterpretation (TIFF 6.0 and its technical notes)
_SPACES = {8: "CIELAB", 9: "ICC LAB", 10: "ITU LAB"}
_SENSOR = (32803, 34892)
#: Compression; what every TIFF library reads is not named here
_PACKED = {
    6: "old JPEG", 9: "JBIG", 10: "JBIG", 34661: "JBIG", 34676: "SGI LogLuv", 34677: "SGI LogLuv", 34712: "JPEG 2000",
    33003: "JPEG 2000", 33005: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP",
    50002: "JPEG XL", 52546: "JPEG XL", 32909: "PixarLog", 32908: "PixarFilm", 32809: "ThunderScan", 32766: "NeXT",
}  # fmt: skip
_COMMON = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)
_BITS = (1, 2, 4, 8, 16, 32, 64)
_PROCESSES = {
    3: "lossless", 5: "hierarchical", 6: "hierarchical", 7: "hierarchical", 9: "arithmetic", 10: "arithmetic",
    11: "lossless arithmetic",
}  # fmt: skip


def check_tiff(name: str, facts: tiff.Facts) -> None:
    """Raise UnsupportedInput where a TIFF's colours are of a kind that is never read."""
    if facts.space in _SPACES:
        raise UnsupportedInput(
            f"{name} is in the {_SPACES[facts.space]} colour space; expected grey, RGB or CMYK", "convert it to RGB"
        )
    if facts.space in _SENSOR:
        raise UnsupportedInput(f"{name} is a camera raw file", "develop it to TIFF or JPEG first")
    if facts.planes and facts.tiled:
        raise UnsupportedInput(
            f"{name} stores its colours in separate planes of tiles, which is not read; expected interleaved colours",
            "save it with interleaved (chunky) planes",
        )


def check_planes(name: str, facts: tiff.Facts, bands: int) -> None:
    """Raise UnsupportedInput where libvips (8.18) takes strips of grey and further channels for other rows."""
    if facts.planes and bands > 1 and facts.space in (0, 1) and facts.strip != 1:
        raise UnsupportedInput(
            f"{name} stores grey and further channels in separate planes, which is not read; "
            "expected interleaved channels",
            "save it with interleaved (chunky) planes",
        )


def is_unusual(kind: tiff.Facts | jpeg.Facts) -> bool:
    """Whether a file is of a kind that this build of libvips may be unable to decode though its header parses."""
    if isinstance(kind, tiff.Facts):
        return kind.packed not in _COMMON or kind.bits not in _BITS
    return kind.precision != 8 or kind.process > 2


def broken(name: str, error: pyvips.Error, kind: tiff.Facts | jpeg.Facts | None = None) -> UnsupportedInput:
    """The error to raise when libvips cannot decode a file: of an unsupported kind, or broken."""
    lines = [line.strip() for line in str(error.detail or error.message).splitlines() if line.strip()]
    why = _FUNCTION.sub("", next((line for line in reversed(lines) if not _SAYS_NOTHING.search(line)), "unknown error"))
    unsupported = next((line for line in lines if _UNSUPPORTED.search(line)), None)
    if isinstance(kind, jpeg.Facts) and is_unusual(kind):
        if kind.precision != 8:
            return _depth(name, kind.precision)
        return UnsupportedInput(
            f"{name} is a JPEG of the {_PROCESSES.get(kind.process, 'rare')} process, which is not read; "
            "expected baseline or progressive",
            "save it as a baseline JPEG",
        )
    if isinstance(kind, tiff.Facts):
        if kind.packed not in _COMMON and (unsupported is not None or kind.packed not in _PACKED):
            return UnsupportedInput(
                f"{name} is packed with {_PACKED.get(kind.packed, f'scheme {kind.packed}')}, which is not read; "
                "expected JPEG, Deflate, LZW or none",
                "save it packed with Deflate or LZW",
            )
        if kind.bits not in _BITS:
            return _depth(name, kind.bits)
    if unsupported is not None:
        return UnsupportedInput(
            f"{name} is of a kind that is not read: {unsupported}", "convert it to JPEG, PNG, WebP or TIFF first"
        )
    return UnsupportedInput(f"{name} is broken: {why}", "was the copy or the download cut short?")


def _depth(name: str, bits: int) -> UnsupportedInput:
    return UnsupportedInput(
        f"{name} has {bits} bits a channel, which is not read; expected 8 or 16", "save it with 8 or 16 bits a channel"
    )
