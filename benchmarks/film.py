"""Films against the same frames as stills: flicker (dtSSD), IoU, CPU seconds a frame, and memory.

    python benchmarks/film.py --renders FOLDER --grounds FOLDER [--davis FOLDER] [--speed] [--memory 100 300]

Scenes are made of renders with exact alpha that move over grounds that stand still (a talking head) or move with the
hand that holds the camera, with a sensor's noise, through H.264. dtSSD: Erofeev et al., 2015. What is a still is cut as
a photo of its own. ``--speed`` runs ``gigamatte cut`` on the film and ``gigamatte batch`` on its frames, each in a
process of its own. ``--memory`` cuts films of so many frames; it is that of all processes (PSS).
"""

from __future__ import annotations

import argparse
import itertools
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.table import Cell, markdown_table
from gigamatte.film.cutting import FilmCutting
from gigamatte.film.library import pyav
from gigamatte.film.reading import open_film
from gigamatte.film.types import Frame, Span
from gigamatte.options import Options
from gigamatte.tools import Tools
from processes import most_memory
from report import arguments, publish

Pixels = NDArray[np.uint8]
Alpha = NDArray[np.float32]
RATE = 25
HELD_OUT = ("camel", "libby", "car-shadow")


@dataclass(frozen=True)
class Scene:
    """A film of frames (row, column, RGB) and their true alphas in [0, 1], where they are known.

    ``places``: affine (3, 3) of each frame, from pixels of the subject to those of the frame; none of real scenes.
    """

    name: str
    frames: list[Pixels]
    truth: list[Alpha]
    places: tuple[NDArray[np.float64], ...] = ()

    def moved(self, first: Alpha) -> list[Alpha]:
        """The first frame's alpha in all frames, moved exactly as the subject was."""
        size = first.shape[1], first.shape[0]
        ways = [place @ np.linalg.inv(self.places[0]) for place in self.places]
        return [np.clip(cv2.warpAffine(first, way[:2], size, flags=cv2.INTER_CUBIC), 0, 1) for way in ways]


def dtssd(found: Sequence[Alpha], truth: Sequence[Alpha]) -> float:
    """Square root of the mean squared error of changes from frame to frame, × 100."""
    errors = [
        np.mean(((b - a) - (truth[at + 1] - truth[at])) ** 2) for at, (a, b) in enumerate(itertools.pairwise(found))
    ]
    return float(np.mean(np.sqrt(errors)) * 100)


def iou(found: Sequence[Alpha], truth: Sequence[Alpha]) -> float:
    """Mean intersection over union at one half."""
    each = [
        ((a > 0.5) & (b > 0.5)).sum() / max(1, ((a > 0.5) | (b > 0.5)).sum()) for a, b in zip(found, truth, strict=True)
    ]
    return float(np.mean(each))


def picture(path: Path, how: int) -> Any:
    """A picture's pixels, as OpenCV orders them."""
    return cv2.imread(str(path), how)


