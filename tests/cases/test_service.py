"""What real clients, probes, proxies, forms and compose files send; each test is named after its case."""

import base64
import email.mime.image
import email.mime.multipart
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
requests = pytest.importorskip("requests", reason="requests is not installed")

from tests.service import conftest as home  # noqa: E402

from gigamatte.testing.served import free_port, wait_until_ready  # noqa: E402

network, nginx, own_service, pictures = home.network, home.nginx, home.own_service, home.pictures
service = home.service
picture_of = home.picture_of

PROGRAM = Path(sys.executable).parent / "gigamatte"


def read_all(sock):
    sock.settimeout(60)
    answer = b""
    while part := sock.recv(65536):
        answer += part
    return answer


# ---- probes


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
@pytest.mark.parametrize("host", ["10.244.1.7:8000", "[fe80::1]:8000", "gigamatte.default.svc", ""])
def test_health_host(service, path, host):
    assert requests.get(service.url + path, headers={"host": host}, timeout=30).status_code == 200
    assert requests.get(f"{service.url}/about", headers={"host": host}, timeout=30).status_code == 421


def test_health_host_http_1_0_without_host(service):
    for method in (b"GET", b"HEAD"):
        answer = service.talk(method + b" /readyz HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
    assert service.talk(b"GET /about HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421")


# ---- forms


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


# ---- places


@pytest.mark.parametrize("handed_on", [False, True], ids=["cut-off", "handed-on"])
def test_sub_path(own_service, pictures, nginx, handed_on):
    """Links have the proxy's path: from the setting, or from the header of a proxy that is trusted."""
    own = {"root_path": "/cut"} if handed_on else {"trusted_proxies": "127.0.0.1"}
    with own_service(**own) as service:
        target = service.url if handed_on else f"{service.url}/"
        address = nginx(
            f"location /cut/ {{ proxy_pass {target}; proxy_set_header Host $http_host; "
            "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Prefix /cut; }"
        )
        index = requests.get(f"{address}/cut/", timeout=30)
        for found in re.findall(r'(?:src|href)="([^"#]+)"', index.text):
            assert requests.get(urljoin(index.url, found), timeout=30).status_code == 200, found
        answer = requests.post(f"{address}/cut/jobs", files={"image": pictures["jpeg"]}, timeout=60)
        assert answer.headers["location"].startswith("/cut/jobs/")
        state = answer.json()
        assert all(link.startswith("/cut/jobs/") for link in state["links"].values())
        while state["state"] in ("queued", "running"):
            time.sleep(0.05)
            state = requests.get(address + state["links"]["self"], timeout=30).json()
        assert picture_of(requests.get(address + state["links"]["result"], timeout=30)).mode == "RGBA"
        document = requests.get(f"{address}/cut/openapi.json", timeout=30)
        assert urljoin(document.url, document.json()["servers"][0]["url"]) == f"{address}/cut/"


def test_sub_path_is_a_trusted_proxys_word_only(service, pictures):
    headers = {"x-forwarded-prefix": "/evil"}
    answer = requests.post(f"{service.url}/jobs", files={"image": pictures["jpeg"]}, headers=headers, timeout=60)
    assert answer.headers["location"].startswith("/jobs/")


def test_sub_path_without_its_slash(own_service):
    with own_service(root_path="/cut") as service:
        answer = requests.get(f"{service.url}/cut", timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (308, "/cut/")
        assert requests.get(f"{service.url}/cut/livez", timeout=30).status_code == 200
        assert requests.get(f"{service.url}/livez", timeout=30).status_code == 200  # a proxy may cut it off as well


# ---- rembg's clients


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
        ({"af": "999"}, "af: "),
        ({"om": "perhaps"}, "om: "),
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


# ---- remove.bg's clients


def test_removebg_answers(service, pictures):
    """A picture unless JSON is what is asked for."""
    for accept, json_is_wanted in (
        ("application/json, text/plain, */*", False),  # axios
        ("image/png, application/json;q=0.1", False),
        ("application/json;q=0.5, image/png;q=0.9", False),
        ("image/png, application/json", False),
        ("*/*", False),
        ("text/html, application/json;q=0", False),
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/json, image/*;q=0.5", True),
        ("image/png;q=0.2, application/json", True),
        (None, False),
    ):
        headers = {"accept": accept}
        files = {"image_file": pictures["jpeg"]}
        answer = requests.post(f"{service.url}/v1.0/removebg", files=files, headers=headers, timeout=60)
        wanted = "application/json" if json_is_wanted else "image/png"
        assert answer.headers["content-type"] == wanted, accept
        if json_is_wanted:
            data = answer.json()["data"]
            assert all(data[f"foreground_{side}"] >= 0 for side in ("top", "left"))
            assert all(data[f"foreground_{side}"] > 0 for side in ("width", "height"))
        else:
            assert picture_of(answer).mode == "RGBA"


def test_removebg_answers_codes(service, pictures, own_service, tmp_path):
    from gigamatte.service.keys import digest

    def error(answer):
        return answer.status_code, answer.json()["errors"][0]["code"]

    url = f"{service.url}/v1.0/removebg"
    assert error(requests.post(url, files={"image_file": pictures["black"]}, timeout=60)) == (400, "unknown_foreground")
    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as mine:
        for headers in ({}, {"x-api-key": "wrong"}):
            answer = requests.post(
                f"{mine.url}/v1.0/removebg", files={"image_file": pictures["jpeg"]}, headers=headers, timeout=60
            )
            assert error(answer) == (403, "auth_failed")
    data = pictures["jpeg"] + b"\xff" * ((1 - len(pictures["jpeg"])) % 3)
    for text in (base64.b64encode(data).rstrip(b"="), base64.urlsafe_b64encode(data)):
        answer = requests.post(url, json={"image_file_b64": text.decode()}, timeout=60)
        assert picture_of(answer).mode == "RGBA"


def test_removebg_answers_of_the_case(service, case):
    photo = (case("removebg-answers") / "base.jpg").read_bytes()
    headers = {"accept": "application/json, text/plain, */*"}
    answer = requests.post(f"{service.url}/v1.0/removebg", files={"image_file": photo}, headers=headers, timeout=60)
    assert picture_of(answer).mode == "RGBA"


# ---- half-closed connections


def half_closing(service, head, body):
    with service.connect() as sock:
        sock.sendall(head + b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n",
        b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /remove_background HTTP/1.0\r\nHost: 127.0.0.1\r\n",
    ],
)
def test_http_half_close(service, pictures, head):
    answer = half_closing(service, head, pictures["jpeg"])
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.rpartition(b"IEND")[1] == b"IEND"
    assert service.emptied()


def test_http_half_close_of_small_requests(service):
    with service.connect() as sock:
        request = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        sock.sendall(request * 3)
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).count(b'{"status":"alive"}') == 3


def test_http_half_close_of_the_case(service, case):
    body = (case("http-half-close") / "base.jpg").read_bytes()
    head = b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    assert half_closing(service, head, body).startswith(b"HTTP/1.1 200 OK")


@pytest.fixture
def slow_cuts(monkeypatch):
    """Photos that are cut until they are cancelled."""
    from gigamatte.service import desk

    def slow(self, job):
        task = submit(self, desk.Job(Path("slow.jpg"), job.target, job.options))
        started.append(task)
        return task

    started = []
    submit = desk.Supervisor.submit
    monkeypatch.setattr(desk.Supervisor, "submit", slow)
    return started


def test_http_half_close_is_told_from_leaving(own_service, pictures, slow_cuts):
    """A client that has closed both sides is noticed, and its work is cancelled."""
    with own_service() as service:
        sock = service.connect()
        head = b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
        sock.sendall(head + b"Content-Length: %d\r\n\r\n" % len(pictures["jpeg"]) + pictures["jpeg"])
        while not slow_cuts:
            time.sleep(0.02)
        sock.close()
        until = time.monotonic() + 30
        while service.desk.depth:
            assert time.monotonic() < until, "its photo is being cut still"
            time.sleep(0.1)
        assert slow_cuts[0].done()


# ---- settings


def settings(**environment):
    code = "from gigamatte.service.settings import Settings as S; print(S().model_dump_json())"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIGAMATTE_")}
    given = {f"GIGAMATTE_{name}": value for name, value in environment.items()}
    done = subprocess.run([sys.executable, "-c", code], env=clean | given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_settings_environment():
    plain = settings()
    assert settings(HOSTS="*")["hosts"] == ["*"]
    assert settings(HOSTS="cut.example.org, [::1]")["hosts"] == ["cut.example.org", "[::1]"]
    assert settings(HOSTS='["a", "b"]')["hosts"] == ["a", "b"]
    assert settings(HOSTS="[::1],a")["hosts"] == ["[::1]", "a"]
    assert settings(TRUSTED_PROXIES='["10.0.0.1", "10.0.0.2"]')["trusted_proxies"] == "10.0.0.1,10.0.0.2"
    assert settings(TRUSTED_PROXIES="10.0.0.1, 10.0.0.2")["trusted_proxies"] == "10.0.0.1,10.0.0.2"
    empty = dict.fromkeys((name.upper() for name in plain), "")
    assert settings(**empty) == plain
    sized = settings(MEMORY="4G", MAX_BODY="256M", SPOOL_BYTES="1.5g", MAX_PIXELS="40M")
    assert [sized[name] for name in ("memory", "max_body", "spool_bytes", "max_pixels")] == [
        4_000_000_000, 256_000_000, 1_500_000_000, 40_000_000,
    ]  # fmt: skip
    assert settings(MEMORY="4000000000")["memory"] == 4_000_000_000


@pytest.mark.skipif(not PROGRAM.exists(), reason="the gigamatte command is not beside this Python")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HOSTS", "https://cut.example.org/", "takes the names of hosts"),
        ("HOSTS", '["a', "with commas between, or a JSON list"),
        ("MEMORY", "much", "takes a number such as"),
        ("THREADS", "four", "valid integer"),
    ],
)
def test_settings_environment_that_make_no_sense(tmp_path, name, value, words):
    environment = {**os.environ, "GIGAMATTE_LANG": "en", f"GIGAMATTE_{name}": value}
    command = [PROGRAM, "serve", "--no-ui", "--spool", tmp_path / "spool"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"GIGAMATTE_{name}" in done.stderr
    assert words in done.stderr
    assert value.strip("/") in done.stderr
    assert "Traceback" not in done.stderr


# ---- stopping


@pytest.fixture
def serving(tmp_path, network):
    """Starts ``gigamatte serve`` as the leader of a process group; gives (process, its address)."""
    started = []

    def start(**environment):
        port = free_port()
        command = [PROGRAM, "serve", "--no-ui", "--port", str(port), "--spool", tmp_path / "spool"]
        log = (tmp_path / f"log-{len(started)}").open("w")
        process = subprocess.Popen(
            [*command, "--model", str(network)],
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # these tests may run under nohup
            env={**os.environ, "GIGAMATTE_LANG": "en", **environment},
        )
        log.close()
        started.append(process)
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process)
        return process, url

    yield start
    for process in started:
        process.kill()
        process.wait()


