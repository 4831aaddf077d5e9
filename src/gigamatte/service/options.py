"""The query of a request, which mirrors ``gigamatte cut``, becomes Options. Nothing in it can name a file."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gigamatte.cutout.backdrop import names_no_file
from gigamatte.cutout.target import output_format
from gigamatte.errors import UsageError
from gigamatte.hints import Hints
from gigamatte.option_values import format_name
from gigamatte.options import (
    DEFAULTS,
    KNOBS,
    UNCUT,
    AnyFormat,
    Compress,
    Kind,
    MaskKind,
    Options,
    Pyramid,
    Refine,
    Under,
)
from gigamatte.service.settings import Settings
from gigamatte.service.wording import in_fields
from gigamatte.types import Box

MEDIA: dict[str, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "jpeg": "image/jpeg",
    "avif": "image/avif",
    "psd": "image/vnd.adobe.photoshop",
    "svg": "image/svg+xml",
    "dxf": "image/vnd.dxf",
}
SUFFIX: dict[str, str] = {"png": "png", "webp": "webp", "tiff": "tif", "jpeg": "jpg", "avif": "avif", "psd": "psd"}
SUFFIX |= {"svg": "svg", "dxf": "dxf"}

#: what an answer may hold: one picture, so no pair
One = Literal["cutout", "alpha", "foreground", "trimap", "uncertainty", "shadow", "path"]
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def asked(name: str, help: str = "", **more: Any) -> Any:
    """The field of the request that is the option ``name``: its default, range and description are the option's own."""
    knob, default = KNOBS[name], DEFAULTS[name]
    described = help or in_fields(knob.help, "", "en")[0]
    return Field(default, description=described, ge=knob.low, le=knob.high, **more)


class CutQuery(BaseModel):
    """How to cut; every field has a default. The same words and meanings as the options of ``gigamatte cut``."""

    model_config = ConfigDict(extra="forbid")

    model: str = asked("model", "one of the names that GET /about lists", examples=["auto"], max_length=64)
    only: One = asked("only")
    background: str | None = asked(
        "background",
        "a colour, linear(…) or radial(…), or blur[:STRENGTH] to lay the subject on; keep: the photo, uncut",
        examples=["white", "#ff00ff", "linear(to right, white, #ddd)", "blur:3"], max_length=512,
    )  # fmt: skip
    background_fit: str = asked("background_fit", max_length=64, examples=["cover", "contain:white", "tile"])
    relight: float = asked("relight")
    shadow: str | None = asked("shadow", max_length=128, examples=["keep", "drop:direction=55,strength=40"])
    outline: str | None = asked("outline", max_length=64, examples=["12px,white"])
    palette: bool = asked("palette")
    quality: int | None = asked("quality", examples=[85])
    max_bytes: int | None = asked("max_bytes", examples=[500000])
    under: Under = asked("under")
    format: Annotated[AnyFormat | None, BeforeValidator(format_name)] = asked(
        "format", "file format, jpg and tif too; absent = png, svg for a path"
    )
    clipping_path: bool = asked("clipping_path")
    offset: str | None = asked("offset", pattern=r"^\d{1,6}(\.\d{1,6})? ?(px|mm)$", examples=["2mm", "12px"])
    compress: Compress | None = asked("compress")
    pyramid: Pyramid | None = asked("pyramid")
    crop: bool = asked("crop")
    margin: float = asked("margin")
    preset: str | None = asked("preset", "what a shop asks for, filled in: GET /about lists the presets", max_length=64)
    canvas: str | None = asked("canvas", max_length=32, examples=["2000x2000"])
    aspect: str | None = asked("aspect", max_length=32, examples=["4:5"])
    fill: str | None = asked("fill", max_length=32, examples=["85"])
    align: str = asked("align", max_length=32)
    no_enlarge: bool = asked("no_enlarge")
    smooth: bool = asked("smooth")
    refine: Refine = asked("refine")
    kind: Kind = asked("kind")
    ignore_alpha: bool = asked("ignore_alpha")
    normalise: str = asked("normalise", max_length=64, pattern=r"^[a-z0-9.,/]+$")
    mask: str | None = asked(
        "mask", "path: the clipping path in the photo's file; path:NAME: another there; a mask part goes before it",
        pattern=r"^path(:[^\x00-\x1f]{1,255})?$", examples=["path"],
    )  # fmt: skip
    mask_kind: MaskKind = asked("mask_kind", "what the mask part is")
    box: str | None = asked("box", pattern=r"^\d{1,7},\d{1,7},\d{1,7},\d{1,7}$", examples=["0,0,640,480"])
    strip: bool = asked("strip")
    strip_gps: bool = asked("strip_gps")
    hints: str | None = Field(
        None, description="places that were pointed at, as JSON: keep and drop (points), strokes, box",
        max_length=16_000, examples=['{"keep": [[812, 640]], "drop": [[90, 1200]]}'],
    )  # fmt: skip
    keep_empty: bool = asked("keep_empty", "return an empty cutout instead of 422 when there is no subject")

    def options(self, settings: Settings, *, backdrop: str | None = None) -> Options:
        """The Options of this request. ``backdrop``: path of an uploaded picture. Raises UsageError."""
        if self.background not in (None, UNCUT) and not names_no_file(self.background or ""):
            raise UsageError(
                f"background is a colour such as white or #ff00ff, a gradient, or blur; found {self.background!r}",
                "send a picture as the part background_image",
            )
        given = {name: getattr(self, name) for name in CutQuery.model_fields}
        given |= {
            "model": served(self.model, settings),
            "background": backdrop or self.background,
            "format": self.format or ("svg" if self.only == "path" else None if self.preset else "png"),
            "box": parse_box(self.box),
            "hints": None if self.hints is None else Hints.from_json(self.hints),
        }
        options = Options(**given, device=settings.device, threads=settings.threads, max_pixels=settings.max_pixels)
        if options.format is None:
            options = dataclasses.replace(options, format="png")
        if options.format == "jpeg" and options.only == "cutout" and options.background is None:
            raise UsageError("JPEG has no transparency", "give a background, or ask for png, webp or tiff")
        output_format(options, None)  # refuses what only goes with TIFF
        return options


class JobQuery(CutQuery):
    """How to cut a photo that is come back for."""

    view: bool = Field(False, description="its result is looked at as soon as it is there: its tiles come with it")


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
