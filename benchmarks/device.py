"""Compares every device that works on this machine with the CPU, on pictures made here, in a few minutes.

    python benchmarks/device.py [--model birefnet-lite] [--megapixels 1 24]

First what must be equal: the cutout of a made-up photo on every device against the CPU, and at two tile sizes (levels
of 255); BiRefNet's logits against the goldens of the tests. Then seconds: whole cuts, stage by stage, with a Remover
that stays open, and the photos of a small batch. Device memory is the most that nvidia-smi shows for this process.
Devices and programs that are missing are named and skipped.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte import Options, Remover, Size
from gigamatte.cli.doctor import examine
from gigamatte.evaluate.table import Cell
from gigamatte.matte.cascade.reading import alpha_in
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.mask.user_mask import as_coarse
from gigamatte.network.build.birefnet import BACKBONES, build
from gigamatte.network.engines.select import open_engine
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.testing.made_up_weights import MadeUpWeights, golden_input
from gigamatte.testing.photos import coarse, made_photo
from report import ROOT, arguments, publish, show

#: photos of the small batch, and their size
PHOTOS, BATCH_SIZE = 12, Size(3000, 2000)
#: edges of the tiles that have to give the same picture
EDGES = (256, 512)
GOLDENS = ROOT / "tests" / "golden" / "birefnet"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--model", default="locator", help="the network: a name of `gigamatte models list`, or a file")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 24, 100])
    options = parser.parse_args()
    found = examine()
    devices = ["cpu", *(name for name, why in found["gpus"].items() if not why["why_not"])]
    for name, why in found["gpus"].items():
        if why["why_not"]:
            print(f"skipped: {name}: {why['why_not']}")
    with tempfile.TemporaryDirectory(prefix="gigamatte-device-") as folder:
        photos = {size: written(size, Path(folder)) for size in options.megapixels}
        equal: list[list[Cell]] = [
            [device, *equality(device, options.model, photos[min(photos)]), goldens(device, Path(folder))]
            for device in devices
        ]
        speed = [row for device in devices for row in speeds(device, options, photos, Path(folder))]
    text = "\n\n".join(
        (
            f"Network: {options.model}. Device: {named(found)}. Largest difference to the CPU, levels of 255:",
            show(["device", "cut", f"tiles of {EDGES[0]} against {EDGES[1]}", "BiRefNet's goldens, logits"], equal),
            "Seconds, medians; a Remover that stays open.",
            show(["device", "what", "s", "device MB"], speed),
        )
    )
    publish("device", "Devices", text, options.page)


def named(found: dict[str, object]) -> str:
    """The GPU's name, where there is one."""
    if shutil.which("nvidia-smi") is None:
        return "no GPU"
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip() or str(found["system"])


def written(megapixels: float, folder: Path) -> Path:
    """A made-up photo of so many megapixels: real detail at its own size up to 24, mirrored copies beyond."""
    pixels = min(megapixels, 24.0) * 1e6
    size = Size(round((pixels * 1.5) ** 0.5), round((pixels / 1.5) ** 0.5))
    picture = made_photo(size, strands=40).photo
    if megapixels > 24:
        times = round((megapixels / 24) ** 0.5)
        picture = np.tile(picture, (times, times, 1))
    path = folder / f"{megapixels:g}.jpg"
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return path


def equality(device: str, model: str, photo: Path) -> tuple[int, int]:
    """Largest difference of a device's cut to the CPU's, and of its tile sizes to each other, levels of 255."""
    answers: dict[str, NDArray[np.int32]] = {}
    for name in ("cpu", device):
        with Remover(Options(model=model, device=name, require_device=True, keep_empty=True)) as remover:
            answers[name] = remover.cut(photo).alpha.astype(np.int32)
    made = made_photo(Size(1500, 1000))
    with Remover(Options(device=device, require_device=True)) as remover:
        levels = PhotoLevels(open_photo(made.photo, max_pixels=10**9))
        mask, _ = as_coarse(np.round(coarse(made.alpha, 6) * 255).astype(np.uint8), levels.size(0))
        tiles = []
        for edge in EDGES:
            matte, _ = resolve(mask, levels, remover.tools.refiner(), threads=os.cpu_count() or 1, edge=edge)
            tiles.append(np.rint(alpha_in(matte, matte.size.box) * 255).astype(np.int32))
        levels.close()
    return int(np.abs(answers["cpu"] - answers[device]).max()), int(np.abs(tiles[0] - tiles[1]).max())


