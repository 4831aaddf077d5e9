"""Reported cases about networks, the runtimes that run them, and what these send (nothing)."""

from __future__ import annotations

import ast
import contextlib
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import gigamatte

SOURCES = Path(gigamatte.__file__).parent
COMMAND = [sys.executable, "-m", "gigamatte"]

#: writes down every connection and look-up of every Python process that is started with it
WATCH = """
import json, os, sys

def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        where = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        where = arguments[0]
    else:
        return
    with open(os.environ["WATCH_LOG"], "a") as log:
        log.write(json.dumps([event, repr(where), sys.argv[:2]]) + "\\n")

sys.addaudithook(_watch)
"""

#: replaces the real module and writes down each program that imports it
TELEMETRY = """
import os
with open(os.environ["WATCH_LOG"], "a") as log:
    log.write('["telemetry", "imported", []]\\n')
"""


@dataclass
class Watched:
    """Runs programs in an empty home folder, and tells what they sent."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def environment(self, **more: str) -> dict[str, str]:
        self.home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in ("CI", "XDG_CACHE_HOME")}
        path = os.pathsep.join([str(self.folder / "watch"), str(SOURCES.parent)])
        return {**kept, "HOME": str(self.home), "PYTHONPATH": path, "WATCH_LOG": str(self.log), **more}

    def run(self, *words: str, before: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment(**more)
        done = subprocess.run(
            [*before, *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def sent(self) -> list[str]:
        """Connections to other machines and look-ups of names, and telemetry that was imported."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if not _stays_here(line)]

    def at_home(self) -> set[str]:
        """What was left in the home folder; of what lies in the folder for caches, each program's own."""
        cache = self.home / ".cache"
        found = {path.name for path in self.home.iterdir() if path != cache}
        return found | {f".cache/{path.name}" for path in cache.glob("*")}


def _stays_here(line: str) -> bool:
    """Whether the address is one of this machine: its loopback, its own address, or a path."""
    event, where, _ = json.loads(line)
    address = ast.literal_eval(where) if event.startswith("socket.") else None
    host = address[0] if isinstance(address, tuple) else address
    if isinstance(host, str) and host.startswith(("/", "\0")):
        return True
    try:
        return _own(ipaddress.ip_address(host))
    except ValueError:
        return host in ("localhost", "", socket.gethostname())


def _own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if address.is_loopback or address.is_unspecified:
        return True
    try:  # only an address of one's own can be taken
        with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6) as own:
            own.bind((str(address), 0))
    except OSError:
        return False
    return True


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    watch = tmp_path / "watch"
    (watch / "openvino_telemetry").mkdir(parents=True)
    (watch / "sitecustomize.py").write_text(WATCH)
    (watch / "openvino_telemetry" / "__init__.py").write_text(TELEMETRY)
    return Watched(tmp_path)


def test_the_watch_sees_what_is_sent(watched):
    """So that the tests below can fail."""
    code = "import socket, contextlib\nwith contextlib.suppress(OSError):\n socket.getaddrinfo('nowhere.invalid', 80)"
    watched.run(sys.executable, "-c", code)
    watched.run(sys.executable, "-c", "import openvino_telemetry, socket; socket.socket().connect_ex(('127.0.0.1', 9))")
    assert [json.loads(line)[0] for line in watched.sent()] == ["socket.getaddrinfo", "telemetry"]


@pytest.mark.shared
@pytest.mark.parametrize(
    "words",
    [
        ("cut", "base.jpg", "-o", "out.png"),
        ("cut", "base.jpg", "-o", "out.png", "--cache", "kept"),
        ("batch", "in", "out"),
        ("compare", "base.jpg", "-o", "out"),
        ("doctor",),
        ("models", "list"),
    ],
    ids=lambda words: " ".join(words[:1] + words[4:5]),
)
def test_telemetry(words, case, watched):
    (watched.folder / "in").mkdir()
    for name in ("base.jpg", "in/base.jpg"):
        shutil.copy(case("telemetry") / "base.jpg", watched.folder / name)
    watched.run(*COMMAND, *words)
    assert watched.sent() == []
    assert watched.at_home() <= {".cache/gigamatte"}  # compiled networks, history


@pytest.mark.shared
def test_telemetry_of_the_service(case, watched):
    """The service and its worker send data to the client only."""
    requests = pytest.importorskip("requests", reason="requests is not installed")
    pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [*COMMAND, "serve", "--port", str(port), "--no-ui"]
    with (watched.folder / "said").open("w") as said:
        server = subprocess.Popen(words, cwd=watched.folder, env=watched.environment(), stdout=said, stderr=said)
    try:
        place = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{place}/readyz", timeout=5).status_code == 200:
                    break
            assert server.poll() is None, (watched.folder / "said").read_text()
            time.sleep(0.1)
        with (case("telemetry") / "base.jpg").open("rb") as photo:
            answer = requests.post(f"{place}/remove_background", files={"image": photo}, timeout=120)
        assert answer.status_code == 200, answer.text
    finally:
        server.terminate()
        server.wait(60)
    assert watched.sent() == []
    assert watched.at_home() <= {".cache/gigamatte", ".local"}  # compiled networks; the spool


