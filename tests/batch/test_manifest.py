import sqlite3

import pytest

from gigamatte.batch.lock import Lock, lock_shard
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.task import Outcome, Source
from gigamatte.errors import UsageError, WriteError

TEMPLATE = "{stem}.cutout.png"
RECEIPT = {"width": 1000, "height": 1000, "doubt": {"score": 0.5}}


class Desk:
    """A manifest, and what a test has put at the targets."""

    def __init__(self, path):
        self.path = path
        self.targets = {}
        self.foreign = set()
        self.manifest = None

    def begin(self, *sources, config="c", **more):
        if self.manifest is not None:
            self.manifest.close()
        self.manifest = Manifest(self.path)
        left = self.manifest.begin("a test", "1")
        self.manifest.enlist(sources, config, TEMPLATE, self.targets.get, **more)
        return left

    def claim(self, **more):
        lie = {**dict.fromkeys(self.foreign, "foreign"), **self.targets}
        return self.manifest.claim(99, str, lambda found: {at: lie[at] for at in found if at in lie}, **more)

    def finish(self, *tasks):
        for task in tasks:
            self.targets[task.target] = "stamp"
        self.manifest.record(
            Outcome(task.key, "done", "content", "s1", "sha", 9, "stamp", RECEIPT, 1.0) for task in tasks
        )


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "m.sqlite")
    yield desk
    desk.manifest.close()


A, B = Source("a.jpg", "/in/a.jpg", 100, "s1"), Source("b.jpg", "/in/b.jpg", 300, "s1")


def keys(tasks):
    return [task.key for task in tasks]


def test_what_is_done_is_not_claimed_again(desk):
    desk.begin(A, B)
    desk.finish(*desk.claim())
    desk.begin(A, B)
    assert desk.claim() == []
    counts = desk.manifest.counts()
    assert (counts.done, counts.waiting, counts.done_megapixels, counts.total) == (2, 0, 2.0, 2)


def test_what_was_running_when_the_power_went_waits_again_and_is_ours(desk):
    desk.begin(A, B)
    assert keys(desk.claim()) == ["a.jpg", "b.jpg"]
    assert desk.begin(A, B) == ["a.cutout.png", "b.cutout.png"]
    desk.foreign = {"a.cutout.png"}  # finished, but not noted
    assert [(task.key, task.replace) for task in desk.claim()] == [("a.jpg", True), ("b.jpg", True)]


def test_a_touched_photo_is_hashed_and_a_changed_one_redone(desk):
    desk.begin(A, B)
    desk.finish(*desk.claim())
    desk.begin(Source("a.jpg", "/in/a.jpg", 100, "s2"), B)
    (task,) = desk.claim()
    assert (task.key, task.known.fingerprint, task.known.sha256) == ("a.jpg", "content", "sha")
    desk.manifest.record([Outcome("a.jpg", "same", "content", "s2", "sha", out_stamp="stamp")])
    desk.begin(Source("a.jpg", "/in/a.jpg", 100, "s2"), B)
    assert desk.claim() == []


def test_other_options_redo_everything(desk):
    desk.begin(A, B)
    desk.finish(*desk.claim())
    desk.begin(A, B, config="d")
    assert [(task.key, task.known, task.replace) for task in desk.claim()] == [
        ("a.jpg", None, True),
        ("b.jpg", None, True),
    ]


def test_a_result_that_is_gone_or_altered_is_seen(desk):
    desk.begin(A, B)
    desk.finish(*desk.claim())
    del desk.targets["a.cutout.png"]
    desk.targets["b.cutout.png"] = "other"
    desk.begin(A, B)
    gone, altered = desk.claim()
    assert gone.known is None
    assert altered.known is not None


def test_recheck_has_everything_hashed(desk):
    desk.begin(A)
    desk.finish(*desk.claim())
    desk.begin(A, recheck=True)
    (task,) = desk.claim()
    assert task.known is not None


def test_a_photo_fails_twice_and_is_left_alone_until_it_changes(desk):
    failed = Outcome("a.jpg", "failed", code="worker", message="died")
    desk.begin(A)
    desk.claim()
    assert desk.manifest.will_retry(failed)
    desk.manifest.record([failed])
    assert desk.manifest.counts().failed == 1
    assert desk.manifest.try_again() == 1
    desk.claim()
    assert not desk.manifest.will_retry(failed)
    desk.manifest.record([failed])
    assert desk.manifest.counts().quarantined == 1
    assert desk.manifest.try_again() == 0
    desk.begin(A)
    assert desk.claim() == []
    desk.begin(A, retry=True)
    assert keys(desk.claim()) == ["a.jpg"]
    desk.manifest.record([failed])
    desk.begin(Source("a.jpg", "/in/a.jpg", 100, "s2"))
    assert keys(desk.claim()) == ["a.jpg"]
    assert desk.manifest.will_retry(failed)


