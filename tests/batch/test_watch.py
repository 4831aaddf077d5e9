"""A folder that is watched: photos as they come, whole ones only; and photos that are done again by themselves."""

import os
import signal
import sqlite3
import threading
import time

import pytest
from batch_helpers import Recorder, command, pictures, rows, run, save_photo, save_photos

from gigamatte.batch import settled_files
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.settled_files import SettledFiles
from gigamatte.batch.task import Source
from gigamatte.errors import UsageError
from gigamatte.options import Options


def wait_for(what, seconds=90):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_photos_are_cut_as_they_come_and_half_written_ones_never(tmp_path, mask, monkeypatch):
    monkeypatch.setattr(settled_files, "REST", 0.6)
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 2)
    whole = save_photo(tmp_path / "late.jpg", 77).read_bytes()
    listener, stop = Recorder(), threading.Event()

    def copy_slowly():
        with (source / "late.jpg").open("wb") as file:
            for at in range(0, len(whole), len(whole) // 8 + 1):
                file.write(whole[at : at + len(whole) // 8 + 1])
                file.flush()
                time.sleep(0.25)  # a photo that comes over a slow line

    def act():
        wait_for(lambda: len(listener.outcomes) >= 2)
        copy_slowly()
        wait_for(lambda: listener.of("late.jpg"))
        save_photo(source / "late.jpg", 78)  # it is replaced by another one
        wait_for(lambda: len(listener.of("late.jpg")) >= 2)
        stop.set()

    thread = threading.Thread(target=act)
    thread.start()

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    ended = threading.Event()

    def interrupt_at_last():
        stop.wait(180)
        if not ended.is_set():  # a signal that comes after the batch would end the whole run of tests
            os.kill(os.getpid(), signal.SIGALRM)

    last = threading.Thread(target=interrupt_at_last, daemon=True)
    last.start()
    try:
        summary, _ = run(source, out, Options(mask=mask), listener=listener, watch=True, every=0.2)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        ended.set()
        stop.set()
        last.join()  # it may be about to send its signal
        signal.signal(signal.SIGALRM, before)
    thread.join()
    assert (summary.interrupted, summary.exit_code, summary.total, summary.failed) == (True, 0, 3, 0)
    assert [outcome.state for outcome in listener.of("late.jpg")] == ["done", "done"]
    again, listener = run(source, out, Options(mask=mask))  # nothing is left to do
    assert (again.unchanged, listener.outcomes) == (3, [])


def test_what_is_being_written_does_not_count(tmp_path):
    now = [100.0]
    with Manifest(tmp_path / "m.sqlite") as manifest:
        manifest.begin("a test", "1")
        look = SettledFiles(manifest, lambda: now[0])

        def keys(*sources):
            return [source.key for source in look.of(iter(sources))]

        fresh = time.time_ns()
        growing = [Source("a.jpg", "/in/a.jpg", size, f"{size}-{fresh}-{fresh}-1") for size in (10, 20, 30)]
        assert keys(growing[0]) == []
        now[0] += 5
        assert keys(growing[1]) == []  # it has grown
        now[0] += 1
        assert keys(growing[1]) == []  # rests, but not for long enough
        now[0] += 1
        assert keys(growing[1]) == ["a.jpg"]
        old = time.time_ns() - 10**12
        assert keys(Source("b.jpg", "/in/b.jpg", 9, f"9-{old}-{old}-2")) == ["b.jpg"]
        assert keys(Source("c.jpg", "/in/c.jpg", 9, f"9-{old}-{fresh}-3")) == []  # its times were set back
        assert keys(Source("d.jpg", "s3://in/d.jpg", 9, "9-tag")) == ["d.jpg"]


def test_it_stops_cleanly_and_survives_a_restart(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 2)
    for expected in (2, 3):
        watching = command(source, out, "--mask", mask, "--watch", "--every", "0.2", "--memory", "3G")
        try:
            wait_for(lambda expected=expected: len(pictures(out)) == expected if out.exists() else False)
            watching.terminate()
            _, said = watching.communicate(timeout=60)
        except BaseException:
            watching.kill()
            raise
        assert watching.returncode == 0, said
        assert "Traceback" not in said
        save_photo(source / "next.jpg", 9)
        old = time.time() - 1000
        os.utime(source / "next.jpg", (old, old))
    summary, _ = run(source, out, Options(mask=mask))
    assert (summary.total, summary.waiting, summary.failed, summary.exit_code) == (3, 0, 0, 0)
    assert sorted(pictures(out)) == ["next.cutout.png", "set0/photo000.cutout.png", "set1/photo001.cutout.png"]


def test_standard_input_cannot_be_watched(tmp_path, mask):
    with pytest.raises(UsageError, match="watch"):
        run("-", tmp_path / "out", Options(mask=mask), watch=True)


def test_marked_photos_are_done_again_alone_and_stay_so(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 4)
    plain, other = Options(mask=mask), Options(mask=mask, crop=True)
    run(source, out, plain)
    before = pictures(out)
    manifest = out / ".gigamatte" / "1-of-1.sqlite"
    database = sqlite3.connect(manifest)
    database.execute("UPDATE listed SET mark = 'redo' WHERE key LIKE '%photo001.jpg'")
    database.execute("UPDATE listed SET mark = 'good' WHERE key LIKE '%photo002.jpg'")
    database.commit()
    database.close()
    summary, listener = run(source, out, other, redo=True)
    assert [outcome.key for outcome, _ in listener.outcomes] == ["set1/photo001.jpg"]
    assert (summary.total, summary.done, summary.unchanged, summary.exit_code) == (4, 1, 3, 0)
    after = pictures(out)
    assert {key for key in before if before[key] != after[key]} == {"set1/photo001.cutout.png"}
    assert {row["mark"] for row in rows(manifest).values()} == {None, "good", "redone"}
    again, listener = run(source, out, plain)  # the batch goes on, and leaves it so
    assert (again.unchanged, listener.outcomes, pictures(out)) == (4, [], after)
    again, listener = run(source, out, other, redo=True)
    assert (again.done, listener.outcomes) == (0, [])
