"""The same functions for local paths and URIs: listing, stamps, hashes, fetching, publishing (URIs by fsspec)."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gigamatte import own_files
from gigamatte.batch.direct import direct_of
from gigamatte.batch.objects import objects_of, tag_stamp
from gigamatte.batch.retry import with_retries
from gigamatte.errors import GigamatteError, MissingInput, ScratchFull, UsageError, WriteError
from gigamatte.write_errors import not_written


def is_uri(text: str) -> bool:
    """Whether it names something outside this machine's folders: ``s3://bucket/key``. ``file://`` is a local path."""
    return "://" in text and not text.startswith("file://")


def local(text: str) -> Path:
    """The absolute path of a local place; links are kept as they are.

    ``file:///a%20b.jpg`` is the file of that very name where there is one, else ``/a b.jpg``.
    """
    if text.startswith("file://"):
        text = text.removeprefix("file://").removeprefix("localhost")
        text = text if os.path.lexists(text) else unquote(text, errors="surrogateescape")
    return Path(os.path.abspath(text))


def join(root: str, key: str) -> str:
    """``key`` (forward slashes) below ``root``, which is a path or a URI."""
    return f"{root.rstrip('/')}/{key}" if is_uri(root) else str(Path(root, *key.split("/")))


#: which package reaches a kind of store
_PACKAGES = {"gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs", "adl": "adlfs"}


def filesystem(uri: str) -> tuple[Any, str]:
    """(fsspec file system, path in it). Raises UsageError where the package for this kind of URI is missing."""
    try:
        import fsspec
    except ImportError as error:
        raise UsageError(f"{uri} needs the package fsspec", "pip install 'gigamatte[ray]'") from error
    try:
        system, path = fsspec.core.url_to_fs(uri)
    except ImportError as error:
        package = _PACKAGES.get(uri.partition("://")[0].lower(), "'gigamatte[ray]'")
        raise UsageError(f"{uri}: {error}", f"pip install {package}") from error
    except ValueError as error:
        raise UsageError(f"{uri}: {error}", "a URI begins like s3://bucket/folder") from error
    return system, str(path)


@contextlib.contextmanager
def reading(place: str) -> Iterator[None]:
    """Turns what file systems and object stores raise while ``place`` is read into MissingInput."""
    try:
        yield
    except GigamatteError:
        raise
    except FileNotFoundError as error:
        raise MissingInput(f"there is no {place}") from error
    except Exception as error:  # every store has errors of its own
        raise MissingInput(f"{place} cannot be read: {_reason(error)}") from error


def stamp_of(place: str) -> tuple[int, str]:
    """(bytes, stamp). The stamp of a local file changes with every write to it, even when its times are set back.
    Raises MissingInput."""
    with reading(place):
        if not is_uri(place):
            status = os.stat(place)
            if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without end
                raise MissingInput(f"{place} is not a file")
            return local_stamp(status)
        system, path = filesystem(place)
        if (direct := direct_of(system)) is not None:
            return direct.head(path)
        return with_retries(lambda: _info(system, path))


def local_stamp(status: os.stat_result) -> tuple[int, str]:
    """(bytes, stamp) of a file whose status is known."""
    return status.st_size, f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def remote_stamp(info: dict[str, Any]) -> tuple[int, str]:
    """(bytes, stamp) from what a store says about a file: its own tag where it has one."""
    size = int(info.get("size") or 0)
    tag = next(
        (info[name] for name in ("ETag", "etag", "md5Hash", "content_md5", "mtime", "created") if info.get(name)), ""
    )
    return size, tag_stamp(size, tag)


def output_stamp(target: str) -> str | None:
    """A stamp of a result that was written; None when it is not there. Renaming or copying it with its times is seen
    as no change."""
    if is_uri(target):
        try:
            return stamp_of(target)[1]
        except MissingInput:
            return None
    try:
        status = os.stat(target)
    except OSError:
        return None
    return f"{status.st_size}-{status.st_mtime_ns}"


def lies_at(target: str) -> str | None:
    """The stamp of whatever lies there, "" of a link to nowhere; None where there is nothing. Raises MissingInput when
    a store does not answer, because the user's own file may lie there."""
    if not is_uri(target):
        return output_stamp(target) or ("" if os.path.lexists(target) else None)
    try:
        return stamp_of(target)[1]
    except MissingInput as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def sha256_of(path: str | Path) -> str:
    """Hex SHA-256 of a local file."""
    with reading(str(path)):
        return own_files.sha256_of(path)


def fetch(place: str, scratch: Path) -> tuple[Path, str]:
    """(a local copy of a URI, in ``scratch`` and under the same suffix; the stamp of what was fetched).

    Raises MissingInput, and ScratchFull when it is the copy that cannot be written.
    """
    path = scratch / f"{secrets.token_hex(8)}{Path(place).suffix}"
    with reading(place):
        system, remote = filesystem(place)
        try:
            if (direct := direct_of(system)) is not None:
                return path, direct.get(remote, path)[1]
            stamp = with_retries(lambda: _info(system, remote))[1]
            with_retries(lambda: system.get_file(remote, str(path)))
            with contextlib.suppress(NotImplementedError, OSError):
                modified = system.modified(remote).timestamp()
                os.utime(path, (modified, modified))
            return path, stamp
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise ScratchFull(
                    f"no local copy of {place} can be made in {scratch}: {error.strerror}",
                    "name a folder on a larger disk with --manifest",
                ) from error
            raise


