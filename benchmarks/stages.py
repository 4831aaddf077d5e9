"""Where the time of a 24 MP photo goes: each stage alone, one after another, against the whole cut in the same process.

Decode, network, matte, colours and encoding are timed alone, each fed with what the one before it made; then the same
photo is cut from file to file by a warm `Remover`. The time of the whole beyond the sum is spent between the stages;
the whole may take less than the sum, because colours are solved while earlier strips are encoded.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

from gigamatte import Options, Remover, system
from gigamatte.cutout.compose import Composer
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import write_image
from gigamatte.evaluate.table import Cell
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from report import publish, show
from side_by_side import laid_out, one_case


def main() -> None:
    options, case = one_case(__doc__)
    with tempfile.TemporaryDirectory(prefix="gigamatte-bench-") as folder:
        photo, _, size = laid_out(case, options.megapixels, Path(folder))
        cv2.setNumThreads(1)
        with Remover(Options()) as remover:
            remover.process(photo, Path(folder) / "warm.png")  # everything is loaded
            runs = [stages(remover, photo, Path(folder)) for _ in range(options.repeats)]
    took = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    alone = sum(seconds for name, seconds in took.items() if name != "the whole cut")
    rows: list[list[Cell]] = [[name, seconds, seconds / alone] for name, seconds in took.items()]
    rows.insert(-1, ["the stages together", alone, 1.0])
    publish("stages", f"Stages of a {size} photo, embedded network", show(["stage", "s", "ratio"], rows), options.page)


def stages(remover: Remover, path: Path, folder: Path) -> dict[str, float]:
    """Seconds of each stage alone, and of the whole."""
    took: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        done = work()
        took[name] = time.perf_counter() - began
        return done

    photo = open_photo(path, max_pixels=Options().max_pixels)
    threads = system.cpu_count()
    with timed("decode", lambda: PhotoLevels(photo)) as levels:
        network = remover.network()

        def located() -> Any:
            region = photo.size.box
            return network.locate(levels.proxy(region, network.input_size(region.size)), region, photo.size)

        coarse = timed("network", located)
        matte, _ = timed("matte", lambda: resolve(coarse, levels, remover.tools.refiner(), threads=threads))

        def coloured() -> Any:
            frame = photo.size.box
            foreground = Foreground(levels, matte)
            return list(Composer(levels, matte, foreground, frame, "cutout", threads=threads).strips())

        strips = timed("colours", coloured)
        target = folder / "alone.png"
        timed("encode", lambda: write_image(iter(strips), Raster(photo.size, 4, 8), target=target, format="png"))
        target.unlink()
    target = folder / "whole.png"
    timed("the whole cut", lambda: remover.process(path, target, overwrite=True))
    return took


if __name__ == "__main__":
    main()