def test_an_attempt_before_a_crash_of_the_batch_counts(desk):
    failed = Outcome("a.jpg", "failed", code="worker", message="died")
    desk.begin(A)
    desk.claim()
    desk.manifest.record([failed])
    desk.begin(A)
    desk.claim()
    assert not desk.manifest.will_retry(failed)


def test_a_final_verdict_needs_no_second_attempt(desk):
    desk.begin(A)
    desk.claim()
    desk.manifest.record([Outcome("a.jpg", "failed", code="input-unsupported", message="junk", verdict="final")])
    assert desk.manifest.counts().quarantined == 1


def test_a_stop_costs_no_attempt(desk):
    desk.begin(A)
    desk.claim()
    desk.manifest.record([Outcome("a.jpg", "failed", code="write", message="full", verdict="stop")])
    (task,) = desk.claim()
    assert task.key == "a.jpg"
    assert desk.manifest.counts().waiting == 1


def test_what_others_put_at_a_target_is_not_ours_to_replace(desk):
    desk.foreign = {"a.cutout.png"}
    desk.begin(A, B)
    assert [(task.key, task.replace) for task in desk.claim()] == [("a.jpg", False), ("b.jpg", True)]
    desk.begin(A, B)  # and a crash does not make it ours
    assert [(task.key, task.replace) for task in desk.claim()] == [("a.jpg", False), ("b.jpg", True)]
    desk.begin(A, B)
    assert [task.replace for task in desk.claim(overwrite=True)] == [True, True]


def test_a_source_is_never_a_target(desk):
    inside = Source("x/a.cutout.png", "a.cutout.png", 5, "s1")  # its place is where a.jpg's result would go
    desk.begin(A, inside)
    assert {task.key: task.replace for task in desk.claim(overwrite=True)} == {"a.jpg": False, "x/a.cutout.png": True}


def test_names_stay_when_neighbours_come_and_go(desk):
    png = Source("a.png", "/in/a.png", 5, "s1")
    desk.begin(png)
    assert desk.claim()[0].target == "a.cutout.png"
    desk.begin(A, png)
    assert {task.key: task.target for task in desk.claim()} == {"a.jpg": "a.jpg.cutout.png", "a.png": "a.cutout.png"}


def test_another_template_makes_other_results(desk):
    desk.begin(A)
    desk.finish(*desk.claim())
    desk.manifest.begin("a test", "1")
    desk.manifest.enlist([A], "c", "rmbg_{stem}.png", desk.targets.get)
    assert desk.claim()[0].target == "rmbg_a.png"


def test_photos_that_are_gone_do_not_count(desk):
    desk.begin(A, B)
    desk.finish(*desk.claim())
    desk.begin(B)
    assert desk.manifest.counts().total == 1
    assert [row["key"] for row in desk.manifest.rows()] == ["b.jpg"]


def test_another_division_is_taken_over(desk, tmp_path):
    desk.begin(A, B)
    desk.finish(*desk.claim())
    desk.manifest.close()
    with Manifest(tmp_path / "2-of-2.sqlite") as half:
        half.begin("a test", "1")
        half.adopt(desk.path)
        half.enlist([B], "c", TEMPLATE, desk.targets.get)
        assert half.counts().done == 1
    desk.manifest = Manifest(desk.path)


def test_another_division_is_taken_over_though_the_photo_was_listed_here_before(desk, tmp_path):
    with Manifest(tmp_path / "2-of-2.sqlite") as half:
        half.begin("a test", "1")
        half.enlist([A, B], "c", TEMPLATE, desk.targets.get)  # stopped before anything was cut
    desk.begin(A, B)
    desk.finish(*desk.claim())
    with Manifest(tmp_path / "2-of-2.sqlite") as half:
        half.begin("a test", "1")
        half.adopt(desk.path)
        half.enlist([A, B], "c", TEMPLATE, desk.targets.get)
        assert (half.counts().done, half.counts().waiting) == (2, 0)


def test_a_later_manifest_is_refused(tmp_path):
    path = tmp_path / "m.sqlite"
    with Manifest(path):
        pass
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(WriteError, match="later gigamatte"):
        Manifest(path)
    (tmp_path / "x").write_bytes(b"no database at all" * 100)
    with pytest.raises(WriteError, match="cannot be used"):
        Manifest(tmp_path / "x")


def test_one_batch_at_a_time(tmp_path):
    held = lock_shard(tmp_path, (1, 2))
    with pytest.raises(UsageError, match="another batch is at work"):
        lock_shard(tmp_path, (1, 2))
    other = lock_shard(tmp_path, (2, 2))
    with pytest.raises(UsageError, match="divides"):
        lock_shard(tmp_path, (1, 1))
    held.release()
    other.release()
    lock_shard(tmp_path, (1, 1)).release()
    assert Lock(tmp_path / "1-of-2.lock").take()
