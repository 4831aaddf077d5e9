"""``python -m gigamatte`` is the ``gigamatte`` command."""

from gigamatte.cli import main

main()
