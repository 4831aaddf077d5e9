"""A finished job's result in another format, on a background, cropped: without being cut again."""

import io

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


def test_a_job_on_a_background_cannot_be_finished_otherwise(service, pictures):
    job = handed_in(service, pictures["jpeg"], "?format=jpeg&background=white")
    answer = result(service, job, "?format=png")
    assert answer.status_code == 400
    assert "whole alpha" in answer.json()["detail"]


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
