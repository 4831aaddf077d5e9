"""One HTML page to judge a cutout on: any background, opacity alone, before and after, down to single pixels."""

from __future__ import annotations

import os
from pathlib import Path

from gigamatte.cutout.place import refuse_existing
from gigamatte.errors import UsageError
from gigamatte.messages import translate
from gigamatte.options import MAX_PIXELS
from gigamatte.photo.read import open_photo
from gigamatte.viewer.page import viewer_page
from gigamatte.viewer.tiles import TILE, Layer, cut_into_tiles
from gigamatte.workflow.files import beside, new_file
from gigamatte.workflow.picture import strips

#: sides may differ by this part: a cutout of 1024 pixels shows the same frame as its photo of 5472
ASPECT_TOLERANCE = 0.01


def preview(
    cutout: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    photo: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Path:
    """Writes a self-contained page that shows ``cutout``, with ``photo`` as its "before"; returns where.

    Both are JPEG, PNG, WebP or TIFF files of one frame (the photo may have more pixels, not another aspect). The page
    opens from disk and loads nothing. Default output: ``STEM.preview.html`` beside the cutout.
    Raises UsageError for another aspect or an existing output, InputError for files that cannot be read.
    """
    source = Path(cutout)
    target = Path(output) if output is not None else beside(source, ".preview.html")
    refuse_existing(target, overwrite)
    layers = [layer_of(source, translate("Cutout"), max_pixels)]
    if photo is not None:
        layers.insert(0, layer_of(Path(photo), translate("Photo"), max_pixels, kind="photo"))
        _check_frames(layers)
    page = viewer_page(source.name, layers, split=0.5 if photo is not None else None)
    with new_file(target, overwrite) as file:
        file.write(page.encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    return target


def layer_of(path: Path, name: str, max_pixels: int = MAX_PIXELS, *, kind: str = "cutout") -> Layer:
    """A picture file as a layer of the viewer. A photo's own alpha is shown only when it is the ``cutout``."""
    source = open_photo(path, max_pixels=max_pixels)
    pixels = strips(source, TILE)
    if kind == "photo" and source.has_alpha:
        pixels = (strip[..., :3] for strip in pixels)
    return cut_into_tiles(name, pixels, source.size, kind)


def _check_frames(layers: list[Layer]) -> None:
    photo, cutout = (layer.size for layer in layers)
    ratio = (photo.width / photo.height) / (cutout.width / cutout.height)
    if abs(ratio - 1) > ASPECT_TOLERANCE:
        raise UsageError(
            f"the photo has {photo} pixels and the cutout {cutout}: they do not show the same frame",
            "give the photo that the cutout was made of; a cropped cutout has none",
        )
