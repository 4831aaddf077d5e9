"""The pixel's journey, top to bottom: photo → network → matte → cutout."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from gigamatte import __version__, system
from gigamatte.budget import pixel_memory
from gigamatte.cutout.cutout import Cutout
from gigamatte.cutout.target import check_output
from gigamatte.ending import watched, working
from gigamatte.errors import GigamatteError, NoSubject, UsageError
from gigamatte.forked import threads_begin
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.cascade.tile_cache import Finished
from gigamatte.matte.doubt import doubt
from gigamatte.matte.mask import user_mask
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.select import open_refiner, refiner_identity
from gigamatte.matte.smooth import smooth_matte
from gigamatte.network.answers import Answer, ask
from gigamatte.network.decode import has_subject
from gigamatte.network.engines.base import Engine
from gigamatte.network.networks import Network, open_network
from gigamatte.options import Format, Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import mask_bytes, read_mask
from gigamatte.photo.read import open_photo
from gigamatte.types import Box, CoarseMatte, ModelUse, Photo, PixelArray, Receipt, Size, Watch

if TYPE_CHECKING:
    from PIL import Image

    from gigamatte.cache.disk import DiskCache

    Source = str | os.PathLike[str] | bytes | NDArray[Any] | Image.Image

#: A trimap is solved at once at no more than this many pixels, then refined like any mask.
TRIMAP_PIXELS = 1_000_000


class Remover:
    """Cuts photos with one set of options, and keeps the network loaded between them. Threads may share it."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._threads = self.options.threads or system.cpu_count()
        self._network: Network | None = None
        self._refiner: Refiner | None = None
        self._refiner_engine: Engine | None = None
        self._opening, self._opening_refiner = threading.Lock(), threading.Lock()
        self._cache = self._open_cache()

    def cut(self, source: Source, *, mask: Source | None = None, watch: Watch | None = None) -> Cutout:
        """The cutout of one photo: a path, the bytes of a file, an array (row, column, RGB or RGBA) or a Pillow image.

        ``mask`` takes the network's place (default: ``options.mask``). ``watch(stage, fraction)`` is called often;
        raising Cancelled there stops between tiles. Raises InputError, BudgetExceeded, NetworkUnavailable, NoSubject.
        """
        with working():
            photo = self._open(source)
            given = mask if mask is not None else self.options.mask
            return self._cut(photo, given, self.options.format, watched(watch))

    def _open(self, source: Source) -> Photo:
        return open_photo(source, max_pixels=self.options.max_pixels, ignore_alpha=self.options.ignore_alpha)

    def _cut(self, photo: Photo, mask: Source | None, format: Format | None, watch: Watch | None) -> Cutout:
        clock = _Clock()
        memory = self._memory(photo, mask, format)
        correction, said = self._correction(photo.size)
        self._open_refiner_ahead()
        levels = PhotoLevels(photo, memory=memory, watch=watch)
        said += levels.warnings
        try:
            clock.lap("read")
            answer, model = self._locate(levels, mask)
            clock.lap("network")
            refiner = self.refiner()
            finished = Finished(self._cache, refiner_identity(refiner) if self._cache is not None else "")
            matte, warnings = resolve(
                answer.start,
                levels,
                refiner,
                bits=photo.bits,
                threads=self._threads,
                correction=correction,
                finished=finished,
                watch=watch,
            )
            if self._cache is not None:
                warnings += self._cache.end_turn()
            solved = matte
            if self.options.smooth:
                matte = smooth_matte(matte)
            clock.lap("matte")
            receipt = self._receipt(photo, levels, model, clock, (*photo.warnings, *said, *answer.warnings, *warnings))
            receipt = dataclasses.replace(
                receipt,
                device=answer.device,
                precision=answer.precision,
                band_fraction=matte.band_fraction,
                doubt=doubt(correction.applied(answer.coarse), matte),
                tiles={"done": finished.done, "kept": finished.kept},
            )
            return Cutout(levels, matte, self.options, receipt, solved)
        except BaseException:
            levels.close()
            raise

    def process(
        self,
        source: Source,
        target: str | Path | BinaryIO,
        *,
        mask: Source | None = None,
        overwrite: bool = False,
        watch: Watch | None = None,
    ) -> Receipt:
        """From a file to a file: ``cut`` and ``save`` in one, keeping nothing.

        Raises what they raise, but what is wrong with the target is told before anything is computed.
        """
        target = Path(target) if isinstance(target, str) else target
        with working():
            photo = self._open(source)
            format = check_output(self.options, target, photo.size)
            given = mask if mask is not None else self.options.mask
            with self._cut(photo, given, format, watched(watch)) as cutout:
                return cutout.save(target, overwrite=overwrite, watch=watch)

    def network(self) -> Network:
        """The network, loaded when it is first needed."""
        threads_begin()
        with self._opening:
            if self._network is None:
                options = self.options
                self._network = open_network(
                    options.model,
                    device=options.device,
                    require_device=options.require_device,
                    threads=self._threads,
                    lazy=self._cache is not None,
                )
            return self._network

    def refiner(self) -> Refiner:
        """What lifts the alpha, loaded when it is first needed."""
        threads_begin()
        with self._opening_refiner:
            if self._refiner is None:
                self._refiner = open_refiner(self.options.refine, self._open_small)
            return self._refiner

    def sharing(self, options: Options) -> Remover:
        """A Remover with other options that shares what this one has loaded; close only this one."""
        other = object.__new__(Remover)
        other.__dict__.update(self.__dict__)
        other.options, other._threads = options, options.threads or system.cpu_count()
        return other

    def close(self) -> None:
        """Give the networks' memory and device back."""
        with self._opening, self._opening_refiner:  # what is just being loaded is waited for, then closed too
            for owned in (self._network, self._refiner_engine):
                if owned is not None:
                    owned.close()
            self._network = self._refiner = self._refiner_engine = None
        if self._cache is not None:
            self._cache.close()

    def __enter__(self) -> Remover:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise UsageError(
            "a Remover cannot be pickled: its networks belong to this process",
            "make a Remover in each process, from the same Options, which can be pickled",
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _open_refiner_ahead(self) -> None:
        """Load the refiner while the photo is decoded. What goes wrong is told when the refiner is used."""

        def load() -> None:
            with contextlib.suppress(GigamatteError):
                self.refiner()

        if self._refiner is None:
            threading.Thread(target=load, name="refiner").start()

    def _open_small(self, model: bytes) -> Engine:
        """An engine for the embedded refiner, always on the CPU: it works on the tiles that lie there.

        In bf16 where the processor multiplies that: half the time, and one pixel in 5000 moves by more than one level.
        """
        from gigamatte.network.engines.openvino import OpenVinoEngine

        self._refiner_engine = OpenVinoEngine.open(
            model, threads=self._threads, streams=self._threads, precision="auto"
        )
        return self._refiner_engine

    def _open_cache(self) -> DiskCache | None:
        if self.options.cache is None:
            return None
        from gigamatte.cache.disk import DiskCache

        return DiskCache(Path(self.options.cache), self.options.cache_size, __version__)

    def _locate(self, levels: PhotoLevels, mask: Source | None) -> tuple[Answer, ModelUse]:
        """Where the subject is: asked of the network, or given by the user."""
        region = self._region(levels.size(0))
        if mask is not None:
            coarse, warnings = self._given(levels, mask)
            if coarse.alpha.max() < 0.5 and not self.options.keep_empty:
                raise NoSubject("the mask holds no subject", "a mask is white where the subject is; see --mask-kind")
            return Answer(coarse, warnings=warnings), ModelUse("mask", "the user's own")
        if levels.invisible and not self.options.keep_empty:
            raise NoSubject(
                f"{levels.photo.name}: its own alpha is 0 everywhere, so nothing of it can be seen",
                "--ignore-alpha cuts it as if it had no alpha",
            )
        network = self.network()
        asked = f"{self.options.device} {self.options.require_device}"
        answer = ask(network, levels, region, self._cache, asked)
        if not has_subject(answer.coarse):
            if not self.options.keep_empty:
                raise NoSubject(
                    f"{levels.photo.name}: the network {network.card.name} found no subject",
                    "narrow the search with --box, give a --mask, try another --model, or --keep-empty",
                )
            nothing = np.zeros_like(answer.coarse.alpha)
            answer = dataclasses.replace(answer, coarse=dataclasses.replace(answer.coarse, alpha=nothing))
        card = network.card
        return answer, ModelUse(card.name, card.licence, card.sha256)

    def _given(self, levels: PhotoLevels, mask: Source) -> tuple[CoarseMatte, tuple[str, ...]]:
        options, size = self.options, levels.size(0)
        read = read_mask(mask, max_pixels=options.max_pixels)
        if user_mask.kind_of(read.values, options.mask_kind) == "trimap":
            return user_mask.settled_trimap(read.values, size, _small(levels)), read.warnings
        coarse, warnings = user_mask.as_coarse(read.values, size, options.box)
        return coarse, (*read.warnings, *warnings)

    def _memory(self, photo: Photo, mask: Source | None, format: Format | None) -> int:
        """Bytes of pixels to keep in memory. Raises BudgetExceeded up front."""
        read = [source for source in (mask, self.options.keep, self.options.drop) if source is not None]
        given = sum(mask_bytes(source) for source in read)  # and what is missing is told before anything is decoded
        return pixel_memory(photo, self.options, format, masked=mask is not None, given=given)

    def _correction(self, photo: Size) -> tuple[Correction, tuple[str, ...]]:
        """What the user said by hand, and warnings."""
        options = self.options
        strokes: list[PixelArray | None] = []
        warnings: tuple[str, ...] = ()
        for name, path in (("--keep", options.keep), ("--drop", options.drop)):
            if path is None:
                strokes.append(None)
                continue
            read = read_mask(path, max_pixels=options.max_pixels, strokes=True)
            strokes.append(read.values)
            warnings += (*read.warnings, *user_mask.aspect_warning(name, Size.of(read.values), photo))
        return Correction(options.largest, options.hole_fill, *strokes), warnings

    def _region(self, photo: Size) -> Box:
        box = self.options.box
        if box is None:
            return photo.box
        inside = box.within(photo)
        if inside.width < 8 or inside.height < 8:
            raise UsageError(f"--box {box} leaves nothing of the photo, which has {photo} pixels")
        return inside

    def _receipt(
        self, photo: Photo, levels: PhotoLevels, model: ModelUse, clock: _Clock, warnings: tuple[str, ...]
    ) -> Receipt:
        return Receipt(
            input=photo.name,
            model=model,
            seconds=clock.seconds,
            peak_rss_mb=system.peak_rss_mb(),
            warnings=warnings,
            width=photo.size.width,
            height=photo.size.height,
            refine=self.refiner().name,
            scratch_bytes=levels.scratch_bytes,
        )


def cut(
    source: Source, options: Options | None = None, *, mask: Source | None = None, watch: Watch | None = None
) -> Cutout:
    """The cutout of one photo. For several photos make a Remover, which keeps the network loaded."""
    with Remover(options) as remover:
        return remover.cut(source, mask=mask, watch=watch)


def _small(levels: PhotoLevels) -> NDArray[np.float32]:
    """The whole photo, float32 (row, column, RGB) in [0, 1], at a size that is solved at once."""
    level = 0
    while levels.size(level).pixels > TRIMAP_PIXELS and level + 1 < levels.levels:
        level += 1
    pixels: PixelArray = levels.read(level, levels.size(level).box)
    return pixels.astype(np.float32) * np.float32(1 / levels.photo.full_scale)


class _Clock:
    """Seconds of each stage, one after another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now
