"""Real probes, proxies, remove.bg's clients, half-closed connections; each test is named after its case."""

import base64
import re
import socket
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
requests = pytest.importorskip("requests", reason="requests is not installed")

from tests.service import conftest as home  # noqa: E402

network, nginx, own_service, pictures = home.network, home.nginx, home.own_service, home.pictures
service = home.service
picture_of = home.picture_of


def read_all(sock):
    sock.settimeout(60)
    answer = b""
    while part := sock.recv(65536):
        answer += part
    return answer


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
