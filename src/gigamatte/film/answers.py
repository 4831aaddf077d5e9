"""Finds the subject in each frame: the network looks at its surroundings, and the results are smoothed over time.

The answer for the frame before says where to look. It is no input of the network, unless something was pointed at: it
would only repeat its errors. Where the picture has not changed, the answer does not either; where it moved and the
motion can be believed, half of the old answer stays (recursive motion-compensated averaging).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gigamatte.cache.base import Cache
from gigamatte.film.carrying import News
from gigamatte.film.motion import REDUCED, Motion, Reduced, Way, along, motion, reduced
from gigamatte.filters import grown, remapped, warped
from gigamatte.hints import Hints
from gigamatte.network.answers import Answer, ask
from gigamatte.network.decode import has_subject
from gigamatte.network.hint_maps import hint_maps
from gigamatte.network.hinted import HintedNetwork
from gigamatte.network.network import Network
from gigamatte.network.second_look import both, subject_box, surroundings
from gigamatte.network.with_hints import obeyed
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import Box, CoarseMatte, Fit, FloatArray, Size

#: how much of the old answer stays where the picture has not changed, and where it moved and is believed
STAYS, MOVES = 0.85, 0.5
#: smaller differences of an answer (alpha, 0…1) are ignored
NO_NEWS = 1 / 128
#: frames after which a network looks at the whole picture again, not only around the subject
WHOLE = 12
#: Of so many frames one is asked of the network; in those between, its answer follows the motion, as long as that is
#: believed in this part of the answer's contour.
ASKED, FOLLOWED = 4, 0.9
#: The first frames of a scene are asked as well: the mean of several answers is nearer to the truth than the first, and
#: what was found wrongly at first is gone sooner.
EARLY = (1, 2, 3, 5)
#: The part that is looked at stays where it is, while around the subject there is at least this part of the room that
#: it was given, and at most so many times it.
LEAST_ROOM, MOST_ROOM = 0.4, 2.0
#: A part that is this much of the frame shows hardly more than the whole: both are looked at, as in a photo.
LARGE = 0.5


@dataclass(frozen=True, eq=False)
class Memory:
    """What is known of the frame before: its reduced picture, its answer, and when the whole was looked at last."""

    seen: Reduced
    coarse: CoarseMatte
    device: str
    precision: str
    since: int = 0


class FilmAnswers:
    """Answers for one frame after another; ``turn`` begins one. ``memory`` is all that is remembered.

    ``alone``: frames are taken as photos that have nothing to do with each other. ``cut``: the frame begins a new
    scene. ``moved``: what moved since the frame before; ``follow``: the same, with the subject's contour moving as the
    subject, once its answer is known. ``news``: what the network, where it was asked, said anew.
    """

    def __init__(self, *, alone: bool = False) -> None:
        self.alone = alone
        self.memory: Memory | None = None
        self.cut = True
        self.moved: Motion | None = None
        self.follow: Motion | None = None
        self.news: News | None = None
        #: how many frames of this scene there were before
        self.age = 0
        self._seen: Reduced | None = None

    def turn(self, levels: PhotoLevels) -> None:
        """The next frame begins."""
        self._seen = _reduced(levels)
        self.news = None
        self.moved = None if self.memory is None else motion(self.memory.seen, self._seen)
        self.follow = self.moved
        self.cut = self.moved is None or self.moved.cut
        self.age = 0 if self.cut else self.age + 1

    def due(self, every: int) -> bool:
        """Whether this frame is one of the scene's first, or one of so many."""
        return self.age in EARLY or self.age % every == 0

    def standing(self) -> Way | None:
        """The way of a frame to itself."""
        if self._seen is None:
            return None
        rows, columns = self._seen.shape[:2]
        return Way(np.zeros((rows, columns, 2), np.float32), np.ones((rows, columns), np.float32))

    def forget(self) -> None:
        """Forget the answers for earlier frames: they do not count for the frame that has begun."""
        self.memory = None
        self.age = 0

    def ask(
        self,
        network: Network,
        levels: PhotoLevels,
        region: Box,
        cache: Cache | None = None,
        device: str = "",
        hints: Hints | None = None,
    ) -> Answer:
        """As ``network.answers.ask``, of the frame that has begun."""
        if self.alone or self._seen is None:
            return ask(network, levels, region, cache, device, hints)
        if self.memory is None or self.moved is None or self.moved.cut:
            pointed = hints is not None and hints.has_points
            if isinstance(network, HintedNetwork) and not pointed:
                coarse = _anew(_looks(network, levels), region, network.card.closer)
                engine = network.engine
                answer = Answer(coarse, engine.device, engine.precision, network.warnings)
            else:
                answer = ask(network, levels, region, cache, device, hints)
            since = 0
        else:
            answer, since = self._next(network, levels, region, hints, self.moved, self.memory)
        self.memory = Memory(self._seen, answer.coarse, answer.device, answer.precision, since)
        return answer

    def _next(
        self, network: Network, levels: PhotoLevels, region: Box, hints: Hints | None, moved: Motion, before: Memory
    ) -> tuple[Answer, int]:
        since = before.since + 1
        pointed = hints is not None and hints.has_points
        if moved.same and since < WHOLE and not pointed:
            return Answer(before.coarse, before.device, before.precision, network.warnings), since
        if not isinstance(network, HintedNetwork) or not has_subject(before.coarse):
            answer = ask(network, levels, region, hints=hints)
            return dataclasses.replace(answer, coarse=steady(answer.coarse, before.coarse, moved)), 0
        rows, columns = moved.back.shape[:2]
        whole = Fit(before.coarse.fit.photo, before.coarse.fit.photo.box, Size(columns, rows))
        follow = None if self.due(ASKED) else along(moved, carried(before.coarse, moved, whole))
        if follow is not None and followable(before.coarse, follow):
            coarse = followed_answer(before.coarse, follow)
        else:
            coarse, since = _looked(network, levels, region, hints, moved, before.coarse, since)
            follow = along(moved, sampled(coarse, *_centres(whole)))
            coarse = steady(coarse, before.coarse, follow)
            self.news = News.of(coarse.alpha, carried(before.coarse, follow, coarse.fit), coarse.fit)
        self.follow = follow
        if hints is not None and pointed:
            coarse = obeyed(coarse, hints)
        engine = network.engine
        return Answer(coarse, engine.device, engine.precision, network.warnings, "network" if pointed else ""), since


