"""Why the system refused to write: found by its error number, or by its message where a library gives only that."""

from __future__ import annotations

import errno
import os

from gigamatte.errors import DiskFailed, DiskFull, WriteError

#: error numbers that mean that no other result could be written to that disk either
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_FAILED = frozenset({errno.EROFS, errno.EIO})


def not_written(message: str, hint: str, cause: BaseException | str) -> WriteError:
    """The error of a failed write, of the class that fits ``cause``: an exception, or the text of ``os.strerror``."""
    if isinstance(cause, str):
        number = next((known for known in _FULL | _FAILED if os.strerror(known) == cause), None)
    else:
        number = cause.errno if isinstance(cause, OSError) else None
    kind = DiskFull if number in _FULL else DiskFailed if number in _FAILED else WriteError
    return kind(message, hint)
