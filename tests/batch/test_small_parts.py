import threading
from pathlib import Path

import pytest
from PIL import Image

from gigamatte.batch.counts import Counts
from gigamatte.batch.fingerprint import config_hash
from gigamatte.batch.memory import Budget, cost
from gigamatte.batch.one import failure
from gigamatte.batch.progress import Meter
from gigamatte.batch.task import Known, Outcome, Task
from gigamatte.errors import (
    DiskFull,
    MissingInput,
    NetworkUnavailable,
    NoSubject,
    UnsupportedInput,
    WeightsRefused,
    WorkerDied,
    WorkerNotStarted,
    WriteError,
)
from gigamatte.options import Options
from gigamatte.types import Box, Size


def test_the_configuration_is_what_shapes_a_result(tmp_path, network):
    plain = config_hash(Options(model=network))
    assert config_hash(Options(model=network, threads=3, device="cpu", max_pixels=10)) == plain
    different = (
        Options(model=network, refine="off"),
        Options(model=network, box=Box(0, 0, 9, 9)),
        Options(model=network, crop=True),
        Options(model=network, format="webp"),
        Options(model=network, smooth=True),
    )
    hashes = {config_hash(options) for options in different}
    assert plain not in hashes
    assert len(hashes) == len(different)
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(Path(network).read_bytes())
    assert config_hash(Options(model=str(copy))) == plain
    with pytest.raises(NetworkUnavailable):
        config_hash(Options(model=str(tmp_path / "gone.onnx")))


def test_a_background_counts_by_its_content(tmp_path, network):
    path = tmp_path / "wall.png"
    hashes = []
    for value in (0, 9, 0):
        Image.new("RGB", (4, 4), (value, 0, 0)).save(path)
        hashes.append(config_hash(Options(model=network, background=str(path))))
    assert hashes[0] == hashes[2] != hashes[1]


def test_memory_is_shared_in_order_and_large_photos_run_alone():
    budget, order, go = Budget(100), [], threading.Event()

    def worker(name: str, wanted: int) -> None:
        with budget.hold(wanted):
            order.append(name)
            go.wait(10)

    threads = []
    for name, wanted in (("a", 60), ("huge", 1000), ("small", 10)):
        threads.append(threading.Thread(target=worker, args=(name, wanted)))
        threads[-1].start()
        while not (budget._line or order[-1:] == [name]):
            pass
    assert order == ["a"]  # the small one would fit, but has to wait for its turn
    go.set()
    for thread in threads:
        thread.join(10)
    assert order == ["a", "huge", "small"]
    assert cost(Size(4000, 3000)) < cost(Size(8000, 6000)) < cost(Size(40000, 30000)) < 8 << 30


def test_the_forecast_is_in_megapixels_not_in_photos():
    now = 0.0
    meter = Meter(Counts(waiting=3, waiting_bytes=11_000_000), clock=lambda: now)
    now = 2.0
    meter.add(Outcome("a", "done", receipt={"width": 2000, "height": 1000, "doubt": {}}), 1_000_000, final=True)
    progress = meter.now()
    assert (progress.photos, progress.total, progress.failed) == (1, 3, 0)
    assert progress.rate == pytest.approx(1.0)
    assert progress.total_megapixels == pytest.approx(22.0)
    assert progress.eta == pytest.approx(20.0)
    meter.add(Outcome("b", "failed"), 4_000_000, final=False)
    assert meter.now().photos == 1
    meter.add(Outcome("b", "failed"), 4_000_000, final=True)
    assert (meter.now().photos, meter.now().failed) == (2, 1)
    assert meter.now().eta == pytest.approx(12.0)


def test_rows_survive_the_journey():
    task = Task("k", "s", "t", 5, mask="m", replace=True, known=Known("f", "h"))
    assert Task.from_dict(task.as_dict()) == task


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (UnsupportedInput("x"), "final"),
        (NoSubject("x"), "final"),
        (MissingInput("x"), "retry"),
        (WorkerDied("x.jpg: the worker process crashed (SIGSEGV) on this photo"), "retry"),
        (WorkerNotStarted("the worker process does not start: it ended with exit code 1"), "stop"),
        (DiskFull("/out/x.png cannot be written"), "stop"),
        (WriteError("/out/x.png cannot be written: Permission denied"), "retry"),
        (WeightsRefused("x"), "stop"),
    ],
)
def test_an_error_tells_what_it_means_for_the_others(error, verdict):
    assert failure("x.jpg", error).verdict == verdict
