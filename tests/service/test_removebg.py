"""remove.bg's API: each field alone and typical combinations; answers, codes, and what is fetched if it is allowed."""

import base64
import http.server
import ipaddress
import json
import shutil
import socket
import subprocess
import threading
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import requests
from PIL import Image

from .conftest import picture_of
from .test_clients import NODE


def removebg(service, files=None, headers=None, **fields):
    return requests.post(f"{service.url}/v1.0/removebg", files=files, data=fields, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def subject(service, pictures):
    """Where the subject is: left, top, width, height."""
    answer = removebg(service, {"image_file": pictures["png"]})
    names = ("Left", "Top", "Width", "Height")
    left, top, width, height = (int(answer.headers[f"X-Foreground-{name}"]) for name in names)
    alpha = picture_of(answer).getchannel("A").point(lambda value: 255 * (value > 0.05 * 255))
    assert alpha.getbbox() == (left, top, left + width, top + height)
    return left, top, width, height


#: fields → (mode, how the size follows from the photo's and the subject's)
WHOLE, SUBJECT = "whole", "subject"
TAKEN = [
    ({}, "RGBA", WHOLE),
    *(({"size": size}, "RGBA", WHOLE) for size in ("auto", "preview", "full", "50MP", "medium")),
    ({"type": "product"}, "RGBA", WHOLE),
    ({"type_level": "latest"}, "RGBA", WHOLE),
    ({"format": "auto"}, "RGBA", WHOLE),
    ({"format": "png"}, "RGBA", WHOLE),
    ({"format": "jpg"}, "RGB", WHOLE),
    ({"format": "webp"}, "RGBA", WHOLE),
    ({"roi": "0% 0% 100% 100%"}, "RGBA", WHOLE),
    ({"roi": "0% 0% 60% 100%"}, "RGBA", WHOLE),
    ({"roi": "0px 0px 240px 300px"}, "RGBA", WHOLE),
    ({"crop": "true"}, "RGBA", SUBJECT),
    ({"crop": "false", "crop_margin": "10%"}, "RGBA", WHOLE),
    ({"scale": "original"}, "RGBA", WHOLE),
    ({"position": "original"}, "RGBA", WHOLE),
    ({"channels": "rgba"}, "RGBA", WHOLE),
    ({"channels": "alpha"}, "L", WHOLE),
    ({"add_shadow": "false", "shadow_type": "none"}, "RGBA", WHOLE),
    ({"add_shadow": "true"}, "RGBA", WHOLE),
    ({"shadow_type": "3D", "shadow_opacity": "70", "bg_color": "fff"}, "RGB", WHOLE),
    ({"shadow_type": "drop", "channels": "alpha"}, "L", WHOLE),
    ({"shadow_type": "auto"}, "RGBA", WHOLE),
    ({"add_shadow": "true", "shadow_method": "legacy"}, "RGBA", WHOLE),
    ({"semitransparency": "true"}, "RGBA", WHOLE),
    ({"semitransparency": "false"}, "RGBA", WHOLE),
    ({"bg_color": "81d4fa"}, "RGB", WHOLE),
    ({"bg_color": "fff", "format": "png"}, "RGB", WHOLE),
    ({"bg_color": "81d4faff"}, "RGB", WHOLE),
    ({"bg_color": "81d4fa77"}, "RGBA", WHOLE),
    ({"bg_color": "green", "format": "jpg", "crop": "true"}, "RGB", SUBJECT),
    ({"size": "auto", "format": "auto", "type": "auto", "bg_color": "", "bg_image_url": "", "roi": ""}, "RGBA", WHOLE),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "mode", "frame"), TAKEN, ids=lambda value: json.dumps(value) if value else "none")
def test_a_field_is_taken(service, pictures, subject, fields, mode, frame):
    answer = removebg(service, {"image_file": pictures["png"]}, **fields)
    picture = picture_of(answer)
    assert picture.mode == mode
    assert picture.size == ((400, 300) if frame == WHOLE else subject[2:])
    assert answer.headers["x-width"] == str(picture.width)
    assert answer.headers["x-credits-charged"] == "0"
    opaque = mode == "RGB" and fields.get("format", "auto") in ("auto", "jpg")
    assert (
        answer.headers["content-type"]
        == f"image/{'jpeg' if opaque else fields.get('format', 'png').replace('auto', 'png')}"
    )