def composite(
    render: Path, ground: Path, width: int, height: int, frames: int, tall: float, *, handheld: bool
) -> Scene:
    """A subject that moves a little before a camera on its stand, or more, before one in a hand.

    ``tall``: its height, as a part of the frame's.
    """
    rgba = picture(render, cv2.IMREAD_UNCHANGED)
    rgba = rgba[..., :4] if rgba.dtype == np.uint8 else (rgba >> 8).astype(np.uint8)
    behind = picture(ground, cv2.IMREAD_COLOR)
    scale = max(1.2 * width / behind.shape[1], 1.2 * height / behind.shape[0])
    behind = cv2.resize(
        behind, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    subject = rgba.astype(np.float32)
    subject[..., :3] *= subject[..., 3:] / 255
    fit = tall * height / rgba.shape[0]
    soft = cv2.GaussianBlur(subject, (0, 0), 0.5 / fit)
    random = np.random.default_rng(7)
    shown, truth, places = [], [], []
    for number in range(frames):
        phase = 2 * np.pi * number / 40
        much = 1.0 if handheld else 0.15
        sway, nod = much * 0.03 * width * np.sin(phase), much * 0.01 * height * np.sin(2 * phase)
        angle = np.radians(much * 2 * np.sin(phase))
        c, s = fit * np.cos(angle), fit * np.sin(angle)
        x = width / 2 + sway - (c * rgba.shape[1] - s * rgba.shape[0]) / 2
        y = height * 0.55 + nod - (s * rgba.shape[1] + c * rgba.shape[0]) / 2
        place = np.array([[c, -s, x], [s, c, y]])
        places.append(np.vstack([place, [0, 0, 1]]))
        laid = cv2.warpAffine(soft, place, (width, height), flags=cv2.INTER_LINEAR)
        left = 0.1 * width * (1 + np.sin(2 * np.pi * number / 55)) if handheld else 0.1 * width
        top = 0.1 * height * (1 + np.sin(2 * np.pi * number / 35)) if handheld else 0.1 * height
        part = cv2.warpAffine(behind, np.array([[1, 0, -left], [0, 1, -top]]), (width, height), flags=cv2.INTER_LINEAR)
        alpha = laid[..., 3:] / 255
        noisy = laid[..., :3] + part * (1 - alpha) + random.normal(0, 1.5, part.shape)
        shown.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)[..., ::-1].copy())
        truth.append(np.clip(alpha[..., 0], 0, 1).astype(np.float32))
    kind = "hand-held" if handheld else "talking head"
    return Scene(f"{render.stem.split('_')[0]}, {kind}", shown, truth, tuple(places))


def davis(folder: Path, name: str, most: int) -> Scene:
    """A held-out scene: real frames, three frames apart, ``most`` of them, with masks by hand."""
    files = sorted(folder.glob(f"{name}_*.jpg"))[:most]
    frames = [picture(path, cv2.IMREAD_COLOR)[..., ::-1].copy() for path in files]
    masks = [picture(path.with_suffix(".png"), cv2.IMREAD_GRAYSCALE) for path in files]
    return Scene(f"DAVIS {name}", frames, [(mask > 127).astype(np.float32) for mask in masks])


def written(frames: Iterable[Pixels], path: Path, quality: int = 16) -> Path:
    """The frames as an H.264 film."""
    av = pyav()
    box = av.open(str(path), "w")
    stream = box.add_stream("libx264", rate=RATE, options={"crf": str(quality), "preset": "veryfast"})
    stream.pix_fmt = "yuv420p"
    for pixels in frames:
        if not stream.codec_context.is_open:
            stream.height, stream.width = pixels.shape[:2]
        box.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
    box.mux(stream.encode())
    box.close()
    return path


