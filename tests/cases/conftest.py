"""Reported inputs that failed: a folder each, beside the checkout, with a README of the right result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


@pytest.fixture
def case() -> Callable[[str], Path]:
    """``case("telemetry")`` is that case's folder, read-only. Skipped, with the reason, where there is none."""

    def folder(name: str) -> Path:
        if not (CASES / name).is_dir():
            pytest.skip("needs the shared data beside the checkout")
        return CASES / name

    return folder
