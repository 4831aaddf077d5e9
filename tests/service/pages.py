"""What the tests of the web page do with it: wait, choose photos, click, take screenshots."""

import os
import time
from pathlib import Path

#: where screenshots go, to be looked at; none are kept unless it is set
SHOTS = os.environ.get("GIGAMATTE_SCREENSHOTS")


def ready(page):
    page.wait_for_selector("body[data-ready=yes]")


def pick(page, *photos):
    page.set_input_files("#files", [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in photos])


def until(page, expression, seconds=120):
    """Wait for a condition. (Playwright's own wait evaluates strings in the page, which its policy forbids.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def viewer_is_settled(page):
    page.wait_for_selector("#viewer .gv-canvas")
    page.wait_for_timeout(400)


def places(page, *points):
    """Clicks at places of the photo, 0…1 of its width and height, where the editor shows it."""
    box = page.locator(".edit-area img").bounding_box()
    for x, y, button in points:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"], button=button)


def settled(page, marks):
    page.wait_for_selector(f'#editor[data-settled="{marks}"]', timeout=60000)


def cut(page, pictures):
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)


def downloaded(page):
    with page.expect_download() as coming:
        page.click("#download")
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()
