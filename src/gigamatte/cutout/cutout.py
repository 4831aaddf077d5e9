"""A photo and its matte; the result's pixels are composed when they are read or saved."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gigamatte import system
from gigamatte.clipping import offset_of
from gigamatte.closable import Closable
from gigamatte.cutout.atomic import all_or_as_before
from gigamatte.cutout.check import misfits
from gigamatte.cutout.compose import Composer
from gigamatte.cutout.contour.drawing import drawn
from gigamatte.cutout.encode import Encoding
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.frame import framed, resolution_of
from gigamatte.cutout.max_bytes import write_max_bytes
from gigamatte.cutout.pixels import watching
from gigamatte.cutout.place import as_target, refuse_existing
from gigamatte.cutout.raster import Alongside, Extras, Raster, Way
from gigamatte.cutout.show import as_srgb, pillow_image, small_png
from gigamatte.cutout.subject import subject_of
from gigamatte.cutout.surroundings import Surroundings
from gigamatte.cutout.target import check_seen_through, drawing_format, pair_of, picture_format
from gigamatte.cutout.visible import visible
from gigamatte.cutout.write import Written, write_bytes, write_image
from gigamatte.errors import UsageError
from gigamatte.forked import threads_begin
from gigamatte.option_names import with_option_names
from gigamatte.options import UNCUT, Format, Only, Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.thread_exit import native_work, watched
from gigamatte.types import Box, Matte, PixelArray, Receipt, Size, Watch

if TYPE_CHECKING:
    from PIL import Image

    from gigamatte.cutout.contour.curves import Contour

_NO_TIMES = "--keep-times: the photo is no file, so it has no times to keep"


class Cutout(Closable):
    """A photo without its background, at the photo's own size and depth.

    Holds the photo's pixels (in memory, or in scratch storage when they are many) until it is closed or forgotten.
    ``solved`` is the matte as it was before it was hardened: what is mixed in the photo stays mixed, and so the colours
    are worked out with that one, by ``colours``.
    """

    def __init__(
        self,
        levels: PhotoLevels,
        matte: Matte,
        options: Options,
        receipt: Receipt,
        solved: Matte | None = None,
        colours: Callable[..., Foreground] = Foreground,
    ) -> None:
        self._levels, self._options, self._colours = levels, options, colours
        self.matte, self._solved = matte, solved or matte
        subject = subject_of(visible(matte, levels))
        box = subject.box if subject else None
        self._around = Surroundings(levels, self._solved, options, box)
        self._canvas, said = framed(matte.size, subject, options, self._around.box)
        self._receipt = dataclasses.replace(
            receipt,
            subject=dataclasses.asdict(box) if box else {},
            placed=self._canvas.placed(box) if box else {},
            own_alpha=levels.photo.has_alpha,
            warnings=(*receipt.warnings, *options.notes, *said, *self._around.warnings),
        )
        self._resolution = resolution_of(options) or levels.photo.resolution
        self._foreground: Foreground | None = None
        self._contour: Contour | None = None

    @property
    def size(self) -> Size:
        """Width and height of the result: the canvas', the subject's box with ``crop``, else the photo's."""
        return self._canvas.size

    @property
    def receipt(self) -> Receipt:
        """What was done so far, in how long, with what; completed by ``save``."""
        said = tuple(with_option_names(warning) for warning in self._receipt.warnings)
        return dataclasses.replace(self._receipt, warnings=said)

    @property
    def alpha(self) -> PixelArray:
        """(row, column), uint8 or uint16 like the photo, 0 = background. Read-only: change a copy."""
        alpha = self._whole("alpha")[..., 0]
        alpha.flags.writeable = False  # a change would not be in ``rgba`` and ``save``
        return alpha

    def rgba(self) -> PixelArray:
        """(row, column, RGBA), straight alpha, with shadow and outline; ``Options.under`` where alpha is 0."""
        return self._whole("cutout")

    def pixels(self) -> PixelArray:
        """What ``Options.only`` asks for, straight and without a background, in sRGB, in the photo's depth.

        (row, column) for alpha, trimap and uncertainty, (row, column, RGB) for foreground, else (row, column, RGBA).
        """
        whole = self._whole(self._options.only)
        return whole[..., 0] if whole.shape[2] == 1 else as_srgb(whole, self._levels.photo.icc)

    def photo_pixels(self) -> PixelArray:
        """The photo as it was: (row, column, RGB), uint8 or uint16, in its own colour space."""
        return self._levels.read(0, self._levels.size(0).box)

    def image(self) -> Image.Image:
        """``rgba`` as a Pillow image of mode RGBA, with the photo's profile and resolution; 16 bits become 8."""
        photo = self._levels.photo
        return pillow_image(self.rgba(), photo.icc, photo.resolution)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a Cutout's pixels are composed when they are asked for: there is no array to share")
        return np.asarray(self.rgba(), dtype)

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        threads_begin()
        with native_work():
            return small_png(self._composer("cutout", watch=watched(None)).strips(), self.size, self._levels.photo.icc)

    def __repr__(self) -> str:
        by = f", by {self._receipt.model.name}" if self._receipt.model is not None else ""
        return f"<Cutout {self.size} pixels, {self.matte.bits} bits{by}>"

    def save(
        self,
        target: str | Path | BinaryIO,
        *,
        overwrite: bool = False,
        quick: bool = False,
        watch: Watch | None = None,
        alongside: Alongside | None = None,
    ) -> Receipt:
        """Write what the options ask for, whole or not at all, and return the receipt.

        ``quick``: colours of mixed pixels are found at half the size, and a WebP is written in a quarter of the time
        and a third larger, for a look that is soon forgotten. ``alongside`` gets the strips of every picture that its
        file gives back as they are. The format is that of the options, else the one of the target's suffix.

        Raises UsageError when it cannot hold the result or the target exists, WriteError, and what ``watch`` raises.
        """
        with native_work():
            return self._save(as_target(target), Way(overwrite, quick, watched(watch), alongside))

    def _save(self, target: Path | BinaryIO, way: Way) -> Receipt:
        started = time.perf_counter()
        waited, scratch, canvas, warnings = 0.0, 0, self._canvas, tuple[str, ...]()
        parts = pair_of(target) if self._options.only == "pair" else ((self._options.only, target),)
        pair = [place for _, place in parts if isinstance(place, Path)] if len(parts) > 1 else []
        for _, place in parts:
            if isinstance(place, Path):
                refuse_existing(place, way.overwrite)
        with all_or_as_before(pair):  # half a pair is no result
            for only, place in parts:
                seconds_waited, written = self._write(only, place, way)
                waited, warnings = waited + seconds_waited, (*warnings, *written.warnings)
                scratch = max(scratch, written.scratch_bytes)
                canvas = canvas if written.share == 1 else self._canvas.smaller(written.share)
        warnings += misfits(target, self._options) if self._receipt.subject else ()
        seconds = {**self._receipt.seconds, "colours": waited, "write": time.perf_counter() - started - waited}
        seconds["total"] = sum(value for stage, value in seconds.items() if stage != "total")
        self._receipt = dataclasses.replace(
            self._receipt,
            output=str(parts[0][1]) if isinstance(target, Path) else "-",
            outputs=tuple(str(place) if isinstance(place, Path) else "-" for _, place in parts),
            seconds=seconds,
            warnings=tuple(dict.fromkeys((*self._receipt.warnings, *warnings))),  # the two of a pair say the same
            width=canvas.size.width,
            height=canvas.size.height,
            placed=canvas.placed(Box(**self._receipt.subject)) if self._receipt.subject else {},
            peak_rss_mb=system.peak_rss_mb(),
            scratch_bytes=self._levels.scratch_bytes + scratch,
        )
        return self.receipt

    def _write(self, only: Only, target: Path | BinaryIO, way: Way) -> tuple[float, Written]:
        """Write one picture: (seconds that the writer waited for colours, what there is to say)."""
        options, photo, (overwrite, quick, watch, along) = self._options, self._levels.photo, way
        if only == "path":
            return 0.0, self._draw(target, overwrite, watch)
        contour = self._contour_of_result(watch) if options.clipping_path else None
        began = time.perf_counter()
        uncut = options.background == UNCUT
        composer = self._composer(only, watch=watch, uncut=uncut, quick=quick)
        solving = time.perf_counter() - began
        composer, icc, put = self._around.around(composer)
        said, format = put if contour is None else (*contour.warnings, *put), picture_format(options, target)
        check_seen_through(format, composer.bands == 4 and options.background is not None)
        composer = composer.suited(format)
        encoding = Encoding(options.quality, options.compress or "deflate", options.pyramid, quick, options.palette)

        def write(place: Path | BinaryIO, encoding: Encoding, made: Composer) -> Written:
            return write_image(
                made.strips(),
                Raster(made.size, made.bands, self.matte.bits),
                target=place,
                format=format,
                encoding=encoding,
                overwrite=overwrite,
                times=photo.times if options.keep_times else None,
                threads=options.threads,
                below=made.beneath,
                alongside=along if options.max_bytes is None else None,
                extras=Extras(
                    icc=icc,
                    blocks=photo.metadata,
                    resolution=self._resolution,
                    strip=options.strip,
                    strip_gps=options.strip_gps,
                    moved=photo.orientation != 1 or self._canvas.view != photo.size.box or not self._canvas.plain,
                    path=None if contour is None else contour.path,
                ),
            )

        if options.max_bytes is None:
            written = write(target, encoding, composer)
        else:
            written = write_max_bytes(
                options, format, encoding, target, lambda share: self._ready(only, share, watch, format), write
            )
        said = (*said, _NO_TIMES) if options.keep_times and photo.times is None else said
        return solving + composer.waited.seconds, dataclasses.replace(written, warnings=(*said, *written.warnings))

    def _draw(self, target: Path | BinaryIO, overwrite: bool, watch: Watch | None) -> Written:
        """Write the path as a drawing."""
        options, photo = self._options, self._levels.photo
        contour = self._contour_of_result(watch)
        times = photo.times if options.keep_times else None
        data = drawn(contour.path, self.size, self._resolution, drawing_format(options, target))
        written = write_bytes(data, target, overwrite=overwrite, times=times)
        said = (_NO_TIMES,) if options.keep_times and times is None else ()
        return dataclasses.replace(written, warnings=(*contour.warnings, *said))

    def _contour_of_result(self, watch: Watch | None) -> Contour:
        """The contour of what the result shows, as curves in its own pixels."""
        if self._contour is None:
            from gigamatte.cutout.contour.curves import contour_of

            size, offset = self.size, self._options.offset
            away = 0.0 if offset is None else offset_of(offset, self._resolution)
            self._contour = contour_of(lambda: watching(self._composer("alpha").strips(), watch), size, offset=away)
            self._receipt = dataclasses.replace(self._receipt, path=self._contour.as_dict())
        return self._contour

    def close(self) -> None:
        """Give the photo's pixels back."""
        self._levels.close()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise UsageError(
            "a Cutout cannot be pickled: the photo's pixels belong to this process",
            "send cutout.rgba(), or the path of a file that cutout.save() wrote",
        )

    def _ready(self, only: Only, share: float, watch: Watch | None, format: Format) -> Composer:
        return self._around.around(self._composer(only, share, watch))[0].suited(format)

    def _composer(
        self, only: Only, share: float = 1.0, watch: Watch | None = None, *, uncut: bool = False, quick: bool = False
    ) -> Composer:
        threads = self._options.threads or system.cpu_count()
        if self._foreground is None and not uncut and only not in ("alpha", "trimap", "uncertainty", "shadow"):
            made, how = (self._levels, self._solved), {"quick": quick, "reduced": self._canvas.reduced}
            self._foreground = self._colours(*made, **how, threads=threads)
        canvas = self._canvas if share == 1 else self._canvas.smaller(share)
        return Composer(
            self._levels,
            self.matte,
            self._foreground,
            canvas.view if canvas.plain else canvas.behind if uncut else canvas.seen(self.matte),
            only,
            canvas=None if canvas.plain else canvas,
            place=canvas,
            shadow=self._around.shadow if only in ("cutout", "shadow") else None,
            outline=self._around.outline(canvas.size, self._levels.photo.icc) if only == "cutout" else None,
            solved=self._solved,
            under=self._options.under,
            uncut=uncut,
            threads=threads,
            watch=watch,
        )

    def _whole(self, only: Only) -> PixelArray:
        threads_begin()
        with native_work():
            composer = self._composer(only, watch=watched(None))
            return np.concatenate([np.atleast_3d(strip) for strip in composer.strips()])
