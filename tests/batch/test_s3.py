"""Object storage: a server on loopback that speaks S3, and fsspec's own client."""

from collections.abc import Iterator
from typing import Any

import pytest
from batch_helpers import GIB, Recorder, pictures, rows, run, save_photo
from stores import LEFT_SOCKETS, bucket, fill, moto_server, results

from gigamatte.batch import objects, places
from gigamatte.batch.hint_files import hinted
from gigamatte.batch.lists.sources import list_sources
from gigamatte.batch.plan import Plan
from gigamatte.errors import MissingInput, WriteError
from gigamatte.options import Options

pytestmark = LEFT_SOCKETS


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket called shop, as an fsspec file system."""
    with moto_server(monkeypatch):
        yield bucket("shop")


def test_from_bucket_to_bucket_and_again(store, tmp_path, mask):
    fill(store, tmp_path / "in", 6)
    options = Options(mask=mask)
    summary, _ = run("s3://shop/in", "s3://shop/out", options)
    assert (summary.done, summary.exit_code) == (6, 0)
    run(tmp_path / "in", tmp_path / "local", options)
    assert results(store) == pictures(tmp_path / "local")
    manifest = Plan("s3://shop/in", "s3://shop/out", options).manifest_folder / "1-of-1.sqlite"
    assert {row["state"] for row in rows(manifest).values()} == {"done"}

    again, listener = run("s3://shop/in", "s3://shop/out", options)
    assert (again.done, again.unchanged, listener.outcomes) == (0, 6, [])

    store.pipe_file("shop/in/set0/photo000.jpg", save_photo(tmp_path / "new.jpg", 50).read_bytes())
    store.rm_file("shop/out/set1/photo001.cutout.png")
    store.invalidate_cache()
    again, listener = run("s3://shop/in", "s3://shop/out", options)
    assert sorted(outcome.key for outcome, _ in listener.outcomes) == ["set0/photo000.jpg", "set1/photo001.jpg"]
    assert len(results(store)) == 6


def test_resuming_asks_for_listings_and_not_for_every_result(store, tmp_path, mask, monkeypatch):
    fill(store, tmp_path / "in", 9)
    options, asked = Options(mask=mask), []
    run("s3://shop/in", "s3://shop/out", options)
    stamp_of = places.stamp_of
    monkeypatch.setattr(places, "stamp_of", lambda place: asked.append(place) or stamp_of(place))
    summary, listener = run("s3://shop/in", "s3://shop/out", options)
    assert (summary.unchanged, listener.outcomes, asked) == (9, [], [])


def test_a_store_that_lists_no_results_is_asked_for_each(store, tmp_path, mask, monkeypatch):
    fill(store, tmp_path / "in", 3)

    def refuse(folder):
        raise MissingInput(f"{folder} cannot be read: Access Denied")

    monkeypatch.setattr(places, "stamps_in", refuse)
    run("s3://shop/in", "s3://shop/out", Options(mask=mask))
    summary, listener = run("s3://shop/in", "s3://shop/out", Options(mask=mask))
    assert (summary.unchanged, listener.outcomes) == (3, [])


def test_a_pair_in_a_bucket(store, tmp_path, mask):
    fill(store, tmp_path / "in", 2)
    save_photo(tmp_path / "half.jpg", 9)
    store.put_file(str(tmp_path / "half.jpg"), "shop/in/half.jpg")
    options = Options(mask=mask, only="pair")
    summary, _ = run("s3://shop/in", "s3://shop/out", options)
    assert (summary.done, summary.exit_code) == (3, 0)
    run(tmp_path / "in", tmp_path / "local", options)
    found = results(store)
    assert {key: data for key, data in found.items() if not key.startswith("half")} == pictures(tmp_path / "local")
    again, listener = run("s3://shop/in", "s3://shop/out", options)
    assert (again.unchanged, listener.outcomes) == (3, [])
    store.rm_file("shop/out/set1/photo001.alpha.png")
    store.invalidate_cache()
    again, _ = run("s3://shop/in", "s3://shop/out", options)
    assert (again.done, again.unchanged) == (1, 2)
    assert results(store) == found


def test_half_a_pair_that_was_published_is_taken_away(store, tmp_path, mask, monkeypatch):
    store.put_file(str(save_photo(tmp_path / "a.jpg", 1)), "shop/in/a.jpg")
    publish = places.publish

    def fail(path, target):
        if target.endswith(".alpha.png"):
            raise WriteError(f"{target} cannot be written: the store is away")
        publish(path, target)

    monkeypatch.setattr(places, "publish", fail)
    options = Options(mask=mask, only="pair")
    summary, _ = run("s3://shop/in", "s3://shop/out", options)
    assert summary.failed == 1
    assert results(store) == {}
    monkeypatch.undo()


def test_results_of_others_are_not_replaced(store, tmp_path, mask):
    fill(store, tmp_path / "in", 2)
    store.pipe_file("shop/out/set0/photo000.cutout.png", b"mine")
    summary, listener = run("s3://shop/in", "s3://shop/out", Options(mask=mask))
    assert (summary.done, summary.failed) == (1, 1)
    assert listener.of("set0/photo000.jpg")[0].code == "exists"
    assert results(store)["set0/photo000.cutout.png"] == b"mine"


def test_a_photo_that_is_gone_before_its_turn_fails_alone(store, tmp_path, mask):
    fill(store, tmp_path / "in", 3)

    class Saboteur(Recorder):
        def started(self, counts):
            super().started(counts)
            store.rm_file("shop/in/set1/photo001.jpg")

    summary, listener = run("s3://shop/in", str(tmp_path / "out"), Options(mask=mask), listener=Saboteur())
    assert (summary.done, summary.failed) == (2, 1)
    assert [outcome.code for outcome in listener.of("set1/photo001.jpg")] == ["input-missing", "input-missing"]


def test_a_store_that_does_not_answer_is_told_in_a_line(store, tmp_path, mask):
    with pytest.raises(MissingInput, match="s3://nowhere/in"):
        run("s3://nowhere/in", str(tmp_path / "out"), Options(mask=mask))


@pytest.mark.parametrize("what", ["bucket", "credentials"])
def test_a_store_that_goes_away_stops_the_batch(store, tmp_path, mask, monkeypatch, what):
    from batch_helpers import GIB

    from gigamatte.batch.limits import Limits

    fill(store, tmp_path / "in", 24)
    out, options = tmp_path / "out", Options(mask=mask)

    class Thief(Recorder):
        def started(self, counts):
            super().started(counts)
            if what == "bucket":
                store.invalidate_cache()
                store.rm("shop/in", recursive=True)
                assert store.find("shop/in") == []
            else:
                monkeypatch.setattr(objects.Objects, "get", refuse)

    def refuse(*_):
        raise PermissionError("The Access Key Id you provided does not exist in our records.")

    limits = Limits(memory=3 * GIB, seconds=120, inflight=1)
    summary, _ = run("s3://shop/in", str(out), options, listener=Thief(), limits=limits)
    assert (summary.exit_code, summary.failed, summary.waiting) == (1, 0, 24)
    assert "gone" in summary.stopped if what == "bucket" else "20 photos in a row" in summary.stopped


def test_a_cluster_cuts_from_bucket_to_bucket(store, tmp_path, mask, monkeypatch):
    """Only addresses are sent: every node reads and writes the store itself. The same bytes as on one machine."""
    ray = pytest.importorskip("ray", reason="Ray is not installed (pip install 'gigamatte[ray]')")
    from gigamatte.batch.limits import Limits
    from gigamatte.batch.one import WorkerArguments
    from gigamatte.batch.ray import RayEngine
    from gigamatte.batch.runner import run_batch

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    fill(store, tmp_path / "in", 8)
    store.pipe_file("shop/in/text.jpg", b"no photo")
    options, limits = Options(mask=mask), Limits(memory=int(1.5 * GIB), seconds=60, inflight=2)
    plan = Plan("s3://shop/in", "s3://shop/out", options)
    try:
        given = WorkerArguments(options, limits, plan.out, network=False)
        summary = run_batch(plan, lambda _: RayEngine(given, address="local", rows=4), Recorder())
    finally:
        ray.shutdown()
    assert (summary.total, summary.done, summary.failed) == (9, 8, 1)
    run(tmp_path / "in", tmp_path / "local", options)
    assert results(store) == pictures(tmp_path / "local")
    again, listener = run("s3://shop/in", "s3://shop/out", options)
    # other limits may read what could not be read before: tried again, in vain, and named as the user knows it
    tried = [(outcome.key, outcome.state, again) for outcome, again in listener.outcomes]
    assert (again.done, again.unchanged, tried) == (0, 8, [("text.jpg", "failed", False)])
    assert listener.outcomes[0][0].message.startswith("text.jpg")


def test_hints_beside_a_photo_on_the_next_page_of_a_listing(store, tmp_path, mask, monkeypatch):
    """a.avif sorts before a.hints.json: a page of the listing may end between the two."""
    fill(store, tmp_path / "in", 1)
    (photo,) = store.find("shop/in")
    data = store.cat_file(photo)
    store.rm_file(photo)
    for name in ("a.bmp.png", "a.bmp.hints.json", "b.avif", "b.hints.json", "c.avif"):
        store.pipe_file(f"shop/in/{name}", b"{}" if name.endswith(".json") else data)
    store.invalidate_cache()
    whole = objects.Objects.pages

    def pages(self, path, after=""):
        for page, more in whole(self, path, after):
            for index, entry in enumerate(page):
                yield [entry], more or index + 1 < len(page)

    monkeypatch.setattr(objects.Objects, "pages", pages)
    listed = {source.key: hinted(source.stamp) for source in list_sources("s3://shop/in")}
    assert listed == {"a.bmp.png": True, "b.avif": True, "c.avif": False}
