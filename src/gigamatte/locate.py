"""Finds where the subject is: asks the network, or takes the user's mask."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gigamatte.cache.base import Cache
from gigamatte.errors import NoSubject
from gigamatte.hints import Hints
from gigamatte.matte.flatness import looks_like_art
from gigamatte.matte.mask import user_mask
from gigamatte.matte.mask.labels import settled
from gigamatte.network.answers import Answer, ask
from gigamatte.network.decode import has_subject
from gigamatte.network.network import Network
from gigamatte.options import Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import Mask
from gigamatte.request import Request, box_of
from gigamatte.tools import Tools
from gigamatte.types import Answers, Box, CoarseMatte, Depth, FloatArray, ModelUse, PixelArray

#: asks a network about a region: (network, levels, region, cache, device, hints), as ``network.answers.ask``
Asker = Callable[[Network, PhotoLevels, Box, Cache | None, str, Hints | None], Answer]

#: A trimap is solved at once at no more than this many pixels, then refined like any mask.
TRIMAP_PIXELS = 1_000_000


@dataclass(frozen=True)
class Located:
    """Where the subject is (``answer``), and the name of the network or mask it came from (``model``)."""

    answer: Answer
    model: ModelUse


def locate(request: Request, levels: PhotoLevels, tools: Tools, asked: Asker = ask) -> Located:
    """The coarse matte of a photo. ``asked`` asks the network: it may remember earlier answers.

    Raises NoSubject, and NetworkUnavailable when the network cannot be loaded."""
    if request.mask is not None:
        return Located(_given(request, levels, request.mask), ModelUse("mask", "the user's own"))
    options = request.options
    if levels.invisible and not options.keep_empty:
        raise NoSubject(
            f"{request.photo.name}: its own alpha is 0 everywhere, so nothing of it can be seen",
            "--ignore-alpha cuts it as if it had no alpha",
        )
    network = tools.network()
    device = f"{options.device} {options.require_device}"
    answer = asked(network, levels, request.region, tools.cache, device, options.hints)
    if not has_subject(answer.coarse):
        if not options.keep_empty:
            hint = "narrow the search with --box, give a --mask, try another --model, or --keep-empty"
            if not levels.photo.has_alpha and looks_like_art(levels):
                hint = "this looks like flat art on a plain ground, which --kind art cuts without a network"
            elif network.assumed:  # when an answer is decoded wrongly, it looks empty
                hint = f"{network.assumed}; --normalise says otherwise"
            raise NoSubject(f"{request.photo.name}: the network {network.card.name} found no subject", hint)
        nothing = np.zeros_like(answer.coarse.alpha)
        answer = dataclasses.replace(answer, coarse=dataclasses.replace(answer.coarse, alpha=nothing))
    card = network.card
    return Located(answer, ModelUse(card.name, card.licence, card.sha256))


def _given(request: Request, levels: PhotoLevels, mask: Mask) -> Answer:
    options, size = request.options, request.photo.size
    warnings: tuple[str, ...] = ()
    coarse: CoarseMatte
    values, said = settled(mask, options.mask_kind)
    if user_mask.kind_of(values, options.mask_kind) == "trimap":
        coarse = user_mask.settled_trimap(values, size, _small(levels))
    else:
        coarse, warnings = user_mask.as_coarse(values, size, box_of(options), _answers(mask, options))
    if coarse.alpha.max() < 0.5 and not options.keep_empty:
        raise NoSubject(
            f"the mask holds no subject: its largest value is {values.max()} of {Depth.of(values).full}",
            "a mask is white where the subject is; see --mask-kind",
        )
    return Answer(coarse, warnings=(*mask.warnings, *said, *warnings))


def _answers(mask: Mask, options: Options) -> Answers | None:
    """``matte`` or ``contour`` where the user or the mask's own kind says which of them it is; else None."""
    return "contour" if mask.contour else "matte" if options.mask_kind == "alpha" else None


def _small(levels: PhotoLevels) -> FloatArray:
    """The whole photo, float32 (row, column, RGB) in [0, 1], at a size that is solved at once."""
    level = 0
    while levels.size(level).pixels > TRIMAP_PIXELS and level + 1 < levels.levels:
        level += 1
    pixels: PixelArray = levels.read(level, levels.size(level).box)
    return levels.photo.depth.unit(pixels)
