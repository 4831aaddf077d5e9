"""Weights in files of their own: the digest covers every file, and links of the hub's cache are followed once."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.unit.network.onnx_files import red_detector

from gigamatte.errors import WeightsRefused
from gigamatte.network.cards.external import NEWEST, together, whole_digest
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.networks import open_network
from gigamatte.types import Size


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path / "cache"))


def split(folder: Path, *, name: str = "model.onnx") -> Path:
    """A network whose weights lie in ``model.onnx_data``."""
    model = onnx.load_from_string(red_detector())
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save_model(model, folder / name, save_as_external_data=True, location="model.onnx_data", size_threshold=0)
    return folder / name


def hub(folder: Path) -> Path:
    """As Hugging Face keeps it: blobs by digest, and links to them in the snapshot."""
    split(folder / "made")
    (folder / "blobs").mkdir()
    snapshot = folder / "snapshots" / "0123" / "onnx"
    snapshot.mkdir(parents=True)
    for name, blob in (("model.onnx", "aa"), ("model.onnx_data", "bb")):
        (folder / "made" / name).rename(folder / "blobs" / blob)
        (snapshot / name).symlink_to(f"../../../blobs/{blob}")
    return snapshot / "model.onnx"


def answer(path: Path) -> np.ndarray:
    size = Size(64, 64)
    photo = np.full((64, 64, 3), (0, 255, 0), np.uint8)
    photo[:, :32] = 255, 0, 0
    with open_network(str(path)) as network:
        return network.locate(photo, size.box, size).alpha


def test_changed_weights_beside_an_untouched_file_are_never_answered_from_what_was_kept(tmp_path):
    """The compiled network is kept by the digest of every file of the model."""
    path = split(tmp_path / "own")
    digest = whole_digest(path, read_header(path).external)
    first = answer(path)
    assert np.array_equal(answer(path), first)  # from the cache
    data = path.with_name("model.onnx_data")
    data.write_bytes((-np.frombuffer(data.read_bytes(), np.float32)).tobytes())  # what was subject is background now
    assert whole_digest(path, read_header(path).external) != digest
    assert np.abs(answer(path) - first).max() > 0.9


def test_the_digest_of_one_file_is_its_own(tmp_path):
    import hashlib

    path = tmp_path / "one.onnx"
    path.write_bytes(red_detector())
    assert whole_digest(path, frozenset()) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_hubs_cache_is_read_through_its_links(tmp_path):
    path = hub(tmp_path / "hub")
    alpha = answer(path)
    assert alpha[:, :30].min() > 0.99
    assert alpha[:, 34:].max() < 0.01
    assert np.array_equal(answer(path), alpha)


def test_a_link_to_a_model_with_its_weights_is_followed(tmp_path):
    real = split(tmp_path / "elsewhere")
    link = tmp_path / "link.onnx"
    link.symlink_to(real)
    assert answer(link)[:, :30].min() > 0.99


@pytest.mark.parametrize("harm", ["two hops", "another folder", "a plain model", "a folder"])
def test_other_links_are_refused(harm, tmp_path):
    path = hub(tmp_path / "hub")
    data = path.with_name("model.onnx_data")
    data.unlink()
    blob = tmp_path / "hub" / "blobs" / "bb"
    if harm == "two hops":
        (tmp_path / "hub" / "blobs" / "cc").symlink_to("bb")
        data.symlink_to("../../../blobs/cc")
    elif harm == "another folder":
        (tmp_path / "secret").write_bytes(blob.read_bytes())
        data.symlink_to(tmp_path / "secret")
    elif harm == "a plain model":  # not a link itself: its weights may not be one to elsewhere
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        data.symlink_to("../../../blobs/bb")
    else:
        data.mkdir()
    with pytest.raises(WeightsRefused, match=r"outside its own folder|is no file"):
        open_network(str(path))


def test_few_models_are_kept_together(tmp_path):
    for number in range(NEWEST + 2):
        path = hub(tmp_path / f"hub{number}")
        folder = tmp_path / "together" / str(number)
        whole = together(path, read_header(path).external, folder)
        assert whole.read_bytes() == path.read_bytes()
        os.utime(folder, (number, number))
    assert {kept.name for kept in (tmp_path / "together").iterdir()} == {"2", "3", "4"}


def test_what_lies_together_already_is_left_where_it_is(tmp_path):
    path = split(tmp_path / "own")
    assert together(path, read_header(path).external, tmp_path / "nowhere") == path
    assert not (tmp_path / "nowhere").exists()
