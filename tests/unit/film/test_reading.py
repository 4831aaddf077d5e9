"""Films are read with their own times, upright, in the colours that they mean."""

from __future__ import annotations

import itertools
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.film.films import BASE, UNEVEN, disc, frames_of, moving, write_film

from gigamatte.errors import BudgetExceeded, MissingInput, UnsupportedInput, UsageError
from gigamatte.film.kinds import is_pattern, kind_of, members, numbered
from gigamatte.film.reading import is_film, open_film
from gigamatte.film.types import Span

av = pytest.importorskip("av")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_every_frame_keeps_its_own_time(tmp_path: Path, suffix: str) -> None:
    film = write_film(tmp_path / f"film{suffix}", moving())
    found = [frame.time for frame in frames_of(film)]
    unit = Fraction(1, 1000) if suffix == ".mkv" else BASE
    assert found == [round(time * BASE / unit) * unit for time in UNEVEN]


def test_a_frame_is_shown_until_the_next_one(tmp_path: Path) -> None:
    shown = frames_of(write_film(tmp_path / "film.mp4", moving()))
    assert len(shown) == len(UNEVEN)
    for frame, following in itertools.pairwise(shown):
        assert frame.time + frame.duration == following.time


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(start=0.1), UNEVEN[3:]),
        (Span(end=0.1), UNEVEN[:3]),
        (Span(every=3), UNEVEN[::3]),
        (Span(start=0.05, end=0.2, every=2), UNEVEN[2:6:2]),
    ],
)
def test_a_part_of_a_film(tmp_path: Path, span: Span, expected: tuple[int, ...]) -> None:
    film = write_film(tmp_path / "film.mp4", moving())
    assert [frame.time for frame in frames_of(film, span)] == [time * BASE for time in expected]


def test_frames_that_are_skipped_are_those_that_were_finished(tmp_path: Path) -> None:
    source = open_film(write_film(tmp_path / "film.mp4", moving()), max_pixels=10**8)
    span = Span(every=2)
    assert [one.time for one in source.frames(span, 2)] == [one.time for one in source.frames(span)][2:]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_phone_film_is_turned_upright(tmp_path: Path, quarters: int) -> None:
    """PyAV does not turn the picture: the display matrix says how."""
    film = write_film(tmp_path / "film.mp4", [disc(20)] * 2)
    upright = frames_of(film)[0].pixels
    _set_matrix(film, quarters)
    turned = frames_of(film)[0].pixels
    assert isinstance(upright, np.ndarray)
    assert np.array_equal(turned, np.rot90(upright, -quarters % 4))
    assert open_film(film, max_pixels=10**8).header.size.shape == turned.shape[:2]


