"""Colour under alpha 0: a ring of the nearest colour, white beyond, never the ground, in every division."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, UsageError, cut
from gigamatte.cutout.compose import Composer
from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.containers.png_pixels import write_png
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.under import BITS, EVERY, REACH, STEPS, edged
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.testing.photos import made_photo
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, Size


def by_hand(rgba: NDArray[Any]) -> NDArray[Any]:
    """The same, pixel by pixel."""
    step = 1 << (8 * rgba.itemsize - BITS)
    right, seen = rgba.copy(), rgba[..., 3] > 0
    known, every = seen.copy(), range(len(seen))
    some = [y for y in every if y % EVERY == EVERY // 2]
    turns = [(some, 0, step) for step in STEPS] + [(every, step, 0) for step in STEPS] + [(every, 0, 1)]
    for turn, (rows, down, across) in enumerate(turns):
        sources, found = seen if turn == len(turns) - 1 else known, []
        for y in rows:
            for x in np.flatnonzero(~known[y]):
                for there in ((y - down, x - across), (y + down, x + across)):
                    if 0 <= there[0] < seen.shape[0] and 0 <= there[1] < seen.shape[1] and sources[there]:
                        found.append((y, x, right[*there, :3] // step * step + step // 2))
                        break
        for y, x, colour in found:
            right[y, x, :3], known[y, x] = colour, True
    return right


def drawn(rgba: NDArray[Any], heights: list[int], tile: int) -> NDArray[Any]:
    top, parts = 0, []
    for height in heights:
        parts.append((rgba[top : top + height].copy(), Box(0, top, rgba.shape[1], height)))
        top += height
    with Pool(2) as pool:
        spans = lambda box: [(at, min(at + tile, box.width)) for at in range(0, box.width, tile)]  # noqa: E731
        return np.concatenate([strip for strip, _ in edged(parts, spans, pool)])


@pytest.mark.parametrize("heights", [[40], [1] * 40, [3, 17, 1, 1, 18], [16, 16, 8]])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_division_gives_the_same_colours(heights: list[int], dtype: Any) -> None:
    chance = np.random.default_rng(len(heights))
    rgba = chance.integers(1, 200, (40, 50, 4)).astype(dtype)
    rgba[chance.random((40, 50)) < 0.99] = (255, 255, 255, 0)
    for tile in (7, 16, 50):
        assert np.array_equal(drawn(rgba, heights, tile), by_hand(rgba))


def test_the_ring_is_thin_and_holds_colours_that_are_seen_alone() -> None:
    rgba = np.full((60, 60, 4), (255, 255, 255, 0), np.uint8)
    for number, (y, x) in enumerate([(20, 30), (21, 31), (22, 32), (40, 12)]):
        rgba[y, x] = (number * 16 + 3, 0, 15, 9)
    ring = drawn(rgba, [60], 60)
    seen = rgba[..., 3] > 0
    near = cv2.dilate(seen.view(np.uint8), np.ones((2 * REACH + 1,) * 2, np.uint8)) > 0
    assert (ring[~near] == (255, 255, 255, 0)).all()
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    beside = (cv2.dilate(seen.view(np.uint8), cross) > 0) & ~seen
    colours = {(number * 16 + 8, 8, 8, 0) for number in range(4)}
    assert set(map(tuple, ring[beside])) == colours
    assert set(map(tuple, ring[near & ~seen])) == {*colours, (255, 255, 255, 0)}
    assert np.array_equal(ring[seen], rgba[seen])


def test_a_picture_lower_than_a_step_has_its_ring() -> None:
    rgba = np.full((2, 9, 4), (255, 255, 255, 0), np.uint8)
    rgba[1, 4] = (10, 20, 30, 255)
    assert np.array_equal(drawn(rgba, [1, 1], 9), by_hand(rgba))
    assert (drawn(rgba, [2], 9)[0, 4] == (8, 24, 24, 0)).all()


@pytest.fixture(scope="module")
def scene() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    made = made_photo(Size(420, 310), seed=5)
    # red is a ground that nothing of the subject holds
    red = np.array([250, 10, 10], np.float32)
    photo = made.alpha[..., None] * made.foreground * 255 * [0.5, 1, 1] + (1 - made.alpha[..., None]) * red
    return np.rint(photo).astype(np.uint8), np.rint(made.alpha * 255).astype(np.uint8)


@pytest.mark.parametrize("only", ["cutout", "foreground"])
def test_tiles_of_any_size_give_the_same_ring(scene: Any, only: Any) -> None:
    photo, mask = scene
    rings = []
    with PhotoLevels(open_photo(photo, max_pixels=10**7)) as levels:
        for tile in (64, 128, 256):
            matte = as_matte(mask / np.float32(255), 8, tile)
            front = Foreground(levels, as_matte(mask / np.float32(255), 8, 64))
            for frame in (Box(0, 0, 420, 310), Box(50, 41, 300, 240)):
                composer = Composer(levels, matte, front, frame, only)
                strips = list(composer.strips())
                whole = np.concatenate(strips)
                assert whole.shape[2] == composer.bands
                alpha = mask[frame.slices()]
                if only == "cutout":
                    plain = whole.copy()
                    plain[alpha == 0] = (255, 255, 255, 0)
                    assert np.array_equal(whole, by_hand(plain))
                near = cv2.dilate(alpha, np.ones((2 * REACH + 1,) * 2))
                rings.append((frame, (near > 0) & (alpha == 0), whole))
    far = ~rings[0][1] & (mask == 0)
    assert (rings[0][2][far][:, :3] == 255).all()
    assert not (np.abs(rings[0][2][..., :3].astype(int) - [250, 10, 10]).max(2) < 30)[mask == 0].any()


def test_words(scene: Any) -> None:
    with pytest.raises(UsageError, match="under is one of edge, white, black; found 'red'"):
        Options(under="red")  # type: ignore[arg-type]


def halved_by_opencv(path: Path, _folder: Path) -> NDArray[Any]:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    small = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGRA2RGBA if small.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def halved_by_libvips(path: Path, _folder: Path) -> NDArray[Any]:
    return pyvips.Image.new_from_file(str(path), revalidate=True).resize(0.5).numpy()


def halved_by_ffmpeg(path: Path, folder: Path) -> NDArray[Any]:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed").get_ffmpeg_exe()
    small = folder / "small.png"
    words = ["-loglevel", "error", "-y", "-i", str(path), "-vf", "scale=iw/2:ih/2", str(small)]
    subprocess.run([ffmpeg, *words], check=True)
    return np.asarray(Image.open(small))


@pytest.mark.parametrize(
    ("halved", "suffix"),
    [
        (halved_by_opencv, "png"),
        (halved_by_opencv, "webp"),
        (halved_by_libvips, "png"),
        (halved_by_libvips, "tif"),
        (halved_by_ffmpeg, "png"),
        (halved_by_ffmpeg, "tif"),  # tiles were zeros to it
    ],
)
def test_halved_without_regard_to_alpha_the_edge_is_right(halved: Any, suffix: str, tmp_path: Path) -> None:
    """Halved, then laid on white: at most 3 levels from laid on white, then halved."""
    large = np.zeros((2080, 2800), np.float32)
    cv2.ellipse(large, (1400, 1040), (800, 600), 20, 0, 360, 1, -1)
    alpha = cv2.resize(cv2.GaussianBlur(large, (0, 0), 3), (700, 520), interpolation=cv2.INTER_AREA)[..., None]
    front = made_photo(Size(700, 520), seed=5).foreground * 255
    photo = np.rint(alpha * front + (1 - alpha) * np.float32([250, 10, 10])).astype(np.uint8)
    whole, wrong = tmp_path / f"a.{suffix}", {}
    for under in ("edge", "black"):
        options = Options(refine="off", under=under)  # type: ignore[arg-type]
        cut(photo, options, mask=np.rint(alpha[..., 0] * 255).astype(np.uint8)).save(whole, overwrite=True)
        wrong[under] = float(at_the_edge(whole, halved).max())
    assert wrong["edge"] <= 3
    assert wrong["edge"] < wrong["black"]


def at_the_edge(whole: Path, halved: Any) -> NDArray[Any]:
    """How far a file's half-transparent pixels are off, each channel: halved, laid on white; laid on white, halved."""
    laid = whole.with_name("laid.png")
    pixels = np.asarray(Image.open(whole), np.float32)
    seen = pixels[..., 3:] / 255
    Image.fromarray(np.rint(pixels[..., :3] * seen + 255 * (1 - seen)).astype(np.uint8)).save(laid)
    small, right = (halved(path, whole.parent).astype(np.float32) for path in (whole, laid))
    weight = small[..., 3:] / 255
    found = small[..., :3] * weight + 255 * (1 - weight)
    wrong: NDArray[Any] = np.abs(found - right[..., :3])[(small[..., 3] > 0) & (small[..., 3] < 255)]
    return wrong


