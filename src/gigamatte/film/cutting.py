"""Cuts frames one after another; only the state needed for the next frame is kept between them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.cache.base import Cache
from gigamatte.cutout.cutout import Cutout
from gigamatte.errors import UsageError
from gigamatte.film.answers import FilmAnswers, Memory
from gigamatte.film.carrying import HELD, carried
from gigamatte.film.doubtful import DoubtfulPixels
from gigamatte.film.hints import FilmHints
from gigamatte.film.motion import Way
from gigamatte.film.settling import ANEW, Settled, settled
from gigamatte.film.tiles import FilmTiles
from gigamatte.film.types import Frame
from gigamatte.hints import Hints
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.refiners.base import Refiner
from gigamatte.network.answers import Answer
from gigamatte.network.network import Network
from gigamatte.open_photo import Lifting
from gigamatte.options import Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.pipeline import journey
from gigamatte.request import open_as_asked, resolve_request
from gigamatte.tools import Tools
from gigamatte.types import Box, CoarseMatte, Fit, Matte, Size, Watch

Arrays = dict[str, NDArray[Any]]


def check_options(options: Options) -> None:
    """Raise UsageError for options that mean nothing for a film."""
    for name, value, why in (
        ("--mask", options.mask, "a mask holds for one photo; hints point at the subject of a film"),
        ("--crop", options.crop, "a film's frames keep one size"),
        ("--canvas", options.canvas, "a film's frames keep one size: canvases and presets are for photos"),
        ("--aspect", options.aspect, "a film's frames keep one size: canvases and presets are for photos"),
        ("--only pair", options.only == "pair", "write the cutout and, by a second run, --only alpha"),
        ("--only path", options.only == "path", "a path is drawn of one photo"),
        ("--clipping-path", options.clipping_path, "a film has no place for a path"),
        ("--offset", options.offset, "a film has no place for a path"),
        ("--pyramid", options.pyramid, "a film has no smaller copies"),
        ("--margin", options.margin, "a film's frames keep one size"),
        ("--shadow", options.shadow, "shadows and outlines are for photos"),
        ("--only shadow", options.only == "shadow", "shadows and outlines are for photos"),
        ("--outline", options.outline, "shadows and outlines are for photos"),
        ("--relight", options.relight, "a new light is for photos"),
        ("--palette", options.palette, "a GIF has a palette of its own; --sticker makes animated pictures small"),
        ("--max-bytes", options.max_bytes, "--sticker SIDE,BYTES makes animated pictures fit"),
    ):
        if value:
            raise UsageError(f"{name} does not go with a film", why)


class FilmCutting:
    """Cuts the frames of one film, in order.

    ``alone``: each frame as a photo of its own, for comparison. ``state`` and ``restore`` carry all that is remembered
    into another process: a film that goes on there is the same, bit for bit.
    """

    def __init__(self, options: Options, tools: Tools, hints: FilmHints | None = None, *, alone: bool = False) -> None:
        check_options(options)
        self.options = dataclasses.replace(options, keep_empty=True, hints=None)
        self._tools = tools
        self._hints = hints
        self._alone = alone
        self.answers = FilmAnswers(alone=alone)
        self.tiles = FilmTiles()
        self.frames = self.cuts = self.with_subject = 0
        self.done = self.kept = 0
        self._settled: Settled | None = None
        #: the frame whose alpha the next ones carry
        self._key: Settled | None = None
        #: the motion since then
        self._way: Way | None = None

    def cut(self, frame: Frame, watch: Watch) -> Cutout:
        """The cutout of the next frame. Raises what ``Remover.cut`` raises, but not NoSubject."""
        photo = open_as_asked(frame.pixels, self.options)
        photo = dataclasses.replace(photo, name=f"the frame at {float(frame.time):.3f} s")
        request = resolve_request(photo, self.options, None, None)
        levels = PhotoLevels(photo, memory=request.memory)
        tiles = self._begin(levels)
        hints = None
        if self._hints is not None:
            entry = self._hints.current
            hints = self._hints.turn(frame.time, self.answers.moved, photo.size)
            if entry not in (None, self._hints.current):
                # what was said holds from this very frame: nothing of the frames before is to stay
                self.answers.forget()
                self.tiles.forget()
                self._settled = self._key = self._way = None
            if hints is not None:
                hints = hints.inside(photo.size)
                request = resolve_request(photo, dataclasses.replace(self.options, hints=hints), None, None)
        cutout = journey(request, self._tools, watch, _Opened(self, levels, tiles))
        self.frames += 1
        self.with_subject += bool(cutout.receipt.subject)
        self.done += cutout.receipt.tiles.get("done", 0)
        self.kept += cutout.receipt.tiles.get("kept", 0)
        return cutout

    def _begin(self, levels: PhotoLevels) -> FilmTiles | None:
        if self._alone:
            return None
        self.answers.turn(levels)
        if self.answers.cut:
            self.tiles.forget()
            self._key = self._way = None
            self.cuts += self.answers.moved is not None  # not the film's beginning
        return self.tiles

    def lifted(self, lift: Lifting, tiles: FilmTiles, levels: PhotoLevels) -> tuple[Matte, tuple[str, ...]]:
        """The alpha of a frame: carried from an earlier one, or refined and averaged with that of the one before."""
        moved, warnings = self.answers.follow, tuple[str, ...]()
        pixels = levels.read(0, levels.size(0).box)
        if self._key is None or self._way is None or self.answers.due(HELD):
            found = None
        else:
            if moved is not None:
                self._way = self._way.then(moved)
            found = carried(self._key, self._way, levels, self.answers.news)
        if found is None:
            tiles.turn()
            solved, warnings = lift(tiles)
            matte = settled(solved, levels, self._settled, moved, stays=ANEW)
            self._settled = Settled(pixels, matte)
            # where no tile was refined, as in small frames, carrying saves nothing
            self._key = self._settled if tiles.done or tiles.kept else None
            self._way = None if self._key is None else self.answers.standing()
        else:
            matte, refined = found.matte, 0
            if found.doubtful:
                doubtful = DoubtfulPixels(matte, found.unsure)
                solved, warnings = lift(doubtful)
                matte, refined = found.drawn(solved), doubtful.done
                matte = settled(matte, levels, self._settled, moved, found.doubtful)
            tiles.done, tiles.kept = refined, max(0, len(matte.tiles) - len(found.doubtful))
            self._settled = Settled(pixels, matte)
        return matte, warnings

    def state(self) -> Arrays:
        """All that is remembered, as plain arrays by name."""
        counts = [self.frames, self.cuts, self.with_subject, self.done, self.kept, self.answers.age]
        arrays: Arrays = {"counts": np.array(counts, np.int64)}
        arrays |= {f"tiles {name}": values for name, values in self.tiles.arrays().items()}
        memory = self.answers.memory
        if memory is not None:
            fit = memory.coarse.fit
            place = (fit.region.left, fit.region.top, fit.region.width, fit.region.height)
            arrays |= {
                "seen": memory.seen,
                "alpha": memory.coarse.alpha,
                "fit": np.array([fit.photo.width, fit.photo.height, *place, memory.since], np.int64),
                "coarse": _text(
                    [memory.device, memory.precision, memory.coarse.stray, memory.coarse.opaque, memory.coarse.answers]
                ),
            }
        if self._settled is not None:
            arrays |= _kept(self._settled, "before")
        if self._key is not None and self._key is not self._settled:
            arrays |= _kept(self._key, "key")
        if self._way is not None:
            arrays |= {"way back": self._way.back, "way believed": self._way.believed}
        arrays["carries"] = np.array(self._key is not None)
        if self._hints is not None:
            now = None if self._hints.now is None else self._hints.now.as_plain()
            arrays["hints"] = _text([self._hints.current, now])
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Go on from ``state``."""
        counts = (int(number) for number in arrays["counts"])
        self.frames, self.cuts, self.with_subject, self.done, self.kept, self.answers.age = counts
        self.tiles.restore({name[6:]: values for name, values in arrays.items() if name.startswith("tiles ")})
        if "seen" in arrays:
            width, height, left, top, wide, tall, since = (int(number) for number in arrays["fit"])
            alpha = arrays["alpha"]
            fit = Fit(Size(width, height), Box(left, top, wide, tall), Size.of(alpha))
            device, precision, stray, opaque, answers = _said(arrays["coarse"])
            coarse = CoarseMatte(alpha, fit, stray, opaque, answers)
            self.answers.memory = Memory(arrays["seen"], coarse, device, precision, since)
        self._settled, self._key = _again(arrays, "before"), _again(arrays, "key")
        if self._key is None and arrays["carries"]:
            self._key = self._settled
        self._way = Way(arrays["way back"], arrays["way believed"]) if "way back" in arrays else None
        if self._hints is not None and "hints" in arrays:
            self._hints.current, now = _said(arrays["hints"])
            self._hints.now = None if now is None else Hints.from_plain(now)