@pytest.mark.parametrize(
    ("margin", "top_right_bottom_left"),
    [
        ("10px", (10, 10, 10, 10)),
        ("5%", ("5%", "5%", "5%", "5%")),
        ("0", (0, 0, 0, 0)),
        ("4px 8px", (4, 8, 4, 8)),
        ("1px 2px 3px 4px", (1, 2, 3, 4)),
        ("10% 3px 0 5%", ("10%", 3, 0, "5%")),
    ],
)
def test_crop_margin(service, pictures, subject, margin, top_right_bottom_left):
    _left, _top, width, height = subject

    def pixels(side, whole):
        return round(whole * int(side[:-1]) / 100) if isinstance(side, str) else side

    up, right, down, before = (
        pixels(side, whole) for side, whole in zip(top_right_bottom_left, (height, width, height, width), strict=True)
    )
    whole = np.asarray(picture_of(removebg(service, {"image_file": pictures["png"]})).getchannel("A"))
    edges = [whole[0], whole[:, -1], whole[-1], whole[:, 0]]  # where the photo cuts the subject off there is no margin
    up, right, down, before = (
        0 if edge.max() > 127 else side for side, edge in zip((up, right, down, before), edges, strict=True)
    )
    picture = picture_of(removebg(service, {"image_file": pictures["png"]}, crop="true", crop_margin=margin))
    assert picture.size == (width + right + before, height + up + down)


@pytest.mark.parametrize(
    ("fields", "share", "place"),
    [
        ({"scale": "50%"}, 0.5, (0.5, 0.5)),
        ({"scale": "40%", "position": "0%"}, 0.4, (0, 0)),
        ({"scale": "40%", "position": "100% 25%"}, 0.4, (1, 0.25)),
        ({"position": "center"}, None, (0.5, 0.5)),
        ({"scale": "30%", "position": "original"}, 0.3, None),
    ],
)
def test_scale_and_position(service, pictures, subject, fields, share, place):
    left, top, width, height = subject
    picture = picture_of(removebg(service, {"image_file": pictures["png"]}, **fields))
    assert picture.size == (400, 300)
    seen = picture.getchannel("A").point(lambda value: 255 * (value > 12))
    first, above, last, below = seen.getbbox()
    scale = 1 if share is None else share * min(400 / width, 300 / height)
    assert (last - first, below - above) == pytest.approx((width * scale, height * scale), abs=3)
    if place is None:
        middle = (left + width / 2, top + height / 2)
    else:
        free = 400 - width * scale, 300 - height * scale
        middle = free[0] * place[0] + width * scale / 2, free[1] * place[1] + height * scale / 2
    assert ((first + last) / 2, (above + below) / 2) == pytest.approx(middle, abs=2)


@pytest.mark.parametrize(
    "fields", [{"shadow_type": "drop"}, {"shadow_type": "3D"}, {"shadow_type": "car"}, {"add_shadow": "1"}], ids=str
)
def test_shadows_are_drawn_as_dark_as_asked(service, pictures, fields):
    def darkness(**more):
        whole = np.asarray(picture_of(removebg(service, {"image_file": pictures["png"]}, bg_color="fff", **more)))
        return float((255 - whole.astype(int)).sum())

    none = darkness()
    usual, more, nothing = (
        darkness(**fields, **said) for said in ({}, {"shadow_opacity": "90"}, {"shadow_opacity": "0"})
    )
    assert nothing == none < usual < more
    alpha = removebg(service, {"image_file": pictures["png"]}, channels="alpha", **fields)
    assert "shadow" in alpha.headers["x-warnings"]


def test_what_crop_leaves_nothing_to_do_is_said(service, pictures, subject):
    answer = removebg(service, {"image_file": pictures["png"]}, crop="true", scale="50%")
    assert picture_of(answer).size == subject[2:]
    assert "scale and position change nothing" in answer.headers["x-warnings"]


def test_roi_in_percent_looks_only_there(service, pictures):
    whole = picture_of(removebg(service, {"image_file": pictures["png"]})).getchannel("A")
    assert whole.crop((200, 0, 400, 300)).getbbox()
    half = picture_of(removebg(service, {"image_file": pictures["png"]}, roi="0% 0% 50% 100%")).getchannel("A")
    inside = removebg(service, {"image_file": pictures["png"]}, roi="0px 0px 200px 300px")
    assert half.tobytes() == picture_of(inside).getchannel("A").tobytes()
    assert half.crop((260, 0, 400, 300)).getbbox() is None


