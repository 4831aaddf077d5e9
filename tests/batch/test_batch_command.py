"""The options and exit codes of the command."""

import inspect
import json
import subprocess
import sys

import pytest
from batch_helpers import events, rows, save_photo

from gigamatte.batch.display import JsonDisplay, LineDisplay
from gigamatte.batch.summary import Summary
from gigamatte.cli.app import run as command
from gigamatte.cli.batch import batch
from gigamatte.cli.cut import cut


def call(*arguments: object) -> int:
    return command(["batch", *map(str, arguments)])


def test_it_takes_every_option_of_cut():
    """All but the cache and clicks, which are for photos that are corrected one by one, and what is for films."""
    own, single = (inspect.signature(function).parameters for function in (batch, cut))
    assert set(single) - set(own) == {
        "photo", "cache", "cache_size", "keep_at", "drop_at", "hints", "start", "end", "fps", "loop", "sticker",
    }  # fmt: skip
    for name in set(own) & set(single) - {"out", "memory", "mask", "every"}:
        assert own[name].default == single[name].default, name


def test_paths_on_stdout_and_words_on_stderr(tmp_path, mask, capsys):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    (tmp_path / "in" / "bad.jpg").write_bytes(b"junk")
    report, lines = tmp_path / "r.html", tmp_path / "p.jsonl"
    code = call(tmp_path / "in", tmp_path / "out", "--mask", mask, "--report", report, "--export", lines)
    said = capsys.readouterr()
    assert code == 3
    assert said.out.splitlines() == [str(tmp_path / "out" / "a.cutout.png")]
    assert "bad.jpg: expected a JPEG" in said.err
    assert said.err.count("bad.jpg") == 1  # not: bad.jpg: bad.jpg: …
    assert "1 cut, 0 unchanged, 1 failed, 0 left" in said.err
    assert " 0.003 megapixels in " in said.err
    assert report.exists()
    assert len(lines.read_text().splitlines()) == 2
    assert call(tmp_path / "in", tmp_path / "out", "--mask", mask, "--json") == 3
    listed, first, alone, last = events(capsys.readouterr().out)
    assert (listed["event"], listed["photos"]) == ("listed", 2)
    assert (first["event"], first["unchanged"], first["failed"]) == ("started", 1, 1)
    assert (alone["event"], alone["count"], alone["photos"][0]["key"]) == ("left-alone", 1, "bad.jpg")
    assert (last["event"], last["exit_code"], last["manifest"]) == (
        "summary", 3, str(tmp_path / "out" / ".gigamatte" / "1-of-1.sqlite")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["in", "out", "--shard", "x"], 2, "--shard is i/n"),
        (["in", "out", "--memory", "100M"], 2, "--memory is at least"),
        (["in", "out", "--engine", "cloud"], 2, "--engine is local or ray"),
        (["in", "out", "--timeout", "0"], 2, "--timeout"),
        (["in", "out", "--model", "gone.onnx"], 5, "there is no file gone.onnx"),
        (["in", "out", "--model", "nothing-known"], 5, "there is no network called 'nothing-known'"),
        (["in", "out", "--model", "gone.onnx", "--dry-run"], 5, "there is no file gone.onnx"),
        (["gone", "out", "--mask", "MASK"], 1, "there is no gone"),
        (["in", "out", "--background", "gone.jpg"], 2, "'gone.jpg' is neither a known colour nor a file"),
        (["in", "out", "--background", "#fff8", "--name", "{stem}.jpg"], 2, "the background can be seen through"),
        (["in", "out", "--preset", "amazn"], 2, "there is no preset 'amazn'; was amazon meant?"),
        (["in", "out", "--mask", "MASK"], 4, "no photo found"),
    ],
)
def test_what_keeps_it_from_starting(tmp_path, mask, monkeypatch, capsys, arguments, code, words):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    assert call(*(mask if word == "MASK" else word for word in arguments)) == code
    assert words in capsys.readouterr().err


def test_a_network_that_is_refused_is_told_before_the_first_photo(tmp_path, capsys):
    """In one line, with the exit code that `cut` has for it; no photo is blamed."""
    for name in "abc":
        save_photo(tmp_path / "in" / f"{name}.jpg", 1)
    (tmp_path / "junk.onnx").write_bytes(b"no network at all" * 99)
    assert call(tmp_path / "in", tmp_path / "out", "--model", tmp_path / "junk.onnx", "--json") == 5
    said = capsys.readouterr()
    assert len([line for line in said.err.splitlines() if line.startswith("gigamatte: ")]) == 1
    assert "junk.onnx" in said.err
    assert not [event for event in events(said.out) if event["event"] == "photo"]
    assert {row["state"] for row in rows(tmp_path / "out" / ".gigamatte" / "1-of-1.sqlite").values()} <= {"waiting"}


@pytest.mark.parametrize("code", ["network-missing", "weights-refused", "download", "device"])
def test_a_network_that_goes_away_is_exit_code_5(code):
    assert Summary(total=3, failed=1, stopped="no", stopped_code=code).exit_code == 5
    assert Summary(total=3, failed=1, stopped="no", stopped_code="disk-full").exit_code == 1


