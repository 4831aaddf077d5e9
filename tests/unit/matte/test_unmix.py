"""Flat art: holes open, thin lines whole, several inks, uneven grounds, and the same wherever tiles begin."""

import cv2
import numpy as np
import pytest

from gigamatte.errors import NoSubject
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.unmix import natural_alpha, palette_of
from gigamatte.options import Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.remover import Remover

SCALE = 4


def drawn(ground, shapes, size=(600, 420), noise=0.0):
    """(photo uint8 (row, column, RGB), alpha float (row, column)): antialiased shapes in their inks on a ground."""
    width, height = size
    colour = np.broadcast_to(np.asarray(ground, np.float32), (height, width, 3)).copy()
    alpha = np.zeros((height, width), np.float32)
    for ink, draw in shapes:
        large = np.zeros((height * SCALE, width * SCALE), np.uint8)
        draw(large)
        own = cv2.resize(large, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        colour = colour * (1 - own[..., None]) + np.asarray(ink, np.float32) * own[..., None]
        alpha = alpha + own - alpha * own
    colour += np.random.default_rng(1).normal(0, noise, colour.shape)
    return np.clip(colour, 0, 255).round().astype(np.uint8), alpha


def ring(at, radius, thick):
    return lambda canvas: cv2.circle(canvas, (at[0] * SCALE, at[1] * SCALE), radius * SCALE, 255, thick * SCALE)


def line(a, b, thick):
    return lambda canvas: cv2.line(
        canvas, (a[0] * SCALE, a[1] * SCALE), (b[0] * SCALE, b[1] * SCALE), 255, round(thick * SCALE)
    )


def alpha_of(photo):
    with Remover(Options(kind="art")) as remover, remover.cut(photo) as cutout:
        return cutout.alpha.astype(np.float32) / 255, cutout.rgba()


def iou(found, truth):
    return (np.minimum(found, truth)).sum() / np.maximum(found, truth).sum()


@pytest.mark.parametrize(
    ("ground", "inks"),
    [
        ((255, 255, 255), [(10, 10, 10)]),
        ((240, 232, 215), [(20, 40, 140)]),
        ((255, 255, 255), [(220, 30, 40), (30, 90, 200), (240, 200, 40)]),
        ((20, 24, 30), [(240, 240, 230), (60, 200, 120)]),
    ],
)
def test_holes_are_open_lines_whole_and_colours_true(ground, inks):
    shapes = []
    for number, ink in enumerate(inks):
        height = 340 + 20 * number
        shapes += [(ink, ring((120 + 150 * number, 200), 60, 16)), (ink, line((20, height), (580, height - 30), 1.5))]
    photo, truth = drawn(ground, shapes, noise=1.5)
    alpha, rgba = alpha_of(photo)
    assert iou(alpha, truth) > 0.95
    assert alpha[200, 120] == 0  # the hole of the ring
    for number, ink in enumerate(inks):
        at = (200, 120 + 150 * number + 60)
        assert alpha[at] > 0.97
        np.testing.assert_allclose(rgba[at][:3], ink, atol=6)


def test_a_ground_that_darkens_towards_a_corner_stays_ground():
    y, x = np.mgrid[0:420, 0:600]
    ground = 250 - 50 * ((x / 600) ** 2 + (y / 420) ** 2)[..., None] * np.array([1, 0.95, 0.9])
    photo, truth = drawn(ground, [((30, 30, 90), ring((300, 210), 120, 10))], noise=1.5)
    alpha, _ = alpha_of(photo)
    assert iou(alpha, truth) > 0.93
    assert alpha[-40:, -40:].max() == 0


def test_sixteen_bits_and_any_tile_give_the_same():
    photo, _ = drawn((255, 255, 255), [((10, 10, 10), ring((300, 210), 120, 9))])
    between = np.random.default_rng(2).integers(0, 257, photo.shape)
    opened = open_photo((photo.astype(np.int32) * 255 + between).astype(np.uint16), max_pixels=10**9)
    with PhotoLevels(opened) as levels:
        palette = palette_of(levels)
        results = [
            natural_alpha(levels, palette, threads=2, correction=Correction(), edge=edge, watch=lambda *_: None)
            for edge in (64, 256)
        ]
        whole = [matte.read(levels.size(0).box) for matte in results]
    np.testing.assert_array_equal(whole[0], whole[1])
    assert np.unique(whole[0]).size > 300


@pytest.mark.parametrize("photo", [np.full((90, 120, 3), 200, np.uint8)])
def test_an_empty_sheet_has_no_subject(photo):
    with Remover(Options(kind="art")) as remover, pytest.raises(NoSubject, match="nothing is drawn"):
        remover.cut(photo)


def filled(box, fill=255):
    """A rectangle (left, top, right, bottom), or a hole of one."""
    left, top, right, bottom = (side * SCALE for side in box)
    return lambda canvas: cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), fill, -1)


