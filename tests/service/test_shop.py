"""Canvas and presets over HTTP, and the check of a result."""

import time

import pytest
import requests

from .conftest import picture_of


def cut(service, photo, **query):
    return requests.post(f"{service.url}/remove_background", params=query, files={"image": photo}, timeout=60)


def test_a_canvas(service, pictures):
    answer = cut(service, pictures["png"], canvas="200x160", fill="60", background="white", align="bottom")
    picture = picture_of(answer)
    assert (picture.mode, picture.size) == ("RGB", (200, 160))
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_preset_is_listed_and_fills_in(service, pictures):
    presets = requests.get(f"{service.url}/about", timeout=60).json()["presets"]
    assert presets["taobao"]["about_zh"]
    picture = picture_of(cut(service, pictures["png"], preset="taobao-clear"))
    assert (picture.mode, picture.size, picture.format) == ("RGBA", (800, 800), "PNG")
    small = picture_of(cut(service, pictures["png"], preset="taobao", canvas="90x80", format="jpeg"))
    assert (small.size, small.format) == ((90, 80), "JPEG")


@pytest.mark.parametrize(
    "query",
    [
        {"canvas": "huge"}, {"preset": "nobody"}, {"fill": "80"}, {"canvas": "900000x900000"}, {"align": "middle"},
        {"canvas": "1x1", "fill": "1"}, {"aspect": "100:1", "fill": "1"}, {"normalise": "0,nan,0/1"},
        {"background": f"hsv({'9' * 400} 50 50)"}, {"background": f"linear({'9' * 400}deg, red, blue)"},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(service, pictures, query):
    answer = cut(service, pictures["png"], **query)
    assert answer.status_code == 400
    assert "--" not in answer.json()["detail"]
    assert "max_pixels" not in answer.json().get("hint", "")  # which is no field of a request


def test_a_result_is_checked(service, pictures):
    answer = requests.post(
        f"{service.url}/jobs", params={"preset": "taobao"}, files={"image": pictures["png"]}, timeout=60
    )
    job = service.url + answer.json()["links"]["self"]
    while requests.get(job, timeout=60).json()["state"] in ("queued", "running"):
        time.sleep(0.1)
    found = requests.get(f"{job}/check", params={"preset": "taobao-clear"}, timeout=60).json()
    assert (found["fits"], found["preset"]) == (False, "taobao-clear")
    assert {failure["what"] for failure in found["failures"]} >= {"ground"}
    chinese = requests.get(
        f"{job}/check", params={"preset": "pinduoduo"}, headers={"Accept-Language": "zh"}, timeout=60
    ).json()
    assert any("应为 750×352" in failure["why"] for failure in chinese["failures"])
    assert requests.get(f"{job}/check", params={"preset": "nobody"}, timeout=60).status_code == 400
    assert requests.get(f"{service.url}/jobs/{'0' * 32}/check?preset=taobao", timeout=60).status_code == 404
