"""The steps from a photo to its cutout, in order: levels → locate → resolve → Cutout."""

from __future__ import annotations

from gigamatte.art import cut_art, proposal
from gigamatte.clipped import cut_clipped
from gigamatte.cutout.cutout import Cutout
from gigamatte.locate import locate
from gigamatte.matte.cascade.resolve import resolve, trust_in
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.smooth import smooth_matte
from gigamatte.network.answers import ask
from gigamatte.open_photo import Opened
from gigamatte.photo.levels import PhotoLevels
from gigamatte.receipts import Clock, receipt_of
from gigamatte.request import Request
from gigamatte.tools import Tools
from gigamatte.types import Matte, Watch


def journey(request: Request, tools: Tools, watch: Watch, opened: Opened | None = None) -> Cutout:
    """The cutout of a request. ``opened``: an open photo whose levels, answers and tiles are used again.

    ``watch(stage, fraction)`` is called between tiles; what it raises stops the work. Raises NoSubject,
    NetworkUnavailable, and InputError where the photo's pixels are broken.
    """
    clock = Clock()
    art = request.options.kind == "art"
    if not art and request.path is None and not request.maybe_matte:
        tools.load_refiner_ahead()
    levels = opened.lent() if opened else PhotoLevels(request.photo, memory=request.memory, watch=watch)
    try:
        clock.lap("read")
        if art:
            return cut_art(request, levels, clock, watch, opened.art if opened else None)
        if request.path is not None:
            return cut_clipped(request, request.path, levels, clock)
        located = locate(request, levels, tools, opened.ask if opened else ask)
        clock.lap("network")
        refiner = opened.refiner(tools) if opened else tools.refiner()
        tiles = opened.tiles(tools) if opened else tools.tile_cache(request.options.hints)
        trust = trust_in(located.answer.start, levels, refiner, request.threads)

        def lift(cache: TileCache) -> tuple[Matte, tuple[str, ...]]:
            return resolve(
                located.answer.start,
                levels,
                refiner,
                bits=request.photo.bits,
                threads=request.threads,
                correction=request.correction,
                tile_cache=cache,
                watch=watch,
                trust=trust,
            )

        solved, warnings = opened.lifted(lift, tiles, levels) if opened else lift(tiles)
        warnings += tools.end_turn()
        if opened is None or opened.first:
            warnings += proposal(request, levels)
        matte = smooth_matte(solved) if request.options.smooth else solved
        clock.lap("matte")
        judged = opened is None or opened.judged
        receipt = receipt_of(request, located, levels, matte, refiner, trust, tiles, clock, warnings, judged=judged)
        return Cutout(levels, matte, request.options, receipt, solved)
    except BaseException:
        levels.close()
        raise
