"""The background of a film's result: a colour, a picture, another film, or its own background, blurred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from gigamatte.cutout.backdrop import open_backdrop
from gigamatte.cutout.cutout import Cutout
from gigamatte.errors import UnsupportedInput
from gigamatte.film.formats import Plan, blur_of
from gigamatte.film.reading import open_film
from gigamatte.film.types import Frame, Span
from gigamatte.filters import gaussian
from gigamatte.options import Options
from gigamatte.types import Depth, FloatArray, PixelArray, Size

#: the green of green screens, sRGB
GREEN = "#00b140"


class FilmGround:
    """Lays frames on the ground that ``options.background`` names. Frames come in order."""

    def __init__(self, options: Options, plan: Plan, size: Size, bits: int) -> None:
        self._options, self._kind, self._size, self._bits = options, plan.ground, size, bits
        self._still: PixelArray | FloatArray | None = None
        self._film: Iterator[Frame] | None = None
        self._shown: Frame | None = None
        self._begun = 0.0

    def laid(self, cutout: Cutout, rgba: PixelArray, time: float) -> PixelArray:
        """(row, column, RGB) of a frame's cutout ``rgba`` on its ground; ``time`` since the first, in seconds."""
        alpha = Depth.of(rgba).quotient(rgba[..., 3:])
        behind = self._behind(cutout, alpha, time)
        mixed = rgba[..., :3] * alpha + behind * (1 - alpha)
        laid: PixelArray = (mixed + np.float32(0.5)).astype(rgba.dtype)  # type: ignore[assignment]
        return laid

    def _behind(self, cutout: Cutout, alpha: FloatArray, time: float) -> PixelArray | FloatArray:
        if self._kind == "blur":
            sigma = blur_of(self._options.background or "") * self._size.long
            return blurred(cutout.photo_pixels(), alpha[..., 0], sigma)
        if self._kind == "film":
            return self._filmed(time)
        if self._still is None:
            said = GREEN if self._options.background == "green" else self._options.background or ""
            fit, most = self._options.background_fit, self._options.max_pixels
            still: PixelArray | FloatArray = (
                open_backdrop(said, self._size, self._bits, None, most, fit).rows(0, self._size.height)[..., :3].copy()
            )
            self._still = still
        return self._still

    def _filmed(self, time: float) -> PixelArray | FloatArray:
        """The frame of the other film that is shown at ``time``; where it has ended, it begins anew."""
        while self._shown is None or self._begun + float(self._shown.time + self._shown.duration) <= time:
            if self._film is None:
                source = open_film(Path(self._options.background or ""), max_pixels=self._options.max_pixels)
                self._film = source.frames(Span())
            frame = next(self._film, None)
            if frame is None and self._shown is not None:
                self._begun += float(self._shown.time + self._shown.duration)
                self._film = self._shown = None
                continue
            if frame is None:
                raise UnsupportedInput(f"{self._options.background} holds no frame")
            self._shown, self._still = frame, None
        if self._still is None:
            self._still = self._fitted(self._shown)
        return self._still

    def _fitted(self, frame: Frame) -> PixelArray:
        """The other film's picture, enlarged or shrunk until it covers, cut at its centre, in this film's depth."""
        assert not isinstance(frame.pixels, Path)
        pixels, size = frame.pixels[..., :3], self._size
        scale = max(size.width / pixels.shape[1], size.height / pixels.shape[0])
        wide, tall = max(size.width, round(pixels.shape[1] * scale)), max(size.height, round(pixels.shape[0] * scale))
        shrinks = scale < 1
        grown = cv2.resize(pixels, (wide, tall), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        top, left = (tall - size.height) // 2, (wide - size.width) // 2
        part = grown[top : top + size.height, left : left + size.width]
        if part.dtype == np.uint8 and self._bits == 16:
            part = part.astype(np.uint16) * np.uint16(257)
        elif part.dtype == np.uint16 and self._bits == 8:
            part = (part >> 8).astype(np.uint8)
        fitted: PixelArray = part
        return fitted


def blurred(pixels: PixelArray, alpha: FloatArray, sigma: float) -> FloatArray:
    """The background blurred, float32 (row, column, RGB), without the subject's colours.

    Normalised convolution (Knutsson and Westin, 1993): only what is background counts.
    """
    step = max(1, int(sigma / 4))
    height, width = alpha.shape
    small = (max(1, width // step), max(1, height // step))
    weight = cv2.resize(1 - alpha, small, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(pixels.astype(np.float32) * (1 - alpha)[..., None], small, interpolation=cv2.INTER_AREA)
    soft = gaussian(np.dstack([colours, weight]), max(0.5, sigma / step), beyond="mirrored")
    # behind a large subject nothing is near
    wide = gaussian(soft, max(1.0, 4 * sigma / step), beyond="mirrored")
    total = soft + np.float32(1e-3) * wide
    mean = total[..., :3] / np.maximum(total[..., 3:], np.float32(1e-6))
    grown: FloatArray = cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(grown, 0, np.float32(Depth.of(pixels).full))