def letters(text, at, size, thick):
    """A word whose strokes are ``thick`` pixels wide."""
    place = at[0] * SCALE, at[1] * SCALE
    return lambda canvas: cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, size * SCALE, 255, thick * SCALE)


def counted(found, truth):
    """IoU of what is more than half opaque."""
    return ((found > 0.5) & (truth > 0.5)).sum() / ((found > 0.5) | (truth > 0.5)).sum()


def compressed(photo, quality):
    encoded = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1].copy()


@pytest.mark.parametrize("quality", [None, 70])
def test_what_covers_more_than_the_ground_is_drawn(quality):
    """The border tells which of two colours is the ground; letters are holes in the plate."""

    def plate(canvas):
        filled((30, 30, 570, 390))(canvas)
        cv2.putText(canvas, "OPEN", (90 * SCALE, 260 * SCALE), cv2.FONT_HERSHEY_SIMPLEX, 5 * SCALE, 0, 16 * SCALE)

    photo, truth = drawn((255, 255, 255), [((12, 100, 76), plate)])
    alpha, _ = alpha_of(photo if quality is None else compressed(photo, quality))
    assert counted(alpha, truth) >= 0.98


def test_grey_beside_black_is_opaque_grey():
    """It could be black at half its strength; an area of it is an ink of its own, and the edges of black stay soft."""
    shapes = [((10, 10, 10), ring((150, 210), 80, 30)), ((150, 150, 150), letters("since 1904", (280, 230), 1.4, 6))]
    photo, truth = drawn((255, 255, 255), shapes)
    alpha, _ = alpha_of(photo)
    assert counted(alpha, truth) >= 0.98
    grey = np.abs(photo.astype(int) - 150).max(2) == 0
    assert (alpha[grey & (truth == 1)] >= 0.98).mean() >= 0.99
    assert np.abs(alpha - truth)[:, :270].max() <= 0.06  # black's own edges


@pytest.mark.parametrize("quality", [None, 60])
def test_a_gradient_is_opaque(quality):
    photo, truth = drawn((255, 255, 255), [((0, 0, 0), ring((200, 210), 110, 60))])
    across = np.linspace(0, 1, 600)[None, :, None]
    colour = (1 - across) * (230, 30, 60) + across * (20, 110, 240)
    photo = np.rint(255 * (1 - truth[..., None]) + colour * truth[..., None]).astype(np.uint8)
    alpha, _ = alpha_of(photo if quality is None else compressed(photo, quality))
    assert counted(alpha, truth) >= 0.98
    assert iou(alpha, truth) >= (0.99 if quality is None else 0.95)


@pytest.mark.parametrize("quality", [None, 85])
def test_a_gradient_that_begins_pale_has_no_translucent_band(quality):
    """A colour between two inks is no mixture of one of them with the ground, where a whole area shows it."""
    photo, truth = drawn((255, 255, 255), [((0, 0, 0), ring((300, 210), 80, 150))])
    across = np.linspace(0, 1, 600)[None, :, None]
    colour = (1 - across) * (250, 215, 120) + across * (120, 40, 160)
    photo = np.rint(255 * (1 - truth[..., None]) + colour * truth[..., None]).astype(np.uint8)
    alpha, _ = alpha_of(photo if quality is None else compressed(photo, quality))
    assert np.quantile(alpha[truth == 1], 0.02) >= 0.95


@pytest.mark.parametrize(
    ("paper", "grain", "dark", "quality"),
    [((245, 242, 235), 2, 0.1, 80), ((237, 217, 166), 4, 0.25, 80), ((217, 209, 199), 6, 0.4, 85),
     ((242, 240, 230), 8, 0.1, 75)],
    ids=["white", "yellowed", "uneven", "rough"],
)  # fmt: skip
def test_a_signature_on_paper(paper, grain, dark, quality):
    """Grain, uneven light and JPEG's ringing make no inks of their own."""
    x = np.linspace(40, 560, 400)
    y = 210 + 90 * np.sin(x / 40) * np.cos(x / 110)
    points = np.rint(np.stack([x, y], axis=1) * SCALE).astype(np.int32)
    photo, truth = drawn(
        (0, 0, 0), [((0, 0, 0), lambda canvas: cv2.polylines(canvas, [points], False, 255, 4 * SCALE))]
    )
    random = np.random.default_rng(3)
    down, across = np.mgrid[0:420, 0:600]
    light = 1 - dark * ((across / 600 - 0.3) ** 2 + (down / 420 - 0.8) ** 2)
    fibres = cv2.GaussianBlur(random.normal(0, 1, (420, 600)), (0, 0), 1.2)
    ground = np.array(paper) * light[..., None] + grain / 2 * (fibres / fibres.std())[..., None]
    mixed = ground * (1 - truth[..., None]) + np.array((22, 26, 88)) * truth[..., None]
    photo = np.clip(mixed + random.normal(0, grain / 2, mixed.shape), 0, 255).round().astype(np.uint8)
    alpha, _ = alpha_of(compressed(photo, quality))
    assert counted(alpha, truth) >= 0.96  # 4 pixels wide: half of what is drawn is edge
    assert alpha[cv2.dilate(truth, np.ones((9, 9))) == 0].mean() <= 0.003


