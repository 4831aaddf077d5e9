"""``gigamatte completion``: prints the script with which a shell completes commands and options."""

from __future__ import annotations

from typing import Annotated

import typer

from gigamatte.cli.later import COMPLETE
from gigamatte.errors import UsageError

SHELLS = ("bash", "zsh", "fish", "powershell")

Shell = Annotated[str, typer.Argument(metavar="|".join(SHELLS), help="The shell that will read it.")]


def completion(shell: Shell) -> None:
    """Print what makes a shell complete gigamatte's commands and options.

    \b
    gigamatte completion bash > ~/.local/share/bash-completion/completions/gigamatte
    gigamatte completion zsh > ~/.zfunc/_gigamatte           (a folder of fpath)
    gigamatte completion fish > ~/.config/fish/completions/gigamatte.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    if shell not in SHELLS:
        raise UsageError(f"completion is known for {', '.join(SHELLS)}; found {shell!r}")
    print(get_completion_script(prog_name="gigamatte", complete_var=COMPLETE, shell=shell))
