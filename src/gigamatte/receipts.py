"""What is told about one photo: seconds of each stage, and the receipt."""

from __future__ import annotations

import time

from gigamatte import system
from gigamatte.locate import Located
from gigamatte.matte.cascade.tile_cache import Finished
from gigamatte.matte.doubt import doubt
from gigamatte.photo.levels import PhotoLevels
from gigamatte.request import Request
from gigamatte.types import Matte, Receipt


class Clock:
    """Seconds of each stage, one after another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """End a stage; the next one begins."""
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now


def receipt_of(
    request: Request,
    located: Located,
    levels: PhotoLevels,
    matte: Matte,
    refine: str,
    tiles: Finished,
    clock: Clock,
    warnings: tuple[str, ...],
) -> Receipt:
    """The receipt of a cut that has not been written yet. ``refine`` is the refiner's name."""
    photo, answer = request.photo, located.answer
    return Receipt(
        input=photo.name,
        model=located.model,
        device=answer.device,
        precision=answer.precision,
        seconds=clock.seconds,
        peak_rss_mb=system.peak_rss_mb(),
        band_fraction=matte.band_fraction,
        doubt=doubt(request.correction.applied(answer.coarse), matte),
        warnings=(*photo.warnings, *request.warnings, *levels.warnings, *answer.warnings, *warnings),
        width=photo.size.width,
        height=photo.size.height,
        refine=refine,
        hinted=answer.hinted or None,
        scratch_bytes=levels.scratch_bytes,
        tiles={"done": tiles.done, "kept": tiles.kept},
    )
