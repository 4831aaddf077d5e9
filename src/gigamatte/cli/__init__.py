"""The command line, a file for each command: makes Options of arguments, calls a Remover, prints the Receipt."""

from typing import NoReturn


def main() -> None:
    """Entry point of the ``gigamatte`` command."""
    import signal
    import sys

    from gigamatte.cli.streams import make_usable

    if sys.argv[1:2] == ["batch"]:  # a signal to stop may come while modules are still being loaded
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    make_usable()
    try:
        from gigamatte.cli.app import run

        code = run()
    except KeyboardInterrupt:  # before ``run`` was imported, which reports errors
        from gigamatte.messages import translate

        print(f"gigamatte: {translate('interrupted')}", file=sys.stderr)
        code = 130
    _leave(_flushed(code))


def _flushed(code: int) -> int:
    """The exit code once everything that was printed has arrived."""
    import contextlib
    import sys

    from gigamatte.cli.streams import hang_up

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        hang_up()
        code = code or 1
    except OSError as error:
        hang_up()
        from gigamatte.cli.app import fail

        code = fail(f"standard output cannot be written: {error.strerror or error}", "", code or 1)
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    return code


def _leave(code: int) -> NoReturn:
    """End the process at once where nothing else runs: the system frees its memory faster than Python would."""
    import atexit
    import os
    import threading

    if code == 0 and threading.active_count() == 1:
        atexit._run_exitfuncs()  # scratch files and logs
        os._exit(code)
    raise SystemExit(code)
