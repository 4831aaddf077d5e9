"""Folders into tar shards, tar shards into folders, patterns, watched places, estimates."""

import os
import random
import signal
import subprocess
import time
from dataclasses import replace

import pytest
from batch_helpers import GIB, Recorder, command, events, pictures, rows, save_photo, save_photos
from batch_helpers import run as run_folder
from stores import bucket, moto_server
from tar_helpers import photo, read_tar, run, write_tar

from gigamatte.batch.engines import engine_for
from gigamatte.batch.limits import Limits
from gigamatte.batch.overview import manifests_of, standing_of, together
from gigamatte.batch.plan import Plan
from gigamatte.batch.tars.cutting import Results
from gigamatte.batch.tars.dry import dry_tars
from gigamatte.batch.tars.members import Members
from gigamatte.batch.tars.shard import Limits as TarLimits
from gigamatte.batch.task import Source
from gigamatte.errors import UsageError
from gigamatte.options import Options

TWO = TarLimits(photos=2)


@pytest.fixture
def options(mask) -> Options:
    return Options(mask=mask, refine="off")


@pytest.fixture
def tars(tmp_path):
    """Two tar shards whose photos have the same names."""
    for shard in range(2):
        members = [(f"set/{number}.jpg", photo(tmp_path, 10 * shard + number)) for number in range(2)]
        write_tar(tmp_path / "tars" / f"s{shard}.tar", [*members, ("set/0.json", b"{}")])
    return tmp_path / "tars"


def results_in(out) -> dict[str, bytes]:
    """Of all tar shards together."""
    return {name: data for path in sorted(out.glob("*.tar")) for name, data in read_tar(path).items()}


def done(listener) -> list[str]:
    return [outcome.key for outcome, _ in listener.outcomes if outcome.state == "done"]


def test_a_folder_becomes_tar_shards(tmp_path, options):
    source, out = tmp_path / "shop", tmp_path / "out"
    save_photos(source, 5)
    summary, listener = run(source, out, options, TWO)
    assert (summary.total, summary.done, summary.exit_code) == (5, 5, 0)
    names = [f"shop-{number:05}.tar" for number in range(3)]
    assert sorted(path.name for path in out.glob("*.tar")) == names
    assert listener.files == [str(out / name) for name in names]
    assert [len(read_tar(out / name)) for name in names] == [2, 2, 1]
    run_folder(source, tmp_path / "files", options)
    assert results_in(out) == pictures(tmp_path / "files")
    assert not list(out.rglob("work"))
    assert together([standing_of(path) for path in manifests_of(str(out))]).done == 5
    again, listener = run(source, out, options, TWO)
    assert (again.unchanged, again.done, listener.outcomes) == (5, 0, [])
    with pytest.raises(UsageError, match="have 2 photos each, and tar_photos says 3"):
        run(source, out, options, TarLimits(photos=3))


def test_what_comes_and_changes_later_costs_itself_alone(tmp_path, options):
    source, out = tmp_path / "shop", tmp_path / "out"
    save_photos(source, 5)
    run(source, out, options, TWO)
    before = {path.name: path.read_bytes() for path in out.glob("*.tar")}
    save_photo(source / "set0" / "photo000.jpg", 50)
    save_photo(source / "set0" / "new.jpg", 51)
    (source / "set2" / "photo002.jpg").unlink()
    summary, listener = run(source, out, options, TWO)
    assert sorted(done(listener)) == ["set0/new.jpg", "set0/photo000.jpg"]
    assert summary.failed == 0
    after = {path.name: path.read_bytes() for path in out.glob("*.tar")}
    assert sorted(after) == [f"shop-{number:05}.tar" for number in range(4)]
    assert [name for name in before if before[name] != after[name]] == ["shop-00000.tar"]
    run_folder(source, tmp_path / "files", options)
    assert pictures(tmp_path / "files").items() <= results_in(out).items()


def test_a_failed_photo_is_tried_again_without_the_others(tmp_path, options):
    source, out = tmp_path / "in", tmp_path / "out"
    write_tar(source / "a.tar", [("1.jpg", photo(tmp_path, 1)), ("2.jpg", b"no photo"), ("3.jpg", photo(tmp_path, 3))])
    first, _ = run(source / "a.tar", out, options)
    assert (first.done, first.failed) == (2, 1)
    again, listener = run(source / "a.tar", out, options, retry_failed=True)
    assert (again.done, again.failed, done(listener)) == (0, 1, [])
    write_tar(
        source / "a.tar", [("1.jpg", photo(tmp_path, 1)), ("2.jpg", photo(tmp_path, 2)), ("3.jpg", photo(tmp_path, 3))]
    )
    last, listener = run(source / "a.tar", out, options)
    assert (last.failed, done(listener)) == (0, ["a.tar/2.jpg"])
    assert list(read_tar(out / "a.tar")) == ["1.cutout.png", "2.cutout.png", "3.cutout.png"]


