"""What a network answers → CoarseMatte. Never quantised, never stretched: a doubtful answer stays doubtful."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from gigamatte.errors import GigamatteError
from gigamatte.network.cards.card import ModelCard
from gigamatte.types import CoarseMatte, Fit, FloatArray

#: a subject is at least this part of what the network sees …
SMALLEST_SUBJECT = 0.0005
#: … and the network is at least this sure of it
LEAST_CONFIDENCE = 0.5
#: Pieces are told apart at the first alpha; they go when they nowhere reach the second and are smaller than the third
#: part of the largest.
ISLAND, SURE_ISLAND, SMALL_ISLAND = 0.05, 0.8, 0.05

#: Doubt is kept this near to the contour, as parts of the answer's side, and gone this much farther away.
NEAR_CONTOUR, FADES_OVER = 1 / 48, 1 / 58


def decode(output: FloatArray, card: ModelCard, fit: Fit) -> CoarseMatte:
    """Alpha float32 (row, column) in [0, 1] from the network's (1, 1, row, column) logits or sigmoid values."""
    if output.shape != (1, 1, *fit.network.shape):
        raise GigamatteError(f"network {card.name} answered {output.shape}, expected {(1, 1, *fit.network.shape)}")
    values = output[0, 0]
    if not np.isfinite(values).all():
        raise GigamatteError(
            f"network {card.name} answered with values that are no numbers",
            "try another --device, or a file in float32",
        )
    alpha = _sigmoid(values) if card.output == "logits" else np.clip(values, 0, 1)
    return as_coarse(np.ascontiguousarray(alpha, np.float32), card, fit)


def as_coarse(alpha: FloatArray, card: ModelCard, fit: Fit) -> CoarseMatte:
    """The alpha with what is known of the network: how far its contours stray, whether it knows transparency."""
    return CoarseMatte(alpha, fit, card.stray * fit.pixel, card.opaque)


def _sigmoid(logits: FloatArray) -> FloatArray:
    # beyond ±30 float32 has no more digits, and exp would overflow
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def without_doubtful_islands(coarse: CoarseMatte) -> CoarseMatte:
    """The same without small pieces, apart from the subject, that the network is nowhere sure of.

    A small network half takes a blurred light or a stone for a subject; refined, it becomes a grey smudge. A piece that
    it is sure of stays, however small; ``--largest`` is for those who want one subject only.
    """
    pieces = (coarse.alpha > ISLAND).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(pieces, connectivity=8)
    if count < 3:  # the background and one piece
        return coarse
    areas = np.asarray(statistics)[:, cv2.CC_STAT_AREA]
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, labels.ravel(), coarse.alpha.ravel())
    doubtful = (peaks < SURE_ISLAND) & (areas < SMALL_ISLAND * areas[1:].max())
    doubtful[0] = False
    return dataclasses.replace(coarse, alpha=np.where(doubtful[labels], np.float32(0), coarse.alpha))


def decided(coarse: CoarseMatte) -> CoarseMatte:
    """The same with doubt left only near the contour, where alpha is ½; elsewhere it becomes 0 or 1, whichever is near.

    For networks that only ever learned opaque subjects. What they half see is a leg or a shirt that they are unsure
    of, never glass: kept, it would come out as a ghost. Near the contour the softness stays: it says how blurred the
    mask is, and hair ends there.
    """
    subject = (coarse.alpha > 0.5).astype(np.uint8)
    if subject.min() == subject.max():
        return coarse
    inside, outside = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (subject, 1 - subject))
    side = float(np.sqrt(subject.size))
    away = np.clip((inside + outside - np.float32(NEAR_CONTOUR * side)) * np.float32(1 / (FADES_OVER * side)), 0, 1)
    return dataclasses.replace(coarse, alpha=coarse.alpha + away * (subject - coarse.alpha))


def confidence(coarse: CoarseMatte) -> float:
    """The alpha, 0…1, that the smallest possible subject reaches everywhere: how sure the network is of any subject."""
    count = max(1, round(coarse.alpha.size * SMALLEST_SUBJECT))
    return float(np.partition(coarse.alpha.ravel(), -count)[-count])


def has_subject(coarse: CoarseMatte) -> bool:
    """Whether there is anything to keep. An empty photo gives a low, flat answer, which is an outcome, not noise."""
    return confidence(coarse) >= LEAST_CONFIDENCE
