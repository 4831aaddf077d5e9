"""The protocol of a refiner, which lifts an alpha from one level to the next finer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray, Size


@dataclass(frozen=True, slots=True)
class LevelPatch:
    """The same piece of the photo at two neighbouring levels, halo included.

    ``alpha`` float32 (row, column) in [0, 1] and ``coarse`` float32 (row, column, RGB) in [0, 1] are the coarser level;
    ``fine`` float32 (row, column, RGB) in [0, 1] has exactly twice the rows and columns. ``blur`` is σ, in coarser
    pixels, of how much softer the alpha is than the photo at that level: above 0 only where the cascade starts.
    ``strays`` says that the contour may still lie beside its true place: the photo then counts more than the alpha.
    ``plain``: the alpha enlarged by ``upscale.twice``, where known already. ``wanted``: the pixels of the coarser
    level, bool (row, column), whose result is used; None: all are. Elsewhere a refiner may leave the alpha enlarged.
    """

    alpha: FloatArray
    coarse: FloatArray
    fine: FloatArray
    blur: float = 0.0
    strays: bool = False
    plain: FloatArray | None = None
    wanted: NDArray[np.bool_] | None = None


class Refiner(Protocol):
    """Lifts the alpha of patches by a factor of two, using only pixels up to ``halo`` away (in finer pixels, even)."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def halo(self) -> int: ...  # noqa: D102

    @property
    def looks(self) -> bool:
        """Whether it reads the photo, and so can search for a contour that lies beside its true place."""
        ...

    def at(self, finer: Size, blur: float = 0.0, /) -> Refiner:
        """The refiner that lifts to a level of this size: a refiner may leave some levels to another one.

        ``blur`` is that of the patches that it will be given.
        """
        ...

    def keeping(self) -> Refiner:
        """The refiner for a matte, whose values are kept: it only has to divide a pixel into finer ones."""
        ...

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level. A constant alpha stays constant."""
        ...