def test_tar_shards_become_folders(tmp_path, tars, options):
    out = tmp_path / "out"
    summary, listener = run(tars / "*.tar", out, options, files=True)
    assert (summary.done, summary.exit_code) == (4, 0)
    found = pictures(out)
    assert sorted(found) == [f"s{shard}/set/{number}.cutout.png" for shard in range(2) for number in range(2)]
    assert sorted(file for outcome, _ in listener.outcomes for file in outcome.files) == sorted(
        str(out / name) for name in found
    )
    run(tars / "*.tar", tmp_path / "packed", options)
    assert found["s1/set/1.cutout.png"] == read_tar(tmp_path / "packed" / "s1.tar")["set/1.cutout.png"]
    again, listener = run(tars / "*.tar", out, options, files=True)
    assert (again.unchanged, listener.outcomes) == (4, [])
    (out / "s0" / "set" / "1.cutout.png").unlink()
    again, listener = run(tars / "*.tar", out, options, files=True)
    assert (again.done, again.unchanged, done(listener)) == (1, 3, ["s0.tar/set/1.jpg"])
    assert pictures(out) == found


def test_a_pattern_chooses_members(tmp_path, options):
    members = [
        (f"{name}.jpg", photo(tmp_path, seed)) for seed, name in enumerate(("a/front_1", "a/back_1", "b/front_2"))
    ]
    source = write_tar(tmp_path / "in" / "s.tar", [*members, ("a/front_1.json", b"{}")])
    summary, _ = run(source, tmp_path / "out", options, pattern="front_*")
    assert summary.done == 2
    assert list(read_tar(tmp_path / "out" / "s.tar")) == [
        "a/front_1.cutout.png",
        "a/front_1.json",
        "b/front_2.cutout.png",
    ]
    summary, _ = run(source, tmp_path / "out", options, pattern="a/*.jpg")
    assert summary.total == 2
    assert "a/back_1.cutout.png" in read_tar(tmp_path / "out" / "s.tar")


