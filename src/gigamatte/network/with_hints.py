"""Finds the subject with hints: gives them to the network, or picks the pieces of its answer that they point at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import FINE, distances, highest, pieces
from gigamatte.hints import Hints, Point
from gigamatte.network.hint_maps import hint_maps
from gigamatte.network.hint_reach import within_reach
from gigamatte.network.hinted import HintedNetwork, Seen
from gigamatte.network.second_look import both, seen_from, surroundings, twice
from gigamatte.types import Box, CoarseMatte, Fit, FloatArray

#: Radius around a point, in pixels of the answer, in which the answer is set to what the point says.
SAID = 2.0
#: Whole pieces are dropped only if at least this part of the subject's area is left.
LEFT = 0.1
#: A point is about a whole piece where its distance from the rim is at least this part of the largest one.
DEEP = 0.6
#: One that holds more than this part of the subject's area is dropped whole only where the network, told of the point,
#: gives up at least half of it.
MOST = 0.6
#: Margin of another look around a place to keep that was not found, as a part of the region's longer side.
AROUND = 0.2
#: The second look stays where it went without hints while it would grow by this part of its side at most, and keep
#: more than this part of its area; else its sides lie on so many steps of the region's.
NEARLY, SMALLER, STEPS = 0.1, 0.5, 16
#: Pixels with less alpha than this do not join two pieces into one.
_FAINT = 0.05


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A network and one photo. ``see`` gives what its encoder saw of a part of the photo, and may remember it.

    ``quick``: with hints it does not look at the mirror image.
    """

    network: HintedNetwork
    see: Callable[[Box], Seen]
    quick: bool = False

    def plain(self, box: Box) -> CoarseMatte:
        """The answer without hints."""
        return self.network.answer(self.see(box))

    def answer(self, box: Box, hints: Hints, earlier: Callable[[Fit], FloatArray]) -> CoarseMatte:
        """The answer with hints, and with the ``earlier`` one in the frame that it is given."""
        seen = self.see(box)
        return self.network.answer(seen, hint_maps(hints, seen.fit, earlier(seen.fit)), quick=self.quick)


def hinted_answer(asked: Asked, region: Box, hints: Hints, margin: float) -> CoarseMatte:
    """The network's answer with ``hints``, with a second look as without hints (``margin``).

    It is first asked without hints: that answer is what they speak about, and it stays where they do not reach.
    """
    before = asked.plain(region)
    plain = twice(asked.plain, region, margin)
    found = _without_dropped(asked.answer(region, hints, lambda _: before.alpha), before, hints)
    box = _again(_surroundings(found, hints, margin), surroundings(before, margin) if margin else None, region)
    if box is not None:
        found = both(found, asked.answer(box, hints, partial(seen_from, found)))
    unhinted = dataclasses.replace(found, alpha=_in_frame(plain, before, found.fit))
    reached = within_reach(unhinted.alpha, found, hints)
    return obeyed(_without_dropped(reached, unhinted, hints), hints)


def _in_frame(plain: CoarseMatte, before: CoarseMatte, fit: Fit) -> FloatArray:
    """The answer without hints in another frame: of the closer look where that saw, else of the first."""
    if plain.fit.region == fit.region:
        return plain.alpha
    inside = Box(0, 0, 0, 0) if plain is before else plain.fit.region
    grid, part = fit.network, fit.region
    columns = part.left + (np.arange(grid.width) + 0.5) * (part.width / grid.width)
    rows = part.top + (np.arange(grid.height) + 0.5) * (part.height / grid.height)
    seen = ((rows >= inside.top) & (rows < inside.bottom))[:, None] & (
        (columns >= inside.left) & (columns < inside.right)
    )[None, :]
    return np.where(seen, seen_from(plain, fit), seen_from(before, fit))


