"""What compose files set for the service, and how its process is stopped; each test is named after its case."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
requests = pytest.importorskip("requests", reason="requests is not installed")

from tests.service import conftest as home  # noqa: E402

from gigamatte.testing.served import free_port, wait_until_ready  # noqa: E402

network = home.network


PROGRAM = Path(sys.executable).parent / "gigamatte"


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
