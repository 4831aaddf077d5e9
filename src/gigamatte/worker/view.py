"""Work on a finished picture: writes the viewer's tiles, one file each, or checks it against a preset."""

from __future__ import annotations

import base64
import dataclasses
import json
import time

from gigamatte import system
from gigamatte.evaluate.check import check_picture
from gigamatte.own_files import replaced
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.presets import find_preset
from gigamatte.types import Photo, Receipt
from gigamatte.viewer.tiles import TILE, cut_into_tiles
from gigamatte.worker.wire import Check, View

#: what ``layer.json`` is called before all tiles are there
_DRAFT = "layer.partial"
#: what a picture's alpha is written as
ALPHA = "alpha.png"


def write_view(view: View) -> Receipt:
    """Write the tiles of a picture into its folder, then ``layer.json``: its size, levels, and which tiles there are.

    Of kind alpha: its alpha, ``ALPHA``. Raises what opening and decoding the picture raises.
    """
    started = time.perf_counter()
    photo = open_photo(str(view.source), max_pixels=view.max_pixels)
    view.folder.mkdir(parents=True, exist_ok=True)
    (_write_alpha if view.kind == "alpha" else _write_tiles)(view, photo)
    return Receipt(
        input=photo.name,
        output=str(view.folder),
        seconds={"view": time.perf_counter() - started},
        peak_rss_mb=system.peak_rss_mb(),
        width=photo.size.width,
        height=photo.size.height,
    )


def _write_alpha(view: View, photo: Photo) -> None:
    """As grey PNG of the picture's own depth, white where it has no alpha."""
    image = photo.open()
    grey = image.extract_band(3) if photo.has_alpha else image.extract_band(0) * 0 + photo.depth.full
    grey = grey.cast("ushort" if photo.bits == 16 else "uchar").copy(
        interpretation="grey16" if photo.bits == 16 else "b-w"
    )
    with replaced(view.folder / ALPHA) as draft:
        grey.pngsave(str(draft), compression=1, keep="none")


def _write_tiles(view: View, photo: Photo) -> None:
    pixels = strips(photo, TILE)
    if view.kind == "photo" and photo.has_alpha:
        pixels = (strip[..., :3] for strip in pixels)
    kind = "photo" if view.kind == "photo" else "cutout"
    layer = cut_into_tiles("", pixels, photo.size, kind).as_dict()
    for number, level in enumerate(layer["levels"]):
        for index, tile in enumerate(level["tiles"]):
            if tile is not None:
                _, _, data = tile.partition(",")
                (view.folder / f"{number}-{index}").write_bytes(base64.b64decode(data))
        level["tiles"] = [tile is not None for tile in level["tiles"]]
    with replaced(view.folder / "layer.json") as draft:
        draft.write_text(json.dumps(layer), "utf-8")


def write_check(check: Check) -> Receipt:
    """Write what keeps a picture from fitting as JSON: ``what`` and ``why`` of each. Raises what reading raises."""
    started = time.perf_counter()
    found = check_picture(check.source, find_preset(check.preset), max_pixels=check.max_pixels)
    with replaced(check.target) as draft:
        draft.write_text(json.dumps([dataclasses.asdict(failure) for failure in found]), "utf-8")
    return Receipt(
        input=check.source.name,
        output=str(check.target),
        seconds={"check": time.perf_counter() - started},
        peak_rss_mb=system.peak_rss_mb(),
    )
