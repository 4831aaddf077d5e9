"""The web page in Chromium: sample photo, dragging out, quality, a picture below, a box where nothing was found."""

import io
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from .test_page import open_page, pick, places, ready, settled, shot, until, viewer_is_settled

__all__ = ["open_page"]
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


def ground():
    data = io.BytesIO()
    Image.new("RGB", (160, 120), (20, 90, 200)).save(data, "PNG")
    return data.getvalue()


def cut(page, pictures):
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)


def downloaded(page):
    with page.expect_download() as coming:
        page.click("#download")
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_the_sample_photo_is_cut_from_the_keyboard(open_page):
    page = open_page()
    ready(page)
    page.focus("#sample")
    page.keyboard.press("Enter")
    page.wait_for_selector(".item.done .name:text('sample.jpg')", timeout=60000)
    viewer_is_settled(page)
    shot(page, "desktop-sample")
    assert "1800 × 1200" in page.locator(".item .state").inner_text()


def test_a_result_is_dragged_out_as_the_file_that_would_be_saved(open_page, service, pictures):
    page = open_page()
    cut(page, pictures)
    page.select_option("#format", "webp")
    kind, name, url = page.evaluate(
        """() => {
          const transfer = new DataTransfer(), thumb = document.querySelector('.item canvas');
          thumb.dispatchEvent(new DragEvent('dragstart', { dataTransfer: transfer, bubbles: true, cancelable: true }));
          const [kind, name, ...url] = transfer.getData('DownloadURL').split(':');
          return [kind, name, url.join(':')];
        }"""
    )
    assert (kind, name) == ("image/webp", "fuchs.cutout.webp")
    fresh = requests.post(f"{service.url}/remove_background?format=webp", files={"image": pictures["jpeg"]}, timeout=60)
    assert requests.get(url, timeout=60).content == fresh.content
    assert page.locator(".item canvas").get_attribute("draggable") == "true"


def test_quality_is_asked_for_where_a_format_has_it(open_page, service, pictures):
    page = open_page()
    cut(page, pictures)
    assert page.locator("#quality").is_hidden()
    for form, best in (("avif", "90"), ("jpeg", "95"), ("webp", "lossless")):
        page.select_option("#format", form)
        assert page.get_attribute("#quality", "placeholder") == best
    page.select_option("#background", "")
    page.fill("#quality", "40")
    page.keyboard.press("Tab")
    name, saved = downloaded(page)
    url = f"{service.url}/remove_background?format=webp&quality=40"
    assert name == "fuchs.cutout.webp"
    assert saved == requests.post(url, files={"image": pictures["jpeg"]}, timeout=60).content


def test_a_picture_is_laid_below_and_seen_as_it_is_saved(open_page, service, pictures):
    page = open_page()
    cut(page, pictures)
    page.select_option("#background", "picture")
    page.set_input_files("#picture", [{"name": "blue.png", "mimeType": "image/png", "buffer": ground()}])
    viewer_is_settled(page)
    page.wait_for_timeout(500)
    shot(page, "desktop-picture")
    name, saved = downloaded(page)
    files = {"image": pictures["jpeg"], "background_image": ground()}
    assert name == "fuchs.cutout.png"
    assert saved == requests.post(f"{service.url}/remove_background?format=png", files=files, timeout=60).content


def lonely():
    """A grey photo with a warm ball that is lost when the whole photo is looked at: PNG bytes."""
    y, x = np.mgrid[0:1200, 0:1600]
    picture = np.full((1200, 1600, 3), (120, 130, 140), np.uint8)
    picture[np.hypot(x - 400, y - 300) < 5] = (230, 60, 20)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_a_box_is_asked_for_where_nothing_was_found(open_page, by):
    page = open_page()
    ready(page)
    pick(page, ("lonely.png", lonely()))
    page.wait_for_selector(".item.failed", timeout=60000)
    page.wait_for_selector("#box-area")
    told = page.locator(".item .why").inner_text()
    assert told.startswith("No subject was found. — Draw a box")
    if by == "mouse":
        box = page.locator("#box-area").bounding_box()
        page.mouse.move(box["x"] + 0.22 * box["width"], box["y"] + 0.21 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.28 * box["width"], box["y"] + 0.29 * box["height"], steps=3)
        page.mouse.up()
        shot(page, "desktop-box")
        page.click("#box-cut")
    else:
        page.focus("#box-area")
        for key, times in (("Shift+ArrowLeft", 20), ("Shift+ArrowUp", 20), ("ArrowLeft", 1), ("ArrowUp", 1)):
            for _ in range(times):
                page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.wait_for_selector(".item.done", timeout=60000)
    assert "1600 × 1200" in page.locator(".item .state").inner_text()
    assert page.locator("#box-area").is_hidden()


def test_the_contour_is_laid_over_the_photo(open_page, pictures):
    page = open_page()
    cut(page, pictures)
    page.click("#edit")
    settled(page, 0)
    before = page.get_attribute(".edit-area img", "src")
    places(page, (0.5, 0.5, "left"))
    settled(page, 1)
    page.keyboard.press("l")
    assert page.get_attribute('.edit-bar button:text("Contour")', "aria-pressed") == "true"
    until(
        page,
        """(() => {
          const canvas = document.querySelector('.edit-area canvas');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let white = 0;
          for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 120 && data[at] > 200) white++;
          return white > 300;
        })()""",
    )
    shown = page.get_attribute(".edit-area img", "src")
    assert shown != before
    shot(page, "desktop-contour")
    page.keyboard.press("l")
    until(page, f"document.querySelector('.edit-area img').src !== {shown!r}")


def test_a_phone_speaks_of_fingers_and_has_targets_for_them(browser, service, pictures):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.goto(service.url)
        ready(page)
        assert page.locator("h2:visible").all_inner_texts() == ["Choose a photo to begin"]
        cut(page, pictures)
        page.click("#finish summary")
        shot(page, "phone-fields")
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                'button, select, summary, .check, .fields input:not([type=checkbox])')]
              .filter((node) => node.offsetParent && !node.closest('.viewer'))
              .filter((node) => node.getBoundingClientRect().height < 43.5).map((node) => node.id || node.outerHTML)"""
        )
        assert small == []
    finally:
        context.close()
