"""All manifests of a batch as one: status, merge, export, dry runs, figures for Prometheus."""

import csv
import json
import time
import urllib.request

import pytest
from batch_helpers import Recorder, make_older, pictures, rows, run, save_photo, save_photos
from tar_helpers import photo, write_tar
from tar_helpers import run as run_tars

from gigamatte.batch.counts import Counts
from gigamatte.batch.merge import merge
from gigamatte.batch.metrics import Metrics
from gigamatte.batch.overview import manifests_of, standing_of, together
from gigamatte.batch.reader import Reader
from gigamatte.cli.app import run as command
from gigamatte.errors import MissingInput, UsageError
from gigamatte.options import Options


def two_shards(folder, mask):
    """Seven photos, one of them broken, done by two shards: (in, out)."""
    source, out = folder / "in", folder / "out"
    save_photos(source, 6)
    (source / "bad.jpg").write_bytes(b"junk")
    for index in (1, 2):
        run(source, out, Options(mask=mask), shard=(index, 2))
    return source, out


@pytest.fixture
def shards(tmp_path, mask):
    return two_shards(tmp_path, mask)


@pytest.fixture(scope="module")
def shards_to_read(tmp_path_factory, mask):
    """The same, for tests that change nothing there."""
    return two_shards(tmp_path_factory.mktemp("shards"), mask)


def test_status_tells_of_all_shards_without_listing_a_photo(shards, capsys):
    source, out = shards
    for path in source.rglob("*.jpg"):
        path.unlink()
    found = manifests_of(str(out))
    assert [path.stem for path in found] == ["1-of-2", "2-of-2"]
    whole = together([standing_of(path) for path in found])
    assert (whole.photos, whole.done, whole.failed, whole.waiting, whole.at_work) == (7, 6, 1, 0, False)
    assert whole.failures == {"input-unsupported": 1}
    assert whole.hours > 0
    assert command(["batch", "status", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["all"]["photos"], len(told["manifests"])) == (7, 2)
    assert command(["batch", "status", str(out), "--price", "3600"]) == 0
    said = capsys.readouterr().out
    assert "input-unsupported: 1" in said
    assert [line.split()[0] for line in said.splitlines()[:4]] == ["shard", "1-of-2", "2-of-2", "all"]
    assert float(said.splitlines()[3].split()[-1]) == pytest.approx(3600 * whole.hours, abs=0.1)


def test_a_batch_at_work_is_seen_and_read(shards, mask):
    source, out = shards
    save_photo(source / "new.jpg", 99)
    seen = []
    listener = Recorder()
    listener.then = lambda _: seen.append(standing_of(out / ".gigamatte" / "1-of-2.sqlite"))
    for index in (1, 2):
        run(source, out, Options(mask=mask), shard=(index, 2), listener=listener)
    assert {one.at_work for one in seen} <= {True, False}
    assert len(seen) == 1
    assert not standing_of(out / ".gigamatte" / "1-of-2.sqlite").at_work


def test_one_manifest_of_many_goes_on_where_they_were(shards, mask, tmp_path, capsys):
    source, out = shards
    before = pictures(out)
    assert command(["batch", "merge", str(out), "--report", str(tmp_path / "r.html")]) == 0
    assert "7 photos of 2 manifests" in capsys.readouterr().out
    assert "bad.jpg" in (tmp_path / "r.html").read_text()
    table = rows(out / ".gigamatte" / "1-of-1.sqlite")
    assert len(table) == 7
    whole = standing_of(out / ".gigamatte" / "1-of-1.sqlite")
    assert (whole.photos, whole.done, whole.failed) == (7, 6, 1)
    assert [path.stem for path in manifests_of(str(out))] == ["1-of-1"]  # not counted twice
    for path in out.glob(".gigamatte/*-of-2.*"):
        path.unlink()
    summary, listener = run(source, out, Options(mask=mask))
    assert (summary.done, summary.unchanged, summary.failed, listener.outcomes) == (0, 6, 1, [])
    assert pictures(out) == before
    assert command(["batch", "merge", str(out)]) == 2


def test_manifests_of_many_machines(tmp_path, mask, capsys):
    """Each machine has a list and a manifest of its own; two lists name the same photo."""
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 4)
    names = sorted(str(path) for path in source.rglob("*.jpg"))
    for part, own in (("a", names[:3]), ("b", names[2:])):
        (source / f"{part}.txt").write_text("\n".join(own))
        run(source / f"{part}.txt", out, Options(mask=mask), manifest=tmp_path / "m" / part, overwrite=True)
    folders = [str(tmp_path / "m" / part) for part in "ab"]
    target = tmp_path / "one" / "1-of-1.sqlite"
    merged = merge(manifests_of(str(out), folders), target)
    assert (merged.manifests, merged.photos, merged.twice, merged.clashes) == (2, 4, 1, 0)
    assert len(rows(target)) == 4
    assert not list(target.parent.glob(".*"))
    with pytest.raises(UsageError, match="exists"):
        merge(manifests_of(str(out), folders), target)
    with pytest.raises(MissingInput, match="there is no manifest"):
        manifests_of(str(out))


