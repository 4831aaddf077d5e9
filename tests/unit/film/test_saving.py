"""Films are written with their alpha, times and sound; an interrupted run goes on to the same result."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence
from tests.unit.film.films import BASE, UNEVEN, disc, frames_of, moving, write_film

from gigamatte import Cancelled, NoSubject, Options, Remover, UsageError
from gigamatte.film import colour, saving
from gigamatte.film.formats import FilmFormat, plan
from gigamatte.film.types import FilmReceipt, Frame, Progress, Span

av = pytest.importorskip("av")


@pytest.fixture(name="source", scope="module")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", moving(), sound="aac")


def cut(source: Path, target: Path, **how: object) -> FilmReceipt:
    span = {name: how.pop(name) for name in ("start", "end", "every", "fps") if name in how}
    saved = {name: how.pop(name) for name in ("loop", "sticker", "watch", "overwrite") if name in how}
    with Remover(Options(kind="art", threads=1, **how)) as remover:  # type: ignore[arg-type]
        return remover.film(source, **span).save(target, **saved)  # type: ignore[arg-type]


def alphas(source: Path) -> list[np.ndarray]:
    with Remover(Options(kind="art", threads=1)) as remover:
        return [cutout.alpha for _, cutout in remover.film(source)]


def test_a_film_is_an_iterator_of_cutouts_with_times(source: Path) -> None:
    with Remover(Options(kind="art")) as remover:
        moments = list(remover.film(source))
    assert [moment.time for moment in moments] == [float(time * BASE) for time in UNEVEN]
    assert {moment.cutout.size.shape for moment in moments} == {(64, 96)}


def test_hints_in_python(source: Path) -> None:
    with Remover(Options(kind="art")) as remover:
        film = remover.film(source, hints=[{"time": 0, "drop": [[24, 32]]}])
        assert len(list(film)) == len(UNEVEN)
        with pytest.raises(UsageError, match='has "time"'):
            remover.film(source, hints=[{"drop": [[24, 32]]}])


@pytest.mark.parametrize(
    ("name", "within", "unit"),
    [("out.webm", 6, "1/1000"), ("out.mov", 0, "1/15360"), ("out.webp", 0, "1/1000"), ("out.apng", 0, "1/1000")],
)
def test_alpha_and_times_are_those_of_the_frames(
    source: Path, tmp_path: Path, name: str, within: int, unit: str
) -> None:
    cut(source, tmp_path / name)
    found = frames_of(tmp_path / name)
    assert [frame.time for frame in found] == [round(t * BASE / Fraction(unit)) * Fraction(unit) for t in UNEVEN]
    for frame, alpha in zip(found, alphas(source), strict=True):
        assert isinstance(frame.pixels, np.ndarray)
        seen = frame.pixels[..., 3]
        if seen.dtype == np.uint16:
            assert np.array_equal(seen >> 8, alpha)
        else:
            assert np.abs(seen.astype(int) - alpha).max() <= within


@pytest.mark.parametrize("form", get_args(FilmFormat))
def test_what_is_offered_with_alpha_shows_it_when_it_is_read(source: Path, tmp_path: Path, form: FilmFormat) -> None:
    """Many builds drop the alpha of HEVC, and all that of VP9 in MP4, without a word: such a format is not offered."""
    target = tmp_path / ("s_%03d.png" if form == "sequence" else f"out.{form}")
    if form == "mp4":
        with pytest.raises(UsageError, match="MP4 holds no alpha"):
            plan(Options(), target)
        return
    assert plan(Options(), target).alpha
    cut(source, target)
    expected = alphas(source)
    found = [picture_of(one) for one in frames_of(target, Span(fps=25.0) if form == "sequence" else None)]
    assert len(found) == len(expected)
    for pixels, alpha in zip(found, expected, strict=True):
        seen = pixels[..., 3] if pixels.dtype == np.uint8 else (pixels[..., 3] >> 8).astype(np.uint8)
        assert np.abs(seen.astype(int) - (np.where(alpha < 128, 0, 255) if form == "gif" else alpha)).max() <= 6


def picture_of(frame: Frame) -> np.ndarray:
    """Its pixels, those of a file of a sequence as well."""
    if isinstance(frame.pixels, Path):
        with Image.open(frame.pixels) as picture:
            return np.asarray(picture.convert("RGBA"))
    return frame.pixels


@pytest.mark.parametrize(("form", "within"), [("webp", 6.0), ("apng", 0.0)])
def test_an_animated_picture_keeps_the_colours_that_are_seen(
    source: Path, tmp_path: Path, form: str, within: float
) -> None:
    """WebP loses those under alpha 0, even if told to keep them: none of that may show. APNG keeps them."""
    cut(source, tmp_path / f"out.{form}")
    with Remover(Options(kind="art", threads=1)) as remover:
        cutouts = [cutout.rgba() for _, cutout in remover.film(source)]
    for frame, expected in zip(frames_of(tmp_path / f"out.{form}"), cutouts, strict=True):
        pixels, alpha = picture_of(frame), expected[..., 3:] / 255
        for ground in (0, 255):
            laid, wanted = (one[..., :3] * alpha + ground * (1 - alpha) for one in (pixels, expected))
            edge = (alpha[..., 0] > 0) & (alpha[..., 0] < 1)
            assert np.abs(laid - wanted)[edge].mean() <= within
        assert form == "webp" or np.array_equal(pixels, expected)


def test_beside_the_subject_lies_its_colour(source: Path, tmp_path: Path) -> None:
    """Four pixels share chroma: without the subject's colour under alpha 0 its edge would turn grey or green."""
    cut(source, tmp_path / "out.webm")
    with Remover(Options(kind="art", threads=1)) as remover:
        cutouts = [cutout.rgba() for _, cutout in remover.film(source)]
    for frame, cutout in zip(frames_of(tmp_path / "out.webm"), cutouts, strict=True):
        pixels = picture_of(frame)
        alpha = pixels[..., 3]
        lost = np.abs(pixels[..., :3].astype(int) - cutout[..., :3]).mean(axis=2)
        assert lost[(alpha > 64) & (alpha < 255)].mean() <= 4
        away = np.abs(pixels[..., :3].astype(int) - (200, 30, 40)).mean(axis=2)
        near = (alpha == 0) & (cv2.dilate((alpha > 0).view(np.uint8), np.ones((5, 5), np.uint8)) > 0)
        assert np.median(away[near]) <= 16


