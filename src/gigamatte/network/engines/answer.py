"""Which of several outputs is the answer, when a file does not say their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray


def pick(outputs: Sequence[NDArray[Any]], seen: tuple[int, ...]) -> NDArray[Any]:
    """The first of one map in the size of the input (N, C, H, W), else the largest. ``outputs`` has at least one."""
    fitting = (output for output in outputs if output.shape[-2:] == seen[-2:] and _maps(output) == seen[0])
    return next(fitting, max(outputs, key=lambda output: output.size / _maps(output)))


def _maps(output: NDArray[Any]) -> int:
    size = 1
    for side in output.shape[:-2]:
        size *= side
    return size
