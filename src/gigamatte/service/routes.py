"""The service's own routes: one photo at once, and jobs."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from gigamatte.errors import (
    BadRequest,
    BudgetExceeded,
    Busy,
    GigamatteError,
    NotFound,
    NotReady,
    UnsupportedInput,
    WrongType,
)
from gigamatte.options import Options
from gigamatte.service.answers import preferred_language
from gigamatte.service.desk import Desk, Live
from gigamatte.service.errors import problem as problem_of
from gigamatte.service.openapi import JOB, PHOTO, PROBLEMS, accepted
from gigamatte.service.options import MEDIA, SUFFIX, CutQuery
from gigamatte.service.places import Ticket
from gigamatte.service.reserve import result_bytes
from gigamatte.service.settings import Settings
from gigamatte.service.sizes import claimed_pixels
from gigamatte.service.spool import Record, new_id
from gigamatte.service.uploads import Upload, receive_upload
from gigamatte.types import Receipt
from gigamatte.worker.wire import Job, pack_options, unpack_error

router = APIRouter()

#: parts that are pictures
FILES = ("image", "mask", "background_image")
#: seconds between signs of life in an event stream, so that proxies keep it open
HEARTBEAT = 15.0
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
    """What is to be closed when an answer is over."""

    def close(self) -> None:
        """Remove it."""


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

    def reserve(self, source: Path, *options: Options) -> None:
        """Keep room for the results of ``source``. Raises as ``charge`` does."""
        count = sum(result_bytes(source, one) for one in options)
        self.charge(count)
        self.reserved += count

    async def receive(self) -> Upload:
        """Read the body. Raises BadRequest, WrongType, TooLarge, TooSlow, Busy."""
        kind = self.request.headers.get("content-type", "")
        upload = await receive_upload(
            kind, self.request.stream(), self.folder, files=FILES, whole="image", charge=self.charge
        )
        if upload.fields:
            names = ", ".join(sorted(upload.fields))[:120]
            raise BadRequest(f"the form has fields that are not read: {names}", "options belong into the query")
        self.check(upload)
        return upload

    def check(self, upload: Upload) -> None:
        """Refuse from the headers what would be refused later anyway. Raises BadRequest, WrongType, BudgetExceeded."""
        if "image" not in upload.files:
            raise BadRequest("there is no photo in the request", "send it as the multipart field image")
        most = self.desk.settings.max_pixels
        for name, path in upload.files.items():
            try:
                pixels = claimed_pixels(path)
            except UnsupportedInput as error:
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


class PassingFile(FileResponse):
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


def receipt_headers(receipt: Receipt) -> dict[str, str]:
    """What a client may want to know without reading the picture."""
    return {
        "x-width": str(receipt.width),
        "x-height": str(receipt.height),
        "x-model": receipt.model.name if receipt.model else "",
        "x-seconds": f"{receipt.seconds.get('total', 0.0):.3f}",
        "x-warnings": json.dumps(receipt.warnings),  # ASCII: other letters are escaped
        "cache-control": "no-store",
    }


@router.post(
    "/remove_background",
    tags=["photos"],
    summary="Cut one photo and wait for it",
    response_class=Response,
    responses={200: PHOTO} | PROBLEM_ANSWERS,
    openapi_extra=accepted(FILES),
)
async def remove_background(request: Request, query: Cut) -> Response:
    """Send a photo as the multipart field `image`, get the cutout at the photo's own resolution."""
    arrival = Arrival(request)
    try:
        await arrival.receive()
        options = query.options(arrival.desk.settings, backdrop=arrival.backdrop)
        arrival.reserve(arrival.folder / "image", options)
        mask = arrival.folder / "mask"
        target = arrival.folder / "result"
        job = Job(arrival.folder / "image", target, options, mask=mask if mask.exists() else None)
        receipt = await arrival.desk.cut(job, lambda: client_gone(request))
        return PassingFile(arrival, target, media_type=MEDIA[options.format or "png"], headers=receipt_headers(receipt))
    except BaseException:
        arrival.close()
        raise


@router.post(
    "/jobs", tags=["jobs"], summary="Hand a photo in and come back for it", status_code=202,
    responses={202: JOB} | PROBLEM_ANSWERS, openapi_extra=accepted(FILES),
)  # fmt: skip
async def create_job(request: Request, query: Cut) -> Response:
    """Answers as soon as the photo is safely stored: `Location` is the job, which survives a restart."""
    arrival = Arrival(request)
    try:
        upload = await arrival.receive()
        desk = arrival.desk
        job = new_id()
        home = desk.spool.home(job)
        backdrop = str(home / "background_image") if arrival.backdrop else None
        options = query.options(desk.settings, backdrop=backdrop)
        arrival.reserve(arrival.folder / "image", options)
        record = Record(
            id=job,
            owner=request.state.owner,
            name=upload.names.get("image", ""),
            options=pack_options(options),
            has_mask="mask" in upload.files,
            bytes=sum(path.stat().st_size for path in upload.files.values()) + arrival.reserved,
            pixels=arrival.pixels,
            client=arrival.ticket.client,
        )
        await asyncio.to_thread(desk.spool.accept, record, arrival.folder)
        live = desk.start(record, arrival.ticket)
    finally:
        arrival.close()
    headers = {"location": f"{request.state.prefix}/jobs/{job}", "retry-after": "1"}
    return JSONResponse(described(request, record, live), 202, headers)


