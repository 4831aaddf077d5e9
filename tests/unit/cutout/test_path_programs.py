"""What other programs find in the files with a path: GIMP, ImageMagick, exiftool and a reader of DXF."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, Remover
from gigamatte.cutout.contour.drawing import FLATNESS
from gigamatte.photo.paths.find import own_paths
from gigamatte.testing.installed import NotInstalled
from gigamatte.testing.outlined import SIZE, overlap, photo, shape
from gigamatte.testing.readers import _imagemagick

#: for each path of a picture its name, and for each of its strokes a line with all control points
_GIMP = """
(define (told file out)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE file file))) (port (open-output-file out)))
    (for-each
      (lambda (path)
        (write (car (gimp-item-get-name path)) port)
        (newline port)
        (for-each
          (lambda (stroke)
            (write (gimp-vectors-stroke-get-points path stroke) port)
            (newline port))
          (vector->list (cadr (gimp-vectors-get-strokes path)))))
      (vector->list (cadr (gimp-image-get-vectors image))))
    (close-output-port port)))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a JPEG, a TIFF and a PSD of the uncut photo, each with the path of its subject."""
    folder = tmp_path_factory.mktemp("paths")
    with Remover(Options(refine="off", clipping_path=True, background="keep")) as remover:
        for name in ("a.jpg", "a.tif", "a.psd"):
            remover.process(photo(), folder / name, mask=shape())
    return folder


def test_exiftool_names_the_path(files: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    for name in ("a.jpg", "a.tif", "a.psd"):
        told = subprocess.run(
            ["exiftool", "-validate", "-warning", "-a", "-ClippingPathName", "-s3", str(files / name)],
            capture_output=True, text=True, check=True, timeout=120,
        ).stdout  # fmt: skip
        assert "Path 1" in told.splitlines()
        assert "Error" not in told


def test_imagemagick_obeys_the_path(files: Path, tmp_path: Path) -> None:
    try:
        program = _imagemagick()
    except NotInstalled:
        pytest.skip("ImageMagick is not installed")
    for name in ("a.jpg", "a.tif", "a.psd"):
        done = subprocess.run(
            [program, f"{files / name}[0]", "-alpha", "transparent", "-clip", "-alpha", "opaque", "+clip", "-alpha",
             "extract", "-depth", "8", str(tmp_path / "clipped.png")],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if "no decode delegate for this image format `SVG'" in done.stderr:
            pytest.skip("ImageMagick's reader of SVG is not installed")
        assert done.returncode == 0, done.stderr
        clipped = np.asarray(Image.open(tmp_path / "clipped.png").convert("L"))
        # its edge is hard and lies half a pixel inside
        assert overlap(clipped, (shape() > 127) * np.uint8(255)) > 0.98
        assert clipped[360, 520] == 0  # the hole


def test_gimp_finds_every_knot(files: Path, tmp_path: Path) -> None:
    if shutil.which("gimp") is None:
        pytest.skip("GIMP is not installed")
    names = ("a.tif", "a.psd")  # GIMP 2.10 looks for no path in a JPEG
    tmp_path.joinpath("told.scm").write_text(_GIMP)
    words = [f'(load "{tmp_path}/told.scm")']
    words += [f'(told "{files}/{name}" "{tmp_path}/{name}.txt")' for name in names]
    done = subprocess.run(
        ["gimp", "--no-interface", "--no-data", "--no-fonts", "-b", " ".join(words), "-b", "(gimp-quit 0)"],
        capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, "HOME": str(tmp_path), "GIMP2_DIRECTORY": str(tmp_path / "gimp")},
    )  # fmt: skip
    (right,) = own_paths(files / "a.tif", SIZE, 1).paths
    for name in names:
        told = tmp_path / f"{name}.txt"
        assert told.exists(), done.stdout + done.stderr
        first, *strokes = told.read_text().splitlines()
        assert first == '"Path 1"'
        assert len(strokes) == len(right.subpaths) == 3
        for stroke, knots in zip(strokes, right.subpaths, strict=True):
            # its own kind of curve, how many numbers, the numbers, and that it is closed
            found = re.fullmatch(r"\(0 (\d+) #\(([^()]*)\) 1\)", stroke)
            assert found is not None, stroke[:80]
            assert int(found[1]) == knots.size
            np.testing.assert_allclose(np.array(found[2].split(), float).reshape(knots.shape), knots, atol=2e-4)


@pytest.mark.parametrize("dpi", [None, 254])
def test_a_reader_of_dxf_finds_what_the_svg_shows(dpi: int | None, tmp_path: Path) -> None:
    ezdxf = pytest.importorskip("ezdxf", reason="ezdxf is not installed")
    source = Image.fromarray(photo())
    source.save(tmp_path / "photo.png", **({"dpi": (dpi, dpi)} if dpi else {}))
    with Remover(Options(refine="off", only="path", offset="8px")) as remover:
        for name in ("a.svg", "a.dxf"):
            remover.process(tmp_path / "photo.png", tmp_path / name, mask=shape())
    document = ezdxf.readfile(tmp_path / "a.dxf")
    assert not document.audit().has_errors
    millimetres, unknown = 4, 0
    assert document.header["$INSUNITS"] == (millimetres if dpi else unknown)
    entities = list(document.modelspace())
    assert {one.dxftype() for one in entities} == {"POLYLINE"}
    assert all(one.is_closed and one.is_2d_polyline for one in entities)
    scale = 10 if dpi else 1
    found = [np.array([(place.x, place.y) for place in one.points()]) * scale for one in entities]
    right = _polygons_of_svg((tmp_path / "a.svg").read_text("ascii"))
    assert len(found) == len(right) == 3
    for own, other in zip(found, right, strict=True):
        length = float(np.hypot(*(np.roll(other, -1, axis=0) - other).T).sum())
        # y runs upwards there, so a curve runs the other way round
        assert -_area(own) == pytest.approx(_area(other), abs=FLATNESS * length)
        upright = own * (1, -1) + (0, SIZE.height)
        np.testing.assert_allclose(upright.min(axis=0), other.min(axis=0), atol=0.06)
        np.testing.assert_allclose(upright.max(axis=0), other.max(axis=0), atol=0.06)


def _polygons_of_svg(text: str) -> list[NDArray[np.float64]]:
    """The curves of a drawing's one path, each as the corners of a polygon."""
    (described,) = re.findall(r'<path [^>]*d="([^"]+)"', text)
    polygons = []
    for curve in described.split("Z"):
        numbers = np.array(re.findall(r"-?[\d.]+", curve), float).reshape(-1, 2)
        if len(numbers):
            parts = [numbers[at : at + 4] for at in range(0, len(numbers) - 1, 3)]
            u = np.linspace(0, 1, 64, endpoint=False)[:, None]
            v = 1 - u
            weights = (v**3, 3 * u * v * v, 3 * u * u * v, u**3)
            polygons.append(
                np.concatenate([sum(w * place for w, place in zip(weights, part, strict=True)) for part in parts])
            )
    return polygons


def _area(polygon: NDArray[np.float64]) -> float:
    x, y = polygon.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
