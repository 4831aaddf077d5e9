"""``cut`` with places that were pointed at."""

import json

import numpy as np
import pytest
from PIL import Image

from gigamatte.cli.app import run

LEFT, RIGHT = (170, 240), (470, 240)


@pytest.fixture
def photo(tmp_path):
    y, x = np.mgrid[0:480, 0:640] + 0.5
    picture = np.full((480, 640, 3), (205, 200, 190), np.uint8)
    for (cx, cy), colour in ((LEFT, (190, 40, 30)), (RIGHT, (30, 60, 180))):
        picture[np.hypot(x - cx, y - cy) < 95] = colour
    path = tmp_path / "balls.png"
    Image.fromarray(picture).save(path)
    return path


def alpha_of(path):
    return np.asarray(Image.open(path).convert("L"))


def test_points_say_what_is_meant(photo, tmp_path):
    out = tmp_path / "one.png"
    words = ["cut", str(photo), "--only", "alpha", "-o", str(out), "--quiet"]
    assert run([*words, "--keep-at", "170,240", "--drop-at", "470,240"]) == 0
    alpha = alpha_of(out)
    assert alpha[240, 170] == 255
    assert alpha[240, 470] == 0
    assert alpha[200:280, 430:510].max() == 0


def test_a_file_of_hints_is_taken_and_told_in_the_receipt(photo, tmp_path, capsys):
    stroke = {"kind": "keep", "points": [[30, 30], [90, 30]], "radius": 6}
    hints = {"keep": [[170, 240]], "drop": [[470, 240]], "strokes": [stroke]}
    (tmp_path / "h.json").write_text(json.dumps(hints), encoding="utf-8")
    out = tmp_path / "two.png"
    words = ["cut", str(photo), "--only", "alpha", "-o", str(out), "--json", "--hints", str(tmp_path / "h.json")]
    assert run(words) == 0
    assert json.loads(capsys.readouterr().out)["hinted"] == "network"
    assert alpha_of(out)[30, 60] == 255


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--keep-at", "5"], 2, "X,Y"),
        (["--keep-at", "640,10"], 2, "outside of the photo of 640×480"),
        (["--hints", "nowhere.json"], 3, "nowhere.json"),
    ],
)
def test_what_is_no_hint_is_told_in_a_line(photo, tmp_path, capsys, words, code, said):
    assert run(["cut", str(photo), "-o", str(tmp_path / "o.png"), *words]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "o.png").exists()


def test_hints_are_about_one_photo(photo, tmp_path, capsys):
    assert run(["cut", str(photo), str(photo), "-o", str(tmp_path), "--keep-at", "1,1"]) == 2
    assert "one photo" in capsys.readouterr().err
