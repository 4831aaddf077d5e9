"""The Python interface: a Remover cuts photos with one set of options, and keeps the network loaded between them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, SupportsIndex

from gigamatte.closable import Closable
from gigamatte.cutout.cutout import Cutout
from gigamatte.cutout.place import as_target, refuse_existing, refuse_sources
from gigamatte.cutout.target import check_output, files_of, read_by
from gigamatte.errors import UsageError
from gigamatte.hints import Hints
from gigamatte.network.network import Network
from gigamatte.options import Options, as_picture
from gigamatte.pipeline import journey
from gigamatte.request import Source, open_as_asked, resolve_request
from gigamatte.thread_exit import native_work, watched
from gigamatte.tools import Tools
from gigamatte.types import Receipt, Watch

if TYPE_CHECKING:
    from gigamatte.cutout.raster import Alongside
    from gigamatte.film.film import Film
    from gigamatte.film.hints import FilmHints


class Remover(Closable):
    """Cuts photos with one set of options, and keeps the network loaded between them. Threads may share it.

    ``tools``: what was loaded before for options of the same ``Tools.key``; it is freed when its last user closes it.
    """

    def __init__(self, options: Options | None = None, *, tools: Tools | None = None) -> None:
        self.options = options or Options()
        self.tools = Tools(self.options) if tools is None else tools.share()
        self._closed = False

    def cut(
        self,
        source: Source,
        *,
        mask: Source | None = None,
        hints: Hints | None = None,
        watch: Watch | None = None,
    ) -> Cutout:
        """The cutout of a photo: a path, an open file, bytes, an array (row, column, RGB or RGBA) or a Pillow image.

        ``mask`` takes the network's place (default: ``options.mask``); ``hints`` are what was pointed at in this photo
        (default: ``options.hints``). ``watch(stage, fraction)`` is called often; raising Cancelled there stops between
        tiles. Raises InputError, BudgetExceeded, NetworkUnavailable, NoSubject.
        """
        with native_work():
            photo = open_as_asked(source, self.options)
            request = resolve_request(photo, self._with(hints), mask, as_picture(self.options.format))
            return journey(request, self.tools, watched(watch))

    def process(
        self,
        source: Source,
        target: str | Path | BinaryIO,
        *,
        mask: Source | None = None,
        hints: Hints | None = None,
        overwrite: bool = False,
        watch: Watch | None = None,
        alongside: Alongside | None = None,
    ) -> Receipt:
        """From a file to a file: ``cut`` and ``save`` in one call; no picture stays in memory.

        Raises what they raise; an error about the target is raised before anything is computed.
        """
        target = as_target(target)
        with native_work():
            photo = open_as_asked(source, self.options)
            format = check_output(self.options, target, photo.size)
            for file in files_of(self.options, target):
                refuse_existing(file, overwrite)
                refuse_sources(file, source, (mask, *read_by(self.options)))
            request = resolve_request(photo, self._with(hints), mask, format)
            with journey(request, self.tools, watched(watch)) as cutout:
                return cutout.save(target, overwrite=overwrite, watch=watch, alongside=alongside)

    def film(
        self,
        source: str | Path,
        *,
        start: float = 0.0,
        end: float | None = None,
        every: int = 1,
        fps: float | None = None,
        hints: FilmHints | Sequence[Mapping[str, Any]] | None = None,
    ) -> Film:
        """A film, an animated picture or a sequence (shot_%05d.png), to be cut frame by frame or saved as a whole.

        From ``start`` on and before ``end``, in seconds; every n-th frame; ``fps`` is the rate of a sequence or of a
        folder of pictures. ``hints`` are what was pointed at in some of its frames: a list of
        {"time": seconds, "keep": [[x, y]], …}, each entry of which holds until the next one.
        Raises InputError, BudgetExceeded, and UsageError where PyAV is needed (``pip install 'gigamatte[film]'``).
        """
        from gigamatte.film.film import Film
        from gigamatte.film.types import Span

        return Film(source, self.options, Span(start, end, every, fps), self.tools, hints)

    def _with(self, hints: Hints | None) -> Options:
        return self.options if hints is None else dataclasses.replace(self.options, hints=hints)

    def network(self) -> Network:
        """The network, loaded now if it was not. Raises NetworkUnavailable, WeightsRefused, DeviceUnavailable."""
        return self.tools.network()

    def sharing(self, options: Options) -> Remover:
        """A Remover with other options, which shares what this one has loaded if both need the same. Close both."""
        return Remover(options, tools=self.tools if Tools.key(options) == Tools.key(self.options) else None)

    def close(self) -> None:
        """Free the networks' memory and device, unless another Remover still shares them."""
        if not self._closed:
            self._closed = True
            self.tools.close()

    def __repr__(self) -> str:
        return f"<Remover {self.options!r}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise UsageError(
            "a Remover cannot be pickled: its networks belong to this process",
            "make a Remover in each process, from the same Options, which can be pickled",
        )


def cut(
    source: Source, options: Options | None = None, *, mask: Source | None = None, watch: Watch | None = None
) -> Cutout:
    """The cutout of one photo. For several photos make a Remover, which keeps the network loaded."""
    options = options or Options()
    with contextlib.closing(Tools(options, photos=1)) as tools, Remover(options, tools=tools) as remover:
        return remover.cut(source, mask=mask, watch=watch)
