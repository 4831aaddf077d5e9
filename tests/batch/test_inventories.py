"""Lists with columns, lists on standard input, and photos that are cut while others are still being listed."""

import gzip
import io
import itertools
import json
import sys
import threading
import time

import pytest
from batch_helpers import Recorder, run, save_photo

from gigamatte.batch import lister
from gigamatte.batch.lists.sources import list_sources
from gigamatte.batch.task import Source
from gigamatte.errors import MissingInput, UsageError
from gigamatte.options import Options


def keys(spec: object, **more: str) -> list[str]:
    return [source.key for source in list_sources(str(spec), **more) if not source.refusal]


@pytest.fixture
def two(tmp_path):
    """Two photos: a.jpg, and one whose name has a comma and a letter that is not ASCII."""
    for name in ("a.jpg", "sub/é, b.jpg"):
        save_photo(tmp_path / name, 1)
    return ["a.jpg", "sub/é, b.jpg"]


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("x.csv", 'id,path,Size\n1,a.jpg,5\n2,"sub/é, b.jpg",6\n', None),
        ("x.csv", 'what,Bild\n1,a.jpg\n2,"sub/é, b.jpg"\n', "bild"),
        ("x.csv", '1,a.jpg\n2,"sub/é, b.jpg"\n', None),
        ("x.csv", '1,a.jpg\n2,"sub/é, b.jpg"\n', "2"),
        ("x.tsv", "image\tn\na.jpg\t1\nsub/é, b.jpg\t2\n", None),
        ("x.jsonl", '{"n": 1, "file": "a.jpg"}\n\n{"n": 2, "file": "sub/é, b.jpg"}\n', None),
        ("x.ndjson", '"a.jpg"\n"sub/\\u00e9, b.jpg"\n', None),
        ("x.txt", "# two photos\na.jpg\n\n#\nsub/é, b.jpg\n", None),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_columns(tmp_path, two, name, text, column, packed):
    data = text.encode()
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(data) if packed else data)
    more = {} if column is None else {"column": column}
    if packed and name == "x.txt":
        assert keys(path) == two
    else:
        assert keys(path, **more) == two


def test_parquet(tmp_path, two):
    table = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'gigamatte[ray]')")
    from pyarrow import parquet

    made = table.table({"n": [1, 2], "URI": two, "size": [5, 6]})
    parquet.write_table(made, tmp_path / "x.parquet", row_group_size=1)
    assert keys(tmp_path / "x.parquet") == two
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UsageError, match="is no Parquet"):
        keys(tmp_path / "bad.parquet")


@pytest.mark.parametrize(
    ("name", "text", "column", "words"),
    [
        ("x.csv", "id,what\n1,2\n", None, "no column of .* names photos; it has: id, what"),
        ("x.csv", "id,path\n1,2\n", "photo", "has no column photo; it has: id, path"),
        ("x.jsonl", '{"n": 1}\n', None, "no column of .* names photos; it has: n"),
        ("x.jsonl", "no json\n", None, "line 1: expected a JSON object"),
        ("x.txt", "a.jpg\n", "path", "column is for CSV"),
        ("manifest.json", "{}", None, "no manifest of S3 Inventory"),
    ],
)
def test_what_is_no_inventory(tmp_path, name, text, column, words):
    (tmp_path / name).write_text(text)
    with pytest.raises((UsageError, MissingInput), match=words):
        keys(tmp_path / name, **({} if column is None else {"column": column}))


