"""No message is missing in the Chinese catalogue: texts are collected from the code, the commands and the pages.

``python tests/unit/messages/test_messages.py`` prints what is missing, ready to be pasted into messages/zh.py.
"""

import ast
import re
import string
from pathlib import Path

import pytest

import gigamatte.errors
import gigamatte.service_errors
from gigamatte.batch.counts import Counts
from gigamatte.batch.display import LineDisplay
from gigamatte.messages import language, page_strings, translate
from gigamatte.messages.zh import PAGE, TEXTS

SOURCE = Path(gigamatte.errors.__file__).parent
ERRORS = {
    name
    for home in (gigamatte.errors, gigamatte.service_errors)
    for name, value in vars(home).items()
    if isinstance(value, type)
} | {"not_written"}
#: calls whose first argument is said to a person
SAYING = {"translate", "fail", "notice", "warn", "say", "_unsupported", "_t", "_err"}
#: tables of texts that are translated when they are shown
TABLES = {"TITLES", "_PARTS", "INSTALL"}
#: fields of what `doctor` finds out that are said to a person, and the function that finds them
FINDINGS = {"why_not", "hint", "precision"}
#: words whose number may be one
COUNTED = (
    "photos",
    "samples",
    "manifests",
    "results",
    "tiles",
    "frames",
    "photos:",
    "manifests:",
    "lines:",
    "seconds,",
)
#: where a text tells of several by itself
ALWAYS_SEVERAL = ("in a row", "photos were named", "hints are places", "frames/s", "frames were kept")
#: what stands beside values in a printed line and is no language's
NEUTRAL = re.compile(r"gigamatte|Python|http|MB")


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
    if path.parent.name == "engines":
        found += found_out(tree)
    for table in TABLES & names.keys():
        shown = [part for value in names[table] for part in (value.values if isinstance(value, ast.Dict) else [value])]
        nodes = [node for value in shown for node in ast.walk(value)]
        found += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {" ".join(text.split()) for text in found if re.search(r"[A-Za-z]{2}", text.replace("{}", ""))}


def found_out(tree: ast.AST) -> list[str]:
    """What the engines find out about this machine: values of the FINDINGS, and what functions of that name return."""
    values: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            values += [value for key, value in zip(keys, node.values, strict=True) if key in FINDINGS]
        elif isinstance(node, ast.FunctionDef) and node.name in FINDINGS:
            values += [child.value for child in ast.walk(node) if isinstance(child, ast.Return) and child.value]
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
            values.append(node.value)
    alternatives = [part for value in values if isinstance(value, ast.BoolOp) for part in value.values]
    # a reason that is added to another stands behind a semicolon, and is translated by itself
    return [text.removeprefix("; ") for value in [*values, *alternatives] for text in templates(value)]


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


def in_cards() -> dict[str, str]:
    """What each known network is for."""
    from gigamatte.network.cards.checkpoints import CHECKPOINTS
    from gigamatte.network.cards.locator import locator_card

    return {card.about: f"card {card.name}" for card in (locator_card(), *CHECKPOINTS)}


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
    everything = {**in_code(), **in_cards(), **in_help(), **in_pages()}
    have = known()
    return {text: place for text, place in everything.items() if " ".join(text.split()) not in have}


def test_no_message_is_missing():
    lacking = missing()
    assert not lacking, "\n".join(f"{place}: {text!r}" for text, place in lacking.items())


def printed_untranslated(path: Path) -> list[str]:
    """Lines of a command's file that print English words without ``translate``."""
    found = []

    def look(node, line):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"translate", "json_text"}:
            return None
        if isinstance(node, ast.Subscript):
            return look(node.value, line)  # a key is not shown
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.search(r"[A-Za-z]{2}", NEUTRAL.sub("", node.value)):
                found.append(f"{path.name}:{line}: {node.value!r}")
            return None
        for child in ast.iter_child_nodes(node):
            look(child, line)
        return None

    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "typer.echo"} and node.args:
            look(node.args[0], node.lineno)
    return found


def test_commands_print_nothing_untranslated():
    assert [line for path in sorted((SOURCE / "cli").glob("*.py")) for line in printed_untranslated(path)] == []


def test_an_untranslated_line_would_be_found(tmp_path):
    (tmp_path / "a.py").write_text('print(f"gigamatte: {n} photos"); typer.echo(translate("fine")); print(x["key"])')
    assert printed_untranslated(tmp_path / "a.py") == ["a.py:1: ' photos'"]


def test_doctor_and_models_speak_chinese(monkeypatch, capsys):
    from gigamatte.cli.app import run

    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    run(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 8
    # the first names versions; what a runtime is called and its version are no words
    assert [line for line in lines[1:] if not re.search(r"[\u4e00-\u9fff]", line)] == []
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["models", "list"]) == 0
    table = capsys.readouterr().out
    assert "名称" in table
    assert "仅限人物" in table
    assert "不可商用：rmbg-2.0" in table
    assert run(["models", "verify", "locator"]) == 0
    assert "locator：正常，sha256" in capsys.readouterr().out


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
    # behind a letter stands an English ending
    needed = [value for value, before in zip(values, english.split("{}"), strict=False) if not before[-1:].islower()]
    filled = chinese.format(*values)
    assert all(value in filled for value in needed), (english, chinese)
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


@pytest.mark.parametrize(("count", "said", "chinese"), [
    (1, "1 photo: 1 to cut, 0 right already", "1 张照片：1 张待抠，0 张已完成"),
    (2, "2 photos: 2 to cut, 0 right already", "2 张照片：2 张待抠，0 张已完成"),
    (1234, "1,234 photos: 1,234 to cut, 0 right already", "1,234 张照片：1,234 张待抠，0 张已完成"),
])  # fmt: skip
def test_one_photo_and_two_photos(count, said, chinese, capsys, monkeypatch):
    for lang, line in (("en", said), ("zh", chinese)):
        monkeypatch.setenv("GIGAMATTE_LANG", lang)
        LineDisplay().started(Counts(waiting=count))
        assert capsys.readouterr().err == f"gigamatte: {line}\n"


def numbers_before_plurals(path: Path) -> list[str]:
    """Texts in which a value stands before a word in the plural, whatever the value is."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            text = templates(node)[0]
            found += [f"{path.name}:{node.lineno}: {text}" for word in COUNTED if f"{{}} {word} " in f"{text} "]
    return found


def test_no_number_stands_before_a_word_that_is_always_plural():
    """What a person may count one of: photos of a batch, samples, workers."""
    folders = ("batch", "cli", "service", "worker")
    assert [
        line
        for folder in folders
        for path in sorted((SOURCE / folder).rglob("*.py"))
        for line in numbers_before_plurals(path)
        if not any(several in line for several in ALWAYS_SEVERAL)
    ] == []
