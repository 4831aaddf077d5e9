"""Writes a picture strip by strip to a file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.cutout.atomic import Draft, hint
from gigamatte.cutout.containers import avif, jpeg, png, tiff, webp
from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.containers.png_pixels import Unwritable, write_png
from gigamatte.cutout.drafts import drafted, passing_bytes, written
from gigamatte.cutout.encode import CONTAINERS, SUFFIXES, Encoding, check_fits, is_exact, saver_options
from gigamatte.cutout.layers import Beneath
from gigamatte.cutout.metadata import carried
from gigamatte.cutout.raster import Alongside, Extras, Raster
from gigamatte.cutout.stream import ReaderGone, StripStream
from gigamatte.forked import threads_begin
from gigamatte.options import Format
from gigamatte.photo.colour import to_8bit
from gigamatte.photo.read import quiet_libvips
from gigamatte.system import cpu_count
from gigamatte.types import PixelArray, Size
from gigamatte.write_errors import not_written


@dataclass(frozen=True, slots=True)
class Written:
    """What had to be said about writing a picture, and the bytes on disk that were needed besides the file itself.

    ``share`` of the sides that were asked for, 0…1: less than 1 where the file had to fit.
    (Not counted: the smaller copies of a TIFF pyramid, which libvips gathers in a scratch file of its own.)
    """

    warnings: tuple[str, ...] = ()
    scratch_bytes: int = 0
    share: float = 1.0


def write_image(
    strips: Iterable[PixelArray],
    raster: Raster,
    *,
    target: Path | BinaryIO,
    format: Format,
    extras: Extras | None = None,
    encoding: Encoding | None = None,
    overwrite: bool = False,
    times: tuple[int, int] | None = None,
    threads: int = 0,
    below: Sequence[Beneath] = (),
    alongside: Alongside | None = None,
) -> Written:
    """Write ``strips``, which come from top to bottom and together make the ``raster``.

    Each strip is (row, column[, band]), uint8 for 8 bits and uint16 for 16; they are drawn on the calling thread, while
    others encode, and a few megabytes wait at most. ``extras`` is what lies beside the pixels. ``below``:
    PSD only: layers beneath the strips, which bring a band more for each, see ``write_psd``. ``alongside`` gets the
    strips too, where the file will give them back as they are. ``times``, which a file
    gets, are those of last access and change, in nanoseconds since 1970.

    Raises WriteError, and UsageError when the format has no alpha; what drawing a strip raises passes unchanged.
    In every such case nothing new lies at the target and what was there before is untouched. A stream gets the
    bytes only when the picture is complete.
    """
    threads_begin()
    quiet_libvips()
    size, bands, bits = raster.size, raster.bands, raster.bits
    check_fits(format, size, bands)
    extras = extras or Extras()
    along, warnings = carried(extras, format, size)
    if isinstance(target, Path) and (promised := SUFFIXES.get(target.suffix.lower(), format)) != format:
        asked, made = CONTAINERS[promised].title, CONTAINERS[format].title
        warnings.append(f"the name ends in {target.suffix}, which means {asked}, but the content is {made}")
    if encoding is not None and encoding.palette:
        warnings.append(f"colours were reduced to a palette of at most {encoding.colours}")
        if bits == 16:
            strips, bits = (to_8bit(part) for part in strips), 8
    if bits == 16 and not CONTAINERS[format].deep:
        warnings.append(f"{CONTAINERS[format].title} holds 8 bits a channel: reduced from 16")
        strips, bits = (to_8bit(part) for part in strips), 8
    if bits == 16 and format == "avif":
        warnings.append("AVIF holds 12 bits a channel: reduced from 16")
    profile = extras.icc if bands >= 3 else None
    if format == "psd":
        from gigamatte.cutout.psd import is_large, write_psd

        if is_large(size, bits):
            warnings.append("larger than a PSD may be: written as PSB, Photoshop's format for large documents")
        with drafted(target, overwrite, times) as draft, open(draft.descriptor, "wb", closefd=False) as file:
            scratch = write_psd(
                strips, size, bands, bits, file, icc=profile, carried=along, threads=threads or cpu_count(),
                below=below,
            )  # fmt: skip
            scratch += passing_bytes(target, draft)
        return Written(tuple(warnings), scratch)
    if alongside is not None and is_exact(format, encoding or Encoding()):
        strips = alongside(strips, Raster(size, bands, bits), profile)
    saving = _Saving(format, encoding or Encoding(), size, bands, bits, profile, along, threads)
    with drafted(target, overwrite, times, durable=not saving.encoding.quick) as draft:
        save = _save_png if format == "png" and not (saving.encoding.palette or saving.encoding.tight) else _save
        save(strips, saving, draft, target)
        scratch = passing_bytes(target, draft)
    return Written(tuple(warnings), scratch)


def write_bytes(
    data: bytes, target: Path | BinaryIO, *, overwrite: bool = False, times: tuple[int, int] | None = None
) -> Written:
    """Write a file that is no picture as ``write_image`` writes one: whole or not at all. Raises WriteError."""
    with drafted(target, overwrite, times) as draft:
        with written(draft) as file:
            file.write(data)
        return Written(scratch_bytes=passing_bytes(target, draft))


@dataclass(frozen=True)
class _Saving:
    """How one picture is encoded, and what its file carries besides pixels."""

    format: Format
    encoding: Encoding
    size: Size
    bands: int
    bits: int
    icc: bytes | None
    carried: Carried
    threads: int

    def __call__(self, image: pyvips.Image, draft: Draft) -> None:
        """Encode ``image`` into the draft, from top to bottom."""
        image = image.copy()
        if self.icc is not None:
            image.set_type(pyvips.GValue.blob_type, "icc-profile-data", self.icc)
        if self.threads:
            image.set_type(pyvips.GValue.gint_type, "concurrency", self.threads)
        options = saver_options(self.format, self.encoding, self.size, self.bands, self.bits)
        if self.format == "avif":
            self._save_avif(image, draft, options)
            return
        named = self.encoding.pyramid is not None
        target = _vips_target(draft, named=named)
        pyvips.Operation.call(f"{self.format}save_target", image, target, keep="icc", **options)
        del target  # on Windows it has the file open
        with written(draft) as file:
            if self.format == "png":
                png.complete(file, self.carried)
            elif self.format == "jpeg":
                jpeg.complete(file, self.carried)
            elif self.format == "webp":
                webp.complete(file, self.carried, self.size, alpha=self.bands in (2, 4))
            else:
                tiff.complete(file, self.carried)

    def _save_avif(self, image: pyvips.Image, draft: Draft, options: dict[str, Any]) -> None:
        """Colours with loss, alpha without: libvips gives both the same quality, so they are encoded one by one."""
        alpha = None
        if self.bands in (2, 4):
            image = image.copy_memory()  # it comes only once
            grey = image.extract_band(self.bands - 1)
            grey = grey.copy(interpretation="grey16" if self.bits == 16 else "b-w")
            without_loss = {**options, "lossless": True}
            del without_loss["Q"]
            alpha = bytes(pyvips.Operation.call("heifsave_buffer", grey, keep="none", **without_loss))
            image = image.extract_band(0, n=self.bands - 1)
        colours = bytes(pyvips.Operation.call("heifsave_buffer", image, keep="icc", **options))
        with written(draft) as file:
            avif.write(file, colours, alpha, self.carried)


def _save_png(strips: Iterable[PixelArray], saving: _Saving, draft: Draft, target: Path | BinaryIO) -> None:
    raster, threads = Raster(saving.size, saving.bands, saving.bits), saving.threads or cpu_count()
    try:
        with written(draft) as file:
            write_png(strips, raster, file, icc=saving.icc, carried=saving.carried, threads=threads)
    except Unwritable as error:
        raise _write_error(error.__cause__ or error, target) from error.__cause__


def _save(strips: Iterable[PixelArray], saving: _Saving, draft: Draft, target: Path | BinaryIO) -> None:
    stream = StripStream(saving.size, saving.bands, saving.bits)
    failure: list[BaseException] = []

    def encode() -> None:
        try:
            saving(stream.image(), draft)
        except BaseException as error:
            failure.append(error)
        finally:
            stream.reader_is_gone()

    # the strips are drawn here and not there: errors, Ctrl-C and progress belong to the caller's thread
    encoder = threading.Thread(target=encode, name="gigamatte-encode")
    encoder.start()
    try:
        with contextlib.suppress(ReaderGone):
            for strip in strips:
                stream.put(strip)
            stream.finish()
        _join(encoder)
    except BaseException:
        stream.abandon()
        encoder.join()
        raise
    if failure:
        raise _write_error(failure[0], target) from failure[0]


def _join(thread: threading.Thread) -> None:
    # with a limit: a wait without one cannot be interrupted on every system
    while thread.is_alive():
        thread.join(0.1)


def _vips_target(draft: Draft, *, named: bool) -> pyvips.Target:
    # libvips for Windows may be built with another C library, whose descriptors are not Python's
    if sys.platform == "win32" and draft.path is not None:
        return pyvips.Target.new_to_file(str(draft.path))
    # libvips gathers the smaller copies of a pyramid in a scratch file (nameless, in TMPDIR) when its target is a file
    # with a name, else in memory, where they would take a third of the whole
    if named:
        return pyvips.Target.new_to_file(str(draft.path or f"/proc/self/fd/{draft.descriptor}"))
    return pyvips.Target.new_to_descriptor(draft.descriptor)


def _write_error(error: BaseException, target: Path | BinaryIO) -> BaseException:
    if isinstance(error, OSError):
        why = error.strerror or str(error)
    elif isinstance(error, pyvips.Error):
        lines = [line.strip() for line in str(error.detail or error.message).splitlines() if line.strip()]
        system = [line.removeprefix("system error: ") for line in lines if line.startswith("system error: ")]
        why = (system or lines or ["unknown error"])[0]
    else:
        return error
    name = target if isinstance(target, os.PathLike) else "the output stream"
    return not_written(f"{name} cannot be written: {why}", hint(Path(target)) if isinstance(target, Path) else "", why)


def as_strips(picture: NDArray[np.uint8] | NDArray[np.uint16], rows: int = 256) -> Iterator[PixelArray]:
    """A picture that is in memory already, (row, column[, band]), as strips."""
    for top in range(0, len(picture), rows):
        yield picture[top : top + rows]
