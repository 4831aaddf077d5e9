"""Whole batches on this machine, with the real worker."""

import html
import json
import os
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from batch_helpers import GIB, Recorder, batch_of_five, pictures, rows, run, save_photo, save_photos, states

from gigamatte.batch.export import export
from gigamatte.batch.limits import Limits
from gigamatte.batch.plan import Plan
from gigamatte.batch.report import write_report
from gigamatte.errors import MissingInput, NetworkUnavailable, UsageError
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


@pytest.fixture
def batch(tmp_path, mask):
    """A finished batch of five photos: (in, out, options)."""
    return batch_of_five(tmp_path, Options(mask=mask))


def test_only_what_changed_is_done_again(batch):
    source, out, options = batch
    old = pictures(out)
    save_photo(source / "set0" / "photo000.jpg", 77)  # another photo
    os.utime(source / "set1" / "photo001.jpg")  # touched, not changed
    (out / "set2" / "photo002.cutout.png").unlink()  # its result is gone
    save_photo(source / "set1" / "new.jpg", 78)
    with (out / "set0" / "photo003.cutout.png").open("ab") as file:
        file.write(b"tampered")
    summary, listener = run(source, out, options)
    assert states(listener) == {
        "set0/photo000.jpg": "done",
        "set1/photo001.jpg": "same",
        "set2/photo002.jpg": "done",
        "set1/new.jpg": "done",
        "set0/photo003.jpg": "kept",
    }
    assert (summary.done, summary.unchanged, summary.kept, summary.exit_code) == (3, 2, 1, 0)
    new = pictures(out)
    changed = {key for key in old if old[key] != new[key]}
    assert changed == {"set0/photo000.cutout.png", "set0/photo003.cutout.png"}


@pytest.mark.parametrize("what", ["nothing", "photo", "options"])
def test_a_result_that_was_retouched_is_kept_until_overwriting_is_allowed(tmp_path, mask, what):
    source, out, options = batch_of_five(tmp_path, Options(mask=mask))
    retouched = out / "set0" / "photo000.cutout.png"
    retouched.write_bytes(b"retouched by hand")
    if what == "photo":
        save_photo(source / "set0" / "photo000.jpg", 77)
    elif what == "options":
        options = Options(mask=mask, crop=True)
    done = 4 if what == "options" else 0
    summary, listener = run(source, out, options)
    assert (summary.done, summary.kept, summary.failed, summary.exit_code) == (done, 1, 0, 0)
    assert f"{retouched} was changed after it was written" in listener.of("set0/photo000.jpg")[0].message
    row = rows(out / ".gigamatte" / "1-of-1.sqlite")["set0/photo000.jpg"]
    assert (row["state"], row["code"]) == ("kept", "kept")
    assert "is kept" in row["message"]
    again, listener = run(source, out, options)  # known, counted, and not looked at again
    assert (again.unchanged, again.kept, listener.outcomes) == (4, 1, [])
    assert retouched.read_bytes() == b"retouched by hand"
    summary, _ = run(source, out, options, overwrite=True)
    assert (summary.done, summary.kept) == (1, 0)
    assert open_photo(retouched, max_pixels=9999).has_alpha
    summary, _ = run(source, out, options)
    assert (summary.unchanged, summary.kept) == (5, 0)


def test_a_kept_result_that_is_put_back_or_taken_away_is_ours_again(batch):
    source, out, options = batch
    retouched, gone = out / "set0" / "photo000.cutout.png", out / "set1" / "photo001.cutout.png"
    before = retouched.read_bytes()
    for path in (retouched, gone):
        path.write_bytes(b"retouched by hand")
    assert run(source, out, options)[0].kept == 2
    retouched.write_bytes(before)
    gone.unlink()
    summary, listener = run(source, out, options)
    assert (summary.unchanged, summary.done, summary.kept) == (4, 1, 0)
    assert states(listener) == {"set0/photo000.jpg": "same", "set1/photo001.jpg": "done"}


