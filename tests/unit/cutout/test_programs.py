"""What other programs read of every format: each opens real results and gives the pixels that were written.

``benchmarks/readers.py`` makes the whole table (docs/programs.md) with everything that is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gigamatte import Options, cut
from gigamatte.testing.compared import compared
from gigamatte.testing.installed import NotInstalled
from gigamatte.testing.photos import made_photo
from gigamatte.testing.readers import READERS
from gigamatte.types import Size

BY_NAME = {reader.name: reader for reader in READERS}
SURE = {
    "Pillow": {"png": "exact", "png16": "8 bits", "tif": "exact", "tif16": "8 bits", "webp": "exact", "avif": "±1"},
    "OpenCV": {"png": "exact", "png16": "exact", "tif16": "exact", "webp": "exact"},
    "libvips (pyvips)": {"png": "exact", "png16": "exact", "tif": "exact", "tif16": "exact", "webp": "exact"},
    "tifffile": {"tif": "exact", "tif16": "exact"},
    "psd-tools": {"psd": "exact", "psd16": "8 bits"},
    # its reader of tiles gives zeros, so a TIFF must lie in strips
    "ffmpeg (wheel)": {"png": "exact", "png16": "exact", "tif": "exact", "tif16": "exact", "webp": "exact"},
    "ImageMagick": {
        "png": "exact", "png16": "exact", "tif": "exact", "tif16": "exact", "webp": "exact",
        "psd": "±1", "psd16": "±1",
    },
    "Chromium": {"png": "±1", "webp": "±1"},
    "Firefox": {"png": "±1", "webp": "±1"},
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    folder = tmp_path_factory.mktemp("results")
    scene = made_photo(Size(203, 151), strands=20, seed=7)
    mask = np.rint(scene.alpha * 255).astype(np.uint8)
    made = {}
    for name in ("png", "tif", "webp", "avif", "psd", "png16", "tif16", "psd16"):
        photo = scene.photo.astype(np.uint16) * 257 + 100 if name.endswith("16") else scene.photo
        path = folder / f"{name}.{name.removesuffix('16')}"
        with cut(photo, Options(refine="off", quality=100 if name == "avif" else None), mask=mask) as cutout:
            cutout.save(path)
            made[name] = (path, cutout.rgba())
    return made


@pytest.mark.parametrize(("name", "kind", "right"), [(n, k, r) for n, kinds in SURE.items() for k, r in kinds.items()])
def test_programs_read_what_was_written(name: str, kind: str, right: str, results: Any) -> None:
    path, pixels = results[kind]
    try:
        found = compared(BY_NAME[name].read(path), pixels)
    except NotInstalled as missing:
        pytest.skip(f"{missing} is not installed")
    if kind == "avif":  # colours lose a little even at the best quality; alpha does not
        assert found.startswith(("exact", "±1", "alpha ±0"))
    else:
        # a canvas weighs colours by alpha
        assert found in (right, "exact") or (name in ("Chromium", "Firefox") and found == "alpha ±0, colours ±1")
