"""A request with pictures: its files in a folder of their own, until the answer is sent."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import Query, Request
from starlette.types import Receive, Scope, Send

from gigamatte.errors import BudgetExceeded, UnsupportedInput
from gigamatte.film.kinds import kind_of
from gigamatte.options import Options
from gigamatte.service.desk import Desk
from gigamatte.service.openapi import PROBLEMS
from gigamatte.service.options import CutQuery
from gigamatte.service.reserve import result_bytes, result_pixels
from gigamatte.service.sizes import claimed_pixels
from gigamatte.service.stored import StoredFile
from gigamatte.service.tickets import Ticket
from gigamatte.service.uploads import Upload, receive_upload
from gigamatte.service_errors import BadRequest, WrongType

#: parts that are pictures
FILES = ("image", "mask", "background_image")
Cut = Annotated[CutQuery, Query()]
PROBLEM_ANSWERS: Any = PROBLEMS


def desk_of(request: Request) -> Desk:
    """The desk of the service that answers."""
    desk: Desk = request.app.state.desk
    return desk


async def client_gone(request: Request) -> None:
    """Returns when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Closing(Protocol):
    """What is closed when an answer was sent: a request's files, or the hold on a stored file."""

    def close(self) -> None:
        """Close it. Called once, when the answer was sent or the client has left."""


class Arrival:
    """A request's files in a folder of their own, charged to the spool until ``close``."""

    def __init__(self, request: Request) -> None:
        self.request, self.desk = request, desk_of(request)
        self.ticket: Ticket = request.state.ticket
        self.folder = self.desk.spool.passing()
        self.pixels = self.reserved = 0
        self._charged = 0

    def charge(self, count: int) -> None:
        """Count bytes before they are written. Raises Busy, TooMany, BudgetExceeded."""
        self.desk.spool.charge(count, self.ticket.client, before=self._charged)
        self._charged += count

    def keep_room(self, count: int) -> None:
        """Keep so many bytes for a result. Raises as ``charge`` does."""
        self.charge(count)
        self.reserved += count

    def reserve(self, source: Path, *options: Options) -> None:
        """Keep room for the results of ``source``, and count what they have more pixels than it in the queue.

        Raises as ``charge`` does, and Busy.
        """
        count = sum(result_bytes(source, one) for one in options)
        self.keep_room(count)
        more = max(0, max(result_pixels(source, one) for one in options) - claimed_pixels(source))
        self.ticket.grows(more)
        self.pixels += more

    async def receive(self) -> Upload:
        """Read the body. Raises BadRequest, WrongType, TooLarge, TooSlow, Busy."""
        kind = self.request.headers.get("content-type", "")
        upload = await receive_upload(
            kind, self.request.stream(), self.folder, files=FILES, whole="image", charge=self.charge
        )
        if upload.fields:
            names = ", ".join(sorted(upload.fields))[:120]
            raise BadRequest(f"the form has fields that are not read: {names}", "options belong into the query")
        if "image" not in upload.files:
            raise BadRequest("there is no photo in the request", "send it as the multipart field image")
        self.check(upload)
        return upload

    def check(self, upload: Upload) -> None:
        """Refuse from the headers what would be refused later anyway. Raises WrongType, BudgetExceeded."""
        most = self.desk.settings.max_pixels
        for name, path in upload.files.items():
            try:
                pixels = claimed_pixels(path)
            except UnsupportedInput as error:
                if kind_of(path) is not None:
                    raise WrongType(f"{name} is a film, and here photos are cut", "POST /films takes films") from error
                raise WrongType(error.written[0].replace("the upload", name, 1), error.written[1]) from error
            if pixels > most:
                raise BudgetExceeded(
                    f"{name} has {pixels / 1e6:.1f} megapixels, allowed are {most / 1e6:.1f}", "send a smaller photo"
                )
            self.pixels += pixels
        self.ticket.arrived(self.pixels)

    @property
    def backdrop(self) -> str | None:
        """The picture to lay the subject on, when one came."""
        path = self.folder / "background_image"
        return str(path) if path.exists() else None

    def close(self) -> None:
        """Remove what is left of it."""
        self.desk.spool.refund(self._charged, self.ticket.client)
        self._charged = 0
        shutil.rmtree(self.folder, ignore_errors=True)


class PassingFile(StoredFile):
    """A file that is removed, with its folder, once it is sent or the client has left."""

    def __init__(self, arrival: Closing, path: Path, **more: Any) -> None:
        super().__init__(path, **more)
        self._arrival = arrival

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._arrival.close()