def test_planes_of_alpha_are_exact() -> None:
    """swscale is off by one for ProRes, and for 128 to 254 in yuva420p."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    pixels = np.dstack([np.full((64, 256, 3), 90, np.uint8), ramp])
    eight = colour.as_frame(pixels, "yuv420p", alpha=True)
    assert np.array_equal(np.frombuffer(eight.planes[3], np.uint8).reshape(64, -1)[:, :256], ramp)
    ten = colour.as_frame(pixels, "yuv444p10le", alpha=True)
    values = np.frombuffer(ten.planes[3], np.uint16).reshape(64, -1)[0, :256]
    assert np.array_equal(values >> 2, ramp[0])
    assert (values[0], values[255]) == (0, 1023)


def test_the_colours_of_a_film_are_kept(source: Path, tmp_path: Path) -> None:
    cut(source, tmp_path / "out.webm")
    found = frames_of(tmp_path / "out.webm")
    assert len(found) == len(alphas(source))
    for frame in found:
        assert isinstance(frame.pixels, np.ndarray)
        inside = frame.pixels[frame.pixels[..., 3] == 255][:, :3].astype(int)
        assert np.abs(np.median(inside, axis=0) - (200, 30, 40)).max() <= 4
        # under alpha 0 beside the subject lies its colour, which chroma shares with its neighbours
        soft = frame.pixels[(frame.pixels[..., 3] > 20) & (frame.pixels[..., 3] < 235)][:, :3].astype(int)
        assert np.abs(soft - (200, 30, 40)).mean() <= 12


@pytest.mark.parametrize(
    ("name", "codec", "how"),
    [("out.webm", "opus", "opus"), ("out.mov", "aac", "copied"), ("out.mp4", "aac", "copied")],
)
def test_sound_is_taken_along(source: Path, tmp_path: Path, name: str, codec: str, how: str) -> None:
    background = "white" if name.endswith("mp4") else None
    assert cut(source, tmp_path / name, background=background).sound == how
    with av.open(str(tmp_path / name)) as box:
        track = box.streams.audio[0]
        assert track.codec_context.name.removeprefix("lib") == codec
        heard = np.concatenate([frame.to_ndarray()[0] for frame in box.decode(track)])
    with av.open(str(source)) as box:
        expected = sum(frame.samples for frame in box.decode(box.streams.audio[0]))
    assert abs(len(heard) - expected) <= 48000 // 30


def test_sound_of_a_part_begins_with_it(source: Path, tmp_path: Path) -> None:
    """The tone is cut where the pictures are, to a frame."""
    cut(source, tmp_path / "out.webm", start=0.1, end=0.2)
    with av.open(str(tmp_path / "out.webm")) as box:
        frames = list(box.decode(box.streams.audio[0]))
    samples = sum(frame.samples for frame in frames)
    assert abs(float(frames[0].pts * frames[0].time_base)) < 1 / 30
    assert abs(samples / 48000 - 0.1) < 1 / 30


def onset(path: Path) -> float:
    """When the tone begins, in seconds."""
    with av.open(str(path)) as box:
        track = box.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        for decoded in box.decode(track):
            for heard in resampler.resample(decoded):
                loud = np.flatnonzero(np.abs(heard.to_ndarray()[0]) > 0.2)
                if loud.size:
                    return float(heard.pts * heard.time_base) + loud[0] / 48_000
    raise AssertionError("no tone")


@pytest.mark.parametrize("name", ["out.webm", "out.mov"])
@pytest.mark.parametrize("start", [0.0, 0.2])
def test_sound_stays_with_the_picture(tmp_path: Path, name: str, start: float) -> None:
    """A tone that begins with a frame begins with it in the result too, to the length of a frame."""
    frames = 24
    times = [512 * number for number in range(frames)]
    begin = float(12 * 512 * BASE)
    film = write_film(tmp_path / "film.mp4", moving(frames, 2), times, sound="aac", silent=begin)
    assert abs(onset(film) - begin) < 0.01
    cut(film, tmp_path / name, start=start)
    shift = float(next(t for t in times if t * BASE >= Fraction(repr(start))) * BASE)
    assert abs(onset(tmp_path / name) - (begin - start)) <= float(512 * BASE)
    first = frames_of(tmp_path / name)[0].time
    assert abs(float(first) - (shift - start)) < 0.002


def test_sound_that_cannot_be_kept_is_said(source: Path, tmp_path: Path) -> None:
    receipt = cut(source, tmp_path / "out.webp")
    assert receipt.warnings == ("the film's sound (aac) is left out: WebP holds none",)


def test_mp4_with_alpha_is_refused(source: Path, tmp_path: Path) -> None:
    """It would be written without a word, and the alpha be gone."""
    with pytest.raises(UsageError, match="MP4 holds no alpha"):
        cut(source, tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())


def test_an_apng_holds_all_frames_and_its_loops(source: Path, tmp_path: Path) -> None:
    cut(source, tmp_path / "out.apng", loop=3)
    with Image.open(tmp_path / "out.apng") as picture:
        assert (picture.n_frames, picture.info["loop"]) == (len(UNEVEN), 3)


def test_a_gif_leaves_no_ghosts(source: Path, tmp_path: Path) -> None:
    cut(source, tmp_path / "out.gif")
    with Image.open(tmp_path / "out.gif") as picture:
        shown = [np.asarray(frame.convert("RGBA"))[..., 3] for frame in ImageSequence.Iterator(picture)]
    for seen, alpha in zip(shown, alphas(source), strict=True):
        assert np.array_equal(seen > 127, alpha >= 128)


def test_a_gif_s_time_adds_up(tmp_path: Path) -> None:
    """30 frames a second are 3.33 hundredths each: rounded one by one they would run a tenth too fast."""
    source = write_film(tmp_path / "film.mp4", moving(12, 2), range(0, 512 * 12, 512))
    cut(source, tmp_path / "out.gif")
    found = frames_of(tmp_path / "out.gif")
    assert max(abs(float(frame.time) - number / 30) for number, frame in enumerate(found)) <= 0.005 + 1e-9


def test_a_sequence(source: Path, tmp_path: Path) -> None:
    receipt = cut(source, tmp_path / "s_%03d.png", every=2)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"s_{number:03d}.png" for number in range(1, 5)]
    assert receipt.frames == 4
    for name, alpha in zip(names, alphas(source)[::2], strict=True):
        assert np.array_equal(np.asarray(Image.open(tmp_path / name))[..., 3], alpha)


@pytest.mark.parametrize("name", ["out.webm", "out.mov", "out.webp", "out_%02d.png"])
def test_an_interrupted_run_goes_on_to_the_same_result(
    source: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "PART", 3)
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    cut(source, folders[0] / name)

    def stop(progress: Progress) -> None:
        if progress.done == 5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cut(source, folders[1] / name, watch=stop)
    assert not (folders[1] / name).exists()
    seen: list[Progress] = []
    receipt = cut(source, folders[1] / name, watch=seen.append)
    assert (receipt.kept, seen[0].done, seen[0].total) == (3, 4, 8)
    contents = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1]


def test_finished_frames_of_other_options_are_not_taken(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "PART", 2)

    def stop(progress: Progress) -> None:
        if progress.done == 4:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cut(source, tmp_path / "out.webm", watch=stop)
    assert cut(source, tmp_path / "out.webm", only="alpha").kept == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.webm"]


def test_only_alpha_is_a_grey_film(source: Path, tmp_path: Path) -> None:
    cut(source, tmp_path / "out.mp4", only="alpha")
    for frame, alpha in zip(frames_of(tmp_path / "out.mp4"), alphas(source), strict=True):
        assert isinstance(frame.pixels, np.ndarray)
        assert np.abs(frame.pixels.astype(int) - alpha[..., np.newaxis]).mean() <= 2


@pytest.mark.parametrize("background", ["#204080", "green", "blur", "film"])
def test_on_a_ground(source: Path, tmp_path: Path, background: str) -> None:
    other = tmp_path / "other.mp4"
    if background == "film":
        write_film(other, [np.full((32, 48, 3), 40 * number, np.uint8) for number in range(3)], range(0, 4500, 1500))
    said = str(other) if background == "film" else background
    receipt = cut(source, tmp_path / "out.mp4", background=said)
    assert (receipt.width, receipt.height, receipt.frames) == (96, 64, 8)
    corners = [frame.pixels[3, 90].astype(int) for frame in frames_of(tmp_path / "out.mp4")]  # type: ignore[union-attr]
    expected = {
        "#204080": [(0x20, 0x40, 0x80)] * 8,
        "green": [(0, 0xB1, 0x40)] * 8,
        "blur": [(255, 255, 255)] * 8,
        "film": [(0, 0, 0)] * 3 + [(40, 40, 40)] * 3 + [(80, 80, 80), (0, 0, 0)],  # and begins anew
    }[background]
    assert np.abs(np.array(corners) - expected).max() <= 6


def test_sides_that_h264_cannot_have(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mkv", moving(2, width=65, height=63), codec="ffv1", pix_fmt="yuv444p")
    receipt = cut(source, tmp_path / "out.mp4", background="white")
    assert (receipt.width, receipt.height) == (66, 64)
    assert any("even sides" in warning for warning in receipt.warnings)


def test_a_sticker_fits_and_says_how(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    texture = generator.integers(0, 255, (64, 96, 3), np.uint8)
    frames = [np.where(disc(24 + 4 * n)[..., 1:2] < 128, texture, 255).astype(np.uint8) for n in range(8)]
    source = write_film(tmp_path / "film.mp4", frames)
    receipt = cut(source, tmp_path / "out.webp", sticker=(128, 12000))
    data = (tmp_path / "out.webp").read_bytes()
    assert len(data) <= 12000
    assert any(f"the sticker has {len(data)} bytes" in warning for warning in receipt.warnings)
    with Image.open(tmp_path / "out.webp") as picture:
        assert picture.size == (128, 128)
    with pytest.raises(UsageError, match="a sticker is"):
        cut(source, tmp_path / "out.webm", sticker=(128, 12000))


def test_a_film_without_a_subject(tmp_path: Path) -> None:
    source = write_film(tmp_path / "film.mp4", [np.full((64, 96, 3), 255, np.uint8)] * 2)
    with pytest.raises(NoSubject):
        cut(source, tmp_path / "out.webm")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("options", "said"), [({"crop": True}, "crop"), ({"mask": "mask.png"}, "mask"), ({"only": "pair"}, "pair")]
)
def test_options_that_mean_nothing_for_a_film(source: Path, options: dict[str, object], said: str) -> None:
    with Remover(Options(**options)) as remover, pytest.raises(UsageError, match=said):  # type: ignore[arg-type]
        remover.film(source)


def test_existing_results_are_left_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out.webm").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        cut(source, tmp_path / "out.webm")
    with pytest.raises(UsageError, match="the photo itself"):
        cut(source, source, overwrite=True, only="alpha")
    assert (tmp_path / "out.webm").read_bytes() == b"mine"
