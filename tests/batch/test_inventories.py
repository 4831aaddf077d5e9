"""Lists with columns, lists on standard input, and photos that are cut while others are still being listed."""

import gzip
import io
import itertools
import json
import os
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
        ("x.csv", 'Bild,n\na.jpg,1\n"sub/é, b.jpg",2\n', "1"),  # a line with names, and a column by its number
        ("x.csv", '# of Monday\n\npath,n\n a.jpg ,1\n"sub/é, b.jpg",2\n', None),
        ("x.csv", "n;path\n1,5;a.jpg\n2,5;sub/é, b.jpg\n", None),  # where a comma is part of numbers
        ("x.csv", '"Path";"n"\n"a.jpg";1\n"sub/é, b.jpg";2\n', None),
        ("x.csv", "n\tbild\n1\ta.jpg\n2\tsub/é, b.jpg\n", "bild"),
        ("x.csv", f'n,path\n"{"x" * 200_000}\n",a.jpg\n2,"sub/é, b.jpg"\n', None),
        ("x.jsonl", '{"n": 1, "Path": "a.jpg"}\n{"note": 3}\n{"path": "sub/é, b.jpg", "more": {"x": []}}\n', None),
        ("x.jsonl", '{"id": 1, "Bild": "a.jpg", "path": 5}\n["no row"]\n{"bild": "sub/é, b.jpg"}\n', "BILD"),
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


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.tsv", "x.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_lists_as_excel_and_powershell_write_them(tmp_path, two, name, encoding):
    rows = {"x.jsonl": [json.dumps({"path": one}, ensure_ascii=False) for one in two], "x.txt": two}
    lines = rows.get(name, ["path", *(f'"{one}"' for one in two)])
    (tmp_path / name).write_bytes("\r\n".join(lines).encode(encoding))
    assert keys(tmp_path / name) == two


def test_names_that_are_no_text_or_have_several_lines(tmp_path):
    name = os.fsdecode(b"sub/\xe9 \xff.jpg")
    save_photo(tmp_path / "made.jpg")
    try:
        (tmp_path / "sub").mkdir()
        (tmp_path / "made.jpg").rename(tmp_path / name)
        save_photo(tmp_path / "two\nlines, \t'\".jpg")
    except OSError:
        pytest.skip("this file system has no such names")
    (tmp_path / "x.txt").write_bytes(b"sub/\xe9 \xff.jpg\n")
    (tmp_path / "x.csv").write_bytes(b'path\nsub/\xe9 \xff.jpg\n"two\nlines, \t\'"".jpg"\n')
    (tmp_path / "x.jsonl").write_bytes(b'{"path": "sub/\xe9 \xff.jpg"}\n{"path": "two\\nlines, \\t\'\\".jpg"}\n')
    assert keys(tmp_path / "x.txt") == [name]
    assert keys(tmp_path / "x.csv") == keys(tmp_path / "x.jsonl") == [name, "two\nlines, \t'\".jpg"]
    assert sorted(keys(tmp_path)) == sorted([name, "two\nlines, \t'\".jpg"])


def test_uris_of_local_files(tmp_path):
    for name in ("a b.jpg", "c%20d.jpg", "é.jpg"):
        save_photo(tmp_path / name)
    places = [f"file://{tmp_path}/{name}" for name in ("a%20b.jpg", "c%20d.jpg", "%C3%A9.jpg", "gone.jpg")]
    places[2] = places[2].replace("file://", "file://localhost")
    (tmp_path / "x.txt").write_text("\n".join(places))
    (tmp_path / "x.csv").write_text("\n".join(["uri", *places]))
    assert keys(tmp_path / "x.txt") == keys(tmp_path / "x.csv") == ["a b.jpg", "c%20d.jpg", "é.jpg"]
    assert keys(f"file://{tmp_path}/a%20b.jpg") == ["a b.jpg"]
    assert sorted(keys(f"file://{tmp_path}")) == ["a b.jpg", "c%20d.jpg", "é.jpg"]


