"""Other programs as readers of a result: each gives (row, column, RGBA), straight, uint8 or uint16, of a file.

What is not installed raises NotInstalled; what a program does not read raises whatever it does.
"""

from __future__ import annotations

import base64
import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


class NotInstalled(Exception):
    """The program or library is not there."""


@dataclass(frozen=True)
class Reader:
    """A program: its name, what gives its version, and what reads a file with it."""

    name: str
    version: Callable[[], str]
    read: Callable[[Path], Pixels]


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NotInstalled(name) from error


def _version(package: str) -> Callable[[], str]:
    def version() -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise NotInstalled(package) from error

    return version


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NotInstalled(names[0])


def _said(words: list[str]) -> Callable[[], str]:
    """The first version number that a command prints."""

    def version() -> str:
        command = [_program(words[0]), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        found = re.search(r"\d+(\.\d+)+(-\d+)?", done.stdout + done.stderr)
        return found.group() if found else "?"

    return version


def rgba(pixels: Pixels) -> Pixels:
    """Grey and RGB as RGBA, opaque."""
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels of {pixels.dtype}")
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    if pixels.shape[2] == 3:
        opaque = np.full(pixels.shape[:2], np.iinfo(pixels.dtype).max, pixels.dtype)
        pixels = np.dstack([pixels, opaque])
    return pixels


def _pillow(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"))


def _opencv(path: Path) -> Pixels:
    import cv2

    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("not read")
    pixels = rgba(np.asarray(pixels))
    straight: Pixels = pixels[..., [2, 1, 0, 3]]
    return straight


def _libvips(path: Path) -> Pixels:
    import pyvips

    # its PSD reader goes through ImageMagick, which this build has not
    return rgba(pyvips.Image.new_from_file(str(path), revalidate=True).numpy())


def _tifffile(path: Path) -> Pixels:
    return rgba(_library("tifffile").imread(path, key=0))


def _imagecodecs(path: Path) -> Pixels:
    return rgba(np.asarray(_library("imagecodecs").imread(str(path))))


def _psd_tools(path: Path) -> Pixels:
    """The layer with its mask, as a program that knows layers shows it."""
    layer = _library("psd_tools").PSDImage.open(path)[0]
    colour, mask = layer.numpy("color"), layer.numpy("mask")
    shown: Pixels = np.rint(np.dstack([colour, mask[..., :1]]) * 255).astype(np.uint8)
    return shown


def _ffmpeg_wheel() -> str:
    return str(_library("imageio_ffmpeg").get_ffmpeg_exe())


def _ffmpeg(program: Callable[[], str]) -> Callable[[Path], Pixels]:
    def read(path: Path) -> Pixels:
        command = [program(), "-loglevel", "error", "-i", str(path), "-frames:v", "1", "-f", "image2pipe"]
        done = subprocess.run([*command, "-vcodec", "png", "-"], capture_output=True, check=True, timeout=120)
        return _decoded(done.stdout)

    return read


def _decoded(png: bytes) -> Pixels:
    import cv2

    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("no picture")
    straight: Pixels = rgba(np.asarray(pixels))[..., [2, 1, 0, 3]]
    return straight


def _through(*words: str) -> Callable[[Path], Pixels]:
    """A program that converts ``{0}`` to the PNG ``{1}``."""

    def read(path: Path) -> Pixels:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.png"
            command = [_program(words[0]), *(word.format(path, out) for word in words[1:])]
            own = {**os.environ, "HOME": folder}
            subprocess.run(command, capture_output=True, check=True, timeout=90, cwd=folder, env=own)
            return _decoded(out.read_bytes())

    return read


def _imagemagick() -> str:
    for name in ("magick", "/usr/bin/convert", "convert"):
        found = shutil.which(name)
        if found and "ImageMagick" in subprocess.run([found, "-version"], capture_output=True, text=True).stdout:
            return found
    raise NotInstalled("ImageMagick")


def _read_by_imagemagick(path: Path) -> Pixels:
    # the layer of a PSD is its second picture, the first is the merged one
    done = subprocess.run([_imagemagick(), f"{path}[0]", "png:-"], capture_output=True, check=True, timeout=120)
    return _decoded(done.stdout)


_KINDS = {
    ".png": "png",
    ".webp": "webp",
    ".avif": "avif",
    ".jpg": "jpeg",
    ".tif": "tiff",
    ".psd": "vnd.adobe.photoshop",
}
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


def _chromium_program() -> str:
    return os.environ.get("CHROMIUM") or _program("chromium", "chromium-browser")


def _chromium(path: Path) -> Pixels:
    """Drawn on a canvas. (A canvas weighs colours by alpha: those of faint pixels are a few levels off.)"""
    sync_api = _library("playwright.sync_api")
    url = f"data:image/{_KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium_program(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            width, height, data = browser.new_page().evaluate(_DRAWN, url)
        finally:
            browser.close()
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{1}">'
    '<image width="{0}" height="{1}" xlink:href="{2}"/></svg>'
)


def _inkscape(path: Path) -> Pixels:
    return _drawn_from_svg(_SVG, path, "inkscape", "--export-type=png", "--export-filename={1}", "{0}")


def _rsvg(path: Path) -> Pixels:
    uri = f"data:image/{_KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"
    return _drawn_from_svg(_SVG, path, "rsvg-convert", "--unlimited", "-o", "{1}", "{0}", uri=uri)


def _drawn_from_svg(svg: str, path: Path, *words: str, uri: str | None = None) -> Pixels:
    import pyvips

    header = pyvips.Image.new_from_file(str(path)) if path.suffix != ".psd" else None
    if header is None:
        raise ValueError("no PSD in SVG")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.svg"
        page.write_text(svg.format(header.width, header.height, uri or path.absolute().as_uri()))
        return _through(*words)(page)


_GIMP = (
    '(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{0}" "{0}"))) '
    "(layer (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE)))) "
    '(file-png-save RUN-NONINTERACTIVE image layer "{1}" "{1}" 0 2 0 0 0 0 0) (gimp-quit 0))'
)

READERS = (
    Reader("Pillow", _version("pillow"), _pillow),
    Reader("OpenCV", _version("opencv-python-headless"), _opencv),
    Reader("libvips (pyvips)", _version("pyvips-binary"), _libvips),
    Reader("tifffile", _version("tifffile"), _tifffile),
    Reader("imagecodecs", _version("imagecodecs"), _imagecodecs),
    Reader("psd-tools", _version("psd-tools"), _psd_tools),
    Reader("ffmpeg (wheel)", lambda: str(_library("imageio_ffmpeg").get_ffmpeg_version()), _ffmpeg(_ffmpeg_wheel)),
    Reader("ffmpeg", _said(["ffmpeg", "-version"]), _ffmpeg(lambda: _program("ffmpeg"))),
    Reader("ImageMagick", lambda: _said([_imagemagick(), "-version"])(), _read_by_imagemagick),
    Reader("GraphicsMagick", _said(["gm", "-version"]), _through("gm", "convert", "{0}[0]", "{1}")),
    Reader("Chromium", lambda: _said([_chromium_program(), "--version"])(), _chromium),
    Reader("GIMP", _said(["gimp", "--version"]), _through("gimp", "-i", "-d", "-f", "-b", _GIMP)),
    Reader("Inkscape", _said(["inkscape", "--version"]), _inkscape),
    Reader("librsvg", _said(["rsvg-convert", "--version"]), _rsvg),
    Reader("GDAL", _said(["gdal_translate", "--version"]), _through("gdal_translate", "-of", "PNG", "{0}", "{1}")),
    Reader("libavif (avifdec)", _said(["avifdec", "--version"]), _through("avifdec", "{0}", "{1}")),
    Reader("libwebp (dwebp)", _said(["dwebp", "-version"]), _through("dwebp", "{0}", "-o", "{1}")),
)  # fmt: skip
