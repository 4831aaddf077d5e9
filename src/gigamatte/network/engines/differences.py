"""Operators that OpenVINO computes otherwise than an ONNX file says, without an error (2025.4, 2026.4.1; measured).

The reference is the ONNX specification; ONNX Runtime keeps it in each of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gigamatte.network.cards.onnx_header import OnnxHeader


def differences(header: OnnxHeader) -> tuple[str, ...]:
    """What of the network OpenVINO would compute otherwise, in words; nothing where it answers as the file says."""
    found = {_difference(kind, dict(attributes)) for kind, attributes in header.kept}
    return tuple(sorted(found - {""}))


def _difference(kind: str, attributes: Mapping[str, Any]) -> str:
    if kind == "Resize":
        return _resize(attributes)
    padded = any(attributes.get("pads", ())) or attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")
    if not attributes.get("ceil_mode", 0):
        return ""
    if kind == "AveragePool" and attributes.get("count_include_pad", 0) and padded:
        # by up to a sixth of full scale at the last rows and columns: it divides by pads that no window reaches
        return "AveragePool with ceil_mode and count_include_pad"
    skips = any(
        stride > side
        for stride, side in zip(attributes.get("strides", ()), attributes.get("kernel_shape", ()), strict=False)
    )
    # a row or column more than there is: a window that would lie in the padding alone does not count
    return f"{kind} with ceil_mode and a last window outside the picture" if padded or skips else ""


def _resize(attributes: Mapping[str, Any]) -> str:
    if attributes.get("antialias", 0) and attributes.get("mode", "nearest") != "nearest":
        # left out: off by up to 0.6 of full scale; its Pillow modes are equal only for some attributes of the rest
        return "Resize with antialias"
    nearest = attributes.get("mode", "nearest") == "nearest"
    aligned = attributes.get("coordinate_transformation_mode", "half_pixel") == "align_corners"
    if nearest and aligned and attributes.get("nearest_mode", "round_prefer_floor") in ("floor", "ceil"):
        return "Resize to the nearest pixel with aligned corners"  # at up to a tenth of the pixels
    return ""
