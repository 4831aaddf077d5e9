"""Makes shadow.jpg, background.jpg and outline.jpg of the documentation, from examples/ and from a made-up product.

usage: python docs/images/around.py
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, cut
from gigamatte.testing.shadows import shadowed_photo
from gigamatte.types import Size

ROOT = Path(__file__).parents[2]
HEIGHT = 330


def made(photo: Any, mask: Any, **options: Any) -> Image.Image:
    file = io.BytesIO()
    cut(photo, Options(refine="guided", **options), mask=mask).save(file)
    picture = Image.open(file).convert("RGBA")
    squares = (np.indices(picture.size[::-1]) // 24).sum(axis=0) % 2
    ground = Image.fromarray(np.where(squares, 214, 255).astype(np.uint8)).convert("RGBA")
    return Image.alpha_composite(ground, picture).convert("RGB")


def sheet(name: str, pictures: list[Image.Image]) -> None:
    small = [one.resize((round(one.width * HEIGHT / one.height), HEIGHT), Image.Resampling.LANCZOS) for one in pictures]
    row = Image.new("RGB", (sum(one.width + 8 for one in small) - 8, HEIGHT), "white")
    left = 0
    for one in small:
        row.paste(one, (left, 0))
        left += one.width + 8
    row.save(ROOT / "docs" / "images" / name, quality=85)


def main() -> None:
    scene = shadowed_photo(Size(1000, 1000), kind="floor", noise=2, seed=3)
    product: NDArray[np.uint8] = scene.photo
    mask = np.rint(scene.alpha * 255).astype(np.uint8)
    grounds = {"keep": "white", "contact": "#e9dcc5", "drop": "#8fb3c9"}
    drawn = [made(product, mask, shadow=kind, background=ground) for kind, ground in grounds.items()]
    sheet("shadow.jpg", [Image.fromarray(product), *drawn, made(product, mask, only="shadow")])
    photo, alpha = str(ROOT / "examples" / "photo.jpg"), str(ROOT / "examples" / "photo.alpha.png")
    backgrounds = ("blur:3", "linear(to bottom, #f6efe4, #c9a37a)", "radial(at 50% 40%, white, #7d93a8)")
    sheet("background.jpg", [made(photo, alpha, background=one) for one in backgrounds])
    sticker = made(photo, alpha, outline="2%,white", shadow="drop:length=2", background="#e4572e")
    sheet("outline.jpg", [sticker, made(photo, alpha, outline="1%,#ffd400"), made(product, mask, outline="14px,white")])


if __name__ == "__main__":
    main()
