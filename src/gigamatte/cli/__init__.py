"""The command line: a file per command. Arguments become Options, a Remover works, a Receipt is printed; nothing else."""


def main() -> None:
    """Entry point of the ``gigamatte`` command."""
    from gigamatte.cli.app import run

    raise SystemExit(run())
