"""Paths of other programs' files: found in every container, read without trust, filled exactly, turned upright."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gigamatte import Options, cut
from gigamatte.clipping import ClippingPath, OwnPaths, path_named
from gigamatte.errors import InputError, NoSubject, UnsupportedInput
from gigamatte.photo.paths import find, records
from gigamatte.photo.paths.fill import PathFill, straight_pieces
from gigamatte.photo.paths.find import own_paths, psd_size
from gigamatte.photo.read import open_photo
from gigamatte.photo.resources import Broken, Resource, resources
from gigamatte.photo.turn import Turn
from gigamatte.testing import paths
from gigamatte.types import Box, Size

SIZE = Size(60, 40)
#: a rectangle of 30×20 pixels with a hole of 10×10, and one of 6×8 elsewhere
OUTER = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
HOLE = [(1 / 3, 0.375), (1 / 3, 0.625), (0.5, 0.625), (0.5, 0.375)]
OTHER = [(0.8, 0.1), (0.9, 0.1), (0.9, 0.3), (0.8, 0.3)]
BLOCK = (
    paths.resource(1028, b"", b"\x1c\x02\x05\0\x01t")
    + paths.resource(2000, b"Other", paths.polygons(OTHER))
    + paths.resource(2001, b"Subject", paths.polygons(OUTER, HOLE))
    + paths.resource(2999, b"", paths.clipping(b"Subject"))
)


def subject() -> np.ndarray:
    filled = np.zeros(SIZE.shape, np.uint8)
    filled[10:30, 15:45] = 255
    filled[15:25, 20:30] = 0
    return filled


def jpeg(size: Size = SIZE, **how: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size.width, size.height), (200, 120, 60)).save(file, "JPEG", **how)
    return file.getvalue()


def tiff(**how: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIZE.width, SIZE.height), (200, 120, 60)).save(file, "TIFF", **how)
    return file.getvalue()


FILES = {
    "jpeg": paths.in_jpeg(jpeg(), BLOCK),
    "jpeg-in-pieces": paths.in_jpeg(jpeg(), BLOCK, pieces=7),
    "tiff": paths.in_tiff(tiff(), BLOCK),
    "psd": paths.psd(60, 40, BLOCK),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_container_is_searched(kind: str) -> None:
    found = own_paths(FILES[kind], SIZE, 1)
    assert found.names == ("Other", "Subject")
    assert found.clipping == "Subject"
    chosen, warnings = found.chosen("", "photo")
    assert (chosen.name, chosen.knots, warnings) == ("Subject", 8, ())
    values = PathFill(chosen, SIZE).values(SIZE.box)
    np.testing.assert_allclose(values * 255, subject(), atol=0.01)


@pytest.mark.parametrize("kind", FILES)
def test_the_photos_own_path_is_obeyed_exactly(kind: str) -> None:
    with cut(FILES[kind], Options(mask="path")) as cutout:
        assert np.array_equal(cutout.alpha, subject())
        assert cutout.receipt.model is not None
        assert cutout.receipt.model.name == "path Subject"
    with cut(FILES[kind], Options(mask="path:other")) as cutout:  # but for case
        assert int((cutout.alpha == 255).sum()) == 6 * 8


def test_a_mask_that_is_given_goes_before_the_path() -> None:
    mask = np.full(SIZE.shape, 255, np.uint8)
    with cut(FILES["jpeg"], Options(mask="path", refine="off"), mask=mask) as cutout:
        assert int(cutout.alpha.min()) == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_path_is_turned_upright_with_the_photo(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = paths.in_jpeg(jpeg(exif=exif), BLOCK)
    upright = Turn.from_exif(orientation).upright(subject())
    with cut(photo, Options(mask="path")) as cutout:
        assert np.array_equal(cutout.alpha, upright)


def test_only_an_edge_that_a_refiner_is_asked_for_is_softened() -> None:
    photo = paths.in_jpeg(jpeg(), BLOCK)
    with cut(photo, Options(mask="path", refine="guided")) as cutout:
        assert cutout.receipt.trust["answers"] == "contour"
        assert cutout.receipt.refine == "guided"


def test_strokes_change_what_they_touch(tmp_path: object) -> None:
    from gigamatte.hints import Hints

    with cut(FILES["jpeg"], Options(mask="path", hints=Hints(drop=((17.0, 12.0),)))) as cutout:
        changed = cutout.alpha != subject()
    assert changed[12, 17]
    assert not changed[:, 32:].any()


def test_errors_name_the_paths_there_are() -> None:
    with pytest.raises(InputError, match="holds no path"):
        cut(jpeg(), Options(mask="path"))
    with pytest.raises(InputError, match="holds no path 'Dog'; its paths: 'Other', 'Subject'"):
        cut(FILES["jpeg"], Options(mask="path:Dog"))
    two = paths.resource(2000, b"A", paths.polygons(OUTER)) + paths.resource(2001, b"B", paths.polygons(OTHER))
    with pytest.raises(InputError, match="marks none of its paths as clipping path: 'A', 'B'"):
        cut(paths.in_jpeg(jpeg(), two), Options(mask="path"))
    lost = two + paths.resource(2999, b"", paths.clipping(b"C"))
    with pytest.raises(InputError, match="names 'C' as its clipping path, but does not hold it"):
        cut(paths.in_jpeg(jpeg(), lost), Options(mask="path"))
    beside = paths.resource(2000, b"A", paths.polygons([(1.5, 0.1), (1.6, 0.1), (1.6, 0.2)]))
    with pytest.raises(NoSubject, match="holds nothing of the photo"):
        cut(paths.in_jpeg(jpeg(), beside), Options(mask="path"))
    with pytest.raises(InputError, match="holds no path"):
        cut(np.zeros((9, 9, 3), np.uint8), Options(mask="path"))


def test_one_path_alone_is_the_one_that_is_meant() -> None:
    photo = paths.in_jpeg(jpeg(), paths.resource(2000, b"A", paths.polygons(OUTER, HOLE, open_ends=True)))
    with cut(photo, Options(mask="path")) as cutout:
        assert np.array_equal(cutout.alpha, subject())  # open ends are closed
        assert "the path 'A' is not marked as clipping path, but is the only one: taken" in cutout.receipt.warnings


@pytest.mark.parametrize(
    ("mask", "name"),
    [("path", ""), ("path:A b", "A b"), ("./path", None), ("path.png", None), (None, None), (b"", None)],
)
def test_what_a_mask_means(mask: object, name: str | None) -> None:
    assert path_named(mask) == name


def test_the_path_in_work_and_names_of_every_age() -> None:
    block = (
        paths.resource(1025, b"", paths.polygons(OTHER))
        + paths.resource(2000, "Pfad é".encode("mac_roman"), paths.polygons(OUTER))
        + paths.resource(2001, "路径 1".encode(), paths.polygons(OUTER))
        + paths.resource(2002, b"", paths.polygons(OUTER))
    )
    assert own_paths(paths.psd(60, 40, block), SIZE, 1).names == ("Work Path", "Pfad é", "路径 1", "Path 3")


def test_the_size_of_a_document() -> None:
    assert psd_size(FILES["psd"]) == SIZE
    assert psd_size(FILES["jpeg"]) is None
    assert psd_size(paths.psd(0, 40, b"")) is None
    assert psd_size(b"8BPS") is None


@pytest.mark.parametrize("kind", FILES)
def test_a_file_may_break_off_anywhere(kind: str) -> None:
    data = FILES[kind]
    whole = own_paths(data, SIZE, 1)
    for end in range(0, min(len(data), 1200), 3):
        found = own_paths(data[:end], SIZE, 1)
        assert found.names == whole.names[: len(found.names)]


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=100)
    | st.lists(
        st.builds(lambda kind, rest: bytes([0, kind]) + rest, st.integers(0, 9), st.binary(min_size=24, max_size=24)),
        max_size=16,
    ).map(b"".join)
)
def test_records_from_anywhere_are_read_or_refused(data: bytes) -> None:
    path = records.parse("x", data, SIZE)
    assert path.knots <= len(data) // records.RECORD
    try:
        values = PathFill(path, SIZE).values(SIZE.box)
    except UnsupportedInput:
        return
    assert 0 <= float(values.min()) <= float(values.max()) <= 1 + 1e-6


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"8BIM\x07\xd0", b"Photoshop 3.0\x008BIM\x0b\xb7"]))
def test_resources_from_anywhere_are_read_or_refused(data: bytes, head: bytes) -> None:
    try:
        found = list(resources(head + data))
    except Broken:
        return
    assert sum(len(one.data) for one in found) <= len(head + data)


def test_resources_are_written_as_they_are_read() -> None:
    two = [Resource(2000, b"odd", b"\x01\x02\x03"), Resource(2999, b"", b"ab")]
    assert list(resources(b"".join(one.encoded() for one in two))) == two
    assert two[0].encoded() == paths.resource(2000, b"odd", b"\x01\x02\x03")


def test_a_knot_count_that_lies_is_not_believed() -> None:
    data = bytearray(paths.polygons(OUTER, HOLE))
    data[2 * 26 + 2 : 2 * 26 + 4] = b"\xff\xff"
    assert records.parse("x", bytes(data), SIZE).knots == 8
    data[2 * 26 + 2 : 2 * 26 + 4] = b"\0\x02"
    assert [len(knots) for knots in records.parse("x", bytes(data), SIZE).subpaths] == [2, 4]


def test_more_than_anyone_would_draw_is_refused_soon() -> None:
    zigzag = np.zeros((60_000, 3, 2))
    zigzag[:, :, 0] = np.linspace(0, 6000, 60_000)[:, None]
    zigzag[1::2, :, 1] = 4000
    with pytest.raises(UnsupportedInput, match="rows up and down"):
        PathFill(ClippingPath("z", (zigzag,)), Size(6000, 4000))
    wild = np.random.default_rng(0).uniform(-1e9, 1e9, (3000, 3, 2))
    with pytest.raises(UnsupportedInput, match="straight pieces"):
        PathFill(ClippingPath("w", (wild,)), SIZE)


def test_too_many_resources_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MOST", 64)
    for data in FILES.values():
        assert own_paths(data, SIZE, 1).names == ()


def circle(x: float, y: float, radius: float) -> np.ndarray:
    """Four cubic curves, .03 % of the radius beside a circle at most."""
    handle = radius * 0.5522847
    corners = [(0, -1), (1, 0), (0, 1), (-1, 0)]
    knots = [
        [
            (x + radius * a + handle * -b * -1, y + radius * b + handle * a * -1),
            (x + radius * a, y + radius * b),
            (x + radius * a - handle * b, y + radius * b + handle * a),
        ]
        for a, b in corners
    ]
    return np.array(knots)


def test_the_fill_is_exact_and_even_odd() -> None:
    path = ClippingPath("c", (circle(100.3, 90.7, 60), circle(110, 80, 25.5)))
    size = Size(211, 190)
    values = PathFill(path, size).values(size.box)
    assert float(values.sum()) == pytest.approx(np.pi * (60**2 - 25.5**2), rel=2e-3)
    rows, columns = np.mgrid[: size.height, : size.width] + 0.5
    away = np.hypot(columns - 100.3, rows - 90.7) - 60
    hole = 25.5 - np.hypot(columns - 110, rows - 80)
    expected = np.clip(0.5 - np.maximum(away, hole), 0, 1)
    assert float(np.abs(values - expected).max()) < 0.1
    assert float(np.abs(values - expected).mean()) < 2e-3


def test_the_fill_is_the_same_in_any_tiles() -> None:
    path = ClippingPath("c", (circle(30.3, 20.7, 25), circle(41, 22, 9)))
    fill = PathFill(path, SIZE)
    whole = fill.values(SIZE.box)
    for tile in (1, 7, 16):
        parts = np.zeros(SIZE.shape, np.float32)
        for top in range(0, SIZE.height, tile):
            for left in range(0, SIZE.width, tile):
                box = Box(left, top, tile, tile).within(SIZE)
                parts[box.slices()] = fill.values(box)
        np.testing.assert_allclose(parts, whole, atol=2e-7)


def test_a_rectangle_between_pixels_covers_parts_of_them() -> None:
    knots = np.repeat(np.array([(1.25, 1.5), (4.5, 1.5), (4.5, 3.75), (1.25, 3.75)])[:, None], 3, axis=1)
    values = PathFill(ClippingPath("r", (knots,)), Size(6, 5)).values(Box(0, 0, 6, 5))
    across, down = [0, 0.75, 1, 1, 0.5, 0], [0, 0.5, 1, 0.75, 0]
    np.testing.assert_allclose(values, np.outer(down, across), atol=1e-6)


def test_straight_pieces_lie_on_their_curves() -> None:
    pieces = straight_pieces(ClippingPath("c", (circle(0, 0, 500),)))
    radius = np.hypot((pieces[:, 0] + pieces[:, 2]) / 2, (pieces[:, 1] + pieces[:, 3]) / 2)
    assert float(np.abs(radius - 500).max()) < 0.02 + 500 * 3e-4
    assert np.array_equal(pieces[1:, :2], pieces[:-1, 2:])


def test_a_photo_without_file_has_no_paths() -> None:
    assert open_photo(np.zeros((4, 4, 3), np.uint8), max_pixels=100).paths() == OwnPaths((), None, Size(4, 4))


def test_the_paths_of_a_smaller_copy_are_as_small() -> None:
    path = ClippingPath("c", (circle(30, 20, 10),))
    small = path.scaled(SIZE, Size(30, 20))
    assert float(PathFill(small, Size(30, 20)).values(Box(0, 0, 30, 20)).sum()) == pytest.approx(np.pi * 25, rel=0.01)
    assert path.scaled(SIZE, SIZE) is path