def test_options_and_names_may_be_changed_and_changed_back(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 2)
    plain, pair = Options(mask=mask), Options(mask=mask, only="pair")
    ways = [(plain, None), (pair, "{stem}.png"), (plain, "{stem}.png"), (Options(mask=mask, crop=True), None)]
    for options, name in [*ways, *ways, *reversed(ways)]:
        summary, listener = run(source, out, options, name=name)
        assert summary.exit_code == 0, listener.outcomes
        assert len(pictures(out)) <= 8
    (out / "set0" / "photo000.alpha.png").write_bytes(b"retouched by hand")  # what of all these is still known
    summary, _ = run(source, out, pair, name="{stem}.png")
    assert (summary.done, summary.kept) == (1, 1)
    (out / "set0" / "x_photo000.png").write_bytes(b"mine")  # and what is not ours never is
    summary, _ = run(source, out, plain, name="x_{stem}.png")
    assert (summary.done, summary.failed) == (1, 1)
    assert (out / "set0" / "x_photo000.png").read_bytes() == b"mine"


def test_a_copy_of_the_output_with_new_times_is_still_ours(batch, mask):
    source, out, _ = batch
    for path in out.rglob("*.png"):
        os.utime(path, (1, 1))
    summary, _ = run(source, out, Options(mask=mask, crop=True))
    assert (summary.done, summary.exit_code) == (5, 0)


def test_another_division_knows_what_the_first_has_written(batch, mask):
    source, out, plain = batch
    crop = Options(mask=mask, crop=True)
    for options in (crop, plain, crop):
        done = [run(source, out, options, shard=(index, 2))[0] for index in (1, 2)]
        assert (sum(part.done for part in done), sum(part.failed for part in done)) == (5, 0)
        summary, listener = run(source, out, Options(mask=mask, crop=True, margin=9), name=None)
        assert (summary.done, summary.failed, summary.kept) == (5, 0, 0), listener.outcomes


def test_photos_that_moved_and_get_other_options_replace_their_own_results(batch, tmp_path, mask):
    source, out, _ = batch
    source.rename(tmp_path / "elsewhere")
    summary, _ = run(tmp_path / "elsewhere", out, Options(mask=mask, crop=True))
    assert (summary.done, summary.failed) == (5, 0)


def test_what_a_person_made_for_a_photo_that_failed_is_not_replaced(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask)
    save_photo(source / "raise.jpg", 1)
    assert run(source, out, options, entry="odd_batch_child")[0].failed == 1
    (out / "raise.cutout.png").write_bytes(b"made by hand")
    summary, listener = run(source, out, options, retry_failed=True)
    assert (summary.failed, listener.outcomes[0][0].code) == (1, "exists")
    assert (out / "raise.cutout.png").read_bytes() == b"made by hand"


def test_a_changed_photo_that_fails_says_that_its_earlier_result_stays(batch, tmp_path):
    source, out, options = batch
    old = pictures(out)
    (source / "set0" / "photo000.jpg").write_bytes(b"no photo any more")
    (source / "set0" / "new.jpg").write_bytes(b"no photo, and never was")
    exported = tmp_path / "x.jsonl"
    summary, listener = run(source, out, options, finish=lambda manifest, _: export(manifest, exported))
    assert summary.failed == 2
    assert {outcome.key: outcome.stale for outcome, _ in listener.outcomes} == {
        "set0/photo000.jpg": True, "set0/new.jpg": False
    }  # fmt: skip
    assert pictures(out) == old
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert {line["path"] for line in lines if line["stale"]} == {"set0/photo000.jpg"}


def test_other_options_do_everything_again(batch, mask):
    source, out, _ = batch
    old = pictures(out)
    summary, _ = run(source, out, Options(mask=mask, crop=True))
    assert summary.done == 5
    assert all(pictures(out)[key] != old[key] for key in old)
    summary, _ = run(source, out, Options(mask=mask, crop=True, threads=1))
    assert summary.unchanged == 5


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


def test_another_name_leaves_old_results_alone(batch):
    source, out, options = batch
    old = pictures(out)
    summary, _ = run(source, out, options, name="rmbg_{stem}.png")
    assert summary.done == 5
    new = pictures(out)
    assert old.items() <= new.items()
    assert new["set0/rmbg_photo000.png"] == old["set0/photo000.cutout.png"]


def test_results_of_others_are_not_replaced(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask)
    save_photo(source / "a.jpg", 1)
    out.mkdir()
    (out / "a.cutout.png").write_text("mine")
    summary, listener = run(source, out, options)
    assert summary.exit_code == 3
    assert listener.outcomes[0][0].code == "exists"
    assert (out / "a.cutout.png").read_text() == "mine"
    summary, _ = run(source, out, options, overwrite=True)
    assert summary.exit_code == 0
    assert open_photo(out / "a.cutout.png", max_pixels=9999).has_alpha


