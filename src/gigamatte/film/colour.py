"""Colours of a film's frames: YUV → RGB as the film means it, and back, tagged as it is written.

swscale takes what is not tagged for BT.601, whatever its size; what players do, and what cameras mean, is BT.709 from
720 lines on. Alpha planes are copied by hand: swscale leaves them off by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.film.library import pyav
from gigamatte.photo.colour import to_8bit
from gigamatte.types import PixelArray

#: lines from which a film that does not say so is BT.709
HIGH_DEFINITION = 720
#: numbers of colour matrices: those of ISO 23091-4 in a film's tags, those of swscale
BT709, SMPTE170M, BT2020 = 1, 6, 9
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
#: transfer functions of high dynamic range
PQ, HLG = 16, 18
LIMITED, FULL = 1, 2


def matrix_by_lines(lines: int) -> int:
    """The tag of the matrix that a film of so many lines has where it does not say."""
    return BT709 if lines >= HIGH_DEFINITION else SMPTE170M


def as_rgb(frame: Any, bits: int) -> PixelArray:
    """The pixels of a PyAV frame: (row, column, RGB, and A where it has alpha), uint8 or uint16 by ``bits``."""
    how = pyav().video.reformatter.Interpolation
    source = _MATRICES.get(int(frame.colorspace), _MATRICES[matrix_by_lines(frame.height)])
    name: str = frame.format.name
    full = name.startswith("yuvj") or int(frame.color_range) == FULL
    flags = how.BICUBIC | how.ACCURATE_RND | how.FULL_CHR_H_INT | how.FULL_CHR_H_INP
    rgb = frame.reformat(
        format="rgb24" if bits == 8 else "rgb48le",
        src_colorspace=source,
        dst_colorspace=source,
        interpolation=flags,
        src_color_range=FULL if full else LIMITED,
        dst_color_range=FULL,
        threads=1,
    )
    colours = _packed(rgb.planes[0], rgb.width, rgb.height, 3, bits)
    if not has_alpha(frame.format):
        return colours
    out: PixelArray = np.dstack([colours, _alpha(frame, bits)])  # type: ignore[assignment]
    return out


def has_alpha(format: Any) -> bool:
    """Whether a pixel format holds alpha."""
    return any(component.is_alpha for component in format.components)


def depth(format: Any) -> int:
    """8 or 16: how many bits a channel of a pixel format is given."""
    return 16 if any(component.bits > 8 for component in format.components) else 8


def _alpha(frame: Any, bits: int) -> PixelArray:
    alpha = next(component for component in frame.format.components if component.is_alpha)
    if len(frame.planes) != len(frame.format.components):  # packed with the colours: RGBA, ARGB
        packed = frame.reformat(format="rgba" if bits == 8 else "rgba64le", threads=1)
        whole: PixelArray = _packed(packed.planes[0], frame.width, frame.height, 4, bits)[..., 3]
        return whole
    values = _packed(frame.planes[-1], frame.width, frame.height, 1, 8 if alpha.bits == 8 else 16)[..., 0]
    if bits == 16 and alpha.bits < 16:
        # the upper bits repeated below, so that full stays full
        wide = values.astype(np.uint32) << (16 - alpha.bits)
        deep: PixelArray = (wide | (wide >> alpha.bits)).astype(np.uint16)
        return deep
    return values


def _packed(plane: Any, width: int, height: int, channels: int, bits: int) -> PixelArray:
    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    rows = np.frombuffer(plane, kind)[: height * (plane.line_size // kind.itemsize)].reshape(height, -1)
    pixels: PixelArray = rows[:, : width * channels].reshape(height, width, channels).copy()
    return pixels


def as_frame(pixels: PixelArray, format: str, *, alpha: bool) -> Any:
    """A PyAV frame of (row, column, RGB or RGBA) for an encoder: ``format`` yuv420p or yuv444p10le, tagged.

    With ``alpha`` a plane of alpha more: uint8 as it is, uint16 reduced to the plane's bits.
    """
    av = pyav()
    how = av.video.reformatter.Interpolation
    height, width = pixels.shape[:2]
    matrix = _MATRICES[matrix_by_lines(height)]
    deep = pixels.dtype == np.uint16
    colours = np.ascontiguousarray(pixels[..., :3])
    rgb = av.VideoFrame.from_ndarray(colours, format="rgb48le" if deep else "rgb24")
    del colours  # of a large frame each of these counts
    yuv = rgb.reformat(
        format=format,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        interpolation=how.BICUBIC | how.ACCURATE_RND | how.FULL_CHR_H_INT | how.FULL_CHR_H_INP,
        src_color_range=FULL,
        dst_color_range=LIMITED,
        threads=1,
    )
    del rgb
    frame = yuv
    if alpha:
        frame = av.VideoFrame(width, height, format.replace("yuv", "yuva"))
        for mine, theirs in zip(frame.planes, yuv.planes, strict=False):
            np.frombuffer(mine, np.uint8)[:] = np.frombuffer(theirs, np.uint8)
        _write_alpha(frame.planes[3], pixels[..., 3], 10 if "10" in format else 8)
    tag(frame, height)
    return frame


def tag(described: Any, lines: int) -> None:
    """Say of a frame of so many lines, or of its encoder, how its colours are written."""
    matrix = matrix_by_lines(lines)
    described.colorspace, described.color_range = matrix, LIMITED
    described.color_trc, described.color_primaries = matrix, matrix


def _write_alpha(plane: Any, alpha: PixelArray, bits: int) -> None:
    deep = alpha.dtype == np.uint16
    values: NDArray[Any] = alpha
    if bits == 8 and deep:
        values = to_8bit(alpha)
    elif bits == 10:
        wide = alpha.astype(np.uint16)
        values = wide >> 6 if deep else (wide << 2) | (wide >> 6)
    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    height, width = alpha.shape
    rows = np.frombuffer(plane, kind)[: height * (plane.line_size // kind.itemsize)].reshape(height, -1)
    rows[:, :width] = values
