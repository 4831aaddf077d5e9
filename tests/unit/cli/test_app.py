"""What the main command says of values that it does not understand."""

from __future__ import annotations

import pytest

from gigamatte.cli.app import run


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["cut", "x.jpg", "--hole-fill", "much"], "'much'"), (["cut", "x.jpg", "--threads", "1.5"], "'1.5'"),
        (["serve", "--port", "0"], "0"), (["serve", "--ui-port", "99999"], "99999"),
        (["inspect", "x.jpg", "--network", "wide"], "'wide'"), (["batch", "in", "out", "--jobs", "two"], "'two'"),
    ],
)  # fmt: skip
def test_what_was_found_is_told(words: list[str], found: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    line, hint = capsys.readouterr().err.splitlines()
    assert words[-2] in line
    assert found in line
    assert "Input should" not in line
    assert hint == f"  see gigamatte {words[0]} --help"
