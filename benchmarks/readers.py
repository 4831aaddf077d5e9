"""Opens results of every format with other programs that are installed here, and compares the pixels they show.

usage: python benchmarks/readers.py [--write docs/programs.md …]     (the table of the page is replaced)
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gigamatte import Options, cut
from gigamatte.testing.compared import compared
from gigamatte.testing.installed import NotInstalled, Pixels
from gigamatte.testing.photos import made_photo
from gigamatte.testing.readers import READERS, Reader
from gigamatte.types import Size

#: column of the table, suffix, bits, more options
KINDS: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("PNG", "png", 8, {}),
    ("PNG 16", "png", 16, {}),
    ("TIFF", "tif", 8, {}),
    ("TIFF 16", "tif", 16, {}),
    ("TIFF pages", "tif", 8, {"pyramid": "pages"}),
    ("TIFF sub", "tif", 8, {"pyramid": "sub"}),
    ("WebP", "webp", 8, {}),
    ("AVIF", "avif", 8, {}),
    ("AVIF 12", "avif", 16, {}),
    ("PSD", "psd", 8, {}),
    ("PSD 16", "psd", 16, {}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", nargs="*", default=[], type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = made(Path(folder))
        rows = [row for reader in READERS if (row := table_row(reader, files)) is not None]
    table = "\n".join(
        ["| program | " + " | ".join(name for name, *_ in KINDS) + " |", "|---" * (len(KINDS) + 1) + "|", *rows]
    )
    print(table)
    for page in options.write:
        text = page.read_text(encoding="utf-8")
        new = re.sub(r"(<!-- readers -->\n).*?(<!-- /readers -->)", rf"\g<1>{table}\n\g<2>", text, flags=re.S)
        page.write_text(new, encoding="utf-8")


def made(folder: Path) -> dict[str, tuple[Path, Pixels]]:
    """By column: the file, and the pixels that it should show."""
    scene = made_photo(Size(301, 223), strands=20, seed=7)
    mask = np.rint(scene.alpha * 255).astype(np.uint8)
    files = {}
    for name, suffix, bits, more in KINDS:
        photo = scene.photo if bits == 8 else scene.photo.astype(np.uint16) * 257 + 100
        path = folder / f"{name.replace(' ', '-')}.{suffix}"
        with cut(photo, Options(refine="off", **more), mask=mask) as cutout:
            cutout.save(path)
            right = cutout.rgba()
        if suffix == "avif":  # its colours have lost something: what libavif's own reader shows is right
            alpha = right[..., 3]
            right = np.asarray(Image.open(path).convert("RGBA")).copy()
            right[..., 3] = alpha if bits == 8 else np.rint(alpha / 257)
        files[name] = (path, right)
    return files


def table_row(reader: Reader, files: dict[str, tuple[Path, Pixels]]) -> str | None:
    try:
        version = reader.version()
    except NotInstalled:
        return None
    cells = []
    for path, right in files.values():
        try:
            cells.append(compared(reader.read(path), right))
        except NotInstalled:
            return None
        except Exception:
            cells.append("–")
    print(reader.name, version, cells, flush=True)
    return f"| {reader.name} {version} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
