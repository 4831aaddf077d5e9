"""``gigamatte mcp``: tools for assistants, over standard input and output."""

from __future__ import annotations

from typing import Annotated

import typer

from gigamatte.errors import UsageError

Folder = Annotated[list[str], typer.Argument(metavar="FOLDER", help="Folders whose files the assistant may use.")]
Model = Annotated[str, typer.Option(metavar="NAME", help="Network: auto, locator, a name, or FILE.onnx.")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|…", help="Where the network runs.")]


def mcp(folder: Folder, model: Model = "auto", device: Device = "auto") -> None:
    """Serve cut, inspect, compare and batch status to an assistant (Model Context Protocol, over stdio).

    \b
    gigamatte mcp ~/Pictures

    Only files below the folders are read and written, wherever links lead. Nothing is sent anywhere else.
    """
    try:
        from gigamatte.assistant.folders import Folders
        from gigamatte.assistant.server import serve
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the assistant's door needs {error.name}, which is not installed", "pip install 'gigamatte[mcp]'"
        ) from error
    serve(Folders(folder), model=model, device=device)
