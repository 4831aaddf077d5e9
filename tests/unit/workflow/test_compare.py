"""The comparison's figures on pictures whose figures are known, and the whole command on a small scene."""

import base64
import io
import json
import re

import cv2
import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from gigamatte.cli.compare import compare as command
from gigamatte.errors import UsageError
from gigamatte.evaluate.clarity import estimated_leak, hair_clarity, texture_kept
from gigamatte.options import Options
from gigamatte.types import Size
from gigamatte.workflow import compare_page
from gigamatte.workflow.compare import compare, measure
from gigamatte.workflow.compare_page import comparison_page, crop_at_photo_size, detail_places
from gigamatte.workflow.comparison import Comparison
from gigamatte.workflow.ways import NAMES, Way


def strands(height=700, width=900):
    """Strands two pixels wide that stick out of a disc: the true alpha, uint8."""
    alpha = np.zeros((height, width), np.uint8)
    middle = (width // 2, height // 2)
    cv2.circle(alpha, middle, 180, 255, -1, cv2.LINE_AA)
    rng = np.random.default_rng(9)
    for angle in rng.uniform(0, 2 * np.pi, 160):
        end = (int(middle[0] + 270 * np.cos(angle)), int(middle[1] + 270 * np.sin(angle)))
        cv2.line(alpha, middle, end, 255, 2, cv2.LINE_AA)
    return alpha


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    rng = np.random.default_rng(10)
    alpha = strands()
    unit = alpha[..., None] / 255
    hair = np.array([190, 130, 60]) + rng.normal(0, 12, (*alpha.shape, 1))
    ground = np.array([60, 90, 160]) + rng.normal(0, 2, (*alpha.shape, 1))
    photo = np.clip(np.round(hair * unit + ground * (1 - unit)), 0, 255).astype(np.uint8)
    mask = cv2.GaussianBlur(cv2.resize(alpha, (150, 117), interpolation=cv2.INTER_AREA), (0, 0), 1)
    Image.fromarray(photo).save(folder / "photo.png")
    Image.fromarray(alpha).save(folder / "alpha.png")
    Image.fromarray(mask).save(folder / "mask.png")
    return folder, photo, alpha


def test_hair_clarity_is_the_rms_of_what_a_blur_takes_away():
    flat = np.full((64, 64), 0.5, np.float32)
    everywhere = np.ones((64, 64), bool)
    assert hair_clarity(flat, everywhere) == pytest.approx(0, abs=1e-4)
    x = np.arange(64)
    fine = np.broadcast_to(0.5 + 0.4 * np.cos(np.pi * x), (64, 64)).astype(np.float32)  # period of two pixels
    assert hair_clarity(fine, everywhere) == pytest.approx(40, rel=0.02)
    assert hair_clarity(fine, np.zeros((64, 64), bool)) == 0


def test_texture_is_measured_octave_by_octave(scene):
    _, photo, _ = scene
    inside = np.ones(photo.shape[:2], bool)
    assert texture_kept(photo, photo, inside) == pytest.approx((1, 1, 1, 1))
    small = cv2.resize(photo, (225, 175), interpolation=cv2.INTER_AREA)
    kept = texture_kept(cv2.resize(small, (900, 700), interpolation=cv2.INTER_CUBIC), photo, inside)
    assert kept[0] < 0.15
    assert kept[0] < kept[1] < kept[2] < kept[3] <= 1.1
    assert np.isnan(texture_kept(photo, photo, ~inside)[0])


def test_the_estimated_leak_of_known_mixtures(scene):
    _, photo, alpha = scene
    clean = np.broadcast_to(np.array([190, 130, 60], np.uint8), photo.shape)
    half = np.broadcast_to(np.array([125, 110, 110], np.uint8), photo.shape)
    assert estimated_leak(np.ascontiguousarray(clean), alpha, photo, alpha, 12) == pytest.approx(0, abs=0.06)
    assert estimated_leak(np.ascontiguousarray(half), alpha, photo, alpha, 12) == pytest.approx(0.5, abs=0.06)
    assert estimated_leak(photo, alpha, photo, alpha, 12) > 0.25


def test_four_ways_are_measured(scene, tmp_path):
    folder, _, _ = scene
    found, report = compare(
        folder / "photo.png", tmp_path / "r.html", mask=folder / "mask.png", truth=folder / "alpha.png"
    )
    assert tuple(way.way for way in found.ways) == NAMES
    direct, prepared, smoothed, full = found.ways
    assert [(way.width, way.height) for way in found.ways] == [(900, 700), (1024, 796), (1024, 796), (900, 700)]
    assert full.hair_clarity > 2 * direct.hair_clarity
    assert full.grad < 0.5 * direct.grad
    assert full.sad < direct.sad
    assert full.halo < 0.5 * direct.halo
    assert full.edge_width < direct.edge_width
    assert smoothed.edge_width < prepared.edge_width
    assert direct.texture_kept == pytest.approx(1, abs=0.01)
    assert full.texture_kept == pytest.approx(1, abs=0.01)
    assert all(way.seconds > 0 and way.megabytes > 0 for way in found.ways)
    text = report.read_text(encoding="utf-8")
    assert text.count('class="spot"') == 4
    assert "prepared + smoothed" in found.table()


def test_a_photo_that_its_own_alpha_hides_is_compared_without_it(scene, tmp_path):
    folder, photo, _ = scene
    Image.fromarray(np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])).save(tmp_path / "hidden.png")
    arguments = {"mask": folder / "mask.png", "truth": folder / "alpha.png"}
    found, _ = compare(tmp_path / "hidden.png", tmp_path / "r.html", options=Options(ignore_alpha=True), **arguments)
    plain, _ = compare(folder / "photo.png", tmp_path / "p.html", **arguments)
    assert found.ways[-1].sad == plain.ways[-1].sad