@pytest.mark.parametrize("halved", [halved_by_opencv, halved_by_libvips, halved_by_ffmpeg])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_halved_other_smooth_pictures_of_odd_sizes_are_right(halved: Any, seed: int, tmp_path: Path) -> None:
    size = Size(501 + 2 * seed, 323 + seed)
    large = np.zeros((4 * size.height, 4 * size.width), np.float32)
    cv2.ellipse(large, (1000, 640), (700, 430 + 40 * seed), 30 * seed, 0, 360, 1, -1)
    cv2.circle(large, (900 + 40 * seed, 600), 200, 0, -1)
    alpha = cv2.resize(
        cv2.GaussianBlur(large, (0, 0), 3 + seed), (size.width, size.height), interpolation=cv2.INTER_AREA
    )
    made = made_photo(size, seed=seed)
    mixed = alpha[..., None] * made.foreground + (1 - alpha[..., None]) * made.background
    mask = np.rint(alpha * 255).astype(np.uint8)
    cut(np.rint(mixed * 255).astype(np.uint8), Options(refine="off"), mask=mask).save(tmp_path / "a.png")
    assert float(at_the_edge(tmp_path / "a.png", halved).max()) <= 3


def test_among_hair_the_ring_is_as_wide_as_a_wide_kernel_needs(tmp_path: Path) -> None:
    """The white beyond a ring of 3 pixels reached libvips' halved hair: 1.19 levels off on average."""
    made = made_photo(Size(700, 520), seed=7)
    mask = np.rint(made.alpha * 255).astype(np.uint8)
    cut(made.photo, Options(refine="off"), mask=mask).save(tmp_path / "a.png")
    wrong = at_the_edge(tmp_path / "a.png", halved_by_libvips)
    assert float(wrong.mean()) <= 0.85
    assert float(np.percentile(wrong, 99)) <= 6


