"""``--only pair``: a result is two files, and half of one is never a result."""

import json
import os
import random
import shutil
import signal
import subprocess

import cv2
import numpy as np
import pytest
from batch_helpers import batch_of_five, command, make_older, pictures, rows, run, save_photo, save_photos, states
from hypothesis import given
from hypothesis import strategies as st

import gigamatte
from gigamatte.batch.export import export
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.naming import default_template, folded
from gigamatte.batch.pair import files_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.report import write_report
from gigamatte.cli.app import run as gigamatte_command
from gigamatte.cutout.under import REACH
from gigamatte.options import Options


@pytest.fixture
def batch(tmp_path, mask):
    """A finished batch of five pairs: (in, out, options)."""
    return batch_of_five(tmp_path, Options(mask=mask, only="pair"))


def test_two_files_for_each_photo_as_cut_writes_them(batch, tmp_path):
    source, out, options = batch
    assert default_template(options) == "{stem}.png"
    found = pictures(out)
    single = gigamatte.Remover(options)
    for photo in source.rglob("*.jpg"):
        single.process(photo, tmp_path / "one.png", overwrite=True)
        base = photo.relative_to(source).with_suffix("").as_posix()
        assert found.pop(f"{base}.colour.png") == (tmp_path / "one.colour.png").read_bytes()
        assert found.pop(f"{base}.alpha.png") == (tmp_path / "one.alpha.png").read_bytes()
    assert found == {}


def test_each_file_is_remembered_and_redone(batch):
    source, out, options = batch
    old = pictures(out)
    again, listener = run(source, out, options)
    assert (again.done, again.unchanged, listener.outcomes) == (0, 5, [])
    (out / "set0" / "photo000.alpha.png").unlink()  # half of it is gone
    with (out / "set1" / "photo001.alpha.png").open("ab") as file:
        file.write(b"tampered")
    os.utime(out / "set2" / "photo002.colour.png", (1, 1))  # touched, not changed
    summary, listener = run(source, out, options)
    assert states(listener) == {
        "set0/photo000.jpg": "done", "set1/photo001.jpg": "kept", "set2/photo002.jpg": "same"
    }  # fmt: skip
    assert (summary.done, summary.unchanged, summary.kept) == (1, 3, 1)
    assert {key for key, data in pictures(out).items() if old[key] != data} == {"set1/photo001.alpha.png"}
    summary, _ = run(source, out, options, overwrite=True)
    assert (summary.done, pictures(out)) == (1, old)


def test_either_file_of_others_is_not_replaced(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask, only="pair")
    save_photo(source / "a.jpg", 1)
    save_photo(source / "b.jpg", 2)
    out.mkdir()
    (out / "a.alpha.png").write_text("mine")
    (out / "b.colour.png").write_text("mine too")
    summary, listener = run(source, out, options)
    assert summary.failed == 2
    assert {outcome.code for outcome, _ in listener.outcomes} == {"exists"}
    assert "a.alpha.png exists and is not from this batch" in listener.of("a.jpg")[0].message
    assert pictures(out) == {"a.alpha.png": b"mine", "b.colour.png": b"mine too"}
    summary, _ = run(source, out, options, overwrite=True)
    assert summary.exit_code == 0
    assert len(pictures(out)) == 4


def test_a_link_among_the_two_is_refused(tmp_path, mask):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "elsewhere.png").write_text("mine")
    (out / "a.alpha.png").symlink_to(tmp_path / "elsewhere.png")
    summary, listener = run(tmp_path / "in", out, Options(mask=mask, only="pair"), overwrite=True)
    assert summary.failed == 1
    assert "a.alpha.png leads out" in listener.of("a.jpg")[0].message
    assert (tmp_path / "elsewhere.png").read_text() == "mine"


