"""How long `import gigamatte` and a cold start of the command take, each in a fresh process."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from gigamatte.evaluate.table import Cell
from report import arguments, median_run, program, publish, run_child, show


def main() -> None:
    options = arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo = one_megapixel(Path(folder))
        out = str(Path(folder) / "out.png")
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import gigamatte": [sys.executable, "-c", "import gigamatte"],
            "import numpy, cv2 (for comparison)": [sys.executable, "-c", "import numpy, cv2"],
            "gigamatte --version": [program(), "--version"],
            "gigamatte cut, 1 MP, from cold to finished": [
                program(),
                "cut",
                photo,
                "-o",
                out,
                "--overwrite",
                "--keep-empty",
            ],
        }
        rows: list[list[Cell]] = []
        for name, command in commands.items():
            run_child(command)  # the files are in the system's cache afterwards, as on any later day
            found = median_run(partial(run_child, command), options.repeats)
            rows.append([name, found.wall, found.cpu, round(found.peak_mb), found.failure or "ok"])
    table = show(["what", "wall s", "CPU s", "peak MB", "ended"], rows)
    publish("import", "Start-up", table, options.page)


def one_megapixel(folder: Path) -> str:
    """A subject on a plain ground: its content hardly changes the time."""
    rng = np.random.default_rng(1)
    picture = np.full((1000, 1000, 3), (205, 200, 190), np.float32)
    cv2.ellipse(picture, (500, 520), (240, 330), 0, 0, 360, (40, 60, 150), -1, cv2.LINE_AA)
    cv2.circle(picture, (500, 260), 130, (120, 150, 200), -1, cv2.LINE_AA)
    path = folder / "photo.jpg"
    cv2.imwrite(str(path), np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8))
    return str(path)


if __name__ == "__main__":
    main()
