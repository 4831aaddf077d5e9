"""Self-contained HTML pages: the viewer's script and style, and the pictures, in one file that opens from disk."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from gigamatte.messages import language, page_strings, translate
from gigamatte.viewer.tiles import Layer

#: the viewer's scripts, in the order in which they must run
SCRIPTS = ("layer.js", "controls.js", "viewer.js")


def asset(name: str) -> str:
    """The text of one of the package's scripts or styles."""
    return resources.files("gigamatte.viewer").joinpath(name).read_text(encoding="utf-8")


def viewer_scripts() -> list[str]:
    """The viewer's scripts in the order in which they must run."""
    return [asset(name) for name in SCRIPTS]


def viewer_page(title: str, layers: Sequence[Layer], *, split: float | None = None) -> str:
    """One HTML page with one viewer that fills it. ``split`` (0…1) starts with the before/after divider there."""
    body = (
        f'<header><h1>{html.escape(title)}</h1><span class="brand">gigamatte</span></header>\n'
        '<main><div id="viewer"></div></main>\n'
        f"{viewer_script('viewer', layers, split=split)}"
    )
    return document(title, body, styles=[asset("page.css"), asset("viewer.css")], scripts=viewer_scripts())


def viewer_script(host: str, layers: Sequence[Layer], *, split: float | None = None) -> str:
    """The markup that fills the element with id ``host`` with a viewer of ``layers``."""
    pixels = embedded([layer.as_dict() for layer in layers])
    options = {"split": split, "strings": page_strings()}
    return (
        f'<script type="application/json" id="{host}-layers">{pixels}</script>\n'
        "<script>{\n"
        f'const layers = JSON.parse(document.getElementById("{host}-layers").textContent);\n'
        f'globalThis.{host} = new GigamatteViewer(document.getElementById("{host}"), layers, {embedded(options)});\n'
        f"globalThis.{host}.host.focus({{ preventScroll: true }});\n"
        "}</script>"
    )


def document(title: str, body: str, *, styles: Sequence[str], scripts: Sequence[str] = ()) -> str:
    """A whole HTML document. ``body`` is markup: escape what comes from outside. It loads nothing from anywhere."""
    tag = "zh-CN" if language() == "zh" else "en"
    head = "".join(f"<style>\n{style}</style>\n" for style in styles)
    head += "".join(f"<script>\n{script}</script>\n" for script in scripts)
    return (
        f'<!DOCTYPE html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)} · gigamatte</title>\n{head}</head>\n<body>\n"
        f"<noscript>{html.escape(translate('This page needs JavaScript.'))}</noscript>\n{body}\n</body>\n</html>\n"
    )


def embedded(value: Any) -> str:
    """JSON that is safe inside a script element: no ``</script>`` or ``<!--`` can appear in it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
