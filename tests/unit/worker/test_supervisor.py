"""A supervisor with real processes that crash, hang and use too much memory."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gigamatte.errors import Cancelled, MissingInput, NoSubject, UnsupportedInput, UsageError, WorkerDied
from gigamatte.options import Options
from gigamatte.testing.photos import coarse, made_photo
from gigamatte.types import Receipt, Size
from gigamatte.worker.process import memory_of
from gigamatte.worker.supervisor import Supervisor
from gigamatte.worker.wire import Job

MISBEHAVING = "gigamatte.testing.misbehaving_child"
PATIENCE = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    photo = made_photo(Size(320, 240))
    Image.fromarray(photo.photo).save(folder / "photo.png")
    mask = (coarse(photo.alpha, 4) * 255).astype(np.uint8)
    Image.fromarray(mask).save(folder / "mask.png")
    Image.fromarray(np.zeros_like(mask)).save(folder / "black.png")
    return folder


def mode_of(path):
    with Image.open(path) as picture:
        return picture.mode


@pytest.fixture(scope="module")
def supervisor():
    with Supervisor(memory=800_000_000, seconds=PATIENCE, inflight=2, entry=MISBEHAVING) as supervisor:
        yield supervisor


@pytest.fixture
def job(made, tmp_path):
    """Makes the job of a photo with a name."""

    def make(name="photo", mask="mask", **options):
        source = tmp_path / f"{name}.png"
        source.write_bytes((made / "photo.png").read_bytes())
        return Job(
            source, tmp_path / f"{name}.out.png", Options(**{"refine": "guided", **options}), mask=made / f"{mask}.png"
        )

    return make


def test_a_photo_is_cut_in_another_process_with_a_receipt(supervisor, job):
    seen = []
    receipt = supervisor.submit(job(), lambda stage, fraction: seen.append((stage, fraction))).result(PATIENCE)
    assert isinstance(receipt, Receipt)
    assert (receipt.width, receipt.height) == (320, 240)
    assert receipt.model.name == "mask"
    assert mode_of(receipt.output) == "RGBA"
    stages = [stage for stage, _ in seen]
    assert stages.index("read") < stages.index("matte") < stages.index("write")
    assert all(0 <= fraction <= 1 for _, fraction in seen)


def test_progress_is_sent_where_somebody_listens(supervisor, job, monkeypatch):
    heard, hear = [], supervisor._heard
    child = supervisor._child
    monkeypatch.setattr(child, "_heard", lambda child, message: (heard.append(message["event"]), hear(child, message)))
    supervisor.submit(job("quiet")).result(PATIENCE)
    assert [event for event in heard if event != "ready"] == ["started", "done"]
    supervisor.submit(job("told"), lambda *_: None).result(PATIENCE)
    assert "progress" in heard


def test_options_reach_the_child(supervisor, job):
    receipt = supervisor.submit(job(only="alpha", crop=True)).result(PATIENCE)
    assert mode_of(receipt.output) == "L"
    assert receipt.width < 320


def test_errors_come_back_as_what_they_are(supervisor, job, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    with pytest.raises(UnsupportedInput, match="no picture"):
        supervisor.submit(Job(broken, tmp_path / "out.png", mask=broken)).result(PATIENCE)
    with pytest.raises(MissingInput):
        supervisor.submit(Job(tmp_path / "none.png", tmp_path / "out.png", mask=broken)).result(PATIENCE)
    with pytest.raises(NoSubject):
        supervisor.submit(job(mask="black")).result(PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are always valid text")
def test_names_that_are_not_utf8_survive_the_pipe(supervisor, job, made, tmp_path):
    odd = tmp_path / os.fsdecode(b"ph\xe9to.png")
    odd.write_bytes((made / "photo.png").read_bytes())
    target = tmp_path / os.fsdecode(b"\xff.png")
    supervisor.submit(Job(odd, target, mask=made / "mask.png")).result(PATIENCE)
    assert target.exists()


def test_what_libraries_print_does_not_break_the_pipe(supervisor, job):
    assert supervisor.submit(job("noisy")).result(PATIENCE).width == 320


def test_the_one_that_crashes_is_found_and_its_neighbours_are_cut(supervisor, job):
    tasks = {name: supervisor.submit(job(name)) for name in ("a", "abort", "b", "c", "abort2", "d")}
    for name, task in tasks.items():
        if name.startswith("abort"):
            with pytest.raises(WorkerDied, match=f"{name}.png.*SIGABRT"):
                task.result(PATIENCE)
        else:
            assert task.result(PATIENCE).width == 320


def test_the_one_that_outgrows_its_memory_is_stopped(supervisor, job):
    hog, other = supervisor.submit(job("hog")), supervisor.submit(job("other"))
    with pytest.raises(WorkerDied, match=r"hog.png.*(allowed are 0\.80|memory)"):
        hog.result(PATIENCE)
    assert other.result(PATIENCE).width == 320


def test_the_one_that_hangs_is_stopped_and_the_one_beside_it_is_cut(job):
    with Supervisor(seconds=3.0, inflight=2, entry=MISBEHAVING) as supervisor:
        hang, beside = supervisor.submit(job("hang")), supervisor.submit(job("slow"))
        with pytest.raises(WorkerDied, match=r"hang.png: not finished after 3 seconds"):
            hang.result(PATIENCE)
        with pytest.raises(WorkerDied, match="not finished"):  # slow, but it stops when told
            beside.result(PATIENCE)
        assert supervisor.submit(job()).result(PATIENCE).width == 320


def test_cancel_before_and_while_it_runs(supervisor, job):
    running = threading.Event()
    first, second = (supervisor.submit(job(name), lambda *_: running.set()) for name in ("slow1", "slow2"))
    third = supervisor.submit(job("third"))
    assert running.wait(PATIENCE)
    for task in (third, first, second):
        assert task.cancel()
        with pytest.raises(Cancelled):
            task.result(PATIENCE)
    assert not first.cancel()
    assert not third.job.target.exists()
    assert supervisor.submit(job()).result(PATIENCE).width == 320


def test_the_child_is_replaced_after_so_many_photos(job):
    with Supervisor(inflight=2, recycle=2, entry=MISBEHAVING) as supervisor:
        for task in [supervisor.submit(job(f"photo{n}")) for n in range(5)]:
            assert task.result(PATIENCE).width == 320
        assert supervisor.stats().recycled == 2
        assert supervisor.stats().deaths == 0


def test_a_child_killed_from_outside_costs_no_photo(job):
    with Supervisor(inflight=2, entry=MISBEHAVING) as supervisor:
        supervisor.submit(job("first")).result(PATIENCE)
        running = threading.Event()
        slow = supervisor.submit(job("slow"), lambda *_: running.set())
        assert running.wait(PATIENCE)
        os.kill(supervisor._child.pid, signal.SIGKILL)
        assert supervisor.submit(job("after")).cancel() in (True, False)
        slow.cancel()
        with pytest.raises(Cancelled):
            slow.result(PATIENCE)
        assert supervisor.submit(job("last")).result(PATIENCE).width == 320
        assert supervisor.stats().deaths == 1


def test_a_child_that_cannot_start_is_said_to(job, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_TEST_NO_START", "1")
    with Supervisor(Options(), entry=MISBEHAVING) as supervisor:
        with pytest.raises(WorkerDied, match="does not start: it ended with exit code 3"):
            supervisor.submit(job()).result(PATIENCE)
        with pytest.raises(WorkerDied):
            supervisor.warmed.result(PATIENCE)
        monkeypatch.delenv("GIGAMATTE_TEST_NO_START")
        assert supervisor.submit(job()).result(PATIENCE).width == 320


def test_closing_cancels_what_is_left_and_leaves_no_process(job):
    supervisor = Supervisor(inflight=1, entry=MISBEHAVING)
    running = threading.Event()
    tasks = [supervisor.submit(job("slow"), lambda *_: running.set()), supervisor.submit(job("waits"))]
    assert running.wait(PATIENCE)
    pid = supervisor._child.pid
    supervisor.close()
    for task in tasks:
        with pytest.raises(Cancelled):
            task.result(PATIENCE)
    with pytest.raises(UsageError):
        supervisor.submit(job())
    assert not alive(pid)


def test_the_child_ends_when_its_parent_is_killed(tmp_path):
    code = (
        "import time\nfrom gigamatte.worker.supervisor import Supervisor\n"
        "s = Supervisor()\n"
        "while not s.stats().ready: time.sleep(0.05)\n"
        "print(s._child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    until = time.monotonic() + PATIENCE
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_memory_of_a_process():
    assert memory_of(os.getpid()) > 10_000_000
    assert memory_of(2**22 + 1) is None


@pytest.mark.parametrize("wrong", [{"memory": 1}, {"inflight": 0}, {"recycle": 0}, {"seconds": 0}])
def test_limits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        Supervisor(**wrong)
