"""Cuts one lot of photos: unpacked where it is a tar shard, cut like any folder, and packed again.

What is unpacked and cut lies in the lot's home, so a lot that was interrupted is continued photo by photo.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gigamatte.batch import places
from gigamatte.batch.fingerprint import config_hash
from gigamatte.batch.pair import files_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.reader import Reader
from gigamatte.batch.result_stamps import ResultStamps
from gigamatte.batch.runner import run_batch
from gigamatte.batch.sets import folder_of, sets_of
from gigamatte.batch.summary import Listener, Summary
from gigamatte.batch.tars.again import as_they_lie, marked, uneven
from gigamatte.batch.tars.inside import Inside
from gigamatte.batch.tars.lots import Home, Lot
from gigamatte.batch.tars.names import chosen_by
from gigamatte.batch.tars.publish import put
from gigamatte.batch.tars.record import Finished, read_finished, read_unpacked, write_finished, write_unpacked
from gigamatte.batch.tars.shard import Limits, Packed, Sample, Unpacked, pack, restore, unpack
from gigamatte.batch.tars.spread_sets import Work, is_spread
from gigamatte.batch.task import BatchEngine
from gigamatte.errors import GigamatteError, InputError, ResultExists, UsageError
from gigamatte.messages.plural import plural
from gigamatte.own_files import sha256_of_text

#: what became of a lot: how its batch ended, or why there was none
Ended = Summary | GigamatteError


@dataclass(frozen=True)
class Results:
    """How results are kept: as ``files`` below a folder for each lot, or as tar shards within ``limits``."""

    files: bool = False
    limits: Limits = Limits()  # noqa: RUF009  # frozen


class Cutting:
    """Cuts lots by ``plan``, whose OUT takes the results."""

    def __init__(self, plan: Plan, results: Results) -> None:
        self._plan, self.results = plan, results
        config = config_hash(plan.options, masks=plan.masks is not None)
        wish = (
            config,
            plan.template,
            plan.pair,
            plan.pattern,
            results.files,
            results.limits.photos,
            results.limits.bytes,
        )
        self._wish = sha256_of_text(json.dumps(wish))

    def confined(self, plan: Plan) -> Plan:
        """``plan`` for an engine, whose results stay in its OUT: the folder of the manifest until they are packed."""
        return (
            plan if self.results.files else replace(plan, out=str(plan.manifest_folder), manifest=plan.manifest_folder)
        )

    def known(self, lot: Lot, home: Home) -> Summary | None:
        """Of a lot that was done, and has not changed since, nor its results."""
        found = read_finished(home.finished)
        if self._plan.redo:
            return self._unmarked(found, home)
        if found is None or self._plan.recheck or found.wish != self._wish:
            return None
        if (self._plan.retry_failed and found.failed) or lot.now() != found.stamp:
            return None
        if any(places.output_stamp(self._plan.place(name)) != stamp for name, stamp, *_ in found.files):
            return None
        if self.results.files and not self._files_stand(lot, home):
            return None
        return _as_before(found)

    def _unmarked(self, found: Finished | None, home: Home) -> Summary | None:
        """Of a lot none of whose photos is marked to be done again; what was never finished has no marks."""
        if found is None or not home.manifest.exists():
            return Summary()
        if not marked(home):
            return _as_before(found)
        if found.photos > found.failed and self.results.files == bool(found.files):
            kept = "tar shards" if found.files else "files"
            raise UsageError(
                f"the results of this batch are {kept}", f"say so again: --results {kept.rpartition(' ')[2]}"
            )
        return None

    def cut(self, work: Work, make: Callable[[Path], BatchEngine], listener: Listener) -> Summary:
        """Cut the lot, continuing where an earlier run stopped; or the photos of it that have to be settled.

        Raises InputError for a tar shard that cannot be read, UsageError where its sets may go on on another machine,
        and what ``run_batch`` raises.
        """
        lot, home = work.lot, work.home
        if not self.results.files:
            self._may_replace(lot, home, self._first_name(lot))
        stamp, unpacked = self._unpacked(lot, home)
        self._check_sets(lot, unpacked)
        inside = Inside(listener, lot, files=self.results.files, settling=work.settling)
        if not work.settling:
            _say_left_out(lot, unpacked, listener)
        summary = run_batch(self._inner(work, inside), make, inside, elsewhere=work.scale_of)
        if summary.interrupted or summary.stopped or summary.waiting:
            return summary
        files = [] if self.results.files else self._publish(lot, home, unpacked)
        before = read_finished(home.finished)
        # photos that are done again alone stay part of their batch: it has still the options and photos of before
        alone = (self._plan.redo or work.settling) and before is not None
        stamp, wish = (before.stamp, before.wish) if alone and before is not None else (stamp, self._wish)
        now = Finished(
            stamp, wish, tuple(files), summary.total, summary.failed, summary.megapixels, place=lot.place,
            sets=self._sets(lot, home),
        )  # fmt: skip
        self._finish(home, now)
        listener.written([self._plan.place(name) for name, *_ in files])
        return summary

    def _check_sets(self, lot: Lot, unpacked: Unpacked) -> None:
        index, count = self._plan.shard
        if not self._plan.options.consistent or count == 1 or not lot.place:
            return
        photos = [sample.photo for sample in unpacked.samples.values() if sample.photo is not None]
        found = next((folder for photo in photos if (folder := folder_of(photo))), None)
        if found is not None:
            raise UsageError(
                f"{lot.stem}.tar has the folder {found}, which may go on in tar shards of other machines: "
                f"--consistent does not go with --shard {index}/{count} there",
                "leave out --shard, or use --engine ray",
            )

    def _sets(self, lot: Lot, home: Home) -> dict[str, tuple[float, float]]:
        """What the lot has of the sets that other lots may have photos of too."""
        if not self._plan.options.consistent:
            return {}
        with Reader([home.manifest]) as reader:
            found = sets_of(reader.rows("state = 'done'"))
        return {folder: scales for folder, scales in found.items() if is_spread(lot, folder)}

    def _inner(self, work: Work, inside: Inside) -> Plan:
        """Run the batch of one lot's photos."""
        lot, home = work.lot, work.home
        out = self._out(lot) if self.results.files else str(home.work / "out")
        inner = replace(self._plan, out=out, shard=(1, 1), manifest=home.folder, watch=False)
        if work.settling:
            keys = uneven(work)
            inside.settles(len(keys))
            return replace(inner, redo=True, listed=tuple(as_they_lie(lot, home, keys)), pattern=None)
        if self._plan.redo:
            return replace(inner, listed=tuple(as_they_lie(lot, home, marked(home))), pattern=None)
        if lot.place:
            return replace(inner, source=str(home.work / "in"))
        return replace(inner, listed=lot.listed, pattern=None)

    def _out(self, lot: Lot) -> str:
        return self._plan.place(lot.stem)

    def _files_stand(self, lot: Lot, home: Home) -> bool:
        stamp_of = ResultStamps(replace(self._plan, out=self._out(lot)))
        with Reader([home.manifest]) as reader:
            rows = reader.rows("state = 'done'")
            return all(
                stamp_of(file) is not None for row in rows for file in files_of(row["target"], bool(row["pair"]))
            )

    def _first_name(self, lot: Lot) -> str:
        return f"{lot.stem}-00000.tar" if self._limits(lot).parted else f"{lot.stem}.tar"

    def _limits(self, lot: Lot) -> Limits:
        """Of listed photos no more than --tar-photos are in a lot."""
        return self.results.limits if lot.place else replace(self.results.limits, photos=None)

    def _unpacked(self, lot: Lot, home: Home) -> tuple[str, Unpacked]:
        """(stamp of the lot, what it was unpacked into): now, or by the run before, which was broken off."""
        note, stamp = home.work / "unpacked.json", lot.now()
        if not lot.place:
            if not note.exists():
                shutil.rmtree(home.work, ignore_errors=True)
                (home.work / "out").mkdir(parents=True)
                self._restore(home)
                note.touch()
            return stamp, Unpacked({source.key: Sample(source.key, source.key) for source in lot.listed}, {})
        seen = json.dumps([stamp, self._plan.pattern])
        known = read_unpacked(note, seen)
        if known is not None:
            return stamp, known
        shutil.rmtree(home.work, ignore_errors=True)
        for folder in ("in", "out", "others"):
            (home.work / folder).mkdir(parents=True)
        if places.is_uri(lot.place):
            local, stamp = places.fetch(lot.place, home.work)
            seen = json.dumps([stamp, self._plan.pattern])
        else:
            local = Path(lot.place)
        unpacked = unpack(local, home.work / "in", home.work / "others", chosen_by(self._plan.pattern))
        if places.is_uri(lot.place):
            local.unlink()
        elif lot.now() != stamp:
            raise InputError(f"{lot.place} changed while it was read", "is it still being copied?")
        self._restore(home)
        write_unpacked(note, seen, unpacked)
        return stamp, unpacked

    def _restore(self, home: Home) -> None:
        """Bring back results of an earlier run, so that only what has changed is cut again."""
        before = read_finished(home.finished)
        if before is None or not home.manifest.exists():
            return
        with Reader([home.manifest]) as reader:
            rows = reader.rows("state = 'done'")
            names = frozenset(file for row in rows for file in files_of(row["target"], bool(row["pair"])))
        for name, stamp, *_ in before.files:
            place = self._plan.place(name)
            if places.output_stamp(place) != stamp:
                continue
            with contextlib.suppress(InputError, tarfile.TarError):  # then they are cut again
                local = places.fetch(place, home.work)[0] if places.is_uri(place) else Path(place)
                restore(local, home.work / "out", names)
                if places.is_uri(place):
                    local.unlink()

    def _publish(self, lot: Lot, home: Home, unpacked: Unpacked) -> list[tuple[str, str, str, int]]:
        """Pack the results and move them to OUT; (name, stamp, SHA-256, samples) of each tar shard."""
        folder = home.work / "packed"
        folder.mkdir(exist_ok=True)
        files = []
        for packed in pack(self._packing(home, unpacked), folder, lot.stem, self._limits(lot)):
            self._may_replace(lot, home, packed.path.name)
            (home.work / f"{packed.path.name}.ours").touch()
            files.append(self._put(packed))
        return files

    def _put(self, packed: Packed) -> tuple[str, str, str, int]:
        name = packed.path.name
        return name, put(packed.path, self._plan.place(name)), packed.sha256, packed.photos

    def _finish(self, home: Home, now: Finished) -> None:
        before = read_finished(home.finished)
        write_finished(home.finished, now)
        new = {name for name, *_ in now.files}
        for name, then, *_ in before.files if before is not None else ():
            place = self._plan.place(name)
            if name not in new and places.output_stamp(place) == then:  # of other limits
                places.remove(place)
        shutil.rmtree(home.work, ignore_errors=True)

    def _may_replace(self, lot: Lot, home: Home, name: str) -> None:
        """Raises ResultExists where something lies that this batch has not put there."""
        place = self._plan.place(name)
        if place == lot.place:
            raise ResultExists(f"{place} is a source and is never replaced", "name another OUT")
        lies = places.lies_at(place)
        if lies is None or self._plan.overwrite or (home.work / f"{name}.ours").exists():
            return
        before = read_finished(home.finished)
        if before is None or (name, lies) not in {(known, stamp) for known, stamp, *_ in before.files}:
            raise ResultExists(f"{place} exists and is not from this batch", "allow it with --overwrite")

    def _packing(self, home: Home, unpacked: Unpacked) -> Iterator[tuple[Sample, list[tuple[str, Path]]]]:
        """Samples whose photo has a result, with its files; a member of a result's name is replaced."""
        with Reader([home.manifest]) as reader:
            targets = {
                row["key"]: files_of(row["target"], bool(row["pair"]))
                for row in reader.rows("state IN ('done', 'kept')")
            }
        for sample in unpacked.samples.values():
            names = targets.get(sample.photo or "")
            if names is not None:
                others = [(name, path) for name, path in sample.others if name not in names]
                yield replace(sample, others=others), [(name, home.work / "out" / name) for name in names]


def _as_before(found: Finished) -> Summary:
    return Summary(total=found.photos, unchanged=found.photos - found.failed, failed=found.failed)


def _say_left_out(lot: Lot, unpacked: Unpacked, listener: Listener) -> None:
    for name, why in unpacked.refused.items():
        listener.warned(f"{lot.stem}.tar: {name} is left out: {why}")
    bare = sum(sample.photo is None for sample in unpacked.samples.values())
    if bare:
        listener.warned(f"{lot.stem}.tar: {bare:,} sample{plural(bare)} without a photo left out")
