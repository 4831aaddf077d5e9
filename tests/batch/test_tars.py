"""Tar shards in and out: what belongs together, what is hostile, and shards that appear whole or not at all."""

import io
import os
import random
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from batch_helpers import command, events, rows, save_photo
from stores import bucket, moto_server
from tar_helpers import photo, read_tar, run, write_tar

from gigamatte.batch.overview import manifests_of, standing_of, together
from gigamatte.batch.tars.names import Member, part_of, refusal, shards_named
from gigamatte.batch.tars.shard import Limits as TarLimits
from gigamatte.batch.tars.shard import unpack
from gigamatte.errors import MissingInput, ResultExists, UnsupportedInput, UsageError
from gigamatte.options import Options


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    """Two shards of five samples: a photo, its words, and in one sample nothing but words."""
    folder = tmp_path_factory.mktemp("tars")
    for shard in range(2):
        members = []
        for number in range(5):
            name = f"set/{shard}{number:03}"
            members.append((f"{name}.jpg", save_photo(folder / "p.jpg", 10 * shard + number).read_bytes()))
            members.append((f"{name}.json", b'{"n": %d}' % number))
        members.append((f"set/{shard}999.json", b"{}"))
        write_tar(folder / "in" / f"shop-{shard:02}.tar", members)
    return folder / "in"


def test_samples_go_in_and_results_come_out(shards, tmp_path, mask):
    out, options = tmp_path / "out", Options(mask=mask, refine="off")
    summary, listener = run(shards / "shop-{00..01}.tar", out, options)
    assert (summary.total, summary.done, summary.failed, summary.exit_code) == (10, 10, 0, 0)
    assert listener.files == [str(out / "shop-00.tar"), str(out / "shop-01.tar")]
    assert [text for text in listener.warnings if "without a photo" in text] == [
        f"shop-0{shard}.tar: 1 sample without a photo left out" for shard in range(2)
    ]
    found = read_tar(out / "shop-00.tar")
    assert list(found)[:4] == ["set/0000.cutout.png", "set/0000.json", "set/0001.cutout.png", "set/0001.json"]
    assert found["set/0001.json"] == b'{"n": 1}'
    assert len(found) == 10
    assert sorted(path.name for path in out.iterdir()) == [".gigamatte", "shop-00.tar", "shop-01.tar"]
    assert not list(out.rglob("work"))
    assert together([standing_of(path) for path in manifests_of(str(out))]).done == 10
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    again, listener = run(shards / "*.tar", out, options)
    assert (again.total, again.done, again.unchanged, listener.outcomes) == (10, 0, 10, [])
    assert {path: path.stat().st_mtime_ns for path in out.glob("*.tar")} == before
    (out / "shop-01.tar").unlink()
    again, _ = run(shards / "*.tar", out, options)
    assert (again.done, again.unchanged) == (5, 5)


def test_limits_of_the_shards_of_results(shards, tmp_path, mask):
    out, options = tmp_path / "out", Options(mask=mask, refine="off")
    whole, _ = run(shards / "shop-00.tar", tmp_path / "whole", options)
    run(shards / "shop-00.tar", out, options, TarLimits(photos=2))
    names = [f"shop-00-{number:05}.tar" for number in range(3)]
    assert sorted(path.name for path in out.glob("*.tar")) == names
    assert [len(read_tar(out / name)) for name in names] == [4, 4, 2]
    together_again = {name: data for part in names for name, data in read_tar(out / part).items()}
    assert together_again == read_tar(tmp_path / "whole" / "shop-00.tar")
    run(shards / "shop-00.tar", out, options, TarLimits(bytes=1))  # one sample at least
    assert [len(read_tar(path)) for path in sorted(out.glob("*.tar"))] == [2] * 5
    run(shards / "shop-00.tar", out, options)  # and what the limits before have made is no more
    assert [path.name for path in out.glob("*.tar")] == ["shop-00.tar"]
    assert whole.done == 5


