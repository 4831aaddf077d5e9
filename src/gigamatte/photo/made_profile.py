"""Makes ICC profiles of primaries and a curve, for files that describe their colours so.

(ICC.1:2022, clauses 8.3, 9.2 and 10.18; Bradford adaptation to D50: Lindbloom, Chromatic Adaptation, 2017.)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: x and y of red, green, blue and white
Chromaticities = tuple[float, float, float, float, float, float, float, float]

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D65 = (0.3127, 0.329)
SRGB: Chromaticities = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, *D65)


@dataclass(frozen=True, slots=True)
class Curve:
    """Light of a value v in [0, 1]: (a·v + b)**gamma from ``d`` on, c·v below."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Light of values in [0, 1]."""
        light: NDArray[np.float64] = np.where(
            values >= self.d, np.maximum(self.a * values + self.b, 0) ** self.gamma, self.c * values
        )
        return light

    @property
    def encoded(self) -> bytes:
        """As a parametricCurveType."""
        if self.a == 1 and self.b == 0 and self.d == 0:
            return struct.pack(">4s4xHH", b"para", 0, 0) + _fixed([self.gamma])
        return struct.pack(">4s4xHH", b"para", 3, 0) + _fixed([self.gamma, self.a, self.b, self.c, self.d])


SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def rgb_profile(name: str, where: Chromaticities, curve: Curve) -> bytes | None:
    """A display profile of RGB with these primaries and one curve for all; None where they span no colours."""
    matrix = _to_d50(where)
    if matrix is None:
        return None
    adapted, adaptation = matrix
    tags = {
        b"desc": _text(name),
        b"cprt": _text("no rights are reserved"),
        b"wtpt": _xyz(_D50),
        b"chad": struct.pack(">4s4x", b"sf32") + _fixed(adaptation.ravel()),
        b"rXYZ": _xyz(adapted[:, 0]),
        b"gXYZ": _xyz(adapted[:, 1]),
        b"bXYZ": _xyz(adapted[:, 2]),
        b"rTRC": curve.encoded,
        b"gTRC": curve.encoded,
        b"bTRC": curve.encoded,
    }
    return _profile(b"RGB ", tags)


def grey_profile(name: str, curve: Curve) -> bytes:
    """A display profile of grey."""
    tags = {b"desc": _text(name), b"cprt": _text("no rights are reserved"), b"wtpt": _xyz(_D50), b"kTRC": curve.encoded}
    return _profile(b"GRAY", tags)


def _to_d50(where: Chromaticities) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Columns: XYZ of red, green and blue as seen under D50; and the adaptation that leads there."""
    points = np.array(where, np.float64).reshape(4, 2)
    if (points[:, 1] <= 0).any():
        return None
    xyz = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in points]).T
    primaries, white = xyz[:, :3], xyz[:, 3]
    if abs(np.linalg.det(primaries)) < 1e-6:
        return None
    scaled = primaries * np.linalg.solve(primaries, white)
    cones = _BRADFORD @ white
    if (cones <= 0).any():
        return None
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / cones) @ _BRADFORD
    adapted = adaptation @ scaled
    return None if np.abs(adapted).max() > 100 else (adapted, adaptation)


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    head = bytearray(128)
    struct.pack_into(">I4s4s4s", head, 8, 0x04200000, b"mntr", space, b"XYZ ")
    struct.pack_into(">6H", head, 24, 2026, 1, 1, 0, 0, 0)
    head[36:40] = b"acsp"
    head[68:80] = _fixed(_D50)
    table, data, places = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    for tag, body in tags.items():
        # tags with the same content share it
        at = places.setdefault(body, 132 + 12 * len(tags) + len(data))
        if at == 132 + 12 * len(tags) + len(data):
            data += body + bytes(-len(body) % 4)
        table += struct.pack(">4sII", tag, at, len(body))
    struct.pack_into(">I", head, 0, 128 + len(table) + len(data))
    return bytes(head) + table + data


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _xyz(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return struct.pack(">4s4x", b"XYZ ") + _fixed(values)


def _fixed(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)
