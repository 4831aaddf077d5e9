"""POST /remove_background, as scripts use it today."""

import contextlib
import io
import json
import re
import time

import numpy as np
import pytest
import requests
from PIL import Image

from gigamatte.photo.paths.find import own_paths
from gigamatte.service import routes
from gigamatte.testing import paths
from gigamatte.types import Size

from .conftest import picture_of


def post(service, pictures, query="", name="image", photo="jpeg", **more):
    url = f"{service.url}/remove_background{query}"
    return requests.post(url, files={name: ("photo.jpg", pictures[photo])}, timeout=60, **more)


@contextlib.contextmanager
def photos_named(name):
    """Photos that arrive meanwhile get a name that the misbehaving worker knows."""
    real = routes.Job

    def job(source, *rest, **more):
        return real(source.rename(source.with_name(f"{name}.jpg")), *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "Job", job)
        yield


def test_a_script_of_today_works_unchanged(service, pictures):
    response = requests.post(
        f"{service.url}/remove_background", files={"image": io.BytesIO(pictures["jpeg"])}, timeout=30
    )
    picture = picture_of(response)
    assert response.headers["content-type"] == "image/png"
    assert (picture.mode, picture.size) == ("RGBA", (400, 300))
    alpha = np.asarray(picture)[..., 3]
    assert alpha[150, 200] == 255
    assert alpha[5, 5] == 0


def test_headers_tell_what_was_done(service, pictures):
    headers = post(service, pictures).headers
    assert (headers["x-width"], headers["x-height"]) == ("400", "300")
    assert headers["x-model"] == "warm"
    assert float(headers["x-seconds"]) > 0
    assert any("your own file" in line for line in json.loads(headers["x-warnings"]))
    assert len(headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("query", "mode", "form"),
    [
        ("?only=alpha", "L", "PNG"),
        ("?only=foreground", "RGB", "PNG"),
        ("?format=webp", "RGBA", "WEBP"),
        ("?format=jpeg&background=white", "RGB", "JPEG"),
        ("?format=tiff", "RGBA", "TIFF"),
        ("?background=%23ff0000", "RGB", "PNG"),
        ("?smooth=true", "RGBA", "PNG"),
        ("?background=linear(white,%23888)&shadow=drop", "RGB", "PNG"),
        ("?background=blur:4&outline=6px,white", "RGB", "PNG"),
        ("?only=shadow&shadow=contact:strength%3D80", "RGBA", "PNG"),
        ("?palette=true&max_bytes=60000", "P", "PNG"),
    ],
)
def test_options_of_cut_are_in_the_query(service, pictures, query, mode, form):
    picture = picture_of(post(service, pictures, query))
    assert (picture.mode, picture.format) == (mode, form)


def test_a_tiff_is_packed_as_asked(service, pictures):
    picture = picture_of(post(service, pictures, "?format=tiff&compress=lzw&pyramid=pages"))
    assert (picture.tag_v2[259], picture.tag_v2[322], picture.n_frames) == (5, 256, 2)
    answer = post(service, pictures, "?format=webp&pyramid=pages")
    assert answer.status_code == 400
    assert "is for TIFF only, the result is WebP" in answer.text
    assert post(service, pictures, "?format=tiff&compress=zip").status_code in (400, 422)


def test_a_pair_is_no_answer(service, pictures):
    answer = post(service, pictures, "?only=pair")
    assert answer.status_code == 400
    assert "only" in answer.text


def test_crop_and_box(service, pictures):
    cropped = picture_of(post(service, pictures, "?crop=true"))
    assert cropped.width < 400
    boxed = picture_of(post(service, pictures, "?box=0,0,200,300"))
    assert not np.asarray(boxed)[:, 220:, 3].any()


def test_a_mask_and_a_background_picture_may_come_along(service, pictures):
    files = {"image": pictures["jpeg"], "mask": pictures["mask"], "background_image": pictures["png"]}
    response = requests.post(f"{service.url}/remove_background", files=files, timeout=60)
    assert picture_of(response).mode == "RGB"
    assert response.headers["x-model"] == "mask"


def test_a_body_that_is_the_picture(service, pictures):
    url = f"{service.url}/remove_background"
    response = requests.post(url, data=pictures["png"], headers={"content-type": "image/png"}, timeout=60)
    assert picture_of(response).mode == "RGBA"


def with_path(pictures):
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
    block = paths.resource(2000, b"Shop", paths.polygons(corners))
    return {"jpeg": paths.in_jpeg(pictures["jpeg"], block + paths.resource(2999, b"", paths.clipping(b"Shop")))}


def test_the_photos_own_path_is_taken_and_another_is_told(service, pictures):
    own = with_path(pictures)
    for query in ("?mask=path", "?mask=path:Shop"):
        alpha = np.asarray(picture_of(post(service, own, query)))[..., 3]
        assert alpha[75:225, 100:300].min() == 255
        assert int((alpha > 0).sum()) == 200 * 150
    refused = post(service, own, "?mask=path:Dog")
    assert refused.status_code == 422
    assert "'Shop'" in refused.json()["detail"]
    assert post(service, own, "?mask=/etc/passwd").status_code == 400


