"""open_encoded: a picture file whose header is parsed; how libvips is to read it, and what is to be said about it."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pyvips

from gigamatte.photo import colour, formats, frames, jpeg, metadata, png, psd, tiff
from gigamatte.photo.bands import Bands, bands_of
from gigamatte.photo.extra_fields import ExtraFields
from gigamatte.photo.fields import field_of
from gigamatte.photo.heif import HeicFile
from gigamatte.photo.jpeg_end import with_end
from gigamatte.photo.read_extra import extra_fields_of
from gigamatte.photo.unsupported import broken, check_planes, check_tiff, is_unusual

#: rows to the end of which libvips reads ahead
READ_AHEAD = 16
#: rows that may have to be read together, because strips of a TIFF and READ_AHEAD end at the same row only there; where
#: it would be more, the photo is decoded whole
TOGETHER = 2048

_JPEG = "jpegload_buffer"


@dataclass(frozen=True)
class Opened:
    """A source whose header has been parsed; ``load()`` gives the image afresh."""

    name: str
    format: str
    header: pyvips.Image
    load: Callable[[], pyvips.Image]
    orientation: int
    warnings: tuple[str, ...] = ()
    #: colours lie in planes, or very many rows in one strip, so that all of it is decoded before the first row
    whole: bool = False
    #: how many rows have to be read together, see Photo
    rows: int = READ_AHEAD
    #: what a TIFF says of itself
    facts: tiff.Facts = field(default_factory=tiff.Facts)
    #: bytes of the file that are held in memory while it is decoded
    held: int = 0

    def bands(self, *, ignore_alpha: bool = False) -> Bands:
        """Which bands are colour and which is alpha; raises UnsupportedInput where the colour space is not read."""
        return bands_of(self.header, self.name, self.facts, ignore_alpha=ignore_alpha)


def open_encoded(kind: formats.Kind, name: str, file: str | bytes, suffix: str, *, encoded: bool) -> Opened:
    """Parse the header of ``file``: a path (as bytes on POSIX), or the bytes of the file itself where ``encoded``.

    Raises UnsupportedInput.
    """
    warnings = []
    if note := formats.suffix_warning(kind, suffix):
        warnings.append(note)
    if kind is formats.HEIC:
        heic = HeicFile(name, file if encoded else os.fsdecode(file))
        return Opened(
            name, kind.name, heic.header, heic.load, 1, (*warnings, *heic.warnings, *_pages(name, heic.pages))
        )

    if kind is formats.PSD:
        return _document(name, file, warnings, encoded=encoded)

    facts, inside, pictures = _facts(kind, file, name, encoded=encoded)
    check_tiff(name, facts)
    rows = READ_AHEAD if facts.tiled else _rows_together(facts.strip)
    whole = rows > TOGETHER
    access = "random" if whole else "sequential"
    which = _which_picture(facts)
    mended = with_end(_bytes_of(file, encoded=encoded)) if inside.endless else None
    source, loader = (file, kind.loader + ("_buffer" if encoded else "")) if mended is None else (mended, _JPEG)
    if mended is not None:
        warnings.append(f"{name} lacks the marker that ends a JPEG, and nothing else")

    said = ExtraFields()

    def load() -> pyvips.Image:
        # "error": broken files are refused instead of being filled up with grey
        image = pyvips.Operation.call(loader, source, access=access, fail_on="error", **which)
        if facts.exif is not None:
            image = image.copy()
            image.set_type(pyvips.GValue.blob_type, metadata.EXIF, facts.exif)
        image = said.on(image)
        return colour.full_range(image) if kind is formats.AVIF else image

    unusual = is_unusual(inside if kind is formats.JPEG else facts)
    try:
        header = load()
        if unusual:
            load().crop(0, 0, 1, 1).write_to_memory()  # of some files the header can be read and the pixels cannot
    except pyvips.Error as error:
        raise broken(name, error, inside if kind is formats.JPEG else facts) from error
    check_planes(name, facts, header.bands)
    said = extra_fields_of(kind, file, header, encoded=encoded)
    header = said.on(header)
    warnings += said.warnings
    warnings += _pages(name, field_of(header, "n-pages", 1) if pictures is None else pictures, facts)
    orientation = said.orientation or field_of(header, "orientation", 1)
    orientation = orientation if 1 <= orientation <= 8 else 1
    held = 0 if mended is None else len(mended)
    rows = READ_AHEAD if whole else rows
    return Opened(name, kind.name, header, load, orientation, tuple(warnings), whole, rows, facts, held)


def _document(name: str, file: str | bytes, warnings: list[str], *, encoded: bool) -> Opened:
    """A Photoshop document: its merged picture, as the TIFF that it nearly is."""
    with io.BytesIO(file) if encoded and isinstance(file, bytes) else open(file, "rb") as stream:
        document = psd.read_document(stream, name)
    picture, colours = document.picture, document.colours
    opened = open_encoded(formats.TIFF, name, picture.data, "", encoded=isinstance(picture.data, bytes))
    header = colours.finished(opened.header).copy()
    if document.exif:
        header.set_type(pyvips.GValue.blob_type, metadata.EXIF, b"Exif\0\0" + document.exif)
    space, extra = colours.read_as

    def load() -> pyvips.Image:
        image = opened.load()
        image._references.append(picture)  # libvips opens a scratch file by its name, whenever it reads
        return colours.finished(image)

    return replace(
        opened,
        format="psd",
        header=header,
        load=load,
        warnings=(*warnings, *colours.warnings, *opened.warnings),
        facts=replace(opened.facts, space=space, extra=extra),
        held=opened.held + picture.held,
    )


def _facts(
    kind: formats.Kind, file: str | bytes, name: str, *, encoded: bool
) -> tuple[tiff.Facts, jpeg.Facts, int | None]:
    """What is read of a file besides what libvips tells, and how many pictures it holds; None where libvips knows."""
    facts, inside, pictures = tiff.Facts(), jpeg.Facts(), None
    try:
        with io.BytesIO(file) if encoded and isinstance(file, bytes) else open(file, "rb") as stream:
            if kind is formats.TIFF:
                facts = tiff.read_facts(stream)
                pictures = facts.pages
            elif kind is formats.JPEG:
                inside = jpeg.read_facts(stream)
                pictures = inside.pictures
            elif kind is formats.PNG:
                png.check_sides(stream, name)
                pictures = frames.png_frames(stream)
            elif kind is formats.AVIF:
                pictures = frames.avif_frames(stream)
    except OSError:
        pass
    return facts, inside, pictures


def _bytes_of(file: str | bytes, *, encoded: bool) -> bytes:
    if encoded and isinstance(file, bytes):
        return file
    with open(file, "rb") as stream:
        return stream.read()


def _which_picture(facts: tiff.Facts) -> dict[str, int]:
    """What to tell libvips where the first picture of a TIFF is a smaller copy of the photo."""
    if facts.inner is not None:
        return {"page": facts.page, "subifd": facts.inner}
    return {"page": facts.page} if facts.page else {}


def _rows_together(strip: int) -> int:
    """Where both the blocks that libvips reads ahead and the strips of a TIFF end. It takes short strips in groups."""
    group = strip * max(1, READ_AHEAD // strip) if strip else READ_AHEAD
    return math.lcm(READ_AHEAD, group)


def _pages(name: str, count: int, facts: tiff.Facts | None = None) -> list[str]:
    warnings: list[str] = []
    if facts is not None and _which_picture(facts):
        warnings.append(f"{name} begins with a smaller copy of itself: the first picture of full size was read")
    elif count > 1:
        warnings.append(f"{name} holds {count} pictures (pages, frames or sizes): the first was read")
    return warnings
