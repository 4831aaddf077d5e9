"""Corrections by hand, made before the alpha is resolved: strokes that keep or drop, filled holes, dropped specks.

All sizes are parts of the subject, never pixels, so that a correction means the same for a thumbnail and for the photo.
A correction leaves all pixels that it does not touch equal bit for bit, so that tiles resolved earlier stay valid.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import nearest_left_out, pieces, warped
from gigamatte.matte.mask.area_mean import area_mean
from gigamatte.matte.mask.painted import Painted
from gigamatte.types import Box, CoarseMatte, Depth, Fit, FloatArray, PixelArray, Pixels16, Size

#: Strokes are finer than what a network sees: the mask is enlarged to this longer side before they are drawn in.
STROKE_SIDE = 1024
#: Pixels with less alpha than this do not join two pieces into one.
_FAINT, _SOLID = 0.05, 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Correction:
    """A user's corrections: only the ``largest`` piece, holes up to ``hole_fill`` percent filled, strokes.

    ``keep`` and ``drop`` are (row, column), uint8 or uint16, white where something is painted, of any size, stretched
    to the photo's frame. Where both are painted, ``drop`` counts.
    """

    largest: bool = False
    hole_fill: float = 0.0
    keep: PixelArray | None = None
    drop: PixelArray | None = None
    #: where the subject was looked for: a box of the photo, and the photo's size; None: everywhere
    searched: tuple[Box, Size] | None = None
    #: points and strokes of hints, painted after the pictures
    painted: Painted | None = None

    @property
    def draws(self) -> bool:
        """Whether anything is drawn into the alpha."""
        return self.keep is not None or self.drop is not None or bool(self.painted)

    def mended(self, coarse: CoarseMatte) -> CoarseMatte:
        """The mask at its own size, without specks and holes."""
        if self.largest:
            coarse = without_specks(coarse)
        return without_holes(coarse, self.hole_fill) if self.hole_fill else coarse

    def drawn_on(self, alpha: FloatArray) -> FloatArray:
        """An alpha of the whole photo, float32 (row, column) in [0, 1], of any size, with the strokes drawn in."""
        size = Size.of(alpha)
        if self.keep is not None:
            alpha = np.maximum(alpha, _stretched(self.keep, size))
        if self.drop is not None:
            alpha = np.minimum(alpha, 1 - _stretched(self.drop, size))
        return self.painted.drawn_on(alpha) if self.painted else alpha

    def enforced(self, alpha: Pixels16, box: Box, size: Size) -> Pixels16:
        """The ``alpha`` of ``box`` on a level of this ``size``, uint16 (row, column), with the strokes applied again.

        The refiner may have changed pixels under a stroke; there the user's decision counts.
        """
        if self.searched is not None:
            alpha = _inside(alpha, box, size, *self.searched)
        if self.keep is not None:
            alpha = np.where(_under(self.keep, box, size), np.uint16(65535), alpha)
        if self.drop is not None:
            alpha = np.where(_under(self.drop, box, size), np.uint16(0), alpha)
        return self.painted.enforced(alpha, box, size) if self.painted else alpha

    def strokes(self) -> tuple[PixelArray, ...]:
        """The stroke pictures, (row, column) uint8 or uint16 each, of any size."""
        return tuple(stroke for stroke in (self.keep, self.drop) if stroke is not None)

    def applied(self, coarse: CoarseMatte) -> CoarseMatte:
        """The mask after all of it."""
        coarse = self.mended(coarse)
        if not self.draws:
            return coarse
        coarse = _over_whole_photo(_enlarged(coarse))
        return coarse.changed(self.drawn_on(coarse.alpha))


def _inside(alpha: Pixels16, box: Box, size: Size, searched: Box, photo: Size) -> Pixels16:
    """Background outside the searched region, because a step of the cascade may reach a few pixels beyond it."""
    across = (box.left + np.arange(box.width) + 0.5) * (photo.width / size.width)
    down = (box.top + np.arange(box.height) + 0.5) * (photo.height / size.height)
    columns = (across >= searched.left) & (across < searched.right)
    rows = (down >= searched.top) & (down < searched.bottom)
    if columns.all() and rows.all():
        return alpha
    return np.where(rows[:, None] & columns[None, :], alpha, np.uint16(0))


def without_specks(coarse: CoarseMatte) -> CoarseMatte:
    """Only the largest piece, what is softly joined to it, and the faint pixels that are nearest to it."""
    labels, areas = _pieces(coarse.alpha > _FAINT, coarse.alpha > _SOLID)
    if areas.size < 2:
        return coarse
    largest = _spread(labels) == 1 + int(areas.argmax())
    return coarse.changed(np.where(largest, coarse.alpha, np.float32(0)))


def without_holes(coarse: CoarseMatte, percent: float) -> CoarseMatte:
    """Holes of at most ``percent`` of the subject's area are filled; what opens to the frame's border is no hole."""
    gaps = coarse.alpha < 1 - _FAINT
    labels, areas = _pieces(gaps, gaps)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    limit = percent / 100 * float((coarse.alpha > _SOLID).sum())
    fill = [label for label in range(1, areas.size + 1) if label not in rim and areas[label - 1] <= limit]
    return coarse.changed(np.where(np.isin(labels, fill), np.float32(1), coarse.alpha))


def _pieces(joined: NDArray[np.bool_], counted: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Labels (row, column) of the connected parts of ``joined``, from 1, and how many ``counted`` pixels each has."""
    count, labels = pieces(joined)
    return labels, np.asarray(np.bincount(labels[counted], minlength=count)[1:], np.int64)


