"""Facts about a picture that its file holds and libvips does not read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyvips

from gigamatte.photo.fields import has_field


@dataclass
class ExtraFields:
    """Fields to set on the decoded picture, by libvips' names; an empty one is to be removed.

    ``orientation``: EXIF's 1…8 where these fields tell it.
    """

    fields: dict[str, bytes] = field(default_factory=dict)
    orientation: int | None = None
    warnings: list[str] = field(default_factory=list)

    def on(self, image: pyvips.Image) -> pyvips.Image:
        """The lazy image with these fields."""
        if not self.fields:
            return image
        image = image.copy()
        for name, block in self.fields.items():
            if block:
                image.set_type(pyvips.GValue.blob_type, name, block)
            elif has_field(image, name):
                image.remove(name)
        return image
