"""Objects of S3 and compatible stores, in as few requests as possible: a photo is one GET, its result one PUT.

fsspec's own calls ask for more than they need: whether a key is there takes a HEAD and two listings when it is not. The
client, its credentials and its address stay fsspec's (s3fs).
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gigamatte.batch.retry import with_retries

#: results of this many bytes and more are sent in parts of that size: a part that fails is sent again, not the whole
PART = 32 << 20
#: larger than every key below a folder
LAST = chr(0x10FFFF)


class Objects:
    """Around an s3fs file system. Paths are ``bucket/key``.

    Raises FileNotFoundError, PermissionError and what else the client makes of the store's answers; what may pass is
    tried again (``retry.py``).
    """

    def __init__(self, system: Any) -> None:
        self._system = system

    def head(self, path: str) -> tuple[int, str]:
        """(bytes, stamp): one HEAD."""
        answer = self._ask("head_object", path)
        return int(answer["ContentLength"]), tag_stamp(answer["ContentLength"], answer.get("ETag"))

    def found(self, path: str) -> tuple[int, str] | None:
        """The same, None where there is no such object."""
        try:
            return self.head(path)
        except FileNotFoundError:
            return None

    def get(self, path: str, to: Path) -> tuple[int, str]:
        """Fetch an object into a file: (bytes, stamp) of what was fetched. One GET."""
        from fsspec.asyn import sync

        fetched: tuple[int, str] = with_retries(lambda: sync(self._system.loop, self._get, path, to))
        return fetched

    def put(self, file: Path, path: str) -> tuple[int, str]:
        """Send a file, which is there whole or not at all: (bytes, stamp). One PUT, or several for a large one."""
        length = file.stat().st_size
        kind = {"ContentType": media_type(path)}
        with file.open("rb") as data:
            if length < 2 * PART:
                answer = self._ask("put_object", path, Body=data.read(), **kind)
            else:
                answer = self._put_parts(path, data, length, kind)
        return length, tag_stamp(length, answer.get("ETag"))

    def note(self, path: str, text: str) -> None:
        """Make an object of a few words."""
        self._ask("put_object", path, Body=text.encode("utf-8"))

    def any_below(self, path: str) -> bool:
        """Whether there is anything below a bucket or folder: one listing of one key."""
        answer = self._list(path, MaxKeys=1)
        return bool(answer.get("Contents"))

    def pages(self, path: str, after: str = "") -> Iterator[tuple[list[tuple[str, int, str]], bool]]:
        """Everything below a folder in the order of keys, from behind ``after``, a relative path, on.

        A request gives a thousand of them: (path relative to ``path``, bytes, stamp), and whether there are more.
        """
        _, prefix = _split(path)
        prefix = f"{prefix}/" if prefix else ""
        more: dict[str, Any] = {"StartAfter": prefix + after} if after else {}
        while True:
            answer = self._list(path, **more)
            entries = [
                (entry["Key"][len(prefix) :], int(entry["Size"]), tag_stamp(entry["Size"], entry.get("ETag")))
                for entry in answer.get("Contents", ())
            ]
            more_to_come = bool(answer.get("IsTruncated"))
            yield entries, more_to_come
            if not more_to_come:
                return
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    async def _get(self, path: str, to: Path) -> tuple[int, str]:
        bucket, key = _split(path)
        answer = await self._system._call_s3("get_object", Bucket=bucket, Key=key, **self._system.req_kw)
        body = answer["Body"]
        try:
            with to.open("wb") as file:
                while chunk := await body.read(1 << 20):
                    file.write(chunk)
                length = file.tell()
        finally:
            body.close()
        if (modified := answer.get("LastModified")) is not None:
            os.utime(to, (modified.timestamp(), modified.timestamp()))
        if length != answer["ContentLength"]:
            raise ConnectionError(f"{length} of {answer['ContentLength']} bytes arrived")
        return length, tag_stamp(length, answer.get("ETag"))

    def _put_parts(self, path: str, data: BinaryIO, length: int, kind: dict[str, str]) -> dict[str, Any]:
        size = max(PART, -(-length // 10_000))  # a result has at most 10 000 parts
        begun = self._ask("create_multipart_upload", path, **kind)["UploadId"]
        try:
            parts = []
            for number in range(1, -(-length // size) + 1):
                part = data.read(size)
                answer = self._ask("upload_part", path, UploadId=begun, PartNumber=number, Body=part)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            whole = {"Parts": parts}
            return self._ask("complete_multipart_upload", path, UploadId=begun, MultipartUpload=whole)
        except BaseException:
            self._ask("abort_multipart_upload", path, UploadId=begun)
            raise

    def _list(self, path: str, **more: Any) -> dict[str, Any]:
        bucket, prefix = _split(path)
        below = f"{prefix}/" if prefix else ""
        answer: dict[str, Any] = with_retries(
            lambda: self._system.call_s3("list_objects_v2", Bucket=bucket, Prefix=below, **more)
        )
        return answer

    def _ask(self, what: str, path: str, **more: Any) -> dict[str, Any]:
        bucket, key = _split(path)
        answer: dict[str, Any] = with_retries(lambda: self._system.call_s3(what, Bucket=bucket, Key=key, **more))
        return answer


def objects_of(system: Any) -> Objects | None:
    """For a file system of S3 or a compatible store; None for others."""
    names = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    return Objects(system) if "s3" in names and hasattr(system, "call_s3") else None


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.strip("/").partition("/")
    return bucket, key


def tag_stamp(length: object, tag: object) -> str:
    """The stamp of an object: its bytes, and the store's own tag without the quotes that some put around it."""
    return f"{length}-{str(tag or '').strip(chr(34))}"


def media_type(path: str) -> str:
    """Of a result, by the suffix of its name: what the store tells browsers."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"
