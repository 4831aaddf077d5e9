"""The reported cases of the command line, each by the name of its folder."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GIGAMATTE = [sys.executable, "-m", "gigamatte"]
posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell is needed")


def shell(line: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of sh, in which ``gigamatte`` is this one."""
    line = f'gigamatte() {{ {shlex.join(GIGAMATTE)} "$@"; }}\n{line}'
    env = {**os.environ, "GIGAMATTE_LANG": "en", **environ}
    return subprocess.run(["/bin/sh", "-c", line], cwd=folder, capture_output=True, env=env, timeout=300, check=False)


@pytest.fixture
def here(tmp_path: Path, case) -> Path:
    """A folder with base.jpg and mask.png."""
    for name in ("base.jpg", "mask.png"):
        shutil.copy(case("closed-streams") / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    return tmp_path


@posix
@pytest.mark.parametrize("closing", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closing: str, here: Path) -> None:
    done = shell(f"gigamatte cut base.jpg --mask mask.png --refine guided -o o.png {closing}", here)
    assert (done.returncode, done.stdout) == (0, b"")
    assert (here / "o.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    for quiet in ("inspect base.jpg", "models list", "--version", "--help", "cut --help"):
        done = shell(f"gigamatte {quiet} {closing}", here)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), quiet


@posix
def test_closed_streams_stdin_is_told(here: Path) -> None:
    done = shell("gigamatte cut - --mask mask.png -o o.png <&-", here)
    assert done.returncode == 3
    assert done.stderr.decode().startswith("gigamatte: stdin is empty")


@posix
def test_closed_streams_batch(here: Path) -> None:
    (here / "in").mkdir()
    for name in "12":
        shutil.copy(here / "base.jpg", here / "in" / f"{name}.jpg")
    done = shell("gigamatte batch in out --mask mask.png --refine guided --memory 2G >&-", here)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (here / "out").glob("*.png")) == ["1.cutout.png", "2.cutout.png"]


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("words", ["inspect base.jpg", "--help"])
def test_a_full_disk_behind_stdout_is_told(words: str, here: Path) -> None:
    done = shell(f"gigamatte {words} > /dev/full", here)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "gigamatte: standard output cannot be written: No space left on device"
    ]


@posix
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_output_encoding(encoding: str, here: Path) -> None:
    """A name that the encoding of the output cannot hold is shown in escapes, and JSON stays JSON."""
    photo = "照片 🙂 café " + os.fsdecode(b"bad\xff.jpg")
    os.rename(here / "base.jpg", here / photo)

    def gigamatte(*words: str) -> bytes:
        environ = {**os.environ, "PYTHONIOENCODING": encoding, "GIGAMATTE_LANG": "en"}
        done = subprocess.run([*GIGAMATTE, *words], cwd=here, capture_output=True, env=environ, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = gigamatte("cut", photo, "--mask", "mask.png", "--refine", "off", "--json")
    assert json.loads(said.decode(encoding))["input"] == photo
    assert b"\\u7167" in gigamatte("inspect", photo)
    assert json.loads(gigamatte("inspect", photo, "--json").decode(encoding))["name"] == photo
    gigamatte("preview", photo.replace(".jpg", ".cutout.png"))
    assert len(list(here.glob("*.preview.html"))) == 1


NO_HOME = """
import os, pwd, sys
os.environ.pop("HOME", None)
for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "GIGAMATTE_CACHE"):
    os.environ.pop(name, None)
def unknown(uid): raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = unknown
from gigamatte.cli import main
sys.argv[0] = "gigamatte"
main()
"""


@posix
@pytest.mark.parametrize("words", ["cut base.jpg -o o.png", "models list", "doctor"])
def test_no_home(words: str, here: Path) -> None:
    """Neither HOME nor an account: what a user id without one sees, in this process alone."""
    done = subprocess.run(
        [sys.executable, "-c", NO_HOME, *words.split()], cwd=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in here.iterdir()} <= {"base.jpg", "mask.png", "o.png"}