@pytest.mark.shared
def test_telemetry_on_ray(case, watched):
    """A cluster that we start sends no usage report, and asks no metadata service of a cloud."""
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    (watched.folder / "in").mkdir()
    shutil.copy(case("telemetry") / "base.jpg", watched.folder / "in" / "base.jpg")
    watched.run(*COMMAND, "batch", "in", "out", "--engine", "ray", "--address", "local")
    assert watched.sent() == []
    assert watched.at_home() <= {".cache/gigamatte", ".ray"}


@pytest.mark.shared
def test_telemetry_system_calls(case, watched):
    """Below Python: no process opens a socket to another machine or asks for a name."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    trace = watched.folder / "trace"
    before = (strace, "-f", "-qq", "-e", "trace=network", "-o", str(trace))
    shutil.copy(case("telemetry") / "base.jpg", watched.folder / "base.jpg")
    watched.run(*COMMAND, "cut", "base.jpg", "-o", "out.png", before=before)
    calls = [line for line in trace.read_text().splitlines() if "(" in line and "+++" not in line]
    assert not [line for line in calls if "AF_INET" in line or "sendto(" in line or "sendmmsg(" in line]


@pytest.mark.shared
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_script_run_twice(method, case, watched):
    shutil.copy(case("script-run-twice") / "base.jpg", watched.folder / "base.jpg")
    script = (case("script-run-twice") / "repro.py").read_text().replace('"spawn"', repr(method))
    (watched.folder / "repro.py").write_text(script)
    done = watched.run(sys.executable, "repro.py")
    assert len(done.stdout.splitlines()) == 1
    assert watched.sent() == []


@pytest.mark.parametrize("first", ["openvino", "openvino_telemetry", "gigamatte.network.engines.openvino"])
def test_who_uses_openvino_too_is_not_disturbed(first, watched):
    """What the caller imported before stays what it was; what is imported later is there."""
    code = f"""
import importlib, sys
importlib.import_module({first!r})
before = sys.modules.get("openvino_telemetry")
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.network.engines.probe import probe_network
import numpy as np
print(OpenVinoEngine.open(probe_network()).run(np.zeros((1, 3, 32, 32), np.float32)).shape)
assert sys.modules.get("openvino_telemetry") is before
import openvino, openvino_telemetry
assert openvino.convert_model and openvino_telemetry.__file__
"""
    assert watched.run(sys.executable, "-c", code).stdout == "(1, 1, 32, 32)\n"


@pytest.mark.parametrize("wish", [None, "0"])
def test_onnxruntime_keeps_no_number_of_the_user(wish, watched):
    """Builds of 1.32 write one into the home folder when they are imported; who wants that can say so."""
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    code = """
import os
from gigamatte.network.engines.onnx import OnnxRuntimeEngine
from gigamatte.network.engines.probe import probe_network
import numpy as np
print(OnnxRuntimeEngine.open(probe_network(), device="cpu").run(np.zeros((1, 3, 32, 32), np.float32)).shape)
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""
    more = {} if wish is None else {"ORT_DISABLE_TELEMETRY": wish}
    assert watched.run(sys.executable, "-c", code, **more).stdout == f"(1, 1, 32, 32)\n{wish or 1}\n"
    assert watched.sent() == []
    if wish is None:
        assert watched.at_home() == set()


def test_one_photo_loads_no_second_runtime(watched):
    """CUDA is asked for only where it is worth loading."""
    code = """
import sys
from gigamatte.cli import main
sys.argv = ["gigamatte", "cut", sys.argv[1], "-o", "out.png"]
try:
    main()
finally:
    assert "onnxruntime" not in sys.modules
"""
    watched.run(sys.executable, "-c", code, str(SOURCES.parents[1] / "examples" / "photo.jpg"))
    assert (watched.folder / "out.png").exists()


def test_runtimes_are_imported_in_one_place():
    """Only ``silent.py`` may import them, because it turns off what they would send."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            if any(name in ("openvino", "onnxruntime") for name in names):
                found.add(path.name)
    assert found == {"silent.py"}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("fp16io", 0, "its answers taken as alpha"),
        ("rank3", 0, "its answers taken as alpha"),
        ("range255", 5, "answered with values in"),
    ],
)
def test_custom_network(name, code, said, case, tmp_path):
    """float16 and (1, H, W) are read; an answer in 0…255 is refused with its values, as a network that is not fit."""
    photo, target = case("telemetry") / "base.jpg", tmp_path / "out.png"
    words = ["cut", str(photo), "-o", str(target), "--model", str(case("custom-network") / f"{name}.onnx")]
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert target.exists() is (code == 0)


def test_an_empty_answer_says_what_was_assumed(tmp_path):
    """Normalised in another way than a network was made for, it sees nothing: the user is told what was assumed."""
    from tests.unit.network.onnx_files import nested_u

    network, photo = tmp_path / "published.onnx", tmp_path / "photo.png"
    network.write_bytes(nested_u("img", ["1959", "1960"], 1024))
    Image.new("RGB", (64, 48), (40, 200, 40)).save(photo)  # it finds what is red
    done = subprocess.run([*COMMAND, "cut", str(photo), "--model", str(network)], capture_output=True, text=True)
    assert done.returncode == 6, done.stderr
    assert "looks like IS-Net: normalised to -0.5…0.5, its answers taken as alpha; --normalise" in done.stderr
