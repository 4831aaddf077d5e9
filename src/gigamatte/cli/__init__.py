"""The command line, a file per command: arguments become Options, a Remover works, a Receipt is printed."""

from typing import NoReturn


def main() -> None:
    """Entry point of the ``gigamatte`` command."""
    import signal
    import sys

    if sys.argv[1:2] == ["batch"]:  # machines are taken away while it is still loading, too
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from gigamatte.cli.app import run

        code = run()
    except KeyboardInterrupt:  # before ``run`` was there to say so
        from gigamatte.messages import translate

        print(f"gigamatte: {translate('interrupted')}", file=sys.stderr)
        code = 130
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process, at once where nothing else is at work: the system takes memory back faster than we give it."""
    import atexit
    import os
    import sys
    import threading

    if code == 0 and threading.active_count() == 1:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):  # told in the ordinary way
            raise SystemExit(code) from None
        atexit._run_exitfuncs()  # scratch files and logs
        os._exit(code)
    raise SystemExit(code)
