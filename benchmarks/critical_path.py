"""What bounds a cut on many cores: of each stage, the processor seconds of all threads and of what one does alone.

    python benchmarks/critical_path.py --cases FOLDER [--case NAME] [--megapixels 24] [--threads 16] [--network]

A case in mirrored copies is cut stage by stage, with its mask or (--network) by the embedded network, with all loaded
and so many threads. Seconds are the processor's, so that they hold on fewer cores and beside other work. "Alone" is
what the calling thread does, and what others do one after another: libvips' threads while a JPEG is decoded. The rest
are tasks that the threads share, and the refiner's network. With so many cores a stage takes at least its bound: what
is done alone, and the longest task or a thread's share of all, whichever is more. Linux only.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gigamatte import Options, Remover, system
from gigamatte.cutout.compose import Composer
from gigamatte.cutout.encode import Encoding
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import write_image
from gigamatte.evaluate.cases import find_cases
from gigamatte.evaluate.table import Cell
from gigamatte.locate import locate
from gigamatte.matte.cascade.lift import Lift
from gigamatte.matte.cascade.resolve import resolve, trust_in
from gigamatte.options import Format
from gigamatte.photo.levels import PhotoLevels
from gigamatte.request import open_as_asked, resolve_request
from gigamatte.thread_exit import Pool
from gigamatte.types import Matte, PixelArray, Size
from report import arguments, publish, show
from side_by_side import laid_out

INSTEAD = "instead of PNG:"
HEADS = ["stage", "wall s", "CPU s", "part of all", "alone, CPU s", "tasks", "longest task, CPU s", "bound, s"]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="folder of cases")
    parser.add_argument("--case", default="portrait_3000_0")
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--network", action="store_true", help="the embedded network finds the subject, not a mask")
    options = parser.parse_args()
    system.share_heaps()
    (case,) = [case for case in find_cases(options.cases) if case.name == options.case]
    with tempfile.TemporaryDirectory(prefix="gigamatte-bench-") as folder:
        photo, mask, size = laid_out(case, options.megapixels, Path(folder))
        with Remover(Options(threads=options.threads)) as remover:
            found = None if options.network else mask
            runs = [cut(remover, photo, found, Path(folder)) for _ in range(options.repeats + 1)][1:]
    stages = min(runs, key=lambda run: sum(stage.cpu for stage in run))
    counted = [stage for stage in stages if not stage.name.startswith(INSTEAD)]
    whole = sum(stage.cpu for stage in counted)
    rows: list[list[Cell]] = [stage.row(whole, options.threads) for stage in stages]
    wall, alone = sum(stage.wall for stage in counted), sum(stage.alone for stage in counted)
    bound = sum(stage.bound(options.threads) for stage in counted)
    rows.insert(len(counted), ["all of these", wall, whole, 1.0, alone, None, None, bound])
    way = "the embedded network" if options.network else "a mask"
    title = f"What bounds a cut of {size} with {way} on {options.threads} cores"
    publish("critical-path", title, f"{case.name}.\n\n{show(HEADS, rows)}", options.page)


@dataclass
class Stage:
    """Seconds of one stage; ``tasks``: the processor's, of each task of a pool."""

    name: str
    #: whether threads that are not ours share their work out: those that run the refiner's network
    shared: bool = False
    wall: float = 0.0
    cpu: float = 0.0
    caller: float = 0.0
    tasks: list[float] = field(default_factory=list)

    @property
    def others(self) -> float:
        """Processor seconds of threads that are not ours."""
        return max(0.0, self.cpu - self.caller - sum(self.tasks))

    @property
    def alone(self) -> float:
        """What no other thread can help with."""
        return self.caller + (0.0 if self.shared else self.others)

    def bound(self, cores: int) -> float:
        """Seconds with so many cores, at least."""
        together = sum(self.tasks) + (self.others if self.shared else 0.0)
        return self.alone + max(together / cores, *self.tasks, 0.0)

    def row(self, whole: float, cores: int) -> list[Cell]:
        """A row of the table; ``whole``: processor seconds of all stages."""
        longest = max(self.tasks, default=0.0)
        return [
            self.name,
            self.wall,
            self.cpu,
            self.cpu / whole,
            self.alone,
            len(self.tasks),
            longest,
            self.bound(cores),
        ]


class Stages(list[Stage]):
    """Stages, one after another."""

    def timed(self, name: str, work: Callable[[], Any], *, shared: bool = False) -> Any:
        """Does some work as a stage; tasks of pools are counted into it."""
        stage = Stage(name, shared)
        plain = Pool.submit

        def submit(pool: Pool, task: Callable[..., Any], /, *given: Any, **named: Any) -> Any:
            def counted() -> Any:
                began = time.thread_time()
                try:
                    return task(*given, **named)
                finally:
                    stage.tasks.append(time.thread_time() - began)

            return plain(pool, counted)

        Pool.submit = submit  # type: ignore[method-assign]
        began = time.perf_counter(), time.process_time(), time.thread_time()
        try:
            return work()
        finally:
            ended = time.perf_counter(), time.process_time(), time.thread_time()
            stage.wall, stage.cpu, stage.caller = (end - begin for begin, end in zip(began, ended, strict=True))
            Pool.submit = plain  # type: ignore[method-assign]
            self.append(stage)


def cut(remover: Remover, path: Path, mask: Path | None, folder: Path) -> Stages:
    """One photo, stage by stage, as ``pipeline.journey`` and ``Cutout.save`` take them."""
    stages, options, tools = Stages(), remover.options, remover.tools
    photo = open_as_asked(path, options)
    request = resolve_request(photo, options, mask, "png")
    lift = Lift.run

    def lifted(self: Lift, *given: Any) -> Matte:
        name = f"matte: {self.size}, {self.refiner.name}"
        made: Matte = stages.timed(name, lambda: lift(self, *given), shared=True)
        return made

    with stages.timed("read", lambda: PhotoLevels(photo)) as levels:
        found = stages.timed("locate", lambda: locate(request, levels, tools), shared=True).answer.start
        refiner, threads = tools.refiner(), request.threads
        trust = stages.timed("trust", lambda: trust_in(found, levels, refiner, threads))
        Lift.run = lifted  # type: ignore[method-assign,assignment]
        try:
            matte, _ = resolve(found, levels, refiner, bits=photo.bits, threads=threads, trust=trust)
        finally:
            Lift.run = lift  # type: ignore[method-assign]
        colours = stages.timed("colours, coarse scales", lambda: Foreground(levels, matte, threads=threads))

        def coloured() -> list[Any]:
            return list(Composer(levels, matte, colours, photo.size.box, threads=threads).strips())

        strips = stages.timed("colours, strips", coloured)
        stages.timed("PNG", lambda: written("png", strips, folder, threads))
        seen = [strip[..., :3] for strip in strips]
        stages.timed(f"{INSTEAD} JPEG", lambda: written("jpeg", seen, folder, threads))
        stages.timed(f"{INSTEAD} WebP, quality 90", lambda: written("webp", strips, folder, threads))
    return stages


def written(format: Format, strips: list[PixelArray], folder: Path, threads: int) -> None:
    """Encodes strips into a file, which is removed again."""
    size, bands = Size(strips[0].shape[1], sum(map(len, strips))), strips[0].shape[2]
    raster = Raster(size, bands, 8 * strips[0].itemsize)
    encoding, file = Encoding(quality=90 if format == "webp" else None), folder / f"out.{format}"
    write_image(iter(strips), raster, target=file, format=format, encoding=encoding, threads=threads)
    file.unlink()


if __name__ == "__main__":
    main()
