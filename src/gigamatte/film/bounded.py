"""A film within bounds: its frames shrunk for a quick look, and no more pixels in all than are allowed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from gigamatte.errors import BudgetExceeded
from gigamatte.film.types import Frame, Header, Source, Span
from gigamatte.types import PixelArray, Size


class Bounded:
    """The frames of ``source``, at a longer side of at most ``side`` pixels, and at most ``most`` pixels in all.

    What the header says is checked by ``refuse``, before anything is decoded; since a header may say what it likes, the
    frames are counted too. Both raise BudgetExceeded.
    """

    def __init__(self, source: Source, *, side: int | None = None, most: int | None = None) -> None:
        self._source, self._most = source, most
        self.path: Path | None = source.path
        size = source.header.size
        scale = 1.0 if side is None else min(1.0, side / size.long)
        self._size = Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
        self._smaller = self._size != size
        self.header: Header = dataclasses.replace(source.header, size=self._size)

    def refuse(self, span: Span) -> None:
        """Raise BudgetExceeded where the film says itself that it is too long."""
        frames = span.frames_of(self.header)
        if frames is not None:
            self._check(frames)

    def frames(self, span: Span, skip: int = 0) -> Iterator[Frame]:
        """The wanted frames but the first ``skip``."""
        for number, frame in enumerate(self._source.frames(span, skip), skip + 1):
            self._check(number)
            yield frame if not self._smaller else dataclasses.replace(frame, pixels=self._shrunk(frame))

    def _check(self, frames: int) -> None:
        full = self._source.header.size
        if self._most is None or frames * full.pixels <= self._most:
            return
        name, all_in_all, most = self.header.name, _megapixels(frames * full.pixels), _megapixels(self._most)
        raise BudgetExceeded(
            f"{name}: 1 frame of {full} = {all_in_all} megapixels in all, allowed are {most}"
            if frames == 1
            else f"{name}: {frames} frames of {full} = {all_in_all} megapixels in all, allowed are {most}",
            "cut a part of it (from, to), every n-th frame, or a smaller version",
        )

    def _shrunk(self, frame: Frame) -> PixelArray:
        pixels = frame.pixels
        assert not isinstance(pixels, Path)  # a picture of a sequence, which is opened by those who cut it
        small: PixelArray = cv2.resize(
            np.ascontiguousarray(pixels), (self._size.width, self._size.height), interpolation=cv2.INTER_AREA
        )
        return small


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1e6:,.0f}" if pixels >= 1e8 else f"{pixels / 1e6:.2g}"
