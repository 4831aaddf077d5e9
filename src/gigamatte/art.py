"""How flat art is cut: levels → un-mixing → Cutout, without a network."""

from __future__ import annotations

from functools import partial

import numpy as np

from gigamatte.cutout.cutout import Cutout
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.ink_colours import InkColours
from gigamatte.errors import NoSubject
from gigamatte.matte.cascade.tiles import EDGE
from gigamatte.matte.flatness import looks_like_art
from gigamatte.matte.unmix import palette_of, unmixed
from gigamatte.photo.levels import PhotoLevels
from gigamatte.receipts import Clock, receipt_without_network
from gigamatte.request import Request
from gigamatte.types import BACKGROUND, Grid, Matte, ModelUse, Watch


def proposal(request: Request, levels: PhotoLevels) -> tuple[str, ...]:
    """A warning where a network was asked although the photo looks like flat art, which is cut better without one."""
    pointed_at = request.mask is not None or request.options.hints is not None
    if pointed_at or levels.photo.has_alpha or not looks_like_art(levels):
        return ()
    return ("this looks like flat art on a plain ground: --kind art keeps thin lines whole and holes open",)


def cut_art(request: Request, levels: PhotoLevels, clock: Clock, watch: Watch) -> Cutout:
    """The cutout of a logo, a signature or a drawing on a plain ground. Raises NoSubject where nothing is drawn and
    an empty cutout was not asked for."""
    photo = request.photo
    palette = palette_of(levels)
    matte = None
    if palette is not None:
        matte = unmixed(
            levels,
            palette,
            bits=photo.bits,
            threads=request.threads,
            correction=request.correction,
            hints=request.options.hints,
            watch=watch,
        )
    if request.options.keep_empty and matte is None:
        grid = Grid(photo.size, EDGE)
        matte = Matte(photo.size, photo.bits, EDGE, np.full(grid.shape, BACKGROUND, np.uint8), {})
    empty = matte is None or bool(np.all(matte.decided == BACKGROUND))
    if empty and palette is not None and request.correction.draws and not request.options.keep_empty:
        raise NoSubject(f"{photo.name}: nothing of what is drawn was kept", "leave a point or a stroke to drop out")
    if matte is None or (empty and not request.options.keep_empty):
        raise NoSubject(f"{photo.name}: nothing is drawn on a plain ground", "--kind photo asks a network")
    clock.lap("matte")
    made_by = ModelUse("un-mixing of colours", "no network")
    receipt = receipt_without_network(request, levels, matte, made_by, clock)
    colours = Foreground if palette is None else partial(InkColours, palette)
    return Cutout(levels, matte, request.options, receipt, colours=colours)
