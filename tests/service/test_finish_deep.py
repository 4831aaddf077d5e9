"""Finished results of photos with 16 bits: none passes through fewer bits than a fresh cut."""

import cv2
import numpy as np
import pytest
import requests

from gigamatte.testing.photos import made_photo
from gigamatte.types import Size

from .test_finish import handed_in, result


@pytest.fixture(scope="module")
def deep():
    """A PNG of 16 bits, whose lower eight are not those of the upper ones."""
    photo = made_photo(Size(360, 300)).photo
    fine = photo.astype(np.uint16) * 256 + np.random.default_rng(5).integers(0, 256, photo.shape, dtype=np.uint16)
    return cv2.imencode(".png", fine[..., ::-1])[1].tobytes()


@pytest.mark.parametrize("own", ["png", "webp", "tiff"])
def test_each_format_equals_a_fresh_cut_whatever_the_job_and_earlier_results_were(service, deep, own):
    job = handed_in(service, deep, f"?format={own}")
    for form in ("webp", "png", "tiff", "webp"):
        made = result(service, job, f"?format={form}")
        assert made.status_code == 200, made.text
        fresh = requests.post(f"{service.url}/remove_background?format={form}", files={"image": deep}, timeout=60)
        assert made.content == fresh.content, form
