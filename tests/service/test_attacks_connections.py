"""Hostile bodies and slow clients: each is refused or dropped, and the service works afterwards."""

import contextlib
import socket
import time

import pytest
import requests

pytestmark = pytest.mark.usefixtures("well_afterwards")


def test_a_declared_body_that_is_too_large_is_refused_unread(own_service):
    with own_service(max_body=10_000) as service:
        head = b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n"
        answer = service.talk(head)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"too-large" in answer
        # the client that sends it all can read why
        answer = requests.post(f"{service.url}/remove_background", files={"image": bytes(20_000)}, timeout=60)
        assert answer.status_code == 413


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
