"""A real service on a loopback port, with real photos. Its network is a mask, or a tiny one made here."""

import asyncio
import io
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import pyvips
from PIL import Image

pytest.importorskip("fastapi", reason="the extra [serve] is not installed")

from gigamatte.service.app import create_app
from gigamatte.service.server import listen, running
from gigamatte.service.settings import Settings
from gigamatte.testing.photos import coarse, made_photo
from gigamatte.testing.served import free_port
from gigamatte.types import Size

MISBEHAVING = "gigamatte.testing.misbehaving_child"


class Service:
    """A service in a thread of this process, on a port of its own."""

    def __init__(self, app, settings):
        self.app, self.settings = app, settings
        self.socket = listen("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._started = threading.Event()
        self._stop = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(30)

    def _run(self):
        asyncio.run(self._main())

    async def _main(self):
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with running(self.app, self.settings, [self.socket]):
            self._started.set()
            await self._stopping.wait()

    @property
    def desk(self):
        return self.app.state.desk

    def emptied(self):
        """Whether the queue is empty; places are given back a moment after the answer is complete."""
        until = time.monotonic() + 60
        while self.desk.depth and time.monotonic() < until:
            time.sleep(0.02)
        return self.desk.depth == self.desk.pixels == 0

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def talk(self, data, seconds=30):
        """Send bytes as they are, and read until the other side closes."""
        with self.connect() as sock:
            sock.settimeout(seconds)
            sock.sendall(data)
            answer = b""
            while part := sock.recv(65536):
                answer += part
        return answer

    def close(self):
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


@contextmanager
def service_of(folder, network, **settings):
    own = {"spool": folder / "spool", "model": str(network), "hosts": ["127.0.0.1", "localhost"], **settings}
    chosen = Settings(**own)
    service = Service(create_app(chosen, entry=MISBEHAVING), chosen)
    try:
        yield service
    finally:
        service.close()


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """An ONNX file that takes warm colours for the subject: enough for the photos made here."""
    from gigamatte.testing.networks import warm_colours

    path = tmp_path_factory.mktemp("network") / "warm.onnx"
    path.write_bytes(warm_colours(64))
    return path


def deep_png(array):
    """The picture with 16 bits a channel."""
    image = pyvips.Image.new_from_array(array).cast("ushort") * 257
    return bytes(image.cast("ushort").copy(interpretation="rgb16").pngsave_buffer())


@pytest.fixture(scope="session")
def pictures():
    """Encoded pictures by name: the photo as PNG and JPEG, and its coarse mask."""
    made = made_photo(Size(400, 300))
    mask = np.rint(coarse(made.alpha, 4) * 255).astype(np.uint8)

    def encoded(array, form):
        data = io.BytesIO()
        Image.fromarray(array).save(data, form)
        return data.getvalue()

    return {
        "png": encoded(made.photo, "PNG"),
        "jpeg": encoded(made.photo, "JPEG"),
        "deep": deep_png(made.photo),
        "mask": encoded(mask, "PNG"),
        "black": encoded(np.zeros_like(mask), "PNG"),
    }


@pytest.fixture(scope="session")
def service(tmp_path_factory, network):
    """One service for all tests that do not need settings of their own."""
    with service_of(tmp_path_factory.mktemp("service"), network) as service:
        until = time.monotonic() + 60
        while not service.desk.supervisor.warmed.done() and time.monotonic() < until:
            time.sleep(0.05)
        assert service.desk.supervisor.warmed.exception() is None
        yield service
    left = list((service.settings.spool / "passing").iterdir())
    assert left == [], "a test's request left files behind"


@pytest.fixture
def nginx(tmp_path):
    """Starts a real nginx with ``locations`` in its only server; gives its address. Skipped where there is none."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    started = []

    def start(locations, outside=""):
        port = free_port()
        folder = tmp_path / f"nginx-{len(started)}"
        folder.mkdir()
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi"))
        more = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "conf").write_text(
            f"daemon off; master_process off; {user} pid {folder}/pid; events {{}} http {{ access_log off; "
            f"client_max_body_size 256m; {temporary}{more} {outside}\n"
            f"server {{ listen 127.0.0.1:{port}; {locations} }} }}"
        )
        process = subprocess.Popen([program, "-e", folder / "errors", "-p", folder, "-c", folder / "conf"])
        started.append(process)
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return f"http://127.0.0.1:{port}"
            except OSError:
                assert process.poll() is None, (folder / "errors").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)

    yield start
    for process in started:
        process.terminate()
        process.wait()


@pytest.fixture
def own_service(tmp_path, network):
    """Makes a service with settings of its own."""

    def make(**settings):
        return service_of(tmp_path, network, **settings)

    return make


def picture_of(response):
    assert response.status_code == 200, response.text
    with Image.open(io.BytesIO(response.content)) as picture:
        picture.load()
        return picture


@pytest.fixture
def open_page(browser, service):
    """Opens the page; the test fails on any script error and on any request that leaves the service."""
    contexts, problems = [], []

    def opened(width=1280, height=800, locale="en-US", at=None, scheme="light", expected=()):
        url = (at or service).url
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: note(said, expected))
        page.on("request", lambda request: problems.append(request.url) if stray(request.url, url) else None)
        page.goto(url)
        return page

    def note(said, expected):
        if said.type == "error" and not any(status in said.text for status in expected):
            problems.append(said.text)

    def stray(address, url):
        return not address.startswith((url, "blob:", "data:"))

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def well_afterwards(request):
    """After every attack on the shared service it is live and cuts the next photo."""
    import requests

    shared = "service" in request.fixturenames
    service, pictures = (request.getfixturevalue(name) if shared else None for name in ("service", "pictures"))
    yield
    if shared:
        answer = requests.post(f"{service.url}/remove_background", files={"image": pictures["jpeg"]}, timeout=60)
        assert picture_of(answer).size == (400, 300)
