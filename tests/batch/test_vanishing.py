"""Folders, photos and networks that vanish, or were never there: the batch stops, and blames no photo."""

import pytest
from batch_helpers import Recorder, rows, run, save_photo, save_photos

from gigamatte.errors import NetworkUnavailable
from gigamatte.options import Options


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
