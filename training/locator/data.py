"""Which pictures the locator is trained on, which are held out, and the compact cache of decoded pixels.

A cache is one folder; each source in it is `NAME.u8` (all pictures' bytes, one after another) and `NAME.json`
(their names, offsets and shapes).  Reading it is a memory map and a slice: no decoding while training.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from training.pictures import read, renders_in

#: uint8 (row, column, RGB), (row, column, RGB + alpha), or with the subjects' numbers as a fifth channel
Pixels = NDArray[np.uint8]

#: sources that are read from picture files of the data folder
PAIRED = (
    "people", "cats", "davis", "pets", "flowers", "things", "animals", "vehicles", "cars", "carparts", "mixed",
    "taught", "voc", "msrc", "sed", "toys80",
)  # fmt: skip
CUT_OUT = ("objects", "emoji")
FILED = (*PAIRED, *CUT_OUT, "backgrounds", "places")
SOURCES = (*FILED, "shapes", "renders")
HELD_OUT_SCENES = frozenset({"camel", "libby", "car-shadow"})
HELD_OUT_EVERY = 10
OBJECT_SIZE = 640
#: longest side that is kept of a photo with a mask: more than a network is shown of it
PHOTO_SIZE = 608
BACKGROUND_SIZE = 1024
SHAPE_ALIKE = "CC BY-SA"


def group_of(source: str, name: str) -> str:
    """What must stay on one side of the split: a scene for davis, a model for objects, else the picture itself."""
    stem = Path(name).stem
    return stem.rpartition("_")[0] if source in ("davis", "objects") else stem


def is_held_out(source: str, name: str) -> bool:
    """True if the picture `name` (a file name) is kept for validation and never trained on."""
    group = group_of(source, name)
    if source == "davis":
        return group in HELD_OUT_SCENES
    if source in ("people", "cats"):
        return int("".join(c for c in group if c.isdigit())) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    modulus = 8 if source == "objects" else HELD_OUT_EVERY
    return zlib.crc32(group.encode()) % modulus == 0


def share_alike(licences: Path) -> frozenset[str]:
    """Names of the backgrounds that `licences` (backgrounds/LICENSES.tsv) records as CC BY-SA."""
    with licences.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return frozenset(row[0] for row in rows if any("BY-SA" in cell.upper() for cell in row[1:]))


def picture_files(data: Path, source: str) -> list[Path]:
    """The files of one source, sorted; never anything under `eval`, no CC BY-SA background."""
    if source == "backgrounds":
        banned = share_alike(data / "backgrounds" / "LICENSES.tsv")
        return [path for path in sorted((data / "backgrounds").glob("*.jpg")) if path.name not in banned]
    if source == "places":
        # some scenes show a tower, some rooms a bed: they serve as backgrounds, not as pictures without a subject
        return sorted((data / "places").glob("*.webp")) + sorted((data / "scenes").glob("*.webp"))
    folder = data / "train" / source
    suffixes = (".webp",) if source in CUT_OUT else (".jpg", ".webp")
    return sorted(path for path in folder.glob("*.*") if path.suffix in suffixes)


def _shrink(image: Pixels, longest: int) -> Pixels:
    scale = longest / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _with_mask(path: Path) -> Pixels:
    colour = _shrink(read(path, cv2.IMREAD_COLOR), PHOTO_SIZE)
    mask = _shrink(read(path.with_suffix(".png"), cv2.IMREAD_GRAYSCALE), PHOTO_SIZE)
    return np.dstack([colour, np.where(mask > 127, 255, 0).astype(np.uint8)])


def _cut_out(path: Path) -> Pixels:
    return _shrink(read(path), OBJECT_SIZE)


def rendered_files(folder: Path) -> Iterator[tuple[str, Pixels]]:
    """(name, RGBA) of the renders in `folder`, without those that the frame cuts off: a flat side would float."""
    for path in renders_in(folder):
        picture = _cut_out(path)
        alpha = picture[..., 3] > 20
        rim = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        if np.count_nonzero(rim) < 0.05 * alpha.shape[0] and np.count_nonzero(alpha) > 400:
            yield path.name, picture


def places_files(folder: Path) -> Iterator[tuple[str, Pixels]]:
    """(name, RGB) of the rendered places in `folder`."""
    return ((path.name, _background(path)) for path in renders_in(folder))


def _background(path: Path) -> Pixels:
    return _shrink(read(path, cv2.IMREAD_COLOR), BACKGROUND_SIZE)


def without_subject(rgba: Pixels, longest: int = 288) -> Pixels:
    """The picture with its subject replaced by its surroundings (push-pull filling), RGB.

    Pyramids of colour x weight are summed until every hole is filled; finer levels count where they have values.
    """
    small = _shrink(rgba, longest)
    hole = cv2.dilate(small[..., 3], np.ones((7, 7), np.uint8))
    weight = np.where(hole > 0, 0, 1).astype(np.float32)[..., None]
    levels = [np.concatenate([small[..., :3].astype(np.float32) * weight, weight], axis=2)]
    while min(levels[-1].shape[:2]) > 1:
        levels.append(cv2.pyrDown(levels[-1]))
    filled = levels[-1][..., :3] / np.maximum(levels[-1][..., 3:], 1e-4)
    for level in reversed(levels[:-1]):
        filled = np.asarray(cv2.resize(filled, level.shape[1::-1], interpolation=cv2.INTER_LINEAR))
        trust = np.clip(level[..., 3:] * 2, 0, 1)
        filled = filled * (1 - trust) + trust * level[..., :3] / np.maximum(level[..., 3:], 1e-4)
    return np.asarray(np.clip(filled, 0, 255), np.uint8)


def reader_of(source: str) -> Callable[[Path], Pixels]:
    """How a file of one source is decoded."""
    return _with_mask if source in PAIRED else _cut_out if source in CUT_OUT else _background


def write_source(cache: Path, source: str, pictures: Iterator[tuple[str, Pixels]]) -> int:
    """Writes one source of the cache; returns the number of pictures."""
    cache.mkdir(parents=True, exist_ok=True)
    index: list[tuple[str, int, list[int]]] = []
    offset = 0
    with (cache / f"{source}.u8").open("wb") as file:
        for name, pixels in pictures:
            file.write(np.ascontiguousarray(pixels).tobytes())
            index.append((name, offset, list(pixels.shape)))
            offset += pixels.size
    (cache / f"{source}.json").write_text(json.dumps(index), encoding="utf-8")
    return len(index)


def build_cache(data: Path, cache: Path, source: str) -> int:
    """Decodes one source of files into the cache; those with masks also give subject-free backgrounds."""
    files = picture_files(data, source)
    reader = reader_of(source)
    if source in PAIRED:
        write_source(cache, f"{source}-empty", ((path.name, without_subject(reader(path))) for path in files))
    return write_source(cache, source, ((path.name, reader(path)) for path in files))


@dataclass(frozen=True)
class Pool:
    """The pictures of one source on one side of the split: uint8 (row, column, RGB or RGBA) each."""

    bytes: NDArray[np.uint8]
    index: tuple[tuple[str, int, tuple[int, ...]], ...]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, at: int) -> Pixels:
        _, offset, shape = self.index[at]
        return self.bytes[offset : offset + int(np.prod(shape))].reshape(shape)

    def draw(self, rng: np.random.Generator) -> Pixels:
        return self[int(rng.integers(len(self)))]


def open_pool(cache: Path, source: str, held_out: bool) -> Pool:
    """Opens one source of the cache, the training side or the held-out side."""
    index = json.loads((cache / f"{source}.json").read_text(encoding="utf-8"))
    origin = source.removesuffix("-empty")
    chosen = tuple((n, o, tuple(shape)) for n, o, shape in index if is_held_out(origin, n) == held_out)
    if not chosen:
        side = "held-out" if held_out else "training"
        raise ValueError(f"source {source!r} has no {side} pictures in {cache}; build the cache again")
    return Pool(np.memmap(cache / f"{source}.u8", np.uint8, "r"), chosen)
