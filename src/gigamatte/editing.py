"""An editing session of one photo: opened once, cut again after each hint, as a preview or at full size.

What a hint costs is the network's decoder and the tiles that it changes; what it gives is, bit for bit, what a fresh
cut with the same hints gives.
"""

from __future__ import annotations

import dataclasses

from gigamatte.closable import Closable
from gigamatte.cutout.cutout import Cutout
from gigamatte.hints import Hints
from gigamatte.open_photo import OpenPhoto
from gigamatte.options import Options, as_picture
from gigamatte.photo.levels import PhotoLevels
from gigamatte.pipeline import journey
from gigamatte.request import Request, Source, open_as_asked, resolve_request
from gigamatte.thread_exit import native_work, watched
from gigamatte.tools import Tools
from gigamatte.types import Photo, Watch

#: longest side of a preview, in pixels, at most
SCREEN = 1600


class Editing(Closable):
    """A photo and the options that it is cut with.

    ``mask`` takes the network's place; ``tools`` are shared with others of the same ``Tools.key``. Threads take turns.
    Raises InputError, BudgetExceeded; ``cut`` and ``preview`` raise UsageError, NetworkUnavailable, NoSubject.
    """

    def __init__(
        self,
        source: Source,
        options: Options | None = None,
        *,
        mask: Source | None = None,
        tools: Tools | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.options = options or Options()
        self._mask = mask
        self._tools = Tools(self.options) if tools is None else tools.share()
        try:
            with native_work():
                self._photo = open_as_asked(source, self.options)
                memory = self._request(self._photo, Hints()).memory
                self._levels = PhotoLevels(self._photo, memory=memory, watch=watched(watch))
        except BaseException:
            self._tools.close()
            raise
        self._full = OpenPhoto(self._levels)
        self._level = next((k for k in range(self._levels.levels) if self._levels.size(k).long <= SCREEN), 0)
        self._small = OpenPhoto(self._levels, self._level, preview=True)

    def cut(self, hints: Hints, *, watch: Watch | None = None) -> Cutout:
        """The cutout of the photo with all of ``hints``, at full size: what a fresh cut with them gives."""
        with native_work():
            return journey(self._request(self._photo, hints), self._tools, watched(watch), self._full)

    def preview(self, hints: Hints, *, watch: Watch | None = None) -> Cutout:
        """The same at screen size: the longer side has at most ``SCREEN`` pixels. ``hints`` are those of the photo."""
        hints.refuse_outside(self._photo.size)
        with native_work():
            small = dataclasses.replace(self._photo, size=self._levels.size(self._level))
            request = self._request(small, hints.scaled(0.5**self._level).inside(small.size))
            return journey(request, self._tools, watched(watch), self._small)

    def close(self) -> None:
        """Give the photo's pixels and what was remembered of it back."""
        self._levels.close()
        self._tools.close()

    def _request(self, photo: Photo, hints: Hints) -> Request:
        options = dataclasses.replace(self.options, hints=hints or None)
        return resolve_request(photo, options, self._mask, as_picture(options.format))