@pytest.mark.parametrize(
    ("ground", "ink", "noise", "quality"),
    [((244, 238, 222), (25, 45, 150), 1.5, 85), ((244, 238, 222), (190, 30, 40), 2.5, 80)],
    ids=["blue", "red"],
)
def test_what_jpeg_spreads_around_words_is_no_ink(ground, ink, noise, quality):
    """Its blocks of colour are as bright as the paper: as an ink they would make the paper opaque, and noise matter."""
    words = [(ink, letters("Lines and words 1904", (20, 60 + 70 * row), 1.1, 2)) for row in range(5)]
    photo, truth = drawn(ground, words, noise=noise)
    alpha, _ = alpha_of(compressed(photo, quality))
    assert counted(alpha, truth) >= 0.95
    assert alpha[cv2.dilate(truth, np.ones((5, 5))) == 0].mean() <= 0.005


def test_a_pale_plate_with_words_is_opaque():
    """As bright as the paper, as what JPEG spreads is; but it goes on where nothing else is drawn."""
    shapes = [((255, 250, 205), filled((60, 60, 540, 360))), ((20, 40, 140), letters("OPEN", (180, 240), 2.5, 8))]
    photo, truth = drawn((255, 255, 255), shapes, noise=1)
    alpha, _ = alpha_of(photo)
    assert counted(alpha, truth) >= 0.98


@pytest.mark.parametrize(
    ("tone", "grain", "quality"),
    [((232, 232, 232), 0, 70), ((244, 228, 232), 0, 85), ((228, 240, 250), 0, None), ((240, 236, 214), 1.5, 90)],
    ids=["grey", "pink", "blue", "grained"],
)
def test_a_plate_that_is_a_little_darker_than_the_paper_is_opaque(tone, grain, quality):
    """A sharp step parts it from the paper; letters on it leave no seam, and what is cut out of it stays open."""

    def plate(canvas):
        filled((60, 60, 540, 360))(canvas)
        cv2.circle(canvas, (120 * SCALE, 120 * SCALE), 30 * SCALE, 0, -1)

    shapes = [(tone, plate), ((20, 40, 140), letters("OPEN", (180, 260), 2.5, 8))]
    photo, truth = drawn((254, 253, 251), shapes, noise=grain)
    alpha, _ = alpha_of(photo if quality is None else compressed(photo, quality))
    assert counted(alpha, truth) >= 0.99
    assert alpha[truth == 1].mean() >= 0.995
    assert alpha[105:135, 105:135].max() <= 0.02


def test_a_pale_plate_on_uneven_paper_is_told_from_a_hole():
    """Both are behind a step: the hole's colour goes on with the paper's, the plate's does not."""
    y, x = np.mgrid[0:420, 0:600]
    paper = 250 - 40 * ((x / 600) ** 2 + (y / 420) ** 2)[..., None] * np.array([1, 0.95, 0.9])
    shapes = [((30, 30, 90), ring((160, 210), 110, 10)), ((205, 214, 232), filled((360, 120, 520, 300)))]
    photo, truth = drawn(paper, shapes, noise=1.5)
    alpha, _ = alpha_of(photo)
    assert counted(alpha, truth) >= 0.98
    assert alpha[150:270, 100:220].max() <= 0.02


@pytest.mark.parametrize("quality", [None, 85])
def test_thin_words_have_their_own_ink_and_not_that_of_a_bar_above(quality):
    """They have few pixels that are all ink: what is near would lend them its colour."""
    red, blue = (200, 40, 50), (20, 40, 140)
    words = [(blue, letters("thin words in blue", (30, 150 + 60 * row), 0.8, 1)) for row in range(2)]
    photo, truth = drawn((255, 255, 255), [(red, filled((20, 100, 560, 120))), *words])
    alpha, rgba = alpha_of(photo if quality is None else compressed(photo, quality))
    below = (alpha > 0.2) & (truth > 0.2)
    below[:126] = False
    off = np.abs(rgba[below][:, :3].astype(int) - blue).max(1)
    assert np.median(off) <= 24
    assert (off > 60).mean() <= 0.1
