"""Help: loads no command, says what the commands say, and speaks one language."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from typer.main import get_command

from gigamatte.cli.app import COMMANDS, app, run
from gigamatte.cli.localise import columns, localised, wrapped
from gigamatte.cli.sections import SECTIONS

#: words of the command line library, none of which belongs into Chinese help
LIBRARY = re.compile(
    r"Usage|Options|Commands?\b|Arguments|COMMAND|ARGS|OPTIONS|required|default:|Show this|INTEGER|TEXT\b|PATH\b|"
    r"FLOAT|<path>|<int>|<float>|env var|exit\.|Aborted"
)


def test_help_imports_no_command_and_nothing_heavy() -> None:
    code = "import sys; from gigamatte.cli.app import run; run(['--help']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "cv2", "pyvips", "PIL", "rich", "openvino", "gigamatte.cli.cut"} & set(loaded)


def test_the_list_says_what_the_commands_say() -> None:
    for name, command in get_command(app).commands.items():
        first = " ".join((command.help or "").split("\n\n")[0].split())
        assert COMMANDS[name].help == first


def every(command, words=()):
    yield words
    for name, child in getattr(command, "commands", {}).items():
        yield from every(child, (*words, name))


@pytest.mark.parametrize("words", sorted(every(get_command(app))), ids=" ".join)
def test_chinese_help_has_no_word_of_the_library(words, monkeypatch, capsys) -> None:
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert not LIBRARY.findall(re.sub(r"^.*(gigamatte|curl) .*$", "", said.partition("\n")[2], flags=re.MULTILINE))
    assert said.startswith("用法：")
    assert len(re.findall(r"[\u4e00-\u9fff]", said)) > 20
    wide = [line for line in said.splitlines() if columns(line) > 80 and "gigamatte" not in line]
    assert not wide


@pytest.mark.parametrize(
    "words",
    [
        ["models", "get"], ["models", "build", "x"], ["nope"], ["cut", "x", "--nope"], ["cut", "x", "-o"],
        ["cut", "x", "--threads", "y"], ["cut", "x", "--margin", "y"], ["cut", "x", "--crop=3"],
        ["serve", "--port", "99999999"], ["cut", "x", "--over"], ["models", "path", "a", "b"],
        ["models", "build", "x", "--precision", "f99", "--weights", "a", "-o", "b"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_chinese_refusals_have_no_english_sentence(words, monkeypatch, capsys) -> None:
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    assert run(words) == 2
    said = capsys.readouterr().err
    plain = re.sub(r"gigamatte[ \w]*--help|--?[\w-]+|gigamatte|'[^']*'", "", said.splitlines()[0])
    assert not re.findall(r"[A-Za-z]{3,}", plain.replace("NAME", "").replace("nope", "")), said
    assert re.search(r"[\u4e00-\u9fff]", said)


@pytest.mark.parametrize("name", ["cut", "batch"])
def test_every_option_has_a_heading(name, monkeypatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command = get_command(app).commands[name]
    options = {one.name for one in command.params if one.param_type_name == "option"} | {"help"}
    listed = [one for names in SECTIONS[name].values() for one in names if one in options]
    assert len(listed) == len(set(listed))
    assert set(listed) == options
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    headings = re.findall(r"^([A-Z].*):$", said, flags=re.MULTILINE)
    assert headings == ["Arguments", *SECTIONS[name]]
    # the second column begins at one place in all sections
    assert {len(found[1]) for found in re.finditer(r"^(  --?[a-z-]{2,20}  +)\S", said, flags=re.MULTILINE)} == {34}


@pytest.mark.parametrize("words", sorted(every(get_command(app))), ids=" ".join)
def test_brackets_of_usage_are_the_librarys_alone(words, capsys) -> None:
    assert run([*words, "--help"]) == 0
    usage = " ".join(capsys.readouterr().out.partition("\n\n")[0].split())
    assert not re.search(r"\[\[|\.\.\.[}\]]?\.\.\.|…", usage), usage


def test_lists_of_commands_say_whole_sentences(monkeypatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["models", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "size, licence, what it is for." in said
    assert "..." not in said.partition("COMMAND [ARGS]...")[2]


def test_wrapped_lines_have_the_width_of_the_terminal() -> None:
    text = "把主体放在此背景上：white、'#ff00ff'、photo.jpg。另有一句。"
    lines = wrapped(text, 20)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(columns(line) <= 22 for line in lines)  # a full stop may hang over
    assert not any(line[0] in "，。、：" for line in lines)
    assert localised(get_command(app), "en").help.startswith("Cut the background")
