"""--device with several names: one worker each, photos divided among them."""

import json
from pathlib import Path

import pytest
from batch_helpers import GIB, save_photos

from gigamatte.batch.engines import engine_for
from gigamatte.batch.limits import Limits
from gigamatte.batch.plan import Plan
from gigamatte.cli.app import run
from gigamatte.errors import UsageError
from gigamatte.network.engines.devices import devices_of, one_device
from gigamatte.options import Options
from gigamatte.testing.networks import warm_colours


@pytest.fixture
def network(tmp_path: Path) -> str:
    path = tmp_path / "warm.onnx"
    path.write_bytes(warm_colours(64))
    return str(path)


def asked(tmp_path: Path, device: str, **more) -> list[str]:
    """What each worker is asked for. None of them is started."""
    limits = Limits(memory=4 * GIB, inflight=more.pop("inflight", 1))
    plan = Plan(str(tmp_path), str(tmp_path / "out"), Options(device=device, **more), limits=limits)
    engine = engine_for(plan, "local", address="")(tmp_path)
    return [make.args[0].options.device for make in engine._makes]  # type: ignore[attr-defined]


def test_each_device_has_a_worker(tmp_path, network):
    assert asked(tmp_path, "cuda:0,cuda:1", model="birefnet") == ["cuda:0", "cuda:1"]
    assert asked(tmp_path, "cuda:3, cpu,intel-gpu:1", model="birefnet") == ["cuda:3", "cpu", "intel-gpu:1"]
    assert asked(tmp_path, "auto", model="birefnet") == ["auto"]


def test_more_workers_take_them_in_turn(tmp_path, network, monkeypatch):
    from gigamatte.batch import engines, limits

    for module in (engines, limits.system):
        monkeypatch.setattr(module, "cpu_count", lambda: 4)
    monkeypatch.setattr(limits, "CHILD_MEMORY", 1 << 29)
    assert asked(tmp_path, "cuda:0,cuda:1,cuda:2", model=network, inflight=4) == [
        "cuda:0",
        "cuda:1",
        "cuda:2",
        "cuda:0",
    ]


def test_threads_and_memory_are_divided(tmp_path):
    plan = Plan(
        str(tmp_path), str(tmp_path / "out"), Options(device="cuda:0,cuda:1", model="birefnet", threads=3),
        limits=Limits(memory=4 * GIB, inflight=4),
    )  # fmt: skip
    first, second = engine_for(plan, "local", address="")(tmp_path)._makes  # type: ignore[attr-defined]
    assert first.args[0].limits == second.args[0].limits
    assert (first.args[0].limits.memory, first.args[0].limits.inflight) == (2 * GIB, 2)
    assert first.keywords["room"] is second.keywords["room"]  # one scratch disk
    small = Plan(plan.source, plan.out, plan.options, limits=Limits(memory=int(1.2 * GIB)))
    with pytest.raises(UsageError, match="2 workers, one for each"):
        engine_for(small, "local", address="")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cuda:0,cuda:0", "names cuda:0 twice"), ("cuda:0,", "found 'cuda:0,'"), ("cuda:x", "found 'cuda:x'"),
        ("tpu", "found 'tpu'"), ("cpu:1", "found 'cpu:1'"), ("auto:0", "found 'auto:0'"), ("cuda:0 cuda:1", "found"),
        ("cuda:0,nope", "found 'nope'"), ("CUDA", "found 'CUDA'"), ("", "found ''"),
    ],
)  # fmt: skip
def test_what_names_no_device_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        devices_of(text)


def test_one_photo_has_one_device(tmp_path, network, capsys):
    (photo,) = save_photos(tmp_path / "in", 1)
    out = tmp_path / "a.png"
    assert run(["cut", str(photo), "-o", str(out), "--model", network, "--device", "cpu,intel-gpu"]) == 2
    assert "only a batch on this machine divides its photos among them" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(UsageError, match="2 devices"):
        one_device("cuda:0,cuda:1")
    words = ["batch", str(tmp_path / "in"), str(tmp_path / "out"), "--model", network, "--device", "cpu,gpu"]
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    assert run([*words, "--engine", "ray"]) == 2


def test_photos_are_divided_among_devices(tmp_path, network, capsys, monkeypatch):
    """Two devices of which one is not there: its photos are cut on the CPU, and their receipts say why."""
    save_photos(tmp_path / "in", 8)
    export = tmp_path / "rows.jsonl"
    words = ["batch", str(tmp_path / "in"), str(tmp_path / "out"), "--model", network, "--device", "cpu,directml"]
    assert run([*words, "--export", str(export), "--jobs", "2"]) == 0
    rows = [json.loads(line) for line in export.read_text().splitlines()]
    assert len(rows) == 8
    told = [any("the CPU did the work" in line for line in row["receipt"]["warnings"]) for row in rows]
    assert 0 < sum(told) < 8
    said = [line for line in capsys.readouterr().err.splitlines() if "the CPU did the work" in line]
    assert len(said) == 1  # a person reads it once, whatever the number of photos
    assert "directml" in said[0]
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    assert run([*words[:2], str(tmp_path / "zh"), *words[3:], "--quiet"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gigamatte: 无法使用设备 directml：")
    assert line.endswith("；由 CPU 完成")
    monkeypatch.delenv("GIGAMATTE_LANG")
    assert run([*words[:2], str(tmp_path / "other"), *words[3:], "--require-device"]) == 5
    assert "directml" in capsys.readouterr().err
