#!/usr/bin/env bash
# libvips 8.18.7 (pyvips-binary 8.18.7) reads a TIFF of grey and alpha in separate planes (PlanarConfiguration 2) with
# rows in wrong places where a strip has more than one row: no error, no warning. With one row a strip, with
# interleaved channels, and for RGB in separate planes it reads the same pixels right; tifffile reads all of them right.
#
# Seen: of 64 rows of a vertical ramp, 0 are wrong at 1 row a strip, 48 at 4 rows, and 63 in one strip.
# This script fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'pyvips==3.2.0' 'pyvips-binary==8.18.7' 'tifffile==2026.3.3' 'numpy==2.4.6'
cd "$work"
venv/bin/python - <<'PYTHON'
import numpy as np
import pyvips
import tifffile

grey = np.repeat(np.arange(64, dtype=np.uint8)[:, None] * 3, 48, axis=1)
alpha = np.full_like(grey, 255)
alpha[:, :24] = 7
pixels = np.dstack([grey, alpha])


def wrong_rows(stored, name, **kinds):
    """Rows in which libvips reads other pixels than those that were written; tifffile's reading is checked too."""
    tifffile.imwrite(name, stored, **kinds)
    read = tifffile.imread(name)
    assert np.array_equal(read, stored), "tifffile reads something else"
    found = pyvips.Image.new_from_file(name).numpy()
    whole = np.moveaxis(stored, 0, -1) if kinds["planarconfig"] == "separate" else stored
    return int((found != whole).any(axis=(1, 2)).sum())


kinds = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
planes = np.moveaxis(pixels, -1, 0)
seen = {}
for rows in (1, 4, 64):
    seen[rows] = wrong_rows(planes, f"separate{rows}.tif", planarconfig="separate", rowsperstrip=rows, **kinds)
    print(f"separate planes, {rows} rows a strip: {seen[rows]} of 64 rows wrong")
together = wrong_rows(pixels, "together.tif", planarconfig="contig", rowsperstrip=4, **kinds)
rgb = wrong_rows(
    np.stack([grey, grey, grey, alpha]), "rgb.tif", planarconfig="separate", rowsperstrip=4,
    photometric="rgb", extrasamples=["unassalpha"],
)
print(f"interleaved: {together} rows wrong; RGB and alpha in separate planes: {rgb} rows wrong")
assert seen[1] == together == rgb == 0, "other kinds are read wrong, too"
assert seen[4] and seen[64], "grey and alpha in separate planes are read right now"
PYTHON
