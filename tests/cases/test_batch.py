"""Reported cases of ``gigamatte batch``: a test for each folder, and inputs of the same kind that are made here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from gigamatte.cli.app import run

Case = Callable[[str], Path]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGAMATTE_LANG", "en")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A red disc on blue."""
    picture = np.full((48, 64, 3), (160, 60, 30), np.uint8)
    cv2.circle(picture, (32, 24), 16, (40, 60, 220), -1)
    path = tmp_path / "made" / "photo.jpg"
    path.parent.mkdir()
    cv2.imwrite(str(path), picture)
    return path


@pytest.fixture
def mask(photo: Path) -> Path:
    """The disc."""
    picture = np.zeros((48, 64), np.uint8)
    cv2.circle(picture, (32, 24), 16, 255, -1)
    cv2.imwrite(str(photo.parent / "mask.png"), cv2.GaussianBlur(picture, (0, 0), 1.5))
    return photo.parent / "mask.png"


def folder(photo: Path, *names: str | bytes) -> Path:
    """A folder with copies of ``photo``."""
    place = photo.parent.parent / "in"
    place.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(photo, os.path.join(os.fsencode(place), os.fsencode(name)))
    return place


def command(*words: object, **how: object) -> subprocess.CompletedProcess[bytes]:
    """``gigamatte batch`` as a process of its own."""
    line = [sys.executable, "-m", "gigamatte", "batch", *map(str, words)]
    return subprocess.run(line, check=False, timeout=120, **{"capture_output": True, **how})  # type: ignore[call-overload, no-any-return]


def results(out: Path) -> list[str]:
    return sorted(os.listdir(out)) if out.is_dir() else []


LIMITS = [
    (["--max-pixels", "1000"], []),
    (["--timeout", "0.001"], ["--timeout", "100"]),
]


@pytest.mark.parametrize(("tight", "wide"), LIMITS, ids=["max-pixels", "timeout"])
def test_batch_failed_for_ever(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str], tight, wide) -> None:
    here = case("batch-failed-for-ever")
    (tmp_path / "in").mkdir()
    shutil.copy(here / "base.jpg", tmp_path / "in")
    again_when_allowed(tmp_path / "in", here / "mask.png", capsys, tight, wide)


@pytest.mark.parametrize(("tight", "wide"), LIMITS, ids=["max-pixels", "timeout"])
def test_a_photo_is_tried_again_when_more_is_allowed(photo, mask, capsys, tight, wide) -> None:
    cv2.imwrite(str(photo), cv2.resize(cv2.imread(str(photo)), (2400, 1800)))
    again_when_allowed(folder(photo, "a.jpg"), mask, capsys, tight, wide)


def again_when_allowed(source: Path, mask: Path, capsys, tight: list[str], wide: list[str]) -> None:
    small = source.parent / "mask of a few pixels.png"  # one that is too large itself ends the batch before its photos
    cv2.imwrite(str(small), cv2.resize(cv2.imread(str(mask), cv2.IMREAD_UNCHANGED), (24, 18)))
    words = ["batch", str(source), str(source.parent / "out"), "--mask", str(small)]
    assert run([*words, *tight]) == 3
    capsys.readouterr()
    assert run([*words, *tight]) == 3  # nothing has changed: not tried, but named, with what to do
    said = capsys.readouterr().err
    assert "0 to cut" in said
    assert ".jpg: " in said
    assert "1 photo left alone after failing in an earlier run: --retry-failed tries again" in said
    assert run([*words, *wide]) == 0
    assert len([name for name in results(source.parent / "out") if name.endswith(".png")]) == 1


