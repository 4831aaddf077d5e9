"""Work on a finished picture: writes the viewer's tiles, one file each, or checks it against a preset."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pyvips

from gigamatte import system
from gigamatte.closable import Closable
from gigamatte.cutout.check import check_picture
from gigamatte.cutout.raster import Alongside, Raster
from gigamatte.own_files import replaced
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import shown_strip, strips
from gigamatte.presets import find_preset
from gigamatte.types import Photo, PixelArray, Receipt, Size
from gigamatte.viewer.tiles import TILE, Keep, Layer, Tiler
from gigamatte.worker.wire import Check, View

log = logging.getLogger("gigamatte.worker")

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
    with Tiler(photo.size, _kept_in(view.folder)) as tiler:
        for strip in pixels:
            tiler.add(strip)
        _list_tiles(view.folder, Layer("", kind, photo.size, tiler.levels()))


def _kept_in(folder: Path) -> Keep:
    """Writes each tile to a file of the folder, ``LEVEL-INDEX``."""

    def keep(level: int, index: int, _form: str, data: bytes) -> bool:
        (folder / f"{level}-{index}").write_bytes(data)
        return True

    return keep


def _list_tiles(folder: Path, layer: Layer) -> None:
    """Say which tiles there are, once all are."""
    plain = layer.as_dict()
    for level in plain["levels"]:
        level["tiles"] = [tile is not None for tile in level["tiles"]]
    with replaced(folder / "layer.json") as draft:
        draft.write_text(json.dumps(plain), "utf-8")


class SeenMeanwhile(Closable):
    """``alongside`` of a result: writes its tiles while it is saved, those that ``write_view`` makes of the file.

    They lie beside ``folder`` until ``keep`` puts them there. Tiles that cannot be written take no result away: there
    are none then. To be used in a ``with`` statement.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._draft = None if folder is None else folder.with_name(folder.name + ".partial")
        self._tiler: Tiler | None = None
        self._size = Size(1, 1)

    @property
    def alongside(self) -> Alongside | None:
        """What saving takes; None without a folder."""
        return None if self._folder is None else self._passed

    def _passed(self, made: Iterable[PixelArray], raster: Raster, icc: bytes | None) -> Iterator[PixelArray]:
        if raster.bands >= 3:
            self._try(lambda: self._begin(raster.size))
        for strip in made:
            yield strip  # it is encoded while its tiles are made
            self._try(partial(self._add, strip, icc))

    def keep(self) -> None:
        """The result is there: let its tiles be found. Those of an earlier one are gone, whatever happens."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / "layer.json").unlink()  # first, so that no reader finds half of them
            shutil.rmtree(self._folder, ignore_errors=True)
        self._try(self._keep)

    def _begin(self, size: Size) -> None:
        if self._draft is not None:
            shutil.rmtree(self._draft, ignore_errors=True)
            self._draft.mkdir(parents=True)
            self._size, self._tiler = size, Tiler(size, _kept_in(self._draft))

    def _add(self, strip: PixelArray, icc: bytes | None) -> None:
        if self._tiler is not None:
            self._tiler.add(shown_strip(strip, icc))

    def _keep(self) -> None:
        if self._tiler is not None and self._draft is not None and self._folder is not None:
            _list_tiles(self._draft, Layer("", "cutout", self._size, self._tiler.levels()))
            self._draft.rename(self._folder)
            self.close()

    def close(self) -> None:
        """Remove tiles that were not kept."""
        tiler, self._tiler = self._tiler, None
        if tiler is not None and self._draft is not None:
            tiler.close()
            shutil.rmtree(self._draft, ignore_errors=True)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (OSError, pyvips.Error) as error:
            log.warning("the view of a result was not written: %s", error)
            self.close()


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
