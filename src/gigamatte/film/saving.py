"""A film is cut into a file: decoded, cut and encoded side by side, in parts that an interrupted run goes on from."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from fractions import Fraction
from typing import Any

import numpy as np

from gigamatte import system
from gigamatte.cutout.cutout import Cutout
from gigamatte.cutout.encode import SUFFIXES, Encoding
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import write_image
from gigamatte.errors import NoSubject, UnsupportedInput
from gigamatte.film import animation, sticker
from gigamatte.film.coding import LARGE, Coding, Part, coding_of
from gigamatte.film.cutting import FilmCutting
from gigamatte.film.deferred import DeferredPart
from gigamatte.film.film_request import FilmRequest
from gigamatte.film.finishing import finish, receipt_of
from gigamatte.film.formats import VIDEO
from gigamatte.film.ground import FilmGround
from gigamatte.film.kinds import numbered
from gigamatte.film.resume import FinishedParts, Shown
from gigamatte.film.types import FilmReceipt, FilmWatch, Frame, Progress
from gigamatte.photo.colour import to_8bit
from gigamatte.thread_exit import Pool, watched
from gigamatte.types import PixelArray, Size

#: frames of a part: what an interruption loses at most
PART = 48
#: frames that wait to be encoded, or are; LARGE ones are encoded before the next is cut
WAITING = 2


class FilmSaving:
    """One film on its way into its target. Raises UsageError at once for what cannot be."""

    def __init__(self, wanted: FilmRequest, cutting: FilmCutting, watch: FilmWatch | None = None) -> None:
        wanted.refuse()
        self._wanted, self._cutting, self._watch = wanted, cutting, watch
        header, plan = wanted.source.header, wanted.plan
        self._coding = None
        if plan.format in VIDEO:
            self._coding = coding_of(plan, wanted.options, header.size, header.rate, header.aspect)
        self._kept = FinishedParts(wanted.kept_in, {**wanted.identity(), "part": PART})
        self._before = self._kept.frames
        self._ground = None
        if plan.ground != "none":
            self._ground = FilmGround(wanted.options, plan, header.size, wanted.bits)
        #: from the frames' receipts: network, device, warnings
        self._noted: dict[str, Any] = {}

    def run(self) -> FilmReceipt:
        """Cut, encode, join. Raises NoSubject where no frame has a subject, and what ``watch`` raises."""
        wanted, kept = self._wanted, self._kept
        began = time.perf_counter()
        state = kept.begin()
        if state is not None:
            self._cutting.restore(state)
            self._noted = dict(kept.notes)
        with contextlib.closing(_ahead(wanted.source.frames(wanted.span, self._before))) as frames:
            self._cut(frames, began)
        name = wanted.source.header.name
        if not kept.shown:
            kept.remove()
            raise UnsupportedInput(f"{name} has no frames from {wanted.span.start:g} s on")
        if not self._cutting.with_subject and not wanted.options.keep_empty:
            kept.remove()
            raise NoSubject(
                f"{name}: in its frame no subject was found"
                if kept.frames == 1
                else f"{name}: in none of its {kept.frames} frames a subject was found",
                "narrow the search with --box, try another --model, or --keep-empty",
            )
        sound, said = finish(wanted, kept)
        size = self._size()
        if self._coding is not None and size != wanted.source.header.size:
            said += (f"H.264 has even sides: the last row or column is doubled, {size} pixels",)
        receipt = receipt_of(
            wanted, kept, self._cutting, size=size, before=self._before, sound=sound,
            seconds=time.perf_counter() - began, noted=self._noted, said=said,
        )  # fmt: skip
        kept.remove()
        return receipt

    def _size(self) -> Size:
        if self._wanted.fits is not None:
            return Size(self._wanted.fits[0], self._wanted.fits[0])
        return self._wanted.source.header.size if self._coding is None else self._coding.size

    def _cut(self, frames: Iterator[Frame], began: float) -> None:
        part: Part | DeferredPart | None = None
        shown: list[Shown] = []
        pending: list[Future[None]] = []
        nobody = watched(None)
        waiting = WAITING if self._wanted.source.header.size.pixels < LARGE else 0
        with Pool(1) as encoder:
            try:
                for frame in frames:
                    if self._coding is not None and part is None:
                        part = self._part(self._coding)
                    now = Shown(frame.time, frame.duration)
                    cutout = self._cutting.cut(frame, nobody)
                    self._note(cutout)
                    del frame  # its pixels
                    number = self._kept.frames + len(shown)
                    pending.append(encoder.submit(self._encode, part, cutout, now.time, number))
                    shown.append(now)
                    del cutout
                    while len(pending) > waiting:
                        pending.pop(0).result()
                    if waiting == 0:
                        # a third of what is held then is free, but in pieces
                        system.release_memory()
                    if len(shown) == PART:
                        self._finish(part, shown, pending)
                        part, shown = None, []
                    if self._watch is not None:
                        done, total = self._kept.frames + len(shown), self._wanted.total
                        self._watch(Progress(done, total, time.perf_counter() - began, self._before))
                if shown:
                    self._finish(part, shown, pending)
                    part = None
            except BaseException:
                with contextlib.suppress(BaseException):
                    for one in pending:
                        one.result()
                    if part is not None:
                        part.drop()
                raise

    def _part(self, coding: Coding) -> Part | DeferredPart:
        """The next part; encoders that take much memory for LARGE frames wait until its frames are cut."""
        deferred = coding.size.pixels >= LARGE and self._wanted.plan.format != "mov"
        return (DeferredPart if deferred else Part)(self._kept.part(), coding)

    def _finish(self, part: Part | DeferredPart | None, shown: list[Shown], pending: list[Future[None]]) -> None:
        while pending:
            pending.pop(0).result()
        if part is not None:
            part.close()
        self._kept.add(shown, self._cutting.state(), self._noted)

    def _note(self, cutout: Cutout) -> None:
        """Note what the receipt says of the whole film: network, device and warnings of this frame."""
        receipt, noted = cutout.receipt, self._noted
        if "model" not in noted and receipt.model is not None:
            noted["model"] = [receipt.model.name, receipt.model.licence, receipt.model.sha256]
            noted["device"], noted["precision"] = receipt.device, receipt.precision
        known = noted.setdefault("warnings", [])
        known += [warning for warning in receipt.warnings if warning not in known and len(known) < 20]

    def _encode(self, part: Part | DeferredPart | None, cutout: Cutout, time: Fraction, number: int) -> None:
        wanted = self._wanted
        with cutout:
            if wanted.plan.format == "sequence" and self._ground is None:
                cutout.save(numbered(wanted.target, number + 1), overwrite=True)
                return
            pixels = self._pixels(cutout, time)
        if part is not None:
            part.add(pixels)
        elif wanted.plan.format == "sequence":
            self._save(pixels, number)
        else:
            if wanted.fits is not None:
                pixels = sticker.fitted(pixels, wanted.fits[0])
            animation.keep(self._kept.picture(number), pixels)

    def _pixels(self, cutout: Cutout, time: Fraction) -> PixelArray:
        """What is encoded: (row, column), (row, column, RGB) or RGBA, sRGB, of the depth that is written."""
        pixels = cutout.pixels()
        if self._ground is not None:
            pixels = self._ground.laid(cutout, pixels, float(time) - self._wanted.span.start)
        return to_8bit(pixels) if pixels.dtype == np.uint16 and self._wanted.bits == 8 else pixels

    def _save(self, pixels: PixelArray, number: int) -> None:
        """A picture of a sequence, on its ground."""
        options, path = self._wanted.options, numbered(self._wanted.target, number + 1)
        encoding, bits = Encoding(options.quality, options.compress or "deflate", None), 8 * pixels.dtype.itemsize
        write_image(
            [pixels],
            Raster(Size.of(pixels), pixels.shape[2], bits),
            target=path,
            format=SUFFIXES[path.suffix.lower()],
            encoding=encoding,
            overwrite=True,
            threads=options.threads,
        )


def _ahead(frames: Iterator[Frame]) -> Generator[Frame, None, None]:
    """The same frames, each decoded while the one before is cut."""
    with Pool(1) as decoder:
        try:
            waiting = decoder.submit(next, frames, None)
            while (frame := waiting.result()) is not None:
                waiting = decoder.submit(next, frames, None)
                yield frame
        finally:
            decoder.submit(getattr(frames, "close", lambda: None)).result()
