"""The manual page, packaging/gigamatte.1, from the commands themselves: written by make_cli.py."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import typer.main

from gigamatte.cli.app import app
from gigamatte.cli.localise import localised
from gigamatte.cli.sections import in_sections

PLACE = Path(__file__).resolve().parents[1] / "packaging" / "gigamatte.1"
HEAD = r""".TH GIGAMATTE 1 "" "gigamatte" "User Commands"
.SH NAME
gigamatte \- cut the background out of photos of any size
.SH SYNOPSIS
.B gigamatte
.I COMMAND
[\fIOPTIONS\fR] \&...
.SH DESCRIPTION
Cuts the background out of photos at the photo's own resolution. Every failure is one line and a hint on standard
error; nothing half-written is left. Nothing is sent anywhere.
"""
TAIL = r""".SH EXIT STATUS
0 done, 1 failed, 2 usage, 3 photo missing, unreadable or of a kind that is not read, 4 more pixels or memory than
allowed, 5 network missing or refused, 6 no subject found, 130 interrupted.
.SH ENVIRONMENT
.TP
.B GIGAMATTE_LANG
en or zh: the language of help and messages.
.TP
.B GIGAMATTE_CACHE
Where built graphs and compiled networks are kept.
.TP
.B TMPDIR
Where pixels go that do not fit into memory.
"""


def page() -> str:
    """The whole page, as troff."""
    root: Any = localised(typer.main.get_command(app), "en")
    sections = "".join(section(f"gigamatte {name}", command) for name, command in sorted(root.commands.items()))
    return HEAD + sections + TAIL


def section(title: str, command: Any) -> str:
    """One command, and the commands below it."""
    first, _, rest = inspect.cleandoc(command.help or "").replace("\b\n", "").partition("\n\n")
    parts = [f".SH {plain(title).upper()}\n{plain(' '.join(first.split()))}\n"]
    if rest:
        lines = "\n".join(plain(line) for line in rest.rstrip().splitlines())
        parts.append(f".PP\n.nf\n{lines}\n.fi\n")
    shown = [one for one in command.params if one.name != "help"]
    parts += [entry(one) for one in shown if one.param_type_name == "argument"]
    sections = in_sections(command.name, shown)
    for heading, listed in sections.items():
        parts += [f".SS {plain(heading)}\n"] if len(sections) > 1 else []
        parts += [entry(one) for one in listed]
    below = sorted(getattr(command, "commands", {}).items())
    return "".join(parts) + "".join(section(f"{title} {name}", child) for name, child in below)


def entry(one: Any) -> str:
    """One option or argument."""
    return f".TP\n.B {plain(called(one))}\n{plain(' '.join((one.help or '').split()))}\n"


def called(one: Any) -> str:
    """How an option or argument is typed."""
    value = one.metavar or ""
    if one.param_type_name == "argument":
        return value or one.name.upper()
    return ", ".join(one.opts) + (f" {value}" if value and not one.is_flag else "")


def plain(text: str) -> str:
    """Text that troff prints as it stands."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