@router.get(
    "/jobs/{job}", tags=["jobs"], summary="How far a job is", responses={200: JOB} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_job(request: Request, job: str) -> Response:
    """State, progress by stage, and the receipt or the error once it has ended."""
    record, live = await find(request, job)
    headers = {"cache-control": "no-store"} | ({"retry-after": "1"} if live else {})
    return JSONResponse(described(request, record, live), headers=headers)


@router.get(
    "/jobs/{job}/result", tags=["jobs"], summary="The cutout of a job", response_class=Response,
    responses={200: PHOTO} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_result(request: Request, job: str) -> Response:
    """The picture; 409 with `Retry-After` while it is not ready; the job's own error if it failed."""
    record = await finished(request, job)
    form = record.options["format"] or "png"
    path = desk_of(request).spool.home(job) / "result"
    receipt = record.receipt or {}
    headers = {
        "x-width": str(receipt.get("width", 0)),
        "x-height": str(receipt.get("height", 0)),
        "x-model": (receipt.get("model") or {}).get("name", ""),
        "x-seconds": f"{receipt.get('seconds', {}).get('total', 0.0):.3f}",
        "x-warnings": json.dumps(receipt.get("warnings", [])),
        "cache-control": "private, no-cache",
    }
    return FileResponse(path, media_type=MEDIA[form], headers=headers)


@router.delete(
    "/jobs/{job}", tags=["jobs"], summary="Cancel or remove a job", status_code=204,
    response_class=Response, responses=PROBLEM_ANSWERS,
)  # fmt: skip
async def delete_job(request: Request, job: str) -> Response:
    """Stops it between tiles when it runs; removes the photo and the result."""
    record, _ = await find(request, job)
    await desk_of(request).remove(record)
    return Response(status_code=204)


@router.get(
    "/jobs/{job}/events", tags=["jobs"], summary="Progress as server-sent events", response_class=StreamingResponse,
    responses={200: {"description": "`progress` events, then one `ended`", "content": {"text/event-stream": {}}}}
    | PROBLEM_ANSWERS,
)  # fmt: skip
async def follow_job(request: Request, job: str) -> Response:
    """Each event carries what GET /jobs/{job} says; `ended` is the last one."""
    await find(request, job)
    state = request.app.state
    if state.streams >= desk_of(request).settings.streams:
        raise Busy(f"{state.streams} event streams are open already", "ask GET /jobs/{job} instead")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(request, job), media_type="text/event-stream", headers=headers)


async def _events(request: Request, job: str) -> AsyncIterator[str]:
    state = request.app.state
    state.streams += 1
    try:
        while True:
            record, live = await find(request, job)
            name = "progress" if live else "ended"
            yield f"event: {name}\ndata: {json.dumps(described(request, record, live))}\n\n"
            if live is None or desk_of(request).draining:
                return
            try:
                await asyncio.wait_for(live.changed.wait(), HEARTBEAT)
            except TimeoutError:
                yield ": still here\n\n"
    except NotFound:
        return  # removed while it was followed
    finally:
        state.streams -= 1


def result_name(record: Record) -> str:
    """A file name for a job's result: letters, digits, - and _ of the photo's name, nothing else of it."""
    stem = re.sub(r"[^\w-]+", "_", Path(record.name).stem).strip("_")[:60] or "photo"
    return f"{stem}.cutout.{SUFFIX[record.options['format'] or 'png']}"


async def find(request: Request, job: str) -> tuple[Record, Live | None]:
    """A job of this client. Raises NotFound, for the jobs of others too: that they exist is nobody's business."""
    desk = desk_of(request)
    live = desk.live.get(job)
    record = live.record if live else await asyncio.to_thread(desk.spool.get, job)
    if record is None or record.owner != request.state.owner or (live is not None and live.removed):
        raise NotFound("there is no such job", "finished jobs are removed after a while")
    return record, live


async def finished(request: Request, job: str) -> Record:
    """A job that is done. Raises NotReady while it is not, and the job's own error when it failed."""
    record, live = await find(request, job)
    if live is not None or record.state in ("queued", "running"):
        raise NotReady("the job is not finished yet")
    if record.error is not None:
        raise unpack_error(dict(record.error))
    return record


def described(request: Request, record: Record, live: Live | None) -> dict[str, Any]:
    """A job as the client of ``request`` sees it: an error in its language, links through its proxy."""
    address = f"{request.state.prefix}/jobs/{record.id}"
    state = record.state if live is None else ("queued" if live.stage == "queued" else "running")
    answer: dict[str, Any] = {
        "id": record.id,
        "state": state,
        "stage": live.stage if live else None,
        "progress": round(live.fraction, 3) if live else float(state == "done"),
        "name": record.name,
        "file_name": result_name(record),
        "created": record.created,
        "links": {
            "self": address,
            "events": f"{address}/events",
            "result": f"{address}/result",
            "edits": f"{address}/edits",
            "preview": f"{address}/preview",
        },
    }
    if record.receipt is not None:
        answer["receipt"] = {**record.receipt, "input": record.name, "output": None}
    if record.options.get("hints"):
        answer["hints"] = record.options["hints"]
    if record.error is not None:
        answer["error"] = problem_of(_own_error(record.error), lang=preferred_language(request.scope))
    return answer


def _own_error(kept: Any) -> GigamatteError:
    return unpack_error(dict(kept))


def settings_of(request: Request) -> Settings:
    """The settings of the service that answers."""
    return desk_of(request).settings
