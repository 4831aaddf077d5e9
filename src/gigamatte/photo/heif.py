"""HEIC, through the optional ``pillow-heif``: libvips' own build leaves the HEVC decoder out."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyvips

from gigamatte.errors import UnsupportedInput
from gigamatte.photo import arrays, colour
from gigamatte.photo.cicp import Code
from gigamatte.photo.fields import has_field

_HINT = "pip install 'gigamatte[heif]' reads it, or convert it to JPEG, PNG, WebP or TIFF"


#: what pillow-heif raises for broken files
_DECODING = (ValueError, OSError, EOFError, RuntimeError, SyntaxError, IndexError)


class HeicFile:
    """A HEIC whose header has been parsed. libheif turns it upright by itself."""

    def __init__(self, name: str, source: bytes | str) -> None:
        self._name, self._source = name, source
        self._primary = 0
        file = self._file()
        self.pages = len(file)
        self._primary = int(file.primary_index or 0)
        if not 0 <= self._primary < self.pages:
            raise self._broken("it holds no picture")
        picture = file[self._primary]
        if picture.mode.split(";")[0] not in ("L", "LA", "RGB", "RGBA"):
            raise UnsupportedInput(f"{name}: a HEIC of mode {picture.mode} is not read; expected grey, RGB or RGBA")
        self.header = self._describe(picture)
        #: colour given by code points, without a profile
        self.warnings: tuple[str, ...] = ()
        nclx = picture.info.get("nclx_profile")
        if nclx and not has_field(self.header, "icc-profile-data"):
            code = Code(int(nclx["color_primaries"]), int(nclx["transfer_characteristics"]))
            made, warning = code.profile(1 if self.header.bands < 3 else 3)
            self.warnings = (warning,) if warning else ()
            if made is not None:
                self.header.set_type(pyvips.GValue.blob_type, "icc-profile-data", made)

    def load(self) -> pyvips.Image:
        """The image, decoded whole: libheif gives no strips. Raises UnsupportedInput when it is broken."""
        try:
            pixels = np.asarray(self._file()[self._primary])
        except _DECODING as error:
            raise self._broken(error) from error
        image = arrays.wrap(pixels, self.header.bands).copy()
        for field in ("bits-per-sample", "icc-profile-data"):
            if has_field(self.header, field):
                image.set_type(self.header.get_typeof(field), field, self.header.get(field))
        return colour.full_range(image)

    def _file(self) -> Any:
        try:
            import pillow_heif
        except ImportError as error:
            raise UnsupportedInput(f"{self._name} is a HEIC, which needs pillow-heif", _HINT) from error
        source = io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source
        try:
            return pillow_heif.open_heif(source, convert_hdr_to_8bit=False)
        except _DECODING as error:
            raise self._broken(error) from error

    def _broken(self, why: object) -> UnsupportedInput:
        return UnsupportedInput(f"{self._name} is broken: {why}", "was the copy or the download cut short?")

    @staticmethod
    def _describe(picture: Any) -> pyvips.Image:
        """An image without pixels of its own that says what the decoded one will be."""
        mode, _, deep = picture.mode.partition(";")
        bands = len(mode)
        image = pyvips.Image.black(*picture.size, bands=bands)
        if deep:
            image = image.cast("ushort").copy(interpretation="rgb16" if bands > 2 else "grey16")
        else:
            image = image.copy(interpretation="srgb" if bands > 2 else "b-w")
        image.set_type(pyvips.GValue.gint_type, "bits-per-sample", int(picture.info.get("bit_depth", 8)))
        for field, key in (("icc-profile-data", "icc_profile"), ("exif-data", "exif"), ("xmp-data", "xmp")):
            block = picture.info.get(key)
            if block:
                image.set_type(pyvips.GValue.blob_type, field, bytes(block))
        return image
