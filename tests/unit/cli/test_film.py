"""``gigamatte cut`` of a film."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.unit.film.films import disc, frames_of, moving, write_film

from gigamatte.cli.app import run
from gigamatte.cli.film import film_hints


@pytest.fixture(name="film")
def _film(tmp_path: Path) -> Path:
    pytest.importorskip("av")
    return write_film(tmp_path / "film.mp4", moving(4))


def test_a_film_is_told_by_its_content(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = film.with_name("odd.jpg")
    film.rename(odd)
    assert run(["cut", str(odd), "--kind", "art", "--json"]) == 0
    receipt = json.loads(capsys.readouterr().out)
    assert (receipt["frames"], receipt["format"], receipt["sound"]) == (4, "webm", "none")
    assert len(frames_of(film.with_name("odd.cutout.webm"))) == 4


def test_a_part_of_a_film(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = film.with_name("out.apng")
    assert (
        run(["cut", str(film), "-o", str(out), "--kind", "art", "--from", "0.03", "--every", "2", "--loop", "2"]) == 0
    )
    assert "2 frames of 96×64" in capsys.readouterr().err
    with Image.open(out) as picture:
        assert (picture.n_frames, picture.info["loop"]) == (2, 2)


@pytest.mark.parametrize(("lang", "said"), [("en", ": 1 frame of 96×64 in "), ("zh", "：1 帧，96×64，用时 ")])
def test_one_frame_is_no_frames(
    film: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    monkeypatch.setenv("GIGAMATTE_LANG", lang)
    assert run(["cut", str(film), "-o", str(film.with_name("out.apng")), "--kind", "art", "--to", "0.01"]) == 0
    told = capsys.readouterr().err
    assert said in told
    assert ": 1 frames" not in told  # "(16.1 frames/s)" may be there


def test_films_among_photos(film: Path, tmp_path: Path) -> None:
    Image.fromarray(disc(30)).save(tmp_path / "photo.png")
    folder = tmp_path / "out"
    arguments = ["cut", str(film), str(tmp_path / "photo.png"), "-o", f"{folder}/", "--kind", "art", "-q"]
    assert run(arguments) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["film.cutout.webm", "photo.cutout.png"]


def test_a_folder_of_pictures_with_a_rate(tmp_path: Path) -> None:
    pytest.importorskip("av")
    shots = tmp_path / "shots"
    shots.mkdir()
    for number in range(3):
        Image.fromarray(disc(30 + number)).save(shots / f"{number}.png")
    assert run(["cut", str(shots), "--fps", "10", "-o", str(tmp_path / "out.webm"), "--kind", "art", "-q"]) == 0
    assert [float(frame.time) for frame in frames_of(tmp_path / "out.webm")] == [0, 0.1, 0.2]
    assert run(["cut", str(shots), "-q"]) == 3  # without a rate a folder is many photos


def test_without_the_library_one_line_says_what_to_install(
    film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert run(["cut", str(film)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["gigamatte: films need PyAV, which is not installed", "  pip install 'gigamatte[film]'"]


def test_animated_pictures_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    frames = [Image.fromarray(frame) for frame in moving(3)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:], duration=50)
    assert run(["cut", str(tmp_path / "in.gif"), "--kind", "art", "-q"]) == 0
    with Image.open(tmp_path / "in.cutout.webp") as picture:
        assert picture.n_frames == 3


def test_an_animated_picture_is_a_photo_where_a_photo_is_wanted(tmp_path: Path) -> None:
    frames = [Image.fromarray(frame) for frame in moving(3)]
    frames[0].save(tmp_path / "in.webp", save_all=True, append_images=frames[1:], duration=50, lossless=True)
    out = tmp_path / "out.tif"
    assert run(["cut", str(tmp_path / "in.webp"), "-o", str(out), "--kind", "art", "-q"]) == 0
    with Image.open(out) as picture:
        assert picture.format == "TIFF"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["photo.png", "--from", "2"], "--from is for films"),
        (["photo.png", "--sticker", "512"], "--sticker is for films"),
        (["FILM", "-o", "out.xyz"], "a film is not written as .xyz"),
        (["FILM", "-o", "out.mp4"], "MP4 holds no alpha"),
        (["FILM", "-o", "out.webp", "--sticker", "big"], "--sticker is SIDE,BYTES"),
        (["FILM", "-o", "out.webm", "--from", "3", "--to", "2"], "--to lies after --from"),
        (["FILM", "-o", "-"], "not written to standard output"),
        (["FILM", "-o", "out.webm", "--crop"], "--crop does not go with a film"),
        (["FILM", "-o", "out.webm", "--clipping-path"], "--clipping-path does not go with a film"),
        (["FILM", "-o", "out.webm", "--preset", "amazon"], "canvases and presets are for photos"),
        (["FILM", "-o", "out.webm", "--shadow", "drop"], "--shadow does not go with a film"),
        (["FILM", "-o", "out.webm", "--only", "shadow"], "--only shadow does not go with a film"),
        (["FILM", "-o", "out.webm", "--outline", "3px"], "--outline does not go with a film"),
        (["FILM", "-o", "out.webm", "--relight", "1", "--background", "red"], "--relight does not go with a film"),
        (["FILM", "-o", "out.webm", "--margin", "5"], "--margin does not go with a film"),
        (["FILM", "-o", "out.webp", "--palette"], "--palette does not go with a film"),
        (["FILM", "-o", "out.webp", "--max-bytes", "2k"], "--sticker SIDE,BYTES makes animated pictures fit"),
        (["in.gif", "-o", "out.jpg", "--background", "red"], "a film is not written as .jpg"),
    ],
)
def test_what_cannot_be_is_one_line(
    film: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(film.parent)
    Image.fromarray(disc(30)).save("photo.png")
    frames = [Image.fromarray(frame) for frame in moving(2)]
    frames[0].save("in.gif", save_all=True, append_images=frames[1:], duration=50)
    assert run(["cut", *(str(film) if one == "FILM" else one for one in arguments)]) == 2
    assert said in capsys.readouterr().err


def test_points_hold_from_the_first_frame_on(tmp_path: Path) -> None:
    file = tmp_path / "film.hints.json"
    file.write_text(json.dumps([{"time": 2.5, "keep": [[1, 2]]}]))
    hints = film_hints(["5,6"], ["7,8"], str(file), 1.0)
    assert hints is not None
    assert hints.as_plain() == [
        {"time": 1.0, "keep": [[5.0, 6.0]], "drop": [[7.0, 8.0]]},
        {"time": 2.5, "keep": [[1, 2]]},
    ]
