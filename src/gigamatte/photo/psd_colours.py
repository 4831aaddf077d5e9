"""The modes of Photoshop documents: how the planes of each are told to a TIFF reader, and become grey, RGB or CMYK.

(Adobe Photoshop File Formats Specification, November 2019. Lab is that of ICC profiles, with the white of D50:
ICC.1:2022, clause 6.3.4.2. The curve of sRGB: IEC 61966-2-1, 1999.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyvips

from gigamatte.photo import colour

BITMAP, GREY, INDEXED, RGB, CMYK, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9
#: PhotometricInterpretation of TIFF 6.0
_DARK, _BRIGHT, _RGB, _INKS = 0, 1, 2, 5
#: ExtraSamples of TIFF 6.0: nothing that is known, alpha
UNNAMED, ALPHA = 0, 2


@dataclass(frozen=True, slots=True)
class Mode:
    """``colours``: channels without extra ones; ``space``: what a TIFF calls them; ``bits``: those that are read."""

    title: str
    colours: int
    space: int
    bits: tuple[int, ...]
    #: said where it was read
    warning: str = ""


#: a pixel's channels without its own conversion: what lies in the file is what a TIFF would have
MODES = {
    BITMAP: Mode("bitmap", 1, _DARK, (1,)),
    GREY: Mode("grey", 1, _BRIGHT, (8, 16, 32)),
    INDEXED: Mode("indexed", 1, _BRIGHT, (8,)),
    RGB: Mode("RGB", 3, _RGB, (8, 16, 32)),
    CMYK: Mode("CMYK", 4, _INKS, (8, 16)),
    DUOTONE: Mode("duotone", 1, _BRIGHT, (8, 16), "the inks of a duotone are not read: it is taken as grey"),
    LAB: Mode("Lab", 3, _RGB, (8, 16), "Lab was converted to sRGB: the output is RGB"),
}
NAMES = {number: mode.title for number, mode in MODES.items()} | {MULTICHANNEL: "multichannel"}
_LINEAR = "32 bits a channel became 16 bits of sRGB: what is brighter than white is cut off"


@dataclass(frozen=True)
class Colours:
    """What a document's planes mean. ``palette``: of an indexed one, 256 red, then green, then blue; ``clear``: the
    index that cannot be seen, or None. ``transparent``: the channel behind the colours is the merged picture's alpha.
    ``icc``: the document's profile, None without one."""

    mode: int
    bits: int
    channels: int
    transparent: bool = False
    palette: bytes = b""
    clear: int | None = None
    icc: bytes | None = None

    @property
    def _mode(self) -> Mode:
        return MODES[self.mode]

    @property
    def space(self) -> int:
        """PhotometricInterpretation of the planes."""
        return self._mode.space

    @property
    def extra(self) -> tuple[int, ...]:
        """ExtraSamples of the planes."""
        count = self.channels - self._mode.colours
        return (ALPHA if self.transparent else UNNAMED, *[UNNAMED] * (count - 1)) if count > 0 else ()

    @property
    def warnings(self) -> list[str]:
        """What is to be said of how they are read."""
        return [text for text in (self._mode.warning, _LINEAR if self.bits == 32 else "") if text]

    @property
    def read_as(self) -> tuple[int, tuple[int, ...]]:
        """(PhotometricInterpretation, ExtraSamples) of what ``finished`` gives."""
        if self.mode == INDEXED:
            return _RGB, (ALPHA, *self.extra) if self.clear is not None else self.extra
        return (_RGB if self.bits == 32 else self.space), self.extra

    def finished(self, image: pyvips.Image) -> pyvips.Image:
        """The planes as libvips reads them, as grey, RGB or CMYK of 8 or 16 bits with its extra channels; lazy.

        Of a transparent document Photoshop lays the merged picture on white, which is taken out of its colours again.
        """
        count = self._mode.colours
        if self.mode == INDEXED:
            return _joined(image.extract_band(0).maplut(self._lookup()), image, 1, "srgb")
        if self.transparent and image.bands > count:
            image = _joined(_without_white(image, count, self._white()), image, count, image.interpretation)
        steps: dict[int, Callable[[pyvips.Image], pyvips.Image]] = {CMYK: _turned_round, LAB: _srgb_of_lab}
        step = self._srgb_of_light if self.bits == 32 else steps.get(self.mode)
        if step is None:
            return image
        colours = step(image.extract_band(0, n=count))
        return _joined(colours, image, count, colours.interpretation)

    def _white(self) -> list[float]:
        if self.bits == 32:
            return [1.0] * self._mode.colours
        full = (1 << self.bits) - 1
        middle = 1 << (self.bits - 1)
        return [full, middle, middle] if self.mode == LAB else [full] * self._mode.colours

    def _lookup(self) -> pyvips.Image:
        table = np.zeros((256, 3), np.uint8)
        given = np.frombuffer(self.palette[:768], np.uint8)
        table[: len(given) // 3] = given[: len(given) // 3 * 3].reshape(3, -1).T
        if self.clear is not None:
            seen = np.where(np.arange(256) == self.clear, 0, 255).astype(np.uint8)
            table = np.column_stack([table, seen])
        return pyvips.Image.new_from_memory(np.ascontiguousarray(table).data, 256, 1, table.shape[1], "uchar")

    def _srgb_of_light(self, light: pyvips.Image) -> pyvips.Image:
        """Floats of linear light, white at 1, as 16 bits: by the document's profile, else with sRGB's primaries."""
        bands = light.bands
        whole = (light * 65535).rint().cast("ushort").copy(interpretation="rgb16" if bands == 3 else "grey16")
        if self.icc is not None and colour.profile_problem(self.icc, bands) is None:
            whole.set_type(pyvips.GValue.blob_type, "icc-profile-data", self.icc)
            return colour.to_srgb(whole)
        curved = whole.maplut(_srgb_curve())
        curved = curved if bands == 3 else curved.bandjoin([curved, curved])
        return curved.copy(interpretation="rgb16")


def _joined(colours: pyvips.Image, image: pyvips.Image, count: int, space: str) -> pyvips.Image:
    """``colours`` with the channels of ``image`` behind its first ``count``, in a depth that both have."""
    if image.bands > count:
        extra = image.extract_band(count, n=image.bands - count)
        if extra.format == "float" and colours.format == "ushort":
            extra = (extra * 65535).rint().cast("ushort")
        colours = colours.bandjoin(extra)
    return colours.copy(interpretation=space)


def _without_white(image: pyvips.Image, count: int, white: list[float]) -> pyvips.Image:
    """The colours that, laid on white by their alpha, gave those of ``image``; white where nothing is seen."""
    full = {"uchar": 255, "ushort": 65535}.get(image.format, 1)
    alpha = image.extract_band(count)
    share = (alpha == 0).ifthenelse(0, full / alpha)
    mixed = image.extract_band(0, n=count)
    colours = mixed.linear([1] * count, [-value for value in white]) * share
    colours = colours.linear([1] * count, white)
    return colours if image.format == "float" else colours.rint().cast(image.format)


def _turned_round(inks: pyvips.Image) -> pyvips.Image:
    """Photoshop stores how much paper is left, a TIFF how much ink there is."""
    return inks.invert().copy(interpretation="cmyk")


def _srgb_of_lab(lab: pyvips.Image) -> pyvips.Image:
    """L of 0…100 fills the range; a and b are 0 at its middle and count in steps of 1 (8 bits) or 1/256."""
    deep = lab.format == "ushort"
    steps, middle = ([100 / 65535, 1 / 256, 1 / 256], 32768 / 256) if deep else ([100 / 255, 1, 1], 128)
    values = lab.linear(steps, [0, -middle, -middle]).copy(interpretation="lab")
    srgb = values.icc_export(output_profile="srgb", intent="relative", depth=16 if deep else 8)
    return srgb.copy(interpretation="rgb16" if deep else "srgb")


@functools.cache
def _srgb_curve() -> pyvips.Image:
    light = np.arange(65536) / 65535
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    table = np.rint(65535 * curved).astype(np.uint16)
    return pyvips.Image.new_from_memory(table.tobytes(), 65536, 1, 1, "ushort")
