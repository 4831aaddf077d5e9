"""Two machines share a folder by --shard, and one is killed again and again: are all results the same, byte for byte?

    python benchmarks/two_nodes.py --photos 60 --kills 20
    python benchmarks/two_nodes.py --photos 60 --kills 20 --ray

The machines are two processes with their children. The second one runs undisturbed. The first is killed (SIGKILL, with
all its processes) after a random part of its time and started again by the same command, until it has been killed so
often; where it comes to its end before, both begin anew in another folder. At last both run to their end.

With ``--ray`` they are two nodes of a Ray cluster whose head cuts nothing. One of them, by chance, is taken away at a
random moment, and another one joins; the batch goes on all the while.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from many_photos import make
from report import parser


def start(folder: Path, out: Path, shard: str) -> subprocess.Popen[bytes]:
    """One machine."""
    words = [
        folder / "in",
        out,
        "--mask",
        folder / "mask.png",
        "--refine",
        "off",
        "--memory",
        "1200M",
        "--shard",
        shard,
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "gigamatte", "batch", *map(str, words), "--jobs", "1", "--quiet"], start_new_session=True
    )


def results(out: Path) -> dict[str, bytes]:
    """Every file of OUT but the manifests, drafts among them."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file() and ".gigamatte" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def undisturbed(folder: Path) -> tuple[dict[str, bytes], float]:
    """(results, seconds) of both machines side by side."""
    began = time.monotonic()
    both = [start(folder, folder / "whole", f"{number}/2") for number in (1, 2)]
    assert [process.wait() for process in both] == [0, 0]
    return results(folder / "whole"), time.monotonic() - began


def killed(folder: Path, kills: int, span: float, seed: int) -> list[tuple[dict[str, bytes], list[int]]]:
    """(results, at how many of them it was killed) of each folder that both machines brought to an end."""
    chance, ended, left = random.Random(seed), list[tuple[dict[str, bytes], list[int]]](), kills
    while left:
        out, moments = folder / f"out{len(ended)}", list[int]()
        other = start(folder, out, "2/2")
        while True:
            process = start(folder, out, "1/2")
            try:
                process.wait(chance.uniform(0.1, 1.0) * span if left else None)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                left -= 1
                moments.append(len(results(out)))
                continue
            assert process.returncode == 0
            break
        assert other.wait() == 0
        ended.append((results(out), moments))
    return ended


def batch_on_ray(folder: Path, out: Path, address: str) -> subprocess.Popen[bytes]:
    """The driver of a batch, which is on no node."""
    words = [folder / "in", out, "--mask", folder / "mask.png", "--refine", "off", "--memory", "1200M", "--jobs", "1"]
    cluster = ["--engine", "ray", "--address", address, "--quiet"]
    return subprocess.Popen([sys.executable, "-m", "gigamatte", "batch", *map(str, words), *cluster])


def patiently(cluster: Any, cpus: int) -> Any:
    """A node that joins. A busy machine may miss the time that Ray gives it to start."""
    for left in reversed(range(10)):
        try:
            return cluster.add_node(num_cpus=cpus, object_store_memory=100 << 20, include_dashboard=False)
        except Exception as error:
            if not left or "timed out" not in str(error):
                raise
    raise AssertionError


def killed_on_ray(folder: Path, kills: int, span: float, seed: int) -> list[tuple[dict[str, bytes], list[int]]]:
    """As ``killed``: nodes of a cluster, one of which is taken away again and again."""
    from ray.cluster_utils import Cluster

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120"}
    chance, ended, left = random.Random(seed), list[tuple[dict[str, bytes], list[int]]](), kills
    cluster = Cluster()
    try:
        patiently(cluster, 0)
        nodes = [patiently(cluster, 1) for _ in range(2)]
        while left:
            out, moments = folder / f"out{len(ended)}", list[int]()
            driver = batch_on_ray(folder, out, cluster.address)
            while driver.poll() is None:
                try:
                    driver.wait(chance.uniform(0.1, 1.0) * span if left else None)
                except subprocess.TimeoutExpired:
                    moments.append(len(results(out)))
                    print(f"{left} nodes to take away, {moments[-1]} results there", file=sys.stderr)
                    cluster.remove_node(nodes.pop(chance.randrange(2)), allow_graceful=False)
                    nodes.append(patiently(cluster, 1))
                    left -= 1
            assert driver.returncode == 0
            ended.append((results(out), moments))
    finally:
        cluster.shutdown()
    return ended


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--photos", type=int, default=60)
    words.add_argument("--kills", type=int, default=20)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--ray", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make(folder, asked.photos)
        whole, span = undisturbed(folder)
        ended = (killed_on_ray if asked.ray else killed)(folder, asked.kills, span, asked.seed)
    result = {
        "photos": len(whole),
        "kills": sum(len(moments) for _, moments in ended),
        "results_there_when_killed": [moments for _, moments in ended],
        "identical": all(found == whole for found, _ in ended),
    }
    print(json.dumps(result))
    sys.exit(0 if result["identical"] else 1)


if __name__ == "__main__":
    main()