def goldens(device: str, folder: Path) -> str:
    """The largest difference of BiRefNet's logits (Swin-T, made-up weights) to the reference network's."""
    weights = MadeUpWeights(GOLDENS / "swin_v1_t.state_dict.json")
    answers = np.load(GOLDENS / "swin_v1_t.logits.npz")
    worst = 0.0
    for case in answers.files:
        order, sides = case.split("_")
        height, width = map(int, sides.split("x"))
        graph = folder / "graph.onnx"
        with graph.open("wb") as file:
            build(weights, BACKBONES["birefnet-swin-t"], Size(width, height), order, file)
        engine, _ = open_engine(graph, device=device, require=True)
        worst = max(worst, float(np.abs(engine.run(golden_input(height, width))[0, 0] - answers[case]).max()))
        precision = engine.precision
        engine.close()
    return f"{worst:.1e} ({precision})"


def speeds(device: str, options: argparse.Namespace, photos: dict[float, Path], folder: Path) -> list[list[Cell]]:
    """Rows of seconds: loading, the network's look, whole cuts, and the batch."""
    rows: list[list[Cell]] = []
    with Watched() as watched:
        began = time.perf_counter()
        with Remover(Options(model=options.model, device=device, require_device=True, keep_empty=True)) as remover:
            remover.process(min(photos.items())[1], folder / "warm.png", overwrite=True)
            rows.append([device, "first cut of all, loading included", time.perf_counter() - began, watched.most])
            for size, path in photos.items():
                receipts = [remover.process(path, folder / "out.png", overwrite=True) for _ in range(options.repeats)]
                for stage in ("network", "matte", "colours", "total"):
                    seconds = statistics.median(receipt.seconds[stage] for receipt in receipts)
                    what = "whole cut" if stage == "total" else stage
                    rows.append([device, f"{size:g} MP: {what}", seconds, watched.most])
    rows.append(
        [device, f"batch, {PHOTOS} photos of {BATCH_SIZE}: a photo", batch(device, options.model, folder), None]
    )
    return rows


def batch(device: str, model: str, folder: Path) -> float:
    """Seconds of a photo in a batch, starting included."""
    source, out = folder / "batch", folder / f"batch-{device}"
    if not source.is_dir():
        source.mkdir()
        picture = cv2.cvtColor(made_photo(BATCH_SIZE, strands=20).photo, cv2.COLOR_RGB2BGR)
        for number in range(PHOTOS):
            cv2.imwrite(str(source / f"{number:02}.jpg"), picture)
    words = ["batch", str(source), str(out), "--model", model, "--device", device, "--keep-empty", "--quiet"]
    began = time.perf_counter()
    subprocess.run([shutil.which("gigamatte") or "gigamatte", *words], check=True)
    return (time.perf_counter() - began) / PHOTOS


@dataclass
class Watched:
    """The most device memory of this process while it is entered, 10⁶ bytes; None without nvidia-smi."""

    most: float | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watched:
        if shutil.which("nvidia-smi") is not None:
            threading.Thread(target=self._look, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _look(self) -> None:
        query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
        while not self._over.wait(0.2):
            said = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
            own = [float(line.split(",")[1]) for line in said if line.split(",")[0].strip() == str(os.getpid())]
            self.most = max([self.most or 0.0, *(megabytes * 1.048576 for megabytes in own)])


if __name__ == "__main__":
    main()
