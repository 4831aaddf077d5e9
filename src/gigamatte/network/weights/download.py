"""A small resumable downloader for plain URLs: the final name only ever belongs to a complete file."""

from __future__ import annotations

import errno
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from gigamatte.errors import DownloadFailed

#: called with the bytes so far and the bytes in all (None while unknown)
Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 18
#: HTTP statuses after which the same request may succeed a moment later
_PASSING = (408, 425, 429, 500, 502, 503, 504)


def download(
    url: str, target: Path, *, size: int | None = None, progress: Progress | None = None,
    timeout: float = 30.0, tries: int = 5, pause: float = 1.0,
) -> None:  # fmt: skip
    """Fetch ``url`` into ``target``; a broken transfer goes on where it stopped, in this call or in the next.

    ``size`` in bytes is compared with what the server announces and with what arrives. ``timeout`` in seconds is how
    long the server may be silent; ``pause`` seconds double after each of ``tries``. Raises DownloadFailed.
    """
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    last: Exception | None = None
    for attempt in range(tries):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _transfer(url, part, size, progress, timeout)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and part.exists():
                part.unlink()  # our part is not the beginning of the server's file: start again
            elif error.code not in _PASSING:
                raise _refusal(url, error.code) from error
            last = error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise disk_full(part.parent, size) from error
            last = error
        else:
            part.replace(target)
            return
    if isinstance(last, urllib.error.HTTPError):
        raise _refusal(url, last.code) from last
    reason = getattr(last, "reason", None) or last
    raise DownloadFailed(
        f"{url} could not be fetched in {tries} tries: {reason or type(last).__name__}",
        "check the connection, then repeat the command: it goes on where it stopped",
    ) from last


def _transfer(url: str, part: Path, size: int | None, progress: Progress | None, timeout: float) -> None:
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have > size:
        part.unlink()
        have = 0
    if have and have == size:
        return
    request = urllib.request.Request(url, headers={"User-Agent": "gigamatte", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        resumed = answer.status == 206 and _starts_at(answer.headers.get("Content-Range", ""), have)
        have = have if resumed else 0
        announced = answer.headers.get("Content-Length")
        total = have + int(announced) if announced and announced.isdigit() else None
        if size is not None and total is not None and total != size:
            raise DownloadFailed(f"{url} should have {size} bytes, the server announces {total}", "is this a mirror?")
        with part.open("ab" if resumed else "wb") as file:
            got = _copy(answer, file, have, size or total, progress)
    if total is not None and got != total:
        raise ConnectionError(f"the connection ended after {got} of {total} bytes")
    if size is not None and got != size:
        raise ConnectionError(f"the server sent {got} of {size} bytes")


def _copy(
    answer: http.client.HTTPResponse, file: IO[bytes], have: int, total: int | None, progress: Progress | None
) -> int:
    # read1 returns what has arrived; read would lose it when the server stops sending
    while chunk := answer.read1(_CHUNK):
        have += len(chunk)
        if total is not None and have > total:
            raise DownloadFailed(f"the server sends more than the {total} bytes that were expected")
        file.write(chunk)
        if progress:
            progress(have, total)
    return have


def _starts_at(content_range: str, have: int) -> bool:
    return content_range.startswith(f"bytes {have}-")


def _refusal(url: str, status: int) -> DownloadFailed:
    meaning = {401: "it wants a login", 403: "it refuses", 404: "there is no such file"}.get(status, "")
    return DownloadFailed(
        f"{url}: the server answered {status}{f' ({meaning})' if meaning else ''}",
        "try again later" if status in _PASSING else "check the address in the model card",
    )


def disk_full(folder: Path, needed: int | None) -> DownloadFailed:
    """The error for a full disk."""
    wanted = f"{needed / 1e6:.0f} MB are needed" if needed else "there is no room"
    return DownloadFailed(
        f"the disk of {folder} is full: {wanted}, {free_bytes(folder) / 1e6:.0f} MB are free",
        "make room, or set GIGAMATTE_CACHE to a folder on another disk",
    )


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk that holds (or will hold) this folder."""
    import shutil

    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def offline() -> bool:
    """Whether the user forbids downloads, by the environment variable that the hub's own tools use."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
