"""An edited photo: obeyed where it was pointed at, the same as a fresh cut bit for bit, and little is done again."""

import numpy as np
import pytest
from PIL import Image as Pillow

import gigamatte
from gigamatte.editing import SCREEN, Editing
from gigamatte.errors import UsageError
from gigamatte.hints import Hints
from gigamatte.options import Options
from gigamatte.worker.edits import PREVIEW

WIDTH, HEIGHT = 2000, 1500
LEFT, RIGHT = (560.0, 750.0), (1440.0, 750.0)


@pytest.fixture(scope="module")
def photo():
    """Two shaded balls before a grey ground, with grain."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    picture = np.full((HEIGHT, WIDTH, 3), (205, 200, 190), np.float32)
    for (cx, cy), colour in ((LEFT, (190, 40, 30)), (RIGHT, (30, 60, 180))):
        inside = np.hypot(x - cx, y - cy) < 290
        shade = 0.55 + 0.45 * np.clip(1 - (y - cy + 290) / 580, 0, 1)
        picture[inside] = (np.array(colour) * shade[..., None])[inside]
    grain = np.random.default_rng(1).normal(0, 3, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def editing(photo):
    with Editing(photo) as opened:
        yield opened


HINTS = Hints(
    keep=[LEFT],
    drop=[RIGHT],
    strokes=[
        {"kind": "keep", "points": [[200, 200], [400, 260]], "radius": 12},
        {"kind": "drop", "points": [[560, 500], [560, 600]], "radius": 20},
    ],
)


def test_the_places_pointed_at_are_obeyed(editing):
    with editing.cut(HINTS) as cutout:
        alpha = cutout.alpha
    for x, y, wanted in ((*LEFT, 255), (*RIGHT, 0), (300, 230, 255), (560, 550, 0)):
        assert alpha[int(y), int(x)] == wanted
    assert cutout.receipt.hinted == "network"
    assert alpha[700:800, 1400:1480].max() == 0


def test_clicks_one_after_another_equal_them_all_at_once_in_any_order(editing, photo):
    points = [(600.0, 700.0), (500.0, 800.0), LEFT]
    for count in range(1, len(points) + 1):
        with editing.cut(Hints(keep=points[:count], drop=[RIGHT])) as cutout:
            stepwise = cutout.alpha
    with gigamatte.Remover() as remover, remover.cut(photo, hints=Hints(keep=points[::-1], drop=[RIGHT])) as fresh:
        np.testing.assert_array_equal(stepwise, fresh.alpha)


def test_it_is_a_fresh_cut_bit_for_bit(editing, photo):
    editing.cut(Hints(keep=[RIGHT])).close()  # what was asked before leaves no trace
    with editing.cut(HINTS) as edited, gigamatte.Remover() as remover, remover.cut(photo, hints=HINTS) as fresh:
        np.testing.assert_array_equal(edited.alpha, fresh.alpha)
        np.testing.assert_array_equal(edited.rgba(), fresh.rgba())


def test_one_stroke_more_re_does_what_it_touches(editing):
    editing.cut(HINTS).close()
    more = Hints(HINTS.keep, HINTS.drop, (*HINTS.strokes, {"kind": "hair", "points": [[560, 1030]], "radius": 20}))
    with editing.cut(more) as cutout:
        tiles = cutout.receipt.tiles
    assert 0 < tiles["done"] < tiles["kept"]


def test_the_preview_is_the_same_at_screen_size(editing):
    with editing.preview(HINTS) as small, editing.cut(HINTS) as whole:
        assert max(small.alpha.shape) <= SCREEN
        assert small.alpha.shape == (HEIGHT // 2, WIDTH // 2)
        reduced = whole.alpha[: HEIGHT // 2 * 2, : WIDTH // 2 * 2].reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3))
    assert np.abs(small.alpha - reduced).mean() < 2
    assert ((small.alpha > 127) == (reduced > 127.5)).mean() > 0.99
    assert whole.receipt.doubt
    assert not small.receipt.doubt  # what nobody reads is not worked out


def test_undo_is_one_hint_less(editing):
    first = Hints(keep=[LEFT])
    with editing.cut(first) as cutout:
        before = cutout.alpha
    editing.cut(HINTS).close()
    with editing.cut(first) as cutout:
        np.testing.assert_array_equal(cutout.alpha, before)


def test_a_point_outside_is_refused(editing):
    for act in (editing.cut, editing.preview):
        with pytest.raises(UsageError, match="outside of the photo of 2000×1500"):
            act(Hints(keep=[(2000, 10)]))


def test_a_preview_is_written_as_it_is_seen(editing, tmp_path):
    with editing.preview(HINTS) as small:
        alpha, colours = small.alpha, small.rgba()[..., :3]
    editing.options = Options(**PREVIEW)
    with editing.preview(HINTS) as small:
        small.save(tmp_path / "preview.webp", quick=True)
    editing.options = Options()
    written = np.asarray(Pillow.open(tmp_path / "preview.webp").convert("RGBA"))
    assert np.abs(written[..., 3].astype(int) - alpha).max() <= 1
    seen = alpha > 64
    assert np.abs(written[..., :3].astype(int) - colours)[seen].mean() < 3
    assert np.abs(written[..., :3].astype(int) - colours)[(alpha > 64) & (alpha < 192)].mean() < 8
