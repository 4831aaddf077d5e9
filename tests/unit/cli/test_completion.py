"""What a shell completes, and the script that makes it ask."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gigamatte.cli.app import run


@pytest.mark.parametrize(
    ("typed", "offered"), [("cu", {"cut"}), ("cut --hole", {"--hole-fill"}), ("models ve", {"verify"})]
)
def test_bash_is_offered_commands_and_options(typed: str, offered: set[str]) -> None:
    asked = {"_GIGAMATTE_COMPLETE": "complete_bash", "COMP_WORDS": f"gigamatte {typed}"}
    done = subprocess.run(
        [sys.executable, "-m", "gigamatte"],
        env={**os.environ, **asked, "COMP_CWORD": str(len(typed.split()))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(done.stdout.split()) == offered, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_script_asks_gigamatte(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_GIGAMATTE_COMPLETE" in capsys.readouterr().out


def test_other_shells_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "bash, zsh, fish, powershell" in capsys.readouterr().err
