"""No message is missing in the Chinese catalogue: texts are collected from the code, the commands and the pages.

``python tests/unit/test_messages.py`` prints what is missing, ready to be pasted into messages/zh.py.
"""

import ast
import re
import string
from pathlib import Path

import pytest

import gigamatte.errors
from gigamatte.messages import language, page_strings, translate
from gigamatte.messages.zh import PAGE, TEXTS

SOURCE = Path(gigamatte.errors.__file__).parent
ERRORS = {name for name, value in vars(gigamatte.errors).items() if isinstance(value, type)}
#: calls whose first argument is said to a person
SAYING = {"translate", "fail", "notice", "warn", "say", "_unsupported"}


def templates(node: ast.expr) -> list[str]:
    """The texts an expression may give, values written as {}; none where it is not a text at all."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return templates(node.body) + templates(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [a + b for a in templates(node.left) for b in templates(node.right)]
    return []


def said_in(path: Path) -> set[str]:
    """Errors (message and hint), warnings that are gathered, and everything that is translated."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ERRORS:
            arguments = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "hint")][:2]
        elif name in SAYING:
            arguments = node.args[:2] if name == "fail" else node.args[:1]
        elif name == "append" and "warnings" in ast.unparse(node.func):
            arguments = node.args
        else:
            continue
        for argument in arguments:
            found += templates(argument)
    return {" ".join(text.split()) for text in found if re.search(r"[A-Za-z]{2}", text.replace("{}", ""))}


def in_code() -> dict[str, str]:
    """Text → the file that says it."""
    return {text: str(path.relative_to(SOURCE)) for path in sorted(SOURCE.rglob("*.py")) for text in said_in(path)}


def in_help() -> dict[str, str]:
    """Text → the command whose help holds it."""
    from typer.main import get_command

    from gigamatte.cli.app import app

    found: dict[str, str] = {}

    def visit(command, path):
        for text in (command.help, getattr(command, "short_help", None)):
            if text:
                found[text] = path
        for parameter in command.params:
            if getattr(parameter, "help", None):
                found[parameter.help] = path
        for name, child in getattr(command, "commands", {}).items():
            visit(child, f"{path} {name}")

    visit(get_command(app), "gigamatte")
    return found


def in_pages() -> dict[str, str]:
    """Text → the script or page: t("…") in JavaScript, data-t="…" in HTML."""
    found = {}
    for path in [*sorted(SOURCE.rglob("*.js")), *sorted(SOURCE.rglob("*.html"))]:
        text = path.read_text(encoding="utf-8")
        said = re.findall(r"""\bt\(\s*"((?:[^"\\]|\\.)*)"\s*[),]""", text)
        said += [side for pair in re.findall(r"""\bt\([^()?]*\? "([^"]*)" : "([^"]*)"\)""", text) for side in pair]
        said += re.findall(r"""data-t(?:-[a-z]+)?="([^"]+)\"""", text)
        found |= {words: str(path.relative_to(SOURCE)) for words in said}
    return found


def known() -> set[str]:
    return {" ".join(text.split()) for text in (*TEXTS, *PAGE)}


def missing() -> dict[str, str]:
    """Text → where it is said, for all that the catalogue lacks."""
    everything = {**in_code(), **in_help(), **in_pages()}
    have = known()
    return {text: place for text, place in everything.items() if " ".join(text.split()) not in have}


def test_no_message_is_missing():
    lacking = missing()
    assert not lacking, "\n".join(f"{place}: {text!r}" for text, place in lacking.items())


def test_the_page_strings_are_all_used():
    used = {*in_pages(), *in_code()}
    assert set(PAGE) <= used, set(PAGE) - used


@pytest.mark.parametrize("english", [text for text in TEXTS if "{}" in text])
def test_every_value_of_a_template_appears_in_its_translation(english):
    chinese = TEXTS[english]
    names = [name for _, name, _, _ in string.Formatter().parse(chinese) if name is not None]
    values = [f"<{index}>" for index in range(english.count("{}"))]
    filled = chinese.format(*values)
    assert all(value in filled for value in values), (english, chinese)
    assert all(name == "" for name in names) or all(name.isdigit() for name in names)


def test_a_finished_line_is_translated():
    assert translate("size: 3×4", "zh") == "size: 3×4"
    assert translate("there is no file a/b.jpg", "zh") == "没有文件 a/b.jpg"
    assert translate("there is no file a/b.jpg", "en") == "there is no file a/b.jpg"
    assert translate("", "zh") == ""


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "GIGAMATTE_LANG": "zh"}, "zh"),
        ({"GIGAMATTE_LANG": "en", "LANG": "zh_TW"}, "en"),
        ({"GIGAMATTE_LANG": "", "LANG": "zh_TW"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_follows_the_locale(environ, expected):
    assert language(environ) == expected


def test_help_is_translated(monkeypatch, capsys):
    from gigamatte.cli.app import run

    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    assert run(["smooth", "--help"]) == 0
    assert "硬化抠图的边缘" in capsys.readouterr().out
    assert run(["prepare", "none.png", "out.png"]) == 3
    assert "没有文件 none.png" in capsys.readouterr().err
    monkeypatch.setenv("GIGAMATTE_LANG", "en")
    assert run(["smooth", "--help"]) == 0
    assert "Harden the edge" in capsys.readouterr().out


def test_pages_get_their_strings(monkeypatch):
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    assert page_strings()["Fit"] == "适合"
    monkeypatch.setenv("GIGAMATTE_LANG", "en")
    assert page_strings() == {}


if __name__ == "__main__":
    for text, place in missing().items():
        print(f"    # {place}\n    {text!r}: ...,")