def publish(path: Path, target: str) -> str:
    """Copy a finished file to a URI, whole or not at all, and check that its length arrived: the stamp of what lies
    there. Raises WriteError."""
    system, remote = filesystem(target)
    try:
        if (direct := direct_of(system)) is not None:
            arrived, stamp = direct.put(path, remote)
        else:
            with_retries(lambda: _put(system, path, remote))
            arrived, stamp = _info(system, remote)
    except Exception as error:  # every store has errors of its own
        raise _not_written(target, error) from error
    if arrived != path.stat().st_size:
        raise WriteError(f"{target} has {arrived} bytes, {path.stat().st_size} were sent")
    return stamp


def mark(folder: str, name: str, text: str) -> None:
    """Write a small note into OUT, which shows that it can be written. Raises WriteError."""
    try:
        if not is_uri(folder):
            path = local(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", "backslashreplace")
            return
        system, remote = filesystem(f"{folder.rstrip('/')}/{name}")
        if (direct := direct_of(system)) is not None:
            direct.note(remote, text)
        else:
            system.makedirs(remote.rpartition("/")[0], exist_ok=True)
            system.pipe_file(remote, text.encode("utf-8", "backslashreplace"))
    except Exception as error:  # every store has errors of its own
        raise _not_written(folder, error) from error


def _put(system: Any, path: Path, remote: str) -> None:
    if _puts_whole(system):
        system.put_file(str(path), remote)
        return
    parent, name = remote.rsplit("/", 1) if "/" in remote else ("", remote)
    system.makedirs(parent, exist_ok=True)
    draft = f"{parent}/.{name[:50]}.{secrets.token_hex(4)}.partial"
    system.put_file(str(path), draft)
    system.mv(draft, remote)


def _info(system: Any, path: str) -> tuple[int, str]:
    system.invalidate_cache(path)
    return remote_stamp(system.info(path))


def _not_written(place: str, error: Exception) -> WriteError:
    hint = "are the store and its credentials right?" if is_uri(place) else ""
    return not_written(f"{place} cannot be written: {_reason(error)}", hint, error)


def remove(target: str) -> None:
    """Remove a result; it is no error when it is gone already. Raises WriteError."""
    try:
        if is_uri(target):
            system, path = filesystem(target)
            with_retries(lambda: system.rm_file(path))
            system.invalidate_cache(path)
        else:
            os.unlink(target)
    except FileNotFoundError:
        return
    except Exception as error:  # every store has errors of its own
        raise WriteError(f"{target} cannot be removed: {_reason(error)}") from error


def remove_partials(place: str) -> None:
    """Drafts of a result whose writer was killed between naming and renaming them."""
    if is_uri(place):
        return
    path = Path(place)
    for draft in path.parent.glob(f".{glob.escape(path.name[:50])}.*.partial"):
        draft.unlink(missing_ok=True)


def has_entries(folder: str) -> bool:
    """Whether there is anything in a folder, or at a URI. Raises MissingInput where it cannot be found out."""
    with reading(folder):
        if is_uri(folder):
            system, path = filesystem(folder)
            if (objects := objects_of(system)) is not None:
                return objects.any_below(path)
            system.invalidate_cache()
            return bool(system.ls(path, detail=False))
        if os.path.isfile(folder):  # a batch of one photo
            return True
        with os.scandir(folder) as entries:
            return next(entries, None) is not None


def stamps_in(folder: str) -> dict[str, str]:
    """{name: stamp} of the files at a URI, as its store lists them; none where there is no such folder."""
    with reading(folder):
        system, path = filesystem(folder)
        system.invalidate_cache(path)
        try:
            entries = system.ls(path, detail=True)
        except FileNotFoundError:
            return {}
        system.invalidate_cache(path)  # a cache of every folder would grow without end
    files = [entry for entry in entries if entry["type"] != "directory"]
    return {str(entry["name"]).rsplit("/", 1)[-1]: remote_stamp(entry)[1] for entry in files}


def exists(target: str) -> bool:
    """Whether something lies at a path or URI."""
    if not is_uri(target):
        return os.path.lexists(target)
    system, path = filesystem(target)
    with reading(target):
        if (direct := direct_of(system)) is not None:
            with contextlib.suppress(FileNotFoundError):
                return bool(direct.head(path))
            return False
        system.invalidate_cache(path)
        return bool(system.exists(path))


def _puts_whole(system: Any) -> bool:
    """Object stores show a key when it is complete; other stores get a draft that is renamed."""
    protocol = system.protocol if isinstance(system.protocol, str) else system.protocol[0]
    return protocol in ("s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "oss", "memory")


def _reason(error: BaseException) -> str:
    text = (getattr(error, "strerror", None) or str(error)).strip()
    return text.splitlines()[0] if text else type(error).__name__
