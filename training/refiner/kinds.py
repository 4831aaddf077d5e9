"""How the whole product treats kinds of masks: held-out scenes, each with masks from exact to coarse.

What a refiner is worth is judged here: training's own validation walks down with the network alone. Errors are ratios
to the same mask enlarged by Lanczos, as other tools enlarge it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.metrics import gradient_error, sad, unit_alpha
from gigamatte.evaluate.report import enlarged
from gigamatte.matte.cascade.reading import alpha_in
from gigamatte.matte.cascade.resolve import resolve, trust_in
from gigamatte.matte.mask.user_mask import as_coarse
from gigamatte.matte.refiners.base import Refiner
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.types import Answers, PixelArray

from .coarse import Image, misjudged, reduced
from .photo import photograph
from .scenes import open_scenes
from .textures import Pixels, Rng, open_textures

#: Scenes that lie side by side in one photo, in both directions.
SIDE_BY_SIDE = 2
#: A result counts as worse from so much more than Lanczos on.
WORSE = 1.02

Made = Callable[[Rng, Image], Image]


def exact(shrink: float, sigma: float = 0.0, steep: float = 1.0, flawed: bool = False) -> Made:
    """The exact alpha reduced by area; with flaws, blurred and steepened as a network would."""

    def made(rng: Rng, alpha: Image) -> Image:
        small = reduced(alpha, shrink)
        small = misjudged(rng, small) if flawed else small
        small = np.asarray(cv2.GaussianBlur(small, (0, 0), sigma), np.float32) if sigma else small
        return np.asarray(np.clip((small - 0.5) * steep + 0.5, 0, 1), np.float32)

    return made


def jpeg(make: Made) -> Made:
    """The same mask, stored as a JPEG of quality 90."""

    def made(rng: Rng, alpha: Image) -> Image:
        _, code = cv2.imencode(".jpg", stored(make(rng, alpha)), [cv2.IMWRITE_JPEG_QUALITY, 90])
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)

    return made


#: Name → what makes such a mask of an exact alpha.
KINDS: dict[str, Made] = {
    **{f"exact, 1/{shrink:g}": exact(shrink) for shrink in (1.4, 2, 3, 4, 6)},
    **{f"exact, 1/{shrink}, JPEG": jpeg(exact(shrink)) for shrink in (2, 4)},
    **{f"blurred by {s:g}, 1/{k}": exact(k, s) for s in (0.5, 0.7, 1.0) for k in (2, 4)},
    **{f"like a network's, 1/{k}": exact(k, 1.0, 1.5, flawed=True) for k in (2, 3, 4)},
    **{f"blurred by 1, steepened 1.5, 1/{k}": exact(k, 1.0, 1.5) for k in (2, 4, 6)},
}


@dataclass(frozen=True)
class Row:
    """One kind: geometric means of SAD and Grad over Lanczos, the share worse in either, the share that was kept."""

    kind: str
    sad: float
    grad: float
    worse: float
    kept: float

    def __str__(self) -> str:
        return f"| {self.kind} | {self.sad:.3f} | {self.grad:.3f} | {self.worse:.0%} | {self.kept:.0%} |"


def photos(cache: Path, count: int, seed: int) -> Iterator[tuple[Pixels, Pixels]]:
    """Photos of held-out scenes, several in each: uint8 (row, column, RGB), and the exact alphas (row, column)."""
    textures, made = open_textures(cache, held_out=True), open_scenes(cache / "held-out.u8")
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        parts = [
            [photograph(rng, made[int(rng.integers(len(made)))], textures) for _ in range(SIDE_BY_SIDE)]
            for _ in range(SIDE_BY_SIDE)
        ]
        yield tuple(  # type: ignore[misc]
            np.concatenate([np.concatenate([pair[which] for pair in line], 1) for line in parts]) for which in (0, 1)
        )


def stored(alpha: Image) -> PixelArray:
    """As an 8 bit file holds it, (row, column)."""
    return np.round(alpha * 255).astype(np.uint8)


def errors(alpha: Image, truth: Image) -> list[float]:
    return [max(0.01, sad(alpha, truth)), max(0.01, gradient_error(alpha, truth))]


def judged(
    cache: Path, refiner: Refiner, count: int, seed: int, only: Sequence[str] = (), answers: Answers | None = None
) -> list[Row]:
    """A row for each kind, over ``count`` photos of held-out scenes; ``answers`` in place of what would be measured."""
    found: dict[str, list[list[float]]] = {}
    for number, (photo, truth) in enumerate(photos(cache, count, seed)):
        exact_alpha = truth.astype(np.float32) / np.float32(255)
        levels = PhotoLevels(open_photo(photo, max_pixels=photo.size))
        try:
            for kind, make in KINDS.items():
                if only and kind not in only:
                    continue
                mask = stored(make(np.random.default_rng([seed, number, 1]), exact_alpha))
                base = errors(enlarged(unit_alpha(mask), truth.shape), exact_alpha)
                coarse, _ = as_coarse(mask, levels.size(0), answers=answers)
                trust = trust_in(coarse, levels, refiner)
                matte, _ = resolve(coarse, levels, refiner, trust=trust)
                alpha = alpha_in(matte, matte.size.box)
                ratios = [now / then for now, then in zip(errors(alpha, exact_alpha), base, strict=True)]
                found.setdefault(kind, []).append([*ratios, trust.share > 0])
        finally:
            levels.close()
    return [_row(kind, np.array(rows, np.float64)) for kind, rows in found.items()]


def _row(kind: str, found: NDArray[np.float64]) -> Row:
    sad_mean, grad_mean = np.exp(np.log(found[:, :2]).mean(0))
    worse = (found[:, :2] > WORSE).any(1).mean()
    return Row(kind, float(sad_mean), float(grad_mean), float(worse), float(found[:, 2].mean()))