def test_no_result_leaves_the_output_folder_through_a_link(tmp_path, mask):
    source, out, elsewhere = tmp_path / "in", tmp_path / "out", tmp_path / "elsewhere"
    save_photo(source / "set" / "a.jpg", 1)
    out.mkdir()
    elsewhere.mkdir()
    (out / "set").symlink_to(elsewhere)
    summary, listener = run(source, out, Options(mask=mask))
    assert summary.failed == 1
    assert "through a link" in listener.outcomes[0][0].message
    assert list(elsewhere.iterdir()) == []


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


class Thief(Recorder):
    """Calls ``steal`` when everything is listed and nothing is cut."""

    def __init__(self, steal):
        super().__init__()
        self.steal = steal

    def started(self, counts):
        super().started(counts)
        self.steal()


def left_to_do(out):
    """{state}, {attempts} of every row that has no result."""
    table = rows(out / ".gigamatte" / "1-of-1.sqlite").values()
    found = [(row["state"], row["attempts"]) for row in table if row["state"] != "done"]
    return len(found), set(found)


@pytest.mark.parametrize("photos", [4, 30])
@pytest.mark.parametrize("empty", [False, True], ids=["gone", "unmounted"])
def test_an_input_that_vanishes_stops_the_batch_and_blames_no_photo(tmp_path, mask, photos, empty):
    source, out, away = tmp_path / "in", tmp_path / "out", tmp_path / "away"
    save_photos(source, photos)

    def steal():
        source.rename(away)
        if empty:  # what an unmounted share leaves behind
            source.mkdir()

    summary, listener = run(source, out, Options(mask=mask), listener=Thief(steal))
    assert (summary.exit_code, summary.failed, summary.waiting) == (1, 0, photos)
    assert "the input has gone" in summary.stopped
    assert str(source) in summary.stopped
    assert left_to_do(out) == (photos, {("waiting", 0)})
    assert listener.outcomes == []  # one line in the end, not one for each photo
    if empty:
        source.rmdir()
    away.rename(source)
    summary, _ = run(source, out, Options(mask=mask))
    assert (summary.done, summary.exit_code) == (photos, 0)


def test_photos_that_vanish_from_a_folder_that_stays_are_failures(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    gone = save_photos(source, 25)
    save_photo(source / "z.jpg", 99)
    summary, _ = run(source, out, Options(mask=mask), listener=Thief(lambda: [path.unlink() for path in gone]))
    assert (summary.done, summary.failed, summary.exit_code, summary.stopped) == (1, 25, 3, "")
    assert left_to_do(out) == (25, {("quarantined", 2)})


def test_a_list_whose_photos_all_vanish_stops_the_batch(tmp_path, mask):
    photos = save_photos(tmp_path / "share", 30)
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(map(str, photos)), "utf-8")
    thief = Thief(lambda: (tmp_path / "share").rename(tmp_path / "away"))
    summary, _ = run(listed, tmp_path / "out", Options(mask=mask), listener=thief)
    assert (summary.exit_code, summary.failed, summary.waiting) == (1, 0, 30)
    assert "20 photos in a row could not be read" in summary.stopped


def test_masks_that_vanish_stop_the_batch(tmp_path, mask):
    source, out, masks = tmp_path / "in", tmp_path / "out", tmp_path / "masks"
    save_photos(source, 3)
    masks.mkdir()
    (masks / "other.png").write_bytes(b"")
    summary, _ = run(source, out, Options(), masks=str(masks), listener=Thief(lambda: masks.rename(tmp_path / "m")))
    assert (summary.exit_code, summary.failed, summary.waiting) == (1, 0, 3)
    assert "the input has gone" in summary.stopped


def test_an_output_that_vanishes_stops_the_batch(tmp_path, mask):
    source, out, manifests = tmp_path / "in", tmp_path / "out", tmp_path / "manifests"
    save_photos(source, 5)
    thief = Thief(lambda: out.rename(tmp_path / "away"))
    summary, _ = run(source, out, Options(mask=mask), listener=thief, manifest=manifests)
    assert (summary.exit_code, summary.failed, summary.waiting) == (1, 0, 5)
    assert "the output cannot be written any more" in summary.stopped
    assert not out.exists()  # it is not made anew where its share was mounted
    out.mkdir()
    summary, _ = run(source, out, Options(mask=mask), manifest=manifests)
    assert (summary.done, summary.exit_code) == (5, 0)


