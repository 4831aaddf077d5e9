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
    ├── NoSubject                 exit 6   the network found nothing to keep: an outcome, not a failure of ours
    ├── WriteError                exit 1   the result could not be written; what was there before is untouched
    │   └── ScratchFull           exit 1   … or there is no room for the pixels of a large photo meanwhile
    ├── WorkerDied                exit 1   the child process that did the work crashed, hung or outgrew its limits
    └── Cancelled                 exit 130 somebody asked us to stop

Each carries one line: what was wrong, what was expected, what was found; and a hint: what to do about it.
Errors of libraries are translated where they are met, with ``raise … from``.
"""


class GigamatteError(Exception):
    """Base of the tree. ``message`` is one line; ``hint`` says what to do and may be empty."""

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.hint = " ".join(hint.split())

    def __reduce__(self) -> tuple[type["GigamatteError"], tuple[str, str]]:
        # errors cross the pipe of the worker process
        return type(self), (self.message, self.hint)


class UsageError(GigamatteError):
    """An option or its value does not fit."""

    exit_code = 2
    code = "usage"


class InputError(GigamatteError):
    """A photo or mask cannot be used."""

    exit_code = 3
    code = "input"


class MissingInput(InputError):
    """There is no such file, or it may not be read."""

    code = "input-missing"


class UnsupportedInput(InputError):
    """The bytes are not a picture of a kind that is read here, or are broken."""

    code = "input-unsupported"


class BudgetExceeded(GigamatteError):
    """More pixels or memory than allowed; found from the header, before anything was decoded."""

    exit_code = 4
    code = "budget"


class NetworkUnavailable(GigamatteError):
    """The network that was asked for is not installed."""

    exit_code = 5
    code = "network-missing"


class WeightsRefused(NetworkUnavailable):
    """A weights file is not what its card says, or is not safe to read."""

    code = "weights-refused"


class DownloadFailed(NetworkUnavailable):
    """Weights could not be fetched."""

    code = "download"


class DeviceUnavailable(NetworkUnavailable):
    """The device that was required is not there."""

    code = "device"


class NoSubject(GigamatteError):
    """The network found nothing to keep in this photo."""

    exit_code = 6
    code = "no-subject"


class WriteError(GigamatteError):
    """The result could not be written. Nothing half-written is left."""

    code = "write"


class ScratchFull(WriteError):
    """The folder for scratch files has no room for the pixels of a large photo, or cannot be written."""

    code = "scratch"


class WorkerDied(GigamatteError):
    """The child process crashed, hung, or outgrew its memory on this photo."""

    code = "worker"


class Cancelled(GigamatteError):
    """The caller asked to stop."""

    exit_code = 130
    code = "cancelled"
