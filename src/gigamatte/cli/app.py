"""The main command: which commands there are, and how every failure becomes one line, a hint and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer
from typer.main import get_command

from gigamatte import __version__
from gigamatte.cli.batch import batch
from gigamatte.cli.compare import compare
from gigamatte.cli.cut import cut
from gigamatte.cli.doctor import doctor
from gigamatte.cli.evaluate import evaluate
from gigamatte.cli.inspect import inspect
from gigamatte.cli.localise import localised
from gigamatte.cli.models import models_app
from gigamatte.cli.prepare import prepare
from gigamatte.cli.preview import preview
from gigamatte.cli.serve import serve
from gigamatte.cli.smooth import smooth
from gigamatte.errors import GigamatteError
from gigamatte.messages.translate import translate

app = typer.Typer(
    name="gigamatte",
    help="Cut the background out of photos of any size, at the photo's own resolution.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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


for command in (cut, batch, inspect, prepare, smooth, preview, compare, evaluate):
    app.command(no_args_is_help=True)(command)
app.command()(doctor)
app.command()(serve)
app.add_typer(models_app, name="models")

#: Newer typer carries its own copy of click, older typer imports it: its base error is found by descent.
_Refused = typer.BadParameter.__mro__[2]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Every failure is one line and a hint, never a traceback."""
    from gigamatte import system
    from gigamatte.photo.read import harden

    system.share_heaps()
    harden()
    try:
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
        # whoever read our output has gone: not a failure of ours, but nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        return fail("out of memory", "use a smaller photo, fewer --threads, or a machine with more memory", 1)
    except Exception as error:
        if isinstance(error, _Refused):
            return _refused(error)
        if os.environ.get("GIGAMATTE_DEBUG"):
            raise
        kind = type(error).__name__
        return fail(f"unexpected {kind}: {error}", "this is a bug: set GIGAMATTE_DEBUG=1 to see where it happened", 1)


def _refused(error: Exception) -> int:
    """An option or argument that the command line library did not understand."""
    context, message = getattr(error, "ctx", None), getattr(error, "format_message", error.__str__)()
    if type(error).__name__ == "NoArgsIsHelpError":  # no arguments at all: its message is the whole help
        print(message, file=sys.stderr)
        return 2
    return fail(message, f"see {context.command_path if context else 'gigamatte'} --help", 2)


def fail(message: str, hint: str, code: int) -> int:
    """Print one line and a hint on stderr, and give the exit code back."""
    line = translate(" ".join(message.split()))
    print(f"gigamatte: {line}", file=sys.stderr)
    if hint:
        print(f"  {translate(hint)}", file=sys.stderr)
    return code