def _reduced(levels: PhotoLevels) -> Reduced:
    size = levels.size(0)
    scale = min(1.0, REDUCED / size.long)
    small = Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
    return reduced(levels.proxy(size.box, small))


def _looks(
    network: HintedNetwork,
    levels: PhotoLevels,
    hints: Hints | None = None,
    earlier: Callable[[Fit], FloatArray] | None = None,
) -> Callable[[Box], CoarseMatte]:
    """Gives the network's answer for a part of the frame; with points of ``hints`` the ``earlier`` one is an input."""
    photo = levels.size(0)

    def look(box: Box) -> CoarseMatte:
        seen = network.see(levels.proxy(box, network.input_size(box.size)), box, photo)
        if hints is None or not hints.has_points or earlier is None:
            return network.answer(seen)
        return network.answer(seen, hint_maps(hints, seen.fit, earlier(seen.fit)))

    return look


def _anew(look: Callable[[Box], CoarseMatte], region: Box, margin: float) -> CoarseMatte:
    """The answer for the first frame of a scene, found as those for the next ones are: else the second would differ."""
    found = look(region)
    box = surroundings(found, margin) if margin else None
    return found if box is None else nearer(look, box, region, found)


def nearer(look: Callable[[Box], CoarseMatte], box: Box, region: Box, whole: CoarseMatte | None = None) -> CoarseMatte:
    """The answer for ``box``; where that is LARGE, the mean with the one for the ``whole`` region."""
    if box.size.pixels <= LARGE * region.size.pixels:
        return look(box)
    return both(look(region) if whole is None else whole, look(box))


def _looked(
    network: HintedNetwork,
    levels: PhotoLevels,
    region: Box,
    hints: Hints | None,
    moved: Motion,
    before: CoarseMatte,
    since: int,
) -> tuple[CoarseMatte, int]:
    """The network's answer, and how many frames ago it last saw the whole frame. With points of ``hints`` the answer
    ``before`` is an input: it holds what they led to."""
    margin = network.card.closer
    look = _looks(network, levels, hints, lambda fit: carried(before, moved, fit))
    box = looked_at(before, region, margin)
    if box == region:
        return look(region), 0
    if since >= WHOLE:
        found, since = look(region), 0
        subject, wider = subject_box(found), surroundings(found, margin)
        if subject is None or subject.within(box) != subject:  # something else has come, or a part of it
            return (found if wider is None else nearer(look, wider, region, found)), 0
        return nearer(look, box, region, found), 0
    return nearer(look, box, region), since


