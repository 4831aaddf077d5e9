"""The query of a request, which mirrors ``gigamatte cut``, becomes Options. Nothing in it can name a file."""

from __future__ import annotations

import contextlib
import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.cutout.target import output_format
from gigamatte.errors import UsageError
from gigamatte.hints import Hints
from gigamatte.options import Compress, Format, Kind, MaskKind, Options, Pyramid, Refine, Under, format_name
from gigamatte.service.settings import Settings
from gigamatte.types import Box

MEDIA: dict[str, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "jpeg": "image/jpeg",
    "avif": "image/avif",
    "psd": "image/vnd.adobe.photoshop",
}
SUFFIX: dict[str, str] = {"png": "png", "webp": "webp", "tiff": "tif", "jpeg": "jpg", "avif": "avif", "psd": "psd"}

#: what an answer may hold: one picture, so no pair
One = Literal["cutout", "alpha", "foreground", "trimap", "uncertainty"]
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class CutQuery(BaseModel):
    """How to cut; every field has a default. The same words and meanings as the options of ``gigamatte cut``."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field("auto", description="one of the names that GET /about lists", examples=["auto"], max_length=64)
    only: One = Field("cutout", description="what to return")
    background: str | None = Field(
        None, description="a colour to lay the subject on; absent = transparent", examples=["white", "#ff00ff"],
        max_length=64,
    )  # fmt: skip
    under: Under = Field(
        "edge", description="colour under alpha 0: a thin ring of the nearest colour and white beyond, white, or black"
    )
    format: Annotated[Format | None, BeforeValidator(format_name)] = Field(
        None, description="file format, jpg and tif too; absent = png"
    )
    compress: Compress | None = Field(None, description="how a TIFF is packed, without loss; absent = deflate")
    pyramid: Pyramid | None = Field(
        None, description="tiles and smaller copies in a TIFF, as pages (OpenSlide reads them) or sub (GDAL does)"
    )
    crop: bool = Field(False, description="crop to the subject")
    margin: float = Field(0.0, ge=0, le=1000, description="room around a crop, percent of the subject's longer side")
    smooth: bool = Field(False, description="harden the edge afterwards, as ImageMagick's -blur 0x0.8 -level 10%,90%")
    refine: Refine = Field("auto", description="how alpha is resolved")
    kind: Kind = Field("photo", description="art: a logo, signature or drawing on a plain ground; no network")
    ignore_alpha: bool = Field(False, description="cut the photo as if it had no alpha of its own")
    mask_kind: MaskKind = Field("auto", description="what the mask part is")
    box: str | None = Field(
        None, description="look for the subject only here: left,top,width,height in upright photo pixels",
        pattern=r"^\d{1,7},\d{1,7},\d{1,7},\d{1,7}$", examples=["0,0,640,480"],
    )  # fmt: skip
    strip: bool = Field(False, description="leave EXIF, XMP and IPTC out of the result; the colour profile stays")
    strip_gps: bool = Field(False, description="leave only the position out")
    hints: str | None = Field(
        None, description="places that were pointed at, as JSON: keep and drop (points), strokes, box",
        max_length=16_000, examples=['{"keep": [[812, 640]], "drop": [[90, 1200]]}'],
    )  # fmt: skip
    keep_empty: bool = Field(False, description="return an empty cutout instead of 422 when there is no subject")

    def options(self, settings: Settings, *, backdrop: str | None = None) -> Options:
        """The Options of this request. ``backdrop``: path of an uploaded picture. Raises UsageError."""
        if self.background is not None and parse_colour(self.background) is None:
            raise UsageError(
                f"background is a colour such as white, #ff00ff or 255,0,255; found {self.background!r}",
                "send a picture as the part background_image",
            )
        options = Options(
            model=served(self.model, settings),
            kind=self.kind,
            ignore_alpha=self.ignore_alpha,
            mask_kind=self.mask_kind,
            refine=self.refine,
            only=self.only,
            background=backdrop or self.background,
            under=self.under,
            format=self.format or "png",
            compress=self.compress,
            pyramid=self.pyramid,
            crop=self.crop,
            margin=self.margin,
            smooth=self.smooth,
            box=parse_box(self.box),
            hints=None if self.hints is None else Hints.from_json(self.hints),
            device=settings.device,
            threads=settings.threads,
            max_pixels=settings.max_pixels,
            strip=self.strip,
            strip_gps=self.strip_gps,
            keep_empty=self.keep_empty,
        )
        if options.format == "jpeg" and options.only == "cutout" and options.background is None:
            raise UsageError("JPEG has no transparency", "give a background, or ask for png, webp or tiff")
        output_format(options, None)  # refuses what only goes with TIFF
        return options


def parse_box(text: str | None) -> Box | None:
    """``left,top,width,height``. Raises UsageError."""
    if text is None:
        return None
    left, top, width, height = (int(part) for part in text.split(","))
    if width < 1 or height < 1:
        raise UsageError(f"box needs a width and a height of at least 1; found {text}")
    return Box(left, top, width, height)


def served(name: str, settings: Settings) -> str:
    """The network that a request's ``model`` means: the service's own for auto, else an installed card by its name.

    Raises UsageError for every other name: a request never names a file.
    """
    if name == "auto":
        return settings.model
    if not _NAME.fullmatch(name) or name not in installed_models():
        raise UsageError(
            f"the network {name!r} is not served here", f"served are {', '.join(['auto', *installed_models()])}"
        )
    return name


def installed_models() -> dict[str, dict[str, str | bool]]:
    """The networks of this machine by name: licence, whether it may be used commercially, what it is good for."""
    from gigamatte.errors import NetworkUnavailable
    from gigamatte.network.cards.checkpoints import CHECKPOINTS
    from gigamatte.network.cards.locator import locator_card
    from gigamatte.network.cards.user_cards import user_cards
    from gigamatte.network.weights.store import installed

    cards = [*CHECKPOINTS, *user_cards()]
    with contextlib.suppress(NetworkUnavailable):  # /readyz tells
        cards.insert(0, locator_card())
    return {
        card.name: {"licence": card.licence, "commercial": card.commercial, "about": card.about}
        for card in cards
        if installed(card) is not None
    }
