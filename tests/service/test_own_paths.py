"""A job's background picture, and the paths of its photo: sent and asked for after it was cut."""

import io
import zipfile

import numpy as np
import pytest
import requests
from PIL import Image

from gigamatte.testing import paths

from .conftest import picture_of
from .test_finish import ground, handed_in, put_ground, result

_CORNERS = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]


def with_path(photo):
    block = paths.resource(2000, b"Shop", paths.polygons(_CORNERS)) + paths.resource(1028, b"", b"")
    return paths.in_jpeg(photo, block + paths.resource(2999, b"", paths.clipping(b"Shop")))


def test_the_paths_of_a_photo_are_listed_and_one_is_obeyed(service, pictures):
    job = handed_in(service, with_path(pictures["jpeg"]))
    told = requests.get(f"{service.url}{job['links']['self']}/paths", timeout=60).json()
    assert told == {"paths": ["Shop"], "clipping": "Shop"}
    for name in ("path", "path:Shop"):
        made = result(service, job, f"?mask={name}")
        alpha = np.asarray(picture_of(made))[..., 3]
        right = np.zeros((300, 400), np.uint8)
        right[75:225, 100:300] = 255
        assert np.abs(alpha.astype(int) - right).max() <= 1
    fresh = requests.post(
        f"{service.url}/remove_background?mask=path&format=webp",
        files={"image": with_path(pictures["jpeg"])}, timeout=60,
    )  # fmt: skip
    assert result(service, job, "?mask=path&format=webp").content == fresh.content


def test_a_photo_without_a_path_says_so(service, pictures):
    job = handed_in(service, pictures["jpeg"])
    told = requests.get(f"{service.url}{job['links']['self']}/paths", timeout=60).json()
    assert told == {"paths": [], "clipping": None}
    refused = result(service, job, "?mask=path")
    assert refused.status_code == 422
    assert "holds no path" in refused.json()["detail"]


def test_a_picture_is_sent_for_a_job_and_laid_beneath(service, pictures):
    job = handed_in(service, pictures["jpeg"])
    missing = result(service, job, "?background=picture")
    assert missing.status_code == 400
    assert "no background picture" in missing.json()["detail"]
    for colour in ((0, 0, 255), (0, 255, 0)):
        assert put_ground(service, job, ground(colour)).status_code == 204
        made = result(service, job, "?background=picture&format=png")
        assert picture_of(made).convert("RGB").getpixel((0, 0)) == colour
        fresh = requests.post(
            f"{service.url}/remove_background?format=png",
            files={"image": pictures["jpeg"], "background_image": ground(colour)}, timeout=60,
        )  # fmt: skip
        assert made.content == fresh.content
    tiled = result(service, job, "?background=picture&background_fit=contain:white&format=jpeg")
    assert picture_of(tiled).size == (400, 300)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(b"no picture at all", "image/png", 415), (b"{}", "application/json", 415), (b"", "image/png", 415)],
)
def test_what_is_no_picture_is_refused_and_nothing_is_left(service, pictures, body, kind, status):
    job = handed_in(service, pictures["jpeg"])
    used = service.desk.spool.used
    assert put_ground(service, job, body, kind).status_code == status
    assert service.desk.spool.used == used
    assert not (service.desk.spool.home(job["id"]) / "background_image").exists()
    assert service.emptied()


def test_a_picture_counts_against_the_quota_and_the_limits(service, own_service, pictures):
    job = handed_in(service, pictures["jpeg"])
    before = service.desk.spool.used
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    assert put_ground(service, job, file.getvalue()).status_code == 204
    assert service.desk.spool.used >= before + len(file.getvalue())
    with own_service(max_pixels=130_000) as small:
        job = handed_in(small, pictures["jpeg"])
        refused = put_ground(small, job, ground("white", (500, 500)))
        assert refused.status_code == 422
        assert "background_image has 0.2 megapixels" in refused.json()["detail"]
        strange = {"links": {"self": f"/jobs/{'A' * 22}"}}
        assert put_ground(small, strange, ground("white")).status_code == 404


def test_an_archive_has_fields_for_single_jobs(service, pictures):
    plain = handed_in(service, pictures["jpeg"])
    clipped = handed_in(service, with_path(pictures["jpeg"]))
    order = {
        "jobs": [plain["id"], clipped["id"]],
        "finish": {"format": "webp"},
        "single": {clipped["id"]: {"format": "webp", "mask": "path"}},
    }
    packed = requests.post(f"{service.url}/archive", json=order, timeout=60)
    assert packed.status_code == 200, packed.text
    with zipfile.ZipFile(io.BytesIO(packed.content)) as box:
        files = [box.read(name) for name in box.namelist()]
    assert files[0] == result(service, plain, "?format=webp").content
    assert files[1] == result(service, clipped, "?format=webp&mask=path").content
    assert files[0] != files[1]
