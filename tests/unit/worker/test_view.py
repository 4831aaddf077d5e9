"""The viewer's tiles of a result that are written while it is saved: the same as those that are made of its file."""

import json

import numpy as np
import pytest
import pyvips
from PIL import Image

from gigamatte.options import Options
from gigamatte.remover import Remover
from gigamatte.worker.view import SeenMeanwhile, write_view
from gigamatte.worker.wire import View

WIDTH, HEIGHT = 1300, 1100


@pytest.fixture(scope="module")
def mask():
    """A soft disc."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return (np.clip((400 - np.hypot(x - 700, y - 500)) / 30 + 0.5, 0, 1) * 255).astype(np.uint8)


def photo_at(path, kind):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.dstack([x % 251, y % 241, (x + y) % 239]).astype(np.uint8)
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    if kind == "deep":
        image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    if kind == "wide":
        image = image.icc_export(output_profile="p3")
    if kind == "alpha":
        image = image.bandjoin(((pyvips.Image.new_from_array(pixels[..., 0]) > 60) / 255 * 200).cast("uchar"))
    image.write_to_file(str(path))
    return path


def files_of(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def saved(tmp_path, mask, kind, name, **options):
    photo = photo_at(tmp_path / "photo.png", kind)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    with Remover(Options(**options)) as remover, SeenMeanwhile(tmp_path / "view" / "cutout") as seen:
        target = tmp_path / name
        remover.process(str(photo), target, mask=str(tmp_path / "mask.png"), alongside=seen.alongside)
        seen.keep()
    return target, tmp_path / "view" / "cutout"


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("plain", "a.png", {}),
        ("plain", "a.webp", {}),
        ("plain", "a.tif", {"pyramid": "pages"}),
        ("plain", "a.png", {"background": "#336699"}),
        ("plain", "a.png", {"canvas": "900x700", "shadow": "drop"}),
        ("plain", "a.png", {"crop": True, "outline": "9px,white"}),
        ("deep", "a.png", {}),
        ("deep", "a.webp", {}),
        ("deep", "a.tif", {}),
        ("wide", "a.png", {}),
        ("wide", "a.webp", {}),
        ("alpha", "a.png", {}),
    ],
)
def test_they_are_those_of_the_file(tmp_path, mask, kind, name, options):
    target, view = saved(tmp_path, mask, kind, name, **options)
    write_view(View(target, tmp_path / "again", "cutout", 10**8))
    written, again = files_of(view), files_of(tmp_path / "again")
    assert sorted(written) == sorted(again)
    assert len(written) > 3
    assert written == again
    assert json.loads(written["layer.json"])["kind"] == "cutout"


@pytest.mark.parametrize(
    ("name", "options"), [("a.jpg", {"background": "white"}), ("a.webp", {"quality": 80}), ("a.png", {"palette": True})]
)
def test_what_a_file_gives_back_otherwise_is_read_from_it(tmp_path, mask, name, options):
    target, view = saved(tmp_path, mask, "plain", name, **options)
    assert target.exists()
    assert not view.exists()


def test_tiles_of_an_earlier_result_are_gone(tmp_path, mask):
    view = tmp_path / "view" / "cutout"
    view.mkdir(parents=True)
    for name in ("layer.json", "7-7"):
        (view / name).write_text("{}")
    saved(tmp_path, mask, "plain", "a.jpg", background="white")
    assert not view.exists()


def test_where_they_cannot_be_written_the_result_is(tmp_path, mask, caplog):
    (tmp_path / "view").write_text("a file, and no folder")
    target, view = saved(tmp_path, mask, "plain", "a.png")
    with Image.open(target) as result:
        assert result.size == (WIDTH, HEIGHT)
    assert "the view of a result was not written" in caplog.text
    assert not view.exists()


def test_a_cut_that_fails_leaves_none(tmp_path, mask):
    def stop(stage, fraction):
        if stage == "write":
            raise KeyboardInterrupt

    photo = photo_at(tmp_path / "photo.png", "plain")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    with Remover() as remover, pytest.raises(KeyboardInterrupt), SeenMeanwhile(tmp_path / "view" / "cutout") as seen:
        remover.process(
            str(photo), tmp_path / "a.png", mask=str(tmp_path / "mask.png"), watch=stop, alongside=seen.alongside
        )
    assert list((tmp_path / "view").iterdir()) == []
