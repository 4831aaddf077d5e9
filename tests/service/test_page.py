"""The web page in a real browser, against the real service: from photos to results."""

import io
import time
import zipfile
from pathlib import Path

import pytest
import requests
from PIL import Image

from .pages import cut, downloaded, pick, ready, shot, until, viewer_is_settled

#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


def test_from_photo_to_the_same_bytes_as_the_api(open_page, service, pictures):
    page = open_page()
    ready(page)
    shot(page, "desktop-empty")
    assert page.locator("#download").is_disabled()
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)
    shot(page, "desktop-result")
    assert "400 × 300" in page.locator(".item .state").inner_text()
    with page.expect_download() as coming:
        page.click(".tool-save")
    saved = Path(coming.value.path()).read_bytes()
    assert coming.value.suggested_filename == "fuchs.cutout.png"
    url = f"{service.url}/remove_background?model=auto&format=png"
    assert saved == requests.post(url, files={"image": pictures["jpeg"]}, timeout=60).content


def test_a_shop_is_chosen_and_the_result_is_checked(open_page, service, pictures):
    page = open_page()
    ready(page)
    page.select_option("#preset", "taobao")
    page.fill("#fill", "70")
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done .state:text('does not fit: taobao')", timeout=60000)
    shot(page, "desktop-shop")
    page.wait_for_selector(".gv-status:text('800 × 800')", timeout=60000)
    assert "at least 85" in page.locator(".item .why").inner_text()
    page.fill("#fill", "")
    page.fill("#canvas", "300x200")
    page.select_option("#preset", "")
    page.wait_for_selector(".gv-status:text('300 × 200')", timeout=60000)
    assert page.locator(".item .why").is_hidden()


def test_several_photos_and_one_zip(open_page, pictures):
    page = open_page()
    ready(page)
    pick(page, *((f"photo-{n}.jpg", pictures["jpeg"]) for n in range(4)))
    page.select_option("#background", "white")
    page.select_option("#format", "webp")
    until(page, "document.querySelectorAll('.item.done').length === 4")
    with page.expect_download() as coming:
        page.click("#save-all")
    with zipfile.ZipFile(coming.value.path()) as box:
        assert box.namelist() == [f"photo-{n}.cutout.webp" for n in range(4)]
        with Image.open(io.BytesIO(box.read(box.namelist()[0]))) as picture:
            assert (picture.format, picture.mode) == ("WEBP", "RGB")


def test_finished_as_it_is_shown_without_being_cut_again(open_page, service, pictures):
    """Format, background and crop are applied when the result is saved; the view shows what is saved."""
    page = open_page()
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.wait_for_selector(".gv-status:text('400 × 300')", timeout=60000)
    page.select_option("#format", "jpeg")
    page.check("#crop")
    assert page.locator("#background").input_value() == "white"
    until(page, "!document.querySelector('.gv-status').textContent.startsWith('400 × 300')")
    with page.expect_download() as coming:
        page.click("#download")
    assert coming.value.suggested_filename == "fuchs.cutout.jpg"
    params = {"format": "jpeg", "background": "white", "crop": "true"}
    fresh = requests.post(
        f"{service.url}/remove_background", params=params, files={"image": pictures["jpeg"]}, timeout=60
    )
    assert Path(coming.value.path()).read_bytes() == fresh.content
    jobs = page.evaluate("performance.getEntriesByType('resource').filter((e) => /jobs\\?/.test(e.name)).length")
    assert jobs == 1
    shot(page, "desktop-finished")


def test_a_file_over_the_limit_is_told_before_it_is_sent(open_page, own_service, pictures):
    with own_service(max_body=100_000) as service:
        page = open_page(at=service, expected=("ERR_",))
        ready(page)
        pick(page, ("large.jpg", bytes(200_000)), ("fine.jpg", pictures["jpeg"]))
        page.wait_for_selector(".item.failed", timeout=60000)
        assert "200 kB > 100 kB" in page.locator(".item.failed .why").inner_text()


def test_an_error_is_told_in_words_beside_its_photo(open_page, pictures):
    page = open_page(expected=("415",))
    ready(page)
    pick(page, ("fine.jpg", pictures["jpeg"]), ("<b>bold</b>.jpg", b"GIF89a" + bytes(100)))
    page.wait_for_selector(".item.failed", timeout=60000)
    page.wait_for_selector(".item.done", timeout=60000)
    assert "is a film" in page.locator(".item.failed .why").inner_text()
    assert page.locator(".item.failed .name").inner_text() == "<b>bold</b>.jpg"
    shot(page, "desktop-error")
    page.locator(".item.failed .tool-remove").click()
    assert page.locator(".item").count() == 1


def test_large_pictures_come_as_the_tiles_that_are_shown(open_page, service):
    picture = Image.linear_gradient("L").resize((3600, 2400)).convert("RGB")
    picture.paste((200, 90, 20), (900, 600, 2700, 1800))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    mask = Image.new("L", (600, 400))
    mask.paste(255, (150, 100, 450, 300))
    given = io.BytesIO()
    mask.save(given, "PNG")
    page = open_page()
    ready(page)
    # the page itself sends no masks: the job is handed in beside it, then shown by it
    job = requests.post(
        f"{service.url}/jobs",
        files={"image": ("big.jpg", data.getvalue()), "mask": given.getvalue()},
        timeout=60,
    ).json()
    end = time.monotonic() + 300
    while (state := requests.get(service.url + job["links"]["self"], timeout=60).json())["state"] != "done":
        assert state["state"] != "failed", state
        assert time.monotonic() < end, state
        time.sleep(0.5)
    tiles = []
    page.on("request", lambda request: tiles.append(request.url) if "/layers/cutout/" in request.url else None)
    page.evaluate(
        """async (path) => {
          const { Client } = await import('/assets/client.js');
          const client = new Client();
          const job = await (await fetch(path)).json();
          const host = document.getElementById('viewer');
          host.hidden = false;
          globalThis.shown = new GigamatteViewer(host, [await client.layer(job, 'cutout', 'Cutout')], {});
        }""",
        job["links"]["self"],
    )
    settled = "shown.waiting === 0 && shown.layers[0].bitmaps.size > 0 && shown.layers[0].loading.size === 0"
    until(page, settled)
    fitted = len(tiles)
    assert 0 < fitted <= 16  # of 40 at full size
    assert not any("/cutout/0/" in url for url in tiles)
    page.evaluate("shown.zoomTo(1)")
    until(page, settled)
    assert 0 < len([url for url in tiles if "/cutout/0/" in url]) <= 16
    page.evaluate("shown.zoomTo(8)")
    until(page, settled)
    shot(page, "desktop-8-to-1")


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
    assert "/result/fuchs.cutout.webp?" in url
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


def ground():
    data = io.BytesIO()
    Image.new("RGB", (160, 120), (20, 90, 200)).save(data, "PNG")
    return data.getvalue()


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