def large_photo():
    """A photo that takes a while."""
    import io

    import numpy as np
    from PIL import Image

    rows, columns = np.mgrid[0:3000, 0:4000]
    noise = np.random.default_rng(0).normal(0, 3, (3000, 4000, 1))
    inside = ((columns - 2000) / 1000) ** 2 + ((rows - 1500) / 900) ** 2 < 1
    photo = np.where(inside[..., None], (190, 60, 40), (160, 180, 190)) + noise
    data = io.BytesIO()
    Image.fromarray(photo.clip(0, 255).astype("uint8")).save(data, "JPEG", quality=90)
    return data.getvalue()


@pytest.mark.skipif(not PROGRAM.exists(), reason="the gigamatte command is not beside this Python")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_stop_as_group(serving, name):
    process, url = serving()
    job = requests.post(f"{url}/jobs", files={"image": large_photo()}, timeout=60).json()["links"]["self"]
    until = time.monotonic() + 60
    while requests.get(url + job, timeout=30).json()["state"] == "queued":
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, getattr(signal, name))
    assert process.wait(60) == 0
    _, url = serving()
    until = time.monotonic() + 120
    while (state := requests.get(url + job, timeout=30).json())["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert state["state"] == "done", state.get("error")


@pytest.mark.skipif(not PROGRAM.exists(), reason="the gigamatte command is not beside this Python")
def test_stop_as_group_with_a_photo_in_flight(serving):
    import threading

    process, url = serving()
    answers = []
    photo = large_photo()
    client = threading.Thread(
        target=lambda: answers.append(requests.post(f"{url}/remove_background", files={"image": photo}, timeout=120))
    )
    client.start()
    until = time.monotonic() + 60
    while "gigamatte_worker_running 0.0" in requests.get(f"{url}/metrics", timeout=30).text:
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    client.join(120)
    assert answers[0].status_code == 200
    assert process.wait(60) == 0
