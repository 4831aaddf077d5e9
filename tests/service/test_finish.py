"""A finished job's result in another format, on a background, cropped: without being cut again."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests
from PIL import Image

from .test_jobs import wait_for


def handed_in(service, photo, query=""):
    response = requests.post(f"{service.url}/jobs{query}", files={"image": photo}, timeout=60)
    assert response.status_code == 202, response.text
    job = wait_for(service, response.headers["location"])
    assert job["state"] == "done", job
    return job


def result(service, job, query=""):
    return requests.get(service.url + job["links"]["result"] + query, timeout=60)


@pytest.mark.parametrize(
    "query",
    [
        "format=webp",
        "format=webp&quality=60",
        "format=jpeg&background=white",
        "format=tiff&crop=true&margin=5",
        "format=png&background=%23204060&crop=true",
        "format=png&smooth=true",
        "format=png&only=alpha",
        "format=png&canvas=200x200",
    ],
)
def test_a_finished_result_equals_a_fresh_cut(service, pictures, query):
    """Bit for bit: the alpha is the job's, the colours come of the same alpha."""
    job = handed_in(service, pictures["jpeg"])
    made = result(service, job, f"?{query}")
    assert made.status_code == 200, made.text
    fresh = requests.post(f"{service.url}/remove_background?{query}", files={"image": pictures["jpeg"]}, timeout=60)
    assert made.headers["content-type"] == fresh.headers["content-type"]
    assert made.content == fresh.content
    assert result(service, job, f"?{query}").content == made.content
    assert Image.open(io.BytesIO(result(service, job).content)).mode == "RGBA"


def test_no_network_is_asked_and_the_quota_counts(service, pictures):
    job = handed_in(service, pictures["jpeg"])
    before = service.desk.spool.used
    assert result(service, job, "?format=jpeg&background=red").status_code == 200
    assert service.desk.spool.used > before
    kept = service.desk.spool.home(job["id"]) / "finished"
    for number in range(6):
        assert result(service, job, f"?format=jpeg&background=%2300000{number}").status_code == 200
    assert len(list(kept.glob("*"))) <= 4


def test_many_ways_at_once_take_nothing_from_each_other(service, pictures):
    """More than are kept: none is removed while it is read."""
    job = handed_in(service, pictures["jpeg"])
    layers = f"{service.url}{job['links']['self']}/layers/cutout"

    def asked(number):
        query = {"format": "jpeg", "background": f"#0000{number:02x}"}
        if number % 2:
            return requests.get(layers, params=query, timeout=120)
        return requests.get(f"{service.url}{job['links']['result']}", params=query, timeout=120)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(asked, range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    for number in range(0, 16, 2):
        with Image.open(io.BytesIO(answers[number].content)) as picture:
            assert abs(picture.getpixel((0, 0))[2] - number) <= 2
    end = time.monotonic() + 60  # the client has its answer a moment before the file is let go
    while service.app.state.held and time.monotonic() < end:
        time.sleep(0.02)
    assert not service.app.state.held
    kept = service.desk.spool.home(job["id"]) / "finished"
    assert result(service, job, "?format=jpeg&background=red").status_code == 200
    assert len([file for file in kept.iterdir() if file.is_file()]) <= 4


@pytest.mark.parametrize(
    "own",
    ["format=jpeg&background=white", "shadow=drop", "outline=12px,red", "palette=true", "max_bytes=20000", "crop=true",
     "smooth=true", "canvas=200x200", "preset=taobao-clear"],
)  # fmt: skip
def test_a_job_whose_file_has_another_alpha_cannot_be_finished_otherwise(service, pictures, own):
    """Else a shadow or an outline would be drawn twice, and the loss of a palette or of fewer pixels be kept."""
    job = handed_in(service, pictures["jpeg"], f"?{own}")
    answer = result(service, job, "?format=png&background=blue")
    assert answer.status_code == 400
    assert "whole alpha" in answer.json()["detail"]
    assert result(service, job).status_code == 200


@pytest.mark.parametrize("query", ["format=jpeg", "model=auto", "format=bmp", "hints={}"])
def test_what_cannot_be_asked_is_said(service, pictures, query):
    job = handed_in(service, pictures["jpeg"])
    assert result(service, job, f"?{query}").status_code in (400, 422)


def test_an_opaque_result_stays_opaque(own_service, tmp_path):
    """A mask that is white everywhere tells nothing as an alpha: read back, its grey would be taken."""
    photo, mask = io.BytesIO(), io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)).save(photo, "PNG")
    Image.new("L", (80, 60), 255).save(mask, "PNG")
    with own_service() as service:
        files = {"image": photo.getvalue(), "mask": mask.getvalue()}
        response = requests.post(f"{service.url}/jobs", files=files, timeout=60)
        job = wait_for(service, response.headers["location"])
        made = result(service, job, "?format=webp")
        assert np.asarray(Image.open(io.BytesIO(made.content)).convert("RGBA"))[..., 3].min() == 255


