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
SAYING = {"translate", "fail", "notice", "warn", "say", "_unsupported", "_t", "_err"}
#: tables of texts that are translated when they are shown
TABLES = {"TITLES", "_PARTS"}


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


def assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """What is assigned to each plain name anywhere in the file."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def said_in(path: Path) -> set[str]:
    """Errors (message and hint), warnings that are gathered, and everything that is translated."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = assigned(tree)
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for argument in arguments_said(node):
                said = names.get(argument.id, []) if isinstance(argument, ast.Name) else [argument]
                found += [text for value in said for text in templates(value)]
    for table in TABLES & names.keys():
        nodes = [node for value in names[table] for node in ast.walk(value)]
        found += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {" ".join(text.split()) for text in found if re.search(r"[A-Za-z]{2}", text.replace("{}", ""))}


def arguments_said(call: ast.Call) -> list[ast.expr]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in ERRORS:
        return [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "hint")][:2]
    if name in SAYING:
        return call.args[:2] if name == "fail" else call.args[:1]
    if name == "append" and "warnings" in ast.unparse(call.func):
        return list(call.args)
    if name == "_table" and call.args and isinstance(call.args[0], ast.Tuple):
        return list(call.args[0].elts)
    return []


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
    """Text → the script or page: t("…") in JavaScript; in HTML data-t on the element and data-t-…="…"."""
    found = {}
    for path in [*sorted(SOURCE.rglob("*.js")), *sorted(SOURCE.rglob("*.html"))]:
        text = path.read_text(encoding="utf-8")
        said = re.findall(r"""\bt\(\s*"((?:[^"\\]|\\.)*)"\s*[),]""", text)
        said += [side for pair in re.findall(r"""\bt\([^()?]*\? "([^"]*)" : "([^"]*)"\)""", text) for side in pair]
        said += re.findall(r"""data-t(?:-[a-z]+)?="([^"]+)\"""", text)
        said += re.findall(r"""<[^<>]*\sdata-t(?=[\s>])[^<>]*>([^<]+)</""", text)
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


def test_no_page_text_is_left_over():
    files = [
        path for suffix in ("js", "html", "py") for path in SOURCE.rglob(f"*.{suffix}") if "messages" not in path.parts
    ]
    everything = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert [text for text in PAGE if text not in everything] == []


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
