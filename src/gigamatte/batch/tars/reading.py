"""Reads tar files whose headers may lie: with bounds on what is read into memory before a member is looked at.

Python's tarfile reads names and attributes of any length, follows chains of headers by calling itself, remembers every
member, and believes sizes below zero.
"""

from __future__ import annotations

import contextlib
import re
import tarfile
from collections.abc import Iterator
from typing import Any

from gigamatte.errors import UnsupportedInput

#: bytes of a header that holds a long name or attributes, at most
HEADER = 64 << 10
#: members of one tar file, at most: each is remembered by its name
MEMBERS = 1_000_000
#: blocks that tell where the holes of a sparse member are, at most
_HOLES = 1000
_LONG = frozenset((
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
))  # fmt: skip
_BLOCK = 512
#: attributes that hold for all members, at most
_ATTRIBUTES = 1000
_DIGITS = re.compile(rb"\d{24}")


@contextlib.contextmanager
def reading_tar(shown: str, **source: Any) -> Iterator[tarfile.TarFile]:
    """Opens what ``tarfile.open`` takes; to a person it is called ``shown``. Raises UnsupportedInput, also for what
    goes wrong inside."""
    try:
        with tarfile.open(tarinfo=_Member, **source) as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError, RecursionError, OverflowError) as error:
        why = "its headers are nested without end" if isinstance(error, RecursionError) else str(error)
        raise UnsupportedInput(f"{shown} is no whole tar file: {why}") from error


def members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """All members in their order, of which none is remembered. Raises tarfile.ReadError for more than MEMBERS."""
    count = 0
    while (member := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined]  # tarfile keeps them all
        count += 1
        if count > MEMBERS:
            raise tarfile.ReadError(f"it has more than {MEMBERS:,} members")
        yield member


class _Member(tarfile.TarInfo):
    def _proc_member(self, tar: Any) -> Any:
        if self.size < 0:
            raise tarfile.ReadError("a size is below zero")
        if self.type not in _LONG:
            return super()._proc_member(tar)  # type: ignore[misc]
        if self.size > HEADER:
            raise tarfile.ReadError(f"a header has {self.size:,} bytes, expected at most {HEADER:,}")
        file = tar.fileobj
        head = file.read(-(-self.size // _BLOCK) * _BLOCK)
        # tarfile searches it in a time that grows with the square of the digits in a row
        if _DIGITS.search(head) or len(tar.pax_headers) > _ATTRIBUTES:
            raise tarfile.ReadError("a header is none that a program would write")
        tar.fileobj = _Again(head, file)
        try:
            found = super()._proc_member(tar)  # type: ignore[misc]
        finally:
            tar.fileobj = file
        if found.size < 0:
            raise tarfile.ReadError("a size is below zero")
        return found

    def _proc_sparse(self, tar: Any) -> Any:
        """Passes over a member with holes, whose list of them may be of any length."""
        own: Any = self
        _, goes_on, _ = own._sparse_structs
        del own._sparse_structs
        blocks = 0
        while goes_on:
            block = tar.fileobj.read(_BLOCK)
            blocks += 1
            if len(block) < _BLOCK or blocks > _HOLES:
                raise tarfile.ReadError("a member has too many holes")
            goes_on = bool(block[504])
        own.sparse = []
        own.offset_data = tar.fileobj.tell()
        tar.offset = own.offset_data + -(-own.size // _BLOCK) * _BLOCK
        return own

    def _has_holes(self, following: Any, *_: Any) -> None:
        """Where they are is not read: such members are left out."""
        following.sparse = []

    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _has_holes


class _Again:
    """A file whose next bytes, ``head``, have been read already."""

    def __init__(self, head: bytes, file: Any) -> None:
        self._head, self._file = head, file

    def read(self, size: int) -> bytes:
        """All of the head at once, then the file's own."""
        head, self._head = self._head, b""
        return head or bytes(self._file.read(size))

    def tell(self) -> int:
        """Behind the head."""
        return int(self._file.tell())