def test_another_reader_has_photos_tried_again(photo, mask, monkeypatch, capsys) -> None:
    """A HEIC without pillow-heif fails; once that is installed it is tried again."""
    from gigamatte.batch import circumstances

    source = folder(photo, "a.jpg")
    (source / "b.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(40))
    words = ["batch", str(source), str(source.parent / "out"), "--mask", str(mask)]
    versions = {name: circumstances._installed(name) for name in circumstances._READERS}
    monkeypatch.setattr(circumstances, "_installed", {**versions, "pillow-heif": None}.get)
    assert run(words) == 3
    capsys.readouterr()
    assert run(words) == 3
    assert "0 to cut" in capsys.readouterr().err
    monkeypatch.setattr(circumstances, "_installed", {**versions, "pillow-heif": "1.0"}.get)
    assert run(words) == 3
    assert "1 to cut" in capsys.readouterr().err


SCRATCH = """
set -e
mount -t tmpfs -o size={size} scratch "$1"
shift
exec "$@"
"""


def on_a_small_disk(size: str, place: Path, *words: object) -> subprocess.CompletedProcess[bytes]:
    """A batch whose scratch files lie on a disk of that size."""
    place.mkdir(exist_ok=True)
    inside = [] if os.geteuid() == 0 else ["unshare", "-rm"]
    if os.geteuid() == 0:
        inside = ["unshare", "-m"]
    line = [*inside, "sh", "-c", SCRATCH.format(size=size), "sh", str(place)]
    line += [sys.executable, "-m", "gigamatte", "batch", *map(str, words)]
    environment = {**os.environ, "TMPDIR": str(place)}
    return subprocess.run(line, check=False, timeout=200, capture_output=True, env=environment)


def test_a_full_scratch_disk_stops_the_batch_and_blames_no_photo(tmp_path, photo, mask) -> None:
    source, out = folder(photo, "small.jpg"), tmp_path / "out"
    large = cv2.resize(cv2.imread(str(photo)), (9200, 6900), interpolation=cv2.INTER_LINEAR)  # 63 megapixels
    cv2.imwrite(str(source / "large.jpg"), large)
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a small disk of its own, and this system lets nobody make one")
    ended = on_a_small_disk("8m", tmp_path / "scratch", source, out, "--mask", mask, "--refine", "off")
    assert ended.returncode == 1, ended.stderr
    assert b"stopped: scratch space needs" in ended.stderr
    assert b"TMPDIR" in ended.stderr
    assert b"0 failed" in ended.stderr
    ended = command(source, out, "--mask", mask, "--refine", "off", "--json")
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout.splitlines()[-1])
    assert (summary["total"], summary["failed"]) == (2, 0)


def test_batch_name_not_utf8(case: Case, tmp_path: Path) -> None:
    base = case("batch-name-not-utf8") / "base.jpg"
    names_that_are_no_text(base, tmp_path, [])


def test_names_that_are_no_text(photo, mask, tmp_path) -> None:
    names_that_are_no_text(photo, tmp_path, ["--mask", str(mask)])


def names_that_are_no_text(base: Path, tmp_path: Path, more: list[str]) -> None:
    source, out = tmp_path / "names", os.fsencode(tmp_path / "out\udcfe")
    (tmp_path / "names" / "fold\udcfer").mkdir(parents=True)
    for name in ("good.jpg", "bad\udcff.jpg", "fold\udcfer/c.jpg"):
        shutil.copy(base, source / name)
    listed = tmp_path / "names" / "list.txt"
    report, lines = tmp_path / "r.html", tmp_path / "p.jsonl"
    words = [os.fsencode(source), out, *more, "--report", report, "--export", lines]
    line = [os.fsencode(word) for word in (sys.executable, "-m", "gigamatte", "batch", *words)]
    first = subprocess.run(line, check=False, capture_output=True, timeout=120)
    assert first.returncode == 0, first.stderr
    made = {os.path.relpath(os.path.join(at, name), out) for at, _, names in os.walk(out) for name in names}
    expected = {b"good.cutout.png", b"bad\xff.cutout.png", b"fold\xfer/c.cutout.png"}
    assert expected <= made
    assert {json.loads(text)["path"] for text in lines.read_text().splitlines()} == {
        "good.jpg", "bad\udcff.jpg", "fold\udcfer/c.jpg"
    }  # fmt: skip
    again = subprocess.run(line, check=False, capture_output=True, timeout=120)
    assert b"0 to cut, 3 right already" in again.stderr
    # a list names them too
    listed.write_bytes(b"bad\xff.jpg\n# a comment\n\ngood.jpg\n")
    other = subprocess.run(
        [*line[:4], os.fsencode(listed), os.fsencode(tmp_path / "out2"), *map(os.fsencode, more)],
        check=False, capture_output=True, timeout=120,
    )  # fmt: skip
    assert other.returncode == 0, other.stderr
    assert b"bad\xff.cutout.png" in os.listdir(os.fsencode(tmp_path / "out2"))


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_output_encoding(case: Case, tmp_path: Path, encoding: str) -> None:
    names_that_the_encoding_lacks(case("output-encoding") / "base.jpg", tmp_path, encoding, [])


def test_names_that_the_encoding_lacks(photo, mask, tmp_path) -> None:
    names_that_the_encoding_lacks(photo, tmp_path, "cp1252", ["--mask", str(mask)])


def names_that_the_encoding_lacks(base: Path, tmp_path: Path, encoding: str, more: list[str]) -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    for name in ("a.jpg", "b照片.jpg", "c.jpg"):
        shutil.copy(base, tmp_path / "in" / name)
    (tmp_path / "in" / "坏.jpg").write_bytes(b"junk")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "GIGAMATTE_LANG": "zh"}
    ended = command(tmp_path / "in", tmp_path / "out", *more, env=environment)
    assert ended.returncode == 3, ended.stderr
    assert len(results(tmp_path / "out")) == 4  # three, and the manifest's folder
    said = ended.stdout.decode(encoding)
    assert len(said.splitlines()) == 3
    assert "b\\u7167\\u7247.cutout.png" in said


