"""A film on the web page: sent, seen after a second, played on any ground, corrected at a frame, cut again, saved."""

from pathlib import Path

import numpy as np
import pytest
from tests.unit.film.films import disc, frames_of, write_film

from .pages import pick, ready, shot, until

pytest.importorskip("av")
#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")

#: what the small network of these tests takes for no subject
GROUND = (60, 90, 200)
_CORNER = """() => {
  const video = document.querySelector("#film video");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return Array.from(canvas.getContext("2d").getImageData(2, 2, 1, 1).data);
}"""


@pytest.fixture(name="film", scope="module")
def _film(tmp_path_factory) -> Path:
    """A warm disc that moves, and one that stands beside it."""
    frames = []
    for number in range(40):
        moving, standing = (disc(at, 320, 180, GROUND) for at in (60 + number, 240))
        frames.append(np.where(np.arange(320)[None, :, None] < 180, moving, standing))
    times = [512 * number for number in range(40)]
    return write_film(tmp_path_factory.mktemp("film") / "two.mp4", frames, times=times)


def test_a_film_is_played_corrected_and_cut_again(open_page, service, film, tmp_path):
    page = open_page()
    ready(page)
    page.set_input_files("#files", str(film))
    until(page, "!document.getElementById('film').hidden")
    until(page, "document.querySelector('.item.done') !== null")
    assert "40 frames" in page.locator(".item .state").inner_text()
    until(page, "document.querySelector('#film video').videoWidth === 320")
    until(page, "document.querySelector('#film video').currentTime > 0.2")
    assert page.evaluate(_CORNER)[3] == 0
    page.click("#film .film-magenta")
    ground = page.evaluate("getComputedStyle(document.querySelector('.film-area')).backgroundColor")
    assert ground == "rgb(255, 0, 255)"
    shot(page, "film-magenta")
    # one frame, opened and corrected
    page.evaluate("() => { const v = document.querySelector('#film video'); v.pause(); v.currentTime = 0.68; }")
    until(page, "document.querySelector('#film video').seeking === false")
    page.click("#film .film-open")
    until(page, "document.getElementById('editor').dataset.settled === '0'")
    box = page.locator(".edit-area img").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 240 / 320, box["y"] + box["height"] / 2, button="right")
    until(page, "document.getElementById('editor').dataset.settled === '1'")
    shot(page, "film-frame")
    page.click("#editor .primary")
    until(page, "document.getElementById('editor').hidden && !document.getElementById('film').hidden")
    assert page.locator(".film-marks li").count() == 1
    at = float(page.locator(".film-marks button").first.inner_text().removesuffix(" s"))
    assert abs(at - 0.68) < 0.05
    shot(page, "film-corrected")
    page.click("#film .film-again")
    until(page, "document.querySelector('.item.done') === null")
    until(page, "document.querySelector('.item.done') !== null")
    assert page.locator(".film-again").is_hidden()
    with page.expect_download() as saved:
        page.click("#download")
    assert saved.value.suggested_filename == "two.cutout.webm"
    path = tmp_path / "two.webm"
    saved.value.save_as(path)
    pixels = [(float(frame.time), np.asarray(frame.pixels)) for frame in frames_of(path)]
    assert len(pixels) == 40
    assert all(seen[90, 240, 3] > 200 for time, seen in pixels if time < at - 0.05)
    assert all(seen[90, 240, 3] < 60 for time, seen in pixels if time > at + 0.05)


def test_what_the_service_refuses_is_told_at_the_film(open_page, own_service, film):
    with own_service(film_megapixels=0.5) as service:
        page = open_page(at=service, expected=("422",))
        ready(page)
        page.set_input_files("#files", str(film))
        until(page, "document.querySelector('.item.failed') !== null")
        assert (
            "40 frames of 320×180 = 2.3 megapixels in all, allowed are 0.5" in page.locator(".item .why").inner_text()
        )


def test_films_and_photos_in_one_zip(open_page, service, film, pictures):
    page = open_page(locale="zh-CN")
    ready(page)
    pick(page, ("a.jpg", pictures["jpeg"]))
    page.set_input_files("#files", str(film))
    until(page, "document.querySelectorAll('.item.done').length === 2")
    page.evaluate("() => { document.getElementById('finish').open = true; }")
    page.select_option("#format", "webp")
    with page.expect_download() as saved:
        page.click("#save-all")
    import zipfile

    with zipfile.ZipFile(saved.value.path()) as box:
        assert sorted(box.namelist()) == ["a.cutout.webp", "two.cutout.webm"]
    shot(page, "film-zh")
