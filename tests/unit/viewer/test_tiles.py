"""Tiles and pages without a browser: every pixel is there once, nothing outside reaches the markup."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from gigamatte.errors import MissingInput, UsageError
from gigamatte.types import Size
from gigamatte.viewer.page import embedded, viewer_page
from gigamatte.viewer.tiles import TILE, cut_into_tiles
from gigamatte.workflow.preview import preview


def layer_of(array, **choices):
    strips = (array[top : top + TILE] for top in range(0, len(array), TILE))
    return cut_into_tiles("picture", strips, Size.of(array), **choices)


def decoded(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))))


def joined(level, bands):
    """The level's picture put together again from its tiles."""
    whole = np.zeros((level["height"], level["width"], bands), np.uint8)
    for index, uri in enumerate(level["tiles"]):
        row, column = divmod(index, level["columns"])
        target = whole[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        if uri is not None:
            target[...] = (
                decoded(uri) if decoded(uri).shape[2] == bands else np.dstack([decoded(uri), target[..., 3] + 255])
            )
    return whole


def soft_picture(height, width):
    y, x = np.mgrid[:height, :width]
    return np.dstack([x % 256, y % 256, (x + y) % 256, 1 + (x * 7 + y * 3) % 254]).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (TILE, TILE), (TILE + 1, 3 * TILE - 1), (1333, 700)])
def test_the_finest_level_is_lossless_where_alpha_is_partial(shape):
    picture = soft_picture(*shape)
    layer = layer_of(picture)
    assert (joined(layer.levels[0], 4) == picture).all()


def test_without_lossless_only_colours_give_way():
    y, x = np.mgrid[:600, :700]
    grain = np.random.default_rng(5).normal(0, 4, x.shape)
    picture = np.dstack([x / 4 + grain, y / 4 + grain, 90 + grain, 1 + (x // 5 + y // 3) % 254])
    picture = picture.clip(0, 255).astype(np.uint8)
    exact, smaller = layer_of(picture), layer_of(picture, lossless=False)
    shown = joined(smaller.levels[0], 4).astype(int)
    assert (shown[..., 3] == picture[..., 3]).all()
    assert 0 < np.abs(shown - picture)[..., :3].mean() < 4
    assert sum(map(len, smaller.levels[0]["tiles"])) < sum(map(len, exact.levels[0]["tiles"]))


def test_levels_halve_until_one_tile_is_enough():
    layer = layer_of(soft_picture(1333, 2700))
    assert [(level["width"], level["height"]) for level in layer.levels] == [
        (2700, 1333),
        (1350, 667),
        (675, 334),
        (338, 167),
    ]
    for level in layer.levels:
        assert len(level["tiles"]) == -(-level["width"] // TILE) * -(-level["height"] // TILE)
    assert len(layer.levels[-1]["tiles"]) == 1


def test_coarser_levels_mix_colours_by_their_opacity():
    picture = np.zeros((1024, 1024, 4), np.uint8)
    picture[:, ::2] = (200, 100, 50, 254)  # every other column; the rest is transparent black
    level = layer_of(picture).levels[1]
    assert np.abs(joined(level, 4).astype(int) - (200, 100, 50, 127)).max() <= 1


def test_opaque_soft_and_empty_tiles_are_halved_alike():
    picture = soft_picture(TILE + 301, 3 * TILE + 77)
    picture[:, :TILE, 3] = 255
    picture[:, TILE : 2 * TILE, 3] = 0
    picture[:, 2 * TILE : 2 * TILE + 100, 3] = 255
    whole = np.pad(picture, ((0, 1), (0, 1), (0, 0)), mode="edge").astype(float)
    squares = whole.reshape(whole.shape[0] // 2, 2, whole.shape[1] // 2, 2, 4)
    alpha = squares[..., 3:].mean((1, 3))
    colour = (squares[..., :3] * squares[..., 3:]).mean((1, 3)) / np.maximum(alpha, 1e-9)
    level = joined(layer_of(picture).levels[1], 4)
    assert np.abs(level[..., 3:] - alpha).max() <= 0.51
    assert np.abs(level[..., :3] - colour)[:, TILE + 1 :].max() <= 0.51  # what lies left of it is a JPEG, or nothing
    assert np.abs(level[..., :3] - colour)[:, : TILE // 2].max() <= 12


def test_transparent_tiles_cost_nothing_and_opaque_ones_little():
    picture = np.zeros((TILE, 2 * TILE, 4), np.uint8)
    picture[:, TILE:] = 255
    tiles = layer_of(picture).levels[0]["tiles"]
    assert tiles[0] is None
    assert tiles[1].startswith("data:image/jpeg")


def test_nothing_can_leave_its_script_element():
    text = embedded({"name": "</script><!--<script>"})
    assert "<" not in text
    assert json.loads(text) == {"name": "</script><!--<script>"}


def test_the_page_loads_nothing():
    html = viewer_page("a & <b>", [layer_of(soft_picture(8, 8))])
    assert "<title>a &amp; &lt;b&gt; · gigamatte</title>" in html
    assert not re.search(r"""(src|href)=|@import|url\(""", html)


def rgba_file(path, size):
    Image.new("RGBA", size, (1, 2, 3, 128)).save(path)
    return path


def test_preview_goes_beside_the_cutout_and_overwrites_only_when_told(tmp_path):
    cutout = rgba_file(tmp_path / "shoe.cutout.png", (40, 30))
    page = preview(cutout)
    assert page == tmp_path / "shoe.cutout.preview.html"
    with pytest.raises(UsageError, match="exists already"):
        preview(cutout)
    preview(cutout, overwrite=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shoe.cutout.png", "shoe.cutout.preview.html"]


def test_preview_refuses_another_frame(tmp_path):
    cutout, photo = rgba_file(tmp_path / "c.png", (40, 30)), rgba_file(tmp_path / "p.png", (40, 40))
    with pytest.raises(UsageError, match="same frame"):
        preview(cutout, photo=photo)
    preview(cutout, photo=rgba_file(tmp_path / "q.png", (400, 300)))


def test_preview_of_nothing(tmp_path):
    with pytest.raises(MissingInput):
        preview(tmp_path / "none.png")
    assert list(tmp_path.iterdir()) == []


def test_a_turned_photo_is_shown_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 20), (9, 9, 9)).save(tmp_path / "turned.jpg", exif=exif)
    page = preview(rgba_file(tmp_path / "c.png", (20, 60)), photo=tmp_path / "turned.jpg")
    assert '"width":20,"height":60' in page.read_text(encoding="utf-8")
