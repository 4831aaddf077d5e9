"""Runs the ```console blocks of a page: lines that begin with "$ " are commands, the lines below them their output.

In the expected output, … stands for anything: at the end of a line for its rest, alone on a line for any lines.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    words: list[str]
    expected: str


def commands(page: Path) -> list[Command]:
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = part.partition("\n")
            found.append(Command(shlex.split(line), expected))
    return found


def matches(expected: str, found: str) -> bool:
    """Whether ``found`` is what the page promises; runs of spaces count as one."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == "…" else re.escape(line).replace("…", r"[^\n]*") + "\n" for line in _lines(expected)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(found))) is not None


def _lines(text: str) -> list[str]:
    return [re.sub(r"[ \t]+", " ", line).strip() for line in text.strip().splitlines()]
