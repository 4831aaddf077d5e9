"""Strips on their way to libvips: the same pixels for every size, number of bands and depth, and in bounded memory."""

import contextlib
import threading

import numpy as np
import pytest
import pyvips

from gigamatte.cutout.stream import PIECE, WAITING, ReaderGone, StripStream, header
from gigamatte.types import Size


def fed(stream: StripStream, picture: np.ndarray, rows: int) -> threading.Thread:
    def feed() -> None:
        with contextlib.suppress(ReaderGone):
            for top in range(0, len(picture), rows):
                stream.put(picture[top : top + rows])
            stream.finish()

    thread = threading.Thread(target=feed)
    thread.start()
    return thread


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [Size(1, 1), Size(7, 5), Size(333, 700), Size(70_000, 3)], ids=str)
def test_pixels_arrive_as_they_were(size: Size, bands: int, bits: int) -> None:
    dtype = np.uint8 if bits == 8 else np.uint16
    picture = np.random.default_rng(1).integers(0, 1 << bits, (*size.shape, bands), dtype=dtype)
    stream = StripStream(size, bands, bits)
    thread = fed(stream, picture, 97)
    image = stream.image()
    named = {1: ("b-w", "grey16"), 2: ("b-w", "grey16"), 3: ("srgb", "rgb16"), 4: ("srgb", "rgb16")}
    assert image.interpretation == named[bands][bits == 16]
    assert not {"orientation", "n-pages", "resolution-unit"} & set(image.get_fields())
    np.testing.assert_array_equal(image.numpy().reshape(picture.shape), picture)
    thread.join()


def test_a_stream_that_is_given_up_is_an_error_for_its_reader() -> None:
    stream = StripStream(Size(300, 700), 4, 8)
    stream.put(np.zeros((300, 300, 4), np.uint8))
    stream.abandon()
    with pytest.raises(pyvips.Error):
        stream.image().numpy()


def test_whoever_puts_strips_hears_that_nobody_reads() -> None:
    stream = StripStream(Size(1000, 10_000), 4, 8)
    stream.reader_is_gone()
    with pytest.raises(ReaderGone):
        stream.put(np.zeros((1000, 1000, 4), np.uint8))


@pytest.mark.parametrize(
    "strip", [np.zeros((5, 9, 4), np.uint8), np.zeros((5, 8, 4), np.uint16), np.zeros((11, 8, 4), "u1")]
)
def test_strips_that_do_not_fit_and_rows_that_are_missing(strip: np.ndarray) -> None:
    stream = StripStream(Size(8, 10), 4, 8)
    with pytest.raises(ValueError, match="does not fit"):
        stream.put(strip)
    with pytest.raises(ValueError, match="0 rows"):
        stream.finish()


def test_of_a_large_strip_only_pieces_wait() -> None:
    """A wide picture's strip is larger than what may wait: its pieces are copies, which hold nothing else."""
    width = (WAITING + 1) * PIECE // (4 * 64)
    strip = np.zeros((64, width, 4), np.uint8)
    stream = StripStream(Size(width, 64), 4, 8)
    thread = fed(stream, strip, 64)
    waiting = stream._queue.get()
    assert waiting is not None
    assert waiting.base is None
    assert waiting.nbytes <= PIECE
    stream.reader_is_gone()
    thread.join()


def test_a_header_says_where_every_strip_lies_however_many_there_are() -> None:
    made = header(Size(300_000, 200_000), 4, 16)
    assert len(made) < 5_000_000
    assert made[:4] in (b"II\x2b\0", b"MM\0\x2b")