def test_the_other_kind_of_result_under_the_same_name_is_not_ours(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photo(source / "a.jpg", 1)
    run(source, out, Options(mask=mask), name="{stem}.png")
    (out / "a.colour.png").write_text("mine")
    summary, _ = run(source, out, Options(mask=mask, only="pair"), name="{stem}.png")
    assert summary.failed == 1
    assert (out / "a.colour.png").read_text() == "mine"


def test_photos_of_one_stem_do_not_share_files(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a.jpg", "a.png", "a.colour.jpg", "a.alpha.png"):
        save_photo(source / name, len(name))
    summary, _ = run(source, out, Options(mask=mask, only="pair"), name="x_{stem}.png")
    assert summary.done == 4
    assert len(pictures(out)) == 8
    assert all(name.startswith("x_a") for name in pictures(out))


@given(st.lists(st.text(st.sampled_from("aA.é"), min_size=1, max_size=5), min_size=2, max_size=6))
def test_no_two_names_share_a_file(names):
    targets = {folded(f"f/x{name}.png"): f"f/x{name}.png" for name in names}
    files = [folded(file) for target in targets.values() for file in files_of(target, True)]
    assert len(set(files)) == len(files) == 2 * len(targets)


def test_names_of_paths_and_uris():
    assert files_of("a.b/c.png", False) == ("a.b/c.png",)
    assert files_of("a.b/c.d.png", True) == ("a.b/c.d.colour.png", "a.b/c.d.alpha.png")
    assert files_of("s3://x/y/c.tif", True) == ("s3://x/y/c.colour.tif", "s3://x/y/c.alpha.tif")


def test_half_a_pair_is_taken_away_when_its_photo_fails(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask, only="pair")
    save_photo(source / "half.jpg", 1)
    save_photo(source / "a.jpg", 2)
    summary, listener = run(source, out, options, entry="odd_batch_child")
    assert (summary.done, summary.failed) == (1, 1)
    assert len(listener.of("half.jpg")) == 2
    assert sorted(pictures(out)) == ["a.alpha.png", "a.colour.png"]
    # and a new half never lies beside an old one
    run(source, out, options, retry_failed=True)
    whole = pictures(out)
    assert len(whole) == 4
    save_photo(source / "half.jpg", 3)
    summary, _ = run(source, out, options, entry="odd_batch_child")
    assert summary.failed == 1
    assert set(whole) - set(pictures(out)) == {"half.colour.png"}
    summary, _ = run(source, out, options, retry_failed=True)
    assert summary.exit_code == 0
    assert sorted(pictures(out)) == sorted(whole)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_at_any_moment_it_goes_on_to_the_same_pairs(tmp_path, mask):
    source, whole, out = tmp_path / "in", tmp_path / "whole", tmp_path / "out"
    save_photos(source, 12)
    run(source, whole, Options(mask=mask, only="pair"))
    expected = pictures(whole)
    options = ("--only", "pair", "--mask", mask, "--jobs", 2, "--memory", "3G", "-q")
    chance = random.Random(3)
    for _ in range(5):
        process = command(source, out, *options)
        try:
            process.wait(chance.uniform(1.0, 4.0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=30)
        else:
            process.communicate()
            shutil.rmtree(out)
            continue
        found = pictures(out) if out.exists() else {}
        assert all(expected[key] == data for key, data in found.items() if not key.endswith(".partial"))
    process = command(source, out, *options)
    assert process.wait(120) == 0, process.communicate()
    process.communicate()
    assert pictures(out) == expected
    assert {row["state"] for row in rows(out / ".gigamatte" / "1-of-1.sqlite").values()} == {"done"}


def test_both_paths_are_told_exported_and_shown(tmp_path, mask, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photo(source / "a.jpg", 1)
    lines = tmp_path / "p.jsonl"
    words = ["batch", str(source), str(out), "--only", "pair", "--mask", mask, "--memory", "3G", "--export", str(lines)]
    assert gigamatte_command(words) == 0
    files = [str(out / "a.colour.png"), str(out / "a.alpha.png")]
    assert capsys.readouterr().out.splitlines() == files
    (line,) = [json.loads(text) for text in lines.read_text("utf-8").splitlines()]
    assert line["files"] == ["a.colour.png", "a.alpha.png"]
    assert line["out_bytes"] == sum(os.path.getsize(file) for file in files)
    assert len(line["sha256"].split("+")) == 2


def test_the_report_shows_the_colours_under_the_alpha(batch, tmp_path):
    source, out, options = batch
    plan, page = Plan(str(source), str(out), options), tmp_path / "r.html"

    def finish(manifest, summary):
        export(manifest, tmp_path / "p.jsonl")
        write_report(page, plan, manifest, summary)

    run(source, out, options, finish=finish)
    text = page.read_text("utf-8")
    assert text.count("data:image/webp;base64,") == 5  # WebP: with alpha
    assert 'href="out/set0/photo000.colour.png"' in text


def test_a_manifest_of_the_first_kind_is_taken_over(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask)
    save_photos(source, 3)
    run(source, out, options)
    path = out / ".gigamatte" / "1-of-1.sqlite"
    make_older(path, 1)
    summary, _ = run(source, out, options)
    assert (summary.done, summary.unchanged) == (0, 3)
    with Manifest(path) as manifest:
        manifest.begin("a test", "1")
    shutil.copytree(out, tmp_path / "other")
    make_older(path, 1)  # and so is one of another division
    done = [run(source, out, options, shard=(index, 2))[0] for index in (1, 2)]
    assert sum(summary.unchanged for summary in done) == 3
    # what it has written is known as ours, and may be replaced
    done = [run(source, out, Options(mask=mask, crop=True), shard=(index, 2))[0] for index in (1, 2)]
    assert sum(summary.done for summary in done) == 3


def test_the_alpha_is_the_colours_own(batch):
    _, out, _ = batch
    colour = cv2.imread(str(out / "set0" / "photo000.colour.png"))
    alpha = cv2.imread(str(out / "set0" / "photo000.alpha.png"), cv2.IMREAD_UNCHANGED)
    assert alpha.shape == colour.shape[:2]
    # under alpha 0 lie the nearest colour, in a thin ring, and white beyond it: never the old ground
    far = cv2.dilate(alpha, np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)) == 0
    assert far.any()
    assert np.all(colour[far] == 255)
    assert 0 < np.count_nonzero(alpha) < alpha.size
