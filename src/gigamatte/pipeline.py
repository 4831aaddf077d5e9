"""The pixel's journey, top to bottom: levels → locate → resolve → Cutout."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, NoReturn, SupportsIndex

from gigamatte.closing import Closing
from gigamatte.cutout.cutout import Cutout
from gigamatte.cutout.place import as_target, refuse_existing
from gigamatte.cutout.target import check_output, files_of
from gigamatte.ending import watched, working
from gigamatte.errors import UsageError
from gigamatte.locate import locate
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.smooth import smooth_matte
from gigamatte.network.network import Network
from gigamatte.options import Format, Options
from gigamatte.photo.levels import PhotoLevels
from gigamatte.receipts import Clock, receipt_of
from gigamatte.request import Source, open_as_asked, resolve_request
from gigamatte.tools import Tools
from gigamatte.types import Photo, Receipt, Watch


class Remover(Closing):
    """Cuts photos with one set of options, and keeps the network loaded between them. Threads may share it.

    ``tools``: what was loaded before for options of the same ``Tools.key``; its last user gives it back.
    """

    def __init__(self, options: Options | None = None, *, tools: Tools | None = None) -> None:
        self.options = options or Options()
        self.tools = Tools(self.options) if tools is None else tools.share()
        self._closed = False

    def cut(self, source: Source, *, mask: Source | None = None, watch: Watch | None = None) -> Cutout:
        """The cutout of one photo: a path, the bytes of a file, an array (row, column, RGB or RGBA) or a Pillow image.

        ``mask`` takes the network's place (default: ``options.mask``). ``watch(stage, fraction)`` is called often;
        raising Cancelled there stops between tiles. Raises InputError, BudgetExceeded, NetworkUnavailable, NoSubject.
        """
        with working():
            return self._cut(open_as_asked(source, self.options), mask, self.options.format, watched(watch))

    def process(
        self,
        source: Source,
        target: str | Path | BinaryIO,
        *,
        mask: Source | None = None,
        overwrite: bool = False,
        watch: Watch | None = None,
    ) -> Receipt:
        """From a file to a file: ``cut`` and ``save`` in one, keeping nothing.

        Raises what they raise, but what is wrong with the target is told before anything is computed.
        """
        target = as_target(target)
        with working():
            photo = open_as_asked(source, self.options)
            format = check_output(self.options, target, photo.size)
            for file in files_of(self.options, target):
                refuse_existing(file, overwrite)
            with self._cut(photo, mask, format, watched(watch)) as cutout:
                return cutout.save(target, overwrite=overwrite, watch=watch)

    def _cut(self, photo: Photo, mask: Source | None, format: Format | None, watch: Watch) -> Cutout:
        clock, tools = Clock(), self.tools
        request = resolve_request(photo, self.options, mask, format)
        tools.open_refiner_ahead()
        levels = PhotoLevels(photo, memory=request.memory, watch=watch)
        try:
            clock.lap("read")
            located = locate(request, levels, tools)
            clock.lap("network")
            refiner, tiles = tools.refiner(), tools.tile_cache()
            solved, warnings = resolve(
                located.answer.start,
                levels,
                refiner,
                bits=photo.bits,
                threads=request.threads,
                correction=request.correction,
                finished=tiles,
                watch=watch,
            )
            warnings += tools.end_turn()
            matte = smooth_matte(solved) if self.options.smooth else solved
            clock.lap("matte")
            receipt = receipt_of(request, located, levels, matte, refiner.name, tiles, clock, warnings)
            return Cutout(levels, matte, self.options, receipt, solved)
        except BaseException:
            levels.close()
            raise

    def network(self) -> Network:
        """The network, loaded now if it was not. Raises NetworkUnavailable, WeightsRefused, DeviceUnavailable."""
        return self.tools.network()

    def sharing(self, options: Options) -> Remover:
        """A Remover with other options, which shares what this one has loaded if both need the same. Close both."""
        return Remover(options, tools=self.tools if Tools.key(options) == Tools.key(self.options) else None)

    def close(self) -> None:
        """Give the networks' memory and device back, unless another Remover still shares them."""
        if not self._closed:
            self._closed = True
            self.tools.close()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise UsageError(
            "a Remover cannot be pickled: its networks belong to this process",
            "make a Remover in each process, from the same Options, which can be pickled",
        )


def cut(
    source: Source, options: Options | None = None, *, mask: Source | None = None, watch: Watch | None = None
) -> Cutout:
    """The cutout of one photo. For several photos make a Remover, which keeps the network loaded."""
    with Remover(options) as remover:
        return remover.cut(source, mask=mask, watch=watch)
