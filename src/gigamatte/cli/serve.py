"""``gigamatte serve``: the HTTP service and the web page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gigamatte.errors import UsageError
from gigamatte.messages.translate import translate

Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 = everywhere.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the service.")]
UiPort = Annotated[int, typer.Option("--ui-port", min=1, max=65535, help="Second port, for the web page.")]
NoUi = Annotated[bool, typer.Option("--no-ui", help="Do not listen on the second port.")]
Model = Annotated[str | None, typer.Option(metavar="NAME", help="Network: auto, locator, a name, or FILE.onnx. [auto]")]
Device = Annotated[str | None, typer.Option(metavar="auto|cpu|cuda|…", help="Where the network runs. [auto]")]
Keys = Annotated[Path | None, typer.Option(metavar="FILE", help="Only for holders of a key in FILE (NAME:SHA256).")]
NewKey = Annotated[str | None, typer.Option("--new-key", metavar="NAME", help="Print a new API key and its line.")]
AllowHost = Annotated[
    list[str] | None, typer.Option("--allow-host", metavar="NAME", help="Also answer to this Host name; * = any.")
]
FetchUrls = Annotated[
    list[str] | None,
    typer.Option("--fetch-urls", metavar="HOST", help="Fetch image_url of /v1.0/removebg from this host; repeatable."),
]
SpoolFolder = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where jobs and results are kept.")]
PlainLogs = Annotated[bool, typer.Option("--plain-logs", help="Logs as text instead of JSON lines.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    ui_port: UiPort = 7860,
    no_ui: NoUi = False,
    model: Model = None,
    device: Device = None,
    keys: Keys = None,
    allow_host: AllowHost = None,
    fetch_urls: FetchUrls = None,
    spool: SpoolFolder = None,
    new_key: NewKey = None,
    plain_logs: PlainLogs = False,
) -> None:
    """Serve POST /remove_background on port 8000, and the web page there and on 7860.

    \b
    gigamatte serve
    curl -F image=@photo.jpg http://127.0.0.1:8000/remove_background -o cutout.png

    Every other setting is an environment variable, GIGAMATTE_…: see docs/service.md.
    """
    try:
        from gigamatte.service.keys import digest
        from gigamatte.service.keys import new_key as fresh
        from gigamatte.service.server import serve as run
        from gigamatte.service.settings import Settings
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the service needs {error.name}, which is not installed", "pip install 'gigamatte[serve]'"
        ) from error
    if new_key is not None:
        key = fresh()
        print(key)
        print(translate("keep it: it is shown once. Add this line to the file of --keys:"), file=sys.stderr)
        print(f"{new_key}:{digest(key)}", file=sys.stderr)
        return
    given: dict[str, Any] = {
        "fetch_urls": fetch_urls or None,
        "model": model,
        "device": device,
        "keys_file": keys,
        "spool": spool,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    settings = _settings(Settings, changes, host, allow_host or [], plain_logs)
    addresses = [(host, port)]
    if not no_ui and ui_port != port:
        addresses.append((host, ui_port))

    def started() -> None:
        shown = f"[{host}]" if ":" in host else host
        for _, number in addresses:
            print(f"gigamatte: http://{shown}:{number}/", file=sys.stderr)
        if host not in ("127.0.0.1", "::1", "localhost") and settings.keys_file is None:
            line = "warning: everybody who reaches this address may use the service; see --keys"
            print(f"gigamatte: {translate(line)}", file=sys.stderr)

    run(settings, addresses, started=started)


def _settings(kind: Any, changes: dict[str, Any], host: str, more_hosts: list[str], plain_logs: bool) -> Any:
    """Settings from the environment, with what the command line says instead. Raises UsageError."""
    from pydantic import ValidationError

    if plain_logs:
        changes["log_json"] = False
    try:
        settings = kind(**changes)
        own = [f"[{host}]" if ":" in host else host]
        hosts = [*settings.hosts, *(name for name in (*own, *more_hosts) if name not in settings.hosts)]
        return settings.model_copy(update={"hosts": hosts})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        said = first["msg"].removeprefix("Value error, ")
        said = said if "found" in said else f"{said}; found {first['input']!r}"
        raise UsageError(f"the setting {name} (GIGAMATTE_{name.upper()}): {said}") from error
    except ValueError as error:  # a list that is no JSON
        raise UsageError(f"a GIGAMATTE_ variable cannot be read: {error}") from error
