"""The receipt of one photo, and the seconds of each stage."""

from __future__ import annotations

import time

from gigamatte import system
from gigamatte.locate import Located
from gigamatte.matte.cascade.resolve import lifted_by
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.cascade.trust import Trust
from gigamatte.matte.doubt import doubt
from gigamatte.matte.refiners.base import Refiner
from gigamatte.photo.levels import PhotoLevels
from gigamatte.request import Request
from gigamatte.types import Matte, ModelUse, Receipt


class Clock:
    """Seconds of each stage, one after another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """End a stage; the next one begins."""
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now


def receipt_without_network(
    request: Request, levels: PhotoLevels, matte: Matte, made_by: ModelUse, clock: Clock
) -> Receipt:
    """The receipt of a cut without a network, not written yet; ``made_by`` takes the network's place."""
    photo = request.photo
    return Receipt(
        input=photo.name,
        model=made_by,
        seconds=clock.seconds,
        peak_rss_mb=system.peak_rss_mb(),
        band_fraction=matte.band_fraction,
        warnings=(*photo.warnings, *request.warnings, *levels.warnings),
        width=photo.size.width,
        height=photo.size.height,
        refine="off",
        scratch_bytes=levels.scratch_bytes,
    )


def receipt_of(
    request: Request,
    located: Located,
    levels: PhotoLevels,
    matte: Matte,
    refiner: Refiner,
    trust: Trust,
    tiles: TileCache,
    clock: Clock,
    warnings: tuple[str, ...],
    *,
    judged: bool = True,
) -> Receipt:
    """The receipt of a cut that has not been written yet; ``judged``: with how doubtful its matte is."""
    photo, answer = request.photo, located.answer
    return Receipt(
        input=photo.name,
        model=located.model,
        device=answer.device,
        precision=answer.precision,
        seconds=clock.seconds,
        peak_rss_mb=system.peak_rss_mb(),
        band_fraction=matte.band_fraction,
        doubt=doubt(request.correction.applied(answer.coarse), matte) if judged else {},
        warnings=(*photo.warnings, *request.warnings, *levels.warnings, *answer.warnings, *warnings),
        width=photo.size.width,
        height=photo.size.height,
        refine=lifted_by(answer.start, refiner, trust).name,
        hinted=answer.hinted or None,
        trust=trust.as_dict(),
        scratch_bytes=levels.scratch_bytes,
        tiles={"done": tiles.done, "kept": tiles.kept},
    )
