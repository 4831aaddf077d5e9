"""Writes docs/cli.md, docs/zh/cli.md and packaging/gigamatte.1, the reference of the command line, from the commands.

usage: python docs/make_cli.py          (a test fails when a file is not what this would write)
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import typer.main

from gigamatte.cli.app import app
from gigamatte.cli.localise import localised
from gigamatte.cli.sections import in_sections
from gigamatte.messages.translate import Language, translate_help

HEAD = """# The command line

Written by `docs/make_cli.py` from the commands themselves; `gigamatte COMMAND --help` says the same.

Exit codes: 0 done · 1 failed (disk full, cannot write) · 2 usage · 3 photo missing, unreadable or of a kind that is not
read · 4 more pixels or memory than allowed · 5 network missing or refused · 6 no subject found · 130 interrupted. Every
failure is one line and a hint on stderr; nothing half-written is left. `GIGAMATTE_LANG=zh` speaks Chinese.
"""


HEAD_ZH = """# 命令行

由 `docs/make_cli.py` 从命令本身生成；`gigamatte COMMAND --help` 内容相同。

退出码：0 完成 · 1 失败（磁盘已满、无法写入）· 2 用法错误 · 3 照片缺失、无法读取或格式不支持 ·
4 像素或内存超过上限 · 5 缺少网络或被拒绝 · 6 没有找到主体 · 130 被中断。
每个失败都是标准错误上的一行说明和一条建议；不会留下写了一半的文件。`GIGAMATTE_LANG=en` 改用英语。
"""


def page(lang: Language = "en") -> str:
    """The whole page, Markdown."""
    root: Any = localised(typer.main.get_command(app), lang)
    head = HEAD_ZH if lang == "zh" else HEAD
    return head + "".join(
        section(f"gigamatte {name}", command, lang) for name, command in sorted(root.commands.items())
    )


def section(title: str, command: Any, lang: Language = "en") -> str:
    """One command, and the commands below it."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    first, _, rest = text.partition("\n\n")
    parts = [f"\n## {title}\n\n{' '.join(first.split())}\n"]
    if rest:
        parts.append(f"\n```text\n{rest.rstrip()}\n```\n")
    shown = [parameter for parameter in command.params if parameter.name != "help"]
    sections = in_sections(command.name, shown)
    arguments = [row(one) for one in shown if one.param_type_name == "argument"]
    if len(sections) < 2:
        parts.append(table(arguments + [row(one) for listed in sections.values() for one in listed]))
    else:
        parts.append(table(arguments))
        parts += [
            f"\n**{translate_help(heading, lang)}**\n{table([row(one) for one in listed])}"
            for heading, listed in sections.items()
        ]
    below = sorted(getattr(command, "commands", {}).items())
    return "".join(parts) + "".join(section(f"{title} {name}", child, lang) for name, child in below)


def table(rows: list[str]) -> str:
    """Rows, without a head."""
    return "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""


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
    (Path(__file__).parent / "zh" / "cli.md").write_text(page("zh"), encoding="utf-8")
    import make_man

    make_man.PLACE.write_text(make_man.page(), encoding="utf-8")
