"""docs/cli.md is what the commands say of themselves."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_cli", DOCS / "make_cli.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == made.page(), "run python docs/make_cli.py"
    assert (DOCS / "zh" / "cli.md").read_text(encoding="utf-8") == made.page("zh"), "run python docs/make_cli.py"
