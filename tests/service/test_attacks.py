"""Hostile requests, names and log lines: each is refused for the right reason, and the service works afterwards."""

import contextlib
import json
import socket
import struct
import time

import pytest
import requests

from .conftest import picture_of

pytestmark = pytest.mark.usefixtures("well_afterwards")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5\r\n Transfer-Encoding: chunked\r\n",
    ],
)
def test_requests_that_two_servers_could_read_differently(service, head):
    smuggled = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answer = service.talk(b"POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n0\r\n\r\n" + smuggled)
    assert answer.split(b" ")[1] in (b"400", b"501")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"gigamatte_" not in answer


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost@evil"])
def test_a_rebound_name_is_not_answered(service, host):
    for path in ("/", "/about", "/jobs/x"):
        answer = requests.get(service.url + path, headers={"host": host}, timeout=30)
        assert answer.status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:1", "file://"])
def test_pages_of_other_sites_may_not_post(service, pictures, origin):
    files = {"image": pictures["jpeg"]}
    answer = requests.post(f"{service.url}/remove_background", files=files, headers={"origin": origin}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "access-control-allow-origin" not in answer.headers


def test_pages_of_sites_that_are_allowed_may(own_service, pictures):
    shop, files = "https://shop.example.org", {"image": pictures["jpeg"]}
    with own_service(origins=[shop]) as service:
        url = f"{service.url}/remove_background"
        asked = {"origin": shop, "access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}
        preflight = requests.options(url, headers=asked, timeout=30)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == shop
        answer = requests.post(url, files=files, headers={"origin": shop}, timeout=60)
        assert picture_of(answer).mode == "RGBA"
        assert answer.headers["access-control-allow-origin"] == shop
        # errors can be read too, and no other site is let in
        error = requests.post(url, files={"x": b""}, headers={"origin": shop}, timeout=30)
        assert (error.status_code, error.headers["access-control-allow-origin"]) == (400, shop)
        for origin in ("https://evil.example.org", "https://shop.example.org.evil", "null"):
            answer = requests.post(url, files=files, headers={"origin": origin}, timeout=30)
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
            assert requests.options(url, headers={**asked, "origin": origin}, timeout=30).status_code == 400


def test_our_own_page_may(service, pictures):
    files = {"image": pictures["jpeg"]}
    answer = requests.post(f"{service.url}/remove_background", files=files, headers={"origin": service.url}, timeout=60)
    assert answer.status_code == 200


def test_no_key_no_upload(own_service, pictures, tmp_path):
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as service:
        for headers in ({}, {"x-api-key": "wrong"}, {"x-api-key": "right "[:4]}, {"authorization": "Bearer"}):
            answer = requests.post(
                f"{service.url}/remove_background", files={"image": pictures["jpeg"]}, headers=headers, timeout=30
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
        # refused on the head: the body is never waited for
        answer = service.talk(b"POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401")
        good = {"x-api-key": "right"}
        files = {"image": pictures["jpeg"]}
        assert requests.post(f"{service.url}/remove_background", files=files, headers=good, timeout=60).ok


def test_a_page_of_ours_loads_nothing_from_elsewhere(service):
    headers = requests.get(f"{service.url}/", timeout=30).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_urls_are_never_fetched(service):
    asked = []
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/x.png"
        for data in ({"image_url": url}, {"image_file_b64": "aa", "bg_image_url": url}):
            answer = requests.post(f"{service.url}/v1.0/removebg", data=data, timeout=30)
            assert answer.status_code == 400
            assert "fetches no URLs" in answer.json()["errors"][0]["title"]
        with contextlib.suppress(TimeoutError):
            asked.append(trap.accept())
    assert asked == []


def test_deep_json_is_no_crash(service):
    headers = {"content-type": "application/json"}
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"1e999999", b'"' + b"a" * 100_000):
        answer = requests.post(f"{service.url}/v1.0/removebg", data=body, headers=headers, timeout=30)
        assert answer.status_code == 400
        answer = requests.post(f"{service.url}/archive", data=body, headers=headers, timeout=30)
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize("as_json", [False, True])
def test_no_line_of_the_log_can_be_forged(own_service, as_json, capfd):
    import logging

    from gigamatte.service.observe import set_up_logs

    before = logging.root.handlers[:], logging.root.level
    set_up_logs(as_json)
    try:
        with own_service() as service:
            forged = "2026-01-01 00:00:00,000 INFO gigamatte.access: POST /jobs 202"
            for mark in ("%0A", "%0D%0A", "%E2%80%A8", "%C2%85", "%1B[2J", "%C2%9B2J"):
                path = f"/nowhere{mark}{forged.replace(' ', '%20')}"
                answer = service.talk(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                assert answer.startswith(b"HTTP/1.1 404")
    finally:
        logging.root.handlers[:], logging.root.level = before
    lines = [line for line in capfd.readouterr().err.splitlines() if "POST /jobs" in line]
    assert len(lines) == 6
    for line in lines:
        assert line.isprintable()
        assert not line.startswith(forged)
        if as_json:
            assert json.loads(line)["path"].startswith("/nowhere")


def test_clients_that_leave_are_no_errors(own_service, pictures, caplog):
    begun = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999\r\nContent-Type: "
    heads = [
        b"POST /remove_background" + begun + b"image/jpeg\r\n\r\nab",
        b"POST /jobs" + begun + b"multipart/form-data; boundary=x\r\n\r\n--x",
        b"POST /v1.0/removebg" + begun + b"application/json\r\n\r\n{",
        b"POST /archive" + begun.replace(b"99999", b"99") + b"application/json\r\n\r\n{",
        b"POST /api/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
    ]
    with own_service() as service:
        for head in heads:
            with service.connect() as sock:
                sock.sendall(head)
                time.sleep(0.2)
        with service.connect() as sock:  # and one that leaves while its photo is cut
            sock.sendall(heads[0].replace(b"99999", b"%d" % len(pictures["jpeg"]))[:-2] + pictures["jpeg"])
            time.sleep(0.05)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert service.emptied()
        until = time.monotonic() + 30
        while service.app.state.requests:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR" or record.exc_info] == []
