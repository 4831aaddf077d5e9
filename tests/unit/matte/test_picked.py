"""Points in flat art: the whole letter, plate or hole that was pointed at, and nothing else."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from gigamatte import Editing, Hints, NoSubject, Options, Remover
from gigamatte.cli.app import run
from gigamatte.hints import Stroke
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.unmix import natural_alpha, palette_of, with_hints
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo

from .test_unmix import drawn, line, ring

BLUE, YELLOW, RED, PAPER = (30, 40, 120), (250, 225, 120), (190, 30, 40), (252, 250, 244)


def block(left, top, right, bottom):
    """A filled rectangle, its corners in pixels of the photo."""
    return lambda canvas: cv2.rectangle(canvas, (left * 4, top * 4), (right * 4 - 1, bottom * 4 - 1), 255, -1)


#: rings with holes, a yellow plate with a blue ring and a thin line on it, and a thin line on the paper
SHAPES = [
    (BLUE, ring((90, 80), 40, 10)),
    (BLUE, ring((200, 80), 40, 10)),
    (YELLOW, block(40, 180, 330, 300)),
    (BLUE, ring((120, 240), 30, 8)),
    (BLUE, line((190, 220), (300, 260), 3)),
    (RED, line((40, 360), (560, 380), 1.5)),
]
ART, _ = drawn(PAPER, SHAPES)


def jpeg(photo, quality=92):
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out))


def cut(photo, **hints):
    """(alpha, RGBA) of flat art with these hints."""
    options = Options(kind="art", hints=Hints(**hints) if hints else None)
    with Remover(options) as remover, remover.cut(photo) as cutout:
        return cutout.alpha.copy(), cutout.rgba()


@pytest.fixture(scope="module")
def photo():
    return ART


@pytest.fixture(scope="module")
def plain(photo):
    return cut(photo)[0]


@pytest.fixture(scope="module", params=["png", "jpeg"])
def packed(request, plain):
    """(photo, its alpha without hints), also after JPEG."""
    photo = ART if request.param == "png" else jpeg(ART)
    return (photo, plain) if request.param == "png" else (photo, cut(photo)[0])


def same_but_for(found, plain, box):
    """Nothing changed outside of the box (left, top, right, bottom)."""
    left, top, right, bottom = box
    rest = np.ones(plain.shape, np.bool_)
    rest[top:bottom, left:right] = False
    np.testing.assert_array_equal(found[rest], plain[rest])


@pytest.mark.parametrize("at", [(90, 40), (85, 36)])
def test_a_point_to_drop_takes_the_whole_letter(packed, at):
    photo, plain = packed
    alpha, _ = cut(photo, drop=[at])
    assert alpha[:150, :146].max() == 0
    same_but_for(alpha, plain, (0, 0, 146, 150))


def test_a_thin_line_goes_whole(packed):
    photo, plain = packed
    alpha, _ = cut(photo, drop=[(300, 370)])
    assert plain[340:].max() > 100
    assert alpha[340:].max() == 0
    same_but_for(alpha, plain, (0, 340, 600, 420))


def test_a_point_to_keep_fills_a_hole_with_the_photos_own_colour(photo, plain):
    alpha, rgba = cut(photo, keep=[(92, 84)])
    y, x = np.mgrid[:150, :146]
    inside = (x - 89.5) ** 2 + (y - 79.5) ** 2 < 39**2
    assert alpha[:150, :146][inside].min() == 255
    np.testing.assert_array_equal(rgba[60:100, 70:110, :3], photo[60:100, 70:110])
    same_but_for(alpha, plain, (45, 35, 135, 125))
    outside = (x - 89.5) ** 2 + (y - 79.5) ** 2 > 43**2
    np.testing.assert_array_equal(alpha[:150, :146][outside], plain[:150, :146][outside])  # the outer rim stays


def test_a_point_to_keep_brings_back_what_a_stroke_took(photo, plain):
    gone = Stroke("drop", ((40, 80), (250, 80)), 60)
    assert cut(photo, strokes=[gone])[0][:150, :250].max() == 0
    alpha, _ = cut(photo, strokes=[gone], keep=[(200, 40)])
    np.testing.assert_array_equal(alpha[30:130, 150:250], plain[30:130, 150:250])
    assert alpha[:150, :140].max() == 0


@pytest.mark.parametrize(
    ("keep", "drop"), [((92, 84), (88, 78)), ((90, 40), (90, 120)), ((45, 185), (300, 190)), ((120, 212), (120, 268))]
)
def test_a_keep_and_a_drop_in_one_place_leave_it_as_it_was(photo, plain, keep, drop):
    np.testing.assert_array_equal(cut(photo, keep=[keep], drop=[drop])[0], plain)


def test_a_plate_goes_without_the_letters_on_it(packed):
    photo, plain = packed
    alpha, rgba = cut(photo, drop=[(50, 190)])
    y, x = np.mgrid[:420, :600]
    away = np.hypot(x - 119.5, y - 239.5)
    on_plate = (x >= 40) & (x < 330) & (y >= 180) & (y < 300)
    of_line = np.abs((x - 190) * 40 - (y - 220) * 110) / np.hypot(110, 40) < 6
    assert np.quantile(alpha[on_plate & (away > 40) & ~of_line], 0.998) <= 12  # the plate, and no rim of it
    assert alpha[(away > 28.5) & (away < 31.5)].min() > 200  # the ring on it
    stroke = alpha[240 - 2 : 240 + 3, 245].max()
    assert stroke > 150  # the thin line on it
    assert np.abs(rgba[240, 150, :3].astype(int) - BLUE).max() < 30
    same_but_for(alpha, plain, (32, 172, 338, 308))


def test_a_letter_on_a_plate_goes_without_the_plate(packed):
    photo, plain = packed
    alpha, _ = cut(photo, drop=[(120, 212)])
    y, x = np.mgrid[:420, :600]
    away = np.hypot(x - 119.5, y - 239.5)
    assert alpha[(away > 28) & (away < 31)].max() <= 12
    same_but_for(alpha, plain, (80, 200, 160, 280))
    assert np.mean(alpha[180:300, 40:330] > 200) > 0.9


def test_a_gradient_goes_whole():
    photo = np.full((200, 400, 3), 250, np.uint8)
    ramp = np.linspace(0, 1, 240)[:, None] * np.array([200, 30, 40]) + np.linspace(1, 0, 240)[:, None] * np.array(
        [20, 60, 190]
    )
    photo[60:140, 60:300] = ramp[None]
    photo[60:140, 340:380] = (20, 60, 190)
    alpha, _ = cut(photo, drop=[(80, 100)])
    assert alpha[:, :320].max() == 0
    assert alpha[100, 360] == 255


def test_what_is_too_pale_for_an_ink_is_taken_whole():
    photo, _ = drawn(PAPER, [(BLUE, ring((90, 80), 40, 10)), ((228, 226, 222), line((300, 60), (500, 160), 6))])
    hints = {"strokes": [Stroke("drop", ((300, 60), (500, 160)), 30)], "keep": [(400, 110)]}
    alpha, _ = cut(photo, **hints)
    assert alpha[70:150:10, 310:490:10].max() > 0
    for part in np.linspace(0.05, 0.95, 10):
        assert alpha[round(60 + 100 * part), round(300 + 200 * part)] > 230


def test_where_nothing_is_drawn_a_point_is_its_disc(photo, plain):
    alpha, _ = cut(photo, keep=[(450, 100)])
    assert alpha[99:101, 449:451].min() > 200
    same_but_for(alpha, plain, (445, 95, 456, 106))
    wide, _ = cut(photo, keep=[(92, 84, 60)])  # a point with a radius is its disc as well
    assert wide[84, 40] == 255


def test_a_drawing_of_which_nothing_is_left_is_told(photo):
    everything = Stroke("drop", ((0, 200), (600, 200)), 400)
    with pytest.raises(NoSubject, match="nothing of what is drawn was kept"):
        cut(photo, strokes=[everything])


def test_neither_tiles_nor_threads_matter(tmp_path):
    Image.fromarray(ART).save(tmp_path / "art.png")
    hints = Hints(keep=[(92, 84)], drop=[(50, 190), (200, 40), (300, 370)])
    found = []
    for edge, threads in ((64, 3), (256, 1), (512, 2)):
        with PhotoLevels(open_photo(tmp_path / "art.png", max_pixels=10**6)) as levels:
            palette = palette_of(levels)
            way = {"threads": threads, "correction": Correction(), "watch": _silent}
            natural = natural_alpha(levels, palette, edge=edge, **way)
            matte = with_hints(natural, levels, palette, bits=16, hints=hints, **way)
            found.append(matte.read(matte.size.box))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def _silent(stage, fraction):
    pass


def test_an_edited_result_is_a_fresh_cut_with_the_same_hints(photo):
    steps = [
        Hints(drop=[(90, 40)]),
        Hints(drop=[(90, 40), (50, 190)]),
        Hints(drop=[(50, 190)], keep=[(200, 82)], strokes=[Stroke("drop", ((300, 370), (400, 375)), 8)]),
    ]
    with Editing(photo, Options(kind="art")) as editing:
        for hints in steps:
            small = editing.preview(hints)
            edited = editing.cut(hints)
            with Remover(Options(kind="art", hints=hints)) as remover, remover.cut(photo) as fresh:
                np.testing.assert_array_equal(edited.rgba(), fresh.rgba())
            np.testing.assert_array_equal(small.alpha, edited.alpha)  # this one is as small as a preview


def test_a_click_does_not_un_mix_the_photo_again(monkeypatch):
    done = []

    def counted(*args, **options):
        done.append(1)
        return natural_alpha(*args, **options)

    monkeypatch.setattr("gigamatte.art.natural_alpha", counted)
    with Editing(ART, Options(kind="art")) as editing:
        for hints in (Hints(), Hints(drop=[(90, 40)]), Hints(keep=[(200, 82)])):
            editing.preview(hints)
        assert len(done) == 1
        editing.preview(Hints(box=(0, 0, 300, 200)))  # what lies beyond the box is another alpha
        assert len(done) == 2


def test_the_command_takes_the_whole_letter(tmp_path):
    Image.fromarray(ART).save(tmp_path / "art.png")
    words = ["cut", str(tmp_path / "art.png"), "-o", str(tmp_path / "out.png"), "--kind", "art"]
    assert run([*words, "--drop-at", "90,40", "--keep-at", "200,82"]) == 0
    alpha = np.asarray(Image.open(tmp_path / "out.png"))[..., 3]
    np.testing.assert_array_equal(alpha, cut(ART, drop=[(90, 40)], keep=[(200, 82)])[0])
    assert alpha[:150, :146].max() == 0
    assert alpha[80, 200] == 255
