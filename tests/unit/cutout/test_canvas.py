"""The subject on a canvas: where it lies, how large it is, what is around it, against exact arithmetic and Pillow."""

from __future__ import annotations

import io
import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from gigamatte import Cutout, Options, Remover, UsageError
from gigamatte.cutout.bounds import largest_result
from gigamatte.cutout.clear import rows_at_once
from gigamatte.cutout.frame import Canvas
from gigamatte.cutout.resample import placed
from gigamatte.cutout.target import output_format
from gigamatte.framing import align_of, aspect_of, canvas_of, fill_of
from gigamatte.types import Box, Depth, Size

GROUND, COLOUR = (40, 160, 60), (200, 90, 30)


def rectangle(size: tuple[int, int], box: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A photo (row, column, RGB) and the alpha of the rectangle left, top, right, bottom in it."""
    width, height = size
    left, top, right, bottom = box
    alpha = np.zeros((height, width), np.uint8)
    alpha[top:bottom, left:right] = 255
    photo = np.where(alpha[..., None] > 0, np.uint8(COLOUR), np.uint8(GROUND))
    return photo, alpha


def cut(photo: object, alpha: np.ndarray, **options: object) -> Cutout:
    with Remover(Options(mask_kind="alpha", refine="off", **options)) as remover:  # type: ignore[arg-type]
        return remover.cut(photo, mask=alpha)  # type: ignore[arg-type]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    width, height = draw(st.integers(24, 300)), draw(st.integers(24, 300))
    left, top = draw(st.integers(1, width - 13)), draw(st.integers(1, height - 13))
    return (width, height), (
        left,
        top,
        draw(st.integers(left + 12, width - 1)),
        draw(st.integers(top + 12, height - 1)),
    )


@given(
    scenes(),
    st.integers(40, 400),
    st.integers(40, 400),
    st.integers(30, 100),
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(1, 8),
)
@settings(max_examples=60, deadline=None)
def test_place_fill_and_ground_are_exact(scene, width, height, fill, across, down, orientation) -> None:
    """Whatever the sizes, the box and the way the photo was stored: .5 px, .5 %, and the colour itself."""
    photo, alpha = rectangle(*scene)
    left, top, right, bottom = scene[1]
    options = {"canvas": f"{width}x{height}", "fill": str(fill), "align": f"{across}%,{down}%"}
    result = cut(stored(photo, orientation), alpha, background="#fefdfc", **options)
    on_ground = result_of(result)
    opacity = result.alpha
    assert opacity.shape == (height, width) == on_ground.shape[:2]
    wide, tall = right - left, bottom - top
    scale = min(width * fill / 100 / wide, height * fill / 100 / tall)
    assume(min(wide, tall) * scale >= 2)  # what is thinner reaches half the opacity nowhere, or not at its ends
    columns, rows = (np.flatnonzero((opacity > 127).any(axis=axis)) for axis in (0, 1))
    found = max(columns.size / width, rows.size / height)
    assert abs(found - fill / 100) <= 0.005 + 1 / min(width, height)
    free = width - wide * scale, height - tall * scale
    centre = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    assert abs(centre[0] - (free[0] * across / 100 + wide * scale / 2)) <= 0.501
    assert abs(centre[1] - (free[1] * down / 100 + tall * scale / 2)) <= 0.501
    assert (on_ground[opacity == 0] == (0xFE, 0xFD, 0xFC)).all()


def stored(photo: np.ndarray, orientation: int) -> bytes:
    """A PNG that is this photo once it is turned as EXIF's orientation says."""
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # Pillow's transpositions
    image = Image.fromarray(photo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    (image if back is None else image.transpose(Image.Transpose(back))).save(out, "PNG", exif=exif)
    return out.getvalue()


def result_of(cutout: Cutout) -> np.ndarray:
    out = io.BytesIO()
    cutout.save(out)
    return np.asarray(Image.open(io.BytesIO(out.getvalue())))


@given(st.sampled_from([0.11, 0.4, 0.77, 1.3, 2.6]), st.integers(0, 2**31), st.booleans())
@settings(max_examples=8, deadline=None)
def test_resampled_as_pillow_resamples_the_whole_picture(scale, seed, deep) -> None:
    """Strip by strip, premultiplied, the same as Pillow's bicubic of the whole picture in floats."""
    random = np.random.default_rng(seed)
    depth = Depth(16 if deep else 8)
    rgba = cv2.GaussianBlur(random.random((90, 70, 4)).astype(np.float32), (0, 0), 2)
    rgba = np.clip((rgba - 0.35) / 0.3, 0, 1)
    pixels = depth.pixels(rgba * depth.full + 0.5)
    size = Size(round(70 * scale), round(90 * scale))
    canvas = Canvas(size, Size(70, 90), size.width / 70)
    canvas = Canvas(Size(size.width, round(90 * canvas.scale)), Size(70, 90), canvas.scale)
    for step in (1, 7, 90):
        strips = [(pixels[top : top + step], Box(0, top, 70, min(step, 90 - top))) for top in range(0, 90, step)]
        made = np.concatenate([strip for strip, _ in placed(strips, Box(0, 0, 70, 90), canvas, 4, depth)])
        if step == 1:
            first = made
        assert np.abs(made.astype(int) - first.astype(int)).max() <= 1  # however the strips are divided
    unit = pixels.astype(np.float64) / depth.full
    rows = canvas.size.height / canvas.scale
    pad = max(0, int(np.ceil(rows)) - 90) + 40  # what lies below the photo is clear
    planes = [unit[..., 3], *(unit[..., band] * unit[..., 3] for band in range(3))]
    planes = [np.pad(plane, ((0, pad if abs(rows - 90) > 1e-3 else 0), (0, 0))).astype(np.float32) for plane in planes]
    whole = [
        np.asarray(Image.fromarray(plane).resize((canvas.size.width, canvas.size.height), Image.Resampling.BICUBIC,
                                                 box=(0, 0, 70, min(rows, len(plane)))))
        for plane in planes
    ]  # fmt: skip
    alpha = np.clip(whole[0], 0, 1)
    assert np.abs(made[..., 3] / depth.full - alpha).max() <= 1 / depth.full + 2e-4
    strong = alpha > 0.05
    for band in range(3):
        expected = np.clip(whole[1 + band] / np.maximum(whole[0], 1e-6), 0, 1)
        assert np.abs(made[..., band] / depth.full - expected)[strong].max() <= 1 / depth.full + 2e-3


@given(st.floats(0.08, 3.0), st.integers(0, 2**31), st.sampled_from(["plain", "hidden", "alpha"]))
@settings(max_examples=12, deadline=None)
def test_few_pixels_far_apart_are_placed_as_in_one_piece(scale, seed, kind) -> None:
    """Only columns that hold anything are worked on, and other ones in every strip: the result knows nothing of it."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((150, 260, 4), np.uint8)
    for _ in range(5):
        row, column = random.integers(0, 140), random.integers(0, 250)
        pixels[row : row + 9, column : column + 6] = random.integers(1, 256, (9, 6, 4))[: 150 - row, : 260 - column]
    pixels[..., :3][pixels[..., 3] == 0] = random.integers(0, 256, 3)
    given = pixels[..., 3] if kind == "alpha" else pixels
    canvas = Canvas(Size(max(4, round(300 * scale)), max(4, round(170 * scale))), Size(260, 150), scale, 7.3, 4.1)
    made = []
    for step in (150, 11, 1):
        strips = [(given[top : top + step], Box(0, top, 260, min(step, 150 - top))) for top in range(0, 150, step)]
        parts = placed(strips, Box(0, 0, 260, 150), canvas, 1 if kind == "alpha" else 4, Depth(8), beneath=255,
                       hidden=kind == "hidden")  # fmt: skip
        made.append(np.concatenate([part for part, _ in parts]).astype(int))
        assert np.abs(made[-1] - made[0])[..., -1:].max() <= 1
    if kind == "alpha":
        return
    for other in made[1:]:
        both = (made[0][..., 3] > 10) & (other[..., 3] > 10)
        assert np.abs(other - made[0])[both].max(initial=0) <= 1
        if kind == "plain":
            assert (other[other[..., 3] == 0] == (255, 255, 255, 0)).all()


def test_a_wide_photo_is_reduced_in_little_memory() -> None:
    """As many rows of sums are held as a strip needs, and not a number that the photo's width multiplies."""
    size = Size(30_000, 1024)
    strip = np.full((128, size.width, 4), 200, np.uint8)
    strips = ((strip, Box(0, top, size.width, 128)) for top in range(0, size.height, 128))
    canvas = Canvas(Size(1500, 52), size, 0.05)
    tracemalloc.start()
    try:
        made = sum(len(part) for part, _ in placed(strips, size.box, canvas, 4, Depth(8)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made == 52
    assert peak < 40 << 20


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_laid_and_reduced_is_reduced_and_laid(colour: int) -> None:
    """On any ground: the canvas shows what the full-size result, reduced, shows."""
    photo, alpha = rectangle((240, 200), (40, 50, 200, 150))
    alpha = cv2.GaussianBlur(alpha, (0, 0), 6)
    share = alpha[..., None] / np.float32(255)  # what is mixed in the photo is what the alpha says
    photo = np.rint(np.float32(COLOUR) * share + np.float32(GROUND) * (1 - share)).astype(np.uint8)
    whole = result_of(cut(photo, alpha, background=f"#{colour:02x}{colour:02x}{colour:02x}")).astype(np.float32)
    canvas = cut(photo, alpha, canvas="90x80", fill="80", background=f"rgb({colour},{colour},{colour})")
    place = canvas.receipt.placed
    subject = canvas.receipt.subject
    left = subject["left"] - place["left"] / place["scale"]
    top = subject["top"] - place["top"] / place["scale"]
    box = (left, top, left + 90 / place["scale"], top + 80 / place["scale"])
    pad = 200  # beyond the photo the ground goes on
    around = np.pad(whole, ((pad, pad), (pad, pad), (0, 0)), constant_values=colour)
    reduced = [
        np.asarray(Image.fromarray(around[..., band]).resize((90, 80), Image.Resampling.BICUBIC,
                                                             box=tuple(side + pad for side in box)))
        for band in range(3)
    ]  # fmt: skip
    assert np.abs(result_of(canvas).astype(np.float32) - np.stack(reduced, axis=2)).max() <= 2.5


def test_pixels_stay_as_they_are_where_nothing_is_resized() -> None:
    photo, alpha = rectangle((90, 70), (20, 10, 60, 50))
    photo = np.random.default_rng(0).integers(0, 256, photo.shape, dtype=np.uint8)
    small = cut(photo, alpha, canvas="300x200", no_enlarge=True)
    assert any("too few pixels" in warning for warning in small.receipt.warnings)
    assert np.array_equal(small.rgba()[80:120, 130:170, :3], photo[10:50, 20:60])
    assert small.alpha.sum() == alpha.sum()
    alone = cut(photo, alpha, aspect="1:1", fill="80")
    assert (alone.size, alone.receipt.placed["scale"]) == (Size(50, 50), 1.0)
    assert np.array_equal(alone.rgba()[5:45, 5:45, :3], photo[10:50, 20:60])


def test_a_margin_goes_on_beyond_the_photo_but_not_where_the_subject_is_cut_off() -> None:
    photo, alpha = rectangle((90, 70), (5, 30, 65, 70))
    wide = cut(photo, alpha, crop=True, margins=("10px", "40px", "10px", "20px"))
    assert wide.size == Size(120, 50)
    assert any("cuts the subject off at the bottom" in warning for warning in wide.receipt.warnings)
    assert wide.alpha[-1].max() == 255
    assert wide.alpha[:, :20].max() == 0
    assert np.array_equal(wide.rgba()[10:, 20:80, :3], photo[30:, 5:65])
    assert (wide.rgba()[wide.alpha == 0][:, :3].min(axis=1) >= 24).all()  # white, and the ring in rounded colours
    plain = cut(photo, alpha, crop=True)
    assert plain.receipt.warnings == ()


@pytest.mark.parametrize(
    ("box", "touched"),
    [((0, 20, 40, 50), "left"), ((50, 20, 90, 50), "right"), ((20, 0, 60, 30), "top"), ((20, 40, 60, 70), "bottom")],
)
@pytest.mark.parametrize("canvas", ["50x50", "200x120"])
def test_a_subject_that_is_cut_off_touches_the_edge_of_the_canvas(box, touched: str, canvas: str) -> None:
    result = cut(*rectangle((90, 70), box), canvas=canvas, align="center")
    alpha = result.alpha
    edges = {"left": alpha[:, 0], "right": alpha[:, -1], "top": alpha[0], "bottom": alpha[-1]}
    assert {side for side, line in edges.items() if line.max() > 0} == {touched}
    assert edges[touched].max() == 255  # opaque up to the edge
    assert any(f"at the {touched}" in warning for warning in result.receipt.warnings)


def test_a_subject_cut_off_at_both_sides_spans_the_canvas() -> None:
    result = cut(*rectangle((90, 70), (0, 20, 90, 50)), canvas="60x60", fill="50")
    assert result.receipt.placed["scale"] == pytest.approx(60 / 90)
    assert result.alpha[30].min() == 255
    tall = cut(*rectangle((90, 70), (0, 20, 90, 50)), canvas="300x20")  # would be higher than the canvas
    assert tall.receipt.placed["height"] == pytest.approx(20)
    assert any("opposite edges" in warning for warning in tall.receipt.warnings)


def test_a_named_side_is_filled() -> None:
    scene = rectangle((90, 70), (20, 20, 60, 40))
    assert cut(*scene, canvas="100x100", fill="height:40").receipt.placed["height"] == pytest.approx(40)
    assert cut(*scene, canvas="100x100", fill="width:40").receipt.placed["width"] == pytest.approx(40)
    too_much = cut(*scene, canvas="100x100", fill="height:80")
    assert too_much.receipt.placed["width"] == pytest.approx(100)
    assert any("fills the other side" in warning for warning in too_much.receipt.warnings)


def test_lengths_set_the_resolution() -> None:
    out = io.BytesIO()
    cut(*rectangle((90, 70), (20, 20, 60, 40)), canvas="1x1.5cm@300", background="white").save(out)
    picture = Image.open(io.BytesIO(out.getvalue()))
    assert picture.size == (118, 177)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_sixteen_bits_are_kept() -> None:
    photo, alpha = rectangle((90, 70), (20, 20, 60, 40))
    result = cut(photo.astype(np.uint16) * 200 + 7, alpha, canvas="64x64")
    pixels = result.rgba()
    assert pixels.dtype == np.uint16
    assert (pixels[32, 32] == (200 * 200 + 7, 90 * 200 + 7, 30 * 200 + 7, 65535)).all()


def test_a_layer_keeps_the_photo_under_its_mask(tmp_path) -> None:
    psd_tools = pytest.importorskip("psd_tools")
    cut(*rectangle((90, 70), (20, 20, 60, 40)), canvas="64x64", fill="50").save(tmp_path / "canvas.psd")
    layer = psd_tools.PSDImage.open(tmp_path / "canvas.psd")[0]
    assert (layer.width, layer.height) == (64, 64)
    colours = np.asarray(layer.topil().convert("RGB")).astype(int)
    assert np.abs(colours[32, 4] - GROUND).max() <= 2  # where the photo is
    assert (colours[2, 32] == 255).all()  # beyond it


@pytest.mark.parametrize("only", ["alpha", "trimap", "uncertainty", "foreground"])
def test_every_picture_of_a_cutout_lies_on_the_canvas(only: str) -> None:
    picture = result_of(cut(*rectangle((90, 70), (20, 20, 60, 40)), canvas="64x48", only=only))
    assert picture.shape[:2] == (48, 64)
    if only == "trimap":
        assert set(np.unique(picture)) == {0, 128, 255}
    if only == "foreground":
        assert (picture[24, 32] == COLOUR).all()
        assert (picture[0, 0] == 255).all()


def test_a_canvas_as_large_as_the_photo() -> None:
    scene = rectangle((90, 70), (20, 20, 60, 40))
    moved = cut(*scene, canvas="photo", fill="original", align="bottom,right")
    assert moved.receipt.placed == {"left": 50, "top": 50, "width": 40, "height": 20, "scale": 1}
    stays = cut(*scene, canvas="photo", fill="original", align="original")
    assert np.array_equal(stays.rgba(), cut(*scene).rgba())
    half = cut(*scene, canvas="photo", fill="width:20", align="original").receipt.placed
    assert (half["left"] + half["width"] / 2, half["top"] + half["height"] / 2) == (40, 30)


def test_an_empty_result_has_the_size_that_is_wanted() -> None:
    photo, alpha = rectangle((90, 70), (20, 20, 60, 40))
    result = cut(photo, alpha * 0, canvas="64x48", keep_empty=True)
    assert (result.size, result.alpha.max()) == (Size(64, 48), 0)


def test_words_of_a_canvas() -> None:
    assert canvas_of("2000x1000").size == Size(2000, 1000)
    assert canvas_of("800").size == Size(800, 800)
    assert canvas_of("800", "4:5").size == Size(640, 800)
    printed = canvas_of("10x15cm@300")
    assert (printed.size, round(printed.resolution * 25.4)) == (Size(1181, 1772), 300)
    assert canvas_of("4x6in@150dpi").size == Size(600, 900)
    assert aspect_of("4:5") == aspect_of("0.8") == 0.8
    assert (fill_of("85%").part, fill_of("width:40").side) == (0.85, "width")
    assert align_of("bottom,left") == align_of("left bottom") == (0, 1)
    assert align_of("10%,90%") == (0.1, 0.9)
    assert align_of("25%") == (0.25, 0.25)


@pytest.mark.parametrize(
    "options",
    [
        {"canvas": "2000"} | {"canvas": text}
        for text in ("", "x", "0x5", "axb", "-3x4", "1e9x1", "999999x999999", "10x15km", "5@", "2000x2000x2")
    ]
    + [{"aspect": text} for text in ("", "0:5", "4:0", "1:1000", "a:b")]
    + [{"canvas": "9x9", "fill": text} for text in ("", "0", "101", "depth:40", "-5", "nan")]
    + [{"canvas": "9x9", "align": text} for text in ("", "middle", "top,bottom", "120%", "1%,2%,3%", "left,left")]
    + [{"fill": "85"}, {"align": "top"}, {"no_enlarge": True}, {"canvas": "9x9", "aspect": "1:2"}],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(options: dict) -> None:
    with pytest.raises(UsageError):
        Options(**options)


@pytest.mark.parametrize(
    "options",
    [{"canvas": "1x1", "fill": "1"}, {"canvas": "9x9", "fill": "2"}, {"canvas": "4x4", "margin": 1000}],
    ids=str,
)
def test_a_subject_of_less_than_a_pixel_is_refused(options: dict) -> None:
    # each pixel of such a canvas would look at thousands of the photo's
    with pytest.raises(UsageError, match="less than one pixel"):
        cut(*rectangle((90, 70), (20, 20, 60, 40)), **options)
    assert cut(*rectangle((90, 70), (20, 20, 60, 40)), canvas="2x2", fill="60").size == Size(2, 2)


def test_a_wide_canvas_is_made_of_few_rows_at_a_time() -> None:
    assert [rows_at_once(columns) for columns in (1, 4096, 16384, 10**6)] == [256, 256, 64, 4]
    photo, alpha = rectangle((90, 70), (20, 20, 60, 40))
    wide, narrow = (cut(photo, alpha, canvas=f"{width}x300", fill="height:80") for width in (70_000, 600))
    heights = [len(strip) for strip in wide._composer("cutout").strips()]
    assert max(heights) == 14
    assert sum(heights) == 300
    # what lies around the subject is the same, and nothing lies beside it
    middle = wide.rgba()[:, 34_700:35_300]
    assert np.abs(middle.astype(int) - narrow.rgba()).max() <= 1
    assert not wide.alpha[:, :34_700].any()


@pytest.mark.parametrize(
    "options",
    [
        {"canvas": "300x20"}, {"crop": True}, {"crop": True, "margin": 80}, {"crop": True, "margins": ("9px",) * 4},
        {"aspect": "3:1"}, {"aspect": "1:9", "fill": "20"}, {"aspect": "1", "margin": 30},
        {"crop": True, "shadow": "drop:length=90,softness=20"}, {"crop": True, "shadow": "contact:length=120"},
        {"crop": True, "outline": "25px,white"}, {},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("box", [(1, 1, 88, 68), (0, 0, 90, 70), (20, 20, 60, 40)], ids=str)
def test_no_result_is_larger_than_was_told_before(options: dict, box: tuple[int, int, int, int]) -> None:
    photo, alpha = rectangle((90, 70), box)
    found, most = cut(photo, alpha, **options).size, largest_result(Options(**options), Size(90, 70))
    assert found.width <= most.width
    assert found.height <= most.height
    assert found == most or "canvas" not in options


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"crop": True, "canvas": "90x90"}, "crop=True changes nothing"),
        ({"crop": True, "aspect": "1"}, "crop=True changes"),
        ({"margin": 5}, "margin changes nothing"), ({"margins": ("1px",) * 4}, "margin changes nothing"),
        ({"margin": 5, "crop": True}, ""), ({"margin": 5, "aspect": "1"}, ""), ({}, ""),
    ],
    ids=str,
)  # fmt: skip
def test_what_changes_nothing_is_said(options: dict, said: str) -> None:
    warnings = cut(*rectangle((90, 70), (20, 20, 60, 40)), **options).receipt.warnings
    assert any(said in warning for warning in warnings) if said else not warnings


@pytest.mark.parametrize("background", [None, "white", "linear(red, blue)", "blur"])
def test_a_fit_without_a_picture_is_refused(background: str | None) -> None:
    with pytest.raises(UsageError, match="how a picture fills"):
        output_format(Options(background=background, background_fit="contain"), None)


def test_a_margin_that_makes_too_large_a_picture_is_refused() -> None:
    with pytest.raises(UsageError, match="allowed are"):
        cut(*rectangle((90, 70), (20, 20, 60, 40)), crop=True, margin=1000, max_pixels=10_000)


@pytest.mark.parametrize(("box", "alone"), [((0, 30, 200, 130), True), ((0, 30, 160, 130), False)])
def test_of_a_set_what_goes_from_edge_to_edge_says_that_it_has_its_own_scale(box, alone) -> None:
    photo, alpha = rectangle((200, 160), box)
    with Remover(Options(mask_kind="alpha", refine="off", canvas="100x100", consistent=True, scale=0.4)) as remover:
        receipt = remover.cut(photo, mask=alpha).receipt
    assert (receipt.placed["scale"] != 0.4) == alone
    assert any("a scale of its own" in warning for warning in receipt.warnings) == alone


@pytest.mark.parametrize("own", [0, 10, 255])
def test_a_canvas_is_filled_with_what_the_photos_own_alpha_shows(own: int) -> None:
    """The mask has the whole subject; the photo's alpha hides its left half, all but, or not."""
    photo, alpha = rectangle((200, 160), (40, 30, 160, 130))
    shown = np.full_like(alpha, 255)
    shown[:, :100] = own
    result = cut(np.dstack([photo, shown]), alpha, canvas="300x300", fill="80", align="left", shadow="drop")
    box = Box(100, 30, 60, 100) if own < 255 else Box(40, 30, 120, 100)
    assert result.receipt.subject == {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
    opacity = result.alpha
    rows, columns = (np.flatnonzero((opacity > 127).any(axis=axis)) for axis in (1, 0))
    high = 240 if own < 255 else 200
    assert abs(columns[0] - 0) <= 1
    assert abs(columns[-1] + 1 - high * box.width / box.height) <= 1
    assert abs(rows[-1] + 1 - rows[0] - high) <= 1
    # what is not seen casts no shadow
    assert (result.rgba()[..., 3][:, 299] == 0).all()


def test_a_photo_that_its_own_alpha_hides_fits_any_canvas() -> None:
    photo, alpha = rectangle((60, 40), (10, 10, 50, 30))
    for options in (
        {"canvas": "80x80"},
        {"aspect": "1:1"},
        {"crop": True},
        {"outline": "3px,red"},
        {"shadow": "contact"},
    ):
        result = cut(np.dstack([photo, np.zeros_like(alpha)]), alpha, **options)
        assert not result.rgba()[..., 3].any()
