"""The images' recipes: what a linter says of them, that every command in them runs, and what that builds."""

import http.server
import json
import os
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
def test_what_a_linter_of_recipes_would_say(name):
    """The rules of hadolint that these files could break; `make lint` asks that program itself."""
    found = steps(name)
    assert {word for word, _ in found} <= {
        "FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK",
        "ENTRYPOINT", "CMD",
    }  # fmt: skip
    stages = set()
    for word, words in found:
        if word == "FROM":
            image, *rest = words.split()
            assert re.search(r":(?!latest\b)[\w.-]+$", image)  # DL3006, DL3007
            stages |= set(rest[1:])
        elif word == "WORKDIR":
            assert words.startswith("/")  # DL3000
        elif word == "COPY" and words.startswith("--from="):
            assert words.removeprefix("--from=").split()[0] in stages  # DL3022
        elif word in ("CMD", "ENTRYPOINT", "VOLUME"):
            assert isinstance(json.loads(words), list)  # DL3025
        elif word == "RUN":
            assert not re.search(r"\b(sudo|apt|cd|wget)\s", words)  # DL3004, DL3027, DL3003
            assert "|" not in words.replace("||", "")  # DL4006
            for install in re.findall(r"apt-get install ([^&]*)", words):
                assert {"--yes", "--no-install-recommends"} <= set(install.split())  # DL3014, DL3015
                assert words.startswith("apt-get update")  # DL3009
                assert "rm -rf /var/lib/apt/lists/*" in words
            assert words.count("pip install") == words.count("pip install --no-cache-dir")  # DL3042
    for word in ("HEALTHCHECK", "CMD", "ENTRYPOINT"):
        assert [one for one, _ in last_stage(name)].count(word) == 1  # DL4003, DL4004, DL3012


def stubbed(box: Path) -> Path:
    """A folder of programs: what needs root is noted, all else is real."""
    folder = box / "bin"
    folder.mkdir()
    noted = f'#!/bin/sh\necho "$(basename "$0") $*" >> {box}/noted\n'
    for name in ("apt-get", "useradd"):
        (folder / name).write_text(noted)
    own = shutil.which("install")
    (folder / "install").write_text(
        '#!/bin/sh\nfor word; do shift; case $word in --owner=*) ;; *) set -- "$@" "$word";; esac; done\n'
        f'exec {own} "$@"\n'
    )
    for name in ("python", "python3"):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


@pytest.mark.skipif(os.name == "nt", reason="the images are Linux")
@pytest.mark.parametrize("name", RECIPES)
def test_every_command_runs_and_what_it_builds_too(name, tmp_path):
    """In a folder that stands for the image, with the packages that are here instead of those of the index."""
    pytest.importorskip("hatchling")
    folder, home = stubbed(tmp_path), tmp_path / "src"
    packages = [path for path in sys.path if path and Path(path) != ROOT and not Path(path, "gigamatte").exists()]
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(packages)}
    for word, words in steps(name):
        if word == "COPY" and not words.startswith("--from"):
            *sources, target = words.split()
            for source in sources:
                place = home / target / source if target == "./" else home / target
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / source, place)
        elif word == "RUN":
            home.mkdir(exist_ok=True)
            here = re.sub(r"(?<![\w.])/(opt|var)/", rf"{tmp_path}/\1/", words)
            here = here.replace("pip install", "pip install --no-deps --no-build-isolation --quiet")
            ended = subprocess.run(
                ["sh", "-ec", here], cwd=home, env=env, capture_output=True, text=True, timeout=300, check=False
            )
            assert ended.returncode == 0, (here, ended.stderr)
    assert "useradd" in (tmp_path / "noted").read_text()
    assert (tmp_path / "var/lib/gigamatte/spool").stat().st_mode & 0o777 == 0o700
    program = tmp_path / "opt/gigamatte/bin/gigamatte"
    shown = subprocess.run(
        [program, "doctor"],
        cwd=tmp_path,
        env={**env, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    whose = "import gigamatte; print(gigamatte.__file__)"
    told = subprocess.run(
        [program.parent / "python", "-c", whose], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith(str(tmp_path))


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
