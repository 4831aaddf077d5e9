"""Corrections by hand mean the same at any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import gigamatte
from gigamatte import Options
from gigamatte.matte.mask.correct import Correction, without_holes, without_specks
from gigamatte.testing.photos import coarse as shrunk
from gigamatte.testing.photos import made_photo
from gigamatte.types import Box, CoarseMatte, Fit, Size


def coarse(factor: int = 1) -> CoarseMatte:
    """A square with a small and a large hole, and a speck."""
    alpha = np.zeros((60, 80), np.float32)
    alpha[10:50, 10:60] = 1
    alpha[15:17, 15:17] = 0
    alpha[25:40, 30:45] = 0
    alpha[30:33, 70:73] = 1
    frame = Fit.whole(Size(800, 600), Size(80 * factor, 60 * factor))
    return CoarseMatte(np.kron(alpha, np.ones((factor, factor), np.float32)), frame)


@pytest.mark.parametrize("factor", [1, 3])
def test_specks_go_and_the_subject_stays(factor: int) -> None:
    alpha = without_specks(coarse(factor)).alpha
    assert alpha[31 * factor, 71 * factor] == 0
    assert alpha[12 * factor, 12 * factor] == 1


@pytest.mark.parametrize("factor", [1, 3])
def test_only_small_holes_are_filled(factor: int) -> None:
    alpha = without_holes(coarse(factor), 2).alpha
    assert alpha[16 * factor, 16 * factor] == 1
    assert alpha[30 * factor, 35 * factor] == 0
    assert alpha[0, 0] == 0
    assert without_holes(coarse(factor), 100).alpha[30 * factor, 35 * factor] == 1


def test_strokes_of_any_size_are_obeyed_and_drop_wins() -> None:
    keep, drop = np.zeros((600, 800), np.uint8), np.zeros((60, 80), np.uint8)
    keep[300:420, 720:790] = 255
    keep[100:200, 100:200] = 255
    drop[10:20, 10:20] = 255
    corrected = Correction(keep=keep, drop=drop).applied(coarse())
    size = corrected.fit.network
    at = lambda row, column: corrected.alpha[row * size.height // 600, column * size.width // 800]  # noqa: E731
    assert at(360, 750) == 1
    assert at(150, 150) == 0
    assert at(450, 300) == 1


@pytest.mark.parametrize("refine", ["guided", "neural", "off"])
def test_what_lies_under_a_stroke_is_exactly_what_it_says(refine: Any, tmp_path: Path) -> None:
    """Whatever the photo shows there. A fault of the past: a stroke on plain background came out at 60 %."""
    made = made_photo(Size(900, 700), seed=4)
    mask = (shrunk(made.alpha, 6) * 255).round().astype(np.uint8)
    keep, drop = np.zeros((700, 900), np.uint8), np.zeros((350, 450), np.uint8)
    cv2.circle(keep, (60, 60), 30, 255, -1)
    cv2.circle(drop, (225, 175), 14, 255, -1)
    cv2.imwrite(str(tmp_path / "keep.png"), keep)
    cv2.imwrite(str(tmp_path / "drop.png"), drop)
    strokes = {"keep": str(tmp_path / "keep.png"), "drop": str(tmp_path / "drop.png")}
    plain = gigamatte.cut(made.photo, Options(refine=refine), mask=mask).alpha
    corrected = gigamatte.cut(made.photo, Options(refine=refine, **strokes), mask=mask).alpha
    inside = cv2.erode(drop, np.ones((3, 3), np.uint8)) > 0
    assert plain[keep > 0].max() == 0
    assert plain[::2, ::2][inside].min() == 255
    assert corrected[keep > 0].min() == 255
    assert corrected[::2, ::2][inside].max() == 0
    far = np.ones(plain.shape, np.bool_)
    far[:200, :200] = far[200:500, 300:600] = False
    assert np.array_equal(corrected[far], plain[far])


def test_strokes_outside_the_searched_box_count() -> None:
    part = CoarseMatte(np.ones((30, 40), np.float32), Fit(Size(800, 600), Box(0, 0, 400, 300), Size(40, 30)))
    keep = np.zeros((600, 800), np.uint8)
    keep[450:550, 600:700] = 255
    corrected = Correction(keep=keep).applied(part)
    assert corrected.fit.region == Size(800, 600).box
    assert corrected.alpha[int(corrected.alpha.shape[0] * 500 / 600), int(corrected.alpha.shape[1] * 650 / 800)] == 1
    assert corrected.alpha[-1, -1] == 0


def test_through_the_options(tmp_path: object) -> None:
    photo = np.full((300, 400, 3), 90, np.uint8)
    photo[60:240, 60:240] = (200, 40, 40)
    photo[100:160, 300:360] = (40, 40, 200)
    mask = np.zeros((300, 400), np.uint8)
    mask[60:240, 60:240] = 255
    mask[100:160, 300:360] = 255
    assert gigamatte.cut(photo, mask=mask).alpha[130, 330] == 255
    assert gigamatte.cut(photo, Options(largest=True), mask=mask).alpha[130, 330] == 0


def test_a_memory_budget_is_refused_up_front() -> None:
    photo = np.zeros((300, 400, 3), np.uint8)
    with pytest.raises(gigamatte.BudgetExceeded, match="MB of memory"):
        gigamatte.cut(photo, Options(memory=50_000_000))


def test_uncertainty_is_bright_where_alpha_is_half() -> None:
    ramp = np.tile(np.linspace(0, 255, 200).astype(np.uint8), (100, 1))
    photo = np.dstack([ramp] * 3)
    cutout = gigamatte.cut(photo, Options(refine="off", only="uncertainty"), mask=ramp)
    import io

    from PIL import Image

    out = io.BytesIO()
    cutout.save(out)
    picture = np.asarray(Image.open(io.BytesIO(out.getvalue())))
    assert picture[50, 100] > 240
    assert picture[50, 2] < 10
    assert picture[50, -2] < 10


def test_a_pair_is_two_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    photo = np.full((100, 120, 3), 90, np.uint8)
    mask = np.zeros((100, 120), np.uint8)
    mask[20:80, 20:80] = 255
    gigamatte.cut(photo, Options(only="pair"), mask=mask).save(tmp_path / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.alpha.png", "a.colour.png"]
