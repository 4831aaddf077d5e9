"""A path as a drawing: SVG, whose unit is the photo's pixel, or DXF for cutters, whose unit is the millimetre.

(W3C, Scalable Vector Graphics 2, 2018, chapter 9; Autodesk, DXF Reference, R12.)
"""

from __future__ import annotations

import numpy as np

from gigamatte.clipping import ClippingPath, Knots
from gigamatte.options import Drawing
from gigamatte.photo.paths.fill import flattened
from gigamatte.types import Size

#: how far the straight lines of a DXF may lie beside the curves, pixels
FLATNESS = 0.05


def drawn(path: ClippingPath, size: Size, resolution: tuple[float, float], format: Drawing) -> bytes:
    """A drawing's bytes, of a path in a picture of ``size``; ``resolution``: pixels per millimetre, 0 = not known."""
    return (_svg if format == "svg" else _dxf)(path, size, resolution).encode("ascii")


def _svg(path: ClippingPath, size: Size, resolution: tuple[float, float]) -> str:
    across, down = resolution
    # in millimetres it comes out of a printer or cutter as large as the photo does
    known = across > 0 and down > 0
    width = f"{size.width / across:.4f}mm" if known else f"{size.width}"
    height = f"{size.height / down:.4f}mm" if known else f"{size.height}"
    shape = "\n".join(map(_curve, path.subpaths))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {size.width} {size.height}"{"" if not known else _stretched(across, down)}>\n'
        f'<path fill="#000" fill-rule="evenodd" d="{shape}"/>\n</svg>\n'
    )


def _stretched(across: float, down: float) -> str:
    """Where pixels are no squares, the drawing is stretched as the picture is."""
    return "" if abs(across / down - 1) < 1e-3 else ' preserveAspectRatio="none"'


def _curve(knots: Knots) -> str:
    following = np.roll(knots, -1, axis=0)
    corners = np.stack([knots[:, 2], following[:, 0], following[:, 1]], axis=1).reshape(len(knots), 6)
    start = f"M{_number(knots[0, 1, 0])} {_number(knots[0, 1, 1])}"
    return start + "".join("C" + " ".join(map(_number, row)) for row in corners.tolist()) + "Z"


def _dxf(path: ClippingPath, size: Size, resolution: tuple[float, float]) -> str:
    known = min(resolution) > 0
    unit = np.array(resolution if known else (1.0, 1.0))
    # 4: millimetres; 0: no unit
    lines = ["0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009", f"9\n$INSUNITS\n70\n{4 if known else 0}", "0\nENDSEC"]
    lines.append("0\nSECTION\n2\nENTITIES")
    for knots in path.subpaths:
        # y runs upwards in a DXF
        points = (flattened(knots, FLATNESS) * (1, -1) + (0, size.height)) / unit
        lines.append("0\nPOLYLINE\n8\n0\n66\n1\n70\n1")
        lines += (f"0\nVERTEX\n8\n0\n10\n{x:.4f}\n20\n{y:.4f}" for x, y in points.tolist())
        lines.append("0\nSEQEND\n8\n0")
    lines.append("0\nENDSEC\n0\nEOF\n")
    return "\n".join(lines)


def _number(value: float) -> str:
    """Thousandths of a pixel, as short as they can be written."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
