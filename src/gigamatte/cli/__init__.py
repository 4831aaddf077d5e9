"""The command line, a file per command: arguments become Options, a Remover works, a Receipt is printed."""


def main() -> None:
    """Entry point of the ``gigamatte`` command."""
    from gigamatte.cli.app import run

    raise SystemExit(run())
