"""The review page in a real browser: a thousand results, marks by keys, the viewer."""

import contextlib
import json
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
    """A batch of a thousand results: (address, manifest)."""
    with serving(tmp_path_factory.mktemp("review"), PHOTOS) as found:
        yield found


@contextlib.contextmanager
def serving(root, photos):
    """The review of so many results, which share their pictures' bytes: (address, manifest)."""
    (root / "in").mkdir()
    (root / "out" / ".gigamatte").mkdir(parents=True)
    photo, result = np.full((96, 128, 3), (150, 60, 30), np.uint8), np.zeros((96, 128, 4), np.uint8)
    for picture, colour in ((photo, (40, 60, 220)), (result, (40, 60, 220, 255))):
        cv2.circle(picture, (64, 48), 30, colour, -1)
    cv2.imwrite(str(root / "photo.jpg"), photo)
    cv2.imwrite(str(root / "result.png"), result)
    with Manifest(root / "out" / ".gigamatte" / "1-of-1.sqlite") as manifest:
        manifest.begin("in → out", "1")
        names = [f"{number:04}.jpg" for number in range(photos)]
        for name in names:
            os.link(root / "photo.jpg", root / "in" / name)
            os.link(root / "result.png", root / "out" / f"{name[:4]}.cutout.png")
        manifest.enlist(
            [Source(name, str(root / "in" / name), 9, "s") for name in names], "c", "{stem}.cutout.png", lambda _: None
        )
        manifest.claim(photos, str, lambda _: {})
        receipt = {"width": 128, "height": 96, "seconds": {}, "warnings": []}
        manifest.record(
            Outcome(name, "done", "f", "s", "sha", 9, "o", {**receipt, "doubt": {"score": 1 - number / photos}})
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


def opened(context, address):
    """(the page with its first results, the list of errors that it reports)"""
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    until(page, "document.querySelectorAll('article').length >= 60")
    return page, problems


def test_what_cannot_be_shown_says_so(browser, tmp_path):
    context = browser.new_context(viewport={"width": 900, "height": 500})
    context.set_default_timeout(120_000)
    with serving(tmp_path, 3) as (address, _):
        (tmp_path / "in" / "0001.jpg").unlink()
        (tmp_path / "out" / "0002.cutout.png").unlink()  # the others are the same file
        (tmp_path / "out" / "0002.cutout.png").write_bytes(b"no picture")
        page = context.new_page()
        page.goto(address)
        until(page, "document.querySelectorAll('.pair .quiet').length === 2")
        until(page, "[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
        shown = page.evaluate("[...document.querySelectorAll('.pair > div')].map((box) => box.textContent)")
        assert shown == ["", "", "cannot be shown", "", "", "cannot be shown"]
        if folder := os.environ.get("GIGAMATTE_SHOTS"):
            page.screenshot(path=f"{folder}/review.png")
    context.close()


def test_a_thousand_results_are_marked_by_keys(browser, served, tmp_path):
    address, manifest = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(120_000)
    page, problems = opened(context, address)
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
    for latest, left in (("0002.jpg", 2), ("0001.jpg", 1)):  # the latest marks are taken back
        page.keyboard.press("Control+z")
        until(page, f"document.activeElement.querySelector('b').textContent === '{latest}'")
        until(page, "!document.activeElement.dataset.mark")
        assert len(marks(manifest)) == left
    for key, name in (("r", "0002.jpg"), ("h", "0003.jpg")):
        page.keyboard.press(key)
        until(page, f"document.activeElement.querySelector('b').textContent === '{name}'")
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


def test_hints_are_given_from_the_page(browser, served):
    address, manifest = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(180_000)
    page, problems = opened(context, address)
    page.locator("article").nth(4).focus()
    page.keyboard.press("e")
    frame = page.frame_locator("iframe")
    frame.locator("#editor[data-settled='0']").wait_for()  # a preview without hints
    canvas = frame.locator("canvas")
    room = canvas.bounding_box()
    canvas.click(position={"x": room["width"] / 2, "y": room["height"] / 2})
    frame.locator("#editor[data-settled='1']").wait_for()
    assert frame.locator(".edit-area img").evaluate("(image) => image.naturalWidth") == 128
    assert frame.locator(".edit-said").inner_text() == ""
    if "GIGAMATTE_SHOTS" in os.environ:
        page.screenshot(path=os.environ["GIGAMATTE_SHOTS"] + "/review-editor.png")
    page.keyboard.press("Escape")  # closes, and keeps nothing
    until(page, "!document.querySelector('dialog').open")
    folder = manifest.parents[2] / "in"
    assert not list(folder.glob("*.json"))
    page.keyboard.press("e")
    frame.locator("#editor[data-settled='0']").wait_for()
    frame.locator("canvas").click(position={"x": room["width"] / 2, "y": room["height"] / 2})
    frame.locator("#editor[data-settled='1']").wait_for()
    frame.locator("button.primary").click()
    until(page, "!document.querySelector('dialog').open")
    until(page, "document.querySelectorAll('article')[4].dataset.mark === 'redo'")
    (kept,) = folder.glob("*.hints.json")
    assert kept.name == "0004.hints.json"
    ((x, y),) = json.loads(kept.read_text())["keep"]
    assert abs(x - 64) < 1
    assert abs(y - 48) < 1
    assert marks(manifest)["0004.jpg"] == "redo"
    context.close()
    assert problems == []


@pytest.mark.parametrize("look", ["phone", "dark-zh"])
def test_on_a_phone_and_in_chinese(look, browser, served, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_LANG", "zh" if "zh" in look else "en")
    small = {"width": 390, "height": 844}
    context = browser.new_context(
        viewport=small if look == "phone" else {"width": 1280, "height": 800}, has_touch=look == "phone",
        color_scheme="dark" if "dark" in look else "light",
    )  # fmt: skip
    context.set_default_timeout(180_000)
    page = context.new_page()
    page.goto(served[0])
    until(page, "document.querySelectorAll('article').length >= 60")
    until(page, "[...document.images].slice(0, 2).every((image) => image.complete && image.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing is cut off
    widest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('article *')].map((one) => one.getBoundingClientRect().right))"
    )
    assert widest <= page.evaluate("innerWidth")
    if "zh" in look:
        assert page.get_by_role("button", name="重做", exact=True).count() > 0
        assert "不确定度" in page.locator("article").first.inner_text()
        assert "提示" in page.locator("article").first.inner_text()
    if "GIGAMATTE_SHOTS" in os.environ:
        page.screenshot(path=os.environ["GIGAMATTE_SHOTS"] + f"/review-{look}.png")
    page.get_by_role("button", name="提示" if "zh" in look else "Hints").nth(9).click()
    page.frame_locator("iframe").locator("#editor[data-settled='0']").wait_for()
    if "GIGAMATTE_SHOTS" in os.environ:
        page.screenshot(path=os.environ["GIGAMATTE_SHOTS"] + f"/review-editor-{look}.png")
    context.close()
