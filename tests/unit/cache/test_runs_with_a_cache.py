"""A second run after a correction re-does only what it touches, and its result is that of a run without a cache."""

from __future__ import annotations

import io
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gigamatte import Options, Remover
from gigamatte.cache.disk import NAME
from gigamatte.cli.app import run
from gigamatte.errors import GigamatteError
from gigamatte.matte.refiners import select
from gigamatte.network import networks
from gigamatte.testing.networks import warm_colours
from gigamatte.testing.photos import made_photo
from gigamatte.types import PixelArray, Receipt, Size

SIZE = Size(1500, 1100)


@pytest.fixture(scope="module")
def photo() -> PixelArray:
    return made_photo(SIZE).photo


@pytest.fixture
def network(tmp_path: Path) -> str:
    path = tmp_path / "warm.onnx"
    path.write_bytes(warm_colours(128))
    return str(path)


@pytest.fixture
def how(tmp_path: Path, network: str) -> dict[str, Any]:
    return {"model": network, "cache": str(tmp_path / "kept"), "refine": "guided"}


def cut(
    photo: PixelArray, how: dict[str, Any], mask: PixelArray | None = None, **more: Any
) -> tuple[PixelArray, Receipt]:
    with Remover(Options(**{**how, **more})) as remover, remover.cut(photo, mask=mask) as cutout:
        return cutout.alpha, cutout.receipt


def stroke(folder: Path, *ends: tuple[int, int]) -> str:
    path = folder / "stroke.png"
    picture = np.zeros(SIZE.shape, np.uint8)
    cv2.line(picture, *ends, 255, 24)
    cv2.imwrite(str(path), picture)
    return str(path)


def test_the_same_again_re_does_nothing(photo: PixelArray, how: dict[str, Any]) -> None:
    plain, _ = cut(photo, how, cache=None)
    first, told = cut(photo, how)
    assert told.tiles["kept"] == 0
    assert told.tiles["done"] > 20
    again, kept = cut(photo, how)
    assert kept.tiles == {"done": 0, "kept": told.tiles["done"]}
    assert (kept.device, kept.precision, kept.model) == (told.device, told.precision, told.model)
    assert kept.warnings == told.warnings
    assert np.array_equal(plain, first)
    assert np.array_equal(plain, again)


PLACES = {
    "in the background": ((60, 60), (200, 120)),
    "inside the subject": ((740, 500), (800, 560)),
    "over the border of both": ((700, 120), (760, 330)),
    "in the photo's corner": ((1440, 1040), (1499, 1099)),
}


@pytest.mark.parametrize(("side", "threads"), [("keep", 1), ("drop", 4)])
@pytest.mark.parametrize("place", PLACES)
def test_a_stroke_re_does_what_it_touches(
    photo: PixelArray, how: dict[str, Any], tmp_path: Path, place: str, side: str, threads: int
) -> None:
    first, told = cut(photo, how, threads=threads)
    drawn = {side: stroke(tmp_path, *PLACES[place])}
    corrected, after = cut(photo, how, threads=threads, **drawn)
    assert after.tiles["done"] < 0.5 * told.tiles["done"]
    assert after.tiles["kept"] > 0.5 * told.tiles["done"]
    plain, _ = cut(photo, how, cache=None, threads=5 - threads, **drawn)
    assert np.array_equal(corrected, plain)
    _, undone = cut(photo, how, threads=threads)
    assert undone.tiles == {"done": 0, "kept": told.tiles["done"]}
    assert changed_only_near(first, corrected, *PLACES[place])


def changed_only_near(one: PixelArray, other: PixelArray, *ends: tuple[int, int]) -> bool:
    """Whether all differences lie within 180 pixels of a line: its own, the band and the mask reach so far."""
    far = np.ones(one.shape, np.uint8)
    cv2.line(far, *ends, 0, 24)
    return not (one != other)[cv2.distanceTransform(far, cv2.DIST_L2, 5) > 180].any()


def test_specks_and_holes_are_corrections_too(photo: PixelArray, how: dict[str, Any]) -> None:
    mask = np.zeros((110, 150), np.uint8)
    cv2.circle(mask, (75, 55), 30, 255, -1)
    cv2.circle(mask, (75, 55), 3, 0, -1)  # a hole
    cv2.circle(mask, (10, 10), 4, 255, -1)  # a speck
    mask = cv2.GaussianBlur(mask, (0, 0), 1)
    first, told = cut(photo, how, mask)
    for correction in ({"largest": True}, {"hole_fill": 20.0}):
        corrected, after = cut(photo, how, mask, **correction)
        assert after.tiles["done"] < 0.5 * told.tiles["done"]
        assert not np.array_equal(corrected, first)
        assert np.array_equal(corrected, cut(photo, how, mask, cache=None, **correction)[0])


