"""Requests of remove.bg's clients in PHP and C#, byte by byte, and what these clients read of the answers.

PHP: the package mtownsend/remove-bg on Guzzle 7, whose requests were recorded from a run of it. C#: RemoveBg.Net and
the sample of remove.bg's own page, by their sources and that of .NET's ``MultipartFormDataContent``.
"""

import base64
import http.client
import io
import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
from PIL import Image

#: where Debian's package php-guzzlehttp-guzzle lies
GUZZLE = Path("/usr/share/php/GuzzleHttp/autoload.php")
MARK = "3680781b69de096163691f7ff71dcae952bdd6a5"
GUID = "3f1c2d4e-0000-4a5b-8c6d-7e8f90a1b2c3"
PHP = "Mtownsend/RemoveBg (github.com/mtownsend5512/remove-bg)"


def exchange(service, method, path, headers, body=b""):
    """Send a request as it is given, head and body apart as clients do that wait for 100 Continue."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{service.port}", *(f"{k}: {v}" for k, v in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with service.connect() as sock:
        sock.settimeout(60)
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if ("Expect", "100-Continue") in headers:
            assert sock.recv(64).startswith(b"HTTP/1.1 100 ")
        sock.sendall(body)
        answer = http.client.HTTPResponse(sock, method=method)
        answer.begin()
        return answer, answer.read()


def picture(data):
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        return opened


# ---- PHP


def guzzle_form(photo, fields, *, name="photo.png"):
    """The photo first, called .png whatever it is; true is 1, false is an empty part without a length."""
    body = (
        f'--{MARK}\r\nContent-Disposition: form-data; name="image_file"; filename="{name}"\r\n'
        f"Content-Length: {len(photo)}\r\nContent-Type: image/png\r\n\r\n"
    ).encode() + photo
    for field, value in fields.items():
        text = {True: "1", False: ""}.get(value, value)
        length = f"Content-Length: {len(text)}\r\n" if text else ""
        body += f'\r\n--{MARK}\r\nContent-Disposition: form-data; name="{field}"\r\n{length}\r\n{text}'.encode()
    return body + f"\r\n--{MARK}--\r\n".encode()


def php(kind, **more):
    """Its headers in their order."""
    head = [("Content-Type", kind)] if kind else []
    return [*head, ("User-Agent", PHP), ("X-API-Key", "a key"), *more.items()]


FORM = f"multipart/form-data; boundary={MARK}"


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({}, "RGBA"),
        ({"size": "4k", "bg_color": "#CBD5E0", "add_shadow": True, "channels": "rgba"}, "RGB"),
        ({"size": "auto", "crop": True, "crop_margin": "10px", "add_shadow": False}, "RGBA"),
        ({"semitransparency": True, "type": "product", "format": "png", "roi": "0% 0% 100% 100%"}, "RGBA"),
    ],
)
def test_files_of_the_php_package(service, pictures, fields, mode):
    body = guzzle_form(pictures["jpeg"], fields)
    answer, data = exchange(service, "POST", "/v1.0/removebg", php(FORM), body)
    assert answer.status == 200, data
    found = picture(data)
    assert found.mode == mode
    assert (found.size == (400, 300)) is not bool(fields.get("crop"))


def test_large_files_of_the_php_package_wait_for_continue(service, pictures):
    photo = pictures["jpeg"] + bytes(1 << 20)  # over a megabyte curl asks first
    body = guzzle_form(photo, {"size": "auto"}, name="my photo.png")
    answer, data = exchange(service, "POST", "/v1.0/removebg", php(FORM, Expect="100-Continue"), body)
    assert answer.status == 200, data
    assert picture(data).size == (400, 300)


def test_base64_of_the_php_package(service, pictures):
    """A form of two fields and more; the answer as JSON, of which it takes data.result_b64."""
    fields = {"image_file_b64": base64.b64encode(pictures["jpeg"]).decode(), "size": "4k", "add_shadow": "1"}
    headers = php("application/x-www-form-urlencoded", Accept="application/json")
    answer, data = exchange(service, "POST", "/v1.0/removebg", headers, urlencode(fields).encode())
    assert answer.status == 200
    assert picture(base64.b64decode(json.loads(data)["data"]["result_b64"])).size == (400, 300)


def test_errors_as_the_php_package_reads_them(service, pictures):
    """It joins all values of the first error with dashes: each must be text."""
    for headers, body in (
        (php("application/x-www-form-urlencoded"), urlencode({"image_url": "https://cdn.example.org/a.jpg"}).encode()),
        (php(FORM), guzzle_form(pictures["jpeg"], {"size": "huge"})),
        (php(FORM), guzzle_form(b"no picture", {})),
    ):
        answer, data = exchange(service, "POST", "/v1.0/removebg", headers, body)
        assert str(answer.status)[0] == "4"
        first = json.loads(data)["errors"][0]
        assert first["title"]
        assert all(isinstance(value, str) for value in first.values())


def test_the_account_of_the_php_package(service):
    answer, data = exchange(service, "GET", "/v1.0/account", php(""))
    assert answer.status == 200
    credits = json.loads(data)["data"]["attributes"]["credits"]
    assert credits["total"] == 0


@pytest.mark.skipif(shutil.which("php") is None or not GUZZLE.exists(), reason="php or Guzzle is not installed")
def test_guzzle_itself(service, pictures, tmp_path):
    """The library, told what the package tells it."""
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    (tmp_path / "client.php").write_text(
        f"""<?php
        require {json.dumps(str(GUZZLE))};
        $client = new GuzzleHttp\\Client();
        $more = ['http_errors' => false, 'decode_content' => false, 'headers' => ['X-API-Key' => 'a key']];
        $photo = file_get_contents('photo.jpg');
        $file = ['name' => 'image_file', 'contents' => $photo, 'filename' => 'photo.png'];
        $parts = [$file, ['name' => 'crop', 'contents' => true], ['name' => 'add_shadow', 'contents' => false]];
        $answer = $client->request('POST', $argv[1], $more + ['multipart' => $parts]);
        file_put_contents('file.png', (string) $answer->getBody());
        $fields = ['image_file_b64' => base64_encode($photo), 'add_shadow' => true, 'crop' => false];
        $answer = $client->request('POST', $argv[1], $more + ['form_params' => $fields]);
        file_put_contents('base64.png', (string) $answer->getBody());
        echo $answer->getStatusCode(), ' ', $answer->getHeaderLine('X-Credits-Charged');
        """
    )
    command = ["php", "client.php", f"{service.url}/v1.0/removebg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout == "200 0", done
    assert picture((tmp_path / "file.png").read_bytes()).size != (400, 300)
    assert picture((tmp_path / "base64.png").read_bytes()).size == (400, 300)


# ---- C#


def dotnet_form(parts):
    """A GUID, quoted in the header alone; names without quotes; of files a name in two ways and no type."""
    body = f"--{GUID}\r\n".encode()
    for number, (name, value, file) in enumerate(parts):
        head = f"\r\n--{GUID}\r\n" if number else ""
        if file is None:
            head += "Content-Type: text/plain; charset=utf-8\r\n"
        shown = f"; filename={file[0]}; filename*=utf-8''{file[1]}" if file else ""
        head += f"Content-Disposition: form-data; name={name}{shown}\r\n\r\n"
        body += head.encode() + (value if isinstance(value, bytes) else value.encode())
    return body + f"\r\n--{GUID}--\r\n".encode()


#: names of files as .NET writes them: plain, with a space, and beyond ASCII
NAMES = [
    ("photo.jpg", "photo.jpg"),
    ('"my photo.jpg"', "my%20photo.jpg"),
    ('"=?utf-8?B?5Zu+LmpwZw==?="', "%E5%9B%BE.jpg"),
]
QUOTED = f'multipart/form-data; boundary="{GUID}"'


@pytest.mark.parametrize("names", NAMES, ids=["plain", "space", "beyond ASCII"])
def test_the_sample_in_c_sharp(service, pictures, names):
    """As on remove.bg's page: the photo, then size; the key among the content's headers; a PNG called .jpg."""
    body = dotnet_form([("image_file", pictures["png"], names), ("size", "auto", None)])
    headers = [("X-Api-Key", "a key"), ("Content-Type", QUOTED)]
    answer, data = exchange(service, "POST", "/v1.0/removebg", headers, body)
    assert answer.status == 200, data
    assert picture(data).mode == "RGBA"


ALL = {
    "size": "4k", "type": "transportation", "format": "zip", "scale": "50%", "position": "30% 40%",
    "roi": "0% 0% 100% 100%", "crop": "false", "crop_margin": "30px", "channels": "rgba", "add_shadow": "true",
    "semitransparency": "true",
}  # fmt: skip


def test_removebg_net(service, pictures):
    """Its fields in its order, the photo last; then what it reads of the headers."""
    parts = [(name, value, None) for name, value in ALL.items()]
    body = dotnet_form([*parts, ("image_file", pictures["jpeg"], NAMES[0])])
    headers = [("X-Api-Key", "a key"), ("Accept", "image/*"), ("Content-Type", QUOTED)]
    answer, data = exchange(service, "POST", "/v1.0/removebg", headers, body)
    assert answer.status == 200, data
    assert answer.headers["Content-Type"] == "application/zip"
    assert float(answer.headers["X-Credits-Charged"]) == 0
    assert (int(answer.headers["X-Width"]), int(answer.headers["X-Height"])) == (400, 300)
    assert answer.headers["X-Type"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("size", ("auto", "preview", "small", "regular", "medium", "hd", "full", "4k")),
        ("type", ("auto", "person", "product", "car", "animal", "graphic", "transportation")),
        ("format", ("auto", "png", "jpg", "zip")),
        ("channels", ("rgba", "alpha")),
        ("bg_color", ("81d4fa", "green")),
    ],
)
def test_every_value_that_removebg_net_knows(service, pictures, field, values):
    for value in values:
        body = dotnet_form([(field, value, None), ("image_file", pictures["jpeg"], NAMES[0])])
        headers = [("X-Api-Key", "a key"), ("Accept", "image/*"), ("Content-Type", QUOTED)]
        answer, data = exchange(service, "POST", "/v1.0/removebg", headers, body)
        assert answer.status == 200, (value, data)


def test_errors_and_account_as_c_sharp_clients_read_them(service, pictures):
    headers = [("X-Api-Key", "a key"), ("Accept", "image/*"), ("Content-Type", QUOTED)]
    body = dotnet_form([("roi", "1px", None), ("image_file", pictures["jpeg"], NAMES[0])])
    answer, data = exchange(service, "POST", "/v1.0/removebg", headers, body)
    assert answer.status == 400
    (error,) = json.loads(data)["errors"]
    assert error["code"] == "invalid_roi"
    assert isinstance(error["title"], str)
    headers = [("X-Api-Key", "a key"), ("Accept", "application/json")]
    answer, data = exchange(service, "GET", "/v1.0/account", headers)
    attributes = json.loads(data)["data"]["attributes"]
    assert {"total", "subscription", "payg", "enterprise"} <= attributes["credits"].keys()
    assert isinstance(attributes["api"]["free_calls"], int)
    assert isinstance(attributes["api"]["sizes"], str)
