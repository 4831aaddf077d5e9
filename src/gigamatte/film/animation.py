"""Animated pictures, by Pillow: WebP, APNG, GIF, AVIF, from frames that are kept as PNG files.

Durations are rounded so that they add up: a frame begins within half a unit of its own time, however long the film.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image

from gigamatte.errors import WriteError
from gigamatte.film.animation_frames import merged, write_apng, write_gif
from gigamatte.film.resume import Shown
from gigamatte.types import PixelArray

#: the unit of durations, in seconds
UNITS = {"webp": Fraction(1, 1000), "apng": Fraction(1, 1000), "avif": Fraction(1, 1000), "gif": Fraction(1, 100)}
#: quality of lossy formats where nobody says
QUALITY = 85


def keep(path: Path, pixels: PixelArray) -> None:
    """Keep a frame, uint8 (row, column), RGB or RGBA, as PNG. Raises WriteError."""
    # stored by OpenCV, which writes such a file faster than Pillow
    turned = pixels if pixels.ndim == 2 else cv2.cvtColor(
        pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    )  # fmt: skip
    done, data = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise WriteError(f"{path} cannot be encoded")
    path.write_bytes(data.tobytes())


def encode(
    format: str,
    pictures: Sequence[Path],
    shown: Sequence[Shown],
    file: BinaryIO,
    *,
    loop: int = 0,
    quality: int | None = None,
) -> None:
    """Encode the kept ``pictures``. ``loop``: how often it is played, 0 = for ever."""
    durations = rounded(shown, UNITS[format])
    images = _gif_frames(pictures) if format == "gif" else _images(pictures)
    if format == "apng":
        write_apng(merged(images, durations), file, loop=loop)
    elif format == "gif":
        write_gif(merged(images, durations), file, loop=loop)
    else:
        settings: dict[str, Any] = {"save_all": True, "duration": durations, "quality": quality or QUALITY}
        head = next(images)
        if format == "webp":
            settings |= {"loop": loop, "alpha_quality": 100, "method": 4, "exact": True, "minimize_size": False,
                         "kmin": 3, "kmax": 30}  # fmt: skip
            head.save(file, "WEBP", append_images=images, **settings)
        else:
            head.save(file, "AVIF", append_images=images, speed=7, **settings)
    file.flush()


def rounded(shown: Sequence[Shown], unit: Fraction) -> list[int]:
    """Durations in milliseconds, in whole ``unit``s; each frame begins as near to its time as that allows."""
    found, begin = [], shown[0].time
    done = 0
    for number, one in enumerate(shown):
        end = shown[number + 1].time if number + 1 < len(shown) else one.time + one.duration
        until = round((end - begin) / unit)
        found.append(max(1, until - done) * int(unit * 1000))
        done = max(done + 1, until)
    return found


def _images(pictures: Sequence[Path]) -> Iterator[Image.Image]:
    for path in pictures:
        with Image.open(path, formats=("PNG",)) as picture:
            yield picture.copy()


def _gif_frames(pictures: Sequence[Path]) -> Iterator[Image.Image]:
    """Frames of up to 255 colours; the last entry of the palette is what can be seen through, from one half on."""
    for picture in _images(pictures):
        colours = picture.convert("RGB").quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        values = np.array(colours)
        if picture.mode == "RGBA":
            values[np.asarray(picture)[..., 3] < 128] = 255
        frame = Image.frombytes("P", picture.size, values.tobytes())
        palette = (colours.getpalette() or [])[: 255 * 3]
        frame.putpalette(palette + [0] * (768 - len(palette)))
        frame.info["transparency"] = 255
        yield frame
