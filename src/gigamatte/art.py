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
from gigamatte.matte.palette import Palette
from gigamatte.matte.unmix import natural_alpha, palette_of, with_hints
from gigamatte.photo.levels import PhotoLevels
from gigamatte.receipts import Clock, receipt_without_network
from gigamatte.request import Request
from gigamatte.types import BACKGROUND, Box, Grid, Matte, ModelUse, Size, Watch

#: bytes of an alpha that are kept for the next cut of an open photo
MOST = 256 << 20


def proposal(request: Request, levels: PhotoLevels) -> tuple[str, ...]:
    """A warning where a network was asked although the photo looks like flat art, which is cut better without one."""
    pointed_at = request.mask is not None or request.options.hints is not None
    if pointed_at or levels.photo.has_alpha or not looks_like_art(levels):
        return ()
    return ("this looks like flat art on a plain ground: --kind art keeps thin lines whole and holes open",)


class ArtSession:
    """What stays of flat art between the cuts of an open photo: its palette, and its alpha without hints."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[Box, Size] | None, Palette | None, Matte | None] | None = None

    def natural(self, request: Request, levels: PhotoLevels, watch: Watch) -> tuple[Palette | None, Matte | None]:
        """The palette and the alpha, from an earlier cut where the same box is looked in; None: nothing is drawn."""
        searched = request.correction.searched
        if self._kept is not None and self._kept[0] == searched:
            return self._kept[1:]
        palette, matte = palette_of(levels), None
        if palette is not None:
            matte = natural_alpha(levels, palette, threads=request.threads, correction=request.correction, watch=watch)
        if matte is None or sum(pixels.nbytes for pixels in matte.tiles.values()) <= MOST:
            self._kept = searched, palette, matte
        return palette, matte


def cut_art(
    request: Request, levels: PhotoLevels, clock: Clock, watch: Watch, session: ArtSession | None = None
) -> Cutout:
    """The cutout of a logo, a signature or a drawing on a plain ground. Raises NoSubject where nothing is drawn and
    an empty cutout was not asked for. ``session``: of a photo that is cut again and again."""
    photo = request.photo
    palette, matte = (session or ArtSession()).natural(request, levels, watch)
    if palette is not None and matte is not None:
        matte = with_hints(
            matte,
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
