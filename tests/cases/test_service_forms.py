"""Forms as real clients send them: mail libraries, rembg's clients; each test is named after its case."""

import email.mime.image
import email.mime.multipart
import gzip
import json
import os

import pytest

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
requests = pytest.importorskip("requests", reason="requests is not installed")

from tests.service import conftest as home  # noqa: E402

network, service, pictures = home.network, home.service, home.pictures
picture_of = home.picture_of


def form(service, *parts, path="/remove_background"):
    """POST a form whose parts are (head, bytes), written as they are."""
    body = b"".join(b"--x\r\n" + head + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + b"--x--\r\n"
    return send(service, body, path)


def send(service, body, path="/remove_background", **headers):
    kind = {"content-type": "multipart/form-data; boundary=x"}
    return requests.post(service.url + path, data=body, headers={**kind, **headers}, timeout=60)


def part(name, more=b""):
    return b'Content-Disposition: form-data; name="' + name + b'"' + more


NO_FILE = b'; filename=""\r\nContent-Type: application/octet-stream'


@pytest.mark.parametrize("path", ["/remove_background", "/jobs"])
def test_form_empty_file(service, pictures, path):
    photo = (part(b"image", b'; filename="a.jpg"'), pictures["jpeg"])
    empty = [(part(name, NO_FILE), b"") for name in (b"mask", b"background_image")]
    answer = form(service, empty[0], photo, empty[1], path=path)
    assert answer.status_code in (200, 202), answer.text
    if path == "/remove_background":
        assert picture_of(answer).mode == "RGBA"
    # all empty: there is no photo, which is said
    answer = form(service, (part(b"image", NO_FILE), b""), path=path)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert "no photo" in answer.json()["detail"]
    # a file that has a name and no bytes is one that was cut short
    answer = form(service, photo, (part(b"mask", b'; filename="m.png"'), b""), path=path)
    assert answer.status_code == 415
    assert "mask is empty" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/remove_background", "/jobs", "/v1.0/removebg", "/api/remove"])
def test_a_file_that_comes_twice_is_refused(service, pictures, path):
    """The second was written behind the first, in one file, and only the first was cut."""
    name = {"/v1.0/removebg": b"image_file", "/api/remove": b"file"}.get(path, b"image")
    twice = [(part(name, b'; filename="%s.jpg"' % file), pictures["jpeg"]) for file in (b"a", b"b")]
    answer = form(service, *twice, path=path)
    assert answer.status_code == 400, answer.content[:80]
    assert f"{name.decode()} is there twice" in answer.text
    # but for one that was not chosen: a form may have several inputs of one name
    answer = form(service, twice[0], (part(name, NO_FILE), b""), path=path)
    assert answer.status_code in (200, 202), answer.text
    answer = form(service, (part(name, NO_FILE), b""), twice[0], path=path)
    assert answer.status_code in (200, 202), answer.text


def test_form_empty_file_of_the_case(service, case):
    photo = (part(b"image", b'; filename="base.jpg"'), (case("form-empty-file") / "base.jpg").read_bytes())
    assert picture_of(form(service, photo, (part(b"mask", NO_FILE), b""))).mode == "RGBA"


def test_http_body_forms_compressed(service, pictures):
    for path in ("/remove_background", "/jobs", "/v1.0/removebg", "/api/remove"):
        headers = {"content-type": "image/jpeg", "content-encoding": "gzip"}
        answer = requests.post(service.url + path, data=gzip.compress(pictures["jpeg"]), headers=headers, timeout=30)
        assert answer.status_code == 415
        assert "Content-Encoding gzip" in answer.text
        assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_http_body_forms_preamble(service, pictures, step):
    before = b"This is a multi-part message in MIME format.\r\n-- x\r\n --x\r\n"
    head = b"--x\r\n" + part(b"image", b'; filename="a.jpg"') + b"\r\n\r\n"
    body = before + head + pictures["jpeg"] + b"\r\n--x--\r\n"
    cut = len(before + head)
    pieces = [body[at : min(at + step, cut)] for at in range(0, cut, step)]
    assert picture_of(send(service, iter([*pieces, body[cut:]]))).size == (400, 300)
    endless = send(service, b"no boundary here\r\n" * 10_000)
    assert endless.status_code == 400
    assert "does not begin with the boundary" in endless.json()["detail"]


def test_http_body_forms_of_the_email_library(service, pictures):
    """A preamble, base64 in lines, and headers that forms do not have."""
    message = email.mime.multipart.MIMEMultipart("form-data", boundary="x")
    message.preamble = "This is a multi-part message in MIME format."
    photo = email.mime.image.MIMEImage(pictures["jpeg"], "jpeg")
    photo.add_header("Content-Disposition", "form-data", name="image", filename="a.jpg")
    message.attach(photo)
    body = message.as_bytes().split(b"\n\n", 1)[1].replace(b"\n", b"\r\n")
    assert b"base64" in body
    assert picture_of(send(service, body)).size == (400, 300)
    answer = form(service, (part(b"image", b'; filename="a"\r\nContent-Transfer-Encoding: x-uuencode'), b"begin"))
    assert answer.status_code == 415
    assert "x-uuencode" in answer.json()["detail"]


@pytest.mark.parametrize("more", [b"", b"\r\nContent-Type: image/jpeg", b"; filename*=UTF-8''%E7%85%A7.jpg"])
@pytest.mark.parametrize("size", [2_000, 200_000])
def test_http_body_forms_no_file_name(service, more, size):
    photo = b"\xff\xd8\xff\xe0\0\x10JFIF" + os.urandom(size)
    answer = form(service, (part(b"photo", more), photo))
    assert answer.status_code == 400
    assert "a file came as 'photo'; expected it as image" in answer.json()["detail"]


def test_http_body_forms_a_photo_without_or_with_a_foreign_file_name(service, pictures):
    for more in (b"", b"; filename*=UTF-8''%E7%85%A7.jpg"):
        job = form(service, (part(b"image", more), pictures["jpeg"]), path="/jobs").json()
        assert job["name"] == ("照.jpg" if more else "")


def test_http_body_forms_of_the_case(service, case):
    photo = (case("http-body-forms") / "base.jpg").read_bytes()
    head = b'Content-Disposition: form-data; name="image"; filename="a.jpg"'
    before = b"This is a multi-part message in MIME format.\r\n--x\r\n"
    assert picture_of(send(service, before + head + b"\r\n\r\n" + photo + b"\r\n--x--\r\n")).mode == "RGBA"
    answer = form(service, (part(b"photo"), photo))
    assert "a file came as 'photo'" in answer.json()["detail"]


def rembg(service, photo, query="", **fields):
    return requests.post(f"{service.url}/api/remove{query}", files={"file": photo}, data=fields, timeout=60)


def test_rembg_form_fields(service, pictures):
    photo = pictures["jpeg"]
    assert picture_of(rembg(service, photo)).mode == "RGBA"
    assert picture_of(rembg(service, photo, om="true", ppm="true")).mode == "L"
    assert picture_of(rembg(service, photo, bgc="255,0,0,255")).getpixel((2, 2)) == (255, 0, 0)
    told = json.loads(rembg(service, photo, model="u2net", a="true", af="240", ab="10", ae="10").headers["x-warnings"])
    assert any("u2net is not served here" in line for line in told)
    assert any("full resolution" in line for line in told)
    # the form comes first, empty fields say nothing
    assert picture_of(rembg(service, photo, "?om=false", om="true")).mode == "L"
    assert picture_of(rembg(service, photo, "?om=true", om="", bgc="", model="", extras="")).mode == "L"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"alpha_matting": "true"}, "alpha_matting"),
        ({"af": "999"}, "af is at most 255; found 999"),
        ({"om": "perhaps"}, "om is true or false; found 'perhaps'"),
        ({"bgc": "1,2,3,4"}, "bgc"),
        ({"extras": '{"sam_prompt": []}'}, "extras"),
    ],
)
def test_rembg_form_fields_that_are_not_read(service, pictures, fields, words):
    answer = rembg(service, pictures["jpeg"], **fields)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_rembg_form_fields_of_the_case(service, case):
    photo = (case("rembg-form-fields") / "base.jpg").read_bytes()
    assert picture_of(rembg(service, photo, om="true")).mode == "L"