@pytest.mark.parametrize("done", [False, True])
def test_ray_that_is_not_installed_is_a_usage_error_with_its_hint(tmp_path, mask, monkeypatch, capsys, done):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    words = [tmp_path / "in", tmp_path / "out", "--mask", mask]
    if done:
        assert call(*words) == 0
    monkeypatch.setitem(sys.modules, "ray", None)
    assert call(*words, "--engine", "ray") == 2
    said = capsys.readouterr().err
    assert "gigamatte: --engine ray needs Ray, which is not installed" in said
    assert "pip install 'gigamatte[ray]'" in said
    assert "bug" not in said


def test_no_bar_where_nobody_looks(capsys, monkeypatch):
    assert not sys.stderr.isatty()
    with LineDisplay() as display:
        assert display._bar is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with LineDisplay() as display:
        assert display._bar is not None
        display.listed(3)
    with LineDisplay(quiet=True) as display:
        assert display._bar is None


def test_names_that_are_no_text_do_not_end_the_batch(capsys):
    JsonDisplay().warned("a\udcff.jpg")
    assert json.loads(capsys.readouterr().out)["message"] == "a\udcff.jpg"
    LineDisplay().warned("a\udcff.jpg")
    assert "a\\udcff.jpg" in capsys.readouterr().err


def test_a_failure_says_what_to_do_about_it_once(tmp_path, mask, capsys):
    for name in "ab":
        save_photo(tmp_path / "in" / f"{name}.jpg", 1)
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / f"{name}.cutout.png").write_bytes(b"mine")
    assert call(tmp_path / "in", tmp_path / "out", "--mask", mask) == 3
    said = capsys.readouterr().err
    assert said.count("exists and is not from this batch") == 2
    assert said.splitlines().count("  allow it with --overwrite") == 1
    assert "megapixels" not in said  # nothing was cut
    assert call(tmp_path / "in", tmp_path / "out", "--mask", mask, "--overwrite") == 0
    (tmp_path / "out" / "a.cutout.png").write_bytes(b"retouched")
    (tmp_path / "in" / "b.jpg").write_bytes(b"junk")
    capsys.readouterr()
    assert call(tmp_path / "in", tmp_path / "out", "--mask", mask) == 3
    said = capsys.readouterr().err
    assert "1 result changed by hand and kept: replace with --overwrite" in said
    assert "  its earlier result was left as it is" in said


def test_failures_are_told_in_chinese(tmp_path, mask, capsys, monkeypatch):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.cutout.png").write_bytes(b"mine")
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    assert call(tmp_path / "in", tmp_path / "out", "--mask", mask) == 3
    said = capsys.readouterr().err
    assert "已存在，且不是本批处理写的" in said
    assert "已抠 0，未变 0，失败 1，剩余 0" in said


BEFORE_ANYTHING = """
import signal, sys
import gigamatte.cli, gigamatte.cli.app
sys.argv = ["gigamatte", "batch", "in", "out"]
gigamatte.cli.app.run = lambda: signal.raise_signal(signal.{name})
gigamatte.cli.main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_before_anything_is_loaded_is_one_line(name):
    # a process of its own: what else runs in this one may have changed what a signal does to it
    command = [sys.executable, "-c", BEFORE_ANYTHING.format(name=name)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 130
    assert ended.stderr == "gigamatte: interrupted\n"


@pytest.mark.parametrize(
    ("option", "content", "why"),
    [
        ("--mask", None, "there is no file"),
        ("--mask", b"junk", "found a text that begins with 'junk'"),
        ("--mask", "half", "is broken"),
        ("--mask", "folder", "is empty"),
        ("--keep", None, "there is no file"),
        ("--keep", b"junk", "found a text that begins with 'junk'"),
        ("--drop", "folder", "is not a file"),
        ("--drop", "half", "is broken"),
        ("--background", b"junk", "found a text that begins with 'junk'"),
        ("--background", "half", "is broken"),
        ("--background", None, "neither a known colour nor a file"),
        ("--model", None, "there is no"),
    ],
)
def test_a_file_that_all_photos_need_is_looked_at_before_the_first(option, content, why, tmp_path, mask, capsys):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    named = tmp_path / ("named.onnx" if option == "--model" else "named.png")
    if content == "folder":
        named.mkdir()
    elif content is not None:
        picture = save_photo(tmp_path / "whole.png", 1).read_bytes()
        named.write_bytes(picture[: len(picture) // 2] if content == "half" else content)
    words = [option, named] if option == "--mask" else ["--mask", mask, option, named]
    words = words[2:] if option == "--model" else words
    code = call(tmp_path / "in", tmp_path / "out", *words)
    said = capsys.readouterr().err.splitlines()
    assert code == {"--background": 2 if content is None else 1, "--model": 5}.get(option, 1)
    assert why in said[0]
    assert len(said) <= 2  # the line, and what to do
    assert not list((tmp_path / "out").glob("*"))
