"""The digests of some forty cuts of all formats and options: equal before and after a change that must change nothing.

    python benchmarks/digests.py > before.txt      (the other checkout: > after.txt; diff the two)

The photos are made here: a JPEG that lies on its side, a PNG of 16 bits, one with an alpha of its own. The picture's
pixels are hashed as they are read back, not the file's bytes, and beside them the size, depth and metadata's length.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
from PIL import Image

from gigamatte import Options, Remover, Size
from gigamatte.testing.photos import coarse, made_photo

SIZE = Size(900, 620)
MASKED: dict[str, Any] = {"mask": "coarse.png"}
CUTS: list[tuple[str, str, dict[str, Any]]] = [
    *(("side.jpg", f"out.{suffix}", MASKED) for suffix in ("png", "webp", "tif", "avif", "psd")),
    *(("deep.png", f"out.{suffix}", MASKED) for suffix in ("png", "webp", "tif", "avif", "psd")),
    *(("side.jpg", "out.png", MASKED | {"only": only}) for only in ("alpha", "foreground", "trimap", "uncertainty")),
    *(("deep.png", "out.png", MASKED | {"refine": refine}) for refine in ("guided", "off")),
    ("side.jpg", "out.jpg", MASKED | {"background": "white"}),
    ("side.jpg", "out.png", MASKED | {"background": "#ff00ff80"}),
    ("side.jpg", "out.png", MASKED | {"crop": True, "margin": 5.0}),
    ("side.jpg", "out.webp", MASKED | {"quality": 80}),
    ("side.jpg", "out.tif", MASKED | {"pyramid": "pages", "compress": "lzw"}),
    ("side.jpg", "out.png", MASKED | {"under": "black", "strip": True}),
    ("side.jpg", "out.png", MASKED | {"smooth": True}),
    ("side.jpg", "out.png", MASKED | {"largest": True, "hole_fill": 2.0}),
    ("side.jpg", "out.png", MASKED | {"keep": "stroke.png"}),
    ("side.jpg", "out.png", MASKED | {"drop": "stroke.png"}),
    ("clear.png", "out.png", MASKED),
    ("clear.png", "out.png", MASKED | {"ignore_alpha": True}),
    ("side.jpg", "out.png", {"mask": "soft.png"}),
    ("deep.png", "out.png", {"keep_empty": True}),
    ("side.jpg", "out.png", MASKED | {"background": "linear(to right, red, #0000ff80)"}),
    ("deep.png", "out.tif", MASKED | {"background": "linear(white, #88aacc)", "shadow": "drop"}),
    ("side.jpg", "out.jpg", MASKED | {"background": "blur:4", "outline": "6px,white"}),
    ("side.jpg", "out.png", MASKED | {"background": "side.jpg", "relight": 0.5}),
    ("side.jpg", "out.png", MASKED | {"canvas": "800x800", "fill": "85", "shadow": "contact"}),
    ("deep.png", "out.webp", MASKED | {"canvas": "400x400", "outline": "2%,#ff0"}),
    ("deep.png", "out.psd", MASKED | {"shadow": "drop", "outline": "6px,white"}),
    ("side.jpg", "out.svg", MASKED | {"only": "path"}),
    ("side.jpg", "out.tif", MASKED | {"only": "shadow", "shadow": "drop"}),
    ("side.jpg", "out.png", MASKED | {"palette": True, "max_bytes": 60000}),
    ("side.jpg", "out.png", {"kind": "art"}),
]


def write_inputs(folder: Path) -> None:
    """The photos, masks and the stroke that the cuts name."""
    made = made_photo(SIZE, strands=40)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(made.photo).save(folder / "side.jpg", quality=95, exif=exif, dpi=(300, 300))
    cv2.imwrite(str(folder / "deep.png"), cv2.cvtColor(made.photo.astype(np.uint16) * 257, cv2.COLOR_RGB2BGR))
    ramp = np.broadcast_to(np.linspace(60, 255, SIZE.width).astype(np.uint8), SIZE.shape)
    Image.fromarray(np.dstack([made.photo, ramp])).save(folder / "clear.png")
    Image.fromarray(np.rint(coarse(made.alpha, 6) * 255).astype(np.uint8)).save(folder / "coarse.png")
    half = cv2.resize(made.alpha, (SIZE.width // 2, SIZE.height // 2), interpolation=cv2.INTER_AREA)
    Image.fromarray(np.rint(half * 255).astype(np.uint8)).save(folder / "soft.png")
    stroke = np.zeros(SIZE.shape, np.uint8)
    cv2.line(stroke, (40, 40), (300, 200), 255, 12)
    Image.fromarray(stroke).save(folder / "stroke.png")


def digest(path: Path) -> str:
    """Of the pixels of a result, and what lies beside them."""
    if path.suffix in (".psd", ".svg"):
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    image = pyvips.Image.new_from_file(str(path))
    blocks = {name: len(image.get(name)) for name in image.get_fields() if name.endswith("-data")}
    pixels = hashlib.sha256(image.write_to_memory()).hexdigest()[:16]
    return f"{pixels} {image.width}×{image.height}×{image.bands} {image.format} {blocks}"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gigamatte-digests-") as name:
        folder = Path(name)
        write_inputs(folder)
        for number, (photo, out, said) in enumerate(CUTS, 1):
            paths: dict[str, Any] = {key: str(folder / said[key]) for key in ("mask", "keep", "drop") if key in said}
            if said.get("background") == photo:
                paths["background"] = str(folder / photo)
            # a photo that lies on its side has masks that do: they are laid on the upright frame
            with Remover(Options(**{**said, **paths}, threads=2, device="cpu")) as remover:
                remover.process(folder / photo, folder / out, overwrite=True)
            print(f"{number:2} {photo} {out} {said}: {digest(folder / out)}", flush=True)


if __name__ == "__main__":
    main()
