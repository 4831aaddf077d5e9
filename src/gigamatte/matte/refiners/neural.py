"""The learned refiner: a small U-Net that corrects the guided filter's alpha, level by level.

The network sees what ``evidence`` packs and answers with four sub-pixels to add per coarser pixel. How it was trained
is in docs/design/refiner.md; the ONNX file lies beside this module.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import WeightsRefused
from gigamatte.matte.cover import covering
from gigamatte.matte.refiners.base import LevelPatch, Refiner
from gigamatte.matte.refiners.evidence import CHANNELS, Evidence, evidence, to_space, undecided
from gigamatte.matte.refiners.guided import GuidedRefiner, enlarged, without_haze
from gigamatte.network.cards.embedded import embedded_network
from gigamatte.network.engines.base import Engine
from gigamatte.types import Box, FloatArray, Size

#: The evidence that a file was trained on, as its metadata names it: raised whenever evidence.py changes its numbers.
EVIDENCE = "1"
#: How far the network sees in coarser pixels, rounded up to even.
SEEN = 14
#: Sides of its inputs: few, because a runtime compiles anew for each new shape and keeps that (a megabyte); longer ones
#: are multiples of the last. What is wanted is divided at multiples of CELL pixels. A call costs as much as OVERHEAD
#: pixels besides its own (measured in bf16 on an AMX processor: .6 ms, .3 µs a pixel, and what Python does around it).
SIDES, CELL, OVERHEAD = (48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 32), 4, 2500
#: How far what the network is shown of a pixel depends on its surroundings, in coarser pixels, rounded up to even.
SURROUNDINGS = 18
#: Alphas this close to 0 or 1, which the network leaves where all is decided, are cut off: else the next band is wider.
HAZE = 0.01
#: How much of its correction is taken. All of it gives the lowest error on most photos, but grey areas in the
#: background of a few; a part of it is better than the classical refiner on nearly all photos.
#: (docs/design/refiner.md has the measurements.) In the contour search all of it is taken.
STRENGTH = 0.55
#: Larger levels are lifted by the classical refiner: there the network takes most time and brought no improvement.
LEVEL_PIXELS = 10_000_000


def refiner_bytes() -> bytes:
    """The bytes of the ONNX file: float32 (N, CHANNELS, row, column) → (N, 4, row, column), even rows and columns.

    Raises NetworkUnavailable when the installation lacks it.
    """
    return embedded_network("gigamatte.matte.refiners", "refiner.onnx")


class NeuralRefiner:
    """Lifts with a network that it is given and does not own. Keeps nothing between calls.

    ``engine``: or a function that opens it, which is called when the network is first needed: for a matte it is not.

    Patches start and end on multiples of 4 finer pixels, counted from the picture's corner: the network halves the
    coarser level once more, and tiles agree only where they halve the same pairs. Raises WeightsRefused when the engine
    holds another network.
    """

    name = "neural"
    #: an output pixel depends on inputs up to 28 finer pixels away, and each of those on pixels up to 34 more away
    halo = 64
    looks = True

    def __init__(self, engine: Engine | Callable[[], Engine], most: int = LEVEL_PIXELS) -> None:
        self._opener = engine if callable(engine) else None
        self._engine = None if callable(engine) else _checked(engine)
        self._opening, self._most = threading.Lock(), most

    @property
    def engine(self) -> Engine:
        """The engine, which is opened now if it is not yet. Raises what opening it raises."""
        with self._opening:
            if self._engine is None and self._opener is not None:
                self._engine = _checked(self._opener())
            assert self._engine is not None
            return self._engine

    def at(self, finer: Size, blur: float = 0.0, /) -> Refiner:
        """Itself for levels of up to ``most`` pixels, the classical refiner for larger ones."""
        return self if finer.pixels <= self._most else GuidedRefiner().at(finer, blur)

    def up_to(self, most: int) -> NeuralRefiner:
        """The same network, for levels of up to ``most`` pixels: the classical refiner takes a third of its time."""
        return NeuralRefiner(lambda: self.engine, most)

    def keeping(self) -> Refiner:
        """The classical refiner: the network was trained on faulty masks, and improves a correct one less."""
        return GuidedRefiner().keeping()

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level. A constant alpha stays constant.

        Computed only where the alpha may change and the cascade uses it; elsewhere the enlarged alpha is returned.
        """
        lifted = [enlarged(patch.alpha, *patch.fine.shape[:2]) for patch in patches]
        for patch, alpha in zip(patches, lifted, strict=True):
            boxes = looked_at(undecided(patch.alpha), self.halo // 2, patch.wanted)
            if not boxes:
                continue
            shown = _Shown.of(patch, [read for _, read in boxes])
            for write, read in boxes:
                residual = self.engine.run(cut(shown.evidence.stack, read.relative_to(shown.crop))[None])[0]
                rows, columns = write.relative_to(read).slices()
                inside = write.relative_to(shown.crop)
                correct(shown.evidence, inside, residual[:, rows, columns], shown.strength)
                fine = _finer(write).within(Size.of(alpha))
                alpha[fine.slices()] = shown.evidence.prior[fine.relative_to(_finer(shown.crop)).slices()]
        return lifted


def _checked(engine: Engine) -> Engine:
    """The engine, if it holds a network for this evidence."""
    shape, made_for = engine.input_shape, engine.metadata.get("evidence")
    if len(shape) != 4 or shape[1] not in (CHANNELS, None) or made_for != EVIDENCE:
        raise WeightsRefused(
            f"this is no refiner for this version: expected an input of {CHANNELS} channels "
            f"and evidence {EVIDENCE}, found {shape} and evidence {made_for}",
            "use the refiner.onnx of the same gigamatte",
        )
    return engine


@dataclass(frozen=True, slots=True)
class _Shown:
    """The evidence of a part of a patch, ``crop``, in coarser pixels: all that the network sees of it.

    ``strength`` is the part of its correction that is taken.
    """

    evidence: Evidence
    crop: Box
    strength: float

    @classmethod
    def of(cls, patch: LevelPatch, boxes: Sequence[Box]) -> _Shown:
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
        crop = Box(left, top, right - left, bottom - top).grown(SURROUNDINGS).within(Size.of(patch.alpha))
        rows, columns = crop.slices()
        fine = patch.fine[_finer(crop).slices()]
        part = dataclasses.replace(
            patch, alpha=patch.alpha[rows, columns], coarse=patch.coarse[rows, columns], fine=fine
        )
        return cls(evidence(part), crop, 1.0 if patch.strays else STRENGTH)


def _finer(box: Box) -> Box:
    return Box(2 * box.left, 2 * box.top, 2 * box.width, 2 * box.height)


def looked_at(free: FloatArray, halo: int, wanted: NDArray[np.bool_] | None = None) -> list[tuple[Box, Box]]:
    """Boxes (corrected, read for it) that together hold what the network has to correct, in coarser pixels.

    ``free`` float32 (row, column), coarser level, 0 where nothing may change; ``halo`` coarser pixels around are not
    kept, nor is what is not ``wanted``, bool (row, column). Boxes start on even pixels. Those that are corrected share
    no pixel; those that are read have sides of only a few lengths and may reach over the right and lower border.
    """
    inner = np.zeros(free.shape, np.bool_)
    kept = tuple(slice(halo, n - halo) if n > 2 * halo else slice(0, n) for n in free.shape)
    inner[kept] = free[kept] > 0
    if wanted is not None:
        inner &= wanted
    rows, columns = free.shape
    found = []
    for box in covering(inner, SEEN, cell=CELL, overhead=OVERHEAD, length=_side):
        (top, height), (left, width) = _span(box.top, box.bottom, rows), _span(box.left, box.right, columns)
        found.append((box, Box(left, top, width, height)))
    return found


def _span(first: int, end: int, most: int) -> tuple[int, int]:
    """(start, length) of what the network reads to correct pixels ``first`` to ``end`` of a line of ``most``."""
    start = max(0, first - SEEN)
    length = _side(min(most, end + SEEN) - start)
    return max(0, min(start, (most - length + 1) // 2 * 2)), length  # moved back inside, where there is room


def _side(length: int) -> int:
    """The shortest side of an input that is at least so long."""
    *sides, multiple = SIDES
    return next((side for side in sides if side >= length), -(-length // multiple) * multiple)


def cut(stack: FloatArray, box: Box) -> FloatArray:
    """The box of (C, row, column); what lies beyond the patch repeats its border."""
    part = stack[(slice(None), *box.slices())]
    beyond = [(0, wanted - found) for wanted, found in zip((box.height, box.width), part.shape[1:], strict=True)]
    return np.pad(part, [(0, 0), *beyond], mode="edge") if any(after for _, after in beyond) else part


def correct(item: Evidence, box: Box, residual: FloatArray, strength: float) -> None:
    """Adds ``strength``, 0…1, of what the network says about ``box`` (4, row, column) to the prior, where it may.

    The network's own answer, in full, is first clipped to [0, 1] and its haze cut off.
    """
    fine = _finer(box).within(Size.of(item.prior))
    target, free = item.prior[fine.slices()], item.free[fine.slices()]
    answer = np.clip(target + to_space(residual)[: fine.height, : fine.width] * free, 0, 1)
    answer += free * (without_haze(answer, HAZE) - answer)
    target += np.float32(strength) * (answer - target)
