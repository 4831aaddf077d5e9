"""The learned refiner: a small U-Net that corrects the guided filter's alpha, level by level.

The network sees what ``evidence`` packs and answers with four sub-pixels to add per coarser pixel. How it was trained
is in docs/design/refiner.md; the ONNX file lies beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np

from gigamatte.errors import NetworkUnavailable, WeightsRefused
from gigamatte.matte.refiners.base import LevelPatch
from gigamatte.matte.refiners.evidence import CHANNELS, Evidence, evidence, to_space
from gigamatte.network.engines.base import Engine
from gigamatte.types import FloatArray

#: The evidence that a file was trained on, as its metadata names it: raised whenever evidence.py changes its numbers.
EVIDENCE = "1"


def refiner_shipped() -> bool:
    """Whether this installation has the embedded refiner."""
    return resources.files("gigamatte.matte.refiners").joinpath("refiner.onnx").is_file()


@cache
def refiner_bytes() -> bytes:
    """The ONNX file: float32 (N, CHANNELS, row, column) → (N, 4, row, column), even rows and columns.

    Raises NetworkUnavailable when the installation lacks it.
    """
    try:
        return resources.files("gigamatte.matte.refiners").joinpath("refiner.onnx").read_bytes()
    except OSError as error:
        raise NetworkUnavailable(
            "this installation lacks the embedded refiner, matte/refiners/refiner.onnx", "reinstall gigamatte"
        ) from error


class NeuralRefiner:
    """Lifts with a network that it is given and does not own. Keeps nothing between calls.

    Patches start and end on multiples of 4 finer pixels, counted from the picture's corner: the network halves the
    coarser level once more, and tiles agree only where they halve the same pairs. Raises WeightsRefused when the engine
    holds another network.
    """

    name = "neural"
    #: the network looks 28 finer pixels far, what it is shown another 34
    halo = 64

    def __init__(self, engine: Engine) -> None:
        shape, made_for = engine.input_shape, engine.metadata.get("evidence")
        if len(shape) != 4 or shape[1] not in (CHANNELS, None) or made_for != EVIDENCE:
            raise WeightsRefused(
                f"this is no refiner for this version: expected an input of {CHANNELS} channels "
                f"and evidence {EVIDENCE}, found {shape} and evidence {made_for}",
                "use the refiner.onnx of the same gigamatte",
            )
        self.engine = engine

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level. A constant alpha stays constant."""
        shown = [evidence(patch) for patch in patches]
        lifted: list[FloatArray | None] = [None] * len(shown)
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for number, item in enumerate(shown):
            by_shape.setdefault(item.stack.shape, []).append(number)
        for numbers in by_shape.values():
            residuals = self.engine.run(padded(np.stack([shown[number].stack for number in numbers])))
            for number, residual in zip(numbers, residuals, strict=True):
                lifted[number] = corrected(shown[number], residual)
        return [alpha for alpha in lifted if alpha is not None]


def padded(stack: FloatArray) -> FloatArray:
    """(N, C, row, column) with the last row and column repeated where their number is odd."""
    odd = [(0, length % 2) for length in stack.shape[2:]]
    return np.pad(stack, [(0, 0), (0, 0), *odd], mode="edge") if any(pad for _, pad in odd) else stack


def corrected(item: Evidence, residual: FloatArray) -> FloatArray:
    """The prior plus what the network adds, where it may: float32 (row, column) in [0, 1]."""
    _, rows, columns = item.stack.shape
    alpha = to_space(residual[:, :rows, :columns]) * item.free
    alpha += item.prior
    return np.clip(alpha, 0, 1, out=alpha)