def test_a_photoshop_document_is_cut_by_its_path(service):
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
    document = paths.psd(40, 20, paths.resource(2000, b"Shop", paths.polygons(corners)))
    answer = requests.post(
        f"{service.url}/remove_background?mask=path", files={"image": ("a.psd", document)}, timeout=60
    )
    alpha = np.asarray(picture_of(answer))[..., 3]
    assert alpha.shape == (20, 40)
    assert int((alpha == 255).sum()) == 20 * 10


def test_a_path_is_written_into_the_picture_or_drawn(service, pictures):
    own = with_path(pictures)
    kept = post(service, own, "?mask=path&clipping_path=true&background=keep&format=jpeg")
    found = own_paths(kept.content, Size(400, 300), 1)
    assert (found.names, found.clipping) == (("Path 1",), "Path 1")
    drawn = post(service, own, "?mask=path&only=path&offset=5px")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert b'viewBox="0 0 400 300"' in drawn.content
    cutter = post(service, own, "?mask=path&only=path&format=dxf")
    assert cutter.headers["content-type"] == "image/vnd.dxf"
    assert cutter.content.count(b"\nVERTEX\n") == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?clipping_path=true", "no place for a clipping path"),
        ("?only=path&format=png", "SVG or DXF"),
        ("?offset=2in", "offset"),
        ("?model=nope", "not served here"),
        ("?model=../../etc/passwd", "not served here"),
        ("?background=/etc/passwd", "is a colour"),
        ("?format=gif", "format"),
        ("?format=jpeg", "no transparency"),
        ("?margin=-1", "margin"),
        ("?box=1,2,3", "box"),
        ("?box=0,0,0,0", "box"),
        ("?colour=red", "colour"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_in_words(service, pictures, query, words):
    response = post(service, pictures, query)
    assert response.status_code == 400
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert words in problem["detail"]
    assert problem["status"] == 400
    assert problem["type"] == f"urn:gigamatte:{problem['code']}"


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("format=gif", "format is one of png, webp, tiff, jpeg, avif, psd, svg, dxf; found 'gif'"),
        ("crop=maybe", "crop is true or false; found 'maybe'"),
        ("quality=500", "quality is at most 100; found 500"),
        ("margin=-3", "margin is at least 0; found -3"),
        ("max_bytes=1.5k", "max_bytes is a whole number; found '1.5k'"),
        ("box=1,2", "box is written as in 0,0,640,480; found '1,2'"),
        ("backgroud=white", "there is no option backgroud; was background meant?"),
        ("keep_at=5,5", "there is no option keep_at; was hints meant?"),
        ("zzz=1", "there is no option zzz"),
    ],
)
def test_what_was_expected_and_found_is_told_in_both_languages(service, query, detail):
    url, files = f"{service.url}/remove_background?{query}", {"image": b"never read"}
    assert requests.post(url, files=files, timeout=30).json()["detail"] == detail
    chinese = requests.post(url, files=files, headers={"accept-language": "zh"}, timeout=30).json()["detail"]
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not set(re.findall("[a-z]+", chinese)) & {"is", "there", "found", "written"}


def test_no_subject_is_an_outcome_with_a_code(service, pictures):
    files = {"image": pictures["jpeg"], "mask": pictures["black"]}
    response = requests.post(f"{service.url}/remove_background", files=files, timeout=60)
    assert response.status_code == 422
    assert response.json()["code"] == "no-subject"


def test_what_came_instead_of_a_photo_is_told_in_chinese():
    from gigamatte.messages.translate import translate
    from gigamatte.photo import formats

    for title in {title for _, _, title in formats._OTHERS}:
        line = translate(f"image: expected a JPEG, PNG, WebP, TIFF, AVIF, HEIC or PSD, found {title}", "zh")
        assert f"实际是{title}" not in line
    assert translate(formats._ADVICE, "zh") != formats._ADVICE


def test_errors_in_chinese_when_the_client_reads_it(service):
    url = f"{service.url}/remove_background"
    headers = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5", "content-type": "multipart/form-data; boundary=x"}
    problem = requests.post(url, data=b"--x--\r\n", headers=headers, timeout=30)
    assert problem.status_code == 400
    assert problem.headers["content-language"] == "zh"
    assert problem.json()["code"] == "bad-request"
    assert any("一" <= letter <= "鿿" for letter in problem.json()["detail"])


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ({}, 415, "multipart"),
        ({"photo": b"x"}, 400, "expected it as image"),
        ({"image": b""}, 415, "empty"),
        ({"image": b"GIF89a" + bytes(100)}, 415, "is a film, and here photos are cut"),
        ({"image": b"%PDF-1.7" + bytes(100)}, 415, "found a PDF"),
        ({"image": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, 415, "found an SVG"),
    ],
)
def test_what_is_no_photo_is_refused(service, files, status, words):
    response = requests.post(f"{service.url}/remove_background", files=files, timeout=30)
    assert response.status_code == status
    assert words in response.json()["detail"]


