"""The web page over time and in its place: loaded again, after a restart, with keys, below a path."""

import io
import zipfile

import pytest
import requests
from PIL import Image

from .pages import pick, ready, settled, shot, until, viewer_is_settled

#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


def test_the_list_comes_back_when_the_page_is_loaded_again(open_page, pictures):
    page = open_page()
    ready(page)
    pick(page, *((f"photo-{n}.jpg", pictures["jpeg"]) for n in range(2)))
    until(page, "document.querySelectorAll('.item.done').length === 2")
    page.click(".item:nth-child(2) .tool-remove")
    page.reload()
    ready(page)
    page.wait_for_selector(".item.done", timeout=60000)
    assert page.locator(".item .name").all_inner_texts() == ["photo-0.jpg"]
    viewer_is_settled(page)
    page.wait_for_selector("#working", state="hidden")
    page.click("#edit")
    settled(page, 0)
    page.keyboard.press("Escape")
    with page.expect_download():
        page.click("#download")


def test_photos_that_a_browser_cannot_show_have_small_pictures(open_page, pictures):
    tiff = io.BytesIO()
    Image.open(io.BytesIO(pictures["jpeg"])).save(tiff, "TIFF")
    page = open_page()
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]), ("hase.tif", tiff.getvalue()))
    shown = """(() => [...document.querySelectorAll('.item.done canvas')].filter((one) =>
        one.getContext('2d').getImageData(52, 52, 1, 1).data[3] === 255).length === 2)()"""
    until(page, shown)
    page.reload()
    ready(page)
    until(page, shown)


def test_a_job_outlives_a_restart_of_the_service_under_the_page(open_page, own_service, pictures, monkeypatch):
    from gigamatte.service import desk, server

    def slow(source, *rest, **more):
        target = source.with_name("slow.jpg")
        target.write_bytes(source.read_bytes())
        return real(target, *rest, **more)

    real = desk.Job
    monkeypatch.setattr(desk, "Job", slow)
    with own_service() as first:
        page = open_page(at=first, expected=("ERR_", "503"))
        ready(page)
        pick(page, ("photo.jpg", pictures["jpeg"]))
        until(page, "document.querySelector('.item .state').textContent.startsWith('Resolving the edge')")
        shot(page, "desktop-working")
        assert page.locator(".item").bounding_box()["height"] < 120  # a row, not a stage
        first.close()
        monkeypatch.setattr(desk, "Job", real)
        page.wait_for_timeout(5000)  # longer than one try
        assert page.locator(".item.failed").count() == 0
        monkeypatch.setitem(type(first).__init__.__globals__, "listen", lambda host, _: server.listen(host, first.port))
        first.__init__(server.create_app(first.settings), first.settings)
        page.wait_for_selector(".item.done", timeout=60000)


def test_the_page_asks_for_the_key_and_forgets_it_with_the_tab(open_page, own_service, pictures, tmp_path):
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as service:
        page = open_page(at=service, expected=("401",))
        ready(page)
        pick(page, ("photo.jpg", pictures["jpeg"]))
        page.wait_for_selector("dialog[open]")
        page.fill("#key", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#key-error:not(:empty)")
        page.wait_for_selector("dialog[open]")
        page.fill("#key", "right")
        page.keyboard.press("Enter")
        page.wait_for_selector(".item.done", timeout=60000)
        viewer_is_settled(page)
        assert page.evaluate("Object.values(localStorage).includes('right')") is False
        assert page.evaluate("sessionStorage.getItem('gigamatte-key')") == "right"


def test_two_photos_at_once_ask_for_one_key(open_page, own_service, pictures, tmp_path):
    """Both uploads were refused, the second dialog took the first one's place, and the first photo hung for ever."""
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as service:
        page = open_page(at=service, expected=("401",))
        ready(page)
        pick(page, *((f"photo-{n}.jpg", pictures["jpeg"]) for n in range(3)))
        for key in ("wrong", "right"):
            page.wait_for_selector("dialog[open]")
            page.wait_for_timeout(500)  # all that are refused have asked
            page.fill("#key", key)
            page.keyboard.press("Enter")
        until(page, "document.querySelectorAll('.item.done').length === 3")
        assert page.locator("dialog[open]").count() == 0


def test_the_page_of_the_routes(open_page, service):
    page = open_page()
    ready(page)
    page.goto(f"{service.url}/docs")
    ready(page)
    described = requests.get(f"{service.url}/openapi.json", timeout=30).json()
    count = sum(len(methods) for methods in described["paths"].values())
    assert page.locator("#routes details").count() == count
    page.locator("summary", has_text="/remove_background").click()
    shown = page.locator("details[open]").inner_text()
    assert f"curl -F image=@photo.jpg {service.url}/remove_background -o cutout.png" in shown
    assert "background_image" in shown
    shot(page, "docs")
    page.click("[data-lang=zh]")
    page.locator("h1 + p", has_text="本服务的接口").wait_for()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("handed_on", [False, True], ids=["cut-off", "handed-on"])
def test_the_page_works_under_a_path(open_page, own_service, pictures, nginx, handed_on):
    """A proxy serves it under /cut/, and cuts the path off or hands it on."""
    with own_service(root_path="/cut" if handed_on else "") as service:
        target = service.url if handed_on else f"{service.url}/"
        address = nginx(f"location /cut/ {{ proxy_pass {target}; proxy_set_header Host $http_host; }}")
        page = open_page(at=type("Place", (), {"url": f"{address}/cut/"}))
        ready(page)
        pick(page, ("photo.jpg", pictures["jpeg"]), ("other.jpg", pictures["jpeg"]))
        until(page, "document.querySelectorAll('.item.done').length === 2")
        viewer_is_settled(page)
        with page.expect_download() as coming:
            page.click("#save-all")
        assert zipfile.is_zipfile(coming.value.path())
