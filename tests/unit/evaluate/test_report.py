"""Cases are found, scored by the real pipeline from their coarse masks, and summed up correctly."""

import json
import math

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from gigamatte.cli.evaluate import evaluate as command
from gigamatte.errors import MissingInput, UsageError
from gigamatte.evaluate.cases import find_cases
from gigamatte.evaluate.reduced import Reduction
from gigamatte.evaluate.report import BASELINE, Evaluation, Row, enlarged, evaluate, geometric_mean
from gigamatte.evaluate.table import markdown_table, text_table, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two cases: a soft disc of known colours on a noisy ground, its mask shrunk sixfold."""
    root = tmp_path_factory.mktemp("cases")
    rng = np.random.default_rng(4)
    for index in range(2):
        y, x = np.mgrid[:240, :360].astype(np.float32)
        alpha = np.clip((80 + 8 * np.cos(12 * np.arctan2(y - 120, x - 180)) - np.hypot(x - 180, y - 120)) + 0.5, 0, 1)
        pure = np.dstack([np.full_like(x, 40), 60 + x / 4, np.full_like(x, 210)])
        ground = rng.normal((90 + 60 * index, 160, 70), 4, (240, 360, 3))
        photo = pure * alpha[..., None] + ground * (1 - alpha[..., None])
        case = root / f"disc{index}"
        case.mkdir()
        small = cv2.GaussianBlur(cv2.resize(alpha, (60, 40), interpolation=cv2.INTER_AREA), (0, 0), 1)
        for name, picture in (("photo", photo), ("foreground", pure), ("alpha", alpha * 255), ("coarse", small * 255)):
            cv2.imwrite(str(case / f"{name}.png"), np.clip(np.round(picture), 0, 255).astype(np.uint8))
    (root / "not a case").mkdir()
    return root


def test_cases_are_found(folder, tmp_path):
    assert [case.name for case in find_cases(folder)] == ["disc0", "disc1"]
    with pytest.raises(MissingInput, match="holds no case"):
        find_cases(tmp_path)
    with pytest.raises(MissingInput, match="no folder"):
        find_cases(tmp_path / "none")


def test_the_pipeline_beats_enlarging_on_every_measure(folder):
    found = evaluate(find_cases(folder), refines=("guided",), network=False)
    assert [(row.case, row.method) for row in found.rows] == [
        (case, method) for case in ("disc0", "disc1") for method in (BASELINE, "guided")
    ]
    base, ours = found.summary()
    assert (base["sad"], base["grad"], base["colour_error"]) == pytest.approx((1, 1, 1))
    assert ours["sad"] < 0.5
    assert ours["grad"] < 0.4
    assert ours["colour_error"] < 0.5
    assert ours["iou"] > 0.98
    for row in found.rows:
        assert not math.isnan(row.values["halo"])


def test_the_baseline_is_the_enlarged_mask(folder):
    case = find_cases(folder)[0]
    row = evaluate([case], refines=("off",), network=False).rows[0]
    mask = cv2.imread(str(case.coarse), 0).astype(np.float32) / 255
    truth = cv2.imread(str(case.alpha), 0).astype(np.float32) / 255
    assert row.values["sad"] == pytest.approx(np.abs(enlarged(mask, truth.shape) - truth).sum() / 1000, rel=1e-4)


def test_exact_masks_made_smaller_are_judged_against_enlarging_them(folder):
    exact = [Reduction.parsed(text) for text in ("1/1", "1/2", "90")]
    found = evaluate(find_cases(folder), coarse=False, network=False, exact=exact)
    lines = {(line["source"], line["method"]): line for line in found.summary()}
    assert {source for source, _ in lines} == {"exact 1/1", "exact 1/2", "exact 90²"}
    for source in ("exact 1/2", "exact 90²"):
        assert lines[source, "auto"]["sad"] < 0.9
        assert lines[source, "auto"]["grad"] < 0.9
    for row in found.rows:  # of the photo's size, it is kept
        if row.source == "exact 1/1":
            assert row.values["sad"] == 0


def test_a_reduction_is_a_part_of_the_sides_or_a_square():
    alpha = np.ones((300, 400), np.float32)
    assert Reduction.parsed("1/3").mask(alpha).shape == (100, 133)
    assert Reduction.parsed("200").mask(alpha).shape == (200, 200)
    assert Reduction.parsed("4096").mask(alpha).shape == (300, 400)
    for wrong in ("2", "1/0", "1/x", "1/nan", "0.5", "", "99999", "²"):
        with pytest.raises(UsageError, match="no size of a mask"):
            Reduction.parsed(wrong)


def test_summary_is_a_geometric_mean_of_ratios():
    def row(case, method, sad):
        return Row(case, "coarse", method, 1.0, {"sad": sad, "iou": 0.5})

    rows = [row("a", BASELINE, 2.0), row("a", "x", 1.0), row("b", BASELINE, 1.0), row("b", "x", 0.125)]
    lines = Evaluation(rows).summary()
    assert lines[1]["sad"] == pytest.approx(0.25)
    assert lines[1]["grad"] is None
    assert geometric_mean([]) is None


def test_nothing_to_do_is_refused(folder):
    with pytest.raises(UsageError, match="nothing to evaluate"):
        evaluate(find_cases(folder), coarse=False, network=False)


def test_the_command_prints_tables_and_json(folder):
    app = typer.Typer()
    app.command()(command)
    shown = CliRunner().invoke(app, [str(folder), "--no-network", "--refine", "guided"])
    assert shown.exit_code == 0
    assert "band_grad" in shown.stdout
    plain = json.loads(CliRunner().invoke(app, [str(folder), "--no-network", "--json"]).stdout)
    assert {line["method"] for line in plain["summary"]} == {BASELINE, "auto"}
    assert len(plain["cases"]) == 4


def test_numbers_are_written_with_three_digits():
    assert [written(value) for value in (0.0, 1.0, 12.345, 1234.5, 0.0123456, 3e-7, None, float("nan"), 7, "a")] == [
        "0", "1.00", "12.3", "1234", "0.0123", "3.0e-07", "–", "–", "7", "a"
    ]  # fmt: skip


def test_tables_align_wide_characters():
    lines = text_table(["方法", "n"], [["直接", 1], ["gigamatte", 12]]).splitlines()
    assert lines == ["方法        n", "直接        1", "gigamatte  12"]
    assert markdown_table(["a", "b"], [["x", 1.5]]).splitlines() == ["| a | b |", "|---|---:|", "| x | 1.50 |"]
