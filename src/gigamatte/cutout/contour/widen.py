"""An alpha moved outwards: everything within a distance of its contour, rounded at corners, in pieces that meet grown
into one.

The contour is drawn as a line twice as thick as the distance, on finer pixels, strip by strip (a Minkowski sum with a
disc); what is traced around it cannot cross itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath
from gigamatte.photo.paths.fill import straight_pieces
from gigamatte.types import PixelArray, Size

#: rows and columns that are drawn at a time
BAND, ACROSS = 128, 1024
#: finer pixels a pixel, up to this distance; beyond the last: as many as pixels
FINER = ((64.0, 4), (256.0, 2))
#: the contour is drawn with straight pieces that lie so far beside it at most, pixels
FLATNESS = 0.05
_SHIFT = 4
#: OpenCV covers the pixels at both rims of a thick line that it only touches: it is by so many finer pixels too thick
RIM = 2


def finer_pixels(distance: float) -> int:
    """How many finer pixels a pixel has across, on which a contour is moved by so much."""
    return next((factor for limit, factor in FINER if distance <= limit), 1)


def widened(
    strips: Iterable[PixelArray], size: Size, contour: ClippingPath, distance: float
) -> tuple[Iterator[NDArray[np.uint8]], Size, int]:
    """Strips of the wider alpha, uint8 (row, column), the size that they make, and the margin that they have around.

    ``strips`` (row, column), uint8 or uint16, make ``size``; ``contour`` runs where they pass one half. ``distance`` in
    pixels, at least .5. The margin is as wide as the subject can grow beyond the picture.
    """
    margin = int(np.ceil(distance)) + 2
    whole = Size(size.width + 2 * margin, size.height + 2 * margin)
    pieces = straight_pieces(contour, FLATNESS) + margin
    return _drawn(_inside(strips, size, margin), whole, pieces, distance), whole, margin


def _inside(strips: Iterable[PixelArray], size: Size, margin: int) -> Iterator[NDArray[np.uint8]]:
    """Bands of BAND rows with a margin around the picture: 255 where it is at least half opaque."""
    width = size.width + 2 * margin
    waiting = np.zeros((margin, width), np.uint8)

    def bands(more: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
        nonlocal waiting
        waiting = np.concatenate([waiting, more])
        while len(waiting) >= BAND:
            yield waiting[:BAND]
            waiting = waiting[BAND:]

    for strip in strips:
        plain = strip.reshape(len(strip), -1)
        padded = np.zeros((len(plain), width), np.uint8)
        padded[:, margin:-margin] = (plain > np.iinfo(plain.dtype).max // 2) * np.uint8(255)
        yield from bands(padded)
    yield from bands(np.zeros((margin, width), np.uint8))
    if len(waiting):
        yield waiting


def _drawn(
    bands: Iterable[NDArray[np.uint8]], whole: Size, pieces: NDArray[np.float64], distance: float
) -> Iterator[NDArray[np.uint8]]:
    finer = finer_pixels(distance)
    reach = distance + 2
    low, high = (pick(pieces[:, 1], pieces[:, 3]) for pick in (np.minimum, np.maximum))
    left, right = (pick(pieces[:, 0], pieces[:, 2]) for pick in (np.minimum, np.maximum))
    top = 0
    for inside in bands:
        near = (high > top - reach) & (low < top + len(inside) + reach)
        out = np.empty_like(inside)
        for begin in range(0, whole.width, ACROSS):
            end = min(begin + ACROSS, whole.width)
            here = near & (right > begin - reach) & (left < end + reach)
            own = inside[:, begin:end]
            drawn = _thick(own, pieces[here] - (begin, top, begin, top), distance, finer) if here.any() else own
            out[:, begin:end] = drawn
        yield out
        top += len(inside)


def _thick(inside: NDArray[np.uint8], pieces: NDArray[np.float64], distance: float, finer: int) -> NDArray[np.uint8]:
    rows, columns = inside.shape
    fine = cv2.resize(inside, (columns * finer, rows * finer), interpolation=cv2.INTER_NEAREST)
    # OpenCV counts from the centres of pixels
    places = np.rint((pieces * finer - 0.5) * (1 << _SHIFT)).astype(np.int32)
    thickness = max(1, round(2 * distance * finer - RIM))
    cv2.polylines(fine, list(places.reshape(-1, 2, 2)), False, 255, thickness, cv2.LINE_8, _SHIFT)
    return np.asarray(cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