def decoded(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))))


def test_crops_are_exact_and_whole_pictures_reduced(scene, tmp_path, monkeypatch):
    _, photo, alpha = scene
    photo, alpha = photo[:480, 100:], alpha[:480, 100:]
    monkeypatch.setattr(compare_page, "WHOLE", 400)
    (tmp_path / "r.png").write_bytes(b"")
    ways = [Way(name, np.dstack([photo, alpha]), tmp_path / "r.png", 1.0) for name in NAMES]
    found = Comparison("photo.png", Size(800, 480), "mask", tuple(measure(photo, ways)))
    page = comparison_page(found, photo, ways)
    crops = [decoded(uri) for uri in re.findall(r'<img [^>]*src="(data:[^"]+)"', page)]
    places = detail_places(alpha, compare_page.CROP, compare_page.SPOTS)
    assert len(crops) == len(places) * (1 + 2 * len(NAMES)) > 0
    for index, (top, left) in enumerate(places):
        window = np.s_[top : top + compare_page.CROP, left : left + compare_page.CROP]
        colours, opacity, before = crops[index * 9 : index * 9 + 3]
        assert (before == photo[window]).all()
        assert (colours[..., 3] == alpha[window]).all()
        assert (colours[..., :3] == photo[window])[alpha[window] > 0].all()
        assert (opacity == alpha[window][..., None]).all()
    layers = json.loads(re.search(r'id="viewer-layers">(.*?)</script>', page)[1])
    assert [(layer["width"], layer["height"]) for layer in layers] == [(400, 240)] * 5
    assert "reduced to 400×240; the spots above are not" in page
    monkeypatch.undo()
    assert "reduced to" not in comparison_page(found, photo, ways)


def test_the_command(scene, tmp_path):
    whole, photo, _ = scene
    folder = tmp_path / "small"
    folder.mkdir()
    Image.fromarray(photo[200:500, 300:600]).save(folder / "photo.png")
    Image.open(whole / "mask.png").crop((50, 33, 100, 83)).save(folder / "mask.png")
    app = typer.Typer()
    app.command()(command)
    arguments = [
        str(folder / "photo.png"),
        "--mask",
        str(folder / "mask.png"),
        "-o",
        str(tmp_path / "r.html"),
        "--json",
    ]
    answer = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert answer["model"] == "mask"
    assert answer["ways"][0]["sad"] is None
    assert len(answer["ways"][3]["texture_octaves"]) == 4
    again = CliRunner().invoke(app, arguments)
    assert isinstance(again.exception, UsageError)


def test_a_truth_of_another_size_is_refused(scene, tmp_path):
    folder, _, _ = scene
    with pytest.raises(UsageError, match="true alpha has 150×117"):
        compare(folder / "photo.png", tmp_path / "r.html", mask=folder / "mask.png", truth=folder / "mask.png")
    assert not list(tmp_path.iterdir())


def test_spots_lie_where_the_detail_is_and_apart():
    alpha = strands()
    places = detail_places(alpha, 200, 4)
    assert len(places) == 4
    for index, (top, left) in enumerate(places):
        assert 0 <= top <= 500
        assert 0 <= left <= 700
        assert all(abs(top - other) >= 90 or abs(left - beside) >= 90 for other, beside in places[:index])
    assert detail_places(np.zeros((300, 300), np.uint8), 200, 4) == []
    assert detail_places(alpha[340:348, 440:446], 200, 4) == []  # smaller than a window, and flat


def test_crops_of_small_results_are_enlarged_to_the_photos_scale():
    y, x = np.mgrid[:100, :150]
    small = np.dstack([x, y, 0 * x, 255 + 0 * x]).astype(np.uint8)
    piece = crop_at_photo_size(small, (400, 600), 200, 300, 40)
    assert piece.shape == (40, 40, 4)
    centre = piece[20, 20].astype(float)
    assert centre == pytest.approx([(320.5 / 4) - 0.5, (220.5 / 4) - 0.5, 0, 255], abs=1)
    assert Size.of(crop_at_photo_size(small, (100, 150), 90, 140, 40)) == Size(10, 10)
