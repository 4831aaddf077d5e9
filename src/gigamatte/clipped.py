"""How a photo with a clipping path is cut: levels → the filled path → Cutout, without a network."""

from __future__ import annotations

import numpy as np

from gigamatte.clipping import ClippingPath
from gigamatte.cutout.cutout import Cutout
from gigamatte.errors import NoSubject
from gigamatte.matte.cascade.tiles import EDGE
from gigamatte.matte.cascade.unrefined import unrefined
from gigamatte.matte.smooth import smooth_matte
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.paths.fill import PathFill
from gigamatte.receipts import Clock, receipt_without_network
from gigamatte.request import Request
from gigamatte.types import BACKGROUND, Grid, ModelUse


def cut_clipped(request: Request, path: ClippingPath, levels: PhotoLevels, clock: Clock) -> Cutout:
    """The cutout that a photo's own path makes, exactly. Raises NoSubject where the path holds nothing of the photo.

    Each pixel is as opaque as the part of it that lies within the path.
    """
    photo, options = request.photo, request.options
    solved = unrefined(PathFill(path, photo.size), Grid(photo.size, EDGE), photo.bits, request.correction)
    if bool(np.all(solved.decided == BACKGROUND)) and not options.keep_empty:
        raise NoSubject(f"{photo.name}: the path {path.name!r} holds nothing of the photo", "--keep-empty writes it")
    matte = smooth_matte(solved) if options.smooth else solved
    clock.lap("matte")
    receipt = receipt_without_network(request, levels, matte, ModelUse(f"path {path.name}", "the photo's own"), clock)
    return Cutout(levels, matte, options, receipt, solved)
