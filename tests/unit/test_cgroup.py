"""Quotas of control groups, as containers and service managers set them: files in a folder that stands for the root."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from gigamatte import cgroup
from gigamatte.cgroup import cpu_quota, memory_limit, memory_room
from gigamatte.system import available_memory, cpu_count


def system(root: Path, groups: str, files: dict[str, str]) -> Path:
    for name, content in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


OWN = "0::/system.slice/gigamatte.service\n"
HERE = "cpu,cpuacct/docker/ab/cpu.cfs"
OLD = "11:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n"


@pytest.mark.parametrize(
    ("groups", "files", "cpus"),
    [
        # version 2: a container that sees itself as the root
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        # systemd's CPUQuota, on the service's own group, on the slice above it, on both
        (OWN, {"system.slice/gigamatte.service/cpu.max": "200000 100000\n"}, 2.0),
        (OWN, {"system.slice/cpu.max": "300000 100000\n", "system.slice/gigamatte.service/cpu.max": "max 100000"}, 3.0),
        (OWN, {"system.slice/cpu.max": "50000 100000", "system.slice/gigamatte.service/cpu.max": "400000 100000"}, 0.5),
        # version 1: own group, only the container's own one mounted, no limit, and under the controller's single name
        (OLD, {f"{HERE}_quota_us": "250000", f"{HERE}_period_us": "100000"}, 2.5),
        (OLD, {"cpu,cpuacct/cpu.cfs_quota_us": "100000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, 1.0),
        (OLD, {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, None),
        (OLD, {"cpu/cpu.cfs_quota_us": "700000", "cpu/cpu.cfs_period_us": "100000"}, 7.0),
        # both at once, as on systems in between
        (OLD + "0::/x\n", {"cpu/cpu.cfs_quota_us": "70", "cpu/cpu.cfs_period_us": "10", "cpu.max": "max 1"}, 7.0),
        # nonsense is no limit
        ("0::/../..\n", {"cpu.max": "what\n"}, None),
        ("", {"cpu.max": "100000 100000"}, None),
        ("0::/\n", {"cpu.max": "100000 0"}, None),
    ],
)  # fmt: skip
def test_the_smallest_cpu_quota_holds(groups, files, cpus, tmp_path):
    assert cpu_quota(system(tmp_path, groups, files)) == cpus


@pytest.mark.parametrize(
    ("groups", "files", "room"),
    [
        ("0::/\n", {"memory.max": "1000\n", "memory.current": "400\n"}, 600),
        ("0::/\n", {"memory.max": "max\n", "memory.current": "400\n"}, None),
        (OWN, {"system.slice/memory.max": "900", "system.slice/memory.current": "100", "memory.max": "max"}, 800),
        (OWN, {"system.slice/memory.max": "900", "system.slice/memory.current": "1000"}, 0),
        (OLD, {"memory/docker/ab/memory.limit_in_bytes": "500", "memory/docker/ab/memory.usage_in_bytes": "200"}, 300),
        (OLD, {"memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.usage_in_bytes": "200"}, None),
    ],
)
def test_the_smallest_room_holds(groups, files, room, tmp_path):
    root = system(tmp_path, groups, files)
    assert memory_room(root) == room
    limits = [int(text) for name, text in files.items() if "max" in name or "limit" in name if text.strip().isdigit()]
    assert memory_limit(root) == (None if room is None else min(limits))


def test_a_system_without_groups_has_no_limit(tmp_path):
    assert cpu_quota(tmp_path) is None
    assert memory_room(tmp_path) is None


def test_many_small_photos_read_the_quota_once_a_second(monkeypatch):
    read, seconds = [], iter((1e9 + 0.1, 1e9 + 0.7, 1e9 + 1.2))
    monkeypatch.setattr("gigamatte.cgroup._quota", lambda root: read.append(root) or len(read))
    monkeypatch.setattr("gigamatte.cgroup.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    assert [cpu_quota() for _ in range(3)] == [1, 1, 2]
    cgroup._quota_at.cache_clear()


def test_cpus_and_memory_obey_them(monkeypatch):
    monkeypatch.setattr("gigamatte.cgroup.cpu_quota", lambda: 0.3)
    monkeypatch.setattr("gigamatte.cgroup.memory_room", lambda: 12345)
    assert cpu_count() == 1
    assert available_memory() == 12345
