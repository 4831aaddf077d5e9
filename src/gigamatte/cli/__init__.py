"""The command line, a file per command: arguments become Options, a Remover works, a Receipt is printed."""


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
    raise SystemExit(code)
