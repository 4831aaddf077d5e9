"""``gigamatte serve`` as a process: two ports, one application; SIGTERM; what it says when it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from gigamatte.testing.served import free_port, wait_until_ready

PROGRAM = Path(sys.executable).parent / "gigamatte"

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="the gigamatte command is not beside this Python")


@pytest.fixture
def serve(tmp_path, network):
    """Starts the command; gives (process, port, port of the page)."""
    started = []

    def start(*more, **environment):
        ports = free_port(), free_port()
        command = [PROGRAM, "serve", "--port", str(ports[0]), "--ui-port", str(ports[1]), "--spool", tmp_path / "spool"]
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(
                [*command, "--model", str(network), *more],
                stderr=log,
                env={**os.environ, "GIGAMATTE_LANG": "en", **environment},
            )
        started.append(process)
        wait_until_ready(f"http://127.0.0.1:{ports[0]}", process)
        return process, *ports

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_both_ports_are_one_application_and_sigterm_drains(serve, pictures, tmp_path):
    process, port, page = serve()
    job = requests.post(f"http://127.0.0.1:{port}/jobs", files={"image": pictures["jpeg"]}, timeout=60).json()
    # handed in at one port, seen at the other
    assert requests.get(f"http://127.0.0.1:{page}{job['links']['self']}", timeout=30).status_code == 200
    assert "<title>gigamatte" in requests.get(f"http://127.0.0.1:{page}/", timeout=30).text
    until = time.monotonic() + 60
    while requests.get(f"http://127.0.0.1:{page}{job['links']['self']}", timeout=30).json()["state"] != "done":
        assert time.monotonic() < until
        time.sleep(0.1)
    answers = []

    def cut():
        files = {"image": pictures["jpeg"]}
        answers.append(requests.post(f"http://127.0.0.1:{port}/remove_background", files=files, timeout=60))

    client = threading.Thread(target=cut)
    client.start()
    until = time.monotonic() + 30
    while "gigamatte_queue_photos 0.0" in requests.get(f"http://127.0.0.1:{page}/metrics", timeout=30).text:
        if answers or time.monotonic() > until:
            break
    process.send_signal(signal.SIGTERM)
    client.join(60)
    assert process.wait(60) == 0
    assert answers[0].status_code == 200  # what was in flight is finished
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    logged = [json.loads(line) for line in lines]
    assert any("shutting down" in line["message"] for line in logged)
    posts = [line for line in logged if line.get("path") == "/remove_background"]
    assert posts[0]["status"] == 200
    assert len(posts[0]["request_id"]) == 16


def test_a_killed_service_loses_no_accepted_job(serve, pictures):
    process, port, _ = serve(GIGAMATTE_INFLIGHT="1")
    url = f"http://127.0.0.1:{port}"
    jobs = [requests.post(f"{url}/jobs", files={"image": pictures["jpeg"]}, timeout=60).json() for _ in range(6)]
    process.kill()
    process.wait()
    _, port, _ = serve()
    until = time.monotonic() + 60
    for job in jobs:
        state = "queued"
        while state in ("queued", "running") and time.monotonic() < until:
            state = requests.get(f"http://127.0.0.1:{port}{job['links']['self']}", timeout=30).json()["state"]
            time.sleep(0.05)
        assert state == "done"


def test_no_time_to_drain_is_not_for_ever(serve):
    """A fault of the past: 0 seconds were taken as no limit."""
    process, port, _ = serve(GIGAMATTE_DRAIN_SECONDS="0")
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(
            b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n"
            b"Content-Type: image/png\r\n\r\n"
        )
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [PROGRAM, "serve", "--no-ui", "--port", str(taken.getsockname()[1]), "--spool", tmp_path / "spool"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env={**os.environ, "GIGAMATTE_LANG": "en"}
        )
    assert done.returncode == 2
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_that_make_no_sense_are_said_in_one_line(tmp_path):
    for name, value in (("GIGAMATTE_INFLIGHT", "none"), ("GIGAMATTE_HOSTS", "not json")):
        environment = {**os.environ, "GIGAMATTE_LANG": "en", name: value}
        command = [PROGRAM, "serve", "--spool", tmp_path / "spool"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        assert done.returncode == 2, done.stderr
        assert "GIGAMATTE_" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_new_key_opens_the_service(serve, pictures, tmp_path):
    done = subprocess.run([PROGRAM, "serve", "--new-key", "anna"], capture_output=True, text=True, timeout=60)
    key, line = done.stdout.strip(), done.stderr.strip().splitlines()[-1]
    assert line.startswith("anna:")
    assert key not in line
    (tmp_path / "keys").write_text(line + "\n")
    _, port, _ = serve("--keys", str(tmp_path / "keys"))
    url, files = f"http://127.0.0.1:{port}/remove_background", {"image": pictures["jpeg"]}
    assert requests.post(url, files=files, timeout=60).status_code == 401
    assert requests.post(url, files=files, headers={"x-api-key": key}, timeout=60).status_code == 200