def test_a_ring_around_leaves_takes_little_room() -> None:
    """With all of their bits its colours made this picture of leaves, and little else, 2.9 % larger."""
    chance, size = np.random.default_rng(3), Size(600, 400)
    colour, alpha = np.full((*size.shape, 3), 255, np.float32), np.zeros(size.shape, np.uint8)
    for _ in range(60):
        leaf, middle = np.zeros(size.shape, np.uint8), chance.integers(0, (600, 400)).tolist()
        axes, turn = chance.integers((20, 8), (40, 20)).tolist(), float(chance.uniform(0, 180))
        cv2.ellipse(leaf, middle, axes, turn, 0, 360, 255, -1, cv2.LINE_AA)
        leaf = cv2.GaussianBlur(leaf, (0, 0), 0.6)  # type: ignore[assignment]
        colour[leaf > 0] = chance.uniform((20, 70, 10), (110, 190, 70))
        alpha = np.maximum(alpha, leaf)
    photo = np.clip(colour + chance.normal(0, 3, colour.shape), 0, 255)
    plain = np.dstack([np.where(alpha[..., None] > 0, photo, 255), alpha]).astype(np.uint8)
    sizes = []
    for picture in (plain, drawn(plain, [400], 600)):
        file = io.BytesIO()
        write_png([picture], Raster(size, 4, 8), file, icc=None, carried=Carried(), threads=1)
        sizes.append(file.tell())
    assert sizes[0] < sizes[1] <= 1.02 * sizes[0]


def test_a_ring_around_hair_takes_no_room(tmp_path: Path) -> None:
    """The nearest colours made this file 8 % larger: other ones in each row are noise to a packer."""
    made, chance = made_photo(Size(700, 520), seed=7, strands=300), np.random.default_rng(7)
    photo = np.clip(made.photo + chance.normal(0, 3, made.photo.shape), 0, 255).astype(np.uint8)
    for under in ("white", "edge"):
        options = Options(refine="off", under=under)  # type: ignore[arg-type]
        cut(photo, options, mask=np.rint(made.alpha * 255).astype(np.uint8)).save(tmp_path / f"{under}.png")
    assert (tmp_path / "edge.png").stat().st_size <= (tmp_path / "white.png").stat().st_size
