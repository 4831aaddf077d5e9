"""The service's own routes for jobs: handed in, followed, fetched and removed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from gigamatte.errors import GigamatteError, NoSubject
from gigamatte.service.answers import preferred_language
from gigamatte.service.arrival import FILES, PROBLEM_ANSWERS, Arrival, desk_of
from gigamatte.service.desk import Live
from gigamatte.service.errors import problem as problem_of
from gigamatte.service.film_options import film_of
from gigamatte.service.openapi import JOB, accepted
from gigamatte.service.options import SUFFIX, JobQuery
from gigamatte.service.record import Record
from gigamatte.service.spool import new_id
from gigamatte.service.wording import told
from gigamatte.service_errors import BadRequest, Busy, NotFound, NotReady
from gigamatte.worker.wire import pack_options, unpack_error

router = APIRouter()

#: seconds between signs of life in an event stream, so that proxies keep it open
HEARTBEAT = 15.0


@router.post(
    "/jobs", tags=["jobs"], summary="Hand a photo in and come back for it", status_code=202,
    responses={202: JOB} | PROBLEM_ANSWERS, openapi_extra=accepted(FILES),
)  # fmt: skip
async def create_job(request: Request, query: Annotated[JobQuery, Query()]) -> Response:
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
        live = desk.start(record, arrival.ticket, viewed=query.view)
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


def result_name(record: Record, form: str | None = None) -> str:
    """A file name for a job's result, made of the letters, digits, - and _ of the photo's name."""
    stem = re.sub(r"[^\w-]+", "_", Path(record.name).stem).strip("_")[:60] or "photo"
    film = film_of(record)
    return f"{stem}.cutout.{film['format'] if film else SUFFIX[form or record.options['format'] or 'png']}"


async def find(request: Request, job: str) -> tuple[Record, Live | None]:
    """A job of this client. Raises NotFound, also for other clients' jobs, so that it does not tell that they exist."""
    desk = desk_of(request)
    live = desk.live.get(job)
    record = live.record if live else await asyncio.to_thread(desk.spool.get, job)
    if record is None or record.owner != request.state.owner or (live is not None and live.removed):
        raise NotFound("there is no such job", "finished jobs are removed after a while")
    return record, live


async def finished(request: Request, job: str, *, film: bool = False) -> Record:
    """A job that is done. Raises NotReady while it is not, and the job's own error when it failed.

    ``film``: whether it may be a film's; else that is a BadRequest.
    """
    record, live = await find(request, job)
    if film_of(record) is not None and not film:
        raise BadRequest(
            "this job is a film, which has neither layers, edits nor another finish",
            "POST /films/{job}/frames opens one of its frames as a photo; POST /films/{job}/again cuts it anew",
        )
    if live is not None or record.state in ("queued", "running"):
        raise NotReady("the job is not finished yet")
    if record.error is not None:
        raise unpack_error(dict(record.error))
    return record


async def handed_in(request: Request, job: str) -> Record:
    """A job whose photo is there, finished or not. Raises the job's own error when it failed.

    Where only no subject was found, the photo can be seen: a person may be about to show it.
    """
    record, live = await find(request, job)
    if live is None and record.error is not None:
        error = unpack_error(dict(record.error))
        if not isinstance(error, NoSubject):
            raise error
    return record


def described(request: Request, record: Record, live: Live | None) -> dict[str, Any]:
    """A job as plain data for the client of ``request``: an error in its language, links with its proxy's prefix."""
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
    if (film := film_of(record)) is not None:
        answer["film"] = {**film, "preview": (desk_of(request).spool.home(record.id) / "preview.webm").exists()}
        films = f"{request.state.prefix}/films/{record.id}"
        answer["links"] = {name: answer["links"][name] for name in ("self", "events", "result")} | {
            "preview": f"{films}/preview", "frames": f"{films}/frames", "again": f"{films}/again",
        }  # fmt: skip
    if record.receipt is not None:
        warnings = told(record.receipt["warnings"])
        answer["receipt"] = {**record.receipt, "input": record.name, "output": None, "warnings": warnings}
    if record.options.get("hints"):
        answer["hints"] = record.options["hints"]
    if record.error is not None:
        answer["error"] = problem_of(_own_error(record.error), lang=preferred_language(request.scope))
    return answer


def _own_error(kept: Any) -> GigamatteError:
    return unpack_error(dict(kept))
