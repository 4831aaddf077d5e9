"""Work on a finished job: hints in, preview out, and a saved result that a fresh cut with the same hints equals."""

import io
import json
import time

import numpy as np
import pytest
import requests
from PIL import Image

from gigamatte.editing import SCREEN
from gigamatte.worker.view import write_view
from gigamatte.worker.wire import View

from .conftest import service_of
from .test_jobs import wait_for

LEFT, RIGHT = (510, 720), (1410, 720)
HINTS = {
    "keep": [[510, 720]],
    "drop": [[1410, 720]],
    "strokes": [{"kind": "keep", "points": [[100, 100], [300, 100]], "radius": 15}],
}


@pytest.fixture(scope="module")
def photo():
    """Two balls, as PNG bytes."""
    y, x = np.mgrid[0:1440, 0:1920]
    picture = np.full((1440, 1920, 3), (205, 200, 190), np.uint8)
    for (cx, cy), colour in ((LEFT, (190, 40, 30)), (RIGHT, (30, 60, 180))):
        picture[np.hypot(x - cx, y - cy) < 285] = colour
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A service whose network takes hints."""
    with service_of(tmp_path_factory.mktemp("edits"), "locator") as service:
        yield service


def handed_in(service, photo, query=""):
    response = requests.post(f"{service.url}/jobs{query}", files={"image": ("balls.png", photo)}, timeout=60)
    assert response.status_code == 202, response.text
    job = wait_for(service, response.headers["location"])
    assert job["state"] == "done", job
    return job


@pytest.fixture(scope="module")
def finished(told, photo):
    """A job for requests that are refused or change nothing that others look at."""
    return handed_in(told, photo)


def post(service, job, hints, **more):
    return requests.post(service.url + job["links"]["edits"], data=json.dumps(hints), timeout=60, **more)


def alpha_of(response):
    assert response.status_code == 200, response.text
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))[..., 3]


def test_from_hints_to_a_result_that_a_fresh_cut_equals(told, photo):
    job = handed_in(told, photo)
    edited = post(told, job, HINTS).json()
    assert edited["hints"] == HINTS
    preview = requests.get(told.url + edited["preview"], timeout=60)
    small = alpha_of(preview)
    assert max(small.shape) <= SCREEN
    assert len(preview.content) < 2_000_000
    scale = small.shape[1] / 1920
    assert small[int(720 * scale), int(510 * scale)] > 230
    assert small[int(720 * scale), int(1410 * scale)] < 25
    saved = requests.post(told.url + edited["save"], timeout=60)
    assert saved.status_code == 200, saved.text
    assert saved.json()["hints"] == HINTS
    result = requests.get(told.url + job["links"]["result"], timeout=60)
    alpha = alpha_of(result)
    assert alpha[720, 510] == 255
    assert alpha[720, 1410] == 0
    assert alpha[100, 200] == 255
    fresh = requests.post(
        f"{told.url}/remove_background", params={"hints": json.dumps(HINTS)}, files={"image": photo}, timeout=60
    )
    assert fresh.content == result.content


def test_the_tiles_of_an_edited_result_come_with_it(told, photo):
    job = handed_in(told, photo, "?view=true")
    home = told.desk.spool.home(job["id"])
    tiles = home / "tiles" / "cutout"
    before = {file.name: file.read_bytes() for file in tiles.iterdir()}
    edited = post(told, job, HINTS).json()
    assert requests.post(told.url + edited["save"], timeout=60).status_code == 200
    after = {file.name: file.read_bytes() for file in tiles.iterdir()}
    assert after != before
    write_view(View(home / "result", home / "again", "cutout", 10**8))
    assert after == {file.name: file.read_bytes() for file in (home / "again").iterdir()}


def test_hints_count_in_the_photos_pixels_also_on_a_canvas(told, photo):
    job = handed_in(told, photo, "?canvas=200x200")
    assert post(told, job, {"keep": [[1410, 720]], "drop": [[510, 720]]}).status_code == 200
    preview = requests.get(f"{told.url}{job['links']['preview']}", timeout=60)
    assert max(alpha_of(preview).shape) > 200  # the photo, for hints to be laid on
    assert post(told, job, {"keep": [[1921, 720]]}).status_code == 200
    answer = requests.get(f"{told.url}{job['links']['preview']}", timeout=60)
    assert answer.status_code == 400
    assert "outside of the photo" in answer.json()["detail"]


def test_undo_is_sending_one_less_and_the_same_hints_have_the_same_preview(told, photo):
    job = handed_in(told, photo)
    first = post(told, job, {"keep": [[510, 720]]}).json()
    before = requests.get(told.url + first["preview"], timeout=60)
    second = post(told, job, HINTS).json()
    assert second["preview"] != first["preview"]
    assert requests.get(told.url + second["preview"], timeout=60).content != before.content
    again = post(told, job, {"keep": [[510, 720]]}).json()
    assert again == first
    after = requests.get(told.url + again["preview"], timeout=60)
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


def test_hints_survive_a_restart(tmp_path, photo):
    with service_of(tmp_path, "locator") as service:
        job = handed_in(service, photo)
        post(service, job, HINTS)
    with service_of(tmp_path, "locator") as service:
        kept = requests.get(service.url + job["links"]["self"], timeout=30).json()
        assert kept["hints"] == HINTS
        assert alpha_of(requests.get(service.url + kept["links"]["preview"], timeout=60)).max() == 255


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[", "no JSON"),
        ('{"kept": []}', "'kept'"),
        ('{"keep": [[1920, 5]]}', "outside of the photo of 1920×1440"),
        ('{"strokes": [{"kind": "x", "points": [[1, 1]], "radius": 3}]}', "'x'"),
    ],
)
def test_what_is_no_hint_is_a_400_in_one_line(told, finished, body, said):
    answer = requests.post(told.url + finished["links"]["edits"], data=body, timeout=30)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_a_job_of_somebody_else_or_unfinished_cannot_be_edited(told):
    for route in ("edits", "edits/save"):
        answer = requests.post(f"{told.url}/jobs/{'A' * 22}/{route}", data="{}", timeout=30)
        assert answer.status_code == 404
    assert requests.get(f"{told.url}/jobs/{'A' * 22}/preview", timeout=30).status_code == 404


def test_edits_count_against_the_quota_and_go_with_the_job(told, photo):
    job = handed_in(told, photo)
    before = told.desk.spool.used
    requests.get(told.url + post(told, job, HINTS).json()["preview"], timeout=60)
    until = time.monotonic() + 60
    while told.desk.spool.used <= before and time.monotonic() < until:
        time.sleep(0.02)
    assert before < told.desk.spool.used < before + 1_000_000
    requests.delete(told.url + job["links"]["self"], timeout=30)
    assert not (told.settings.spool / "jobs" / job["id"]).exists()


def test_long_strokes_are_taken_and_endless_ones_refused(told, finished):
    line = [[100 + n / 10, 100 + n % 7] for n in range(9000)]
    strokes = [{"kind": "keep", "points": line, "radius": 5}] * 3
    answer = post(told, finished, {"strokes": strokes})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["hints"]["strokes"]) == 3
    assert post(told, finished, {"keep": [[1, 1]] * 1_500_000}).status_code == 413
