"""Reported pictures: what is read of them, what is said, and what a cutout is laid on. One test for each case."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte.options import Options
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.pipeline import Remover
from gigamatte.testing import profiles
from gigamatte.types import Receipt
from gigamatte.worker.view import write_tiles
from gigamatte.worker.wire import View
from gigamatte.workflow.compare import compare
from gigamatte.workflow.inspect import inspect_photo
from gigamatte.workflow.preview import preview

LIMIT = 10**8
Case = Callable[[str], Path]


def cut(source: Any, target: Path, **options: Any) -> Receipt:
    """A cutout by a mask, refined by nothing: what is tested here is the picture."""
    with Remover(Options(refine="off", **options)) as remover:
        return remover.process(source, target)


def seen(source: Any) -> NDArray[np.uint8]:
    """A picture as a screen shows it, (row, column, RGB or RGBA)."""
    return np.concatenate(list(strips(open_photo(source, max_pixels=LIMIT), 512)))


def deep(
    array: NDArray[np.uint16], suffix: str, icc: bytes | None = None, orientation: int = 1, **options: Any
) -> bytes:
    """A file of 16 bits a channel (AVIF: 12)."""
    bands = 1 if array.ndim == 2 else array.shape[2]
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array))
    image = image.copy(interpretation=options.pop("space", "rgb16" if bands > 2 else "grey16"))
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    if orientation != 1:
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return bytes(image.write_to_buffer(suffix, **options))


def tile_of(page: Path, layer: int) -> NDArray[np.uint8]:
    """The finest tile of a layer of a preview page, which must have only one."""
    found = re.findall(r'"tiles":\["data:image/\w+;base64,([^"]+)"\]', page.read_text(encoding="utf-8"))
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[layer]))))


def test_sixteen_bit_preview(case: Case, tmp_path: Path) -> None:
    photo = Path(shutil.copy(case("sixteen-bit-preview") / "rgb16.png", tmp_path))
    stored = pyvips.Image.new_from_file(str(photo)).numpy()
    assert stored.dtype == np.uint16
    inspected = inspect_photo(photo)
    assert (inspected.bits, inspected.width, inspected.height) == (16, 96, 72)
    mask = tmp_path / "mask.png"
    Image.fromarray(np.pad(np.full((24, 48), 255, np.uint8), 24)).save(mask)
    cutout = tmp_path / "c.png"
    cut(photo, cutout, mask=str(mask))
    page = preview(cutout, photo=photo)
    shown = np.asarray(stored >> 8, np.uint8)
    assert np.abs(tile_of(page, 0).astype(int) - shown).mean() < 3  # the photo's tile is a JPEG
    assert (tile_of(page, 1)[..., :3] == shown)[28:44, 28:68].all()
    compare(photo, mask=mask)
    assert (tmp_path / "rgb16.compare.html").stat().st_size > 10_000
    for kind, source in (("photo", photo), ("cutout", cutout)):  # what the web page asks the service for
        write_tiles(View(source, tmp_path / kind, kind, LIMIT))  # type: ignore[arg-type]
        layer = json.loads((tmp_path / kind / "layer.json").read_text())
        assert (layer["width"], layer["height"], layer["levels"][0]["tiles"]) == (96, 72, [True])


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("kind", "bands"),
    [
        (kind, bands)
        for kind in ("png", "tiff", "avif", "profile")
        for bands in (1, 2, 3, 4)
        if kind != "avif" or bands > 2
    ],
)
def test_sixteen_bits_on_the_screen(kind: str, bands: int, orientation: int, tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 40 * 60 * bands).astype(np.uint16).reshape(40, 60, bands)
    suffix = {"tiff": ".tif", "avif": ".avif"}.get(kind, ".png")
    options = {"lossless": True, "bitdepth": 12, "effort": 0} if kind == "avif" else {}
    icc = {1: profiles.linear_grey(), 2: profiles.linear_grey()}.get(bands, profiles.swapped_srgb())
    data = deep(values, suffix, icc if kind == "profile" else None, orientation, **options)
    shown = seen(data)
    upright = np.rot90(values, -1) if orientation == 6 else values
    expected = np.asarray(upright >> 8, np.uint8)
    if bands < 3:
        expected = np.concatenate([expected[..., :1]] * 3 + [expected[..., 1:]], axis=2)
    if kind == "profile" and bands > 2:
        expected[..., :2] = expected[..., 1::-1]  # the profile exchanges red and green
    assert shown.shape == expected.shape
    if kind == "profile" and bands < 3:
        assert (np.diff(shown[..., 0].astype(int), axis=0 if orientation == 6 else 1) >= 0).mean() > 0.9
        assert (shown[..., 3:] == expected[..., 3:]).all()
    else:
        limit = 6 if kind == "avif" else 1  # AVIF holds 12 bits, and YCbCr of them
        assert np.abs(shown.astype(int) - expected).max() <= limit
