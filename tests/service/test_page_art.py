"""Flat art on the web page: a click takes the whole letter, or fills the whole hole, and the download is the API's."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from PIL import Image

from .pages import pick, places, ready, settled, shot, viewer_is_settled

#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def logo():
    """Two rings and a block on paper, as PNG bytes."""
    picture = np.full((300, 400, 3), 250, np.uint8)
    cv2.circle(picture, (100, 100), 60, (30, 40, 160), 14, cv2.LINE_AA)
    cv2.circle(picture, (250, 100), 60, (30, 40, 160), 14, cv2.LINE_AA)
    cv2.rectangle(picture, (60, 200), (340, 270), (180, 40, 30), -1)
    cv2.putText(picture, "logo", (90, 252), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (250, 250, 250), 4, cv2.LINE_AA)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.mark.parametrize(
    ("width", "height", "options"),
    [
        (1280, 800, {}),
        (1280, 620, {"locale": "zh-CN", "scheme": "dark"}),
        (390, 844, {"locale": "zh-CN"}),
    ],
)
def test_clicks_on_a_logo_take_whole_pieces(open_page, service, logo, width, height, options):
    page = open_page(width=width, height=height, **options)
    ready(page)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.select_option("#kind, [name=kind]", "art")
    pick(page, ("logo.png", logo))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)
    page.click("#edit")
    settled(page, 0)
    places(page, (100 / 400, 45 / 300, "right"))  # the first ring, on its upper edge: this is not it
    settled(page, 1)
    places(page, (250 / 400, 100 / 300, "left"))  # the hole of the second: this is it
    settled(page, 2)
    shot(page, f"art-{width}x{height}")
    page.click("#editor .primary")
    page.wait_for_selector("#editor", state="hidden", timeout=60000)
    viewer_is_settled(page)
    shot(page, f"art-saved-{width}x{height}")
    with page.expect_download() as coming:
        page.click(".tool-save")
    saved = Path(coming.value.path()).read_bytes()
    alpha = np.asarray(Image.open(io.BytesIO(saved)))[..., 3]
    assert alpha[:190, :175].max() == 0
    assert alpha[60:140, 210:290].min() == 255
    assert alpha[235, 70] == 255
    place = "() => performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('/edits/save'))"
    job = service.desk.spool.get(page.evaluate(place + ".pop().split('/').at(-3)"))
    params = {"kind": "art", "format": "png", "hints": json.dumps(job.options["hints"])}
    fresh = requests.post(f"{service.url}/remove_background", params=params, files={"image": logo}, timeout=60)
    assert saved == fresh.content
