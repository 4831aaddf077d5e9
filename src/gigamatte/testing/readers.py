"""Other programs as readers of a result: each gives (row, column, RGBA), straight, uint8 or uint16, of a file.

What is not installed raises NotInstalled; what a program does not read raises whatever it does.
"""

from __future__ import annotations

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

import numpy as np

from gigamatte.testing.browsers import chromium, chromium_program, data_uri, firefox, firefox_program
from gigamatte.testing.installed import NotInstalled, Pixels, decoded, library, program, rgba


@dataclass(frozen=True)
class Reader:
    """A program: its name, what gives its version, and what reads a file with it."""

    name: str
    version: Callable[[], str]
    read: Callable[[Path], Pixels]


def _version(package: str) -> Callable[[], str]:
    def version() -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise NotInstalled(package) from error

    return version


def _said(words: list[str]) -> Callable[[], str]:
    """The first version number that a command prints."""

    def version() -> str:
        command = [program(words[0]), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        found = re.search(r"\d+(\.\d+)+(-\d+)?", done.stdout + done.stderr)
        return found.group() if found else "?"

    return version


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
    return rgba(library("tifffile").imread(path, key=0))


def _imagecodecs(path: Path) -> Pixels:
    return rgba(np.asarray(library("imagecodecs").imread(str(path))))


def _psd_tools(path: Path) -> Pixels:
    """The layer with its mask, as a program that knows layers shows it."""
    layer = library("psd_tools").PSDImage.open(path)[0]
    colour, mask = layer.numpy("color"), layer.numpy("mask")
    shown: Pixels = np.rint(np.dstack([colour, mask[..., :1]]) * 255).astype(np.uint8)
    return shown


def _ffmpeg_wheel() -> str:
    return str(library("imageio_ffmpeg").get_ffmpeg_exe())


def _ffmpeg(program: Callable[[], str]) -> Callable[[Path], Pixels]:
    def read(path: Path) -> Pixels:
        command = [program(), "-loglevel", "error", "-i", str(path), "-frames:v", "1", "-f", "image2pipe"]
        done = subprocess.run([*command, "-vcodec", "png", "-"], capture_output=True, check=True, timeout=120)
        return decoded(done.stdout)

    return read


def _through(*words: str) -> Callable[[Path], Pixels]:
    """A program that converts ``{0}`` to the PNG ``{1}``."""

    def read(path: Path) -> Pixels:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.png"
            command = [program(words[0]), *(word.format(path, out) for word in words[1:])]
            own = {**os.environ, "HOME": folder}
            subprocess.run(command, capture_output=True, check=True, timeout=90, cwd=folder, env=own)
            return decoded(out.read_bytes())

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
    return decoded(done.stdout)


_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{1}">'
    '<image width="{0}" height="{1}" xlink:href="{2}"/></svg>'
)


def _inkscape(path: Path) -> Pixels:
    return _drawn_from_svg(_SVG, path, "inkscape", "--export-type=png", "--export-filename={1}", "{0}")


def _rsvg(path: Path) -> Pixels:
    return _drawn_from_svg(_SVG, path, "rsvg-convert", "--unlimited", "-o", "{1}", "{0}", uri=data_uri(path))


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
    Reader("ffmpeg (wheel)", lambda: str(library("imageio_ffmpeg").get_ffmpeg_version()), _ffmpeg(_ffmpeg_wheel)),
    Reader("ffmpeg", _said(["ffmpeg", "-version"]), _ffmpeg(lambda: program("ffmpeg"))),
    Reader("ImageMagick", lambda: _said([_imagemagick(), "-version"])(), _read_by_imagemagick),
    Reader("GraphicsMagick", _said(["gm", "-version"]), _through("gm", "convert", "{0}[0]", "{1}")),
    Reader("Chromium", lambda: _said([chromium_program(), "--version"])(), chromium),
    Reader("Firefox", lambda: _said([firefox_program(), "--version"])(), firefox),
    Reader("GIMP", _said(["gimp", "--version"]), _through("gimp", "-i", "-d", "-f", "-b", _GIMP)),
    Reader("Inkscape", _said(["inkscape", "--version"]), _inkscape),
    Reader("librsvg", _said(["rsvg-convert", "--version"]), _rsvg),
    Reader("GDAL", _said(["gdal_translate", "--version"]), _through("gdal_translate", "-of", "PNG", "{0}", "{1}")),
    Reader("libavif (avifdec)", _said(["avifdec", "--version"]), _through("avifdec", "{0}", "{1}")),
    Reader("libwebp (dwebp)", _said(["dwebp", "-version"]), _through("dwebp", "{0}", "-o", "{1}")),
)  # fmt: skip