REFUSED = [
    {"scale": "5%"}, {"scale": "big"}, {"position": "left"}, {"position": "10% 10% 10%"}, {"position": "120%"},
    {"shadow_type": "soft"}, {"shadow_type": "drop", "shadow_opacity": "101"}, {"add_shadow": "maybe"},
    {"size": "huge"}, {"semitransparency": "some"},
    {"format": "gif"}, {"channels": "x"}, {"crop": "maybe"}, {"bg_color": "nope"},
    {"crop": "true", "crop_margin": "600px"}, {"crop": "true", "crop_margin": "51%"},
    {"crop": "true", "crop_margin": "1px 2px 3px"}, {"roi": "1px 1px 5% 5%"}, {"roi": "50% 0% 10% 100%"},
    {"roi": "0% 0% 110% 100%"},
]  # fmt: skip


#: those that remove.bg's description has no code for, or one of their own; else it is invalid_ and the field's name
OWN_CODES = {
    '{"shadow_type": "soft"}': "invalid_parameters", '{"add_shadow": "maybe"}': "invalid_parameters",
    '{"shadow_type": "drop", "shadow_opacity": "101"}': "invalid_parameters", '{"crop": "maybe"}': "invalid_parameters",
    '{"roi": "50% 0% 10% 100%"}': "roi_region_empty", '{"roi": "0% 0% 110% 100%"}': "roi_exceeds_bounds",
}  # fmt: skip


@pytest.mark.parametrize("fields", REFUSED, ids=json.dumps)
def test_what_is_not_offered_names_its_field(service, pictures, fields):
    answer = removebg(service, {"image_file": pictures["jpeg"]}, **fields)
    error = answer.json()["errors"][0]
    name = list(fields)[-1]
    assert (answer.status_code, error["code"]) == (400, OWN_CODES.get(json.dumps(fields), f"invalid_{name}"))
    assert name in error["title"]


def test_codes_of_what_excludes_each_other_and_of_what_cannot_be_read(service, pictures):
    files = {"image_file": pictures["png"], "bg_image_file": pictures["jpeg"]}
    assert coded(removebg(service, files, bg_color="fff")) == (400, "multiple_bg_sources")
    assert coded(removebg(service, files, bg_image_url="http://x/")) == (400, "multiple_bg_sources")
    assert coded(removebg(service, image_url="http://cdn.example.org/a.jpg")) == (400, "failed_image_download")
    assert coded(removebg(service, image_url="cdn.example.org/a.jpg")) == (400, "invalid_image_url")
    alone = {"image_file": pictures["png"]}
    assert coded(removebg(service, alone, bg_image_url="ftp://x/a.jpg")) == (400, "invalid_bg_image_url")
    assert coded(removebg(service, alone, bg_image_url="https://x/a.jpg")) == (400, "failed_bg_download")
    assert coded(removebg(service, image_file_b64="%%%")) == (400, "failed_to_read_image")


def test_a_field_that_is_not_known_is_told(service, pictures):
    answer = removebg(service, {"image_file": pictures["jpeg"]}, sharpen="much", semitransparency="false")
    told = json.loads(answer.headers["x-warnings"])
    assert any("sharpen" in line for line in told)
    assert any("semitransparency=false" in line for line in told)