def test_a_bad_photo_costs_its_sample(tmp_path, mask):
    photo = save_photo(tmp_path / "p.jpg", 1).read_bytes()
    shard = write_tar(tmp_path / "in" / "a.tar", [("1.jpg", photo), ("2.jpg", b"junk"), ("2.txt", b"words")])
    summary, listener = run(shard, tmp_path / "out", Options(mask=mask))
    assert (summary.total, summary.done, summary.failed, summary.exit_code) == (2, 1, 1, 3)
    assert [outcome.key for outcome, _ in listener.outcomes if outcome.state == "failed"] == ["a.tar/2.jpg"]
    assert list(read_tar(tmp_path / "out" / "a.tar")) == ["1.cutout.png"]
    again, _ = run(shard, tmp_path / "out", Options(mask=mask))
    assert (again.unchanged, again.failed, again.exit_code) == (1, 1, 3)


def test_what_others_have_put_there_stays(shards, tmp_path, mask):
    out = tmp_path / "out"
    out.mkdir()
    (out / "shop-00.tar").write_bytes(b"somebody's")
    with pytest.raises(ResultExists, match="not from this batch"):
        run(shards / "shop-00.tar", out, Options(mask=mask))
    assert (out / "shop-00.tar").read_bytes() == b"somebody's"
    summary, _ = run(shards / "shop-00.tar", out, Options(mask=mask), overwrite=True)
    assert summary.done == 5
    with pytest.raises(UsageError, match="mixed with sources"):
        run(shards / "*.tar", shards, Options(mask=mask))


