"""Work on a finished job of flat art, which is cut anew for another finish: with the hints that were saved."""

import io
import json
from urllib.parse import quote

import cv2
import numpy as np
import pytest
import requests
from PIL import Image

from .test_finish import handed_in, result


@pytest.fixture(scope="module")
def logo():
    """A ring and a block on paper, as PNG bytes."""
    picture = np.full((300, 400, 3), 250, np.uint8)
    cv2.circle(picture, (120, 150), 60, (30, 40, 160), 12, cv2.LINE_AA)
    cv2.rectangle(picture, (250, 100), (350, 200), (180, 40, 30), -1)
    return cv2.imencode(".png", picture)[1].tobytes()


def alpha_at(answer, column, row):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))[row, column, 3]


def test_a_click_takes_the_whole_letter_and_fills_the_whole_hole(service, logo):
    job = handed_in(service, logo, "?kind=art")
    hints = {"drop": [[300, 150]], "keep": [[125, 145]]}
    said = requests.post(f"{service.url}{job['links']['self']}/edits", json=hints, timeout=60).json()
    shown = requests.get(service.url + said["preview"], timeout=60)
    assert requests.post(service.url + said["save"], timeout=60).status_code == 200
    for answer in (shown, result(service, job)):
        alpha = np.asarray(Image.open(io.BytesIO(answer.content)))[..., 3]
        assert alpha[:, 240:].max() == 0
        assert alpha[100:200, 80:160].min() == 255
    fresh = handed_in(service, logo, f"?kind=art&hints={quote(json.dumps(hints))}")
    assert result(service, fresh).content == result(service, job).content


def test_what_is_not_saved_is_in_no_other_finish(service, logo):
    job = handed_in(service, logo, "?kind=art")
    edits = f"{service.url}{job['links']['self']}/edits"
    drop = {"strokes": [{"kind": "drop", "points": [[250, 150], [350, 150]], "radius": 30}]}
    said = requests.post(edits, json=drop, timeout=60).json()
    assert alpha_at(requests.get(service.url + said["preview"], timeout=60), 300, 150) == 0
    assert alpha_at(result(service, job, "?format=webp"), 300, 150) == 255
    assert requests.post(service.url + said["save"], timeout=60).status_code == 200
    assert alpha_at(result(service, job), 300, 150) == 0
    assert alpha_at(result(service, job, "?format=webp"), 300, 150) == 0
    requests.post(edits, json={}, timeout=60)  # undone, but not saved
    assert alpha_at(result(service, job), 300, 150) == 0
    assert alpha_at(result(service, job, "?format=webp&quality=80"), 300, 150) == 0
    assert alpha_at(result(service, job, "?format=webp"), 120, 90) == 255
