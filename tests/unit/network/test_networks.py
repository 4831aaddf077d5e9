"""From a name to a network that answers: verified, built, cached, or refused with one clear line."""

import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from gigamatte.cli.doctor import doctor, examine
from gigamatte.cli.models import models_app
from gigamatte.errors import DeviceUnavailable, GigamatteError, NetworkUnavailable, UsageError, WeightsRefused
from gigamatte.network import networks
from gigamatte.network.build.birefnet import BACKBONES, build
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.engines.probe import probe_network
from gigamatte.network.engines.select import open_engine
from gigamatte.network.networks import open_network
from gigamatte.network.weights import store as weights
from gigamatte.own_files import sha256_of
from gigamatte.testing.made_up_weights import MadeUpWeights
from gigamatte.types import Size

LISTING = Path(__file__).parents[2] / "golden" / "birefnet" / "swin_v1_t.state_dict.json"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """Swin-T with made-up weights, in float16 as published ones are."""
    made_up = MadeUpWeights(LISTING, dtype="float16")
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file({name: made_up.load(name) for name in made_up.names()}, path)
    return path


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GIGAMATTE_CARDS", str(tmp_path / "cards.toml"))


def write_card(folder: Path, path: Path, **more: object) -> None:
    fields = {
        "name": "made-up", "path": str(path), "licence": "none", "size": 64, "output": "logits",
        "build": "birefnet-swin-t", "multiple": 64, "sha256": sha256_of(path), **more,
    }  # fmt: skip
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items() if value is not None]
    (folder / "cards.toml").write_text("[[model]]\n" + "\n".join(lines), "utf-8")


def noise(size: Size) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (*size.shape, 3), dtype=np.uint8)


def test_a_card_is_built_once_and_answers(checkpoint, tmp_path):
    write_card(tmp_path, checkpoint)
    photo = Size(100, 80)
    with open_network("made-up") as network:
        first = network.locate(noise(photo), photo.box, photo)
    assert Size.of(first.alpha) == Size(64, 64)
    assert first.alpha.std() > 0.01
    (graph,) = (tmp_path / "cache" / "graphs").iterdir()
    written = graph.stat().st_ino
    with open_network("made-up") as network:
        assert np.array_equal(network.locate(noise(photo), photo.box, photo).alpha, first.alpha)
        assert network.engine.metadata["verified"] == "true"
        assert network.engine._keep is not None  # compiled the first time, loaded the second
    assert graph.stat().st_ino == written


@pytest.mark.parametrize("harm", ["one bit", "cut short", "emptied"])
def test_a_harmed_checkpoint_is_refused_by_cut_and_verify(checkpoint, tmp_path, harm):
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(checkpoint.read_bytes())
    write_card(tmp_path, copy)
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes({"one bit": bytes(data), "cut short": bytes(data[:-1000]), "emptied": b""}[harm])
    with pytest.raises(WeightsRefused, match="is not the file that the card made-up names") as raised:
        open_network("made-up")
    assert raised.value.exit_code == 5
    failed = CliRunner().invoke(models_app, ["verify", "made-up"])
    assert isinstance(failed.exception, WeightsRefused)


def test_a_checkpoint_of_another_family_is_refused_by_name(checkpoint, tmp_path):
    write_card(tmp_path, checkpoint, build="birefnet-swin-l")
    with pytest.raises(WeightsRefused, match=r"bb\.patch_embed\.proj\.weight should have shape \[192, 3, 4, 4\]"):
        open_network("made-up")
    assert not list(tmp_path.rglob("*.onnx*"))
    with pytest.raises(WeightsRefused):
        CliRunner().invoke(models_app, ["verify", "made-up"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("decoder.conv_out1.0.weight"), r"decoder\.conv_out1\.0\.weight is missing"),
        (lambda state: state.update(extra=np.zeros(3, np.float32)), "no use for: extra"),
        (lambda state: state.update({"bb.norm0.bias": np.zeros(5, np.float16)}), r"bb\.norm0\.bias should have shape"),
        (lambda state: state.update({"bb.norm0.bias": np.zeros(96, np.int64)}), "float16 or float32, found int64"),
    ],
)
def test_missing_and_unexpected_weights_are_named(checkpoint, tmp_path, change, said):
    state = load_file(checkpoint)
    change(state)
    path = tmp_path / "changed.safetensors"
    save_file(state, path)
    write_card(tmp_path, path)
    with pytest.raises(WeightsRefused, match=said):
        open_network("made-up")


