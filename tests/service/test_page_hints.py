"""Correcting a result on the web page: points, strokes and keys, in a real browser against the real service."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from .pages import cut, pick, places, ready, settled, shot, until, viewer_is_settled

#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


def test_a_result_is_corrected_and_equals_the_api_for_the_same_hints(open_page, service, pictures):
    page = open_page()
    cut(page, pictures)
    page.click("#edit")
    settled(page, 0)
    places(page, (0.5, 0.5, "left"), (0.05, 0.05, "right"))
    settled(page, 2)
    page.keyboard.press("b")
    box = page.locator(".edit-area img").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.9 * box["height"], steps=4)
    page.mouse.up()
    settled(page, 3)
    shot(page, "desktop-editor")
    page.keyboard.press("Control+z")
    settled(page, 2)
    page.keyboard.press("Control+Shift+Z")
    settled(page, 3)
    page.click("#editor .primary")
    page.wait_for_selector("#editor", state="hidden", timeout=60000)
    viewer_is_settled(page)
    with page.expect_download() as coming:
        page.click(".tool-save")
    saved = Path(coming.value.path()).read_bytes()
    job = service.desk.spool.get(
        page.evaluate(
            "() => performance.getEntriesByType('resource').map((e) => e.name)"
            ".filter((n) => n.includes('/edits/save')).pop().split('/').at(-3)"
        )
    )
    hints = job.options["hints"]
    assert (len(hints["keep"]), len(hints["drop"]), len(hints["strokes"])) == (1, 1, 1)
    assert hints["keep"][0] == pytest.approx([200, 150], abs=2)
    params = {"model": "auto", "format": "png", "hints": json.dumps(hints)}
    url = f"{service.url}/remove_background"
    fresh = requests.post(url, params=params, files={"image": pictures["jpeg"]}, timeout=60)
    assert saved == fresh.content
    alpha = Image.open(io.BytesIO(saved)).convert("RGBA").getchannel("A")
    assert alpha.getpixel((80, 270)) == 255


def test_correcting_by_keyboard_alone(open_page, pictures):
    page = open_page(width=1280, height=620)
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.focus("#edit")
    page.keyboard.press("Enter")
    settled(page, 0)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    settled(page, 1)
    page.keyboard.press("Delete")
    settled(page, 2)
    shot(page, "laptop-editor-keys")
    page.keyboard.press("Escape")
    page.wait_for_selector("#editor", state="hidden")
    viewer_is_settled(page)


def test_keys_in_a_field_are_not_the_editors(open_page, pictures):
    page = open_page()
    cut(page, pictures)
    page.click("#edit")
    settled(page, 0)
    places(page, (0.5, 0.5, "left"))
    settled(page, 1)
    page.evaluate("() => { document.getElementById('finish').open = true; }")
    page.focus("#outline")
    page.keyboard.press("e")  # a digit's power, no brush
    page.keyboard.press("Control+z")
    page.focus("#format")
    page.keyboard.press("b")
    assert page.locator(".edit-bar [aria-pressed=true]").all_inner_texts() == ["Pick"]
    settled(page, 1)
    page.focus(".edit-area canvas")
    page.keyboard.press("b")
    assert page.locator(".edit-bar [aria-pressed=true]").all_inner_texts() == ["Brush: keep"]


def test_what_was_pointed_at_waits_while_another_photo_is_looked_at(open_page, pictures):
    page = open_page()
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]), ("hase.jpg", pictures["jpeg"]))
    until(page, "document.querySelectorAll('.item.done').length === 2")
    page.click("#edit")
    settled(page, 0)
    places(page, (0.5, 0.5, "left"), (0.05, 0.05, "right"), (0.4, 0.5, "left"))
    settled(page, 3)
    page.click(".item:nth-child(2) .show")
    page.wait_for_selector("#editor", state="hidden")
    viewer_is_settled(page)
    assert page.locator(".item.selected .name").inner_text() == "hase.jpg"
    page.click(".item:nth-child(1) .show")
    viewer_is_settled(page)
    page.click("#edit")
    settled(page, 3)
    page.keyboard.press("Control+z")  # the last one, not the last of a kind
    settled(page, 2)
    page.keyboard.press("Escape")
    page.wait_for_selector("#editor", state="hidden")
    page.reload()
    ready(page)
    until(page, "document.querySelectorAll('.item.done').length === 2")
    viewer_is_settled(page)
    page.click("#edit")
    settled(page, 2)
    page.click(".item:nth-child(1) .tool-remove")
    page.wait_for_selector("#editor", state="hidden")
    viewer_is_settled(page)
    assert page.locator(".item .name").all_inner_texts() == ["hase.jpg"]


def test_correcting_on_a_phone_in_chinese(open_page, pictures):
    page = open_page(width=390, height=844, locale="zh-CN", scheme="dark")
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.click("#edit")
    settled(page, 0)
    assert page.locator("#editor .primary").inner_text() == "完成"
    heights = page.evaluate("() => [...document.querySelectorAll('.edit-bar button')].map((b) => b.offsetHeight)")
    assert min(heights) >= 44
    assert page.locator(".edit-area").bounding_box()["height"] > 400  # the list makes room
    assert not page.locator(".side").is_visible()
    places(page, (0.5, 0.5, "left"))
    settled(page, 1)
    shot(page, "phone-editor-zh-dark")
    page.keyboard.press("Escape")
    page.wait_for_selector(".side", state="visible")


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