def test_a_broken_tar_costs_itself_alone(tmp_path, tars, options):
    (tars / "bad.tar").write_bytes((tars / "s0.tar").read_bytes()[:3000])
    summary, listener = run(tars / "*.tar", tmp_path / "out", options)
    assert (summary.done, summary.failed, summary.exit_code) == (4, 1, 3)
    (failed,) = [outcome for outcome, _ in listener.outcomes if outcome.state == "failed"]
    assert failed.key == "bad.tar"
    assert "no whole tar file" in failed.message
    assert sorted(path.name for path in (tmp_path / "out").glob("*.tar")) == ["s0.tar", "s1.tar"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("way", ["folder", "files"])
def test_killed_at_three_moments_the_results_are_the_same_byte_for_byte(way, tmp_path, tars, mask):
    source = tmp_path / "shop"
    save_photos(source, 9)
    words = (source, "--tar-photos", 3) if way == "folder" else (tars / "*.tar", "--results", "files")
    first, *rest = words
    rest += ["--mask", mask, "--refine", "off", "--jobs", 2, "--memory", "3G", "--json"]
    began = time.monotonic()
    with command(first, tmp_path / "whole", *rest) as process:
        assert process.communicate(timeout=300)
    assert process.returncode == 0
    span, chance, out, whole = (
        time.monotonic() - began,
        random.Random(7),
        tmp_path / "out",
        pictures(tmp_path / "whole"),
    )
    for _ in range(3):
        process = command(first, out, *rest)
        try:
            process.wait(chance.uniform(0.3, 1.0) * span)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        for path, data in pictures(out).items() if out.exists() else ():
            if ".partial" not in path:
                assert data == whole[path]  # whole, or not there
    with command(first, out, *rest) as process:
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    assert pictures(out) == whole
    for manifest in manifests_of(str(out)):
        assert {row["state"] for row in rows(manifest).values()} == {"done"}


def test_members_stay_in_their_lots(tmp_path):
    def source(key, stamp="1"):
        return Source(key, str(tmp_path / key), 5, stamp)

    path = tmp_path / "m.sqlite"
    (tmp_path / "b").touch()
    members = Members(path, "x", 2)
    lots = list(members.lots(iter([source("b"), source("a"), source("c")])))
    assert [(lot.stem, [one.key for one in lot.listed]) for lot in lots] == [
        ("x-00000", ["a", "b"]),
        ("x-00001", ["c"]),
    ]
    members.close()
    members = Members(path, "x", 2)
    again = list(members.lots(iter([source("0"), source("a"), source("c", "2")])))  # one is new, one has changed
    assert [lot.stem for lot in again] == ["x-00000", "x-00001", "x-00002"]
    assert [lot.stamp == before.stamp for lot, before in zip(again, lots, strict=False)] == [True, False]
    assert [one.key for one in again[0].listed] == ["a", "b"]  # b is no longer listed, and still there
    (tmp_path / "b").unlink()
    (first, *_) = members.lots(iter([source("a", "3")]))
    assert [one.key for one in first.listed] == ["a"]
    assert list(members.lots(iter([source("a", "3"), source("d")]), known=False, grows=True)) == []
    members.close()


def wait_for(what, seconds=90):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_tar_shards_are_taken_as_they_come(tmp_path, tars, mask):
    late, source, out = (tars / "s1.tar").read_bytes(), tmp_path / "in", tmp_path / "out"
    source.mkdir()
    os.rename(tars / "s0.tar", source / "s0.tar")
    process = command(
        source / "*.tar", out, "--watch", "--every", 0.3, "--mask", mask, "--refine", "off", "--memory", "3G", "--json"
    )
    try:
        wait_for(lambda: (out / "s0.tar").exists())
        with (source / "s1.tar").open("wb") as file:
            for at in range(0, len(late), len(late) // 4 + 1):
                file.write(late[at : at + len(late) // 4 + 1])
                file.flush()
                time.sleep(0.6)
        wait_for(lambda: (out / "s1.tar").exists())
    finally:
        process.send_signal(signal.SIGINT)
    said = events(process.communicate(timeout=120)[0])
    assert process.returncode == 0, said
    assert [event for event in said if event["event"] == "photo" and event["error"]] == []
    assert sorted(path.name for path in out.glob("*.tar")) == ["s0.tar", "s1.tar"]
    assert together([standing_of(path) for path in manifests_of(str(out))]).done == 4


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_watched_folder_becomes_tar_shards(tmp_path, mask):
    source, out = tmp_path / "shop", tmp_path / "out"
    save_photos(source, 3)
    words = (
        "--watch",
        "--every",
        0.3,
        "--tar-photos",
        2,
        "--mask",
        mask,
        "--refine",
        "off",
        "--memory",
        "3G",
        "--json",
    )
    process = command(source, out, *words)
    try:
        wait_for(lambda: (out / "shop-00000.tar").exists())
        save_photo(source / "late.jpg", 70)
        wait_for(lambda: (out / "shop-00001.tar").exists())
    finally:
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert sorted(len(read_tar(path)) for path in out.glob("*.tar")) == [2, 2]


def test_estimates(tmp_path, tars, mask, options):
    run(tars / "s0.tar", tmp_path / "out", options)
    before = sorted(path for path in (tmp_path / "out").rglob("*"))
    words = ("--dry-run", "--mask", mask, "--refine", "off", "--memory", "3G", "--json")
    with command(tars / "*.tar", tmp_path / "out", *words) as process:
        found = events(process.communicate(timeout=120)[0])[-1]
    assert process.returncode == 0
    assert [found[name] for name in ("total", "waiting", "unchanged", "sampled", "sample_failed")] == [4, 2, 2, 2, 0]
    assert found["waiting_bytes"] == sum(len(data) for name, data in read_tar(tars / "s1.tar").items() if "jpg" in name)
    assert not found["estimated"]
    assert found["hours"] > 0
    assert sorted(path for path in (tmp_path / "out").rglob("*")) == before
    source = tmp_path / "shop"
    save_photos(source, 5)
    with command(source, tmp_path / "new", "--tar-photos", 2, *words) as process:
        found = events(process.communicate(timeout=120)[0])[-1]
    assert (found["total"], found["waiting"], found["sampled"]) == (5, 5, 5)
    assert not (tmp_path / "new").exists()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_estimate_of_tar_shards_in_a_store_reads_their_beginnings(tmp_path, tars, options, monkeypatch):
    with moto_server(monkeypatch):
        system = bucket("shop")
        for path in tars.iterdir():
            system.put_file(str(path), f"shop/in/{path.name}")
        plan = Plan("s3://shop/in/*.tar", "s3://shop/out", options, limits=Limits(memory=3 * GIB, inflight=2))
        found = dry_tars(plan, Results(), lambda own: engine_for(own, "local", address="auto"), Recorder())
    assert found.estimated
    assert found.total == found.waiting == 4
    assert (found.sampled, found.sample_failed) == (4, 0)
    assert not manifests_there(plan)


def manifests_there(plan) -> bool:
    return plan.manifest_folder.exists()


def test_words_that_do_not_fit(tmp_path, tars, options, mask):
    with pytest.raises(UsageError, match="a folder of masks does not go"):
        run(tars / "*.tar", tmp_path / "out", replace(options, mask=None), masks=str(tmp_path))
    for words in (("--results", "pdf"), ("--results", "files", "--tar-photos", 2), ("--tar-photos", -1)):
        with command(tars / "*.tar", tmp_path / "out", *words, "--mask", mask) as process:
            said = process.communicate(timeout=60)[1]
        assert process.returncode == 2, said
        assert len(said.strip().splitlines()) <= 2
