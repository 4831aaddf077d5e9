"""What the page saves: its fields, and the bytes that the service gives for the words that they mean."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from PIL import Image

from gigamatte.photo.paths.find import own_paths
from gigamatte.types import Size

from .pages import pick, ready, shot, until
from .test_finish import ground
from .test_own_paths import with_path

pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def cut(open_page, pictures):
    """A page with a photo that is cut."""
    page = open_page()
    ready(page)
    pick(page, ("fuchs.jpg", with_path(pictures["jpeg"])))
    page.wait_for_selector(".item.done", timeout=60000)
    return page


def saved(page):
    with page.expect_download() as coming:
        page.locator(".tool-save").first.click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def fresh(service, pictures, files=None, **query):
    sent = {"image": with_path(pictures["jpeg"]), **(files or {})}
    answer = requests.post(f"{service.url}/remove_background", params=query, files=sent, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_line_around_the_subject_and_few_colours(cut, service, pictures):
    cut.fill("#outline", "6")
    cut.dispatch_event("#outline", "change")
    cut.fill("#outline-colour", "#ff8800")
    cut.check("#palette")
    shot(cut, "finish-outline")
    name, data = saved(cut)
    assert name == "fuchs.cutout.png"
    assert data == fresh(service, pictures, format="png", outline="6px,#ff8800", palette="true")
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "P"


def test_a_picture_beneath_and_its_light(cut, service, pictures):
    cut.select_option("#format", "jpeg")
    cut.select_option("#background", "picture")
    beneath = ground((30, 60, 200), (80, 60))
    cut.set_input_files("#picture", {"name": "sea.png", "mimeType": "image/png", "buffer": beneath})
    cut.select_option("#fit", "tile")
    cut.fill("#relight", "50")
    cut.dispatch_event("#relight", "change")
    cut.fill("#max-bytes", "9")
    cut.dispatch_event("#max-bytes", "change")
    shot(cut, "finish-picture")
    _, data = saved(cut)
    assert len(data) <= 9000
    assert data == fresh(
        service, pictures, {"background_image": beneath}, format="jpeg", background_fit="tile", relight="0.5",
        max_bytes="9000",
    )  # fmt: skip


def test_its_path_is_drawn_moved_and_put_into_the_file(cut, service, pictures):
    assert cut.locator("#clipping-path-field").is_hidden()
    cut.select_option("#format", "svg")
    cut.fill("#offset", "5")
    cut.dispatch_event("#offset", "change")
    shot(cut, "finish-path")
    name, data = saved(cut)
    assert name == "fuchs.cutout.svg"
    assert data == fresh(service, pictures, only="path", format="svg", offset="5px")
    cut.select_option("#format", "dxf")
    assert saved(cut)[0] == "fuchs.cutout.dxf"
    cut.select_option("#format", "jpeg")
    cut.select_option("#background", "keep")
    assert cut.is_checked("#clipping-path")
    _, data = saved(cut)
    assert data == fresh(service, pictures, format="jpeg", background="keep", clipping_path="true", offset="5px")
    assert own_paths(data, Size(400, 300), 1).clipping == "Path 1"


def test_the_photos_own_path_is_taken_where_it_has_one(cut, service, pictures):
    until(cut, "!document.getElementById('own-path-field').hidden")
    pick(cut, ("plain.jpg", pictures["jpeg"]))
    until(cut, "document.querySelectorAll('.item.done').length === 2")
    cut.check("#own-path")
    shot(cut, "finish-own-path")
    _, data = saved(cut)
    assert data == fresh(service, pictures, format="png", mask="path")
    with cut.expect_download() as coming:
        cut.locator(".tool-save").nth(1).click()
    plain = requests.post(
        f"{service.url}/remove_background?format=png", files={"image": pictures["jpeg"]}, timeout=60
    ).content
    assert Path(coming.value.path()).read_bytes() == plain


def test_what_was_not_done_is_said(cut):
    """In the language of the page, beside the button that saves it; no longer where it is not asked for."""
    cut.select_option("#shadow", "keep")
    until(cut, "document.getElementById('warned').textContent.includes('no shadow was kept')")
    shot(cut, "finish-warned")
    cut.click("[data-lang=zh]")
    until(cut, "document.getElementById('warned').textContent.includes('阴影')")
    cut.select_option("#shadow", "drop")
    until(cut, "!document.getElementById('warned').textContent.includes('阴影')")


def test_what_cannot_be_is_said_while_the_earlier_view_stays(open_page, pictures):
    page = open_page(expected=("400",))
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.wait_for_selector("#viewer .gv-canvas", timeout=60000)
    until(page, "document.getElementById('working').hidden")
    for words in ("700x", "600x600"):
        page.fill("#canvas", words)
        page.dispatch_event("#canvas", "change")
        said = "document.getElementById('warned').textContent.includes('canvas is')"
        until(page, said if words == "700x" else f"!{said}")
        assert page.is_visible("#viewer .gv-canvas")


def test_a_drawing_is_cut_as_art(cut, service):
    photo = np.full((240, 320, 3), 250, np.uint8)
    cv2.circle(photo, (160, 120), 70, (20, 40, 140), 6, cv2.LINE_AA)
    data = io.BytesIO()
    Image.fromarray(photo).save(data, "PNG")
    cut.click("#options summary")
    cut.select_option("#kind", "art")
    pick(cut, ("logo.png", data.getvalue()))
    until(cut, "document.querySelectorAll('.item.done').length === 2")
    cut.locator(".item .show").nth(1).click()
    with cut.expect_download() as coming:
        cut.click("#download")
    answer = requests.post(f"{service.url}/remove_background?kind=art", files={"image": data.getvalue()}, timeout=60)
    assert Path(coming.value.path()).read_bytes() == answer.content
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.getpixel((160, 120))[3] == 0  # the hole of the ring
    shot(cut, "finish-art")