def coded(answer):
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_codes_of_errors_as_clients_test_for_them(service, pictures, own_service, tmp_path):
    from gigamatte.service.keys import digest

    black = BytesIO()
    Image.new("RGB", (200, 150)).save(black, "PNG")
    assert coded(removebg(service, {"image_file": black.getvalue()})) == (400, "unknown_foreground")
    assert coded(removebg(service, {"x": ("", b"")})) == (400, "missing_source")
    assert coded(removebg(service, {"image_file": pictures["png"]}, image_url="http://x/")) == (400, "multiple_sources")
    no_picture = removebg(service, {"image_file": b"GIF89a" + bytes(100)})
    assert coded(no_picture) == (400, "invalid_file_type")
    assert no_picture.json()["errors"][0]["title"].startswith("image_file ")  # as its own client calls it
    assert coded(removebg(service, {"image_file": pictures["png"][:3000]})) == (400, "failed_to_read_image")
    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    files = {"image_file": pictures["png"]}
    with own_service(keys_file=tmp_path / "keys", rate_per_minute=2, max_pixels=130_000, max_body=1 << 20) as mine:
        assert coded(removebg(mine, files)) == (403, "auth_failed")
        assert coded(removebg(mine, files, {"x-api-key": "wrong"})) == (403, "auth_failed")
        answer = requests.get(f"{mine.url}/v1.0/account", timeout=30)
        assert coded(answer) == (403, "auth_failed")
        good = {"x-api-key": "right"}
        assert coded(removebg(mine, {"image_file": bytes(2 << 20)}, good)) == (400, "file_too_large")
        answer = removebg(mine, files, good)
        assert answer.headers["x-ratelimit-limit"] == "2"
        assert answer.headers["x-ratelimit-remaining"] == "1"
        assert int(answer.headers["x-ratelimit-reset"]) > 1_700_000_000
        large = BytesIO()
        Image.new("RGB", (500, 300)).save(large, "PNG")
        assert coded(removebg(mine, {"image_file": large.getvalue()}, good)) == (400, "resolution_too_high")
        answer = removebg(mine, files, good)
        assert coded(answer) == (429, "rate_limit_exceeded")
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "text",
    [
        lambda data: base64.b64encode(data).decode(),
        lambda data: base64.b64encode(data).decode().rstrip("="),
        lambda data: base64.urlsafe_b64encode(data).decode(),
        lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
        lambda data: base64.encodebytes(data).decode(),
        lambda data: "data:image/jpeg;base64," + base64.b64encode(data).decode(),
    ],
    ids=["standard", "unpadded", "urlsafe", "urlsafe-unpadded", "lines", "data-uri"],
)
def test_base64_of_all_kinds(service, pictures, text):
    data = pictures["jpeg"]
    data += b"\xff" * ((1 - len(data)) % 3)  # so that padding matters
    for send in ("json", "data"):
        answer = requests.post(f"{service.url}/v1.0/removebg", **{send: {"image_file_b64": text(data)}}, timeout=60)
        assert picture_of(answer).size == (400, 300)


def test_json_takes_plain_values_alone(service, pictures):
    text = base64.b64encode(pictures["jpeg"]).decode()
    url = f"{service.url}/v1.0/removebg"
    answer = requests.post(url, json={"image_file_b64": text, "size": None, "crop": False}, timeout=60)
    assert picture_of(answer).size == (400, 300)  # null is as good as not given
    nested = "[" * 500 + "]" * 500
    body = f'{{"image_file_b64": "{text}", "size": {nested}}}'
    answer = requests.post(url, data=body, headers={"content-type": "application/json"}, timeout=60)
    assert answer.status_code == 400
    assert "size holds a list or an object" in answer.text


def test_json_tells_where_the_subject_is(service, pictures, subject):
    answer = removebg(service, {"image_file": pictures["png"]}, {"accept": "application/json"}, crop="true")
    data = answer.json()["data"]
    assert [data[f"foreground_{side}"] for side in ("left", "top", "width", "height")] == list(subject)
    with Image.open(BytesIO(base64.b64decode(data["result_b64"]))) as picture:
        assert picture.size == subject[2:]


# ---- clients in other languages


@pytest.mark.skipif(not NODE or shutil.which("node") is None, reason="GIGAMATTE_NODE_MODULES or node is missing")
@pytest.mark.parametrize("library", ["axios", "fetch"])
def test_the_samples_of_remove_bgs_own_page(service, pictures, tmp_path, library):
    """Forms as its samples for axios and for Node's fetch build them; only the address is another."""
    if library == "axios" and not (Path(NODE) / "axios").is_dir():
        pytest.skip("GIGAMATTE_NODE_MODULES or node is missing")
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    scripts = {
        "axios": """
          const axios = require("axios"), FormData = require("form-data"), fs = require("fs");
          const form = new FormData();
          form.append("size", "auto");
          form.append("image_file", fs.createReadStream("photo.jpg"), "photo.jpg");
          axios({ method: "post", url: process.argv[1], data: form, responseType: "arraybuffer",
                  headers: { ...form.getHeaders(), "X-Api-Key": "a key" } })
            .then((answer) => fs.writeFileSync("no-bg.png", answer.data));
        """,
        "fetch": """
          const fs = require("node:fs");
          (async () => {
            const form = new FormData();
            form.append("size", "auto");
            form.append("image_file", await fs.openAsBlob("photo.jpg"));
            const headers = { "X-Api-Key": "a key" };
            const answer = await fetch(process.argv[1], { method: "POST", headers, body: form });
            if (!answer.ok) throw new Error(`${answer.status}`);
            fs.writeFileSync("no-bg.png", Buffer.from(await answer.arrayBuffer()));
          })();
        """,
    }
    command = ["node", "-e", scripts[library], f"{service.url}/v1.0/removebg"]
    environment = {"NODE_PATH": NODE, "PATH": "/usr/bin:/usr/local/bin:/bin"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "no-bg.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGBA")