class _Opened:
    """A frame for the journey: see ``gigamatte.open_photo.Opened``."""

    #: no flat art
    art = None

    def __init__(self, film: FilmCutting, levels: PhotoLevels, tiles: FilmTiles | None) -> None:
        self._film, self._levels, self._tiles = film, levels, tiles
        self.first, self.judged = film.frames == 0, True

    def lent(self) -> PhotoLevels:
        return self._levels

    def ask(
        self, network: Network, levels: PhotoLevels, region: Box, cache: Cache | None, device: str, hints: Hints | None
    ) -> Answer:
        return self._film.answers.ask(network, levels, region, cache, device, hints)

    def refiner(self, tools: Tools) -> Refiner:
        return tools.refiner()

    def tiles(self, tools: Tools) -> TileCache:
        return tools.tile_cache() if self._tiles is None else self._tiles

    def lifted(self, lift: Lifting, tiles: TileCache, levels: PhotoLevels) -> tuple[Matte, tuple[str, ...]]:
        return lift(tiles) if self._tiles is None else self._film.lifted(lift, self._tiles, levels)


def _kept(frame: Settled, name: str) -> Arrays:
    """A frame and its alpha as plain arrays, whose names begin with ``name``."""
    matte = frame.matte
    arrays: Arrays = {f"{name} pixels": frame.pixels, f"{name} decided": matte.decided}
    arrays[f"{name} matte"] = np.array([matte.size.width, matte.size.height, matte.bits, matte.tile], np.int64)
    return arrays | {f"{name} tile {row} {column}": pixels for (row, column), pixels in matte.tiles.items()}


def _again(arrays: Arrays, name: str) -> Settled | None:
    """What ``_kept`` gave; None where it is not there."""
    if f"{name} matte" not in arrays:
        return None
    width, height, bits, tile = (int(number) for number in arrays[f"{name} matte"])
    places = [one.split()[2:] for one in arrays if one.startswith(f"{name} tile ")]
    tiles = {(int(row), int(column)): arrays[f"{name} tile {row} {column}"] for row, column in places}
    matte = Matte(Size(width, height), bits, tile, arrays[f"{name} decided"], tiles)
    return Settled(arrays[f"{name} pixels"], matte)


def _text(plain: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(plain).encode(), np.uint8)


def _said(array: NDArray[Any]) -> Any:
    return json.loads(array.tobytes())