def _spread(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Every pixel with the label of the labelled pixel that is nearest to it."""
    free = labels == 0
    nearest = nearest_left_out(free)
    owner = np.zeros(int(nearest.max()) + 1, np.int32)
    owner[nearest[~free]] = labels[~free]
    return owner[nearest]


def _enlarged(coarse: CoarseMatte) -> CoarseMatte:
    size = coarse.fit.network
    if size.long >= STROKE_SIDE:
        return coarse
    scale = STROKE_SIDE / size.long
    wanted = Size(round(size.width * scale), round(size.height * scale))
    alpha = cv2.resize(coarse.alpha, (wanted.width, wanted.height), interpolation=cv2.INTER_LINEAR)
    return coarse.changed(alpha)


def _over_whole_photo(coarse: CoarseMatte) -> CoarseMatte:
    """The mask of a region laid into the frame of the whole photo: strokes may lie outside the region."""
    fit = coarse.fit
    if fit.region == fit.photo.box:
        return coarse
    across, down = fit.network.width / fit.region.width, fit.network.height / fit.region.height
    size = Size(max(1, round(fit.photo.width * across)), max(1, round(fit.photo.height * down)))
    alpha = np.zeros(size.shape, np.float32)
    left, top = round(fit.region.left * across), round(fit.region.top * down)
    part = alpha[top : top + fit.network.height, left : left + fit.network.width]
    part[:] = coarse.alpha[: part.shape[0], : part.shape[1]]
    return dataclasses.replace(coarse, alpha=alpha, fit=Fit.whole(fit.photo, size))


def _under(values: PixelArray, box: Box, size: Size) -> NDArray[np.bool_]:
    """Which pixels of ``box``, on a level of this ``size``, lie under a stroke: (row, column)."""
    across, down = values.shape[1] / size.width, values.shape[0] / size.height
    # centre of level pixel x in stroke pixels: (box.left + x + ½)·across − ½
    to_stroke = np.array(
        [[across, 0, (box.left + 0.5) * across - 0.5], [0, down, (box.top + 0.5) * down - 0.5]], np.float64
    )
    return np.asarray(warped(values, to_stroke, box.size) > Depth.of(values).full // 2)


def _stretched(values: PixelArray, size: Size) -> FloatArray:
    """A stroke picture at the mask's size: float32 in [0, 1]; averaged when it has more pixels: none is lost."""
    # the average of a thin stroke is faint, but the user meant a full one
    return np.clip(area_mean(values, size) * 2, 0, 1)
