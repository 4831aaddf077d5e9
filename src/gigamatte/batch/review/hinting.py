"""Hints that a person gives in the review: previewed at once, and kept in a file beside the photo for the next run."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyvips

from gigamatte.batch import hint_files, places
from gigamatte.batch.films import is_film
from gigamatte.batch.review.desk import Desk
from gigamatte.editing import SCREEN
from gigamatte.errors import InputError, MissingInput, UnsupportedInput
from gigamatte.hints import Hints, hints_in
from gigamatte.options import Options
from gigamatte.photo.read import open_photo
from gigamatte.viewer.page import asset, document, embedded
from gigamatte.worker.supervisor import Supervisor
from gigamatte.worker.wire import Edit
from gigamatte.workflow.files import new_file


class HintDesk:
    """Opens photos of ``desk``, one after the other; close it. A child process cuts the previews with ``options``."""

    def __init__(self, desk: Desk, options: Options) -> None:
        self._desk, self._options = desk, options
        self._made: Path | None = None
        self._lock = threading.Lock()
        self._supervisor: Supervisor | None = None
        self._latest: tuple[str, Path] | None = None

    def close(self) -> None:
        """End the child, and remove copies of photos."""
        with self._lock:
            if self._supervisor is not None:
                self._supervisor.close()
            if self._made is not None:
                shutil.rmtree(self._made, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        """For copies and previews; made when it is needed."""
        if self._made is None:
            self._made = Path(tempfile.mkdtemp(prefix="gigamatte-review-"))
        return self._made

    def page(self, name: str, strings: dict[str, str], style: str, script: str) -> str:
        """A page with the editor. Raises MissingInput, UnsupportedInput."""
        place = self._place(name)
        size = open_photo(self._local(name, place), max_pixels=self._options.max_pixels).size
        facts = {"id": name, "receipt": {"width": size.width, "height": size.height}, "hints": self._hints(place)}
        body = (
            f'<script type="application/json" id="strings">{embedded(strings)}</script>\n'
            f'<script type="application/json" id="photo">{embedded(facts)}</script>\n'
            f'<div class="editor" id="editor"></div>\n<script>\n{asset("contour.js")}</script>\n'
            f'<script type="module">\n{asset("editor.js")}\n{script}</script>'
        )
        return document(place.rpartition("/")[2], body, styles=[style, asset("editor.css")])

    def photo(self, name: str) -> bytes:
        """The photo at screen size, as WebP. Raises MissingInput."""
        local = self._local(name, self._place(name))
        try:
            image = pyvips.Image.thumbnail(str(local), SCREEN, height=SCREEN, size="down", export_profile="srgb")
            return bytes(image.webpsave_buffer(Q=80, keep="none"))
        except pyvips.Error as error:
            raise MissingInput(f"{name} cannot be shown") from error

    def preview(self, name: str, hints: Hints) -> bytes:
        """What the hints give, at screen size, as WebP. Raises what cutting raises."""
        local = self._local(name, self._place(name))
        with self._lock:  # the next hint uses the same open photo
            if self._supervisor is None:
                self._supervisor = Supervisor(self._options, inflight=1)
            target = self._folder / "preview.webp"
            self._supervisor.submit(Edit(local, target, replace(self._options, hints=hints or None))).result()
            return target.read_bytes()

    def save(self, name: str, hints: Hints) -> None:
        """Write them beside the photo, and mark it to be done again; without any the file is removed.

        Raises UsageError for a point outside of the photo, WriteError.
        """
        place = self._place(name)
        hints.refuse_outside(open_photo(self._local(name, place), max_pixels=self._options.max_pixels).size)
        target, text = hint_files.hints_of(place), json.dumps(hints.as_plain()).encode("ascii")
        if not hints:
            places.remove(target)
        elif places.is_uri(target):
            draft = self._folder / "hints.json"
            draft.write_bytes(text)
            places.publish(draft, target)
        else:
            with new_file(Path(target), overwrite=True) as file:
                file.write(text)
        self._desk.hinted(name, bool(hints))

    def _place(self, name: str) -> str:
        place = self._desk.source(name)
        if is_film(place):
            raise UnsupportedInput(f"{place} is a film: hints for it are written by hand")
        return place

    def _local(self, name: str, place: str) -> Path:
        """The photo, or a copy of what lies in a store: that of the latest one is kept."""
        if not places.is_uri(place):
            if not Path(place).is_file():
                raise MissingInput(f"there is no photo {place}", "is it in a tar shard, or was it moved?")
            return Path(place)
        with self._lock:
            if self._latest is None or self._latest[0] != name:
                if self._latest is not None:
                    self._latest[1].unlink(missing_ok=True)
                self._latest = name, places.fetch(place, self._folder)[0]
            return self._latest[1]

    def _hints(self, place: str) -> dict[str, Any]:
        """Those that lie beside a photo already."""
        beside = hint_files.hints_of(place)
        with contextlib.suppress(InputError):
            local = places.fetch(beside, self._folder)[0] if places.is_uri(beside) else Path(beside)
            if local.is_file():
                return hints_in(local).as_plain()
        return {}
