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


def gigamatte(*words: str) -> int:
    """The command in this process, which hardens libvips like a process of its own."""
    from gigamatte.cli.app import run

    return run([str(word) for word in words])


@pytest.fixture
def cutting(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Words of a quick cut of base.jpg, in its folder."""
    monkeypatch.chdir(here)
    return ["cut", "base.jpg", "--mask", "mask.png", "--refine", "off", "-q"]


PNG = b"\x89PNG\r\n\x1a\n"


def test_output_names_folders(cutting: list[str]) -> None:
    Path("there").mkdir()
    assert gigamatte(*cutting, "-o", "there") == 0
    assert gigamatte(*cutting, "-o", "new/deep/", "--format", "tif") == 0
    assert Path("there/base.cutout.png").read_bytes().startswith(PNG)
    assert Path("new/deep/base.cutout.tif").exists()
    assert gigamatte(*cutting, "-o", "there") == 2  # exists
    assert gigamatte("cut", "nowhere.jpg", "-o", "gone/") == 3
    assert not Path("gone").exists()


@posix
def test_output_names_links_and_modes(cutting: list[str]) -> None:
    Path("real.png").write_text("old")
    Path("real.png").chmod(0o600)
    Path("link.png").symlink_to("real.png")
    assert gigamatte(*cutting, "-o", "link.png") == 2
    assert gigamatte(*cutting, "-o", "link.png", "--overwrite") == 0
    assert Path("link.png").is_symlink()
    assert Path("real.png").read_bytes().startswith(PNG)
    assert Path("real.png").stat().st_mode & 0o777 == 0o600
    Path("hanging.png").symlink_to("made.png")
    assert gigamatte(*cutting, "-o", "hanging.png") == 0
    assert Path("made.png").read_bytes().startswith(PNG)
    for name in ("p.colour.png", "p.alpha.png"):
        Path(name).symlink_to(f"real-{name}")
        Path(f"real-{name}").write_text("old")
    assert gigamatte(*cutting, "--only", "pair", "-o", "p.png", "--overwrite") == 0
    assert all(Path(f"real-p.{name}.png").read_bytes().startswith(PNG) for name in ("colour", "alpha"))
    assert Path("p.alpha.png").is_symlink()


@posix
def test_output_names_streams(here: Path) -> None:
    cut = "gigamatte cut base.jpg --mask mask.png --refine off"
    done = shell(f"{cut} -o /dev/stdout --overwrite > a.png && {cut} -o /dev/stdout | cat > b.png", here)
    assert done.returncode == 0, done.stderr
    done = shell(f"mkfifo pipe && (cat pipe > c.png & {cut} -o pipe && wait) && {cut} -o /dev/fd/3 3> d.png", here)
    assert done.returncode == 0, done.stderr
    assert all((here / name).read_bytes().startswith(PNG) for name in ("a.png", "b.png", "c.png", "d.png"))
    assert not os.path.isfile("/dev/stdout") or Path("/dev/stdout").is_symlink()
    before = os.stat(os.devnull).st_mode
    assert shell(f"{cut} -o /dev/null", here).returncode == 0
    assert os.stat(os.devnull).st_mode == before


def test_output_names_wrong_suffix(cutting: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in cutting if word != "-q"]
    assert gigamatte(*words, "-o", "x.png", "--format", "webp") == 0
    assert "the name ends in .png, which means PNG, but the content is WebP" in capsys.readouterr().err
    assert gigamatte(*words, "-o", "y.JPG", "--format", "jpg", "--background", "white") == 0
    assert gigamatte(*words, "-o", "no-suffix", "--format", "WEBP") == 0
    assert "the name ends" not in capsys.readouterr().err


@posix
def test_output_names_no_picture_for_a_terminal(here: Path) -> None:
    import pty

    controller, terminal = pty.openpty()
    command = [*GIGAMATTE, "cut", "base.jpg", "--mask", "mask.png", "-o", "-"]
    done = subprocess.run(command, cwd=here, stdout=terminal, stderr=subprocess.PIPE, check=False)
    os.close(terminal)
    os.close(controller)
    assert done.returncode == 2
    assert done.stderr.startswith(b"gigamatte: standard output is a terminal")
    assert shell("gigamatte cut base.jpg --mask mask.png -o - >&-", here).returncode == 2


def test_several_photos(cutting: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b.jpg", "c.jpg", "b.png"):
        shutil.copy("base.jpg", name)
    Path("broken.jpg").write_bytes(b"\xff\xd8\xffgone")
    rest = cutting[2:]
    assert gigamatte("cut", "b.jpg", "broken.jpg", "c.jpg", *rest, "-o", "out/") == 3
    assert sorted(path.name for path in Path("out").iterdir()) == ["b.cutout.png", "c.cutout.png"]
    assert "broken.jpg" in capsys.readouterr().err
    assert gigamatte("cut", "b.jpg", "broken.jpg", *rest, "-o", "out/") == 1  # two reasons
    capsys.readouterr()
    assert gigamatte("cut", "b.jpg", "c.jpg", *rest, "--json", "--overwrite") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["output"] for line in lines] == ["b.cutout.png", "c.cutout.png"]
    for words, said in (
        (["b.jpg", "b.png"], "both be written"),
        (["b.jpg", "c.jpg", "-o", "one.png"], "is one file"),
        (["b.jpg", "-"], "stands for one photo"),
    ):
        assert gigamatte("cut", *words, *rest) == 2
        assert said in capsys.readouterr().err
    assert gigamatte("cut", ".") == 3
    assert "gigamatte batch . OUT" in capsys.readouterr().err


LONG = "n" * 247


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["cut", "."], 3), (["cut", "/"], 3), (["cut", ""], 2), (["preview", "."], 3), (["compare", "."], 3),
        (["preview", ""], 3), (["compare", ""], 3), (["inspect", "."], 3), (["inspect", ""], 3),
        (["cut", "base.jpg", "-o", ""], 2), (["cut", f"{LONG}.jpg"], 2), (["cut", "base.jpg", "-o", LONG * 2], 2),
        (["cut", LONG * 2], 2), (["inspect", LONG * 2], 3), (["preview", f"{LONG}.jpg"], 2), (["preview", LONG * 2], 2),
        (["compare", f"{LONG}.jpg"], 2), (["smooth", "base.jpg", ""], 2), (["smooth", "", "o.png"], 3),
        (["smooth", "base.jpg", f"{LONG}{LONG}.png"], 2), (["prepare", "", "o.png"], 2),
        (["prepare", "base.jpg", ""], 2), (["prepare", ".", ""], 2), (["prepare", LONG * 2, "o.png"], 2),
        (["prepare", "base.jpg", f"{LONG * 2}.png"], 2),
        (["cut", "base.jpg", "--mask", "."], 3), (["cut", "base.jpg", "--mask", LONG * 2], 3),
        (["cut", "base.jpg", "--keep", ""], 3), (["cut", "base.jpg", "--mask", ""], 3),
        (["cut", "base.jpg", "--mask", "mask.png", "--background", LONG * 2], 2),
        (["cut", "base.jpg", "--mask", "mask.png", "--background", "."], 3),
        (["cut", "base.jpg", "--mask", "mask.png", "--background", ""], 2),
        (["cut", "base.jpg", "--model", ""], 5), (["cut", "base.jpg", "--model", "."], 5),
        (["cut", "base.jpg", "--model", LONG * 2], 5), (["cut", "base.jpg", "--device", ""], 2),
        (["evaluate", ""], 3), (["evaluate", LONG * 2], 2), (["evaluate", "base.jpg"], 3), (["models", "get", ""], 5),
        (["compare", "base.jpg", "--truth", "."], 3), (["compare", "base.jpg", "--strategy", ""], 2),
        (["models", "build", "birefnet", "--weights", "", "-o", "x"], 2),
        (["models", "build", "birefnet", "--weights", LONG * 2, "-o", "x"], 2),
        (["models", "verify", LONG * 2], 5), (["models", "path", "/"], 5),
    ],
    ids=lambda value: " ".join(word[:8] for word in value) if isinstance(value, list) else None,
)  # fmt: skip
def test_unexpected_errors(
    words: list[str], code: int, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No argument leads to "this is a bug": each gives one clear line and its exit code."""
    monkeypatch.chdir(here)
    shutil.copy("base.jpg", f"{LONG}.jpg")
    before = sorted(here.iterdir())
    found = gigamatte(*words)
    said = capsys.readouterr().err
    assert "unexpected" not in said
    assert "bug" not in said
    assert (found, said.count("\n") <= 2) == (code, True), said
    assert said.startswith("gigamatte: ")
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("called", "format"), [("jpg", "jpeg"), ("JPEG", "jpeg"), ("tif", "tiff"), ("psb", "psd"), ("PNG", "png")]
)
def test_formats_by_every_name(called: str, format: str) -> None:
    """In Python and over HTTP; for the command line see above."""
    from gigamatte import Options

    assert Options(format=called).format == format
    pytest.importorskip("pydantic_settings", reason="the extra [serve] is not installed")
    from gigamatte.service.options import CutQuery

    assert CutQuery(format=called).format == format
