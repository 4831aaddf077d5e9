"""The photos of a bucket, or of whatever else fsspec reaches, with all below a folder."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from gigamatte.batch import hint_files
from gigamatte.batch.lists.folder import MARK
from gigamatte.batch.lists.wanted import Passed, Wanted, is_litter
from gigamatte.batch.objects import LAST, Objects, objects_of
from gigamatte.batch.places import filesystem, is_uri, join, reading, remote_stamp
from gigamatte.batch.task import Source


def store_photos(root: str, wanted: Wanted, out: str | None, passed: Passed) -> Iterator[Source]:
    """Everything below the URI ``root``; raises MissingInput where it cannot be listed."""
    with reading(root):
        system, base = filesystem(root)
    left_out = filesystem(out)[1].rstrip("/") if out is not None and is_uri(out) else None
    base = base.rstrip("/")
    objects = objects_of(system)
    if objects is not None:
        inside = None if left_out is None or not left_out.startswith(base + "/") else left_out[len(base) + 1 :]
        yield from _Keys(root, base, objects, wanted, passed, inside).photos()
    else:
        yield from _tree(root, system, base, wanted, left_out, passed)


class _Keys:
    """All keys below a prefix in their order, whatever the folders: one request for a thousand."""

    def __init__(
        self, root: str, base: str, objects: Objects, wanted: Wanted, passed: Passed, left_out: str | None
    ) -> None:
        self._root, self._base, self._objects = root, base, objects
        self._wanted, self._passed = wanted, passed
        #: folders that are passed over, the latest last; and the folder that the last key was in
        self._over: list[str] = [] if left_out is None else [left_out + "/"]
        self._folder = ""

    def photos(self) -> Iterator[Source]:
        after: str | None = ""
        while after is not None:
            after = yield from self._from(after)

    def _from(self, after: str) -> Generator[Source, None, str | None]:
        """Photos behind a key. Gives the key from behind which to go on; None at the end."""
        with reading(self._root):
            pages = self._objects.pages(self._base, after)
            before: dict[str, str] = {}
            while True:
                page, more = next(pages)
                hints = {key: stamp for key, _, stamp in page if key.endswith(hint_files.HINTS)}
                known = before | hints
                for key, size, stamp in page:
                    source = self._photo(key, size, stamp)
                    if source is not None:
                        yield self._with_hints(source, known, page[-1][0] if more else None)
                before = hints
                over = next((folder for folder in self._over if page and page[-1][0].startswith(folder)), None)
                if not more:
                    return None
                if over is not None:  # what lies in it may be millions: the listing goes on behind it
                    return over + LAST

    def _with_hints(self, source: Source, hints: dict[str, str], last: str | None) -> Source:
        """With its hints: this page of the listing names them, the one before, or the next one.

        ``last`` is this page's last key, None where no other follows.
        """
        key = hint_files.hints_of(source.key)
        stamp = hints.get(key)
        if stamp is None and not source.refusal and last is not None and key > last:
            size_and_stamp = self._objects.found(f"{self._base}/{key}")
            stamp = None if size_and_stamp is None else size_and_stamp[1]
        return source if stamp is None else hint_files.with_hints(source, stamp)

    def _photo(self, key: str, size: int, stamp: str) -> Source | None:
        if any(key.startswith(folder) for folder in self._over):
            return None
        folder = key.rpartition("/")[0]
        if folder != self._folder:
            self._folder = folder
            if self._passes(folder, key):
                return None
        name = key[len(folder) :].lstrip("/")
        parts = key.split("/")
        if not name or any(part.startswith(".") for part in parts):
            return None
        if ".." in parts:
            why = f"{key}: '..' would leave the output folder"
            return Source(key.replace("..", "__"), join(self._root, key), 0, "", refusal=why)
        if not self._wanted(key):
            if not self._wanted.chosen and not name.endswith(hint_files.HINTS):
                self._passed.file(name)
            return None
        return Source(key, join(self._root, key), size, stamp)

    def _passes(self, folder: str, key: str) -> bool:
        """Whether a folder that has just begun is passed over."""
        parts = folder.split("/") if folder else []
        if any(part.startswith(".") and part != MARK for part in parts):
            return False  # nothing in it is taken anyhow
        for index, part in enumerate(parts):
            if is_litter(part):
                self._passed.litter(part)
                self._skip("/".join(parts[: index + 1]))
                return True
            if part == MARK and index:
                return self._other_batch("/".join(parts[:index]))
        # a key that sorts before the mark hides it
        if folder and key[len(folder) + 1 :] < MARK and self._objects.any_below(f"{self._base}/{folder}/{MARK}"):
            return self._other_batch(folder)
        return False

    def _other_batch(self, folder: str) -> bool:
        self._passed.batch(join(self._root, folder))
        self._skip(folder)
        return True

    def _skip(self, folder: str) -> None:
        # only the first one, OUT, is needed to the end, because keys come in order
        self._over = [*self._over[:2], folder + "/"]


def _tree(
    root: str, system: object, base: str, wanted: Wanted, left_out: str | None, passed: Passed
) -> Iterator[Source]:
    """Folder by folder, for stores that have them or whose client makes them up."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        folder = f"{base}/{prefix}".rstrip("/")
        with reading(f"{root}/{prefix}"):
            system.invalidate_cache(folder)  # type: ignore[attr-defined]
            entries = sorted(system.ls(folder, detail=True), key=_name)  # type: ignore[attr-defined]
        system.invalidate_cache(folder)  # type: ignore[attr-defined]  # a cache of every folder would grow without end
        names = {_name(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries}
        if prefix and MARK in names:
            passed.batch(f"{root}/{prefix}".rstrip("/"))
            continue
        folders, hints = [], {_name(entry): entry for entry in entries if _name(entry).endswith(hint_files.HINTS)}
        for entry in entries:
            path = _name(entry).rstrip("/")
            key = path[len(base) + 1 :]
            name = key.rsplit("/", 1)[-1]
            if not key or path == folder or name.startswith("."):
                continue
            if entry["type"] == "directory":
                if is_litter(name):
                    passed.litter(name)
                elif path != left_out:
                    folders.append(key + "/")
            elif ".." in key.split("/"):
                why = f"{key}: '..' would leave the output folder"
                yield Source(key.replace("..", "__"), join(root, key), 0, "", refusal=why)
            elif wanted(key):
                size, stamp = remote_stamp(entry)
                source, entry = Source(key, join(root, key), size, stamp), hints.get(hint_files.hints_of(path))
                yield source if entry is None else hint_files.with_hints(source, remote_stamp(entry)[1])
            elif not wanted.chosen and path not in hints:
                passed.file(name)
        waiting.extend(reversed(folders))


def _name(entry: dict[str, str]) -> str:
    return str(entry["name"])
