"""The comparison report in a real browser."""

import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from gigamatte.workflow.compare import compare


def scene(folder):
    rng = np.random.default_rng(11)
    alpha = np.zeros((800, 1200), np.uint8)
    cv2.circle(alpha, (600, 400), 200, 255, -1, cv2.LINE_AA)
    for angle in rng.uniform(0, 2 * np.pi, 200):
        cv2.line(
            alpha, (600, 400), (int(600 + 320 * np.cos(angle)), int(400 + 320 * np.sin(angle))), 255, 2, cv2.LINE_AA
        )
    unit = alpha[..., None] / 255
    photo = np.array([200, 150, 80]) * unit + np.array([40, 80, 120]) * (1 - unit) + rng.normal(0, 3, (800, 1200, 1))
    Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)).save(folder / "photo.png")
    Image.fromarray(cv2.resize(alpha, (200, 133), interpolation=cv2.INTER_AREA)).save(folder / "mask.png")


def test_the_report_shows_crops_and_a_viewer_of_all_ways(page, tmp_path):
    scene(tmp_path)
    _, report = compare(tmp_path / "photo.png", mask=tmp_path / "mask.png")
    page.set_viewport_size({"width": 1700, "height": 1000})
    page.goto(Path(report).resolve().as_uri())
    page.wait_for_function("globalThis.viewer && viewer.layers.length === 5")
    crops = page.locator(".spot img:visible")
    assert crops.count() == 4 * 5
    assert crops.first.evaluate("image => [image.naturalWidth, image.clientWidth]") == [320, 320]  # 1:1
    page.locator('[data-ground="magenta"]').click()
    ground = page.locator(".spot > span").first.evaluate("span => getComputedStyle(span).backgroundColor")
    assert ground == "rgb(255, 0, 255)"
    page.locator('[data-ground="alpha"]').click()
    assert page.locator(".spot .alpha:visible").count() == 4 * 4
    assert page.locator("tbody tr").count() == 4
    page.locator(".gv-choice-left").select_option("4")
    page.locator(".gv-tag-left", has_text="prepared + smoothed").wait_for()  # it is written with the next frame
    if keep := os.environ.get("GIGAMATTE_SCREENSHOTS"):
        page.screenshot(path=str(Path(keep) / "compare.png"))


def test_gigamattes_own_column_is_seen_first_without_scrolling(page, tmp_path):
    scene(tmp_path)
    _, report = compare(tmp_path / "photo.png", mask=tmp_path / "mask.png")
    page.set_viewport_size({"width": 390, "height": 844})  # a phone
    page.goto(Path(report).resolve().as_uri())
    page.wait_for_function("globalThis.viewer && viewer.layers.length === 5")
    assert page.locator(".heads figcaption").all_text_contents()[:2] == ["gigamatte", "Photo"]
    assert page.locator("tbody th").first.text_content() == "gigamatte"
    left, right = page.locator(".spot > span").first.evaluate(
        "span => [span.getBoundingClientRect().left, span.getBoundingClientRect().right]"
    )
    assert 0 <= left < right <= 390
    if keep := os.environ.get("GIGAMATTE_SCREENSHOTS"):
        page.screenshot(path=str(Path(keep) / "compare-phone.png"))