def test_manifests_of_tar_shards_are_not_merged(shards, tmp_path, mask, capsys):
    _, out = shards
    photos = [(f"{number}.jpg", photo(tmp_path, number)) for number in range(2)]
    write_tar(tmp_path / "tars" / "a.tar", photos)
    write_tar(tmp_path / "tars" / "b.tar", [(f"b{name}", data) for name, data in photos])
    for files in (False, True):
        own = tmp_path / f"of-tars-{files}"
        run_tars(tmp_path / "tars" / "*.tar", own, Options(mask=mask, refine="off"), files=files)
        lots = sorted(own.rglob("1-of-1.sqlite"))
        assert len(lots) == 2
        assert command(["batch", "merge", str(own)]) == 2
        assert "was one of tar shards" in capsys.readouterr().err
        assert command(["batch", "merge", str(own), *(str(path.parent) for path in lots)]) == 2
        assert sorted(own.rglob("1-of-1.sqlite")) == lots
    run_tars(tmp_path / "tars" / "*.tar", out, Options(mask=mask, refine="off"))
    capsys.readouterr()
    assert command(["batch", "merge", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 manifests of tar shards left out")
    merged = rows(out / ".gigamatte" / "1-of-1.sqlite")
    assert len(merged) == 7
    assert not {"0.jpg", "1.jpg", "b0.jpg", "b1.jpg"} & merged.keys()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_exports(shards_to_read, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'gigamatte[ray]')")
    _, out = shards_to_read
    file = tmp_path / f"x.{kind}"
    assert command(["batch", "export", str(out), str(file)]) == 0
    if kind == "jsonl":
        found = [json.loads(line) for line in file.read_text().splitlines()]
    elif kind == "csv":
        with file.open(encoding="utf-8", newline="") as text:
            found = list(csv.DictReader(text))
    else:
        parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
        found = parquet.read_table(file).to_pylist()
    assert [row["path"] for row in found] == sorted(row["path"] for row in found)
    assert len(found) == 7
    assert {row["state"] for row in found} == {"done", "quarantined"}
    assert command(["batch", "export", str(out), str(file), "--state", "failed"]) == 0
    assert command(["batch", "export", str(out), str(tmp_path / "x.doc")]) == 2


def test_rows_of_several_manifests_come_in_one_order(shards_to_read):
    _, out = shards_to_read
    with Reader(manifests_of(str(out))) as reader:
        doubts = [row["doubt"] for row in reader.rows("state = 'done'", "doubt DESC, key", 4)]
        assert doubts == sorted(doubts, reverse=True)
        assert len(doubts) == 4
        assert len(list(reader.rows())) == 7


@pytest.mark.parametrize("version", [1, 3, 5])
def test_a_manifest_of_an_earlier_version_is_read_as_it_is(shards, version):
    _, out = shards
    path = out / ".gigamatte" / "1-of-2.sqlite"
    before = standing_of(path)
    with Reader(manifests_of(str(out))) as reader:
        told = list(reader.rows())
    make_older(path, version)
    with Reader(manifests_of(str(out))) as reader:
        older = list(reader.rows())
    for name in ("key", "source", "target", "state", "sha256", "fingerprint", "receipt", "megapixels", "mark"):
        assert [row[name] for row in older] == [row[name] for row in told]
    now = standing_of(path)
    assert (now.photos, now.done, now.megapixels) == (before.photos, before.done, before.megapixels)
    merge(manifests_of(str(out)), target := out.parent / f"merged-{version}" / "1-of-1.sqlite")
    assert {key: row["sha256"] for key, row in rows(target).items()} == {row["key"]: row["sha256"] for row in told}


def test_a_dry_run_cuts_a_sample_and_leaves_everything_alone(tmp_path, mask, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 5)
    (source / "bad.jpg").write_bytes(b"junk")
    words = ["batch", str(source), str(out), "--mask", mask]
    assert command([*words, "--dry-run", "--price", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["total"], found["waiting"], found["sampled"], found["sample_failed"]) == (6, 6, 6, 1)
    assert [one["key"] for one in found["sample_failures"]] == ["bad.jpg"]
    assert "found a text that begins with 'junk'" in found["sample_failures"][0]["message"]
    assert found["hours"] > 0
    assert found["cost"] == pytest.approx(2 * found["hours"], abs=0.001)
    assert found["waiting_bytes"] == sum(path.stat().st_size for path in source.rglob("*.jpg"))
    assert not out.exists()
    assert command([*words, "--dry-run"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        f"6 of 6 photos would be cut ({said[0].split('(')[1].split(')')[0]}); 0 right already",
        "6 photos tried, 1 failed",
    ]
    assert said[2].startswith("  bad.jpg: expected a JPEG")
    assert command(words) == 3
    before = (pictures(out), rows(out / ".gigamatte" / "1-of-1.sqlite"))
    capsys.readouterr()
    assert command([*words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "0 of 6 photos would be cut" in said
    assert "1 photo left alone after failing in an earlier run" in said
    assert (pictures(out), rows(out / ".gigamatte" / "1-of-1.sqlite")) == before


def test_figures_for_prometheus(tmp_path, mask):
    parser = pytest.importorskip("prometheus_client.parser", reason="prometheus-client is not installed")
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 3)
    (source / "bad.jpg").write_bytes(b"junk")
    with Metrics(Recorder(), ("127.0.0.1", 0)) as listener:
        run(source, out, Options(mask=mask), listener=listener)
        with urllib.request.urlopen(f"http://127.0.0.1:{listener.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        with pytest.raises(UsageError, match="metrics"):
            Metrics(Recorder(), ("127.0.0.1", listener.port)).__enter__()
    found = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.name.startswith("gigamatte_batch_")
        for sample in family.samples:
            found[sample.name, *sample.labels.values()] = sample.value
    assert found["gigamatte_batch_photos_total", "done"] == 3
    assert found["gigamatte_batch_photos_total", "failed"] == 1
    assert found["gigamatte_batch_failures_total", "input-unsupported"] == 1
    assert found["gigamatte_batch_listed_photos",] == 4
    assert found["gigamatte_batch_waiting_photos",] == 0
    assert found["gigamatte_batch_latest_result_time_seconds",] == pytest.approx(time.time(), abs=600)
    assert found["gigamatte_batch_stage_seconds_total", "write"] > 0


def test_figures_before_anything_has_ended():
    page = Metrics(Recorder(), ("127.0.0.1", 0))
    page.started(Counts(waiting=5))
    assert "gigamatte_batch_waiting_photos 5" in page.page()
