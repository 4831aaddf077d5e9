"""Reported masks: labels, kinds and strokes. One test for each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image
from tests.cases.pictures import Case, cut, values

from gigamatte.errors import InputError, NoSubject
from gigamatte.options import Options
from gigamatte.remover import Remover


@pytest.mark.parametrize(("name", "value"), [("voc_person", 147), ("voc_aeroplane", 38), ("zero_one", 1)])
def test_label_masks(case: Case, tmp_path: Path, name: str, value: int) -> None:
    folder = case("label-masks")
    receipt = cut(folder / "base.jpg", tmp_path / "o.png", mask=str(folder / f"{name}.png"))
    assert any(f"two values, 0 and {value} of 255: taken as no and yes" in warning for warning in receipt.warnings)
    alpha = pyvips.Image.new_from_file(str(tmp_path / "o.png")).numpy()[..., 3]
    meant = np.asarray(Image.open(folder / f"{name}.png").convert("RGB")).max(axis=2) > 0
    meant = cv2.resize(meant.astype(np.uint8), alpha.shape[::-1], interpolation=cv2.INTER_NEAREST)
    assert (alpha[cv2.erode(meant, np.ones((5, 5), np.uint8)) > 0] == 255).all()
    assert (alpha[cv2.dilate(meant, np.ones((5, 5), np.uint8)) == 0] == 0).all()


def labelled(*values: Any, dtype: Any = np.uint8) -> NDArray[Any]:
    """Bands of these values, or colours, from left to right."""
    return np.repeat(np.repeat(np.array(values, dtype)[None], 24, axis=0), 32 // len(values), axis=1)


def alpha_of(mask: Any, **options: Any) -> tuple[NDArray[Any], list[str]]:
    with Remover(Options(refine="off", **options)) as remover, remover.cut(values(3), mask=mask) as cutout:
        return cutout.alpha, [warning for warning in cutout.receipt.warnings if "mask" in warning]


@pytest.mark.parametrize(
    ("mask", "alpha", "said"),
    [
        (labelled(0, 1), (0, 255), "0 and 1 of 255"),
        (labelled(0, 128), (0, 255), "0 and 128 of 255"),
        (labelled(0, 255, dtype=np.uint16), (0, 255), "0 and 255 of 65535"),
        (labelled((0, 0, 0), (0, 255, 0)), (0, 255), "0 and 150 of 255"),
        (labelled(0, 255), (0, 255), None),
        (labelled(0, 250), (0, 250), None),  # as white as a lossy mask is
        (labelled((0, 0, 0), (255, 255, 255)), (0, 255), None),
        (labelled(0, 80, 160, 200), (0, 200), "brightest value of the mask is 200 of 255"),
        (labelled((255, 255, 255, 0), (255, 255, 255, 160)), (0, 160), None),  # an alpha is an alpha
    ],
)
def test_what_two_values_mean(mask: NDArray[Any], alpha: tuple[int, int], said: str | None) -> None:
    found, warnings = alpha_of(mask)
    assert (found[12, 1], found[12, -2]) == alpha
    assert [said is not None and said in warning for warning in warnings] == ([True] if said else [])


def test_a_kind_that_was_named_takes_values_as_they_are() -> None:
    found, warnings = alpha_of(labelled(0, 160), mask_kind="alpha")
    assert (found[12, 1], found[12, -2]) == (0, 160)
    assert not warnings


@pytest.mark.parametrize(
    "mask",
    [
        labelled((0, 0, 0), (128, 0, 0), (192, 128, 128), (224, 224, 192)),  # two classes and a border
        labelled((255, 255, 255), (200, 0, 0)),  # which of the two is the subject?
    ],
)
def test_a_map_of_several_labels_is_refused(mask: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="colours, as a map of labels does"):
        alpha_of(mask)
    assert alpha_of(mask, mask_kind="alpha")[0].max() > 128


@pytest.mark.parametrize("mask", [labelled(0, 1, 2, 3), labelled(0, 1, 2, 700, dtype=np.uint16), labelled(0, 0)])
def test_a_mask_without_subject_tells_its_largest_value(mask: NDArray[Any]) -> None:
    full = 255 if mask.dtype == np.uint8 else 65535
    with pytest.raises(NoSubject, match=f"its largest value is {mask.max()} of {full}"):
        alpha_of(mask)


def test_strokes_of_labels_count(tmp_path: Path) -> None:
    for name, stroke in (("one", labelled(0, 1)), ("grey", labelled(0, 100)), ("few", labelled(0, 30, 60, 90))):
        Image.fromarray(stroke).save(tmp_path / f"{name}.png")
    for name in ("one", "grey"):
        with Remover(Options(refine="off", drop=str(tmp_path / f"{name}.png"))) as remover:
            cutout = remover.cut(values(3), mask=np.full((24, 32), 255, np.uint8))
            assert any("drop holds two values" in warning for warning in cutout.receipt.warnings)
            assert (cutout.alpha[12, 2], cutout.alpha[12, -3]) == (255, 0)
    with Remover(Options(refine="off", keep=str(tmp_path / "few.png"))) as remover:
        receipt = remover.cut(values(3), mask=np.full((24, 32), 255, np.uint8)).receipt
        assert any("nothing of it counts" in warning for warning in receipt.warnings)
