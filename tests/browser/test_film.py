"""A transparent WebM in a real browser: the alpha that a page sees is the product's."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.service.firefox import Firefox
from tests.unit.film.films import moving, write_film

from gigamatte import Options, Remover

_READ = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const film = document.createElement("video");
  film.muted = true;
  film.src = URL.createObjectURL(new Blob([bytes], {type: "video/webm"}));
  await new Promise((done, failed) => {
    film.onloadeddata = done;
    film.onerror = () => failed(new Error(film.error.message));
  });
  // what is drawn before a frame was presented is empty
  await new Promise((done) => { film.requestVideoFrameCallback(done); film.play(); });
  film.pause();
  const canvas = document.createElement("canvas");
  canvas.width = film.videoWidth;
  canvas.height = film.videoHeight;
  canvas.getContext("2d").drawImage(film, 0, 0);
  return [canvas.width, canvas.height, film.duration,
          Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)];
}"""


def cut_film(folder: Path) -> tuple[list[np.ndarray], str]:
    """The alpha of each frame of a film that was cut, and its WebM in base64."""
    source = write_film(folder / "film.mp4", moving(4, width=320, height=240), sound="aac")
    with Remover(Options(kind="art")) as remover:
        film = remover.film(source)
        alphas = [cutout.alpha for _, cutout in film]
        film.save(folder / "out.webm")
    return alphas, base64.b64encode((folder / "out.webm").read_bytes()).decode()


def test_chromium_sees_the_alpha_that_was_cut(browser: Any, tmp_path: Path) -> None:
    pytest.importorskip("av")
    alphas, data = cut_film(tmp_path)
    page = browser.new_page()
    width, height, seconds, pixels = page.evaluate(_READ, data)
    page.close()
    seen = np.array(pixels, np.uint8).reshape(height, width, 4)
    assert (width, height) == (320, 240)
    assert 0.1 < seconds < 0.25
    # which frame is presented first depends on how busy the machine is
    errors = [int(np.abs(seen[..., 3].astype(int) - alpha).max()) for alpha in alphas]
    assert min(errors) <= 6
    alpha = alphas[int(np.argmin(errors))]
    inside = np.median(seen[alpha == 255][:, :3].astype(int), axis=0)
    assert np.abs(inside - (200, 30, 40)).max() <= 6


def test_firefox_sees_the_alpha_that_was_cut(tmp_path: Path) -> None:
    pytest.importorskip("av")
    program = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed (apt-get install firefox-esr)")
    alphas, data = cut_film(tmp_path)
    (tmp_path / "firefox").mkdir()
    with Firefox(program, tmp_path / "firefox") as window:
        window.open("data:text/html,<title>film</title>")
        window.run(
            f"window.seen = null; ({_READ})(arguments[0]).then((found) => {{ window.seen = found; }}, "
            "(error) => { window.seen = String(error); });",
            data,
        )
        window.until("window.seen !== null")
        found = window.run("return window.seen")
    assert isinstance(found, list), found
    width, height, _, pixels = found
    seen = np.array(pixels, np.uint8).reshape(height, width, 4)
    assert (width, height) == (320, 240)
    assert min(int(np.abs(seen[..., 3].astype(int) - alpha).max()) for alpha in alphas) <= 6