def test_what_only_training_needs_may_be_absent(checkpoint, tmp_path):
    state = load_file(checkpoint)
    lean = {key: value for key, value in state.items() if "conv_ms_spvn" not in key and "gdt_convs_pred" not in key}
    assert len(lean) < len(state)
    path = tmp_path / "lean.safetensors"
    save_file(lean, path)
    write_card(tmp_path, path)
    open_network("made-up").close()


def test_an_onnx_card_with_weights_outside_its_folder_is_refused(tmp_path):
    model = onnx.load_from_string(probe_network())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    path = tmp_path / "home" / "model.onnx"
    path.parent.mkdir()
    path.write_bytes(model.SerializeToString())
    write_card(tmp_path, path, build="onnx", size=32, multiple=32, output="sigmoid")
    for name in ("made-up", str(path)):
        with pytest.raises(WeightsRefused, match="outside its own folder"):
            open_network(name)


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("birefnet", NetworkUnavailable, "not installed"),
        ("birefnett", NetworkUnavailable, "no network called"),
        ("missing.onnx", NetworkUnavailable, "no file"),
        ("weights.pth", UsageError, "ONNX file"),
        ("model.safetensors", UsageError, "ONNX file"),
    ],
)
def test_what_cannot_be_opened_is_said(name, error, said):
    with pytest.raises(error, match=said) as raised:
        open_network(name)
    assert raised.value.hint


# --- auto


def test_auto_takes_the_best_that_is_here(tmp_path, monkeypatch):
    assert networks.choose() == "locator"
    for name in ("birefnet-lite", "rmbg-2.0", "birefnet-portrait", "u2net", "birefnet-hr-matting"):
        card = next(
            card
            for card in __import__("gigamatte.network.cards.checkpoints", fromlist=["x"]).CHECKPOINTS
            if card.name == name
        )
        home = weights.home(card)
        home.mkdir(parents=True)
        (home / Path(card.file).name).write_bytes(b"there")
        assert networks.choose() == {"birefnet-hr-matting": "birefnet-hr-matting"}.get(name, "birefnet-lite")
    # chosen and then found to be wrong: an error, never another network in silence
    with pytest.raises(WeightsRefused):
        open_network("auto")


# --- devices


def test_a_missing_gpu_is_said_or_refused():
    model = probe_network()
    engine, warnings = open_engine(model, device="cuda", small=True)
    if warnings:  # where this machine has no CUDA
        assert engine.device == "cpu"
        assert "the device cuda cannot be used" in warnings[0]
        assert "the CPU did the work" in warnings[0]
        with pytest.raises(DeviceUnavailable, match="cuda"):
            open_engine(model, device="cuda", require=True)
    else:
        assert engine.device == "cuda:0"


def test_auto_says_nothing_when_there_is_nothing_to_say():
    engine, warnings = open_engine(probe_network(), small=True)
    assert (engine.device, engine.precision, warnings) == ("cpu", "f32", ())


def test_an_unknown_device_is_refused():
    with pytest.raises(UsageError, match="device is one of auto, cpu"):
        open_engine(probe_network(), device="tpu")


# --- the commands


def run(*words: str) -> str:
    result = CliRunner().invoke(models_app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list_shows_every_network_with_its_licence():
    rows = {row["name"]: row for row in json.loads(run("list", "--json"))}
    assert rows["rmbg-2.0"]["licence"] == "CC BY-NC 4.0"
    assert rows["rmbg-2.0"]["commercial"] is False
    assert rows["birefnet"]["digest"] == "pinned"
    assert rows["birefnet-hr"]["digest"] == "from the hub, not pinned"
    assert rows["birefnet"]["installed"] is False
    table = run("list")
    assert all(name in table for name in rows)
    assert "not for commercial use: rmbg-2.0" in table


def test_build_makes_a_file_that_any_runtime_takes(checkpoint, tmp_path):
    target = tmp_path / "out" / "graph.onnx"
    command = ["build", "birefnet-lite", "--weights", str(checkpoint), "--size", "64x128", "-o", str(target)]
    told = run(*command)
    assert "is not verified" in told
    model = onnx.load(target)
    onnx.checker.check_model(model)
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 64, 128]
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["verified"] == "false"
    assert metadata["patch_order"] == "old"
    assert metadata["output"] == "logits"
    largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    assert largest.data_type == onnx.TensorProto.FLOAT16
    # -o replaces, and an explicit order and precision are obeyed
    run(*command, "--patch-order", "new", "--precision", "f32")
    again = onnx.load(target)
    assert {entry.key: entry.value for entry in again.metadata_props}["patch_order"] == "new"
    assert max(again.graph.initializer, key=lambda t: len(t.raw_data)).data_type == onnx.TensorProto.FLOAT
    assert list(target.parent.iterdir()) == [target]
    with open_network(str(target)) as network:
        assert network.input_size(Size(9, 9)) == Size(128, 64)
        assert any("built from weights that are not those of birefnet-lite" in warning for warning in network.warnings)


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--size", "100x100"], UsageError, "multiples of 64"),
        (["--size", "1024"], UsageError, "HxW"),
        (["--size", "0x0"], UsageError, "64…8192"),
    ],
)
def test_build_refuses_sizes_that_cannot_be(checkpoint, tmp_path, words, error, said):
    target = tmp_path / "g.onnx"
    with pytest.raises(error, match=said):
        run("build", "birefnet-lite", "--weights", str(checkpoint), "-o", str(target), *words)
    assert not target.exists()


