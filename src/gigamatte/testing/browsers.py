"""Browsers as readers of a result: (row, column, RGBA), straight uint8.

A canvas weighs colours by alpha: those of faint pixels are a few levels off.
"""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from gigamatte.testing.installed import Pixels, decoded, library, program

_KINDS = {
    ".png": "png",
    ".webp": "webp",
    ".avif": "avif",
    ".jpg": "jpeg",
    ".tif": "tiff",
    ".psd": "vnd.adobe.photoshop",
}


def data_uri(path: Path) -> str:
    """The whole file in a URI."""
    return f"data:image/{_KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


_DRAWN = """async (url) => {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = picture.naturalWidth; canvas.height = picture.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = ''; for (const value of data.data) text += String.fromCharCode(value);
  return [data.width, data.height, btoa(text)];
}"""


def chromium_program() -> str:
    """Its path, or what the variable CHROMIUM says."""
    return os.environ.get("CHROMIUM") or program("chromium", "chromium-browser")


def chromium(path: Path) -> Pixels:
    """Drawn on a canvas."""
    sync_api = library("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=["--no-sandbox", "--disable-gpu"])
        try:
            width, height, data = browser.new_page().evaluate(_DRAWN, data_uri(path))
        finally:
            browser.close()
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


#: colours, and beside them alpha as grey; where there is no picture, neither
_APART = """<body style="margin:0;background:#f0f"><script>
function draw(picture) {
  const canvas = document.createElement('canvas'), context = canvas.getContext('2d');
  const width = picture.naturalWidth, height = picture.naturalHeight;
  canvas.width = 2 * width; canvas.height = height; canvas.style.display = 'block';
  context.drawImage(picture, 0, 0);
  const colours = context.getImageData(0, 0, width, height), grey = context.createImageData(width, height);
  grey.data.forEach((_, at) => { grey.data[at] = at % 4 == 3 ? 255 : colours.data[at - at % 4 + 3]; });
  for (let at = 3; at < colours.data.length; at += 4) colours.data[at] = 255;
  context.putImageData(colours, 0, 0); context.putImageData(grey, width, 0);
  document.body.append(canvas);
}</script><img src="URI" hidden onload="draw(this)">"""


def firefox_program() -> str:
    """Its path."""
    return program("firefox", "firefox-esr")


def firefox(path: Path) -> Pixels:
    """Drawn on a canvas, as of Chromium, of which a picture is taken."""
    from PIL import Image

    with Image.open(path) as picture:
        width, height = picture.size
    with tempfile.TemporaryDirectory() as folder:
        page, shown = Path(folder) / "page.html", Path(folder) / "shown.png"
        page.write_text(_APART.replace("URI", data_uri(path)))
        words = ["--headless", "--profile", folder, f"--window-size={2 * width},{height}", "--screenshot", str(shown)]
        own = {**os.environ, "HOME": folder}
        subprocess.run([firefox_program(), *words, page.as_uri()], capture_output=True, check=True, timeout=90, env=own)
        seen = decoded(shown.read_bytes())[:height, : 2 * width, :3]
    alpha = seen[:, width:]
    if alpha.shape[1] != width or (alpha != alpha[..., :1]).any():
        raise ValueError("no picture")
    return np.dstack([seen[:, :width], alpha[..., 0]])
