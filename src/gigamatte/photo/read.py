"""open_photo: a file, bytes, an array or a Pillow image becomes a Photo, from its header alone.

The loader is chosen here by the first bytes and called by name. libvips' own detection would also try loaders
that are not safe for files from outside.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.errors import BudgetExceeded, MissingInput, UnsupportedInput, UsageError
from gigamatte.forked import refuse_after_fork
from gigamatte.photo import arrays, formats, metadata
from gigamatte.photo.encoded import Opened, open_encoded
from gigamatte.photo.fields import field_of, has_field
from gigamatte.photo.paths.find import own_paths
from gigamatte.photo.turn import Turn
from gigamatte.types import Photo, Size

if TYPE_CHECKING:
    from PIL import Image

Source = str | os.PathLike[str] | os.PathLike[bytes] | bytes | NDArray[Any]


def open_photo(source: Source | Image.Image, *, max_pixels: int, ignore_alpha: bool = False) -> Photo:
    """The photo in ``source``, none of its pixels decoded yet.

    A path or the bytes of a JPEG, PNG, WebP, TIFF, AVIF, HEIC or PSD; an array (row, column[, RGB or RGBA]), uint8 or
    uint16, sRGB; or a Pillow image. Grey and CMYK are to be converted to sRGB; RGB keeps its own profile.
    ``ignore_alpha`` reads it as if it had no alpha.
    Raises MissingInput, UnsupportedInput, and BudgetExceeded when it has more than ``max_pixels`` pixels.
    """
    refuse_after_fork()
    quiet_libvips()
    times = _times(source)  # before reading changes them
    opened = open_source(source)
    stored = check_pixels(opened, max_pixels)
    photo = _describe(opened, stored, ignore_alpha)
    photo = replace(photo, paths=functools.partial(own_paths, source, stored, opened.orientation))
    return photo if times is None else replace(photo, times=times)


def _times(source: object) -> tuple[int, int] | None:
    """Last access and last change of a file, in nanoseconds."""
    if isinstance(source, str | os.PathLike):
        with contextlib.suppress(OSError, ValueError):
            found = os.stat(source)
            return found.st_atime_ns, found.st_mtime_ns
    return None


def check_pixels(opened: Opened, max_pixels: int) -> Size:
    """The stored size of an opened source; raises BudgetExceeded when it has more than ``max_pixels`` pixels."""
    stored = Size(opened.header.width, opened.header.height)
    if stored.pixels > max_pixels:
        raise BudgetExceeded(
            f"{opened.name} has {stored} = {stored.megapixels:.1f} megapixels, allowed are {max_pixels / 1e6:.1f}",
            "allow more with --max-pixels",
        )
    return stored


def harden() -> None:
    """Forbid libvips every loader and saver that is not safe for files from outside, in this whole process.

    For the command line, the service and the batch only: as a library we must not change the program that imports us.
    """
    pyvips.block_untrusted_set(True)


@functools.cache
def quiet_libvips() -> None:
    """Turn off libvips' cache of operations, which would hold whole pictures in memory between photos.

    And keep its threads from logging through Python: Python may collect garbage there, and when a picture is freed by
    one of the threads that compute it, the process crashes. Without the binding's handler libvips logs by itself, which
    VIPS_WARNING turned off when it started.
    """
    pyvips.cache_set_max(0)
    if os.environ.get("VIPS_WARNING"):
        pyvips._remove_log_handler()


def as_source(source: Any) -> Any:
    """A source that may be opened several times: what an open file still holds is read. Raises UsageError."""
    if not callable(getattr(source, "read", None)) or isinstance(source, os.PathLike):
        return source
    data = None if isinstance(source, io.TextIOBase) else source.read()
    if not isinstance(data, bytes | bytearray | memoryview):
        raise UsageError("the file to read from is open for text", "open it with mode 'rb'")
    return bytes(data)


def open_source(source: Source | Image.Image) -> Opened:
    """Parse the header of a source; raises MissingInput, UnsupportedInput and UsageError."""
    if isinstance(source, np.ndarray):
        image = arrays.from_array(source)
        return Opened("the array", "array", image, lambda: image, 1)
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        return open_encoded(formats.sniff(data[: formats.HEAD], "the input"), "the input", data, "", encoded=True)
    if isinstance(source, str | os.PathLike):
        path = Path(os.fsdecode(source))
        head = _head(path)
        kind = formats.sniff(head, path.name)
        if kind is formats.TIFF and path.suffix.lower() in formats.RAW_SUFFIXES:
            raise UnsupportedInput(f"{path.name} is a camera raw file", "develop it to TIFF or JPEG first")
        # fsencode: names that are not valid UTF-8 exist
        target = os.fsencode(path) if os.name == "posix" else str(path)
        return open_encoded(kind, path.name, target, path.suffix, encoded=False)
    if type(source).__module__.startswith("PIL."):
        image, orientation = arrays.from_pillow(source)
        return Opened("the image", "array", image, lambda: image, orientation)
    raise UsageError(f"expected a path, bytes, an open file, an array or a Pillow image, found {type(source).__name__}")


def _head(path: Path) -> bytes:
    try:
        # checked before opening, because opening a named pipe would wait for ever
        if not stat.S_ISREG(path.stat().st_mode):
            raise MissingInput(f"{path} is not a file", "name one photo, or use - for standard input")
        with path.open("rb") as file:
            return file.read(formats.HEAD)
    except FileNotFoundError as error:
        raise MissingInput(f"there is no file {path}") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise MissingInput(f"{path} cannot be read: {why}") from error


def _describe(opened: Opened, stored: Size, ignore_alpha: bool) -> Photo:
    header, name = opened.header, opened.name
    if header.format not in ("uchar", "ushort"):
        raise UnsupportedInput(
            f"{name} stores its pixels as {_FORMS.get(header.format, header.format)}; expected 8 or 16 bits",
            "save it with 8 or 16 bits a channel",
        )
    warnings = list(opened.warnings)
    bands = opened.bands(ignore_alpha=ignore_alpha)
    icc, ignored = bands.profile(header)
    warnings += (*bands.warnings, *ignored)
    fields, notes = metadata.collect(header)
    upright = Turn.from_exif(opened.orientation)
    across, down = _resolution(opened)
    return Photo(
        size=upright.size(stored),
        bits=8 if header.format == "uchar" else 16,
        has_alpha=bands.alpha is not None,
        icc=bands.profile_after(icc),
        open=lambda: bands.as_rgb(opened.load(), icc),
        orientation=opened.orientation,
        metadata=fields,
        resolution=(down, across) if upright.transposed else (across, down),
        name=name,
        format=opened.format,
        decode_bytes=opened.held + _decode_bytes(opened),
        rows=opened.rows,
        warnings=(*warnings, *notes),
    )


_FORMS = {
    "float": "32-bit floats", "double": "64-bit floats", "uint": "32-bit integers", "int": "32-bit integers",
    "char": "signed 8-bit integers", "short": "signed 16-bit integers", "complex": "complex numbers",
}  # fmt: skip


def _resolution(opened: Opened) -> tuple[float, float]:
    """Pixels per millimetre of the stored picture, 0 where the file says nothing."""
    header = opened.header
    # libvips assumes some resolution where a file gives none, but then names no unit;
    # its PNG reader never names one, and assumes 72 dpi
    said = has_field(header, "resolution-unit") or (opened.format == "png" and abs(header.xres * 25.4 - 72) > 0.1)
    return (header.xres, header.yres) if said and header.xres > 0 and header.yres > 0 else (0.0, 0.0)


def _decode_bytes(opened: Opened) -> int:
    """Bytes that decoding holds beyond strips, because the whole picture must be decoded before its first row."""
    header, bands = opened.header, int(opened.header.bands)
    pixels: int = header.width * header.height
    if opened.format in ("webp", "avif", "heic"):
        return pixels * bands * (1 if header.format == "uchar" else 2)
    if opened.format == "jpeg" and field_of(header, "jpeg-multiscan", 0):
        # every DCT coefficient is kept, 2 bytes each; chroma has a quarter as many of them at 4:2:0
        thin = has_field(header, "jpeg-chroma-subsample") and header.get("jpeg-chroma-subsample") == "4:2:0"
        return 3 * pixels if thin and bands == 3 else 2 * bands * pixels
    if opened.format == "png" and field_of(header, "interlaced", 0):
        return pixels * bands * (1 if header.format == "uchar" else 2)
    if opened.whole:
        return pixels * bands * (1 if header.format == "uchar" else 2)
    return 0
