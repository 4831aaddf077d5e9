"""docs/cli.md and the manual page are what the commands say of themselves."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


def made_by(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_reference_is_up_to_date() -> None:
    made = made_by("make_cli")
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == made.page(), "run python docs/make_cli.py"
    assert (DOCS / "zh" / "cli.md").read_text(encoding="utf-8") == made.page("zh"), "run python docs/make_cli.py"


def test_the_manual_page_is_up_to_date() -> None:
    made = made_by("make_man")
    assert made.PLACE.read_text(encoding="utf-8") == made.page(), "run python docs/make_cli.py"
