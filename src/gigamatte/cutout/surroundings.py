"""Shadow, outline and background of one result."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gigamatte.cutout.backdrop import blur_of, blurred_ground, open_backdrop
from gigamatte.cutout.backdrop_picture import Rows, in_space
from gigamatte.cutout.compose import Composer
from gigamatte.cutout.layers import Outline
from gigamatte.cutout.relight import gain_for, mean_ground
from gigamatte.cutout.shadow import shadow_for
from gigamatte.cutout.target import outline_colour
from gigamatte.effects import outline_of
from gigamatte.options import Options
from gigamatte.photo.colour import leads_back, srgb_profile
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import Box, Matte, Size


class Surroundings:
    """The options' shadow, outline and background for one photo. The shadow is found, or drawn, when this is made."""

    def __init__(self, levels: PhotoLevels, matte: Matte, options: Options, subject: Box | None) -> None:
        self._levels, self._matte, self._options, self._subject = levels, matte, options, subject
        self.shadow, self.warnings = None, tuple[str, ...]()
        wish = options.shadow or ("keep" if options.only == "shadow" else None)
        if wish is not None:
            self.shadow, self.warnings = shadow_for(wish, levels, matte, subject)

    @property
    def box(self) -> Box | None:
        """The subject with its shadow and its outline, in photo pixels; None where there is neither."""
        box = self._subject
        if box is None or (self.shadow is None and self._options.outline is None):
            return None
        if self._options.outline is not None:
            width = outline_of(self._options.outline).pixels(max(box.width, box.height))
            box = box.grown(math.ceil(width) + 1)
        shade = self.shadow.box if self.shadow is not None else box
        return box if shade.empty else box.joined(shade)

    def outline(self, size: Size, icc: bytes | None) -> Outline | None:
        """The outline in a result of this size and profile."""
        if self._options.outline is None:
            return None
        colour = np.array([[outline_colour(self._options.outline)]], np.uint8)
        known = icc if icc is None or leads_back(icc) else None
        red, green, blue = (int(level) for level in in_space(colour, self._matte.bits, known)[0, 0, :3])
        return Outline(outline_of(self._options.outline).pixels(size.long), (red, green, blue))

    def around(self, composer: Composer) -> tuple[Composer, bytes | None, tuple[str, ...]]:
        """The composer with what the subject is laid on, the profile of the result, and what has to be said."""
        options, photo = self._options, self._levels.photo
        icc, said = photo.icc, tuple[str, ...]()
        canvas, bits = composer.place, photo.bits
        if (
            composer.only != "cutout"
            or composer.uncut
            or canvas is None
            or (options.background is None and options.outline is None)
        ):
            return composer, icc, said
        if icc is not None and not leads_back(icc):
            composer, icc = replace(composer, icc=icc), srgb_profile()
            said = ("the colour profile leads only one way, so no background fits: colours were converted to sRGB",)
        composer = replace(composer, outline=self.outline(canvas.size, icc))
        if options.background is None:
            return composer, icc, said
        converted = composer

        def ground(strength: float) -> Rows:
            rows = blurred_ground(self._levels, self._matte, canvas, strength, bits)
            return rows if converted.icc is None else lambda first, count: converted.in_srgb(rows(first, count))

        backdrop = open_backdrop(
            options.background, canvas.size, bits, icc, options.max_pixels, options.background_fit, ground
        )
        composer = replace(composer, backdrop=backdrop)
        if options.relight and blur_of(options.background) is None:
            old = mean_ground(self._levels, self._matte)
            gain = gain_for(backdrop, canvas.size, old, options.relight, bits)
            composer = replace(composer, gain=gain)
        return composer, icc, (*said, *backdrop.warnings)
