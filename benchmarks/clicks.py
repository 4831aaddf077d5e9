"""Measures the seconds from a hint to its preview, and to the whole result, for photos of several sizes.

usage: python benchmarks/clicks.py [--photo PHOTO] [--clicks 20]     (an idle machine, please)
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from gigamatte.editing import Editing
from gigamatte.hints import Hints, Point
from gigamatte.options import Options
from gigamatte.worker.edits import PREVIEW
from report import parser

ROOT = Path(__file__).parents[1]
#: sizes of the photo, megapixels
SIZES = (24, 100)


def enlarged(photo: Path, megapixels: float, folder: Path) -> Path:
    """The photo at another size, as JPEG."""
    pixels = cv2.imread(str(photo))
    if pixels is None:
        raise SystemExit(f"{photo} cannot be read")
    factor = (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    target = folder / f"{megapixels:g}.jpg"
    cv2.imwrite(str(target), cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))
    return target


def measured(photo: Path, clicks: int, folder: Path) -> dict[str, float]:
    """Seconds: to open the photo, to the first preview, of a click's preview and its CPU, and of the result."""
    rng = np.random.default_rng(1)
    options = Options(**PREVIEW)
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    with Editing(photo, options) as editing:
        seconds["open"] = time.perf_counter() - started
        started = time.perf_counter()
        editing.preview(Hints()).save(folder / "preview.webp", overwrite=True, quick=True)
        seconds["first preview"] = time.perf_counter() - started
        with editing.preview(Hints()) as whole:
            height, width = whole.alpha.shape
        full = np.asarray(cv2.imread(str(photo))).shape
        keep: tuple[Point, ...] = ()
        times, work = [], []
        for _ in range(clicks):
            x, y = rng.uniform(0.25, 0.75, 2)
            keep += (Point(float(x * full[1]), float(y * full[0])),)
            started, busy = time.perf_counter(), time.process_time()
            editing.preview(Hints(keep=keep)).save(folder / "preview.webp", overwrite=True, quick=True)
            times.append(time.perf_counter() - started)
            work.append(time.process_time() - busy)
        for name, taken in (("click", times), ("click's CPU", work)):
            for part, word in ((50, "median"), (95, "95th")):
                seconds[f"{name}, {word}"] = float(np.percentile(taken, part))
        started = time.perf_counter()
        editing.cut(Hints(keep=keep)).save(folder / "result.webp", overwrite=True)
        seconds["result"] = time.perf_counter() - started
        seconds["preview's side"] = float(max(height, width))
    return seconds


def main() -> None:
    """Prints a row for each size."""
    words = parser(__doc__)
    words.add_argument("--photo", type=Path, default=ROOT / "examples" / "photo.jpg")
    words.add_argument("--clicks", type=int, default=20)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            row = measured(enlarged(chosen.photo, size, Path(folder)), chosen.clicks, Path(folder))
            print(f"{size} MP: " + ", ".join(f"{name} {value:.2f}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