# ---- URLs


class Site:
    """A web server on loopback that answers by path."""

    def __init__(self, answers):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.headers["Host"], self.path))
                status, headers, body = answers[self.path]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web(pictures, monkeypatch):
    """cdn.example.org, as if it were a public host: only where names lead and what is public are made up."""
    from gigamatte.service import fetch

    site = Site({
        "/photo.jpg": (200, {}, pictures["jpeg"]),
        "/moved": (302, {"Location": "/photo.jpg"}, b""),
        "/away": (302, {"Location": "http://evil.example.org/photo.jpg"}, b""),
        "/inside": (302, {"Location": "http://inside.example.org/photo.jpg"}, b""),
        "/metadata": (302, {"Location": "http://169.254.169.254/latest/"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
        "/gone": (404, {}, b"no"),
        "/short": (200, {"Content-Length": "99999"}, pictures["jpeg"]),
        "/large": (200, {}, bytes(3 << 20)),
    })  # fmt: skip
    places = {"cdn.example.org": "93.184.215.14", "inside.example.org": "10.0.0.7", "two.example.org": "93.184.215.14"}
    lookups = []

    def getaddrinfo(name, port, **more):
        lookups.append(name)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (places.get(name, name), port))]
        if name == "two.example.org":  # one public address, and one that is not
            found.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)))
        return found

    def create_connection(address, timeout):
        return socket.create_connection(("127.0.0.1", site.port) if address[0] == "93.184.215.14" else address, timeout)

    network = SimpleNamespace(getaddrinfo=getaddrinfo, create_connection=create_connection, SOCK_STREAM=1)
    monkeypatch.setattr(fetch, "socket", network)
    site.lookups = lookups
    yield site
    site.close()


def test_allowed_hosts_are_fetched_from(own_service, web, pictures):
    hosts = ["cdn.example.org", "*.example.org"]
    with own_service(fetch_urls=hosts, max_body=2 << 20) as service:
        for path in ("/photo.jpg", "/moved"):
            answer = removebg(service, image_url=f"http://cdn.example.org{path}")
            assert picture_of(answer).size == (400, 300)
        assert web.asked[0] == ("cdn.example.org", "/photo.jpg")
        # a background from there, under a photo that was sent
        files = {"image_file": pictures["png"]}
        answer = removebg(service, files, bg_image_url="http://cdn.example.org/photo.jpg")
        assert picture_of(answer).mode == "RGB"
        for path in ("/inside", "/metadata", "/round", "/gone", "/short"):
            answer = removebg(service, image_url=f"http://cdn.example.org{path}")
            assert coded(answer) == (400, "failed_image_download"), path
            answer = removebg(service, files, bg_image_url=f"http://cdn.example.org{path}")
            assert coded(answer) == (400, "failed_bg_download"), path
        assert coded(removebg(service, image_url="http://cdn.example.org/large")) == (400, "file_too_large")
        # every address of a name must be public, not only the first
        answer = removebg(service, image_url="http://two.example.org/photo.jpg")
        assert "not public" in answer.json()["errors"][0]["title"]
        assert service.emptied()


def test_no_other_host_is_asked_or_even_looked_up(own_service, web):
    with own_service(fetch_urls=["cdn.example.org"]) as service:
        for url in (
            "http://evil.example.org/", "http://cdn.example.org.evil/", "http://cdn.example.org@evil/", "ftp://cdn.example.org/",
            "http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "file:///etc/passwd", "http://cdn.example.org:22/",
            "//cdn.example.org/", "http://", "http://cdn.example.org/a b", "http://cdn.example.org/a%0d%0a\r\nX: y",
        ):  # fmt: skip
            code = "failed_image_download" if url.startswith("http://") else "invalid_image_url"
            assert coded(removebg(service, image_url=url)) == (400, code), url
        assert web.lookups == []
        answer = removebg(service, image_url="http://cdn.example.org/away")
        assert coded(answer) == (400, "failed_image_download")
        assert web.lookups == ["cdn.example.org"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("100.64.0.1", False), ("169.254.169.254", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.215.14", True),
        ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d70e", True), ("::7f00:1", False),
        ("2001:0:5db8:d70e:0:0:80ff:fffe", False),
    ],
)  # fmt: skip
def test_what_is_public(address, public):
    from gigamatte.service.fetch import is_public

    assert is_public(ipaddress.ip_address(address)) is public
