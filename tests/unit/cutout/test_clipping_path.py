"""The subject's outline in a result's file: what is written is what the alpha says, and other programs obey it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, Remover, cut
from gigamatte.clipping import offset_of
from gigamatte.cutout.containers import jpeg as jpeg_container
from gigamatte.errors import UsageError
from gigamatte.photo.metadata import IPTC
from gigamatte.photo.paths.find import own_paths, psd_size
from gigamatte.photo.read import open_photo
from gigamatte.photo.resources import resources
from gigamatte.testing import paths
from gigamatte.testing.outlined import SIZE, overlap, photo, shape
from gigamatte.types import Receipt, Size


def encoded(orientation: int = 1, iptc: bytes = b"", dpi: int | None = None, size: Size = SIZE) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(photo(size)).save(file, "JPEG", exif=exif, **({"dpi": (dpi, dpi)} if dpi else {}))
    return paths.in_jpeg(file.getvalue(), paths.resource(1028, b"", iptc)) if iptc else file.getvalue()


def written(source: object, target: Path, mask: NDArray[np.uint8] | None = None, **options: object) -> Receipt:
    with Remover(Options(refine="off", clipping_path=True, **options)) as remover:  # type: ignore[arg-type]
        return remover.process(source, target, mask=shape() if mask is None else mask)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_what_is_read_again_is_what_the_alpha_was(name: str, tmp_path: Path) -> None:
    receipt = written(photo(), tmp_path / name, background="keep")
    assert receipt.path["subpaths"] == 3
    assert receipt.path["knots"] < 400
    assert receipt.path["p99"] <= 0.5
    assert receipt.path["max"] <= 1
    with cut(tmp_path / name, Options(mask="path")) as cutout:
        assert overlap(cutout.alpha, shape()) >= 0.999


def test_a_document_holds_it_too(tmp_path: Path) -> None:
    written(photo(), tmp_path / "a.psd")
    written(photo(), tmp_path / "a.tif", background="white")
    data = (tmp_path / "a.psd").read_bytes()
    size = psd_size(data[:26])
    assert size == SIZE
    (path,) = own_paths(data, size, 1).paths
    (other,) = own_paths(tmp_path / "a.tif", SIZE, 1).paths
    assert all(np.array_equal(a, b) for a, b in zip(path.subpaths, other.subpaths, strict=True))
    psd_tools = pytest.importorskip("psd_tools", reason="psd-tools is not installed")
    from psd_tools.psd.vector import Path as Records

    found = psd_tools.PSDImage.open(tmp_path / "a.psd").image_resources
    assert found.get_data(2999) == "Path 1"
    assert found[2000].name == "Path 1"
    records = Records.frombytes(found.get_data(2000))
    assert [type(record).__name__ for record in records][:2] == ["PathFillRule", "InitialFillRule"]
    subpaths = [record for record in records if hasattr(record, "operation")]
    assert [len(one) for one in subpaths] == [len(one) for one in path.subpaths]
    # outer curves add, the hole behind the one it is in takes away
    assert [one.operation for one in subpaths] == [1, 1, 2]
    anchors = [knot.anchor for one in subpaths for knot in one]
    right = np.concatenate([knots[:, 1, ::-1] / SIZE.shape for knots in path.subpaths])
    np.testing.assert_allclose(anchors, right, atol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.psd"])
def test_a_turned_and_cropped_result_has_the_path_of_its_own_pixels(
    orientation: int, name: str, tmp_path: Path
) -> None:
    from gigamatte.photo.turn import Turn

    small = shape(Size(420, 280))
    upright = np.ascontiguousarray(Turn.from_exif(orientation).upright(small))
    source = encoded(orientation, size=Size(420, 280))
    receipt = written(source, tmp_path / name, upright, background="keep", crop=True, margin=3)
    rows, columns = np.flatnonzero(upright.max(axis=1) > 12), np.flatnonzero(upright.max(axis=0) > 12)
    margin = round(max(rows[-1] - rows[0], columns[-1] - columns[0]) * 0.03)
    part = upright[rows[0] - margin : rows[-1] + 1 + margin, columns[0] - margin : columns[-1] + 1 + margin]
    assert (receipt.height, receipt.width) == part.shape
    with cut(tmp_path / name, Options(mask="path")) as cutout:
        assert overlap(cutout.alpha, part) >= 0.999


def test_the_photo_stays_as_it_is_where_it_is_kept(tmp_path: Path) -> None:
    written(photo(), tmp_path / "a.tif", background="keep")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.tif")), photo())
    own = np.dstack([photo(), np.full(SIZE.shape, 77, np.uint8)])
    written(own, tmp_path / "b.tif", background="keep")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "b.tif")), own)
    with pytest.raises(UsageError, match="can be seen through"):
        written(own, tmp_path / "b.jpg", background="keep")


def test_on_a_canvas_the_path_fits_what_is_seen_there(tmp_path: Path) -> None:
    receipt = written(photo(), tmp_path / "a.tif", background="keep", canvas="700x900", margin=5)
    kept = np.asarray(Image.open(tmp_path / "a.tif"))
    assert (receipt.width, receipt.height) == (700, 900)
    assert kept.shape == (900, 700, 3)
    with cut(photo(), Options(refine="off", canvas="700x900", margin=5), mask=shape()) as cutout:
        alpha = cutout.alpha
    with cut(tmp_path / "a.tif", Options(mask="path")) as cutout:
        assert overlap(cutout.alpha, alpha) >= 0.998
    inside = alpha == 255
    with cut(photo(), Options(refine="off", canvas="700x900", margin=5), mask=shape()) as cutout:
        colours = cutout.rgba()[..., :3]
    # where the subject is opaque, the uncut photo is what the cutout shows
    assert float(np.abs(kept[inside].astype(int) - colours[inside]).mean()) < 1


def test_a_photo_that_is_kept_ends_in_white(tmp_path: Path) -> None:
    dark = np.full((80, 100, 3), 40, np.uint8)
    mask = np.zeros((80, 100), np.uint8)
    mask[10:70, 10:90] = 255
    receipt = written(dark, tmp_path / "a.tif", mask, background="keep", crop=True, margin=50)
    kept = np.asarray(Image.open(tmp_path / "a.tif"))
    assert receipt.width == 160
    assert kept[0, 0].tolist() == [255, 255, 255]
    assert kept[len(kept) // 2, 80].tolist() == [40, 40, 40]


@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
def test_the_photos_own_path_is_never_passed_on(kind: str, tmp_path: Path) -> None:
    old = paths.resource(2000, b"Old", paths.polygons([(0, 0), (1, 0), (1, 1)])) + paths.resource(
        2999, b"", paths.clipping(b"Old")
    )
    if kind == "jpeg":
        source = paths.in_jpeg(encoded(), old)
    else:
        file = io.BytesIO()
        Image.fromarray(photo()).save(file, "TIFF")
        source = paths.in_tiff(file.getvalue(), old)
    assert own_paths(source, SIZE, 1).names == ("Old",)
    for name in ("a.jpg", "a.tif", "a.psd"):
        for crop in (False, True):
            with cut(source, Options(refine="off", background="white", crop=crop), mask=shape()) as cutout:
                cutout.save(tmp_path / name, overwrite=True)
            assert own_paths(tmp_path / name, SIZE, 1).names == ()
            assert b"Old" not in (tmp_path / name).read_bytes()
        written(source, tmp_path / f"new-{name}", background="white")
        assert own_paths(tmp_path / f"new-{name}", SIZE, 1).names == ("Path 1",)


def test_iptc_and_the_path_share_a_segment(tmp_path: Path) -> None:
    caption = b"\x1c\x02\x78\0\x05hello"
    written(encoded(iptc=caption), tmp_path / "a.jpg", background="keep")
    image = pyvips.Image.new_from_file(str(tmp_path / "a.jpg"))
    numbers = [one.number for one in resources(bytes(image.get("iptc-data")))]
    assert numbers == [1028, 2000, 2999]
    again = open_photo(tmp_path / "a.jpg", max_pixels=10**6)
    assert again.metadata[IPTC] == caption
    written(encoded(iptc=caption), tmp_path / "b.jpg", background="keep", strip=True)
    assert own_paths(tmp_path / "b.jpg", SIZE, 1).names == ("Path 1",)  # it was asked for
    assert open_photo(tmp_path / "b.jpg", max_pixels=10**6).metadata == {}


def test_what_does_not_fit_into_one_segment_takes_two_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caption = b"\x1c\x02\x78\x4e\x20" + b"x" * 20_000
    monkeypatch.setattr(jpeg_container, "SEGMENT", 21_000)
    monkeypatch.setattr(jpeg_container, "LARGEST_IPTC", 21_000)
    receipt = written(encoded(iptc=caption), tmp_path / "a.jpg", background="keep")
    assert any("do not fit into one segment" in warning for warning in receipt.warnings)
    assert own_paths(tmp_path / "a.jpg", SIZE, 1).clipping == "Path 1"


@pytest.mark.parametrize("dpi", [None, 300])
def test_a_drawing_shows_the_same(dpi: int | None, tmp_path: Path) -> None:
    with Remover(Options(refine="off", only="path")) as remover:
        receipt = remover.process(encoded(dpi=dpi), tmp_path / "a.svg", mask=shape())
    assert receipt.path["subpaths"] == 3
    text = (tmp_path / "a.svg").read_text("ascii")
    assert 'viewBox="0 0 1200 800"' in text
    assert 'fill-rule="evenodd"' in text
    assert ('width="101.6000mm"' if dpi else 'width="1200"') in text
    # in a process of its own: once a command has run in this one, it reads no SVG any more
    scale = 1 if not dpi else 1200 / (101.6 / 25.4 * 72)
    code = f"import pyvips; pyvips.Image.svgload('a.svg', scale={scale}).extract_band(3).write_to_file('a.png')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    with Image.open(tmp_path / "a.png") as drawn:
        assert overlap(np.asarray(drawn.resize((1200, 800))), shape()) > (0.995 if dpi is None else 0.98)


def test_a_drawing_for_cutters_has_its_size_and_runs_upwards(tmp_path: Path) -> None:
    with Remover(Options(refine="off", only="path", offset="2mm")) as remover:
        remover.process(encoded(dpi=254), tmp_path / "a.dxf", mask=shape())
    text = (tmp_path / "a.dxf").read_text("ascii")
    assert "$INSUNITS\n70\n4\n" in text
    assert text.count("\nPOLYLINE\n") == text.count("\nSEQEND\n") == 3
    vertices = re.findall(r"VERTEX\n8\n0\n10\n(\S+)\n20\n(\S+)\n", text)
    x, y = np.array(vertices, float).T * 10
    rows, columns = np.nonzero(shape() > 127)
    # ten pixels a millimetre, twenty farther out
    assert abs(x.min() - (columns.min() - 20)) < 1
    assert abs(x.max() - (columns.max() + 1 + 20)) < 1
    assert abs(800 - y.max() - (rows.min() - 20)) < 1
    assert abs(800 - y.min() - (rows.max() + 1 + 20)) < 1


def test_an_offset_of_the_clipping_path_grows_it(tmp_path: Path) -> None:
    written(photo(), tmp_path / "a.jpg", background="keep", offset="12px")
    with cut(tmp_path / "a.jpg", Options(mask="path")) as cutout:
        grown = cutout.alpha
    away = cv2.distanceTransform((shape() <= 127).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert np.all(grown[away < 11] == 255)
    assert np.all(grown[away > 13.5] == 0)


def test_a_stream_takes_a_drawing(tmp_path: Path) -> None:
    file = io.BytesIO()
    with cut(photo(), Options(refine="off", only="path"), mask=shape()) as cutout:
        receipt = cutout.save(file)
    assert file.getvalue().startswith(b"<?xml")
    assert receipt.output == "-"


def test_an_empty_cutout_has_no_path_and_that_is_said(tmp_path: Path) -> None:
    nothing = np.zeros(SIZE.shape, np.uint8)
    receipt = written(photo(), tmp_path / "a.jpg", nothing, background="keep", keep_empty=True)
    assert "nothing is half opaque: there is no path" in receipt.warnings
    assert own_paths(tmp_path / "a.jpg", SIZE, 1).names == ()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.png", {"clipping_path": True}, "PNG has no place for a clipping path"),
        ("a.jpg", {"clipping_path": True}, "JPEG has no transparency"),
        ("a.tif", {"clipping_path": True, "only": "alpha"}, "clipping_path=True goes into the cutout's file"),
        ("a.tif", {"offset": "3px"}, "offset moves a path, but none is written"),
        ("a.jpg", {"background": "keep"}, "background keep leaves the photo uncut"),
        ("a.png", {"only": "path"}, "writes SVG or DXF; found png"),
        ("a.svg", {}, "SVG holds a path alone"),
        ("a.svg", {"format": "svg"}, "SVG holds a path alone"),
        ("a.svg", {"only": "path", "background": "white"}, "to which background means nothing"),
        *(
            ("a.svg", {"only": "path", name: value}, f"to which {name}[=True]* means nothing")
            for name, value in (
                ("palette", True), ("max_bytes", 500), ("shadow", "drop"), ("outline", "3px,red"), ("relight", 0.5)
            )
        ),
        ("a.svg", {"only": "path", "offset": "2mm"}, "does not say how many pixels make a millimetre"),
        ("a.tif", {"clipping_path": True, "offset": "1in"}, "written as 12px or 2mm"),
        ("a.tif", {"clipping_path": True, "offset": "9000px"}, "0.5 to 2000 pixels"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_told(name: str, options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message), Remover(Options(refine="off", **options)) as remover:  # type: ignore[arg-type]
        remover.process(photo(), tmp_path / name, mask=shape())
    assert list(tmp_path.iterdir()) == []


def test_lengths() -> None:
    assert offset_of("12px", None) == 12
    assert offset_of(" 1.5 MM ", (10, 12)) == 16.5
    assert offset_of("2mm", None) == 0