def test_build_keeps_the_old_file_when_it_fails(tmp_path):
    target, broken = tmp_path / "g.onnx", tmp_path / "broken.safetensors"
    target.write_bytes(b"old")
    broken.write_bytes(b"no safetensors at all")
    with pytest.raises(GigamatteError, match="not a whole safetensors file"):
        run("build", "birefnet-lite", "--weights", str(broken), "-o", str(target))
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.safetensors", "g.onnx"]
    with pytest.raises(UsageError, match="needs no building"):
        run("build", "u2net", "--weights", str(broken), "-o", str(target))
    with pytest.raises(UsageError, match="cannot be read"):
        run("build", "birefnet-lite", "--weights", str(tmp_path / "none"), "-o", str(target))


def test_verify_and_path_of_a_users_card(checkpoint, tmp_path):
    write_card(tmp_path, checkpoint)
    assert run("path", "made-up").strip() == str(checkpoint)
    assert "made-up: ok, sha256" in run("verify", "made-up")


def test_verify_against_the_same_weights_and_against_the_wrong_order(checkpoint, tmp_path):
    write_card(tmp_path, checkpoint, patch_order="new")
    for order in ("new", "old"):
        run(
            "build", "birefnet-lite", "--weights", str(checkpoint), "--size", "64x64", "--patch-order", order,
            "-o", str(tmp_path / f"{order}.onnx"),
        )  # fmt: skip
    assert "mean difference 0.000" in run("verify", "made-up", "--against", str(tmp_path / "new.onnx"))
    with pytest.raises(WeightsRefused, match="do not answer alike"):
        run("verify", "made-up", "--against", str(tmp_path / "old.onnx"))


def test_get_says_when_a_network_is_unknown():
    result = CliRunner().invoke(models_app, ["get", "nothing-like-it"])
    assert isinstance(result.exception, NetworkUnavailable)


def test_doctor_tells_device_precision_and_why():
    report = examine()
    assert set(report["gpus"]) == {"cuda", "coreml", "directml", "intel-gpu"}
    assert all(found["why_not"] == "" or found["hint"] for found in report["gpus"].values())
    assert report["cpu"]["precision"].startswith(("bf16", "f32"))
    assert report["packages"]["openvino"]
    looked = report["inference"]["cpu"]
    assert looked["runtime"] == "openvino"
    assert 0 < looked["run_s"] < looked["load_s"]
    import typer

    app = typer.Typer()
    app.command()(doctor)
    told = CliRunner().invoke(app, []).output
    assert "device cuda:" in told
    assert "cpu: a look of the embedded network in " in told
    assert "--model auto takes" in told
    assert json.loads(CliRunner().invoke(app, ["--json"]).output)["cpus"] >= 1


def test_graphs_do_not_depend_on_how_weights_are_read(checkpoint):
    """From the file and from memory: byte for byte the same graph."""
    from gigamatte.network.build.checkpoint import SafetensorsFile

    written = []
    for source in (SafetensorsFile(checkpoint), MadeUpWeights(LISTING, dtype="float16")):
        file = io.BytesIO()
        build(source, BACKBONES["birefnet-swin-t"], Size(64, 64), "old", file)
        written.append(file.getvalue())
    assert written[0] == written[1]


def test_cards_take_multiples_that_can_be_built():
    from gigamatte.network.cards.checkpoints import CHECKPOINTS

    for card in CHECKPOINTS:
        if card.build != "onnx":
            assert card.multiple % 64 == 0, card.name
    assert isinstance(CHECKPOINTS[0], ModelCard)