def test_a_missing_network_is_told_before_anything_is_made(tmp_path):
    save_photo(tmp_path / "in" / "a.jpg")
    with pytest.raises(NetworkUnavailable):
        run(tmp_path / "in", tmp_path / "out", Options(model=str(tmp_path / "gone.onnx")))
    assert not (tmp_path / "out").exists()


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


def test_the_report_shows_the_least_sure_first_and_escapes_names(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 3)
    save_photo(source / "<script>alert(1)</script>&.jpg", 4)
    (source / "bad<i>.jpg").write_bytes(b"junk")
    page, lines = tmp_path / "report.html", tmp_path / "photos.jsonl"
    options = Options(mask=mask)
    plan = Plan(str(source), str(out), options)

    def finish(manifest, summary):
        export(manifest, lines)
        write_report(page, plan, manifest, summary)

    run(source, out, options, finish=finish)
    text = page.read_text("utf-8")
    exported = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert len(exported) == 5
    done = [line for line in exported if line["state"] == "done"]
    assert all(line["sha256"] and line["receipt"]["doubt"]["score"] == line["doubt"] for line in done)
    assert next(line for line in exported if line["state"] != "done")["error"]["code"] == "input-unsupported"
    least_sure_first = sorted(done, key=lambda line: (-line["doubt"], line["path"]))
    shown = [text.index(f"<b>{html.escape(line['path'])}</b>") for line in least_sure_first]
    assert shown == sorted(shown)
    doubts = [f"width:{line['doubt']:.0%};--whole:{1 / max(line['doubt'], 0.01):.0%}" for line in least_sure_first]
    assert all(style in text for style in doubts)
    assert "<script>alert" not in text
    assert "bad&lt;i&gt;.jpg" in text
    assert text.count("data:image/webp;base64,") == 4
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert 'href="out/set0/photo000.cutout.png"' in text


def test_the_report_is_whole_in_chinese_and_says_what_it_leaves_out(tmp_path, mask, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    source, out, page = tmp_path / "in", tmp_path / "out", tmp_path / "report.html"
    save_photos(source, 3)
    (source / "notes.jpg").write_bytes(b"junk, no photo")
    plan = Plan(str(source), str(out), Options(mask=mask), shard=(1, 1))

    def finish(manifest, summary):
        write_report(page, plan, manifest, summary)

    run(source, out, plan.options, finish=finish)
    (out / "set0" / "photo000.cutout.png").write_bytes(b"retouched")
    run(source, out, plan.options, finish=finish)
    text = re.sub(r"<style>.*?</style>|<script.*?</script>|data:[^\"]*", "", page.read_text("utf-8"), flags=re.DOTALL)
    for word in ("照片", "本次已抠", "未变", "待处理", "百万像素/秒", "读取", "写入", "合计", "被手动改动过而保留"):
        assert word in text
    assert "实际不是图片（开头是 6a 75 6e 6b" in text
    assert "notes.jpg：" not in text  # its name stands in a column of its own
    assert ">total<" not in text
    assert "分片" not in text
    plan = Plan(str(source), str(out), Options(mask=mask), shard=(1, 3))
    run(source, out, plan.options, shard=(1, 3), finish=finish)
    assert "仅为第 1 个分片（共 3 个）" in page.read_text("utf-8")


def test_another_photo_of_the_same_name_replaces_nothing(batch, tmp_path):
    _, out, options = batch
    other, kept = tmp_path / "other", pictures(out)
    other.mkdir()
    save_photo(other / "set0" / "photo000.jpg", 77)
    summary, listener = run(other, out, options)
    assert (summary.failed, states(listener)) == (1, {"set0/photo000.jpg": "failed"})
    assert pictures(out) == kept


def test_photos_that_moved_are_recognised_by_their_content(batch, tmp_path):
    source, out, options = batch
    source.rename(tmp_path / "elsewhere")
    summary, listener = run(tmp_path / "elsewhere", out, options)
    assert (summary.done, summary.unchanged, summary.failed) == (0, 5, 0)
    assert set(states(listener).values()) == {"same"}


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
