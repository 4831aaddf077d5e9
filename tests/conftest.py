"""What all tests share."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

# Started in the background by a shell, a process ignores Ctrl-C, and so would every child that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    with contextlib.suppress(ValueError):  # only a main thread may say so
        signal.signal(signal.SIGINT, signal.default_int_handler)

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# as gigamatte itself does, which tests may import after pyvips: libvips reads it when it starts
os.environ.setdefault("VIPS_WARNING", "1")


@pytest.fixture(scope="session")
def imagemagick() -> str:
    """The ``convert`` of a real ImageMagick: a program of that name may also be something else. Skipped without one."""
    for name in ("magick", "/usr/bin/convert", "convert"):
        command = shutil.which(name)
        if command is not None:
            said = subprocess.run([command, "-version"], capture_output=True, text=True, check=False).stdout
            if said.startswith("Version: ImageMagick"):
                return command
    pytest.skip("ImageMagick is not installed (apt-get install imagemagick)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real headless Chromium. Skipped, with the reason, where there is none.

    For one module only: while Playwright runs, its event loop belongs to the thread, and no other may be started there.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (pip install playwright)")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
