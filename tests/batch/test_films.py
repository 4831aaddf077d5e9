"""Films among photos: named, counted in frames, gone on with after a crash, and refused in one line."""

import contextlib
import io
import json
import os
from pathlib import Path

import pytest
from batch_helpers import GIB, Recorder, pictures, receipts, run, save_photo, states
from PIL import Image
from tests.unit.film.films import UNEVEN, frames_of, moving, write_film

from gigamatte.batch.display import LineDisplay
from gigamatte.batch.films import is_film
from gigamatte.batch.limits import Limits
from gigamatte.batch.naming import candidates, shard_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.report import write_report
from gigamatte.film.resume import FinishedParts
from gigamatte.options import Options

pytest.importorskip("av")
ART = Options(kind="art")


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Path:
    source = tmp_path / "in"
    save_photo(source / "a.jpg")
    (source / "shots").mkdir()
    write_film(source / "shots" / "film.mp4", moving(), sound="aac")
    pictures = [Image.fromarray(one) for one in moving(3)]
    pictures[0].save(source / "a.gif", save_all=True, append_images=pictures[1:], duration=80)
    return source


@pytest.mark.parametrize(
    ("key", "template", "first"),
    [
        ("a/film.mp4", "{stem}.cutout.png", "a/film.cutout.webm"),
        ("film.MOV", "{stem}.cutout.png", "film.cutout.webm"),
        ("a.gif", "{stem}.cutout.png", "a.cutout.webp"),
        ("film.mkv", "rmbg_{name}.jpg", "rmbg_film.mkv.webm"),
        ("a.jpg", "{stem}.cutout.png", "a.cutout.png"),
    ],
)
def test_a_film_has_a_film_s_name(key: str, template: str, first: str) -> None:
    assert next(candidates(key, template)) == first


def test_results_that_could_share_a_name_belong_to_one_shard() -> None:
    assert shard_of("a/b.gif", 97) == shard_of("a/b.webp", 97)
    assert not is_film("a/b.webp")


def test_films_among_photos(source: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "out", tmp_path / "report.html"
    summary, listener = run(source, out, ART)
    assert states(listener) == {"a.jpg": "done", "a.gif": "done", "shots/film.mp4": "done"}
    assert set(pictures(out)) == {"a.cutout.png", "a.cutout.webp", "shots/film.cutout.webm"}
    film = receipts(out / ".gigamatte" / "1-of-1.sqlite")["shots/film.mp4"]
    assert film["film"]["frames"] == len(UNEVEN) == len(frames_of(out / "shots" / "film.cutout.webm"))
    assert film["film"]["sound"] == "opus"
    # counted in frames: 48×64 once, 96×64 three and eight times
    assert summary.megapixels == pytest.approx((64 * 48 + 96 * 64 * (3 + len(UNEVEN))) / 1e6, abs=1e-3)
    summary, listener = run(
        source, out, ART, finish=lambda rows, done: write_report(page, Plan(str(source), str(out), ART), rows, done)
    )
    assert (summary.done, summary.unchanged, states(listener)) == (0, 3, {})
    told = page.read_text()
    assert f"{len(UNEVEN)} frames, sound: opus" in told
    assert told.count("data:image") == 6  # each photo and each film, before and after


def test_frames_are_told(source: Path, tmp_path: Path) -> None:
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        display = LineDisplay()
        with display:
            listener = Recorder()
            listener.then = lambda outcome: display.ended(outcome, listener.progress[-1], again=False)
            summary, _ = run(source, tmp_path / "out", ART, listener=listener)
            display.summary(summary)
    assert f"{3 + len(UNEVEN)} frames of films among them" in told.getvalue()


def test_a_film_goes_on_after_a_crash_to_the_same_bytes(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder, name in ((whole, "whole.mp4"), (broken, "die.mp4")):
        folder.mkdir()
        write_film(folder / name, moving())
    found = []
    for folder in (whole, broken):
        summary, _ = run(folder, folder / "out", ART, entry="odd_film_child")
        assert (summary.done, summary.failed) == (1, 0)
        (result,) = pictures(folder / "out").values()
        found.append(result)
    assert found[0] == found[1]
    assert (broken / ".died").exists()
    (receipt,) = receipts(broken / "out" / ".gigamatte" / "1-of-1.sqlite").values()
    assert receipt["film"]["kept"] == 3
    assert not list(broken.glob("out/.*.film"))


def test_frames_have_the_time_of_photos(tmp_path: Path) -> None:
    source, limits = tmp_path / "in", Limits(memory=3 * GIB, seconds=2, inflight=1)
    source.mkdir()
    write_film(source / "slow.mp4", moving())  # takes at least four seconds
    write_film(source / "hang.mp4", moving(4))
    summary, listener = run(source, tmp_path / "out", ART, entry="odd_film_child", limits=limits)
    assert (summary.done, summary.failed) == (1, 1)
    (failed,) = {outcome.message for outcome, _ in listener.outcomes if outcome.state == "failed"}
    assert failed == "hang.mp4: a frame was not finished after 2 seconds, and the film stopped"


def test_masks_are_refused(source: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.new("L", (64, 48), 255).save(masks / "a.png")
    summary, listener = run(source, tmp_path / "out", Options(), masks=str(masks))
    assert (summary.done, summary.failed) == (1, 2)
    (film,) = listener.of("shots/film.mp4")
    assert film.message == "shots/film.mp4: a film takes no --mask, which holds for one photo"
    assert "hints.json" in film.hint
    assert film.verdict == "final"


def test_what_means_nothing_for_a_film_fails_it_alone(source: Path, tmp_path: Path) -> None:
    summary, listener = run(source, tmp_path / "out", Options(kind="art", crop=True, format="webp"))
    assert (summary.done, summary.failed) == (1, 2)
    (film,) = listener.of("shots/film.mp4")
    assert film.message == "--crop does not go with a film"


def test_hints_beside_a_film(source: Path, tmp_path: Path) -> None:
    hints = source / "shots" / "film.hints.json"
    hints.write_text(json.dumps([{"time": 0, "keep": [[24, 32]]}, {"time": 0.1, "drop": [[2, 2]]}]))
    summary, _ = run(source, tmp_path / "out", ART)
    assert (summary.done, summary.failed) == (3, 0)
    hints.write_text(json.dumps([{"keep": [[24, 32]]}]))
    summary, listener = run(source, tmp_path / "out", ART)
    assert (summary.done, summary.failed, summary.unchanged) == (0, 1, 2)
    assert '"time" in seconds' in listener.outcomes[-1][0].message


def test_without_the_extra_films_are_one_line_each(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIGAMATTE_TEST_NO_AV", "1")
    summary, listener = run(source, tmp_path / "out", ART, entry="odd_film_child")
    assert (summary.done, summary.failed) == (2, 1)  # animated pictures need no extra
    (film,) = listener.of("shots/film.mp4")
    assert (film.message, film.hint) == ("films need PyAV, which is not installed", "pip install 'gigamatte[film]'")


def test_parts_of_another_film_are_not_taken(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    film, out = source / "film.mp4", tmp_path / "out"
    write_film(film, moving())
    out.mkdir()
    # what an interrupted run of another film of this name has left
    left = FinishedParts(out / ".film.cutout.webm.film", {"source": "another"})
    left.begin()
    left.part().write_bytes(b"no film")
    os.utime(film)
    summary, _ = run(source, out, ART)
    assert (summary.done, summary.failed) == (1, 0)
    assert len(frames_of(out / "film.cutout.webm")) == len(UNEVEN)
    assert not left.folder.exists()
