"""The main command: the table of commands; turns every failure into one line, a hint and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from gigamatte import __version__
from gigamatte.cli.later import COMPLETE, SETTINGS, Later, LaterGroup
from gigamatte.cli.localise import localised
from gigamatte.cli.streams import hang_up
from gigamatte.errors import GigamatteError
from gigamatte.flaws import flaw_of
from gigamatte.messages.translate import translate
from gigamatte.option_names import as_typed

#: in the order in which --help shows them; a test compares the sentences with the commands' own
COMMANDS = {
    "cut": Later("gigamatte.cli.cut", "cut", "Cut the background out of PHOTO, at the photo's own resolution."),
    "batch": Later(
        "gigamatte.cli.batch",
        "batch",
        "Cut all photos of IN into OUT. Run the same command again to go on, or to do what has changed.",
    ),
    "batch status": Later(
        "gigamatte.cli.batches", "status", "Tell how far the batches on OUT are, how fast, and what failed."
    ),
    "batch merge": Later("gigamatte.cli.batches", "merge", "Make one manifest of those of many shards or machines."),
    "batch export": Later("gigamatte.cli.batches", "export", "Write the photos of OUT as JSON lines, CSV or Parquet."),
    "review": Later(
        "gigamatte.cli.review",
        "review",
        "Judge a batch's results on a local page: the most doubtful first, marked with a key.",
    ),
    "presets": Later(
        "gigamatte.cli.presets",
        "presets",
        "List what shops ask of a picture, explain one, or check finished pictures.",
        asks=False,
    ),
    "inspect": Later(
        "gigamatte.cli.inspect",
        "inspect",
        "Tell a photo's size, how far a 1024-pixel network shrinks it, what is lost, and what is suggested.",
    ),
    "prepare": Later(
        "gigamatte.cli.prepare",
        "prepare",
        "Shrink photos for tools whose network sees 1024 pixels, as lossless PNG. `cut` does not need this.",
    ),
    "smooth": Later(
        "gigamatte.cli.smooth",
        "smooth",
        "Harden the edge of a cutout, equal to ImageMagick's "
        "`-alpha on -channel A -blur 0x0.8 -level 10%,90% +channel`.",
    ),
    "preview": Later(
        "gigamatte.cli.preview",
        "preview",
        "Write one HTML page that shows a cutout on any background, its opacity, and before and after, up to 8:1.",
    ),
    "compare": Later(
        "gigamatte.cli.compare",
        "compare",
        "Cut a photo directly, prepared, prepared and smoothed, and at full resolution; measure and show all four.",
    ),
    "evaluate": Later(
        "gigamatte.cli.evaluate",
        "evaluate",
        "Score cutouts against exact alphas, as ratios to enlarging the same mask (1 = no better).",
    ),
    "doctor": Later(
        "gigamatte.cli.doctor",
        "doctor",
        "Say what is installed, which device and precision are used, and why a GPU is not.",
        asks=False,
    ),
    "serve": Later(
        "gigamatte.cli.serve",
        "serve",
        "Serve POST /remove_background on port 8000, and the web page there and on 7860.",
        asks=False,
    ),
    "mcp": Later(
        "gigamatte.cli.mcp",
        "mcp",
        "Serve cut, inspect, compare and batch status to an assistant (Model Context Protocol, over stdio).",
    ),
    "completion": Later(
        "gigamatte.cli.completion",
        "completion",
        "Print what makes a shell complete gigamatte's commands and options.",
    ),
    "models": Later("gigamatte.cli.models", "models_app", "Networks: list, get, path, verify, remove, build."),
}


class Commands(LaterGroup):
    """The commands of gigamatte."""

    table = COMMANDS

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Some commands have two words: ``batch status``."""
        two = " ".join(args[:2])
        if two in self.table and len(args) > 1:
            return two, self.get_command(ctx, two), args[2:]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="gigamatte",
    cls=Commands,
    help="Cut the background out of photos of any size, at the photo's own resolution.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gigamatte {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Cut the background out of photos of any size, at the photo's own resolution."""


#: Newer typer carries its own copy of click, older typer imports it: its base error is found by descent.
_Refused = typer.BadParameter.__mro__[2]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Every failure is one line and a hint, never a traceback."""
    with as_typed():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        if COMPLETE in os.environ:
            from typer.completion import completion_init  # type: ignore[attr-defined]

            completion_init()
        command = localised(get_command(app))
        code = command(args=arguments, standalone_mode=False, prog_name="gigamatte")
        return code if isinstance(code, int) else 0
    except GigamatteError as error:
        return fail(error.message, error.hint, error.exit_code)
    except typer.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return fail("interrupted", "nothing half-written is left", 130)
    except BrokenPipeError:
        # the program that read our output has ended: no failure of ours, but nothing more can be printed
        hang_up()
        return 1
    except MemoryError:
        return fail("out of memory", "use a smaller photo, fewer --threads, or a machine with more memory", 1)
    except Exception as error:
        if isinstance(error, _Refused):
            return _refused(error)
        if os.environ.get("GIGAMATTE_DEBUG"):
            raise
        if isinstance(error, OSError):  # a disk, a folder that is gone, a limit of the system
            return _refused_by_system(error)
        kind = type(error).__name__
        return fail(f"unexpected {kind}: {error}", "this is a bug: set GIGAMATTE_DEBUG=1 to see where it happened", 1)


_NOT_WRITTEN = {errno.ENOSPC, errno.EIO, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def _refused_by_system(error: OSError) -> int:
    why = error.strerror or str(error)
    if error.filename is None and error.errno in _NOT_WRITTEN:  # results are written under names
        hang_up()
        return fail(f"standard output cannot be written: {why}", "", 1)
    if error.filename is None:
        return fail(why, "", 1)
    if error.errno == errno.ENAMETOOLONG:
        return fail(f"{os.fsdecode(error.filename)}: {why}", "use a shorter name", 2)
    return fail(f"{os.fsdecode(error.filename)}: {why}", "", 1)


def _refused(error: Exception) -> int:
    """An option or argument that the command line library did not understand."""
    context, message = getattr(error, "ctx", None), getattr(error, "format_message", error.__str__)()
    if type(error).__name__ == "NoArgsIsHelpError":  # no arguments at all: its message is the whole help
        print(message, file=sys.stderr)
        return 2
    message = _of_value(error) or message
    return fail(message, f"see {context.command_path if context else 'gigamatte'} --help", 2)


def _of_value(error: Exception) -> str | None:
    """What an option expects, and what was found: newer typer lets pydantic check, whose words lack the latter."""
    flaws, parameter = getattr(error.__cause__, "errors", None), getattr(error, "param", None)
    return None if flaws is None or parameter is None else flaw_of(max(parameter.opts, key=len), flaws()[0])


def fail(message: str, hint: str, code: int) -> int:
    """Print one line and a hint on stderr; returns the exit code."""
    line = translate(" ".join(message.split()))
    print(f"gigamatte: {line}", file=sys.stderr)
    if hint:
        print(f"  {translate(hint)}", file=sys.stderr)
    return code
