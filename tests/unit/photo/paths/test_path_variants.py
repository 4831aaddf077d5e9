"""Files with paths as other programs of many years write them: each is read as the same rectangle with a hole."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from gigamatte import Options, cut
from gigamatte.clipping import ClippingPath
from gigamatte.errors import InputError
from gigamatte.photo.paths.fill import PathFill, straight_pieces
from gigamatte.photo.paths.find import own_paths
from gigamatte.testing import paths
from gigamatte.types import Box, Size

SIZE = Size(60, 40)
OUTER = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
HOLE = [(1 / 3, 0.375), (1 / 3, 0.625), (0.5, 0.625), (0.5, 0.375)]
ELSEWHERE = [(0.8, 0.1), (0.9, 0.1), (0.9, 0.3), (0.8, 0.3)]
RIGHT = np.zeros(SIZE.shape, np.uint8)
RIGHT[10:30, 15:45] = 255
RIGHT[15:25, 20:30] = 0

_OWN = paths.resource(2001, b"Shop", paths.polygons(OUTER, HOLE))
_NAMED = paths.resource(2999, b"", paths.clipping(b"Shop"))
_OTHER = paths.resource(2000, b"Path 1", paths.polygons(ELSEWHERE))
_ODD = paths.resource(1028, b"", b"abc")


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIZE.width, SIZE.height), (200, 120, 60)).save(file, "JPEG")
    return file.getvalue()


def _tiff(**how: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIZE.width, SIZE.height), (200, 120, 60)).save(file, "TIFF", **how)
    return file.getvalue()


def _segments(*blocks: bytes, before: bytes = b"") -> bytes:
    """A JPEG with each block in an APP13 segment of its own."""
    jpeg, out = _jpeg(), before
    for block in blocks:
        body = b"Photoshop 3.0\0" + block
        out += struct.pack(">BBH", 0xFF, 0xED, len(body) + 2) + body
    return jpeg[:2] + out + jpeg[2:]


def _clipping(name: bytes, flatness: float, rest: bytes) -> bytes:
    data = bytes([len(name)]) + name + struct.pack(">I", round(flatness * 65536)) + rest
    return paths.resource(2999, b"", data)


def _named(name: bytes) -> bytes:
    return paths.resource(2000, name, paths.polygons(OUTER, HOLE)) + _clipping(name, 1, b"\0\1")


def _drawn(**how: object) -> bytes:
    return paths.resource(2001, b"Shop", paths.polygons(OUTER, HOLE, **how)) + _NAMED  # type: ignore[arg-type]


def _foreign(mark: bytes) -> bytes:
    return _ODD.replace(b"8BIM", mark)


_BLOCK = _OTHER + _OWN + _NAMED
_FOREIGN = struct.pack(">BBH", 0xFF, 0xED, 2 + 14) + b"Adobe_CM\0abcde"

VARIANTS = {
    "2999 names another than 2000": paths.in_jpeg(_jpeg(), _BLOCK),
    "2999 comes first": paths.in_jpeg(_jpeg(), _NAMED + _OWN + _OTHER),
    "open ends": paths.in_jpeg(_jpeg(), _drawn(open_ends=True)),
    **{f"operation {number}": paths.psd(60, 40, _drawn(operation=number)) for number in (-1, 0, 1, 2, 3)},
    "without rules of filling": paths.in_jpeg(
        _jpeg(), paths.resource(2001, b"Shop", paths.polygons(OUTER, HOLE)[52:]) + _NAMED
    ),
    "flatness .2, no more": paths.in_jpeg(_jpeg(), _OTHER + _OWN + _clipping(b"Shop", 0.2, b"")),
    "flatness 0, more behind it": paths.in_jpeg(_jpeg(), _OTHER + _OWN + _clipping(b"Shop", 0, bytes(8))),
    "a name in UTF-8": paths.in_jpeg(_jpeg(), _named("裁剪".encode())),
    "a name in GBK": paths.in_jpeg(_jpeg(), _named("路径 1".encode("gbk"))),
    "a name in Shift-JIS": paths.in_jpeg(_jpeg(), _named("パス 1".encode("cp932"))),
    "zeros behind names": paths.in_jpeg(
        _jpeg(), _OTHER + _OWN.replace(b"\4Shop\0", b"\6Shop\0\0\0") + _clipping(b"Shop\0", 1, b"\0\1")
    ),
    "a name in MacRoman": paths.in_jpeg(_jpeg(), _named("Weiß é".encode("mac_roman"))),
    "names that differ in case": paths.in_jpeg(_jpeg(), _OTHER + _OWN + _clipping(b"SHOP", 1, b"\0\1")),
    "odd data is padded": paths.in_jpeg(_jpeg(), _ODD + _BLOCK),
    "odd data is not padded": paths.in_jpeg(_jpeg(), _ODD[:-1] + _BLOCK),
    "zeros in between": paths.in_jpeg(_jpeg(), _ODD + bytes(2) + _OTHER + _OWN + bytes(3) + _NAMED),
    "others between them": paths.in_jpeg(_jpeg(), _foreign(b"MeSa") + _OTHER + _foreign(b"DCSR") + _OWN + _NAMED),
    "a segment for each resource": _segments(_ODD, _OTHER, _OWN, _NAMED),
    "segments without padding": _segments(_ODD[:-1], _OTHER + _OWN, _NAMED),
    "segments with zeros behind": _segments(_ODD + bytes(2), _OTHER + bytes(1), _OWN + _NAMED),
    "torn into pieces of 40 bytes": _segments(*(_BLOCK[at : at + 40] for at in range(0, len(_BLOCK), 40))),
    "another program's segment first": _segments(_BLOCK, before=_FOREIGN),
    "TIFF": paths.in_tiff(_tiff(), _BLOCK),
    "TIFF, packed": paths.in_tiff(_tiff(compression="tiff_lzw"), _BLOCK),
    "PSD": paths.psd(60, 40, _BLOCK),
    "PSB": paths.psd(60, 40, _BLOCK, large=True),
}  # fmt: skip


#: how a name is shown, and how it may be called
NAMES = {
    "a name in UTF-8": ("裁剪", "裁剪"),
    "a name in GBK": ("路径 1", "路径 1"),
    "a name in Shift-JIS": ("ÉpÉX 1", "パス 1"),
    "a name in MacRoman": ("Weiß é", "Weiß é"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_it_is_read(name: str) -> None:
    with cut(VARIANTS[name], Options(mask="path")) as cutout:
        assert np.abs(cutout.alpha.astype(int) - RIGHT).max() <= 1
    if "name in" in name:
        (only,) = own_paths(VARIANTS[name], SIZE, 1).names
        shown, wanted = NAMES[name]
        assert only == shown
        with cut(VARIANTS[name], Options(mask=f"path:{wanted}")) as cutout:
            assert np.abs(cutout.alpha.astype(int) - RIGHT).max() <= 1


def test_a_name_that_no_path_has_in_any_encoding_is_an_error() -> None:
    with pytest.raises(InputError, match="holds no path '路径 2'; its paths: '路径 1'"):
        cut(VARIANTS["a name in GBK"], Options(mask="path:路径 2"))


@pytest.mark.parametrize("extra", ["one knot", "two knots", "no knots", "clipboard", "fill rule"])
def test_records_without_area_change_nothing(extra: str) -> None:
    knot = struct.pack(">H6i", 2, *[1 << 21] * 6)
    between = {
        "one knot": struct.pack(">HHhHI14x", 0, 1, 1, 1, 9) + knot,
        "two knots": struct.pack(">HHhHI14x", 0, 2, 1, 1, 9) + knot + struct.pack(">H6i", 2, *[1 << 22] * 6),
        "no knots": struct.pack(">HHhHI14x", 0, 0, 1, 1, 9),
        "clipboard": struct.pack(">H5i4x", 7, 1 << 22, 1 << 22, 3 << 22, 3 << 22, 72 << 16),
        "fill rule": struct.pack(">HH22x", 8, 1),
    }[extra]
    drawn = paths.polygons(OUTER, HOLE)
    begin = 26 * (2 + 5)
    block = paths.resource(2001, b"Shop", drawn[:begin] + between + drawn[begin:]) + _NAMED
    with cut(paths.psd(60, 40, block), Options(mask="path")) as cutout:
        assert np.abs(cutout.alpha.astype(int) - RIGHT).max() <= 1


def test_very_many_resources_are_not_all_read() -> None:
    found = own_paths(paths.psd(60, 40, paths.resource(2001, b"", b"") * 150_000 + _NAMED), SIZE, 1)
    assert len(found.paths) <= 1000
    assert found.clipping is None


def test_very_many_small_pieces_are_filled_at_once() -> None:
    """Pieces used to be taken one by one: minutes for a file of thirty megabytes."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)[:, None].repeat(3, axis=1)
    row, column = np.divmod(np.arange(40_000), 200)
    many = ClippingPath("p", tuple(corners + np.array([2 * x, 2 * y]) for x, y in zip(column, row, strict=True)))
    pieces = straight_pieces(many)
    assert pieces.shape == (160_000, 4)
    one = straight_pieces(ClippingPath("p", many.subpaths[7:8]))
    np.testing.assert_array_equal(pieces[28:32], one)
    chessboard = PathFill(many, Size(400, 400)).values(Box(0, 0, 400, 400))
    assert float(chessboard.sum()) == 40_000
    assert chessboard[0, 0] == 1
    assert chessboard[0, 1] == 0


