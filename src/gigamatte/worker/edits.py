"""Photos that are being edited: the newest few stay open, so that a click only computes again what it changes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Any

from gigamatte.editing import Editing
from gigamatte.hints import Hints
from gigamatte.options import Options
from gigamatte.types import Receipt, Watch
from gigamatte.worker.removers import Removers
from gigamatte.worker.view import SeenMeanwhile
from gigamatte.worker.wire import Edit

#: photos that stay open; one of 24 megapixels holds 100 MB, and up to 250 MB of finished tiles
OPEN = 2
#: how a preview is written, whatever the result will be
PREVIEW: dict[str, Any] = {
    "format": "webp",
    "quality": 80,
    "only": "cutout",
    "under": "white",
    "background": None,
    "clipping_path": False,
    "offset": None,
    "relight": 0.0,
    "shadow": None,
    "outline": None,
    "palette": False,
    "max_bytes": None,
    "crop": False,
    "margin": 0.0,
    "canvas": None,
    "aspect": None,
    "fill": None,
    "align": "center",
    "no_enlarge": False,
    "smooth": False,
    "strip": True,
    "compress": None,
    "pyramid": None,
}


class _Seat:
    """One open photo; a thread at a time works on it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.editing: Editing | None = None

    def close(self) -> None:
        with self.lock:
            if self.editing is not None:
                self.editing.close()
                self.editing = None


class Edits:
    """Lends open photos to the child's threads."""

    def __init__(self, removers: Removers, most: int = OPEN) -> None:
        self._removers, self._most = removers, most
        self._seats: OrderedDict[Hashable, _Seat] = OrderedDict()
        self._lock = threading.Lock()

    def cut(self, edit: Edit, watch: Watch) -> Receipt:
        """Write the preview or the result of one edit. Raises what cutting and writing raise."""
        hints = edit.options.hints or Hints()
        options = dataclasses.replace(edit.options, hints=None)
        if edit.preview:
            options = dataclasses.replace(options, **PREVIEW)
        with self._editing(edit, options, watch) as editing:
            cut = editing.preview if edit.preview else editing.cut
            with cut(hints, watch=watch) as cutout, SeenMeanwhile(edit.view) as seen:
                receipt = cutout.save(
                    edit.target, overwrite=True, quick=edit.preview, watch=watch, alongside=seen.alongside
                )
                seen.keep()
                return receipt

    @contextlib.contextmanager
    def _editing(self, edit: Edit, options: Options, watch: Watch) -> Iterator[Editing]:
        # a preview and a result differ only in how they are written, so both use the same open photo
        key = (edit.source, os.stat(edit.source).st_mtime_ns, edit.mask, *_seen(edit.options))
        with self._lock:
            seat = self._seats.setdefault(key, _Seat())
            self._seats.move_to_end(key)
            old = [self._seats.popitem(last=False)[1] for _ in range(len(self._seats) - self._most)]
        for other in old:
            other.close()
        with seat.lock:
            if seat.editing is None:
                with self._removers.lend(options, network=(edit.mask or options.mask) is None) as remover:
                    mask = None if edit.mask is None else str(edit.mask)
                    seat.editing = Editing(str(edit.source), options, mask=mask, tools=remover.tools, watch=watch)
            seat.editing.options = options
            yield seat.editing


def _seen(options: Options) -> tuple[Hashable, ...]:
    """What of the options an open photo depends on."""
    return (
        options.kind, options.mask,
        options.model, options.device, options.require_device, options.refine, options.box, options.mask_kind,
        options.ignore_alpha, options.normalise, options.max_pixels, options.memory,
    )  # fmt: skip