def _again(box: Box | None, before: Box | None, region: Box) -> Box | None:
    """Where the second look goes: where it went ``before`` the hints if that nearly is the same, else on a grid.

    A hint moves the box by pixels, and what the encoder saw of another box is of no use.
    """
    if box is None:
        return None
    if before is not None:
        around = before.grown(round(NEARLY * max(before.width, before.height))).within(region)
        if box.within(around) == box and box.size.pixels > SMALLER * before.size.pixels:
            return before
    across, down = max(1, region.width // STEPS), max(1, region.height // STEPS)
    left, top = (box.left - region.left) // across * across, (box.top - region.top) // down * down
    right, bottom = -(-(box.right - region.left) // across) * across, -(-(box.bottom - region.top) // down) * down
    wider = Box(region.left + left, region.top + top, right - left, bottom - top).within(region)
    return None if wider == region else wider


def _without_dropped(answer: CoarseMatte, before: CoarseMatte, hints: Hints) -> CoarseMatte:
    """The answer without the whole pieces that drop points lie in, where something else is left.

    A piece is one of the answer ``before`` the hints, and the point lies near its middle: beside its rim it is about
    a part of it. So it is where the piece is most of the subject and the network keeps most of it: a person and an
    animal beside her are one piece. One that was also pointed at to be kept stays, and so does what holds nearly all
    of the subject.
    """
    count, labels = pieces(before.alpha > 0.5)
    wanted = {_label_at(labels, before, point) for point in hints.keep}
    pointed = {_label_at(labels, before, point) for point in hints.drop if _is_deep(labels, before, point)}
    areas = np.bincount(labels.ravel(), minlength=count)
    left = np.bincount(labels.ravel(), answer.alpha.ravel() > 0.5, minlength=count)
    limit = MOST * sum(areas[1:])
    dropped = {label for label in pointed - wanted - {0} if areas[label] <= limit or 2 * left[label] <= areas[label]}
    if not dropped or sum(areas[1:]) - sum(areas[label] for label in dropped) < LEFT * sum(areas[1:]):
        return answer
    # with a soft edge and a few pixels more, or the piece's rim would stay
    gone = highest(np.isin(labels, list(dropped)).astype(np.uint8), 4) > 0
    gone &= ~np.isin(labels, [label for label in range(1, count) if label not in dropped])
    return dataclasses.replace(answer, alpha=np.where(gone, np.float32(0), answer.alpha))


def _is_deep(labels: NDArray[np.int32], before: CoarseMatte, point: Point) -> bool:
    """Whether the point lies near the middle of the piece that it lies in."""
    cell = _cell(before, point)
    if cell is None or not labels[cell]:
        return False
    # beyond the frame there is another thing
    inside = distances(np.pad(labels == labels[cell], 1), FINE)[1:-1, 1:-1]
    return float(inside[cell]) >= DEEP * float(inside.max())


def picked(look: Callable[[Box], CoarseMatte], region: Box, hints: Hints) -> CoarseMatte:
    """For a network that takes no hints: the pieces of its answer that were pointed at.

    Where a place to keep was not found, the network runs again on the surroundings of the places to keep.
    """
    answer = look(region)
    keep = [point for point in hints.keep if _inside(point, region)]
    if keep and not all(_alpha_at(answer, point) > 0.5 for point in keep):
        box = _around(keep, region)
        if box != region:
            answer = look(box)
    count, labels = pieces(answer.alpha > _FAINT)
    wanted = {_label_at(labels, answer, point) for point in keep} - {0}
    unwanted = {_label_at(labels, answer, point) for point in hints.drop} - {0} - wanted
    kept = wanted or set(range(1, count)) - unwanted
    alpha = np.where(np.isin(labels, [0, *kept]), answer.alpha, np.float32(0))
    return obeyed(dataclasses.replace(answer, alpha=alpha), hints)


def obeyed(coarse: CoarseMatte, hints: Hints) -> CoarseMatte:
    """The answer with alpha 1 around points to keep and 0 around points to drop, whatever the network answered."""
    alpha = coarse.alpha.copy()
    height, width = alpha.shape
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    for points, value in ((hints.keep, 1.0), (hints.drop, 0.0)):
        for point in points:
            if _inside(point, coarse.fit.region):
                across, down = _place(coarse, point)
                near = (columns - across) ** 2 + (rows - down) ** 2 <= SAID**2
                alpha[near] = value
    return dataclasses.replace(coarse, alpha=alpha)


def _surroundings(found: CoarseMatte, hints: Hints, margin: float) -> Box | None:
    """The part that is looked at again: around the subject, and no place that was pointed at left out."""
    box = surroundings(found, margin) if margin else None
    if box is None:
        return None
    region = found.fit.region
    around = max(8, round(margin * max(box.width, box.height) / 2))
    for point in hints.keep:
        if _inside(point, region):
            box = _joined(box, _square(point, around)).within(region)
    return None if box == region else box


def _around(points: list[Point], region: Box) -> Box:
    around = round(AROUND * max(region.width, region.height))
    box = _square(points[0], around)
    for point in points[1:]:
        box = _joined(box, _square(point, around))
    return box.within(region)


def _square(point: Point, half: int) -> Box:
    return Box(int(point.x) - half, int(point.y) - half, 2 * half + 1, 2 * half + 1)


def _joined(one: Box, other: Box) -> Box:
    left, top = min(one.left, other.left), min(one.top, other.top)
    return Box(left, top, max(one.right, other.right) - left, max(one.bottom, other.bottom) - top)


def _inside(point: Point, region: Box) -> bool:
    return region.left <= point.x < region.right and region.top <= point.y < region.bottom


def _place(coarse: CoarseMatte, point: Point) -> tuple[float, float]:
    """(column, row) of a point in the answer, in its pixels, centre to centre."""
    fit = coarse.fit
    across, down = fit.network.width / fit.region.width, fit.network.height / fit.region.height
    return (point.x - fit.region.left) * across - 0.5, (point.y - fit.region.top) * down - 0.5


def _cell(coarse: CoarseMatte, point: Point) -> tuple[int, int] | None:
    if not _inside(point, coarse.fit.region):
        return None
    across, down = _place(coarse, point)
    height, width = coarse.alpha.shape
    return min(max(round(down), 0), height - 1), min(max(round(across), 0), width - 1)


def _alpha_at(coarse: CoarseMatte, point: Point) -> float:
    cell = _cell(coarse, point)
    return 0.0 if cell is None else float(coarse.alpha[cell])


def _label_at(labels: NDArray[np.int32], coarse: CoarseMatte, point: Point) -> int:
    cell = _cell(coarse, point)
    return 0 if cell is None else int(labels[cell])
