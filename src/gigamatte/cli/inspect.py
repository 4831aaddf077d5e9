"""``gigamatte inspect``: what a photo loses in a 1024-pixel tool."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigamatte.cli.streams import json_text
from gigamatte.messages import translate

if TYPE_CHECKING:
    from gigamatte.workflow.inspect import Inspection


def inspect(
    photo: Annotated[Path, typer.Argument(help="a photo of any kind that cut reads", metavar="PHOTO")],
    network: Annotated[int, typer.Option(help="pixels that the other tool's network sees, a side")] = 1024,
    as_json: Annotated[bool, typer.Option("--json", help="plain data instead of lines")] = False,
) -> None:
    """Tell a photo's size, how far a 1024-pixel network shrinks it, what is lost, and what is suggested."""
    from gigamatte.workflow.inspect import inspect_photo

    found = inspect_photo(photo, network=network)
    if as_json:
        print(json_text(found.as_dict(), indent=1))
        return
    for label, text in _lines(found):
        print(f"{translate(label)}: {text}")
    for warning in found.warnings:
        print(translate(warning), file=sys.stderr)


def _scaled(factor: float) -> tuple[str, float]:
    """Which way a side changes that has ``factor`` pixels for each of the network's, and how many times."""
    return ("shrunk", factor) if factor >= 1 else ("enlarged", 1 / factor)


def _lines(found: Inspection) -> list[tuple[str, str]]:
    kind = f"{found.format.upper()}, {found.width}×{found.height} = {found.megapixels:.1f} MP, {found.bits} bit"
    side = found.network
    seen = f"a network of {side}×{side} sees it shrunk {found.across:.2f}× across and {found.down:.2f}× down"
    if min(found.across, found.down) < 1:
        (way, times), (way_down, times_down) = _scaled(found.width / side), _scaled(found.height / side)
        seen = f"a network of {side}×{side} sees it {way} {times:.2f}× across, {way_down} {times_down:.2f}× down"
    lost = f"detail finer than {found.finest:.1f} pixels: {found.detail_lost:.0%} of the photo's detail"
    if found.prepared is None:
        advice = found.reason
    else:
        advice = f"--strategy {found.strategy} → {found.prepared[0]}×{found.prepared[1]} ({translate(found.reason)})"
    size = f"{found.width}×{found.height}"
    paths = [name + f" ({translate('clipping path')})" * (name == found.clipping_path) for name in found.paths]
    return [
        ("Photo", f"{found.name}, {kind}"),
        ("Network", translate(seen)),
        ("Lost", translate(lost)),
        ("For other tools, prepare", translate(advice)),
        ("With gigamatte cut", translate(f"nothing to prepare: the alpha is resolved at {size}")),
        *([("Paths, for --mask path:NAME", ", ".join(paths))] if paths else []),
    ]
