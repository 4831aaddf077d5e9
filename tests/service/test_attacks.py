"""Requests of hostile clients: each is refused for the right reason, and the service works afterwards."""

import contextlib
import io
import json
import socket
import struct
import time
import zlib

import numpy as np
import pytest
import requests
from PIL import Image

from .conftest import picture_of


@pytest.fixture(autouse=True)
def well_afterwards(request):
    """After every attack on the shared service it is live and cuts the next photo."""
    shared = "service" in request.fixturenames
    service, pictures = (request.getfixturevalue(name) if shared else None for name in ("service", "pictures"))
    yield
    if shared:
        answer = requests.post(f"{service.url}/remove_background", files={"image": pictures["jpeg"]}, timeout=60)
        assert picture_of(answer).size == (400, 300)


def post(service, data, seconds=60, query=""):
    return requests.post(f"{service.url}/remove_background{query}", files={"image": data}, timeout=seconds)


# ---- files


def png_claiming(width, height, body=b"", more=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more
    return start + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_png_bomb(service):
    # 50000×50000: 2.5 gigapixels in a few kilobytes
    row = zlib.compress(bytes(1_000_000))
    answer = post(service, png_claiming(50_000, 50_000, row))
    assert (answer.status_code, answer.json()["code"]) == (422, "budget")


def test_png_bomb_within_the_budget_that_ends_early(service):
    answer = post(service, png_claiming(17_000, 17_000, zlib.compress(bytes(1000))))
    assert (answer.status_code, answer.json()["code"]) == (422, "input-unsupported")


def test_tiff_bomb(service):
    entries = [(256, 4, 1, 2**31), (257, 4, 1, 2**31), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 8)]
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    data += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    answer = post(service, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "budget")


def test_webp_bomb(service):
    header = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16382).to_bytes(3, "little") * 2
    vp8l = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", 16382 | 16382 << 14)
    body = b"WEBP" + header + vp8l + b"\0"
    answer = post(service, b"RIFF" + struct.pack("<I", len(body)) + body)
    assert answer.status_code == 422


@pytest.mark.parametrize("seed", range(4))
def test_headers_full_of_noise(service, pictures, seed):
    chance = np.random.default_rng(seed)
    for kind in ("png", "jpeg"):
        data = bytearray(pictures[kind])
        for place in chance.integers(8, 300, 20):
            data[place] = chance.integers(256)
        assert post(service, bytes(data)).status_code in (200, 415, 422)


def test_gif_of_ten_thousand_frames(service):
    frame = b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    answer = post(service, b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 10_000 + b";")
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong-type")


def test_only_the_first_page_is_read_and_that_is_said(service):
    pages = [Image.new("RGB", (64, 48), (200, 90, 20)) for _ in range(300)]
    data = io.BytesIO()
    pages[0].save(data, "TIFF", save_all=True, append_images=pages[1:])
    answer = post(service, data.getvalue(), query="?keep_empty=true")
    assert picture_of(answer).size == (64, 48)
    assert any("300 pictures" in line for line in json.loads(answer.headers["x-warnings"]))


@pytest.mark.parametrize(
    "head",
    [b"%!PS-Adobe-3.0 EPSF-3.0", b"<?xml version='1.0'?><svg/>", b"%PDF-1.7", b"PK\3\4", b"\x7fELF", b"#!/bin/sh"],
)
def test_what_only_calls_itself_a_picture(service, head):
    answer = post(service, head + bytes(500))
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong-type")


