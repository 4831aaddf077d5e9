"""Results of earlier runs, and files of others: what is done again, what is kept, what is replaced."""

import json
import os

import pytest
from batch_helpers import batch_of_five, pictures, rows, run, save_photo, save_photos, states

from gigamatte.batch.export import export
from gigamatte.options import Options
from gigamatte.photo.read import open_photo


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