def test_a_knot_beyond_the_frame_is_where_it_is() -> None:
    around = [(-0.5, -0.5), (1.5, -0.5), (1.5, 0.5), (-0.5, 0.5)]
    block = paths.resource(2000, b"Shop", paths.polygons(around)) + _NAMED
    with cut(paths.psd(60, 40, block), Options(mask="path")) as cutout:
        assert np.all(cutout.alpha[:20] == 255)
        assert np.all(cutout.alpha[20:] == 0)


@pytest.mark.parametrize("edge", [16, 40, 250])
def test_edges_along_rows_are_seen_in_every_tile(edge: int) -> None:
    """A tile may hold nothing of a path but a piece that runs along its rows."""
    size = Size(1000, 600)
    path = ClippingPath("p", (np.repeat(np.array([[5.0, 100], [995, 100], [995, 420.5], [5, 420.5]])[:, None], 3, 1),))
    fill = PathFill(path, size)
    right = np.zeros(size.shape, np.float32)
    right[100:420, 5:995] = 1
    right[420, 5:995] = 0.5
    for top in range(0, size.height, edge):
        for left in range(0, size.width, edge):
            box = Box(left, top, min(edge, size.width - left), min(edge, size.height - top))
            np.testing.assert_allclose(fill.values(box), right[box.slices()], atol=1e-6)
