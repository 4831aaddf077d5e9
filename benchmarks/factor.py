"""How many times as long a whole cut takes as decoding its photo and encoding its result, in one process, 24 MP.

    python benchmarks/factor.py --cases FOLDER [--megapixels 24] [--repeats 3]

Two photos: the case in mirrored copies, so that the contour is long; and its subject, 1/15 of the picture, on a white
ground, as shops have them. Both are cut from file to file by a warm `Remover`, with the mask that a network of 1024
pixels would give. Decoding alone is libvips' JPEG loader, encoding alone its PNG saver (level 2, filter up), of pixels
that lie in memory. Seconds are medians; CPU seconds are those of all threads.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte import Options, Remover, system
from gigamatte.evaluate.cases import Case, read_alpha
from gigamatte.evaluate.table import Cell
from gigamatte.types import FloatArray, Size
from report import pixels, publish, show
from side_by_side import laid_out, one_case

#: side of a network's answer, pixels, and the subject's height in the white photo, of the photo's
NETWORK, SUBJECT = 1024, 0.4


def main() -> None:
    system.share_heaps()  # as the command, the service and the batch do
    options, case = one_case(__doc__)
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory(prefix="gigamatte-bench-") as name, Remover(Options()) as remover:
        folder = Path(name)
        photo, mask, size = laid_out(case, options.megapixels, folder)
        photos = {f"{case.name}, {size}": (photo, mask), "subject on white": on_white(case, options.megapixels, folder)}
        for label, (photo, mask) in photos.items():
            rows += measured(label, remover, photo, mask, folder, options.repeats)
    table = show(["photo", "what", "wall s", "CPU s"], rows)
    publish("factor", "A whole cut against decoding and encoding alone", table, options.page)


def on_white(case: Case, megapixels: float, folder: Path) -> tuple[Path, Path]:
    """The case's subject on a white ground that darkens a little towards the corners, as a JPEG, and a coarse mask."""
    if case.foreground is None:
        raise FileNotFoundError(f"the case {case.name} has no foreground.png")
    size = Size(round((megapixels * 1.5e6) ** 0.5), round((megapixels / 1.5 * 1e6) ** 0.5))
    subject, alpha = pixels(case.foreground).astype(np.float32), read_alpha(case.alpha)
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    seen = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    scale = SUBJECT * size.height / (rows[-1] + 1 - rows[0])
    shown = cv2.resize(np.dstack([subject[seen] * alpha[seen][..., None], alpha[seen]]), None, fx=scale, fy=scale)
    top, left = (size.height - shown.shape[0]) // 2, (size.width - shown.shape[1]) // 2
    place = slice(top, top + shown.shape[0]), slice(left, left + shown.shape[1])
    across, down = np.linspace(-1, 1, size.width, dtype=np.float32), np.linspace(-1, 1, size.height, dtype=np.float32)
    photo: NDArray[np.float32] = np.dstack([246 - 12 * np.hypot(across[None], down[:, None])] * 3)
    photo += np.random.default_rng(1).normal(0, 1.5, (*size.shape, 1)).astype(np.float32)
    photo[place] = shown[..., :3] + photo[place] * (1 - shown[..., 3:])
    whole = np.zeros(size.shape, np.float32)
    whole[place] = np.clip(shown[..., 3], 0, 1)
    files = folder / "white.jpg", folder / "white-mask.png"
    cv2.imwrite(str(files[0]), np.clip(photo, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 95])
    cv2.imwrite(str(files[1]), network_mask(whole))
    return files


def network_mask(alpha: FloatArray) -> NDArray[np.uint8]:
    """What a network makes of an alpha, float32 (row, column) in [0, 1]: small, blurred by a pixel, steepened."""
    small = cv2.resize(alpha, None, fx=(scale := NETWORK / max(alpha.shape)), fy=scale, interpolation=cv2.INTER_AREA)
    blurred = (cv2.GaussianBlur(small, (0, 0), 1.0) - 0.5) * 1.5 + 0.5
    mask: NDArray[np.uint8] = np.rint(np.clip(blurred, 0, 1) * 255).astype(np.uint8)
    return mask


def measured(label: str, remover: Remover, photo: Path, mask: Path, folder: Path, repeats: int) -> list[list[Cell]]:
    """Rows of one photo: each part alone, the whole, and how many times as long that takes."""
    result, again = folder / "whole.png", folder / "alone.png"

    def whole() -> None:
        remover.process(photo, result, mask=mask, overwrite=True)

    def decode() -> None:
        pyvips.Image.new_from_file(str(photo), access="sequential").write_to_memory()

    whole()  # everything is loaded
    made = pyvips.Image.new_from_file(str(result)).copy_memory()

    def encode() -> None:
        made.pngsave(str(again), keep="none", compression=2, filter="up")

    parts: dict[str, Callable[[], None]] = {"decode alone": decode, "encode alone": encode, "the whole cut": whole}
    runs = {name: [seconds(work) for _ in range(repeats)] for name, work in parts.items()}
    took = {name: [statistics.median(run[kind] for run in found) for kind in (0, 1)] for name, found in runs.items()}
    factors = [took["the whole cut"][k] / (took["decode alone"][k] + took["encode alone"][k]) for k in (0, 1)]
    rows: list[list[Cell]] = []
    for name, values in took.items():
        rows.append([label, name, *values])
    rows.append([label, "times as long", *factors])
    return rows


def seconds(work: Callable[[], Any]) -> tuple[float, float]:
    """(wall, CPU) seconds of some work."""
    before, began = os.times(), time.perf_counter()
    work()
    took, after = time.perf_counter() - began, os.times()
    return took, after.user + after.system - before.user - before.system


if __name__ == "__main__":
    main()
