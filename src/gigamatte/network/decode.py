"""Turns a network's answer into a CoarseMatte, without rounding its values or stretching their range."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from gigamatte.errors import WeightsRefused
from gigamatte.filters import FINE, distances, measured_pieces
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.proxy import shown_size
from gigamatte.types import CoarseMatte, Fit, FloatArray, Size

#: an alpha that was made without a sigmoid may lie outside 0…1 by this much
ROUNDING = 0.05
#: a subject is at least this part of what the network sees …
SMALLEST_SUBJECT = 0.0005
#: … and the network is at least this sure of it
LEAST_CONFIDENCE = 0.5
#: Pieces are separated at the first alpha; they are removed when they nowhere reach the second and are smaller than the
#: third number as a part of the largest piece.
ISLAND, SURE_ISLAND, SMALL_ISLAND = 0.05, 0.8, 0.05

#: Alphas between are kept within this distance of the contour, a part of the answer's side; farther away by the second
#: number none is left.
NEAR_CONTOUR, FADES_OVER = 1 / 48, 1 / 58


def decode(output: FloatArray, card: ModelCard, fit: Fit) -> CoarseMatte:
    """Alpha float32 (row, column) in [0, 1] from the network's answer: (1, 1, row, column), (1, row, column) or less.

    The answer may be smaller or larger than what the network saw, in the same aspect. Raises WeightsRefused where it
    is no alpha, with the shapes or the values that were found.
    """
    values = _letterboxed(_one_map(output, card, fit.network), card, fit)
    if not np.isfinite(values).all():
        raise WeightsRefused(
            f"network {card.name} answered with values that are no numbers",
            "try another --device, or a file in float32",
        )
    kind = _kind(values, card)
    alpha = _sigmoid(values) if kind == "logits" else np.clip(values, 0, 1)
    fit = dataclasses.replace(fit, network=Size.of(values))
    return as_coarse(np.ascontiguousarray(alpha, np.float32), card, fit)


def _one_map(output: FloatArray, card: ModelCard, seen: Size) -> FloatArray:
    """(row, column) of an answer with one map of the aspect of what the network saw."""
    shape = output.shape
    sides = shape[-2:]
    if len(shape) >= 2 and math.prod(shape[:-2]) == 1 and min(sides) > 1:
        # as many pixels across as down for each that was seen, within what rounding does to a small answer
        across, down = sides[1] / seen.width, sides[0] / seen.height
        if abs(across - down) <= max(1 / seen.width, 1 / seen.height, 0.01 * down):
            return output.reshape(sides)
    what = f"{shape[-3]} maps" if len(shape) >= 3 and shape[-3] > 1 else "a shape"
    raise WeightsRefused(
        f"network {card.name} answered with {what} that is no alpha: {list(shape)} for an input of {seen} pixels",
        f"expected [1, 1, {seen.height}, {seen.width}]",
    )


def _letterboxed(values: FloatArray, card: ModelCard, fit: Fit) -> FloatArray:
    """The part of the answer that shows the photo."""
    if not card.letterbox:
        return values
    shown = shown_size(fit.region.size, fit.network, card)
    rows = max(1, round(values.shape[0] * shown.height / fit.network.height))
    columns = max(1, round(values.shape[1] * shown.width / fit.network.width))
    return values[:rows, :columns]


def _kind(values: FloatArray, card: ModelCard) -> str:
    """logits or sigmoid: as the card says, or by the values' range.

    Logits are below zero wherever the network finds background, so values that all lie in 0…1 are alpha.
    """
    if card.output != "auto":
        return card.output
    low, high = float(values.min()), float(values.max())
    if low >= -ROUNDING and high <= 1 + ROUNDING:
        return "sigmoid"
    if low < 0:
        return "logits"
    raise WeightsRefused(
        f"network {card.name} answered with values in {low:.3g}…{high:.3g}: neither alpha, which lies in 0…1, nor "
        "logits, which are below 0 where the background is",
        "export it with an answer in 0…1, or say `output` = logits in its metadata or card, if it is so",
    )


def as_coarse(alpha: FloatArray, card: ModelCard, fit: Fit) -> CoarseMatte:
    """The alpha with the card's facts: the error of the contours' place, and whether alphas between mean doubt."""
    return CoarseMatte(alpha, fit, card.stray * fit.pixel, card.opaque, card.answers)


def _sigmoid(logits: FloatArray) -> FloatArray:
    # beyond ±30 float32 has no more digits, and exp would overflow
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def without_doubtful_islands(coarse: CoarseMatte) -> CoarseMatte:
    """The same without small pieces, apart from the subject, that the network is nowhere sure of.

    A small network gives a blurred light or a stone some alpha; refined, this becomes a grey spot. A piece that it is
    sure of stays, however small; ``--largest`` keeps one subject only.
    """
    labels, areas = measured_pieces(coarse.alpha > ISLAND)
    if len(areas) < 3:  # the background and one piece
        return coarse
    peaks = np.zeros(len(areas), np.float32)
    np.maximum.at(peaks, labels.ravel(), coarse.alpha.ravel())
    doubtful = (peaks < SURE_ISLAND) & (areas < SMALL_ISLAND * areas[1:].max())
    doubtful[0] = False
    return dataclasses.replace(coarse, alpha=np.where(doubtful[labels], np.float32(0), coarse.alpha))


def decided(coarse: CoarseMatte) -> CoarseMatte:
    """The same with doubt left only near the contour, where alpha is ½; elsewhere it becomes 0 or 1, whichever is near.

    For networks that were trained on opaque subjects only. Where they give a middle alpha they are unsure of a leg or a
    shirt; it is never glass, and kept it would show as a half-transparent part. Near the contour such alphas stay:
    they tell how blurred the mask is, and hair ends there.
    """
    subject = coarse.alpha > 0.5
    if subject.all() or not subject.any():
        return coarse
    inside, outside = (distances(part, FINE) for part in (subject, ~subject))
    side = float(np.sqrt(subject.size))
    away = np.clip((inside + outside - np.float32(NEAR_CONTOUR * side)) * np.float32(1 / (FADES_OVER * side)), 0, 1)
    return dataclasses.replace(coarse, alpha=coarse.alpha + away * (subject - coarse.alpha))


def confidence(coarse: CoarseMatte) -> float:
    """The alpha, 0…1, that the smallest possible subject reaches everywhere: how sure the network is of any subject."""
    count = max(1, round(coarse.alpha.size * SMALLEST_SUBJECT))
    return float(np.partition(coarse.alpha.ravel(), -count)[-count])


def has_subject(coarse: CoarseMatte) -> bool:
    """Whether there is a subject at all. For a photo without one the answer is low and flat everywhere."""
    return confidence(coarse) >= LEAST_CONFIDENCE
