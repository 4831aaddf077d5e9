"""The engine for many machines, on clusters of one machine: nodes and drivers that die, photos that crash a child."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import GIB, Recorder, pictures, rows, run, save_photo, save_photos
from stores import LEFT_SOCKETS
from tar_helpers import box, photo, write_tar
from tar_helpers import run as run_tars_here

from gigamatte.batch.limits import Limits
from gigamatte.batch.overview import manifests_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.review.desk import Desk
from gigamatte.batch.runner import run_batch
from gigamatte.batch.summary import Summary
from gigamatte.batch.tars.shard import Limits as TarLimits
from gigamatte.options import Options

ray = pytest.importorskip("ray", reason="Ray is not installed (pip install 'gigamatte[ray]')")
cluster_utils = pytest.importorskip("ray.cluster_utils")

# Ray leaves sockets and processes to the garbage collector
pytestmark = [
    *LEFT_SOCKETS,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

HERE = Path(__file__).parent
STORE = 100 << 20
LIMITS = Limits(memory=int(1.5 * GIB), seconds=20, inflight=2)
NODE = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head that cuts nothing, and two nodes that do."""
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)  # so that the nodes can import the test's child module
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_DISABLE_IMPORT_WARNING", "1")
    cluster = cluster_utils.Cluster()
    try:
        patiently(lambda: cluster.add_node(**{**NODE, "num_cpus": 0}))
        cluster.workers = [patiently(lambda: cluster.add_node(**NODE)) for _ in range(2)]
        cluster.wait_for_nodes(timeout=120)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def patiently(start: Callable[[], Any]) -> Any:
    """Ray gives a node 30 seconds to start, which a busy machine may miss."""
    for _ in range(4):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return start()


def on_ray(source: object, out: object, options: Options, address: str, listener: Recorder, **more: Any) -> Summary:
    from gigamatte.batch.one import WorkerArguments
    from gigamatte.batch.ray import RayEngine

    plan = Plan(str(source), str(out), options)
    given = WorkerArguments(options, LIMITS, plan.out, plan.needs_network, **more)

    def engine(_: Path) -> RayEngine:
        return RayEngine(given, address=address, rows=4)

    return run_batch(plan, engine, listener)


def test_two_nodes_one_of_which_dies(cluster, tmp_path, mask, capfd):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask)
    save_photos(source, 40)
    # both bad ones fail as rows; the others are done
    save_photo(source / "crash.jpg", 90)
    save_photo(source / "raise.jpg", 91)
    (source / "text.jpg").write_text("no photo")
    listener, killed = Recorder(), threading.Event()

    def kill_a_node(_: object) -> None:
        if len(listener.outcomes) >= 8 and not killed.is_set():
            killed.set()
            cluster.remove_node(cluster.workers.pop(), allow_graceful=False)

    listener.then = kill_a_node
    summary = on_ray(source, out, options, cluster.address, listener, entry="odd_batch_child")
    assert killed.is_set()
    assert (summary.total, summary.done, summary.failed, summary.waiting) == (43, 40, 3, 0)
    done = [outcome.key for outcome, _ in listener.outcomes if outcome.state == "done"]
    assert len(done) == len(set(done)) == 40
    table = rows(out / ".gigamatte" / "1-of-1.sqlite")
    failed = {key: row["code"] for key, row in table.items() if row["state"] != "done"}
    assert failed == {"crash.jpg": "worker", "raise.jpg": "failed", "text.jpg": "input-unsupported"}
    said = capfd.readouterr()
    assert (said.out, [line for line in said.err.splitlines() if "aylet" in line]) == ("", [])
    run(source, tmp_path / "local", options, entry="odd_batch_child")
    assert pictures(out) == pictures(tmp_path / "local")


DRIVER = """
import json, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from batch_helpers import Recorder
from gigamatte.options import Options
from test_ray import on_ray
listener = Recorder()
listener.then = lambda outcome: print(outcome.key, flush=True)
summary = on_ray({source!r}, {out!r}, Options(mask={mask!r}), {address!r}, listener)
print(json.dumps(summary.as_dict()), flush=True)
"""


def test_a_killed_driver_is_resumed(cluster, tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 24)
    script = DRIVER.format(here=str(HERE), source=str(source), out=str(out), mask=mask, address=cluster.address)

    def driver() -> "subprocess.Popen[str]":
        return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=errors, text=True)

    errors = (tmp_path / "errors").open("w")
    first = driver()
    for _ in range(6):
        assert first.stdout.readline()
    first.kill()
    first.communicate()
    before = {key for key, row in rows(out / ".gigamatte" / "1-of-1.sqlite").items() if row["state"] == "done"}
    second = driver()
    text, _ = second.communicate(timeout=300)
    summary = json.loads(text.splitlines()[-1])
    assert summary["exit_code"] == 0
    assert summary["unchanged"] == len(before)
    assert summary["done"] == 24 - len(before)
    assert len(pictures(out)) == 24
    errors.close()
    assert (tmp_path / "errors").read_text() == ""  # Ray's own words stay out of the terminal