def ground(colour, size=(40, 30)):
    """A PNG of one colour."""
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


def put_ground(service, job, data, kind="image/png"):
    """Hand in a picture that the job's subject is to be laid on."""
    address = f"{service.url}{job['links']['self']}/background"
    return requests.put(address, data=data, headers={"content-type": kind}, timeout=60)


def test_a_finished_result_is_laid_on_a_picture_that_is_handed_in_later(service, pictures):
    job = handed_in(service, pictures["jpeg"])
    refused = result(service, job, "?background=picture")
    assert refused.status_code == 400
    assert "PUT" in refused.json()["hint"]
    for colour in ((20, 90, 200), (10, 160, 40)):  # the second takes the first one's place
        assert put_ground(service, job, ground(colour)).status_code == 204
        made = result(service, job, "?background=picture&format=png")
        files = {"image": pictures["jpeg"], "background_image": ground(colour)}
        fresh = requests.post(f"{service.url}/remove_background?format=png", files=files, timeout=60)
        assert made.content == fresh.content
        corner = np.asarray(Image.open(io.BytesIO(made.content)).convert("RGB"))[2, 2]
        assert np.abs(corner.astype(int) - colour).max() <= 2
    assert requests.get(f"{service.url}/jobs/{job['id']}/layers/cutout?background=picture", timeout=60).ok


def test_what_is_no_picture_takes_no_place(service, pictures):
    job = handed_in(service, pictures["jpeg"])
    assert put_ground(service, job, ground((20, 90, 200))).status_code == 204
    before = result(service, job, "?background=picture").content
    assert put_ground(service, job, b"GIF89a" + bytes(100)).status_code == 415
    assert put_ground(service, job, ground((1, 2, 3)), "text/plain").status_code == 415
    huge = bytearray(ground((1, 2, 3)))
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    assert put_ground(service, job, bytes(huge)).status_code == 422
    assert result(service, job, "?background=picture").content == before
    assert requests.put(f"{service.url}/jobs/{'A' * 22}/background", data=b"x", timeout=60).status_code == 404


def transparent(pictures):
    """The photo with an alpha of its own: a soft circle, half of it seen through."""
    with Image.open(io.BytesIO(pictures["png"])) as picture:
        photo = np.asarray(picture.convert("RGB"))
    y, x = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]]
    own = np.clip((150 - np.hypot(x - 190, y - 150)) / 20, 0, 1)
    own[:, : photo.shape[1] // 2 - 40] *= 0.5
    data = io.BytesIO()
    Image.fromarray(np.dstack([photo, np.rint(own * 255).astype(np.uint8)])).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    "query", ["format=png&background=white", "format=png&canvas=200x200&shadow=drop", "format=png&only=trimap"]
)
def test_a_photo_with_an_alpha_of_its_own_is_finished_as_a_fresh_cut(service, pictures, query):
    photo = transparent(pictures)
    job = handed_in(service, photo)
    made = result(service, job, f"?{query}")
    fresh = requests.post(f"{service.url}/remove_background?{query}", files={"image": photo}, timeout=60)
    assert made.content == fresh.content


def test_a_finished_result_tells_its_own_size_and_what_was_not_done(service, pictures):
    """Not the job's: also when it is asked for again, which makes nothing anew."""
    job = handed_in(service, pictures["jpeg"])
    query = "?format=png&canvas=640x500&shadow=keep"
    fresh = requests.post(f"{service.url}/remove_background{query}", files={"image": pictures["jpeg"]}, timeout=60)
    assert "no shadow was kept" in fresh.headers["x-warnings"]
    for _ in range(2):
        made = result(service, job, query)
        for name in ("x-width", "x-height", "x-model", "x-warnings"):
            assert made.headers[name] == fresh.headers[name]
