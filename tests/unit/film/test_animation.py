"""APNG and GIF are written frame by frame; programs that read them see every frame as it was."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gigamatte.film.animation_frames import LONGEST, merged, write_apng, write_gif


def pictures(mode: str, count: int = 7) -> list[Image.Image]:
    """A square that moves, and stands still for two frames; see-through where the mode has alpha."""
    found = []
    for number in range(count):
        pixels = np.zeros((40, 60, 4), np.uint8)
        at = 4 * min(number, 3)
        pixels[10:20, at : at + 10] = (200, 40, 10, 255)
        pixels[12:14, at : at + 4] = (0, 90, 200, 120)
        if number == count - 1:
            pixels[30:] = (1, 2, 3, 4)
        found.append(Image.fromarray(pixels).convert(mode))
    return found


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_an_apng_is_exact(mode: str) -> None:
    frames, durations = pictures(mode), [40, 50, 60, 70, 80, 90, 100]
    file = io.BytesIO()
    write_apng(merged(frames, durations), file, loop=3)
    file.seek(0)
    with Image.open(file) as read:
        assert (read.n_frames, read.info["loop"]) == (5, 3)
        seen = [(frame.info["duration"], np.asarray(frame.convert(mode))) for frame in ImageSequence.Iterator(read)]
    assert [duration for duration, _ in seen] == [40, 50, 60, 70 + 80 + 90, 100]
    for (_, pixels), frame in zip(seen, [*frames[:4], frames[6]], strict=True):
        assert np.array_equal(pixels, np.asarray(frame))


def test_another_reader_sees_the_same_apng() -> None:
    av = pytest.importorskip("av")
    frames = pictures("RGBA")
    file = io.BytesIO()
    write_apng(merged(frames, [40] * 7), file, loop=0)
    file.seek(0)
    with av.open(file, format="apng") as box:
        seen = [frame.to_ndarray(format="rgba") for frame in box.decode(video=0)]
    for pixels, frame in zip(seen, [*frames[:4], frames[6]], strict=True):
        assert np.array_equal(pixels, np.asarray(frame))


def test_a_gif_is_seen_alike_by_two_readers() -> None:
    av = pytest.importorskip("av")
    frames = []
    for number in range(5):
        values = np.full((30, 40), 255, np.uint8)
        values[5:15, 6 * number : 6 * number + 8] = number
        frame = Image.frombytes("P", (40, 30), values.tobytes())
        frame.putpalette(list(itertools.chain.from_iterable((7 * n % 256, 200, n) for n in range(256))))
        frame.info["transparency"] = 255
        frames.append(frame)
    file = io.BytesIO()
    write_gif(merged(frames, [50, 40, 30, 20, 100]), file, loop=2)
    file.seek(0)
    with Image.open(file) as read:
        assert (read.n_frames, read.info["loop"]) == (5, 1)
        seen = [(one.info["duration"], np.asarray(one.convert("RGBA"))) for one in ImageSequence.Iterator(read)]
    assert [duration for duration, _ in seen] == [50, 40, 30, 20, 100]
    file.seek(0)
    with av.open(file, format="gif") as box:
        others = [frame.to_ndarray(format="rgba") for frame in box.decode(video=0)]
    assert len(others) == 5
    for number, ((_, pixels), other) in enumerate(zip(seen, others, strict=True)):
        inside = np.zeros((30, 40), bool)
        inside[5:15, 6 * number : 6 * number + 8] = True
        for alpha in (pixels[..., 3], other[..., 3]):
            assert np.array_equal(alpha > 0, inside)  # no ghost of the frame before
        assert set(map(tuple, pixels[inside][:, :3])) == {(7 * number, 200, number)}
        assert set(map(tuple, other[inside][:, :3])) == {(7 * number, 200, number)}


def test_a_frame_is_not_shown_longer_than_can_be_said() -> None:
    frame = Image.new("L", (4, 4))
    found = [duration for _, duration in merged([frame] * 5, [20_000] * 5)]
    assert found == [60_000, 40_000]
    assert max(found) <= LONGEST


def test_frames_are_taken_one_after_another() -> None:
    """None is read before the one before was written: two are held at a time."""
    file, sizes = io.BytesIO(), list[int]()

    def given() -> Iterator[Image.Image]:
        for number in range(20):
            sizes.append(len(file.getvalue()))
            yield Image.fromarray(np.random.default_rng(number).integers(0, 255, (64, 64, 4), np.uint8))

    write_apng(merged(given(), [40] * 20), file, loop=0)
    assert sizes[-1] > 16 * 64 * 64 * 4
