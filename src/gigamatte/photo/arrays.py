"""Pictures that are already in memory: NumPy arrays and Pillow images, as libvips images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.errors import UnsupportedInput

if TYPE_CHECKING:
    from PIL import Image

#: Pillow mode → an equal or nearly equal mode that is read
_CONVERTED = ("P", "PA", "1", "YCbCr", "HSV", "LAB", "La", "RGBa", "RGBX", "LA")
_EXPECTED = "expected uint8 or uint16, (row, column) grey or (row, column, channel) RGB or RGBA"


def from_array(array: NDArray[Any]) -> pyvips.Image:
    """A libvips image over an array (row, column) grey or (row, column, 3 | 4) RGB(A), uint8 or uint16.

    Shares the array's memory when it is contiguous, so do not change the array while the image is in use.
    Raises UnsupportedInput for other shapes and types.
    """
    bands = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if bands not in (1, 3, 4) or array.dtype not in (np.uint8, np.uint16) or 0 in array.shape:
        hint = "scale floats in [0, 1] by 255 and convert them" if array.dtype.kind == "f" else ""
        raise UnsupportedInput(f"{_EXPECTED}; found {array.dtype} {array.shape}", hint)
    return wrap(array, bands)


def from_pillow(picture: Image.Image) -> tuple[pyvips.Image, int]:
    """A Pillow image as a libvips image, with its ICC profile and resolution; and its EXIF orientation.

    Modes are kept where libvips has the same (grey, RGB, RGBA, CMYK, 16-bit grey) and converted where nothing is lost.
    Raises UnsupportedInput for other modes and for files that Pillow cannot decode.
    """
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise UnsupportedInput(f"the Pillow image cannot be decoded: {error}") from error
    mode = picture.mode
    # of modes without alpha, one colour may be the transparent one
    if mode in (*_CONVERTED, *(("L", "RGB") if "transparency" in picture.info else ())):
        if mode == "La":  # Pillow converts this mode to one other only
            picture = picture.convert("LA")
        picture = picture.convert(_target_mode(picture))
    if picture.mode not in ("L", "RGB", "RGBA", "CMYK") and not picture.mode.startswith("I;16"):
        hint = "scale it to 8 or 16 bits first" if mode in ("I", "F") else ""
        raise UnsupportedInput(f"a Pillow image of mode {mode} is not read; expected L, RGB, RGBA, CMYK or I;16", hint)
    array = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        array = array.astype(np.uint16)  # native byte order
        clear = picture.info.get("transparency")
        if clear is not None:
            array = np.dstack([array, np.where(array == clear, 0, 65535).astype(np.uint16)])
    bands = 1 if array.ndim == 2 else array.shape[2]
    image = wrap(array, bands, "cmyk" if picture.mode == "CMYK" else None)
    icc = picture.info.get("icc_profile")
    if icc:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", bytes(icc))
    dpi = picture.info.get("dpi")
    if dpi:
        image = image.copy(xres=float(dpi[0]) / 25.4, yres=float(dpi[1]) / 25.4)
        # what libvips' loaders set when a file gives its resolution
        image.set_type(pyvips.GValue.refstr_type, "resolution-unit", "in")
    orientation = picture.getexif().get(0x0112, 1)
    return image, orientation if orientation in range(1, 9) else 1


def _target_mode(picture: Image.Image) -> str:
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return "RGBA"
    return "L" if picture.mode == "1" else "RGB"


def wrap(array: NDArray[Any], bands: int, space: str | None = None) -> pyvips.Image:
    """A libvips image over an array (row, column[, band]), uint8 or uint16, which shares its memory.

    Grey or RGB by the number of ``bands``, unless ``space`` names libvips' colour space.
    """
    height, width = array.shape[:2]
    deep = array.dtype == np.uint16
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(array).data, width, height, bands, "ushort" if deep else "uchar"
    )
    names = {1: ("b-w", "grey16"), 2: ("b-w", "grey16"), 3: ("srgb", "rgb16"), 4: ("srgb", "rgb16")}
    return image.copy(interpretation=space or names[bands][deep])
