"""The contract of ``gigamatte cut``: files, exit codes, one line per failure, the receipt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from gigamatte.cli.app import run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = np.full((300, 400, 3), (40, 80, 120), np.uint8)
    cv2.circle(picture, (200, 150), 80, (30, 200, 220), -1, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "photo.jpg"), picture)
    return tmp_path / "photo.jpg"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    picture = np.zeros((75, 100), np.uint8)
    cv2.circle(picture, (50, 37), 20, 255, -1, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "mask.png"), cv2.GaussianBlur(picture, (0, 0), 1))
    return tmp_path / "mask.png"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.strip().splitlines()


def test_the_default_name_and_the_overwrite_rule(photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cut", str(photo), "--mask", str(mask)]) == 0
    made = photo.with_name("photo.cutout.png")
    before = made.read_bytes()
    capsys.readouterr()
    assert run(["cut", str(photo), "--mask", str(mask)]) == 2
    said = lines(capsys)
    assert "exists" in said[0]
    assert "--overwrite" in said[1]
    assert made.read_bytes() == before
    assert run(["cut", str(photo), "--mask", str(mask), "--overwrite"]) == 0


def test_the_default_name_has_the_suffix_of_the_format(photo: Path, mask: Path) -> None:
    assert run(["cut", str(photo), "--mask", str(mask), "--format", "tiff"]) == 0
    assert photo.with_name("photo.cutout.tif").read_bytes()[:2] in (b"II", b"MM")
    assert not photo.with_name("photo.cutout.png").exists()


def test_the_photo_itself_is_never_replaced(photo: Path, mask: Path) -> None:
    before = photo.read_bytes()
    arguments = ["cut", str(photo), "-o", str(photo), "--mask", str(mask), "--overwrite", "--background", "white"]
    assert run(arguments) == 2
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.jpg"], 3, "nowhere.jpg"),
        (["{photo}", "--max-pixels", "1K"], 4, "megapixels"),
        (["{photo}", "--max-pixels", "many"], 2, "--max-pixels"),
        (["{photo}", "--refine", "magic"], 2, "--refine"),
        (["{photo}", "--box", "1,2,3"], 2, "--box"),
        (["{photo}", "--threads", "x"], 2, "--threads"),
        (["{photo}", "-o", "out.bmp"], 2, ".bmp"),
        (["{photo}", "-o", "out.jpg"], 2, "JPEG"),
        (["{photo}", "--model", "no-such-network", "--mask-kind", "auto"], 5, "no-such-network"),
        (["{photo}", "--mask", "nowhere.png"], 3, "nowhere.png"),
        (["{photo}", "--no-such-option"], 2, "--no-such-option"),
        (["{photo}", "--mask", "{mask}", "--background", "no-such-colour"], 2, "no-such-colour"),
    ],
)
def test_every_failure_is_one_line_and_a_code(
    photo: Path, mask: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    filled = [word.format(photo=photo, mask=mask) for word in arguments]
    assert run(["cut", *filled]) == code
    said = lines(capsys)
    assert words in said[0]
    assert said[0].startswith("gigamatte: ")
    assert len(said) <= 2
    assert {path.name for path in photo.parent.iterdir()} == {"photo.jpg", "mask.png"}


def test_broken_photos_write_nothing(tmp_path: Path, photo: Path, mask: Path) -> None:
    whole = photo.read_bytes()
    for name, data in {"short.jpg": whole[: len(whole) // 2], "empty.jpg": b"", "text.png": b"hello"}.items():
        (tmp_path / name).write_bytes(data)
        assert run(["cut", str(tmp_path / name), "--mask", str(mask), "-o", str(tmp_path / "out.png")]) == 3
        assert not (tmp_path / "out.png").exists()


def test_no_subject_is_its_own_code(photo: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((75, 100), np.uint8))
    assert run(["cut", str(photo), "--mask", str(tmp_path / "black.png")]) == 6
    assert not photo.with_name("photo.cutout.png").exists()
    assert run(["cut", str(photo), "--mask", str(tmp_path / "black.png"), "--keep-empty"]) == 0


def test_json_is_the_receipt(photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cut", str(photo), "--mask", str(mask), "--json"]) == 0
    receipt = json.loads(capsys.readouterr().out)
    assert receipt["schema"] == 1
    assert set(receipt) >= {
        "input", "output", "model", "device", "precision", "seconds", "peak_rss_mb", "band_fraction", "warnings"
    }  # fmt: skip
    assert receipt["output"].endswith("photo.cutout.png")


def test_json_on_failure_has_the_error(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cut", str(photo), "--max-pixels", "1K", "--json"]) == 4
    receipt = json.loads(capsys.readouterr().out)
    assert receipt["error"]["code"] == "budget"
    assert "megapixels" in receipt["error"]["message"]


def test_through_pipes(photo: Path, mask: Path) -> None:
    """- reads stdin and writes stdout; with --json the receipt goes to stderr."""
    command = [sys.executable, "-m", "gigamatte", "cut", "-", "--mask", str(mask), "--json"]
    with photo.open("rb") as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True, check=True)
    picture = cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (300, 400, 4)
    assert json.loads(done.stderr)["output"] == "-"


def test_crop_webp(photo: Path, mask: Path, tmp_path: Path) -> None:
    assert run(["cut", str(photo), "--mask", str(mask), "-o", str(tmp_path / "o.webp"), "--crop", "-q"]) == 0
    picture = cv2.imread(str(tmp_path / "o.webp"), cv2.IMREAD_UNCHANGED)
    assert abs(picture.shape[0] - 162) <= 8


def test_a_pair_is_whole_or_not_there(photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["cut", str(photo), "--mask", str(mask), "--only", "pair", "-o"]
    colour, alpha = photo.with_name("a.colour.png"), photo.with_name("a.alpha.png")
    alpha.symlink_to("nowhere/a.png")
    assert run([*words, str(photo.with_name("a.png")), "--overwrite"]) == 1  # fails at the second file
    assert not colour.exists()
    colour.write_text("of last week")
    assert run([*words, str(photo.with_name("a.png")), "--overwrite"]) == 1
    assert colour.read_text() == "of last week"
    assert not list(photo.parent.glob(".*"))
    colour.unlink()
    alpha.unlink()
    alpha.write_text("mine")
    capsys.readouterr()
    assert run([*words, str(photo.with_name("a.png"))]) == 2
    assert f"{alpha} exists" in lines(capsys)[0]
    assert (colour.exists(), alpha.read_text()) == (False, "mine")
    assert run([*words, str(photo.with_name("a.png")), "--overwrite"]) == 0
    assert colour.exists()
    assert run([*words, "-"]) == 2


def test_a_pair_names_both_files_and_says_things_once(
    photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "cut",
        str(photo),
        "--mask",
        str(mask),
        "-o",
        str(photo.with_name("p.tif")),
        "--only",
        "pair",
        "--json",
    ]
    assert run(arguments) == 0
    receipt = json.loads(capsys.readouterr().out)
    assert receipt["outputs"] == [str(photo.with_name("p.colour.tif")), str(photo.with_name("p.alpha.tif"))]
    assert receipt["output"] == receipt["outputs"][0]
    assert all(Path(name).exists() for name in receipt["outputs"])
    assert len(receipt["warnings"]) == len(set(receipt["warnings"]))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--quality", "80"], 2, "--quality is for WebP, JPEG and AVIF"),
        (["--only", "alpha", "--background", "white"], 2, "--background lies behind the cutout"),
        (["--only", "alpha", "-o", "a.psd"], 2, "single channel"),
        (["-o", "wide.webp"], 1, "16383"),
        (["--keep", "nowhere.png"], 3, "nowhere.png"),
    ],
)
def test_what_is_wrong_with_the_output_is_told_before_anything_is_computed(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gigamatte import pipeline

    def computed(*arguments: object, **options: object) -> None:
        raise AssertionError("the photo was decoded")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "PhotoLevels", computed)
    cv2.imwrite("wide.png", np.zeros((2, 20000, 3), np.uint8))
    assert run(["cut", "wide.png", *arguments]) == code
    assert words in lines(capsys)[0]
    assert [path.name for path in tmp_path.iterdir()] == ["wide.png"]


def test_a_photo_that_its_own_alpha_hides(photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = photo.with_name("hidden.png")
    cv2.imwrite(str(hidden), np.dstack([cv2.imread(str(photo)), np.zeros((300, 400), np.uint8)]))
    out = photo.with_name("out.png")
    assert run(["cut", str(hidden), "-o", str(out), "--mask", str(mask)]) == 0
    assert any("alpha is 0 everywhere" in line and "--ignore-alpha" in line for line in lines(capsys))
    assert run(["cut", str(hidden), "-o", str(out), "--mask", str(mask), "--ignore-alpha", "--overwrite"]) == 0
    assert cv2.imread(str(out), cv2.IMREAD_UNCHANGED)[150, 200, 3] == 255