def test_a_truncated_photo_is_422(service, pictures):
    response = requests.post(
        f"{service.url}/remove_background", files={"image": pictures["jpeg"][: len(pictures["jpeg"]) // 2]}, timeout=30
    )
    assert response.status_code == 422
    assert "broken" in response.json()["detail"]


def test_a_crash_answers_500_for_that_photo_and_the_next_one_works(own_service, pictures):
    with own_service() as service:
        with photos_named("abort"):
            response = post(service, pictures)
        assert response.status_code == 500
        assert response.json()["code"] == "worker"
        assert "SIGABRT" in response.json()["detail"]
        assert picture_of(post(service, pictures)).mode == "RGBA"


def test_a_photo_that_outgrows_the_memory_costs_itself_only(own_service, pictures):
    with own_service(memory=700 << 20) as service:
        with photos_named("hog"):
            response = post(service, pictures)
        assert (response.status_code, response.json()["code"]) == (500, "worker")
        assert "GB" in response.json()["detail"] or "memory" in response.json()["detail"]
        assert picture_of(post(service, pictures)).mode == "RGBA"


def test_a_photo_that_takes_too_long_is_504(own_service, pictures):
    with own_service(photo_seconds=0.5) as service:
        with photos_named("slow"):
            response = post(service, pictures)
        assert response.status_code == 504
        assert "not finished after 0.5 seconds" in response.json()["detail"]


def test_a_client_that_leaves_cancels_its_work(own_service, pictures):
    with own_service() as service:
        with photos_named("slow"), pytest.raises(requests.exceptions.ReadTimeout):
            requests.post(f"{service.url}/remove_background", files={"image": pictures["jpeg"]}, timeout=2)
        until = time.monotonic() + 30
        while service.desk.depth and time.monotonic() < until:
            time.sleep(0.05)
        assert service.emptied()
        assert service.desk.supervisor.stats().running == 0
        assert list((service.settings.spool / "passing").iterdir()) == []


def test_nothing_is_left_behind(service, pictures):
    post(service, pictures)
    post(service, {"jpeg": b"no photo"})
    until = time.monotonic() + 60  # the client has its answer a moment before the folder is removed
    while list((service.settings.spool / "passing").iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert list((service.settings.spool / "passing").iterdir()) == []
    spool = service.desk.spool
    kept = spool._database.execute("SELECT coalesce(sum(bytes), 0) FROM jobs").fetchone()[0]
    assert spool.used == kept  # nothing but what finished jobs hold
    assert service.emptied()


def test_16_bits_stay_16_bits(service):
    import cv2

    values = np.random.default_rng(0).integers(0, 65536, (60, 80, 3), dtype=np.uint16)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:60] = 255
    files = {name: cv2.imencode(".png", array)[1].tobytes() for name, array in (("image", values), ("mask", mask))}
    response = requests.post(f"{service.url}/remove_background", files=files, timeout=60)
    result = cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert result.dtype == np.uint16
    assert (result[30, 40, :3] == values[30, 40]).all()


def test_sixteen_megapixels_are_answered_at_full_size(service):
    array = np.full((3300, 4900, 3), (60, 120, 200), np.uint8)
    array[1000:2000, 1000:2000] = (200, 90, 20)
    data = io.BytesIO()
    Image.fromarray(array).save(data, "JPEG")
    picture = picture_of(
        requests.post(f"{service.url}/remove_background", files={"image": data.getvalue()}, timeout=120)
    )
    assert picture.size == (4900, 3300)


def test_a_photo_that_its_own_alpha_hides(service, pictures):
    with Image.open(io.BytesIO(pictures["png"])) as picture:
        hidden = picture.convert("RGBA")
    hidden.putalpha(0)
    data = io.BytesIO()
    hidden.save(data, "PNG")
    pictures = {"hidden": data.getvalue()}
    refused = post(service, pictures, photo="hidden")
    assert refused.status_code == 422
    assert "alpha is 0 everywhere" in refused.json()["detail"]
    empty = post(service, pictures, "?keep_empty=true", photo="hidden")
    (said,) = (line for line in json.loads(empty.headers["x-warnings"]) if "alpha is 0" in line)
    assert ": ignore_alpha leaves" in said
    alpha = np.asarray(picture_of(post(service, pictures, "?ignore_alpha=true", photo="hidden")))[..., 3]
    assert (alpha[150, 200], alpha[5, 5]) == (255, 0)


def test_metadata_is_left_out_when_asked(service):
    photo = Image.new("RGB", (120, 90), (190, 200, 210))
    photo.paste((200, 90, 20), (30, 20, 90, 70))
    exif = Image.Exif()
    exif[0x8298] = "a photographer"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 0.0)
    data = io.BytesIO()
    photo.save(data, "JPEG", exif=exif)

    def kept(query):
        url = f"{service.url}/remove_background?keep_empty=true{query}"
        answer = requests.post(url, files={"image": data.getvalue()}, timeout=60)
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as picture:
            found = picture.getexif()
            return found.get(0x8298), bool(found.get_ifd(0x8825))

    assert kept("") == ("a photographer", True)
    assert kept("&strip_gps=true") == ("a photographer", False)
    assert kept("&strip=true") == (None, False)
