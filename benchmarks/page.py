"""Measures the web page with a large photo: seconds from drop to the first sight, bytes to the browser before zooming.

usage: python benchmarks/page.py [--photo PHOTO] [--megapixels 24]     (an idle machine, please; needs Chromium)
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from clicks import enlarged
from load_service import service
from report import parser

ROOT = Path(__file__).parents[1]
#: whether the result is on the screen
_SEEN = "document.getElementById('working').hidden && !document.getElementById('viewer').hidden"


def measured(page: Page, url: str, photo: Path) -> dict[str, float]:
    """Seconds until the cut is done and until it is seen, and megabytes that came after the photo was handed in."""
    page.goto(url)
    page.wait_for_selector("body[data-ready=yes]")
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    started = time.perf_counter()
    page.set_input_files("#files", str(photo))
    page.wait_for_selector(".item.done", timeout=300_000)
    done = time.perf_counter() - started
    while not page.evaluate(_SEEN):
        page.wait_for_timeout(10)
    seen = time.perf_counter() - started
    page.wait_for_timeout(3000)
    return {"done": done, "seen": seen, "gap": seen - done, "MB before zooming": sum(sizes) / 1e6}


def main() -> None:
    """Starts a service and a browser, and prints a line."""
    words = parser(__doc__)
    words.add_argument("--photo", type=Path, default=ROOT / "examples" / "photo.jpg")
    words.add_argument("--megapixels", type=float, default=24)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as folder, service("auto") as (url, _), sync_playwright() as playwright:
        photo = enlarged(chosen.photo, chosen.megapixels, Path(folder))
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for run in ("first", "again"):
            row = measured(page, url, photo)
            print(run + ": " + ", ".join(f"{name} {value:.2f}" for name, value in row.items()), flush=True)
            page.evaluate("sessionStorage.clear()")
        browser.close()


if __name__ == "__main__":
    main()