def test_an_inventory_that_was_downloaded_with_its_reports(tmp_path):
    report = '"shop","in/a+b%C3%A9.jpg","10","""abc"""\n"shop","in/readme.txt","1","x"\n'
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.csv.gz").write_bytes(gzip.compress(report.encode()))
    told = {
        "sourceBucket": "shop", "destinationBucket": "arn:aws:s3:::reports", "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, ETag", "files": [{"key": "inv/data/1.csv.gz"}],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    (found,) = list_sources(str(tmp_path / "manifest.json"))
    assert (found.place, found.bytes, found.stamp) == ("s3://shop/in/a bé.jpg", 10, "10-abc")


def test_standard_input_is_a_list(tmp_path, two, mask, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a.jpg\nsub/é, b.jpg\n".encode())))
    summary, listener = run("-", tmp_path / "out", Options(mask=mask))
    assert (summary.done, summary.exit_code) == (2, 0), listener.outcomes
    assert (tmp_path / "out" / "sub" / "é, b.cutout.png").is_file()
    assert not sys.stdin.closed


def test_the_first_photos_are_cut_while_others_are_listed(tmp_path, mask, monkeypatch):
    """The list waits until the first photo is cut: a batch that lists everything first would wait for ever."""
    photos = [save_photo(tmp_path / "in" / f"{number}.jpg", number) for number in range(6)]
    go_on, listed = threading.Event(), []

    def slow(spec, **_):
        for number, path in enumerate(photos):
            if number == 3:
                assert go_on.wait(60)
            listed.append(path)
            yield Source(path.name, str(path), path.stat().st_size, f"s{number}")

    class First(Recorder):
        def started(self, counts):
            super().started(counts)
            self.before = len(self.outcomes)

    monkeypatch.setattr(lister, "list_sources", slow)
    listener = First()
    listener.then = lambda _: go_on.set()
    summary, _ = run(tmp_path / "in", tmp_path / "out", Options(mask=mask), listener=listener)
    assert (summary.total, summary.done, summary.exit_code) == (6, 6, 0)
    assert listener.before >= 1  # cut before the list was complete
    assert (listener.counts.total, listener.progress[-1].total, listener.progress[-1].photos) == (6, 6, 6)


def test_ten_million_names_do_not_keep_the_first_photo_waiting(tmp_path, mask, monkeypatch):
    first = save_photo(tmp_path / "in" / "0.jpg", 1)
    began, taken = time.monotonic(), []
    names = itertools.chain([str(first)], (f"/nowhere/{number}.jpg" for number in range(10**7)))

    def endless(spec, **_):
        for number, name in enumerate(names):
            yield Source(name.lstrip("/"), name, 9, "s", refusal="" if number == 0 else f"{name}: gone")

    class Once(Recorder):
        def ended(self, outcome, progress, *, again):
            taken.append(time.monotonic() - began)
            raise KeyboardInterrupt

    monkeypatch.setattr(lister, "list_sources", endless)
    summary, _ = run(tmp_path / "in", tmp_path / "out", Options(mask=mask), listener=Once())
    assert (summary.exit_code, summary.done) == (130, 1)
    assert summary.total < 10**6


def test_a_result_that_the_list_names_later_is_not_replaced(tmp_path, mask, monkeypatch):
    """While the list goes on, whatever lies at a target may be a photo that is still to come."""
    photo, target = save_photo(tmp_path / "in" / "a.jpg", 1), tmp_path / "out" / "a.cutout.png"
    other = save_photo(target, 2)
    third = save_photo(tmp_path / "in" / "b.jpg", 3)
    fourth, go_on = save_photo(tmp_path / "in" / "c.jpg", 4), threading.Event()

    def slow(spec, **_):
        for path in (third, photo, fourth):
            yield Source(path.name, str(path), 9, "s")
        assert go_on.wait(60)
        yield Source("z.png", str(other), 9, "s")

    monkeypatch.setattr(lister, "list_sources", slow)
    listener = Recorder()
    listener.then = lambda _: go_on.set()
    before = other.read_bytes()
    summary, _ = run(tmp_path / "in", tmp_path / "out", Options(mask=mask), overwrite=True, listener=listener)
    assert other.read_bytes() == before
    assert (summary.done, summary.failed) == (3, 1)
    assert listener.of("a.jpg")[0].code == "exists"


def test_files_of_other_kinds_and_results_of_other_batches_are_named(tmp_path, mask):
    source = tmp_path / "in"
    save_photo(source / "a.jpg", 1)
    for name in ("b.cr2", "c.CR2", "d.bmp", "README"):
        (source / name).write_bytes(b"x")
    run(source, source / "first", Options(mask=mask))
    summary, listener = run(source, source / "second", Options(mask=mask))
    assert (summary.total, summary.done) == (1, 1)
    assert "4 files are of kinds that are not read, and left out: .cr2 2, README 1, .bmp 1" in listener.warnings
    assert any("first holds the results of another batch" in text for text in listener.warnings)
