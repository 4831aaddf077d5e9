"""--device auto and the embedded network: CUDA where it is worth loading, by what was measured here."""

import pytest

from gigamatte.errors import DeviceUnavailable
from gigamatte.network.cards.locator import locator_bytes
from gigamatte.network.engines import select, startup


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path))


def measured(cpu, cuda):
    keep = {"cpu": dict(zip(("load_s", "run_s"), cpu, strict=True)), "coreml": {"load_s": 1, "run_s": 1}}
    startup.keep(keep | ({} if cuda is None else {"cuda": dict(zip(("load_s", "run_s"), cuda, strict=True))}))


def test_one_photo_stays_on_the_cpu_and_what_stays_does_not():
    assert startup.seconds() == startup.ASSUMED
    assert not startup.pays(1)
    assert startup.pays(None)
    assert startup.pays_from() == 5  # 1.2 + 10 looks of .004 against .4 + 10 looks of .1


def test_what_was_measured_decides():
    measured((0.4, 0.1), (0.2, 0.01))
    assert startup.pays_from() == 1
    measured((0.4, 0.005), (3.0, 0.004))
    assert startup.pays_from() is None
    assert not startup.pays(50)
    measured((0.4, 1.0), None)
    assert startup.seconds()["cpu"] == (0.4, 1.0)
    assert startup.seconds()["cuda"] == startup.ASSUMED["cuda"]
    startup.keep({"cpu": {"failed": "no"}})
    assert startup.seconds() == startup.ASSUMED


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cpu": 1}', '{"cpu": ["a", 1]}', '{"cpu": [-1, 1]}', '{"x": [1, 1]}']
)
def test_a_broken_file_changes_nothing(tmp_path, text):
    (tmp_path / "devices.json").write_text(text)
    assert startup.seconds() == startup.ASSUMED


def test_what_each_process_asks_for(monkeypatch):
    """On a machine whose ONNX Runtime was built for CUDA: which device is tried. Here there is none, and it is said."""
    asked = []

    def on_gpu(model, device, *_, exact, **__):
        asked.append((device, exact))
        raise DeviceUnavailable(f"no {device} here")

    monkeypatch.setattr(select, "gpu_listed", lambda: True)
    monkeypatch.setattr(select, "_on_gpu", on_gpu)
    model = locator_bytes("encoder")
    engine, warnings = select.open_engine(model, small=True, part=True, photos=1)
    assert (engine.device, warnings, asked) == ("cpu", (), [])
    engine, warnings = select.open_engine(model, small=True, part=True)
    assert engine.device == "cpu"
    assert warnings == ("no cuda here; the CPU did the work",)
    assert asked == [("cuda", True)]
    select.open_engine(model, small=True, part=True, photos=200)
    select.open_engine(model, part=True, photos=1)
    assert asked[1:] == [("cuda", True), ("cuda", False)]


def test_commands_and_removers_say_how_many_photos_they_cut(monkeypatch, tmp_path):
    import numpy as np
    from PIL import Image

    import gigamatte
    from gigamatte import tools
    from gigamatte.cli.app import run

    told = []

    def opened(*_, photos, **__):
        told.append(photos)
        raise DeviceUnavailable("enough is known")

    monkeypatch.setattr(tools, "open_network", opened)
    for name in ("a", "b"):
        Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(tmp_path / f"{name}.png")
    first, second = (str(tmp_path / f"{name}.png") for name in ("a", "b"))
    assert run(["cut", first, "-o", str(tmp_path / "out.png")]) == 5
    run(["cut", first, second, "-o", f"{tmp_path / 'out'}/"])
    with pytest.raises(DeviceUnavailable):
        gigamatte.cut(first)
    with gigamatte.Remover() as remover, pytest.raises(DeviceUnavailable):
        remover.cut(first)
    assert told[0] == 1
    assert set(told[1:-2]) == {2}
    assert told[-2:] == [1, None]


def test_doctor_measures_and_says_from_where_on_it_pays(monkeypatch):
    from gigamatte.cli import doctor

    report = doctor.examine()
    load, look = startup.seconds()["cpu"]
    assert (load, look) == (report["inference"]["cpu"]["load_s"], report["inference"]["cpu"]["run_s"])
    assert report["cuda_pays_from"] is None or report["gpus"]["cuda"]["why_not"] == ""
    report["gpus"]["cuda"], report["cuda_pays_from"] = {"why_not": "", "hint": ""}, 7
    assert any("from 7 photos on" in line for line in doctor._device_lines(report))