def looked_at(before: CoarseMatte, region: Box, margin: float) -> Box:
    """The box that the network gets: the one of the frame before, as long as the subject lies well inside it."""
    have, subject = before.fit.region, subject_box(before)
    if subject is None or not margin:
        return region
    room = margin * max(subject.width, subject.height)
    wanted = subject.grown(round(room)).within(region)
    roomy = subject.grown(round(LEAST_ROOM * room)).within(region)
    if have != region and roomy.within(have) == roomy and have.size.pixels <= MOST_ROOM * wanted.size.pixels:
        return have
    return region if wanted.size.pixels > 0.9 * region.size.pixels or min(wanted.width, wanted.height) < 8 else wanted


def steady(now: CoarseMatte, before: CoarseMatte, moved: Motion) -> CoarseMatte:
    """The answer averaged with the one ``before``, weighted by how well the motion is known at each pixel."""
    fit = now.fit
    old = carried(before, moved, fit)
    still, believed = (_sampled(values, fit) for values in (moved.still, moved.believed))
    weight = np.maximum(np.float32(STAYS) * still, np.float32(MOVES) * believed)
    alpha = now.alpha + weight * (old - now.alpha)
    same = (np.abs(alpha - old) < NO_NEWS) & (still > 0.99)
    return dataclasses.replace(now, alpha=np.where(same, old, np.clip(alpha, 0, 1)).astype(np.float32))


def followable(before: CoarseMatte, moved: Motion) -> bool:
    """Whether the motion is believed along the contour of an answer: then it need not be asked for again."""
    contour = np.abs(before.alpha - np.float32(0.5)) < np.float32(0.4)
    contour = grown(contour, 2)
    believed = _sampled(moved.likely, before.fit)[contour]
    return believed.size > 0 and float(believed.mean()) >= FOLLOWED


def followed_answer(before: CoarseMatte, moved: Motion) -> CoarseMatte:
    """The answer for the frame before, where it is now; bit for bit the same where the picture has not changed."""
    still = _sampled(moved.still, before.fit) > np.float32(0.99)
    alpha = np.where(still, before.alpha, carried(before, moved, before.fit))
    return dataclasses.replace(before, alpha=alpha.astype(np.float32))


def carried(before: CoarseMatte, moved: Motion, fit: Fit) -> FloatArray:
    """The alpha of the frame before, moved to where it is now, at the pixels of ``fit``: float32 (row, column)."""
    x, y = _centres(fit)
    back = _sampled(moved.back, fit)
    rows, columns = moved.back.shape[:2]
    wide, tall = np.float32(fit.photo.width / columns), np.float32(fit.photo.height / rows)
    return sampled(before, x + back[..., 0] * wide, y + back[..., 1] * tall)


def sampled(coarse: CoarseMatte, x: FloatArray, y: FloatArray) -> FloatArray:
    """An answer's alpha at places of the photo, in its pixels, two arrays (row, column); 0 outside of its region."""
    region, grid = coarse.fit.region, coarse.fit.network
    x = (x - np.float32(region.left)) * np.float32(grid.width / region.width) - np.float32(0.5)
    y = (y - np.float32(region.top)) * np.float32(grid.height / region.height) - np.float32(0.5)
    x, y = np.broadcast_arrays(x, y)
    alpha = remapped(coarse.alpha, x, y)
    inside = (x >= -1) & (y >= -1) & (x <= grid.width) & (y <= grid.height)
    seen: FloatArray = alpha * inside.astype(np.float32)
    return seen


def _centres(fit: Fit) -> tuple[FloatArray, FloatArray]:
    """x and y of the centres of the pixels of ``fit``, in photo pixels, float32: a row and a column."""
    region, grid = fit.region, fit.network
    x = region.left + (np.arange(grid.width) + 0.5) * region.width / grid.width
    y = region.top + (np.arange(grid.height) + 0.5) * region.height / grid.height
    return x.astype(np.float32)[np.newaxis], y.astype(np.float32)[:, np.newaxis]


def _sampled(values: FloatArray, fit: Fit) -> FloatArray:
    """Values of the reduced frame, float32 (row, column[, channel]), sampled at the pixels of ``fit``."""
    region, grid = fit.region, fit.network
    rows, columns = values.shape[:2]
    across, down = columns / fit.photo.width, rows / fit.photo.height
    wide, tall = across * region.width / grid.width, down * region.height / grid.height
    first = across * region.left + wide / 2 - 0.5, down * region.top + tall / 2 - 0.5
    return warped(values, np.array([[wide, 0, first[0]], [0, tall, first[1]]]), grid)
