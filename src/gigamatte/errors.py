"""Every error that gigamatte raises on purpose.

    GigamatteError                exit 1   anything that has no code of its own
    ├── UsageError                exit 2   the call's own words are off: an option, a value, an output that exists
    ├── InputError                exit 3   a photo or mask is missing, unreadable, or of a kind that is not read
    │   ├── MissingInput
    │   └── UnsupportedInput
    ├── BudgetExceeded            exit 4   more pixels or memory than the caller allowed
    ├── NetworkUnavailable        exit 5   a network is not installed
    │   ├── WeightsRefused        exit 5   … or its file is not what its card says
    │   ├── DownloadFailed        exit 5   … or could not be fetched
    │   └── DeviceUnavailable     exit 5   … or the device that was required is not there
    ├── NoRoom                    exit 1   a network needs more memory than its device has, or may take
    ├── NoSubject                 exit 6   the network found nothing to keep: an outcome, not a failure of ours
    ├── WriteError                exit 1   the result could not be written; what was there before is untouched
    │   ├── DiskFailed            exit 1   … because the disk is read-only or broken: no other result could be either
    │   │   └── DiskFull          exit 1   … or because it is full
    │   ├── ScratchFull           exit 1   … or there is no room for the pixels of a large photo meanwhile
    │   ├── ResultExists          exit 1   something lies there that this batch has not put there
    │   └── ResultEdited          exit 1   the earlier result was changed by hand since
    ├── WorkerDied                exit 1   the child process that did the work crashed, hung or outgrew its limits
    │   ├── TookTooLong           exit 1   … or was stopped because the photo took too long
    │   └── WorkerNotStarted      exit 1   … or does not even start
    ├── Cancelled                 exit 130 somebody asked us to stop
    └── Refused                   exit 1   what the service refuses by itself (``service_errors.py``):
                                           BadRequest Unauthorised Forbidden NotFound NotAllowed TooSlow NotReady
                                           TooLarge WrongType NoSuchRange Misdirected TooMany Busy Late
                                           and of these MissingSource SeveralSources WrongCoding

Each carries one line: what was wrong, what was expected, what was found; and a hint: what to do about it.
Errors of libraries are translated where they are met, with ``raise … from``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from gigamatte.option_names import with_option_names


class GigamatteError(Exception):
    """Base of the tree. ``message`` is one line; ``hint`` says what to do and may be empty.

    ``written`` are both with options as they are typed (--max-pixels): what crosses processes and is translated.
    ``code`` is the kind's name for programs, in JSON and over HTTP; ``exit_code`` that of the command line.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "failed"

    def __init_subclass__(cls, *, code: str | None = None, exit_code: int | None = None) -> None:
        if code is not None:
            cls.code = code
        if exit_code is not None:
            cls.exit_code = exit_code

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.written = (" ".join(message.split()), " ".join(hint.split()))

    @property
    def message(self) -> str:
        """What was wrong, naming Python's arguments or the command's options, whichever the caller used."""
        return with_option_names(self.written[0])

    @property
    def hint(self) -> str:
        """What to do about it, in the same words."""
        return with_option_names(self.written[1])

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[GigamatteError], tuple[Any, ...]]:
        # errors are pickled to pass from the worker process to its parent
        return type(self), self.written


class UsageError(GigamatteError, code="usage", exit_code=2):
    """An option or its value does not fit."""


class InputError(GigamatteError, code="input", exit_code=3):
    """A photo or mask cannot be used."""


class MissingInput(InputError, code="input-missing"):
    """There is no such file, or it may not be read."""


class UnsupportedInput(InputError, code="input-unsupported"):
    """The bytes are not a picture of a kind that is read here, or are broken."""


class BudgetExceeded(GigamatteError, code="budget", exit_code=4):
    """More pixels or memory than allowed; found from the header, before anything was decoded."""


class NetworkUnavailable(GigamatteError, code="network-missing", exit_code=5):
    """The network that was asked for is not installed."""


class WeightsRefused(NetworkUnavailable, code="weights-refused"):
    """A weights file is not what its card says, or is not safe to read."""


class DownloadFailed(NetworkUnavailable, code="download"):
    """Weights could not be fetched."""


class DeviceUnavailable(NetworkUnavailable, code="device"):
    """The device that was required is not there."""


class NoRoom(GigamatteError, code="no-room"):
    """The device's memory does not suffice for what was asked of it at once."""


class NoSubject(GigamatteError, code="no-subject", exit_code=6):
    """The network found nothing to keep in this photo."""


class WriteError(GigamatteError, code="write"):
    """The result could not be written. Nothing half-written is left."""


class DiskFailed(WriteError, code="disk"):
    """The disk is read-only or broken, so that no other result could be written to it either."""


class DiskFull(DiskFailed, code="disk-full"):
    """There is no room left on the disk, or none that this user may take."""


class ScratchFull(WriteError, code="scratch"):
    """The folder for scratch files has no room for the pixels of a large photo, or cannot be written."""


class ResultExists(WriteError, code="exists"):
    """Something lies at the target that this batch has not put there."""


class ResultEdited(WriteError, code="kept"):
    """The file at the target is a result of this photo that somebody has changed since."""


class WorkerDied(GigamatteError, code="worker"):
    """The child process crashed, hung, or outgrew its memory on this photo."""


class TookTooLong(WorkerDied, code="timeout"):
    """The photo was not finished in the time that one photo is given, and was stopped."""


class WorkerNotStarted(WorkerDied, code="worker-start"):
    """The child process ended before it could be given a photo, several times in a row."""


class Cancelled(GigamatteError, code="cancelled", exit_code=130):
    """The caller asked to stop."""


def every_kind() -> dict[str, type[GigamatteError]]:
    """All classes of the tree by name: what may come back over a wire."""
    found, waiting = dict[str, type[GigamatteError]](), [GigamatteError]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = kind
        waiting += kind.__subclasses__()
    return found
