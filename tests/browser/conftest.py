"""Pages that are opened from disk."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of 900×700 that fails the test on any script error and on any request that leaves the file."""
    context = browser.new_context(viewport={"width": 900, "height": 700}, has_touch=True)
    context.set_default_timeout(180_000)  # a busy machine decodes 24 megapixels slowly
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: problems.append(request.url) if not request.url.startswith("file:") else None)
    yield page
    context.close()
    assert problems == []