def test_folders_whose_names_look_like_patterns(tmp_path):
    for folder in ("2024 [raw]", "2024 r", "b*"):
        save_photo(tmp_path / folder / "a.jpg")
    assert keys(tmp_path / "2024 [raw]" / "*.jpg") == ["a.jpg"]
    assert keys(tmp_path / "2024 [r]" / "*.jpg") == ["2024 r/a.jpg"]
    assert keys(tmp_path / "b*" / "a.j?g") == ["a.jpg"]
    assert keys(tmp_path / "*" / "a.jpg") == ["2024 [raw]/a.jpg", "2024 r/a.jpg", "b*/a.jpg"]


def test_parquet(tmp_path, two):
    table = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'gigamatte[ray]')")
    from pyarrow import parquet

    made = table.table({"n": [1, 2], "URI": two, "size": [5, 6]})
    parquet.write_table(made, tmp_path / "x.parquet", row_group_size=1)
    assert keys(tmp_path / "x.parquet") == two
    raw = table.table({"id": [1, 2, 3], "Photo URI": [*(one.encode() for one in two), None], "uri.x": ["p", "q", "r"]})
    parquet.write_table(raw, tmp_path / "raw.parquet")
    assert keys(tmp_path / "raw.parquet", column="photo uri") == two  # strings that are not marked as text
    with pytest.raises(UsageError, match=r"no column of .* names photos; it has: id, photo uri, uri\.x"):
        keys(tmp_path / "raw.parquet")
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
        ("x.csv", "a.jpg\n", "0", "has no column 0; it has: a.jpg"),
        ("x.csv", "a.jpg\n", "3", "has no column 3; it has: a.jpg"),
        ("x.tar.gz", "", None, "is a packed archive: only plain tar files"),
        ("x.txt", "a" * (17 << 20), None, "line 1: has more than 16,777,216 letters"),
        ("x.jsonl", '{"path": "a.jpg"}\n' + " " * (17 << 20), None, "line 2: has more than 16,777,216 letters"),
        ("x.csv", 'path\n"' + ("a" * 63 + "\n") * (17 << 14), None, "is no CSV: field larger than field limit"),
        ("x.csv.gz", "no gzip", None, "cannot be read"),
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


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_an_inventory_of_all_versions_names_what_is_there(tmp_path, kind):
    """Neither what was deleted or replaced, nor previews and hidden files, nor results of this batch."""
    rows = [
        ("in/a.jpg", True, False), ("in/a.jpg", False, False), ("in/gone.jpg", True, True), ("b.txt", True, False),
        ("@eaDir/b.jpg", True, False), ("cut/a.cutout.png", True, False), ("film.mp4", True, False),
        (".trash/b.jpg", True, False),
    ]  # fmt: skip
    (tmp_path / "data").mkdir()
    if kind == "CSV":
        schema, name = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag", "1.csv.gz"
        lines = [f'"shop","{key}","v","{latest}","{gone}","10","e"\n'.lower() for key, latest, gone in rows]
        (tmp_path / "data" / name).write_bytes(gzip.compress("".join(lines).replace("@eadir", "@eaDir").encode()))
    else:
        pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'gigamatte[ray]')")
        from pyarrow import parquet

        schema, name = "message s3.inventory { required binary bucket; }", "1.parquet"
        columns = dict(zip(("key", "is_latest", "is_delete_marker"), zip(*rows, strict=True), strict=True))
        made = pyarrow.table(
            {name: list(column) for name, column in columns.items()} | {"size": [10] * 8, "e_tag": ["e"] * 8}
        )
        parquet.write_table(made, tmp_path / "data" / name)
    told = {
        "sourceBucket": "shop", "destinationBucket": "arn:aws:s3:::reports", "fileFormat": kind, "fileSchema": schema,
        "files": [{"key": f"inv/data/{name}"}],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    found = list(list_sources(str(tmp_path / "manifest.json"), out="s3://shop/cut/"))
    assert [(one.place, one.stamp) for one in found] == [("s3://shop/in/a.jpg", "10-e"), ("s3://shop/film.mp4", "10-e")]
    (tmp_path / "data" / name).write_bytes(b"PAR1 or no gzip")
    with pytest.raises((UsageError, MissingInput), match=r"is no Parquet|cannot be read"):
        keys(tmp_path / "manifest.json")


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