def _set_matrix(film: Path, quarters: int) -> None:
    """Write a display matrix of so many quarter turns clockwise into the track's header (ISO 14496-12, 8.3.2)."""
    data = bytearray(film.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 36
    a, b, c, d = {1: (0, 1, -1, 0), 2: (-1, 0, 0, -1), 3: (0, -1, 1, 0)}[quarters]
    one = 1 << 16
    data[at : at + 36] = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    film.write_bytes(bytes(data))


@pytest.mark.parametrize(("lines", "tag", "matrix"), [(64, None, 601), (720, None, 709), (64, 1, 709), (720, 6, 601)])
def test_untagged_films_are_709_from_720_lines_on(tmp_path: Path, lines: int, tag: int | None, matrix: int) -> None:
    """swscale alone takes them for BT.601, whatever their size."""
    yuv = np.zeros((lines * 3 // 2, 64), np.uint8)
    yuv[:lines], yuv[lines : lines * 5 // 4], yuv[lines * 5 // 4 :] = 110, 90, 190
    film = tmp_path / "film.mp4"
    box = av.open(str(film), "w")
    stream = box.add_stream("libx264", rate=25, options={"qp": "0"})
    stream.width, stream.height, stream.pix_fmt = 64, lines, "yuv420p"
    if tag is not None:
        stream.codec_context.colorspace = tag
    frame = av.VideoFrame.from_ndarray(yuv, "yuv420p")
    frame.colorspace = tag or 2
    box.mux(stream.encode(frame))
    box.mux(stream.encode())
    box.close()
    pixels = frames_of(film)[0].pixels
    assert isinstance(pixels, np.ndarray)
    red, blue = (0.2126, 0.0722) if matrix == 709 else (0.299, 0.114)
    luma, cb, cr = (110 - 16) / 219, (90 - 128) / 224, (190 - 128) / 224
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    g = (luma - red * r - blue * b) / (1 - red - blue)
    assert np.abs(pixels[8, 8].astype(int) - np.rint(np.array([r, g, b]) * 255)).max() <= 2


@pytest.mark.parametrize(
    ("codec", "settings"), [("libvpx-vp9", {"lossless": "1"}), ("libvpx", {"auto-alt-ref": "0", "crf": "4", "b": "4M"})]
)
def test_alpha_of_webm_is_read(tmp_path: Path, codec: str, settings: dict[str, str]) -> None:
    """The usual decoders drop it; only the stream's metadata tells that it is there."""
    ramp = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))
    frame = np.dstack([disc(40), ramp])
    film = tmp_path / "film.webm"
    box = av.open(str(film), "w")
    stream = box.add_stream(codec, rate=25, options=settings)
    stream.width, stream.height, stream.pix_fmt = 96, 64, "yuva420p"
    stream.metadata["alpha_mode"] = "1"
    box.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgba").reformat(format="yuva420p")))
    box.mux(stream.encode())
    box.close()
    (found,) = frames_of(film)
    assert isinstance(found.pixels, np.ndarray)
    assert found.pixels.shape == (64, 96, 4)
    assert np.abs(found.pixels[..., 3].astype(int) - ramp).max() <= (1 if codec == "libvpx-vp9" else 6)


def test_high_dynamic_range_is_said(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", moving(2), transfer=18)
    assert any("HDR (HLG)" in warning for warning in open_film(film, max_pixels=10**8).header.warnings)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    playlist = tmp_path / "film.mp4"
    playlist.write_bytes(b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    with pytest.raises(UnsupportedInput, match="is no film"):
        open_film(playlist, max_pixels=10**8)
    whole = write_film(tmp_path / "whole.mp4", moving()).read_bytes()
    for name, data in (("cut.mp4", whole[: len(whole) // 2]), ("noise.mp4", whole[:64] + bytes(500))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UnsupportedInput):
            list(open_film(tmp_path / name, max_pixels=10**8).frames(Span()))
    with pytest.raises(MissingInput):
        open_film(tmp_path / "none.mp4", max_pixels=10**8)
    with pytest.raises(BudgetExceeded, match="96×64"):
        open_film(write_film(tmp_path / "film.mp4", moving(1)), max_pixels=1000)


@pytest.mark.parametrize("values", [{"start": -1.0}, {"start": 2.0, "end": 1.0}, {"every": 0}, {"fps": 0.0}])
def test_a_part_that_cannot_be(values: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Span(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("suffix", "kind"), [(".webp", "webp"), (".apng", "apng"), (".gif", "gif"), (".avif", "avif")])
def test_animated_pictures_count_time_not_frames(tmp_path: Path, suffix: str, kind: str) -> None:
    """Encoders merge equal frames: three pictures, of which two are the same, are shown for 0.3 s all the same."""
    if suffix == ".avif":
        from PIL import features

        if not features.check("avif"):
            pytest.skip("this Pillow has no AVIF")
    frames = [Image.fromarray(disc(at)) for at in (30, 30, 60)]
    film = tmp_path / f"film{suffix}"
    frames[0].save(
        film, save_all=True, append_images=frames[1:], duration=100, format="PNG" if kind == "apng" else None
    )
    assert kind_of(film) == kind
    found = frames_of(film)
    assert found[-1].time == Fraction(1, 5)
    assert sum(frame.duration for frame in found) == Fraction(3, 10)


def test_sequences(tmp_path: Path) -> None:
    assert is_pattern("shot_%05d.png")
    assert not is_pattern("100%.png")
    for number in (2, 9, 10):
        Image.fromarray(disc(3 * number)).save(tmp_path / f"shot_{number:03d}.png")
    pattern = tmp_path / "shot_%03d.png"
    assert [path.name for path in members(pattern)] == ["shot_002.png", "shot_009.png", "shot_010.png"]
    assert numbered(pattern, 7).name == "shot_007.png"
    assert is_film(pattern)
    assert not is_film(tmp_path)
    assert is_film(tmp_path, fps=10)
    for source in (open_film(pattern, fps=10, max_pixels=10**8), open_film(tmp_path, fps=10, max_pixels=10**8)):
        assert [frame.time for frame in source.frames(Span())] == [0, Fraction(1, 10), Fraction(1, 5)]
    Image.fromarray(disc(1, width=50)).save(tmp_path / "shot_011.png")
    with pytest.raises(UnsupportedInput, match="50×64 pixels, expected 96×64"):
        list(open_film(pattern, max_pixels=10**8).frames(Span()))


def test_photos_are_no_films(tmp_path: Path) -> None:
    for suffix in (".png", ".webp", ".jpg", ".avif"):
        Image.fromarray(disc(1)).save(tmp_path / f"photo{suffix}")
        assert kind_of(tmp_path / f"photo{suffix}") is None
