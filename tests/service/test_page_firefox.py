"""The page's main way in Firefox: drop, result, picks, brush, undo, save, download: the bytes of the API."""

import json
import os
import shutil
from pathlib import Path

import pytest
import requests

from .firefox import Firefox

CONTROL = "\ue009"
SHOTS = os.environ.get("GIGAMATTE_SCREENSHOTS")


@pytest.fixture
def firefox(tmp_path):
    program = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed (apt-get install firefox-esr)")
    with Firefox(program, tmp_path) as window:
        yield window


def settled(window, marks):
    window.until(f"document.getElementById('editor').dataset.settled === '{marks}'")


def test_from_photo_to_the_bytes_of_the_api(firefox, service, pictures, tmp_path):
    photo = tmp_path / "fuchs.jpg"
    photo.write_bytes(pictures["jpeg"])
    firefox.open(service.url)
    firefox.until("document.body.dataset.ready === 'yes'")
    firefox.run("window.faults = []; addEventListener('error', (event) => faults.push(event.message))")
    firefox.keys("#files", str(photo))
    firefox.until("document.querySelector('.item.done') !== null")
    firefox.until("document.getElementById('working').hidden && document.querySelector('#viewer .gv-canvas') !== null")
    if SHOTS:
        firefox.shot(Path(SHOTS) / "firefox-result.png")
    firefox.click("#edit")
    settled(firefox, 0)
    box = firefox.run("return document.querySelector('.edit-area img').getBoundingClientRect().toJSON()")

    def at(x, y):
        return "move", box["left"] + x * box["width"], box["top"] + y * box["height"]

    firefox.point(at(0.5, 0.5), ("down", 0), ("up", 0))
    settled(firefox, 1)
    firefox.point(at(0.05, 0.05), ("down", 2), ("up", 2))
    settled(firefox, 2)
    firefox.press("b")
    firefox.point(at(0.1, 0.9), ("down", 0), at(0.2, 0.9), at(0.3, 0.9), ("up", 0))
    settled(firefox, 3)
    firefox.press(CONTROL, "z")
    settled(firefox, 2)
    if SHOTS:
        firefox.shot(Path(SHOTS) / "firefox-editor.png")
    firefox.click("#editor .primary")
    firefox.until("document.getElementById('editor').hidden")
    firefox.until("!document.getElementById('download').disabled")
    firefox.click("#download")
    saved = firefox.downloaded()
    assert saved.name == "fuchs.cutout.png"
    (job,) = json.loads(firefox.run("return sessionStorage.getItem('gigamatte-jobs')"))
    hints = service.desk.spool.get(job["id"]).options["hints"]
    assert (len(hints["keep"]), len(hints["drop"]), len(hints.get("strokes", []))) == (1, 1, 0)
    params = {"model": "auto", "format": "png", "hints": json.dumps(hints)}
    fresh = requests.post(
        f"{service.url}/remove_background", params=params, files={"image": pictures["jpeg"]}, timeout=60
    )
    assert saved.read_bytes() == fresh.content
    assert firefox.run("return faults") == []


def test_a_result_is_dragged_out_as_a_file(firefox, service, pictures, tmp_path):
    """What the browser promises to whom it is dropped on: a file of this name, with what lies at this address."""
    photo = tmp_path / "füchse 1.jpg"
    photo.write_bytes(pictures["jpeg"])
    firefox.open(service.url)
    firefox.until("document.body.dataset.ready === 'yes'")
    firefox.keys("#files", str(photo))
    firefox.until("document.querySelector('.item.done') !== null")
    firefox.run("""
        window.carried = [];
        addEventListener('dragstart', (event) => {
          const data = event.dataTransfer;
          carried.push([...data.types].map((type) => [type, data.getData(type)]));
          event.preventDefault(); // there is no screen to drop it on
        });""")
    box = firefox.run("return document.querySelector('.item canvas').getBoundingClientRect().toJSON()")
    firefox.point(("move", box["left"] + 10, box["top"] + 10))
    firefox.until("document.querySelector('.carrier:not([hidden])') !== null")
    x, y = box["left"] + 20, box["top"] + 20
    firefox.point(("move", x, y), ("down", 0), ("move", x + 5, y + 5), ("move", x + 60, y + 60), ("up", 0))
    firefox.until("carried.length === 1")
    found = dict(firefox.run("return carried[0]"))
    assert "application/x-moz-file-promise" in found
    assert found["application/x-moz-file-promise-dest-filename"] == "füchse_1.cutout.png"
    fresh = requests.post(f"{service.url}/remove_background", files={"image": pictures["jpeg"]}, timeout=60)
    assert requests.get(found["application/x-moz-file-promise-url"], timeout=60).content == fresh.content
    # another format is asked for meanwhile: what was loaded before is not handed over
    firefox.run("""
        document.getElementById('format').value = 'webp';
        document.getElementById('format').dispatchEvent(new Event('change', { bubbles: true }));""")
    firefox.point(("move", box["left"] + 12, box["top"] + 12))
    firefox.until("document.querySelector('.carrier').hidden")