def test_another_photo_of_the_same_name_is_another_photo(
    photo: PixelArray, how: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    results = []
    for pixels in (photo, np.ascontiguousarray(photo[:, ::-1])):
        cv2.imwrite(str(path), pixels[..., ::-1])
        with Remover(Options(**how)) as remover, remover.cut(path) as cutout:
            results.append((cutout.alpha, cutout.receipt))
    assert results[1][1].tiles["kept"] == 0
    assert np.array_equal(results[1][0], cut(photo[:, ::-1], how, cache=None)[0])


def test_a_retouched_photo_keeps_what_was_not_retouched(photo: PixelArray, how: dict[str, Any]) -> None:
    mask = cv2.resize(cut(photo, how, cache=None)[0], (150, 110), interpolation=cv2.INTER_AREA)
    changed = photo.copy()
    changed[300:330, 700:760] = 128
    with Remover(Options(**how)) as remover:
        with remover.cut(photo, mask=mask) as cutout:
            assert cutout.receipt.tiles["kept"] == 0
        with remover.cut(changed, mask=mask) as cutout:
            assert cutout.receipt.tiles["kept"] > cutout.receipt.tiles["done"] > 0
            again = cutout.alpha
    with Remover(Options(**{**how, "cache": None})) as remover, remover.cut(changed, mask=mask) as cutout:
        assert np.array_equal(again, cutout.alpha)


def test_the_network_is_not_even_loaded_again(
    photo: PixelArray, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = cut(photo, how)

    def broken(*_: object, **__: object) -> None:
        raise GigamatteError("the network was loaded")

    monkeypatch.setattr(networks, "open_engine", broken)
    again, _ = cut(photo, how)
    assert np.array_equal(first, again)
    with pytest.raises(GigamatteError, match="was loaded"):  # another region: another question
        cut(photo, how, box=Size(1200, 1100).box)
    with pytest.raises(GigamatteError, match="was loaded"):
        cut(photo, how, device="cuda")


def test_another_network_is_asked(photo: PixelArray, how: dict[str, Any], network: str) -> None:
    cut(photo, how)
    Path(network).write_bytes(warm_colours(96))
    _, told = cut(photo, how)
    assert told.tiles["done"] > told.tiles["kept"]


def test_another_refiner_finds_nothing(photo: PixelArray, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    cut(photo, how)
    for name in ("off", "neural"):
        alpha, told = cut(photo, how, refine=name)
        assert told.tiles["kept"] == 0
        assert np.array_equal(alpha, cut(photo, how, refine=name)[0])
    with Remover(Options(**{**how, "refine": "neural"})) as remover:
        refiner = remover.tools.refiner()
        assert remover.cut(photo).receipt.tiles["done"] == 0
        # other weights under the same name
        monkeypatch.setattr(select, "refiner_bytes", lambda: b"other weights")
        assert remover.tools.refiner() is refiner
        assert remover.cut(photo).receipt.tiles["kept"] == 0


def test_the_learned_refiner_is_as_local(photo: PixelArray, how: dict[str, Any], tmp_path: Path) -> None:
    drawn = {"drop": stroke(tmp_path, *PLACES["inside the subject"]), "refine": "neural"}
    cut(photo, how, refine="neural")
    corrected, told = cut(photo, how, **drawn)
    # it looks further, so that more tiles of so small a photo are touched, but never all
    assert told.tiles["done"] > 0
    assert told.tiles["kept"] > told.tiles["done"] // 3
    assert np.array_equal(corrected, cut(photo, how, cache=None, **drawn)[0])


def test_damaged_tiles_are_made_anew_and_said(photo: PixelArray, how: dict[str, Any]) -> None:
    first, told = cut(photo, how)
    db = sqlite3.connect(Path(how["cache"]) / NAME)
    with db:
        db.execute("UPDATE entries SET value = zeroblob(length(value)) WHERE rowid % 3 = 0")
    db.close()
    again, mended = cut(photo, how)
    assert np.array_equal(first, again)
    assert mended.tiles["done"] > 0
    assert mended.tiles["done"] + mended.tiles["kept"] == told.tiles["done"]
    assert any("damaged entries of the cache" in warning for warning in mended.warnings)
    assert cut(photo, how)[1].tiles["done"] == 0


def test_sixteen_bits_and_the_own_alpha_of_a_photo(photo: PixelArray, how: dict[str, Any]) -> None:
    deep = np.dstack([photo, np.full(photo.shape[:2], 200, np.uint8)]).astype(np.uint16) * 257
    first, told = cut(deep, how)
    again, kept = cut(deep, how)
    assert kept.tiles == {"done": 0, "kept": told.tiles["done"]}
    assert np.array_equal(first, again)
    assert np.array_equal(first, cut(deep, how, cache=None)[0])


def test_one_remover_keeps_between_its_photos(photo: PixelArray, how: dict[str, Any]) -> None:
    with Remover(Options(**how)) as remover:
        for kept in (False, True):
            with remover.cut(photo) as cutout:
                assert (cutout.receipt.tiles["done"] == 0) is kept
                out = io.BytesIO()
                assert cutout.save(out).tiles == cutout.receipt.tiles


def test_the_command_says_how_many(
    photo: PixelArray, how: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), photo[..., ::-1])
    command = ["cut", str(tmp_path / "photo.png"), "--overwrite", "--model", how["model"], "--refine", "guided"]
    command += ["--cache", how["cache"]]
    assert run(command) == 0
    total = int(re.search(r"(\d+) of \1 tiles done, 0 came from the cache", capsys.readouterr().err)[1])
    assert run([*command, "--drop", stroke(tmp_path, *PLACES["inside the subject"])]) == 0
    done, _, kept = map(int, re.search(r"(\d+) of (\d+) tiles done, (\d+) came", capsys.readouterr().err).groups())
    assert 0 < done < kept <= total
    assert run(command[:-2]) == 0
    assert "tiles" not in capsys.readouterr().err


def test_the_command_refuses_what_cannot_be(
    photo: PixelArray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    command = ["cut", str(tmp_path / "photo.png"), "--cache", str(tmp_path / "photo.png")]
    assert run(command) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert run([*command[:-1], str(tmp_path / "kept"), "--cache-size", "10K"]) == 2
    assert "--cache-size lies in 1000000…" in capsys.readouterr().err
    assert run(["batch", str(tmp_path), str(tmp_path / "out"), "--cache", str(tmp_path / "kept")]) == 2
    assert not (tmp_path / "kept").exists()


def test_nothing_of_it_is_loaded_unless_asked_for() -> None:
    code = "import sys, gigamatte.remover as p; p.Remover(); print('gigamatte.cache.disk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
