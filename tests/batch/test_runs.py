"""Whole batches on this machine, with the real worker."""

import os
import struct
import threading
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from batch_helpers import GIB, Recorder, pictures, rows, run, save_photo, save_photos, states

from gigamatte.batch import lister, runner
from gigamatte.batch.limits import Limits
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.plan import Plan
from gigamatte.errors import MissingInput, UsageError
from gigamatte.options import Options
from gigamatte.photo.read import open_photo
from gigamatte.testing import paths


def png_bomb() -> bytes:
    """A few bytes whose header claims 2.5 gigapixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = (b"IHDR" + header, b"IDAT" + zlib.compress(bytes(1000)), b"IEND")
    parts = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bad_files(folder: Path) -> dict[str, str]:
    """Ten bad files of different kinds: {key: code of the error}."""
    good = save_photo(folder / "x.jpg", 999).read_bytes()
    (folder / "x.jpg").unlink()
    save_photo(folder / "bad" / "crash.jpg", 1)
    save_photo(folder / "bad" / "raise.jpg", 2)
    content = {
        "bad/empty.jpg": (b"", "input-unsupported"),
        "bad/text.jpg": (b"this is no photo", "input-unsupported"),
        "bad/cut-short.jpg": (good[: len(good) // 2], "input-unsupported"),
        "bad/gif.jpg": (b"GIF89a" + bytes(50), "input-unsupported"),
        "bad/svg.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "input-unsupported"),
        "bad/bomb.png": (png_bomb(), "budget"),
    }
    for key, (data, _) in content.items():
        (folder / key).write_bytes(data)
    blank = np.full((48, 64, 3), (255, 0, 0), np.uint8)  # blue: no subject for the small network
    cv2.imwrite(str(folder / "bad" / "nobody.png"), blank)
    (folder / "bad" / "dangling.jpg").symlink_to(folder / "nowhere.jpg")
    return {key: code for key, (_, code) in content.items()} | {
        "bad/crash.jpg": "worker",
        "bad/raise.jpg": "failed",
        "bad/nobody.png": "no-subject",
        "bad/dangling.jpg": "refused",
    }


def test_three_hundred_photos_ten_bad_ones(tmp_path, network):
    source, out = tmp_path / "in", tmp_path / "out"
    photos = save_photos(source, 290)
    before = {path: path.read_bytes() for path in photos}
    bad = bad_files(source)
    summary, listener = run(source, out, Options(model=network), entry="odd_batch_child")
    assert (summary.total, summary.done, summary.failed, summary.waiting) == (300, 290, 10, 0)
    assert summary.exit_code == 3
    table = rows(out / ".gigamatte" / "1-of-1.sqlite")
    assert {key: row["code"] for key, row in table.items() if row["state"] != "done"} == bad
    # failures that will repeat are tried once, those that may pass are tried twice
    assert {key: row["attempts"] for key, row in table.items() if key.startswith("bad/")} == {
        key: {"worker": 2, "failed": 2, "refused": 0}.get(code, 1) for key, code in bad.items()
    }
    results = pictures(out)
    assert sorted(results) == sorted(f"{p.relative_to(source).with_suffix('').as_posix()}.cutout.png" for p in photos)
    for path in out.rglob("*.png"):
        photo = open_photo(path, max_pixels=9999)
        assert photo.has_alpha
        assert (photo.size.width, photo.size.height) == (64, 48)
    assert {path: path.read_bytes() for path in photos} == before
    assert listener.progress[-1].photos == 300
    assert listener.progress[-1].failed == 10

    again, listener = run(source, out, Options(model=network), entry="odd_batch_child")
    assert (again.done, again.unchanged, again.failed, again.exit_code) == (0, 290, 10, 3)
    assert listener.outcomes == []
    assert pictures(out) == results


def test_a_folder_of_photos_with_clipping_paths(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    block = paths.resource(2000, b"Shop", paths.polygons([(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]))
    for photo in save_photos(source, 2):
        photo.write_bytes(paths.in_jpeg(photo.read_bytes(), block + paths.resource(2999, b"", paths.clipping(b"Shop"))))
    save_photo(source / "without.jpg", 9)
    summary, listener = run(source, out, Options(mask="path"))
    assert (summary.done, summary.failed) == (2, 1)
    assert states(listener)["without.jpg"] == "failed"
    for path in out.rglob("*.png"):
        alpha = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3]
        assert int((alpha == 255).sum()) == 32 * 24
    drawn, _ = run(source, tmp_path / "drawn", Options(mask="path", only="path"))
    assert drawn.done == 2
    assert len(list((tmp_path / "drawn").rglob("*.path.svg"))) == 2
    again, _ = run(source, tmp_path / "drawn", Options(mask="path", only="path"))
    assert again.done == 0


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg", "avif", "psd"])
def test_every_format_that_cut_writes(tmp_path, mask, format):
    save_photo(tmp_path / "in" / "a.jpg", 1)
    options = Options(mask=mask, format=format, background="white")
    summary, _ = run(tmp_path / "in", tmp_path / "out", options)
    assert (summary.done, summary.exit_code) == (1, 0)
    assert len(pictures(tmp_path / "out")) == 1
    again, _ = run(tmp_path / "in", tmp_path / "out", options)
    assert again.unchanged == 1


def test_hangs_and_greed_cost_their_own_photo_only(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("hang.jpg", "greedy.jpg", "a.jpg", "b.jpg", "c.jpg"):
        save_photo(source / name, len(name))
    # the photo that needs too much memory is stopped at the limit, long before the machine has none left
    limits = Limits(memory=int(1.2 * GIB), seconds=6, inflight=3)
    summary, listener = run(source, out, Options(mask=mask), entry="odd_batch_child", limits=limits)
    assert (summary.done, summary.failed, summary.exit_code) == (3, 2, 3)
    assert sorted(pictures(out)) == ["a.cutout.png", "b.cutout.png", "c.cutout.png"]
    assert "not finished after 6 seconds" in listener.of("hang.jpg")[0].message
    assert [outcome.code for outcome in listener.of("greedy.jpg")] == ["worker", "worker"]


def test_a_worker_that_dies_on_everything_stops_the_batch(tmp_path, mask, monkeypatch):
    monkeypatch.setattr("gigamatte.batch.runner.DEATHS", 2)
    for number in range(3):
        save_photo(tmp_path / "in" / f"crash{number}.jpg", number)
    summary, _ = run(tmp_path / "in", tmp_path / "out", Options(mask=mask), entry="odd_batch_child")
    assert summary.exit_code == 1
    assert "in a row" in summary.stopped


def test_a_list_that_names_a_photo_twice_has_it_done_once_and_says_so(tmp_path, mask):
    photo = save_photo(tmp_path / "in" / "a.jpg", 1)
    save_photo(tmp_path / "in" / "b.jpg", 2)
    listed = tmp_path / "in" / "list.txt"
    listed.write_text(f"a.jpg\n{photo}\nb.jpg\n./a.jpg\ngone.jpg\ngone.jpg\n", "utf-8")
    summary, listener = run(listed, tmp_path / "out", Options(mask=mask))
    assert (summary.total, summary.done, summary.failed) == (3, 2, 1)
    assert f"{listed} names photos again in 3 lines: each is done once" in listener.warnings
    assert sorted(pictures(tmp_path / "out")) == ["a.cutout.png", "b.cutout.png"]


@pytest.mark.parametrize("again", [False, True], ids=["same-order", "other-order"])
def test_two_photos_of_a_list_whose_paths_look_alike_are_both_done(tmp_path, mask, again):
    far = save_photo(tmp_path / "far" / "a.jpg", 1)
    home = tmp_path / "home"
    near = save_photo(home / far.relative_to(far.anchor), 2)  # below the list's folder, under the other's whole path
    listed, out = home / "list.txt", tmp_path / "out"
    lines = [str(far), str(near)]
    listed.write_text("\n".join(lines), "utf-8")
    summary, listener = run(listed, out, Options(mask=mask))
    assert (summary.total, summary.done, listener.warnings) == (2, 2, [])
    assert len(set(pictures(out).values())) == 2
    listed.write_text("\n".join(reversed(lines) if again else lines), "utf-8")
    summary, listener = run(listed, out, Options(mask=mask))
    assert (summary.unchanged, listener.outcomes) == (2, [])


def test_a_mask_for_every_photo(tmp_path, mask):
    source, masks = tmp_path / "in", tmp_path / "masks"
    save_photo(source / "a" / "one.jpg", 1)
    save_photo(source / "a" / "two.jpg", 2)
    (masks / "a").mkdir(parents=True)
    (masks / "a" / "one.png").write_bytes(Path(mask).read_bytes())
    summary, listener = run(source, tmp_path / "out", Options(), masks=str(masks))
    assert (summary.done, summary.failed) == (1, 1)
    assert "has no mask" in listener.of("a/two.jpg")[0].message
    (masks / "a" / "two.png").write_bytes(Path(mask).read_bytes())
    summary, _ = run(source, tmp_path / "out", Options(), masks=str(masks), retry_failed=True)
    assert (summary.done, summary.unchanged, summary.failed) == (1, 1, 0)


def test_shards_together_make_the_whole(tmp_path, batch):
    source, whole, options = batch
    parts = tmp_path / "parts"
    done = [run(source, parts, options, shard=(index, 3))[0].done for index in (1, 2, 3)]
    assert sum(done) == 5
    assert pictures(parts) == pictures(whole)
    # another division takes over what was done
    summary, _ = run(source, parts, options)
    assert (summary.done, summary.unchanged) == (0, 5)


def test_nothing_to_do_is_an_outcome_of_its_own(tmp_path, mask):
    (tmp_path / "in").mkdir()
    summary, _ = run(tmp_path / "in", tmp_path / "out", Options(mask=mask))
    assert summary.exit_code == 4
    with pytest.raises(MissingInput):
        run(tmp_path / "gone", tmp_path / "out", Options(mask=mask))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"out": "in"}, "is the input folder"),
        ({"shard": (3, 2)}, "shard is i/n"),
        ({"name": "x.png"}, "name needs"),
        ({"name": "{stem}.xyz"}, "not a format"),
        ({"options": Options(format="jpeg")}, "JPEG has no transparency"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, more, why):
    (tmp_path / "in").mkdir()
    plan = {"source": str(tmp_path / "in"), "options": Options(), **more}
    plan["out"] = str(tmp_path / more.get("out", "out"))
    with pytest.raises(UsageError, match=why):
        Plan(**plan)


def test_ctrl_c_ends_in_order_and_the_next_run_goes_on(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask)
    save_photos(source, 12)
    listener = Recorder()

    def interrupt(_: object) -> None:
        if len(listener.outcomes) == 3:
            raise KeyboardInterrupt

    listener.then = interrupt
    summary, _ = run(source, out, options, listener=listener)
    assert summary.interrupted
    assert summary.exit_code == 130
    assert summary.done == 3
    assert summary.waiting == 12 - summary.done - summary.unchanged
    summary, _ = run(source, out, options)
    assert summary.exit_code == 0
    assert summary.unchanged >= 3
    assert len(pictures(out)) == 12


def test_a_list_that_ends_while_photos_are_taken_leaves_none_waiting(tmp_path, mask, monkeypatch):
    """What lies at a photo's target makes it wait for the whole list, which may end at that very moment."""
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask, refine="off")
    save_photos(source, 3)
    run(source, out, options)
    save_photo(source / "set0" / "photo000.jpg", 50)
    taken, claim, listed = threading.Event(), Manifest.claim, lister.list_sources

    def slow(*words, **more):
        yield from listed(*words, **more)
        assert taken.wait(60)

    def claimed(*words, complete, **more):
        tasks = claim(*words, complete=complete, **more)
        if not complete:
            taken.set()
            next(thread for thread in threading.enumerate() if thread.name == "gigamatte-list").join(60)
        return tasks

    monkeypatch.setattr(lister, "list_sources", slow)
    monkeypatch.setattr(runner, "LISTING", 0.0)
    monkeypatch.setattr(Manifest, "claim", claimed)
    summary, _ = run(source, out, options)
    assert (summary.done, summary.unchanged, summary.waiting, taken.is_set()) == (1, 2, 0, True)


