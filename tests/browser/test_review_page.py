"""The review page in a real browser: a thousand results, marks by keys, the viewer."""

import os
import sqlite3
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from gigamatte.batch.manifest import Manifest
from gigamatte.batch.overview import manifests_of
from gigamatte.batch.review.desk import Desk
from gigamatte.batch.review.server import ReviewServer
from gigamatte.batch.task import Outcome, Source

PHOTOS = 1000


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A batch of a thousand results, which share their pictures' bytes: (address, manifest)."""
    root = tmp_path_factory.mktemp("review")
    (root / "in").mkdir()
    (root / "out" / ".gigamatte").mkdir(parents=True)
    photo, result = np.full((96, 128, 3), (150, 60, 30), np.uint8), np.zeros((96, 128, 4), np.uint8)
    for picture, colour in ((photo, (40, 60, 220)), (result, (40, 60, 220, 255))):
        cv2.circle(picture, (64, 48), 30, colour, -1)
    cv2.imwrite(str(root / "photo.jpg"), photo)
    cv2.imwrite(str(root / "result.png"), result)
    with Manifest(root / "out" / ".gigamatte" / "1-of-1.sqlite") as manifest:
        manifest.begin("in → out", "1")
        names = [f"{number:04}.jpg" for number in range(PHOTOS)]
        for name in names:
            os.link(root / "photo.jpg", root / "in" / name)
            os.link(root / "result.png", root / "out" / f"{name[:4]}.cutout.png")
        manifest.enlist(
            [Source(name, str(root / "in" / name), 9, "s") for name in names], "c", "{stem}.cutout.png", lambda _: None
        )
        manifest.claim(PHOTOS, str, lambda _: {})
        receipt = {"width": 128, "height": 96, "seconds": {}, "warnings": []}
        manifest.record(
            Outcome(name, "done", "f", "s", "sha", 9, "o", {**receipt, "doubt": {"score": 1 - number / PHOTOS}})
            for number, name in enumerate(names)
        )
    out = str(root / "out")
    server = ReviewServer(Desk(out, manifests_of(out)), out, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.address, root / "out" / ".gigamatte" / "1-of-1.sqlite"
    server.close()
    thread.join()


def marks(path: Path) -> dict[str, str]:
    database = sqlite3.connect(path)
    try:
        return dict(database.execute("SELECT key, mark FROM photos WHERE mark IS NOT NULL"))
    finally:
        database.close()


def until(page, condition: str) -> None:
    """Asks again and again: the page's own policy keeps Playwright from doing so inside it."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def test_a_thousand_results_are_marked_by_keys(browser, served, tmp_path):
    address, manifest = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(120_000)
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    until(page, "document.querySelectorAll('article').length >= 60")
    assert page.evaluate("document.querySelector('article b').textContent") == "0000.jpg"
    until(page, "[...document.images].slice(0, 4).every((image) => image.complete && image.naturalWidth > 0)")
    # only what is near the window is fetched
    assert page.evaluate("[...document.images].filter((image) => image.naturalWidth > 0).length") < 150
    until(page, "document.activeElement.matches('article')")
    page.keyboard.press("g")
    until(page, "document.querySelector('article').dataset.mark === 'good'")
    until(page, "document.activeElement.querySelector('b').textContent === '0001.jpg'")
    page.keyboard.press("r")
    until(page, "document.activeElement.querySelector('b').textContent === '0002.jpg'")
    page.keyboard.press("h")
    until(page, "document.activeElement.querySelector('b').textContent === '0003.jpg'")
    assert marks(manifest) == {"0000.jpg": "good", "0001.jpg": "redo", "0002.jpg": "hand"}
    # all thousand come while one scrolls
    for _ in range(60):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        if page.evaluate("document.querySelectorAll('article').length") == PHOTOS:
            break
        page.wait_for_timeout(150)
    until(page, f"document.querySelectorAll('article').length === {PHOTOS}")
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("article").first.locator(".pair").click()
    page.wait_for_selector("dialog[open]")
    frame = page.frame_locator("iframe")
    frame.locator("canvas").first.wait_for()
    if "GIGAMATTE_SHOTS" in os.environ:
        page.screenshot(path=os.environ["GIGAMATTE_SHOTS"] + "/review-viewer.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Redo", exact=True).first.click()
    until(page, "document.querySelectorAll('article').length === 1")
    if "GIGAMATTE_SHOTS" in os.environ:
        page.get_by_role("button", name="All", exact=True).click()
        page.wait_for_timeout(1500)
        page.screenshot(path=os.environ["GIGAMATTE_SHOTS"] + "/review.png")
    context.close()
    assert problems == []
