"""Animated pictures that Pillow reads: GIF, APNG, WebP and AVIF. Their frames may be merged, so time counts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from gigamatte.errors import BudgetExceeded, UnsupportedInput
from gigamatte.film.types import Frame, Header, Span
from gigamatte.types import Size

#: what viewers take for a duration of nothing, in milliseconds
NO_DURATION = 100


class AnimatedPicture:
    """An animation. Raises UnsupportedInput, BudgetExceeded."""

    def __init__(self, path: Path, kind: str, max_pixels: int) -> None:
        self.path: Path | None = path
        self._file = path
        with self._opened() as picture:
            size = Size(*picture.size)
            if size.pixels > max_pixels:
                raise BudgetExceeded(
                    f"{path.name} has frames of {size}, allowed are {max_pixels / 1e6:.1f} megapixels",
                    "allow more with --max-pixels",
                )
            frames = int(getattr(picture, "n_frames", 1))
            picture.seek(0)
            duration = int(picture.info.get("duration") or NO_DURATION)
            alpha = kind in ("gif", "apng", "webp") or picture.mode in ("RGBA", "LA", "PA")
            self.header = Header(
                name=path.name,
                kind=kind,
                size=size,
                alpha=alpha and _sees_through(picture),
                rate=Fraction(1000, duration),
                frames=frames,
                seconds=frames * duration / 1000,
                loop=picture.info.get("loop"),
            )

    def _opened(self) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return Image.open(self._file, formats=("GIF", "PNG", "WEBP", "AVIF"))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise UnsupportedInput(f"{self._file.name} cannot be read: {error}") from error

    def frames(self, span: Span, skip: int = 0) -> Iterator[Frame]:
        """The wanted frames but the first ``skip``: how long each is shown adds up to the time of the next.

        Raises UnsupportedInput where one cannot be decoded.
        """
        time, number = Fraction(0), 0
        try:
            with warnings.catch_warnings(), self._opened() as picture:
                warnings.simplefilter("ignore")
                for shown in ImageSequence.Iterator(picture):
                    shown.load()
                    duration = Fraction(round(float(shown.info.get("duration") or 0)) or NO_DURATION, 1000)
                    if span.end is not None and time >= span.end:
                        return
                    if span.holds(time):
                        if number % span.every == 0 and number >= skip * span.every:
                            pixels = np.asarray(shown.convert("RGBA" if self.header.alpha else "RGB"))
                            yield Frame(time, pixels, duration)
                        number += 1
                    time += duration
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise UnsupportedInput(f"{self._file.name} is broken: {error}") from error


def _sees_through(picture: Image.Image) -> bool:
    """Whether any frame may be transparent, decided by the mode: one opaque frame says nothing of the others."""
    return "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "P")