def cut(frames: Iterator[Frame], tools: Tools, *, alone: bool) -> tuple[list[Alpha], float, FilmCutting]:
    """(alphas in [0, 1], CPU seconds a frame, what cut them)."""
    cutting = FilmCutting(tools.options, tools, alone=alone)
    alphas, before = list[Alpha](), cpu()
    for frame in frames:
        with cutting.cut(frame, lambda _stage, _fraction: None) as cutout:
            alphas.append(np.float32(1 / 255) * cutout.alpha.astype(np.float32))
    return alphas, (cpu() - before) / max(1, len(alphas)), cutting


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    """CPU seconds, user and system."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def flicker(scenes: Sequence[Scene], through_film: bool) -> str:
    """A table: dtSSD and IoU of films and of stills."""
    head = (
        "scene", "frames", "dtSSD stills", "first still, moved exactly", "film", "film / stills", "IoU stills", "film",
        "CPU s a frame, stills", "film",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory() as folder:
        tools = Tools(Options())
        for scene in scenes:
            frames = [Frame(Fraction(n, RATE), one, Fraction(1, RATE)) for n, one in enumerate(scene.frames)]
            if through_film and not scene.name.startswith("DAVIS"):
                source = open_film(written(scene.frames, Path(folder) / "film.mp4"), max_pixels=10**9)
                frames = list(source.frames(Span()))
            still, seconds_still, _ = cut(iter(frames[:1]), tools, alone=True)  # loads the network
            still, seconds_still, _ = cut(iter(frames), tools, alone=True)
            film, seconds_film, cutting = cut(iter(frames), tools, alone=False)
            one, other = dtssd(still, scene.truth), dtssd(film, scene.truth)
            found = f"{iou(still, scene.truth):.4f}", f"{iou(film, scene.truth):.4f}"
            moved = f"{dtssd(scene.moved(still[0]), scene.truth):.3f}" if scene.places else "–"
            changes = f"{one:.3f}", moved, f"{other:.3f}", f"{other / one:.2f}"
            row: list[Cell] = [
                scene.name, len(frames), *changes, *found, f"{seconds_still:.2f}", f"{seconds_film:.2f}",
            ]  # fmt: skip
            rows.append(row)
            print(*row, f"tiles {cutting.done} done {cutting.kept} kept, {cutting.cuts} cuts", flush=True)
        tools.close()
    return markdown_table(head, rows)


def speed(scenes: Sequence[Scene]) -> str:
    """A table: CPU seconds a frame of ``cut`` of a film and of ``batch`` of its frames."""
    head = ("scene", "frames", "CPU s a frame, batch", "cut of the film", "ratio")
    rows: list[list[Cell]] = []
    for scene in scenes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = written(scene.frames, folder / "film.mp4")
            stills = folder / "stills"
            stills.mkdir()
            for number, frame in enumerate(open_film(source, max_pixels=10**9).frames(Span())):
                assert isinstance(frame.pixels, np.ndarray)
                cv2.imwrite(str(stills / f"{number:05d}.png"), frame.pixels[..., ::-1])
            command = [sys.executable, "-m", "gigamatte"]
            seconds = [
                ran([*command, "batch", str(stills), str(folder / "out")]),
                ran([*command, "cut", str(source), "-o", str(folder / "film.webm"), "-q"]),
            ]
            count = len(scene.frames)
            each = (f"{one / count:.2f}" for one in seconds)
            row: list[Cell] = [scene.name, count, *each, f"{seconds[0] / seconds[1]:.1f}"]
            rows.append(row)
            print(*row, flush=True)
    return markdown_table(head, rows)


def ran(command: Sequence[str]) -> float:
    """CPU seconds of a process and its children."""
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    return cpu(resource.RUSAGE_CHILDREN) - before


def memory(scene: Scene, counts: Sequence[int], suffix: str) -> str:
    """A table: the most memory that ``cut`` and the processes that it starts take for films of so many frames."""
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in counts:
            many = (scene.frames[n % len(scene.frames)] for n in range(count))
            source, target = written(many, folder / f"{count}.mp4"), folder / f"{count}.cut{suffix}"
            ground = ["--background", "white"] if suffix == ".mp4" else []
            command = [sys.executable, "-m", "gigamatte", "cut", str(source), "-o", str(target), *ground, "-q"]
            rows.append([count, suffix, f"{most_memory(command):.0f}"])
            print(*rows[-1], flush=True)
    return markdown_table(("frames", "written as", "most memory, MB"), rows)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--renders", type=Path, help="folder of RGBA pictures with exact alpha")
    parser.add_argument("--grounds", type=Path, help="folder of photos without a subject")
    parser.add_argument("--davis", type=Path, help="folder of DAVIS frames, NAME_00000.jpg and .png")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--subject", type=float, default=0.85, help="its height, as a part of the frame's")
    parser.add_argument("--memory", type=int, nargs="+", default=(), metavar="FRAMES")
    parser.add_argument("--written", default=".webm", help="suffix of what --memory writes")
    options = parser.parse_args()
    tables = []
    scenes = [davis(options.davis, name, options.frames) for name in HELD_OUT] if options.davis else []
    made = composites(options) if options.renders and options.grounds else []
    if not options.memory and not options.speed:
        tables.append(flicker([*scenes, *made], through_film=True))
    if options.speed:
        tables.append(speed(made))
    if options.memory:
        tables.append(memory(made[0], options.memory, options.written))
    publish("film", "Films", "\n\n".join(tables), options.page)


def composites(options: argparse.Namespace) -> list[Scene]:
    """Each render over a ground that stands still and over one that moves."""
    grounds = sorted(path for path in options.grounds.iterdir() if path.suffix in (".jpg", ".png"))
    renders = sorted(options.renders.glob("*.png"))
    size = options.width, options.height, options.frames, options.subject
    return [
        composite(render, grounds[(5 * at) % len(grounds)], *size, handheld=handheld)
        for at, render in enumerate(renders)
        for handheld in (False, True)
    ]


if __name__ == "__main__":
    main()
