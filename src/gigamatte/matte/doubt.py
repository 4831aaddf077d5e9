"""How unsure a matte is: four numbers by which many results are sorted, so that a person sees the unsure ones first."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from gigamatte.filters import measured_pieces
from gigamatte.types import SUBJECT, CoarseMatte, Depth, FloatArray, Matte

#: where a network's alpha is below this, it is sure of background, and the pixel does not count
_CLEAR = 0.05
#: a piece counts as a subject of its own from this part of the largest piece's area on
_PIECE = 0.05
#: how much each number adds to the score, and the value at which it adds half of that
_WEIGHTS: Mapping[str, tuple[float, float]] = {
    "hesitation": (0.4, 0.15),
    "entropy": (0.3, 0.15),
    "band": (0.2, 0.3),
    "pieces": (0.1, 1.0),
}


def doubt(coarse: CoarseMatte, matte: Matte) -> dict[str, float]:
    """``score`` in 0…1 (0 = sure) and what it is made of, all plain numbers, rounded to four digits.

    ``hesitation``: mean of 1 − |2α − 1| of the network's alpha where it is not clearly background, 0…1;
    ``entropy``: mean Shannon entropy of the matte's alpha over the subject, bits (Shannon, 1948), 0…1;
    ``band``: pixels that are neither background nor opaque, over the subject's pixels, 0…1;
    ``subjects``: separate pieces that the network sees, the smallest a twentieth of the largest.
    A matte without a subject scores 1.
    """
    area, band, entropy = _tally(matte)
    if area == 0:
        return {"score": 1.0, "hesitation": 0.0, "entropy": 0.0, "band": 0.0, "subjects": 0.0}
    parts = {
        "hesitation": _hesitation(coarse.alpha),
        "entropy": entropy / area,
        "band": band / area,
        "subjects": float(_subjects(coarse.alpha)),
    }
    score = 0.0
    for name, (weight, half) in _WEIGHTS.items():
        value = max(0.0, parts["subjects"] - 1) if name == "pieces" else parts[name]
        score += weight * value / (value + half)
    return {name: round(value, 4) for name, value in {"score": score, **parts}.items()}


def _hesitation(alpha: FloatArray) -> float:
    candidates = alpha[alpha > _CLEAR]
    return float(np.mean(1 - np.abs(2 * candidates - 1), dtype=np.float64)) if candidates.size else 0.0


def _subjects(alpha: FloatArray) -> int:
    areas = measured_pieces(alpha >= 0.5)[1][1:]  # the first one is the background
    return int((areas >= _PIECE * areas.max()).sum()) if len(areas) else 0


def _tally(matte: Matte) -> tuple[int, int, float]:
    """Pixels of the subject (alpha above 0), pixels strictly between, and their summed entropy in bits."""
    counts = np.zeros(256, np.int64)
    for pixels in matte.tiles.values():
        levels = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
        counts += cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    full = Depth(8).full
    alpha = np.arange(1, full) / full
    entropy = -(alpha * np.log2(alpha) + (1 - alpha) * np.log2(1 - alpha))
    between = int(counts[1:255].sum())
    return between + int(counts[255]) + _decided_area(matte), between, float(counts[1:255] @ entropy)


def _decided_area(matte: Matte) -> int:
    """Pixels of the tiles that are opaque throughout; those at the right and lower border are smaller."""
    heights = np.minimum(matte.tile, matte.size.height - np.arange(matte.decided.shape[0]) * matte.tile)
    widths = np.minimum(matte.tile, matte.size.width - np.arange(matte.decided.shape[1]) * matte.tile)
    return int((np.outer(heights, widths) * (matte.decided == SUBJECT)).sum())