def test_small_networks_get_a_child_for_each_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from gigamatte.batch import limits as one

    monkeypatch.setattr(one.system, "cpu_count", lambda: 4)
    roomy, tight = (Limits(memory=size * GIB).settled() for size in (8, 3))
    assert one.children_for(Options(), roomy, network=True) == 4
    assert one.children_for(Options(), tight, network=True) == 2
    assert one.children_for(Options(model="birefnet"), roomy, network=True) == 1
    assert one.children_for(Options(model="birefnet"), roomy, network=False) == 4
    assert one.children_for(Options(), Limits(memory=8 * GIB, inflight=1).settled(), network=True) == 1
    small = tmp_path / "small.onnx"
    small.write_bytes(b"")
    assert one.children_for(Options(model=str(small)), roomy, network=True) == 4
    part = roomy.parted(4)
    assert (part.memory, part.inflight) == (2 * GIB, 1)


def test_results_have_the_times_of_their_photos(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 2)
    for number, photo in enumerate(sorted(source.rglob("*.jpg"))):
        os.utime(photo, (1_500_000_000 + number, 1_500_000_100 + number))
    options = Options(mask=mask, keep_times=True)
    summary, _ = run(source, out, options)
    assert (summary.done, summary.exit_code) == (2, 0)
    changed = sorted(path.stat().st_mtime for path in out.rglob("*.cutout.png"))
    assert changed == [1_500_000_100, 1_500_000_101]
    with pytest.raises(UsageError, match="objects in a bucket have not"):
        Plan(str(source), "s3://bucket/out", options)
