"""What a batch asks of an object store: counted at the server, request by request."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from batch_helpers import run, save_photo
from stores import LEFT_SOCKETS, bucket, fill, moto_server, results

from gigamatte.batch import objects, places, retry
from gigamatte.batch.lists.sources import list_sources
from gigamatte.errors import MissingInput, WriteError
from gigamatte.options import Options
from gigamatte.types import Size

pytestmark = LEFT_SOCKETS


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto_server(monkeypatch) as server:
        yield server


def kinds(asked: list[tuple[str, str]]) -> Counter[str]:
    """GET, PUT, HEAD, LIST, …: a listing is a GET of a bucket."""
    return Counter("LIST" if method == "GET" and "list-type" in path else method for method, path in asked)


def test_a_photo_is_one_get_and_one_put(store, tmp_path, mask):
    """And at most one HEAD; nothing is listed beyond finding the photos: two hundred of them as few times as two."""
    system, photos = bucket("shop"), 200
    data = save_photo(tmp_path / "a.jpg", 1, Size(16, 16)).read_bytes()
    for number in range(photos):
        system.pipe_file(f"shop/in/{number % 7}/{number:03}.jpg", data)
    store.asked.clear()
    options = Options(mask=mask, refine="off")
    summary, _ = run("s3://shop/in", "s3://shop/out", options)
    assert (summary.done, summary.exit_code) == (photos, 0)
    found = kinds(store.asked)
    assert found["GET"] == photos
    assert found["PUT"] == photos + 1  # and the note in OUT, by which it is known to be writable
    assert found["HEAD"] <= photos + 2  # is there a result; is IN an object itself
    assert found["LIST"] <= 3

    store.asked.clear()
    again, _ = run("s3://shop/in", "s3://shop/out", options)
    assert (again.unchanged, again.done) == (photos, 0)
    found = kinds(store.asked)
    assert (found["GET"], found["PUT"]) == (0, 1)
    assert found["HEAD"] <= 2
    assert found["LIST"] <= 4


def test_a_list_of_uris_asks_nothing_before_it_fetches(store, tmp_path, mask):
    system = bucket("shop")
    fill(system, tmp_path / "in", 6)
    names = [
        f"s3://shop/in/{path.relative_to(tmp_path / 'in').as_posix()}" for path in (tmp_path / "in").rglob("*.jpg")
    ]
    (tmp_path / "list.txt").write_text("\n".join(names))
    store.asked.clear()
    summary, _ = run(tmp_path / "list.txt", "s3://shop/out", Options(mask=mask))
    assert summary.done == 6
    assert kinds(store.asked)["HEAD"] <= 6
    again, listener = run(tmp_path / "list.txt", "s3://shop/out", Options(mask=mask))
    assert (again.unchanged, listener.outcomes) == (6, [])
    system.pipe_file("shop/in/set0/photo000.jpg", save_photo(tmp_path / "new.jpg", 50).read_bytes())
    again, listener = run(tmp_path / "list.txt", "s3://shop/out", Options(mask=mask))
    assert (again.done, again.unchanged) == (1, 5)


def test_a_typing_error_in_a_bucket_stops_before_the_first_photo(store, tmp_path, mask):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    with pytest.raises(WriteError, match="s3://shopp/out cannot be written"):
        run(tmp_path / "in", "s3://shopp/out", Options(mask=mask))
    with pytest.raises(MissingInput, match="s3://shopp/in"):
        run("s3://shopp/in", tmp_path / "out", Options(mask=mask))


def test_what_lies_in_the_output_is_not_listed_over_and_over(store, tmp_path, monkeypatch):
    """OUT below IN, and the results of another batch: their folders are skipped in the listing."""
    system = bucket("shop")
    for key in ("in/a.jpg", "in/z.jpg", "in/@eaDir/a.jpg/T.jpg", "in/m/b.jpg", "in/.h/x.jpg", "in/old/(1).png"):
        system.pipe_file(f"shop/{key}", b"x")
    for number in range(2500):
        store.put("shop", f"in/out/set/{number:05}.png")
    for number in range(1500):
        store.put("shop", f"in/old/{number:05}.png")
    store.put("shop", "in/old/.gigamatte/output")
    store.asked.clear()
    assert [source.key for source in list_sources("s3://shop/in", out="s3://shop/in/out")] == [
        "a.jpg",
        "m/b.jpg",
        "z.jpg",
    ]
    assert kinds(store.asked)["LIST"] <= 6


def test_more_than_a_thousand_keys(store, tmp_path):
    bucket("shop")
    for number in range(2100):
        store.put("shop", f"in/{number:05}.jpg")
    found = [source.key for source in list_sources("s3://shop/in")]
    assert found == [f"{number:05}.jpg" for number in range(2100)]


def test_a_store_that_is_busy_is_asked_again(store, tmp_path, mask, monkeypatch):
    monkeypatch.setattr(retry, "FIRST", 0.01)
    system = bucket("shop")
    fill(system, tmp_path / "in", 4)
    store.refuse = {"GET": 3, "PUT": 2}  # that many answers are 503
    summary, listener = run("s3://shop/in", "s3://shop/out", Options(mask=mask))
    assert (summary.done, summary.failed) == (4, 0), listener.outcomes
    assert not any(again for _, again in listener.outcomes)
    assert store.refuse == {"GET": 0, "PUT": 0}


def test_a_large_result_goes_in_parts_and_one_that_fails_is_sent_again(store, tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "FIRST", 0.01)
    monkeypatch.setattr(objects, "PART", 5 << 20)
    system = bucket("shop")
    large = tmp_path / "large.png"
    large.write_bytes(bytes(range(256)) * (12 << 12))
    store.asked.clear()
    store.refuse = {"PUT": 1}
    stamp = places.publish(large, "s3://shop/out/large.png")
    assert system.cat_file("shop/out/large.png") == large.read_bytes()
    assert stamp == places.stamp_of("s3://shop/out/large.png")[1]
    assert kinds(store.asked)["POST"] == 2  # begun and completed
    assert kinds(store.asked)["PUT"] == 4  # three parts, one of them twice


def test_parts_of_a_result_that_could_not_be_sent_are_taken_back(store, tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "PART", 5 << 20)
    monkeypatch.setattr(retry, "TRIES", 1)
    system = bucket("shop")
    large = tmp_path / "large.png"
    large.write_bytes(bytes(12 << 20))
    store.refuse = {"PUT": 99}
    with pytest.raises(WriteError, match="cannot be written"):
        places.publish(large, "s3://shop/out/large.png")
    store.refuse = {}
    assert results(system) == {}
    assert not system.call_s3("list_multipart_uploads", Bucket="shop").get("Uploads")


def test_an_s3_inventory_is_read_and_asks_for_nothing(store, tmp_path, mask):
    import gzip

    system = bucket("shop")
    fill(system, tmp_path / "in", 3)
    system.pipe_file("shop/in/with space+é.jpg", save_photo(tmp_path / "s.jpg", 9).read_bytes())
    entries = [system.info(path) for path in sorted(system.find("shop/in"))]
    from urllib.parse import quote_plus

    rows = "".join(
        f'"shop","{quote_plus(entry["name"].removeprefix("shop/"), safe="/")}","{entry["size"]}",{entry["ETag"]}\n'
        for entry in entries
    )
    system.mkdir("reports")
    system.pipe_file("reports/inv/data/1.csv.gz", gzip.compress(rows.encode()))
    manifest = {
        "sourceBucket": "shop", "destinationBucket": "arn:aws:s3:::reports", "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, ETag", "files": [{"key": "inv/data/1.csv.gz"}],
    }  # fmt: skip
    system.pipe_file("reports/inv/2026/manifest.json", json.dumps(manifest).encode())
    store.asked.clear()
    found = list(list_sources("s3://reports/inv/2026/manifest.json"))
    assert [source.place for source in found] == [f"s3://{entry['name']}" for entry in entries]
    assert [source.stamp for source in found] == [places.stamp_of(source.place)[1] for source in found]
    summary, listener = run("s3://reports/inv/2026/manifest.json", tmp_path / "out", Options(mask=mask))
    assert (summary.done, summary.exit_code) == (4, 0), listener.outcomes
    again, listener = run("s3://reports/inv/2026/manifest.json", tmp_path / "out", Options(mask=mask))
    assert (again.unchanged, listener.outcomes) == (4, [])