def test_a_profile_of_200_megabytes(own_service):
    packed = zlib.compress(bytes(200 << 20), 9)
    icc = b"x\0\0" + packed
    chunk = struct.pack(">I", len(icc)) + b"iCCP" + icc + struct.pack(">I", zlib.crc32(b"iCCP" + icc))
    row = zlib.compress(b"".join(b"\0" + bytes([200, 90, 20]) * 64 for _ in range(48)))
    with own_service(memory=1_500_000_000) as service:
        before = service.desk.supervisor.stats().deaths
        answer = post(service, png_claiming(64, 48, row, chunk), query="?keep_empty=true")
        assert answer.status_code in (200, 422)
        if answer.status_code == 200:
            assert len(answer.content) < 1 << 20  # it is not copied into the result
        assert service.desk.supervisor.stats().deaths == before


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF", "JPEG"])
def test_truncated_and_mislabelled(service, form):
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, form)
    data, url = whole.getvalue(), f"{service.url}/remove_background?keep_empty=true"
    # its name and declared type are not regarded
    answer = requests.post(url, files={"image": ("photo.svg", data, "text/html")}, timeout=60)
    assert picture_of(answer).size == (160, 120)
    answer = requests.post(url, files={"image": ("photo", data[: len(data) // 2])}, timeout=60)
    assert answer.status_code == 422
    assert answer.json()["code"] == "input-unsupported"


def test_names_are_never_paths(service, pictures, tmp_path):
    name = "../../../../../../tmp/gigamatte-was-here.png"
    answer = requests.post(f"{service.url}/remove_background", files={"image": (name, pictures["png"])}, timeout=60)
    assert answer.status_code == 200
    assert not (tmp_path / "../../../../../../tmp/gigamatte-was-here.png").exists()
    body = b'--x\r\nContent-Disposition: form-data; name="../../etc/x"; filename="y"\r\n\r\nz\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = requests.post(f"{service.url}/remove_background", data=body, headers=headers, timeout=30)
    assert answer.status_code == 400


# ---- bodies


def test_a_declared_body_that_is_too_large_is_refused_unread(own_service):
    with own_service(max_body=10_000) as service:
        head = b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n"
        answer = service.talk(head)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"too-large" in answer
        assert post(service, bytes(20_000)).status_code == 413  # the client that sends it all can read why


def test_a_chunked_body_that_grows_too_large_is_cut_off(own_service):
    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n\xff\xd8\xff'
        for _ in range(10):
            yield bytes(4000)

    with own_service(max_body=20_000) as service:
        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = requests.post(f"{service.url}/remove_background", data=endless(), headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
        assert service.emptied()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x--\r\n",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n\xff\xd8\xff',
        b"--x\r\nContent-Disposition: form-data\r\n\r\nz\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n' + b"A: b\r\n" * 100 + b"\r\n\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + bytes(100_000) + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 100 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nb\r\n' * 2 + b"--x--\r\n",
    ],
)
def test_broken_forms(service, body):
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = requests.post(f"{service.url}/remove_background", data=body, headers=headers, timeout=30)
    assert answer.status_code in (400, 415)
    assert answer.json()["detail"]


def test_only_photos_may_be_large(service):
    """Other bodies are read into memory."""
    url = f"{service.url}/archive"
    answer = requests.post(url, data=b'{"jobs": [' + bytes(1 << 20), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    answer = requests.post(url, data=iter([b'{"jobs": [', *[b" " * 30_000] * 4]), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


# ---- slow clients


def closed_within(sock, seconds):
    sock.settimeout(seconds)
    try:
        return sock.recv(1000) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize("said", [b"", b"POST /remove_background HTTP/1.1\r\nHost: 127.0"])
def test_silent_sockets_and_half_headers_are_closed(own_service, said):
    with own_service(header_seconds=0.5) as service, service.connect() as sock:
        sock.sendall(said)
        assert closed_within(sock, 10)


def test_half_a_second_header_on_a_kept_connection_is_closed(own_service):
    with own_service(header_seconds=0.5) as service, service.connect() as sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        sock.settimeout(10)
        answer = b""
        while b"alive" not in answer:  # head and body may come apart
            part = sock.recv(4000)
            assert part, answer
            answer += part
        sock.sendall(b"GET /livez HT")
        assert closed_within(sock, 10)


def test_a_stalled_body_is_408(own_service):
    with own_service(stall_seconds=0.5) as service:
        answer = service.talk(
            b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 408")
        assert service.emptied()


@pytest.mark.parametrize("head", [b"GET /livez", b"POST /remove_background?format=nope"])
def test_a_body_that_trickles_on_after_the_answer_is_cut_off(own_service, head):
    """Each byte put off the time after which an idle connection is closed."""
    with own_service(header_seconds=1) as service, service.connect() as sock:
        sock.sendall(head + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n")
        until = time.monotonic() + 12
        with contextlib.suppress(OSError):
            while time.monotonic() < until:
                sock.sendall(b"x")
                time.sleep(0.1)
        assert time.monotonic() < until, "still connected"


def test_a_body_that_ends_after_the_answer_leaves_the_connection_well(own_service):
    with own_service(header_seconds=1) as service, service.connect() as sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.5)
        sock.sendall(b"cd")
        time.sleep(0.7)  # the time that the rest of the body had is over
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := sock.recv(65536):
            answer += part
        assert answer.count(b"HTTP/1.1 200") == 2


def test_a_client_that_does_not_read_its_answer_is_dropped(own_service):
    with own_service(send_seconds=0.5) as service, service.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /assets/viewer.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for _ in range(400):
            try:
                sock.sendall(request)
            except (ConnectionResetError, BrokenPipeError):
                break
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                sock.sendall(request)
            except OSError:
                break
            time.sleep(0.1)
        else:
            raise AssertionError("still connected")


def test_connections_are_counted(own_service):
    with own_service(connections=3) as service:
        kept = [service.connect() for _ in range(3)]
        time.sleep(0.2)
        with service.connect() as one_more:
            assert closed_within(one_more, 10)
        for sock in kept:
            sock.close()


# ---- requests


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


# ---- logs


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


@pytest.mark.parametrize(
    ("path", "more"),
    [
        (b"/remove_background", b"Host: a\r\nHost: b\r\n"),
        (b"/remove_background", b"Host: 127.0.0.1\r\nContent-Length: 5\r\n"),
        (b"/remove_background", b"Host: 127.0.0.1\r\nContent-Type: text/plain\r\n"),
        (b"/remove_background", b"Host: 127.0.0.1\r\nbad header\r\n"),
        (b"/nowhere", b"Host: 127.0.0.1\r\n"),
    ],
)
def test_who_is_refused_while_it_sends_can_read_why(service, path, more):
    """The connection was reset under the client, and the answer was lost."""
    body = bytes(30 << 20)
    with service.connect() as sock:
        sock.sendall(b"POST " + path + b" HTTP/1.1\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body))
        sock.sendall(body)  # raises when the connection is reset
        sock.settimeout(30)
        answer = b""
        while part := sock.recv(65536):
            answer += part
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 415"))
    assert len(answer.split(b"\r\n\r\n", 1)[1]) > 10