@pytest.mark.parametrize("closed", ["stdout", "stderr", "stdin", "all"])
def test_closed_streams(case: Case, tmp_path: Path, closed: str) -> None:
    here = case("closed-streams")
    with_closed_streams(here / "base.jpg", here / "mask.png", tmp_path, closed)


def test_a_batch_without_standard_output(photo, mask, tmp_path) -> None:
    with_closed_streams(photo, mask, tmp_path, "all")


def with_closed_streams(base: Path, mask: Path, tmp_path: Path, closed: str) -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    for number in range(3):
        shutil.copy(base, tmp_path / "in" / f"{number}.jpg")
    signs = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-", "all": "<&- >&- 2>&-"}
    words = f'exec "$0" -m gigamatte batch "$@" {signs[closed]}'
    line = ["sh", "-c", words, sys.executable, str(tmp_path / "in"), str(tmp_path / "out"), "--mask", str(mask)]
    ended = subprocess.run(line, check=False, timeout=120, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert [name for name in results(tmp_path / "out") if name.endswith(".png")] == [
        f"{number}.cutout.png" for number in range(3)
    ]


def test_a_list_on_a_closed_stdin_is_one_line(tmp_path) -> None:
    line = ["sh", "-c", 'exec "$0" -m gigamatte batch - "$1" <&-', sys.executable, str(tmp_path / "out")]
    ended = subprocess.run(line, check=False, timeout=120, capture_output=True)
    assert ended.returncode == 4  # an empty list: no photo
    assert b"no photo found in -" in ended.stderr


@pytest.mark.parametrize(
    "words", [["in", ""], ["", "out"], ["in", "out", "--mask", ""], ["in", "out", "--report", " "]]
)
def test_output_names(case: Case, tmp_path: Path, monkeypatch, capsys, words: list[str]) -> None:
    """(f) an empty OUT, as of a variable that is not set, is a mistake; and so is any other empty name."""
    case("output-names")
    empty_words_are_refused(tmp_path, monkeypatch, capsys, words)


@pytest.mark.parametrize("words", [["in", ""], ["in", "out", "--manifest", ""]])
def test_empty_words_are_refused(tmp_path, monkeypatch, capsys, words) -> None:
    empty_words_are_refused(tmp_path, monkeypatch, capsys, words)


def empty_words_are_refused(tmp_path: Path, monkeypatch, capsys, words: list[str]) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(["batch", *words]) == 2
    assert "is empty" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["in"]


def test_output_names_a_reader_that_has_seen_enough(case: Case, tmp_path: Path) -> None:
    here = case("output-names")
    a_reader_that_has_seen_enough(here / "base.jpg", here / "mask.png", tmp_path)


def test_a_reader_that_has_seen_enough_does_not_stop_the_batch(photo, mask, tmp_path) -> None:
    a_reader_that_has_seen_enough(photo, mask, tmp_path)


def a_reader_that_has_seen_enough(base: Path, mask: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    for number in range(4):
        shutil.copy(base, tmp_path / "in" / f"{number}.jpg")
    line = [
        "bash", "-c", '"$0" -m gigamatte batch "$@" | head -1; exit "${PIPESTATUS[0]}"', sys.executable,
        str(tmp_path / "in"), str(tmp_path / "out"), "--mask", str(mask), "--jobs", "1",
    ]  # fmt: skip
    ended = subprocess.run(line, check=False, timeout=120, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 1
    assert len([name for name in results(tmp_path / "out") if name.endswith(".png")]) == 4


def test_output_names_previews_of_file_servers(case: Case, tmp_path: Path, capsys) -> None:
    here = case("output-names")
    previews_of_file_servers(here / "base.jpg", here / "mask.png", tmp_path, capsys)


def test_previews_of_file_servers_are_left_out(photo, mask, tmp_path, capsys) -> None:
    previews_of_file_servers(photo, mask, tmp_path, capsys)


def previews_of_file_servers(base: Path, mask: Path, tmp_path: Path, capsys) -> None:
    source = tmp_path / "in"
    kept = {"a.jpg", "shoot/b.jpg", "@home/c.jpg"}
    previews = {
        "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", "shoot/@eaDir/b.jpg/SYNOPHOTO_THUMB_M.jpg", "#recycle/old.jpg",
        "@Recycle/old.jpg", "__MACOSX/a.jpg", "Catalog Previews.lrdata/0/p.jpg", ".thumbs/t.jpg", "shoot/._b.jpg",
    }  # fmt: skip
    for name in kept | previews:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(base, source / name)
    assert run(["batch", str(source), str(tmp_path / "out"), "--mask", str(mask)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == len(kept)
    assert "folders of previews and deleted files are left out: @eaDir 2" in said.err
