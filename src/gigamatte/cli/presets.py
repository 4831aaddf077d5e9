"""``gigamatte presets``: what shops ask for, and whether a finished picture fulfils it."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigamatte.cli.streams import json_text
from gigamatte.errors import GigamatteError, UsageError
from gigamatte.messages.translate import language, translate

if TYPE_CHECKING:
    from gigamatte.presets import Preset


def presets(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A preset to explain, or to check for.")] = None,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="PICTURE", help="Say what keeps a finished picture from fitting. Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Plain data instead of lines.")] = False,
) -> None:
    """List what shops ask of a picture, explain one, or check finished pictures.

    \b
    gigamatte presets                              all of them
    gigamatte presets amazon                       what it fills in, and where that is from
    gigamatte cut shoe.jpg --preset amazon -o shoe.shop.jpg
    gigamatte presets amazon --check shoe.shop.jpg

    Your own: [[preset]] tables in a .toml file in the folder of your cards, which `gigamatte doctor` names.

    Exit codes: 0 all fit, 1 some do not, 2 usage, 3 not a picture.
    """
    from gigamatte.presets import find_preset
    from gigamatte.presets import presets as known

    if name is None:
        if check:
            raise UsageError("--check needs the name of a preset", "gigamatte presets lists them")
        everything = known()
        if as_json:
            print(json_text([_plain(preset) for preset in everything.values()], indent=1))
            return
        wide = max(map(len, everything))
        for preset in everything.values():
            print(f"{preset.name:{wide}}  {_about(preset)}")
        return
    preset = find_preset(name)
    if check:
        _check(preset, check, as_json=as_json)
    elif as_json:
        print(json_text(_plain(preset), indent=1))
    else:
        for line in _explained(preset):
            print(line)


def _about(preset: Preset) -> str:
    return preset.about_zh if language() == "zh" and preset.about_zh else preset.about


def _plain(preset: Preset) -> dict[str, object]:
    return {field: value for field, value in dataclasses.asdict(preset).items() if value not in (None, "", ())}


def _explained(preset: Preset) -> list[str]:
    filled = " ".join(
        f"--{field.replace('_', '-')}" + ("" if value is True else f" {shlex.quote(str(value))}")
        for field, value in preset.options().items()
    )
    lines = [
        (translate("Preset"), f"{preset.name}: {_about(preset)}"),
        (translate("Options"), filled),
        (translate("Checked"), "; ".join(_checked(preset))),
        (translate("Source"), f"{translate(preset.source)} ({preset.date})"),
        (translate("Note"), translate(preset.note)),
    ]
    colon = "：" if language() == "zh" else ": "
    return [f"{label}{colon}{text}" for label, text in lines if text]


def _checked(preset: Preset) -> Iterator[str]:
    """What `--check` looks at, in the words in which it gives its reasons."""
    from gigamatte.framing import canvas_of

    sized = preset.least is not None or preset.most is not None
    canvas = None if preset.canvas is None else canvas_of(preset.canvas, preset.aspect)
    for what, values in (
        ("format", [", ".join(preset.formats)]),
        ("size", [] if sized or canvas is None else [str(canvas.size)]),
        ("longer side", [f"≥ {preset.least} px" if preset.least else "", f"≤ {preset.most} px" if preset.most else ""]),
        ("bytes", [f"≤ {preset.bytes or preset.max_bytes}" if preset.bytes or preset.max_bytes else ""]),
        ("ground", [preset.ground or ""]),
        ("fill", [f"≥ {preset.fill_least:g} %" if preset.fill_least else "",
                  f"≤ {preset.fill_most:g} %" if preset.fill_most else ""]),
        ("may touch the border", [", ".join(translate(edge) for edge in preset.touch)]),
    ):  # fmt: skip
        if any(values):
            yield f"{translate(what)} {', '.join(filter(None, values))}"


def _check(preset: Preset, pictures: list[str], *, as_json: bool) -> None:
    from gigamatte.cutout.check import check_picture

    results, unread = {}, {}
    for picture in pictures:
        try:
            results[picture] = check_picture(Path(picture), preset)
        except GigamatteError as error:
            unread[picture] = error
    if as_json:
        plain = {picture: [dataclasses.asdict(one) for one in found] for picture, found in results.items()}
        errors = {picture: error.message for picture, error in unread.items()}
        print(json_text({"preset": preset.name, "failures": plain} | ({"errors": errors} if errors else {}), indent=1))
    else:
        for picture, found in results.items():
            if not found:
                print(translate(f"{picture}: fits {preset.name}"))
            for one in found:
                print(f"{picture}: {translate(one.what)}: {translate(one.why)}")
    if unread:
        from gigamatte.cli.app import fail

        raise typer.Exit(max(fail(error.message, error.hint, error.exit_code) for error in unread.values()))
    if any(results.values()):
        raise typer.Exit(1)
