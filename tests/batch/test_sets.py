"""Photos of a folder as a set: one scale, one ground line."""

import cv2
import numpy as np
import pytest
from batch_helpers import Recorder, receipts, run
from PIL import Image

from gigamatte.errors import UsageError
from gigamatte.options import Options


def save_box(path, width, height, masks, size=(160, 120)):
    """A photo, and the mask of a box of this size somewhere in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    alpha = np.zeros(size[::-1], np.uint8)
    left, top = (size[0] - width) // 2 - 4, (size[1] - height) // 3
    alpha[top : top + height, left : left + width] = 255
    photo = np.where(alpha[..., None] > 0, np.uint8((40, 90, 200)), np.uint8((200, 180, 90)))
    cv2.imwrite(str(path), photo)
    mask = masks / path.parent.name / path.name
    mask.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(mask), alpha)


def placed(out, key):
    return receipts(out / ".gigamatte" / "1-of-1.sqlite")[key]["placed"]


def box_of(picture):
    return Image.open(picture).getchannel("A").point(lambda value: 255 * (value > 127)).getbbox()


@pytest.fixture
def photos(tmp_path):
    for folder, sizes in {"shoe": [(80, 30), (40, 60), (20, 20)], "hat": [(50, 40)]}.items():
        for number, (width, height) in enumerate(sizes):
            save_box(tmp_path / "in" / folder / f"{number}.png", width, height, tmp_path / "masks")
    return tmp_path / "in"


OPTIONS = Options(canvas="200x200", fill="80", mask_kind="alpha", refine="off", consistent=True)


def test_one_scale_and_one_line_for_a_folder(photos, tmp_path):
    out = tmp_path / "out"
    summary, _ = run(photos, out, OPTIONS, masks=str(tmp_path / "masks"))
    assert (summary.total, summary.done, summary.exit_code) == (4, 4, 0)
    scales = {key: placed(out, key)["scale"] for key in ("shoe/0.png", "shoe/1.png", "shoe/2.png", "hat/0.png")}
    assert scales["shoe/0.png"] == scales["shoe/1.png"] == scales["shoe/2.png"] == pytest.approx(160 / 80)
    assert scales["hat/0.png"] == pytest.approx(160 / 50)
    sizes = {}
    for name, (width, height) in {"shoe/0": (80, 30), "shoe/1": (40, 60), "shoe/2": (20, 20)}.items():
        left, top, right, bottom = box_of(out / f"{name}.cutout.png")
        sizes[name] = right - left, bottom - top
        assert bottom == pytest.approx(180, abs=1)
        assert (left + right) / 2 == pytest.approx(100, abs=1)
        assert sizes[name] == pytest.approx((2 * width, 2 * height), abs=1)


def test_a_set_is_settled_once_and_again_when_it_grows(photos, tmp_path):
    out, masks = tmp_path / "out", str(tmp_path / "masks")
    run(photos, out, OPTIONS, masks=masks)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    summary, _ = run(photos, out, OPTIONS, masks=masks)
    assert (summary.done, summary.unchanged) == (0, 4)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == before
    save_box(photos / "shoe" / "3.png", 100, 20, tmp_path / "masks")
    summary, _ = run(photos, out, OPTIONS, masks=masks)
    assert summary.exit_code == 0
    assert {placed(out, f"shoe/{number}.png")["scale"] for number in range(4)} == {1.6}
    assert out.joinpath("hat/0.cutout.png").stat().st_mtime_ns == before[out / "hat/0.cutout.png"]


def test_a_set_that_was_cut_off_is_settled_by_the_next_run(photos, tmp_path, monkeypatch):
    from gigamatte.batch.sets import Sets

    out, masks = tmp_path / "out", str(tmp_path / "masks")
    with monkeypatch.context() as patch:
        patch.setattr(Sets, "settle", lambda _: 0)  # as if the machine had been taken away there
        run(photos, out, OPTIONS, masks=masks)
    assert len({placed(out, f"shoe/{number}.png")["scale"] for number in range(3)}) == 3
    run(photos, out, OPTIONS, masks=masks)
    assert len({placed(out, f"shoe/{number}.png")["scale"] for number in range(3)}) == 1


def test_a_photo_is_told_of_once(photos, tmp_path):
    _, listener = run(photos, tmp_path / "out", OPTIONS, masks=str(tmp_path / "masks"))
    assert sorted(outcome.key for outcome, _ in listener.outcomes) == [
        "hat/0.png", "shoe/0.png", "shoe/1.png", "shoe/2.png",
    ]  # fmt: skip
    assert listener.warnings == ["2 photos to be cut once more, with the one scale of the folder"]


@pytest.mark.parametrize("count", [2, 3])
def test_a_folder_goes_to_one_shard_and_has_one_scale(photos, tmp_path, count):
    out, found = tmp_path / "out", {}
    for number in range(1, count + 1):
        summary, _ = run(photos, out, OPTIONS, masks=str(tmp_path / "masks"), shard=(number, count))
        assert (summary.failed, summary.done) == (0, summary.total)
        for key, receipt in receipts(out / ".gigamatte" / f"{number}-of-{count}.sqlite").items():
            assert key not in found
            found[key] = number, receipt["placed"]["scale"]
    assert {found[f"shoe/{number}.png"][1] for number in range(3)} == {2.0}
    assert len({found[f"shoe/{number}.png"][0] for number in range(3)}) == 1
    assert found["hat/0.png"][1] == pytest.approx(160 / 50)


def test_a_watched_set_is_settled_whenever_there_is_nothing_else_to_do(photos, tmp_path):
    out = tmp_path / "out"

    class Watching(Recorder):
        """Adds a wide photo when the first ones are done; stops when the last has its scale."""

        def ended(self, outcome, progress, *, again):
            super().ended(outcome, progress, again=again)
            if len(self.outcomes) == 4:
                save_box(photos / "shoe" / "3.png", 100, 20, tmp_path / "masks")

        def warned(self, text):
            super().warned(text)
            if len(self.outcomes) == 5:
                raise KeyboardInterrupt

    run(photos, out, OPTIONS, masks=str(tmp_path / "masks"), watch=True, every=0.2, listener=Watching())
    # what was to be cut once more is done by the next run
    run(photos, out, OPTIONS, masks=str(tmp_path / "masks"))
    assert {placed(out, f"shoe/{number}.png")["scale"] for number in range(4)} == {1.6}


def test_a_set_has_a_canvas():
    with pytest.raises(UsageError, match="canvas"):
        Options(consistent=True)