def test_hostile_members_are_left_out(tmp_path):
    links = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        info = tarfile.TarInfo(f"link{kind.decode()}.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        links.append((info, b""))
    names = [
        "../up.jpg",
        "/etc/x.jpg",
        "a/../../b.jpg",
        ".hidden.jpg",
        "a/.h/b.jpg",
        "c:\\x.jpg",
        "a//b.jpg",
        "x\n.jpg",
    ]
    shard = write_tar(
        tmp_path / "s" / "bad.tar",
        [*links, *((name, b"x") for name in names), ("ok.jpg", b"1"), ("ok.jpg", b"2"), ("ok.jpg/x.jpg", b"3")],
    )
    for folder in ("in", "others"):
        (tmp_path / "w" / folder).mkdir(parents=True)
    found = unpack(shard, tmp_path / "w" / "in", tmp_path / "w" / "others")
    assert {name for name, sample in found.samples.items() if sample.photo} == {"ok"}
    assert (tmp_path / "w" / "in" / "ok.jpg").read_bytes() == b"1"
    assert sorted(path.name for path in (tmp_path / "w").rglob("*") if path.is_file()) == ["ok.jpg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "w"]
    assert len(found.refused) == len(links) + len(names) + 2


def test_a_shard_that_ends_too_soon_is_refused(tmp_path):
    """Between two members as well, where tarfile itself sees nothing."""
    whole = write_tar(tmp_path / "a.tar", [("1.jpg", b"x" * 600), ("2.jpg", b"y" * 600)]).read_bytes()
    for number, length in enumerate((700, 1536, 2000, 2500, 3072)):
        (tmp_path / "short.tar").write_bytes(whole[:length])
        folder = tmp_path / str(number)
        (folder / "others").mkdir(parents=True)
        with pytest.raises(UnsupportedInput, match="no whole tar"):
            unpack(tmp_path / "short.tar", folder / "in", folder / "others")


def test_the_photo_of_a_sample_is_its_plainest_picture(tmp_path):
    names = ("1.seg.png", "1.jpg", "1.depth.png", "2.a.b.jpg")
    shard = write_tar(tmp_path / "a.tar", zip(names, (b"s", b"p", b"d", b"x"), strict=True))
    for folder in ("in", "others"):
        (tmp_path / folder).mkdir()
    found = unpack(shard, tmp_path / "in", tmp_path / "others").samples
    assert (found["1"].photo, found["2"].photo) == ("1.jpg", "2.a.b.jpg")
    assert {name: path.read_bytes() for name, path in found["1"].others} == {"1.seg.png": b"s", "1.depth.png": b"d"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_unusual_names_are_no_hindrance(tmp_path, mask, form):
    """Folders, long names, times, spaces, commas, bytes that are no text; in a tar shard that looks like a pattern."""
    data = photo(tmp_path, 1)
    stems = [f"{'d' * 90}/{'n' * 150}", "2024-01-01T12:00:00", "a b/é, c", os.fsdecode(b"\xff")]
    source = tmp_path / "in [1]" / "shop {a} [2].tar"
    source.parent.mkdir()
    with tarfile.open(source, "w", format=form) as tar:
        for name in ("a b", "d" * 90):
            info = tarfile.TarInfo(f"./{name}/")
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        for stem in stems:
            info = tarfile.TarInfo(f"./{stem}.jpg")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    (source.parent / "empty.tar").write_bytes(bytes(10240))  # as tar writes it of no files
    summary, listener = run(source, tmp_path / "out", Options(mask=mask, refine="off"))
    assert (summary.total, summary.done, listener.warnings) == (4, 4, [])
    assert sorted(read_tar(tmp_path / "out" / source.name)) == sorted(f"{stem}.cutout.png" for stem in stems)
    assert len(shards_named(str(source.parent / "*.tar"))) == 2
    both, _ = run(source.parent / "*.tar", tmp_path / "out", Options(mask=mask, refine="off"))
    assert (both.total, both.unchanged, both.exit_code) == (4, 4, 0)
    none, _ = run(source.parent / "empty.tar", tmp_path / "none", Options(mask=mask, refine="off"))
    assert (none.total, none.exit_code) == (0, 4)
    assert not list((tmp_path / "none").glob("*.tar"))


def test_names_of_shards_and_members(tmp_path):
    assert Member.of("a.b/000.seg.png") == Member("a.b/000", "seg.png")
    assert shards_named("/x/s-{08..11}.tar") == [f"/x/s-{number}.tar" for number in ("08", "09", "10", "11")]
    assert len(shards_named("s3://b/{0..1}-{000..099}.tar")) == 200
    with pytest.raises(UsageError, match="no range"):
        shards_named("/x/s-{5..1}.tar")
    with pytest.raises(UsageError, match="same name"):
        shards_named("/x/{0..1}/a.tar")
    with pytest.raises(MissingInput):
        shards_named(str(tmp_path / "*.tar"))
    every = shards_named("/x/s-{000..099}.tar")
    parts = [part_of(every, (index, 3)) for index in (1, 2, 3)]
    assert sorted(place for part in parts for place in part) == every
    assert all(parts)
    assert refusal("a/b.jpg") == ""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_at_three_moments_the_shards_are_the_same_byte_for_byte(shards, tmp_path, mask):
    options = ("--mask", mask, "--refine", "off", "--jobs", 2, "--memory", "3G", "--json")
    began = time.monotonic()
    with command(shards / "*.tar", tmp_path / "whole", *options) as process:
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0
    assert [event["files"] for event in events(said) if event["event"] == "written"]
    span, chance, out = time.monotonic() - began, random.Random(3), tmp_path / "out"
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").glob("*.tar")}
    for _ in range(3):
        process = command(shards / "*.tar", out, *options)
        try:
            process.wait(chance.uniform(0.3, 1.0) * span)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        for path in out.glob("*.tar"):  # whole, or not there
            assert path.read_bytes() == whole[path.name]
    with command(shards / "*.tar", out, *options) as process:
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    assert {path.name: path.read_bytes() for path in out.glob("*.tar")} == whole
    for manifest in manifests_of(str(out)):
        assert {row["state"] for row in rows(manifest).values()} == {"done"}


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_from_bucket_to_bucket(shards, tmp_path, mask, monkeypatch):
    with moto_server(monkeypatch) as server:
        system = bucket("shop")
        for path in shards.iterdir():
            system.put_file(str(path), f"shop/in/{path.name}")
        server.asked.clear()
        summary, listener = run("s3://shop/in/*.tar", "s3://shop/out", Options(mask=mask, refine="off"))
        assert (summary.done, summary.exit_code) == (10, 0), listener.outcomes
        asked = [method for method, path in server.asked if "list-type" not in path and "/in/" in path]
        assert asked.count("GET") == 2  # one for each shard
        run(shards / "*.tar", tmp_path / "out", Options(mask=mask, refine="off"))
        for path in (tmp_path / "out").glob("*.tar"):
            assert system.cat_file(f"shop/out/{path.name}") == path.read_bytes()
        again, listener = run("s3://shop/in/*.tar", "s3://shop/out", Options(mask=mask, refine="off"))
        assert (again.unchanged, listener.outcomes) == (10, [])
