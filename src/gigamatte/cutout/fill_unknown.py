"""Fills unknown pixels smoothly from the known ones around them."""

from __future__ import annotations

import cv2
import numpy as np

from gigamatte.types import FloatArray


def filled(values: FloatArray, known: FloatArray) -> FloatArray:
    """``values`` where ``known`` is 1, elsewhere the smooth mean of what is known around it; between, a mixture.

    ``values`` float32 (row, column[, channel]), ``known`` float32 (row, column) in [0, 1]. Sums of values by weight go
    down to a single pixel and up again, each scale filling what the finer one did not know (push-pull: Gortler,
    Grzeszczuk, Szeliski, Cohen, The Lumigraph, 1996). Where nothing is known at all, 0.
    """
    planes = values[..., None] if values.ndim == 2 else values
    sums = [np.dstack([planes * known[..., None], known]).astype(np.float32)]
    while max(sums[-1].shape[:2]) > 1:
        rows, columns = (max(1, (side + 1) // 2) for side in sums[-1].shape[:2])
        sums.append(np.atleast_3d(cv2.resize(sums[-1], (columns, rows), interpolation=cv2.INTER_AREA)))
    mean: FloatArray = _mean(sums[-1])
    for level in reversed(sums[:-1]):
        rows, columns = level.shape[:2]
        coarser = np.atleast_3d(cv2.resize(mean, (columns, rows), interpolation=cv2.INTER_LINEAR))
        share = np.minimum(level[..., -1:], 1)
        mean = (share * _mean(level) + (1 - share) * coarser).astype(np.float32)
    return mean.reshape(values.shape)


def _mean(sums: FloatArray) -> FloatArray:
    mean: FloatArray = (sums[..., :-1] / np.maximum(sums[..., -1:], np.float32(1e-6))).astype(np.float32)
    return mean
