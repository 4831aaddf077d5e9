"""Colour described by code points, as films, PNG, HEIC and AVIF do: primaries and a transfer curve by number.

(ITU-T H.273, 2024, tables 2 and 3.)
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from gigamatte.photo import isobmff
from gigamatte.photo.made_profile import D65, SRGB, SRGB_CURVE, Chromaticities, Curve, grey_profile, rgb_profile

_C = (0.31, 0.316)
_PRIMARIES: dict[int, tuple[str, Chromaticities]] = {
    1: ("BT.709", SRGB),
    4: ("BT.470 M", (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C)),
    5: ("BT.601 625", (0.64, 0.33, 0.29, 0.6, 0.15, 0.06, *D65)),
    6: ("BT.601 525", (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *D65)),
    7: ("SMPTE 240M", (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *D65)),
    8: ("film", (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C)),
    9: ("BT.2020", (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, *D65)),
    11: ("DCI-P3", (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.314, 0.351)),
    12: ("Display P3", (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *D65)),
    22: ("EBU 3213", (0.63, 0.34, 0.295, 0.605, 0.155, 0.077, *D65)),
}
_BT709 = Curve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_CURVES = {
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _BT709),
    4: Curve(2.2),
    5: Curve(2.8),
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0912),
    8: Curve(1.0),
    13: SRGB_CURVE,
}
_HDR = {16: "PQ", 18: "HLG"}
_UNSPECIFIED = (0, 2)


@dataclass(frozen=True, slots=True)
class Code:
    """Code points of primaries and transfer curve."""

    primaries: int
    transfer: int

    @property
    def plain(self) -> bool:
        """Whether it says sRGB, or nothing."""
        return self.primaries in (1, *_UNSPECIFIED) and self.transfer in (13, *_UNSPECIFIED)

    def profile(self, bands: int) -> tuple[bytes | None, str]:
        """A profile for pictures of 1 or 3 colours that says the same, and what to warn of; None where there is none.

        What is unspecified is taken as sRGB's.
        """
        if self.plain:
            return None, ""
        if self.transfer in _HDR:
            return None, f"the colours are HDR ({_HDR[self.transfer]}), which is not interpreted: they will look dull"
        name, where = _PRIMARIES.get(1 if self.primaries in _UNSPECIFIED else self.primaries, ("", None))
        curve = SRGB_CURVE if self.transfer in _UNSPECIFIED else _CURVES.get(self.transfer)
        if where is None or curve is None:
            numbers = f"primaries {self.primaries}, transfer {self.transfer}"
            return None, f"the colours' code points ({numbers}) are not interpreted: they are taken as sRGB"
        if bands == 1:
            return (None, "") if curve == SRGB_CURVE else (grey_profile(f"grey, transfer {self.transfer}", curve), "")
        return rgb_profile(f"{name}, transfer {self.transfer}", where, curve), ""


def of_heif(file: BinaryIO) -> Code | None:
    """What the main picture of a HEIF or AVIF says (colr box of type nclx); None where it says nothing."""
    try:
        properties = isobmff.main_picture(file).properties
    except (isobmff.Broken, OSError):
        return None  # the decoder will report the error
    for kind, content, _ in properties:
        if kind == b"colr" and content[:4] == b"nclx" and len(content) >= 8:
            return Code(*struct.unpack_from(">HH", content, 4))
    return None
