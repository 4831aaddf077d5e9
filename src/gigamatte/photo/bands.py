"""Bands: which channels of a file are colour, which one is its alpha, and how they become RGB and RGBA."""

from __future__ import annotations

from dataclasses import dataclass

import pyvips

from gigamatte.errors import UnsupportedInput
from gigamatte.photo import colour, tiff
from gigamatte.photo.fields import has_field

#: ExtraSamples and PhotometricInterpretation of TIFF 6.0
_ASSOCIATED, _ALPHA = 1, 2
_GREYS = (0, 1)
_NO_PROFILE = "the photo has no colour profile: its CMYK is taken as a common one"


@dataclass(frozen=True, slots=True)
class Bands:
    """``colours``: the first 1 (grey), 3 (RGB) or 4 (CMYK) bands; ``alpha``: the number of that band, or None."""

    colours: int
    alpha: int | None
    warnings: tuple[str, ...] = ()

    def profile(self, header: pyvips.Image) -> tuple[bytes | None, tuple[str, ...]]:
        """The file's own profile where it can be used, and what is to be said where it cannot."""
        if not has_field(header, "icc-profile-data"):
            return None, (_NO_PROFILE,) if self.colours == 4 else ()
        icc = bytes(header.get("icc-profile-data"))
        if problem := colour.profile_problem(icc, self.colours):
            fallback = "a common CMYK" if self.colours == 4 else "sRGB"
            warnings: list[str] = []
            warnings.append(f"the colour profile was ignored ({problem}): colours are taken as {fallback}")
            return None, tuple(warnings)
        return icc, ()

    def profile_after(self, icc: bytes | None) -> bytes | None:
        """The profile of what ``as_rgb`` makes: sRGB of grey and CMYK, unless grey without one was just repeated."""
        if self.colours == 3:
            return icc
        return colour.srgb_profile() if self.colours == 4 or icc is not None else None

    def as_rgb(self, image: pyvips.Image, icc: bytes | None) -> pyvips.Image:
        """The lazy image with 3 bands of RGB and, if it has one, its alpha."""
        image = self._chosen(image)
        if icc is None and has_field(image, "icc-profile-data"):
            image = image.copy()
            image.remove("icc-profile-data")
        deep = image.format == "ushort"
        rgb = "rgb16" if deep else "srgb"
        if self.colours == 4:
            inks = image.extract_band(0, n=4).copy(interpretation="cmyk")
            converted = colour.to_srgb(inks, input_profile="cmyk")
            # libvips takes the alpha of 16-bit CMYK for one of 8 bits
            return converted if self.alpha is None else converted.bandjoin(image.extract_band(4))
        if self.colours == 3:
            return image.copy(interpretation=rgb)
        if icc is not None:
            return colour.to_srgb(image.copy(interpretation="grey16" if deep else "b-w"))
        grey = image.extract_band(0)
        bands = [grey, grey] if self.alpha is None else [grey, grey, image.extract_band(1)]
        return grey.bandjoin(bands).copy(interpretation=rgb)

    def _chosen(self, image: pyvips.Image) -> pyvips.Image:
        """Only the colours and, behind them, the alpha."""
        wanted = self.colours + (self.alpha is not None)
        if image.bands == wanted:
            return image
        space = image.interpretation
        chosen = image.extract_band(0, n=self.colours)
        if self.alpha is not None:
            chosen = chosen.bandjoin(image.extract_band(self.alpha))
        return chosen.copy(interpretation=space)


def bands_of(header: pyvips.Image, name: str, facts: tiff.Facts, *, ignore_alpha: bool = False) -> Bands:
    """What the bands of a file are; raises UnsupportedInput where it is in a colour space that is not read.

    ``facts`` are those of a TIFF, which says of each channel beyond the colours whether it is alpha; elsewhere the
    first one is. ``ignore_alpha`` leaves it out, as if there were none.
    """
    bands, space = header.bands, header.interpretation
    if space in ("lab", "labs", "labq", "lch", "xyz", "scrgb", "hsv") or header.coding != "none":
        raise UnsupportedInput(
            f"{name} is in the {space} colour space; expected grey, RGB or CMYK", "convert it to RGB"
        )
    warnings = []
    if space == "cmyk" and bands >= 4:
        colours = 4
        warnings.append("CMYK was converted to sRGB: the output is RGB")
    else:
        colours = 1 if bands < 3 or facts.space in _GREYS else 3
    extra = bands - colours
    # a TIFF names its extra channels; one without a name may be infrared, a spot ink or a saved selection
    named = facts.extra or () if facts.space is not None else (_ALPHA,)
    alpha = next((colours + number for number, kind in enumerate(named[:extra]) if kind in (_ASSOCIATED, _ALPHA)), None)
    unmarked = extra if alpha is None else 0
    if unmarked:
        warnings.append(f"{unmarked} extra channel(s) that the file does not call alpha were left out")
    elif extra > 1:
        warnings.append(f"{extra - 1} extra channel(s) beyond colour and alpha were left out")
    return Bands(colours, None if ignore_alpha else alpha, tuple(warnings))