def test_a_local_cluster_is_started_and_a_hang_is_one_row(tmp_path, mask, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 5)
    save_photo(source / "hang.jpg", 9)
    options = Options(mask=mask)
    summary = patiently(lambda: on_ray(source, out, options, "local", Recorder(), entry="odd_batch_child"))
    assert (summary.done, summary.failed, summary.exit_code) == (5, 1, 3)
    assert "not finished after 20 seconds" in rows(out / ".gigamatte" / "1-of-1.sqlite")["hang.jpg"]["message"]
    assert not ray.is_initialized()
    # and pairs come back as they do from this machine
    pair = Options(mask=mask, only="pair")
    (source / "hang.jpg").unlink()
    summary = patiently(lambda: on_ray(source, tmp_path / "pairs", pair, "local", Recorder()))
    assert (summary.done, summary.exit_code) == (5, 0)
    run(source, tmp_path / "here", pair)
    assert len(pictures(tmp_path / "pairs")) == 10
    assert pictures(tmp_path / "pairs") == pictures(tmp_path / "here")


def test_a_cluster_that_is_not_there_is_told(tmp_path, mask):
    from gigamatte.errors import GigamatteError

    save_photo(tmp_path / "in" / "a.jpg")
    with pytest.raises(GigamatteError, match="there is no Ray cluster"):
        on_ray(tmp_path / "in", tmp_path / "out", Options(mask=mask), "127.0.0.1:1", Recorder())


def lots_on_ray(
    source: object, out: object, options: Options, address: str, listener: Recorder, *, redo: bool = False, **more: Any
) -> Summary:
    from gigamatte.batch.tars.afar import RayLots
    from gigamatte.batch.tars.cutting import Results
    from gigamatte.batch.tars.runner import run_tars

    plan = Plan(str(source), str(out), options, limits=LIMITS, redo=redo)
    return run_tars(
        plan, lambda cutting, told, _: RayLots(cutting, told, plan, address=address), listener, Results(**more)
    )


def test_tar_shards_on_two_nodes_one_of_which_dies(cluster, tmp_path, mask):
    options, listener, killed = Options(mask=mask, refine="off"), Recorder(), threading.Event()
    for shard in range(6):
        members = [(f"{shard}{number}.jpg", photo(tmp_path, 10 * shard + number)) for number in range(4)]
        write_tar(tmp_path / "in" / f"s{shard}.tar", [*members, (f"{shard}0.json", b"{}")])
    (tmp_path / "in" / "bad.tar").write_bytes(b"no tar")

    def kill_a_node(_: object) -> None:
        if not killed.is_set():
            killed.set()
            cluster.remove_node(cluster.workers.pop(), allow_graceful=False)

    listener.then = kill_a_node
    source, out = tmp_path / "in" / "*.tar", tmp_path / "out"
    summary = lots_on_ray(source, out, options, cluster.address, listener)
    assert killed.is_set()
    assert (summary.total, summary.done, summary.failed) == (25, 24, 1)
    assert sorted(listener.files) == [str(out / f"s{shard}.tar") for shard in range(6)]
    run_tars_here(source, tmp_path / "local", options)
    assert pictures(out) == pictures(tmp_path / "local")
    assert not list(out.rglob("work"))
    again = lots_on_ray(source, out, options, cluster.address, Recorder())
    assert (again.unchanged, again.done, again.failed) == (24, 0, 1)
    # what the review marks is done again, on whichever node
    desk = Desk(str(out), manifests_of(str(out)))
    first = desk.page(0)["photos"][0]
    desk.mark(first["id"], "redo")
    (tmp_path / "in" / "bad.tar").unlink()
    before, told = pictures(out), Recorder()
    marked = lots_on_ray(source, out, replace(options, under="black"), cluster.address, told, redo=True)
    assert (marked.done, marked.unchanged, marked.failed) == (1, 23, 0)
    assert [outcome.key.rpartition("/")[2] for outcome, _ in told.outcomes] == [first["path"]]
    assert sum(before[name] != data for name, data in pictures(out).items()) == 1


def test_a_folder_becomes_tar_shards_on_a_cluster(cluster, tmp_path, mask):
    options, source = Options(mask=mask, refine="off"), tmp_path / "shop"
    save_photos(source, 7)
    summary = lots_on_ray(source, tmp_path / "out", options, cluster.address, Recorder(), limits=TarLimits(photos=3))
    assert (summary.done, summary.failed) == (7, 0)
    run_tars_here(source, tmp_path / "local", options, TarLimits(photos=3))
    assert pictures(tmp_path / "out") == pictures(tmp_path / "local")
    assert len(list((tmp_path / "out").glob("*.tar"))) == 3


def test_a_set_in_several_tar_shards_has_one_scale_on_a_cluster(cluster, tmp_path):
    options = Options(canvas="200x200", fill="80", kind="art", consistent=True)
    for number, (own, shoe) in enumerate([(50, 30), (20, 80), (100, 20)]):
        write_tar(tmp_path / "in" / f"s{number}.tar", [("a.png", box(own, 20)), (f"shoe/{number}.png", box(shoe, 10))])
    listener, source = Recorder(), tmp_path / "in" / "*.tar"
    summary = lots_on_ray(source, tmp_path / "out", options, cluster.address, listener)
    assert (summary.total, summary.done, summary.failed, len(listener.outcomes)) == (6, 6, 0, 6)
    run_tars_here(source, tmp_path / "local", options)
    assert pictures(tmp_path / "out") == pictures(tmp_path / "local")
