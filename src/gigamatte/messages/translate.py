"""Finds the user's language, and the translation of a whole line, with its values filled in."""

from __future__ import annotations

import functools
import locale
import os
import re
from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "zh"]

#: variables that choose the language: gigamatte's own, then the locale's, in the order that POSIX gives them
VARIABLES = ("GIGAMATTE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language(environ: Mapping[str, str] | None = None) -> Language:
    """zh when the first variable that is set begins with zh, else en. Windows without any: the user's own locale."""
    environ = os.environ if environ is None else environ
    chosen = next((environ[name] for name in VARIABLES if environ.get(name)), None)
    if chosen is None and os.name == "nt":
        chosen = locale.getlocale()[0] or ""
    return "zh" if chosen is not None and chosen.lower().startswith(("zh", "chinese")) else "en"


def translate(text: str, lang: Language | None = None) -> str:
    """``text``, a whole English line, in ``lang`` (default: the user's); itself where there is no translation."""
    if (lang or language()) == "en" or not text:
        return text
    exact, patterns = _catalogue()
    if text in exact:
        return exact[text]
    for pattern, translated in patterns:
        match = pattern.fullmatch(text)
        if match:
            # a value may itself be a known phrase, and so may a whole line behind a preset's name
            whole = text.startswith("this does not fit ")
            values = (translate(value, lang) if whole else exact.get(value, value) for value in match.groups())
            return translated.format(*values)
    return text


def translate_help(text: str, lang: Language | None = None) -> str:
    """Help of a command, whose line breaks the command line library may have changed; else like ``translate``."""
    if (lang or language()) == "en":
        return text
    return _by_words().get(" ".join(text.split()), text)


def page_strings(lang: Language | None = None) -> dict[str, str]:
    """English → translation of every text of the viewer and the web page; empty for English."""
    if (lang or language()) == "en":
        return {}
    from gigamatte.messages.zh import PAGE

    return dict(PAGE)


@functools.cache
def _by_words() -> dict[str, str]:
    from gigamatte.messages.zh import TEXTS

    # a list of commands shows the first paragraph of each
    pairs = [(english.split("\n\n")[0], chinese.split("\n\n")[0]) for english, chinese in TEXTS.items()]
    return {" ".join(english.split()): chinese for english, chinese in (*pairs, *TEXTS.items())}


@functools.cache
def _catalogue() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    from gigamatte.messages.zh import PAGE, TEXTS

    exact = {**PAGE, **{english: chinese for english, chinese in TEXTS.items() if "{}" not in english}}
    templates = [english for english in TEXTS if "{}" in english]
    # the template with the most fixed letters is the most specific: it is tried first
    templates.sort(key=lambda english: len(english.replace("{}", "")), reverse=True)
    patterns = [
        (re.compile("(.*?)".join(re.escape(part) for part in english.split("{}")), re.DOTALL), TEXTS[english])
        for english in templates
    ]
    return exact, patterns
