"""What each file format can hold, and the options of libvips' encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gigamatte.errors import UsageError, WriteError
from gigamatte.options import Compress, Format, Pyramid
from gigamatte.photo import metadata
from gigamatte.types import Size

#: side of a TIFF tile, pixels; rows of a strip
TILE, ROWS = 256, 64


@dataclass(frozen=True, slots=True)
class Encoding:
    """How pixels are packed; what a format does not know, it ignores."""

    #: 1…100 for the lossy formats; None: WebP without loss, JPEG 95, AVIF 90
    quality: int | None = None
    #: TIFF only
    compression: Compress = "deflate"
    #: TIFF only: smaller copies in the same file, as further pages or below the first (SubIFDs)
    pyramid: Pyramid | None = None
    #: WebP only: in a quarter of the time, a third larger
    quick: bool = False
    #: PNG only: at most so many ``colours`` (256, 16, 4 or 2) with alpha, dithered
    palette: bool = False
    colours: int = 256
    #: PNG only: as small as it gets without loss, however long it takes
    tight: bool = False

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise UsageError(f"a quality lies in 1…100, found {self.quality}")


@dataclass(frozen=True, slots=True)
class Container:
    """What a file format can hold."""

    title: str
    suffixes: tuple[str, ...]
    longest: int
    deep: bool
    alpha: bool
    #: metadata blocks it has a place for, by libvips' field names
    blocks: frozenset[str]
    dpi: bool = True
    #: bytes that the encoder holds for every pixel, of 8 bits and deeper (measured with RGBA); 0: it takes strips
    held: tuple[int, int] = (0, 0)


#: bytes a pixel that a palette takes: all of them are looked at before one is written (measured with RGBA)
PALETTE_BYTES = 14

_EXIF_XMP = frozenset({metadata.EXIF, metadata.XMP})
CONTAINERS: Mapping[Format, Container] = {
    "png": Container("PNG", (".png",), 2**31 - 1, True, True, _EXIF_XMP),
    "webp": Container("WebP", (".webp",), 16383, False, True, _EXIF_XMP, dpi=False, held=(36, 36)),
    "tiff": Container("TIFF", (".tif", ".tiff"), 2**31 - 1, True, True, _EXIF_XMP | {metadata.IPTC}),
    "jpeg": Container("JPEG", (".jpg", ".jpeg"), 65500, False, False, _EXIF_XMP | {metadata.IPTC}),
    "avif": Container("AVIF", (".avif",), 16384, True, True, _EXIF_XMP, dpi=False, held=(75, 120)),
    "psd": Container("Photoshop", (".psd", ".psb"), 300_000, True, True, _EXIF_XMP | {metadata.IPTC}),
}

#: the format that a suffix promises
SUFFIXES: Mapping[str, Format] = {
    suffix: name for name, container in CONTAINERS.items() for suffix in container.suffixes
}


def check_fits(format: Format, size: Size, bands: int) -> None:
    """Raise WriteError when a picture is too large for a format, UsageError when it has alpha and the format has not.

    Worth calling before anything is computed.
    """
    container = CONTAINERS[format]
    if size.long > container.longest:
        raise WriteError(
            f"{container.title} holds at most {container.longest} pixels a side, this picture has {size}",
            "choose --format png or tiff",
        )
    if bands in (2, 4) and not container.alpha:
        raise UsageError(f"{container.title} has no transparency", "name a --background, or choose --format png")


def encoder_bytes(format: Format, size: Size, bits: int, *, palette: bool = False) -> int:
    """Bytes that writing a picture holds beyond strips, because the encoder takes it whole."""
    if format == "png" and palette:
        return PALETTE_BYTES * size.pixels
    return CONTAINERS[format].held[0 if bits == 8 else 1] * size.pixels


def is_exact(format: Format, encoding: Encoding) -> bool:
    """Whether a file gives the very pixels back that it was written from."""
    if format == "webp":
        return encoding.quality is None
    return format == "tiff" or (format == "png" and not encoding.palette)


def saver_options(format: Format, encoding: Encoding, size: Size, bands: int, bits: int) -> dict[str, Any]:
    """The options of libvips' saver for a format; for AVIF, of its colours; for PNG, where it is to be small."""
    if format == "png":
        if encoding.palette:
            depth = {256: 8, 16: 4, 4: 2, 2: 1}[encoding.colours]
            return {"compression": 9, "palette": True, "bitdepth": depth, "dither": 1.0, "Q": 100, "effort": 7}
        return {"compression": 9, "filter": "all"}
    if format == "webp":
        # exact: what lies under alpha 0 is ours to decide
        lossy = encoding.quality is not None
        effort = {} if lossy else {"effort": 1}
        if encoding.quick:  # alpha to one level, and libwebp fills what is not seen: half the time
            effort = {"effort": 0, "alpha_q": 90, "exact": False}
        return {"exact": True} | ({"Q": encoding.quality} if lossy else {"lossless": True}) | effort
    if format == "avif":
        # effort 2 of 9: each step more doubles the time and saves a few percent
        deep = {"bitdepth": 12} if bits == 16 else {}
        return {"compression": "av1", "effort": 2, "Q": encoding.quality or 90, "subsample_mode": "off"} | deep
    if format == "jpeg":
        return {"Q": encoding.quality or 95}
    return {
        "compression": encoding.compression,
        "predictor": "none" if encoding.compression == "none" else "horizontal",
        # offsets have 32 bits in a plain TIFF; deflate may also make noise a little larger
        "bigtiff": _tiff_pixels(size, encoding.pyramid) * bands * bits // 8 > 3.9e9,
        **_layout(encoding.pyramid),
    }


def _layout(pyramid: Pyramid | None) -> dict[str, Any]:
    """Strips, because ffmpeg reads tiles as zeros; viewers of large pictures want tiles."""
    if pyramid is None:
        return {"tile_height": ROWS}
    return {"tile": True, "tile_width": TILE, "tile_height": TILE, "pyramid": True, "subifd": pyramid == "sub"}


def _tiff_pixels(size: Size, pyramid: Pyramid | None) -> int:
    """Pixels of all strips, or of all tiles, which are whole at the edges too, on every level."""
    if not pyramid:
        return size.pixels
    across, down = -(-size.width // TILE), -(-size.height // TILE)
    own = across * down * TILE * TILE
    return own + _tiff_pixels(size.halved(), pyramid) if size.long > TILE else own
