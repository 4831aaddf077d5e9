"""Blobs of Azure's stores, in as few requests as possible: a photo is one GET, its result one PUT.

fsspec's own calls ask for more than they need: what is fetched and what was sent are looked at once more, although the
answers say all of it, and whether a blob is there takes a HEAD and a listing when it is not. The client, its
credentials and its address stay fsspec's (adlfs).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from gigamatte.batch.objects import media_type, tag_stamp
from gigamatte.batch.retry import with_retries

_Answer = TypeVar("_Answer")


class Blobs:
    """Around an adlfs file system. Paths are ``container/name``.

    Raises FileNotFoundError and what the client makes of the store's other answers; what may pass is tried again.
    """

    def __init__(self, system: Any) -> None:
        self._system = system

    def head(self, path: str) -> tuple[int, str]:
        """(bytes, stamp): one HEAD."""

        async def ask(blob: Any) -> tuple[int, str]:
            found = await blob.get_blob_properties()
            return int(found.size), tag_stamp(found.size, found.etag)

        return self._ask(path, ask)

    def get(self, path: str, to: Path) -> tuple[int, str]:
        """Fetch a blob into a file: (bytes, stamp) of what was fetched. One GET up to 32 MB, several above.

        Raises ConnectionError where not all of it arrives.
        """

        async def ask(blob: Any) -> tuple[int, str]:
            answer = await blob.download_blob()
            with to.open("wb") as file:
                await answer.readinto(file)
                length = file.tell()
            found = answer.properties
            if length != found.size:
                raise ConnectionError(f"{length} of {found.size} bytes arrived")
            if found.last_modified is not None:
                os.utime(to, (found.last_modified.timestamp(), found.last_modified.timestamp()))
            return length, tag_stamp(length, found.etag)

        return self._ask(path, ask)

    def put(self, file: Path, path: str) -> tuple[int, str]:
        """Send a file, which is there whole or not at all: (bytes, stamp). One PUT, or several for a large one."""
        from azure.storage.blob import ContentSettings

        length, kind = file.stat().st_size, ContentSettings(content_type=media_type(path))

        async def ask(blob: Any) -> tuple[int, str]:
            with file.open("rb") as data:
                answer = await blob.upload_blob(data, length=length, overwrite=True, content_settings=kind)
            return length, tag_stamp(length, answer.get("etag"))

        return self._ask(path, ask)

    def note(self, path: str, text: str) -> None:
        """Make a blob of a few words."""

        async def ask(blob: Any) -> None:
            await blob.upload_blob(text.encode("utf-8", "backslashreplace"), overwrite=True)

        self._ask(path, ask)

    def _ask(self, path: str, what: Callable[[Any], Awaitable[_Answer]]) -> _Answer:
        """The answer of ``what``, which is given the client of the blob at ``path``."""
        from azure.core.exceptions import ResourceNotFoundError
        from fsspec.asyn import sync

        container, name, _ = self._system.split_path(path)

        async def asked() -> _Answer:
            try:
                async with self._system.service_client.get_blob_client(container, name) as blob:
                    return await what(blob)
            except ResourceNotFoundError as error:
                raise FileNotFoundError(errno.ENOENT, str(error).partition("\n")[0], path) from error

        answer: _Answer = with_retries(lambda: sync(self._system.loop, asked))
        return answer


def blobs_of(system: Any) -> Blobs | None:
    """For a file system of Azure's stores; None for others."""
    names = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    return Blobs(system) if {"az", "abfs"} & set(names) and hasattr(system, "service_client") else None
