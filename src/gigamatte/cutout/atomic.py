"""Writes a file so that it appears complete or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from gigamatte.cutout.place import keep_mode, through_links
from gigamatte.errors import WriteError
from gigamatte.system import fsync_folder
from gigamatte.write_errors import not_written


class Draft:
    """An open file that is not in its place yet; ``path`` is None where it has no name."""

    def __init__(self, descriptor: int, path: Path | None) -> None:
        self.descriptor, self.path = descriptor, path
        self._open = True

    def close(self) -> None:
        """Close the descriptor, once: the number may belong to another file afterwards."""
        if self._open:
            self._open = False
            os.close(self.descriptor)


@contextlib.contextmanager
def whole_file(target: Path, *, overwrite: bool, durable: bool = True) -> Iterator[Draft]:
    """A draft in the target's folder that takes the target's place when the block ends without an error.

    On Linux the draft has no name until then, so not even a killed process leaves it behind; elsewhere it is called
    ``.NAME.….partial`` and is removed on every error. Without ``overwrite`` a file that has appeared at the target
    meanwhile is left alone. Not ``durable``: a power cut may lose it. Raises WriteError; errors of the block pass as
    they are.
    """
    with _translated(target):
        target = through_links(target.absolute())
        _check_place(target)
        draft = _nameless(target) or _named(target)
    try:
        yield draft
        with _translated(target):
            if overwrite:
                keep_mode(draft.descriptor, target)
            if durable:
                os.fsync(draft.descriptor)
            _publish(draft, target, overwrite)
            if durable:
                fsync_folder(target.parent)
    finally:
        _discard(draft)


@contextlib.contextmanager
def passing_file() -> Iterator[Draft]:
    """A draft among the temporary files for what goes to a stream when it is complete. It never gets a name of its own.

    On Linux it has none at all, so not even a killed process leaves it behind.
    """
    place = Path(tempfile.gettempdir()) / "gigamatte"
    with _translated(place):
        draft = _nameless(place) or _named(place)
    try:
        yield draft
    finally:
        _discard(draft)


@contextlib.contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise WriteError(f"{target} has appeared meanwhile and was left alone", "allow it with --overwrite") from error
    except OSError as error:
        raise not_written(f"{target} cannot be written: {error.strerror or error}", hint(target), error) from error


def _check_place(target: Path) -> None:
    if not target.parent.is_dir():
        raise WriteError(f"there is no folder {target.parent}", "make it first, or name another output")
    # replacing a device or a pipe by a file would break the machine
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        raise WriteError(f"{target} is not a file", "name a file, or use - for standard output")


def _nameless(target: Path) -> Draft | None:
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not os.path.exists("/proc/self/fd"):
        return None
    try:
        return Draft(os.open(target.parent, flag | os.O_RDWR | os.O_CLOEXEC, 0o666), None)
    except OSError:
        return None  # the file system has no nameless files; if it is read-only or full, the named draft will say so


def _named(target: Path) -> Draft:
    # a name may have 255 bytes
    path = target.parent / f".{target.name[:50]}.{secrets.token_hex(4)}.partial"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    return Draft(os.open(path, flags, 0o666), path)


def _publish(draft: Draft, target: Path, overwrite: bool) -> None:
    if draft.path is None:
        if not overwrite:
            return _link(draft, target)
        # a link cannot replace a file, so the draft gets a name first; a crash in between is a matter of microseconds
        path = target.parent / f".{target.name[:50]}.{secrets.token_hex(4)}.partial"
        _link(draft, path)
        return _replace(path, target)
    draft.close()  # Windows renames no open file
    if overwrite:
        return _replace(draft.path, target)
    if os.name == "nt":
        return os.rename(draft.path, target)  # refuses to replace
    try:
        return os.link(draft.path, target)
    except FileExistsError:
        raise
    except OSError:
        # no hard links here (FAT, some network folders): claim the name, then replace the claim
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return _replace(draft.path, target)


def _link(draft: Draft, path: Path) -> None:
    # naming the folder by descriptor makes Python follow the link that /proc shows
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.link(f"/proc/self/fd/{draft.descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _replace(path: Path, target: Path) -> None:
    try:
        os.replace(path, target)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _discard(draft: Draft) -> None:
    with contextlib.suppress(OSError):
        draft.close()
    if draft.path is not None:
        with contextlib.suppress(OSError):
            draft.path.unlink(missing_ok=True)


def hint(target: Path) -> str:
    """What to do about a file that cannot be written."""
    return f"is {target.parent} writable, and is there room on its disk?"


@contextlib.contextmanager
def all_or_as_before(files: Sequence[Path]) -> Iterator[None]:
    """When the block fails, every one of ``files`` is what it was before: absent, or with its old content.

    The old ones wait under hidden names (a second name for the same bytes where the file system has that).
    """
    files = [through_links(file) for file in files]
    kept: dict[Path, Path] = {}
    try:
        for file in files:
            if file.is_file():
                backup = file.with_name(f".{file.name}.{os.getpid()}.before")
                backup.unlink(missing_ok=True)
                try:
                    os.link(file, backup)
                except OSError:
                    shutil.copy2(file, backup)
                kept[file] = backup
        yield
    except BaseException:
        for file in files:
            if file in kept:
                os.replace(kept.pop(file), file)
            else:
                with contextlib.suppress(OSError):  # a folder of that name was not ours
                    file.unlink()
        raise
    finally:
        for backup in kept.values():
            backup.unlink(missing_ok=True)
