"""Compares the answers of two networks, or of one network on two runtimes.

For a graph built here and the ONNX file that its authors made of the same weights; and for a file of one's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gigamatte.network.engines.base import Engine
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network, read_file
from gigamatte.types import FloatArray, Size


def compare(name: str, other: str) -> tuple[float, float]:
    """(mean, largest) absolute difference of alpha, in [0, 1], over one drawn picture.

    One network is in memory at a time. Raises UsageError where they see other sizes, and NetworkUnavailable.
    """
    first, second = _answer(name), _answer(other)
    if first.shape != second.shape:
        from gigamatte.errors import UsageError

        raise UsageError(f"{name} sees {Size.of(first)} pixels and {other} {Size.of(second)}: they cannot be compared")
    difference = np.abs(first - second)
    return float(difference.mean()), float(difference.max())


def between_runtimes(path: Path) -> tuple[float, float]:
    """(mean, largest) absolute difference of alpha that OpenVINO and ONNX Runtime answer, both on the CPU in float32.

    Raises WeightsRefused, naming the runtime that cannot load it, DeviceUnavailable where one is not installed.
    """
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine
    from gigamatte.network.engines.openvino import OpenVinoEngine

    own, loaded = read_file(path)

    def answer(engine: Engine) -> FloatArray:
        with Network(own.card, lambda _: (engine, ()), fixed=own.fixed) as network:
            return _located(network)

    difference = np.abs(answer(OpenVinoEngine.open(loaded)) - answer(OnnxRuntimeEngine.open(loaded)))
    return float(difference.mean()), float(difference.max())


def _answer(name: str) -> FloatArray:
    with open_network(name) as network:
        return _located(network)


def _located(network: Network) -> FloatArray:
    picture = drawn_picture(Size(1024, 1024))
    photo = Size.of(picture)
    return network.locate(picture, photo.box, photo).alpha


def drawn_picture(size: Size) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A ball with stripes before a shaded wall: uint8 sRGB (row, column, 3), with soft and hard edges."""
    rows, columns = np.mgrid[: size.height, : size.width].astype(np.float32)
    x, y = columns / size.width - 0.5, rows / size.height - 0.5
    wall = 90 + 80 * (x + 0.5)
    radius = np.hypot(x, y + 0.05)
    ball = 200 - 260 * radius + 25 * np.sign(np.sin(40 * (x + y)))
    inside = np.clip((0.3 - radius) * size.width / 2, 0, 1)
    grey = wall + (ball - wall) * inside
    colour = np.stack([grey, grey * 0.9 + 10 * inside, wall + (ball * 0.5 - wall) * inside], axis=-1)
    return np.asarray(np.clip(colour, 0, 255), np.uint8)
