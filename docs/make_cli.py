"""Writes docs/cli.md, the reference of the command line, from the commands themselves.

usage: python docs/make_cli.py          (a test fails when the file is not what this would write)
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import typer.main

from gigamatte.cli.app import app

HEAD = """# The command line

Written by `docs/make_cli.py` from the commands themselves; `gigamatte COMMAND --help` says the same.

Exit codes: 0 done · 1 failed (disk full, cannot write) · 2 usage · 3 photo missing, unreadable or of a kind that is not
read · 4 more pixels or memory than allowed · 5 network missing or refused · 6 no subject found · 130 interrupted. Every
failure is one line and a hint on stderr; nothing half-written is left. `GIGAMATTE_LANG=zh` speaks Chinese.
"""


def page() -> str:
    """The whole page, Markdown."""
    root: Any = typer.main.get_command(app)
    return HEAD + "".join(section(f"gigamatte {name}", command) for name, command in sorted(root.commands.items()))


def section(title: str, command: Any) -> str:
    """One command, and the commands below it."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    first, _, rest = text.partition("\n\n")
    parts = [f"\n## {title}\n\n{' '.join(first.split())}\n"]
    if rest:
        parts.append(f"\n```text\n{rest.rstrip()}\n```\n")
    rows = [row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        parts.append("\n| | |\n|---|---|\n" + "\n".join(rows) + "\n")
    below = sorted(getattr(command, "commands", {}).items())
    return "".join(parts) + "".join(section(f"{title} {name}", child) for name, child in below)


def row(parameter: Any) -> str:
    """One option or argument: what it is called, what it does."""
    value = parameter.metavar or ""
    if parameter.param_type_name == "argument":
        called = value or parameter.name.upper()
    else:
        called = ", ".join(parameter.opts) + (f" {value}" if value and not parameter.is_flag else "")
    default = parameter.default
    shown = "" if default in (None, False, "", 0) or callable(default) or "[" in (parameter.help or "") else default
    said = " ".join((parameter.help or "").split()).replace("|", "\\|")
    called = called.replace("|", "\\|")
    return f"| `{called}` | {said}{f' Default: {shown}.' if shown else ''} |"


if __name__ == "__main__":
    (Path(__file__).parent / "cli.md").write_text(page(), encoding="utf-8")
