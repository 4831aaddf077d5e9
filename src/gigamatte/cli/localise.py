"""The commands' help in the person's language, with the words that the command line library adds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from gigamatte.messages.translate import Language, language, translate_help

#: a run of letters and signs that stays whole, spaces, or one letter of a script that is broken anywhere
_PIECE = re.compile(r"\s+|[!-~\u00a0-\u2e7f]+|.", re.DOTALL)
#: what may not begin a line
_CLOSING = "，。、；：）】》”！？"


def localised(command: Any, lang: Language | None = None) -> Any:
    """The click command, its options and its subcommands with their help translated in place to ``lang``."""
    lang = lang or language()
    below = getattr(command, "commands", {})
    if hasattr(below, "lang"):  # its commands are imported later, and translated then
        below.lang, below = lang, {}
    if lang == "en":
        return command
    for holder in (command, *command.params):
        if getattr(holder, "help", None):
            holder.help = translate_help(holder.help, lang)
    command.context_class = _context_class(command.context_class)
    for child in below.values():
        localised(child, lang)
    return command


def _context_class(base: Any) -> Any:
    """The library's context with a formatter that speaks Chinese."""
    formatter = type("Formatter", (_Chinese, base.formatter_class), {})
    return type("Context", (base,), {"formatter_class": formatter})


class _Chinese:
    """Replaces what the library's formatter writes by itself, and counts Chinese letters as two columns wide."""

    width: int
    current_indent: int

    def write(self, string: str) -> None:
        """Write a text; the library's formatter has this method."""
        super().write(string)  # type: ignore[misc]

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:  # noqa: ARG002
        """Write the usage line."""
        super().write_usage(prog, _said(args), "用法：")  # type: ignore[misc]

    def write_heading(self, heading: str) -> None:
        """Above a list."""
        self.write(f"{'':>{self.current_indent}}{translate_help(heading, 'zh')}：\n")

    def write_text(self, text: str) -> None:
        """Paragraphs; one that begins with \\b keeps its lines."""
        for number, part in enumerate(re.split(r"\n\s*\n", text.strip("\n"))):
            lines = part.split("\n")
            if lines[0].strip() == "\b":
                shown = [line.strip() for line in lines[1:]]
            else:
                shown = wrapped(" ".join(line.strip() for line in lines), self.width - self.current_indent)
            self.write("\n" if number else "")
            self.write("".join(f"{'':>{self.current_indent}}{line}\n" for line in shown))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options, arguments or commands."""
        named = [(_said(first), _said_beside(second)) for first, second in rows]
        column = min(max(columns(first) for first, _ in named), col_max) + col_spacing
        start = self.current_indent + column
        for first, second in named:
            lines = wrapped(second, max(self.width - start - 2, 10)) or [""]
            room = column - columns(first)
            gap = " " * room if room >= col_spacing else "\n" + " " * start
            self.write(f"{'':>{self.current_indent}}{first}{gap}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{'':>{start}}{line}\n" for line in lines[1:]))


#: words for kinds of values; a metavar of our own is none of them
_WORDS = {
    "[OPTIONS]": "[选项]",
    "COMMAND": "命令",
    "[ARGS]...": "[参数]...",
    "INTEGER": "整数",
    "INTEGER RANGE": "整数",
    "int": "整数",
    "FLOAT": "数字",
    "FLOAT RANGE": "数字",
    "float": "数字",
    "TEXT": "文字",
    "str": "文字",
    "PATH": "路径",
    "Path": "路径",
    "BOOLEAN": "是否",
}
_WORD = re.compile(
    r"(?<![\w\[-])(?:" + "|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True)) + r")(?!\w)"
)


def _said(text: str) -> str:
    """A usage line or the name of an option, with the library's own words translated."""
    text = text.replace("[OPTIONS]", "[选项]").replace("[ARGS]...", "[参数]...").replace("<path>", "<路径>")
    return _WORD.sub(lambda match: _WORDS[match[0]], text)


def _said_beside(text: str) -> str:
    """Help beside an option, with what the library adds to it: its default, its range, that it must be given."""
    return re.sub(r"\[([^\[\]]*)\]$", lambda match: f"[{_extra(match[1])}]", translate_help(text, "zh"))


def _extra(text: str) -> str:
    parts = [re.sub(r"^default: ", "默认：", part) for part in text.split("; ")]
    parts = [re.sub(r"^env var: ", "环境变量：", part) for part in parts]
    return "；".join("必填" if part == "required" else "动态" if part == "(dynamic)" else part for part in parts)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns; Latin words stay whole, Chinese is broken anywhere but before a full stop."""
    lines, line = [], ""
    for piece in _PIECE.findall(" ".join(text.split())):
        if line and piece not in _CLOSING and columns(line) + columns(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        if line or not piece.isspace():
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def columns(text: str) -> int:
    """The number of terminal columns that the text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
