"""The service's routes for films: hand one in, see its first second, correct a frame, cut it again."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from gigamatte.errors import UsageError
from gigamatte.film.hints import FilmHints
from gigamatte.film.kinds import ANIMATIONS, kind_of
from gigamatte.options import Options
from gigamatte.service.arrival import PROBLEM_ANSWERS, Arrival, client_gone, desk_of
from gigamatte.service.film_options import FILM, FilmQuery, film_of, room_of
from gigamatte.service.jobs import described, find
from gigamatte.service.openapi import JOB
from gigamatte.service.record import Record
from gigamatte.service.spool import new_id
from gigamatte.service.stored import StoredFile
from gigamatte.service.uploads import receive_upload
from gigamatte.service_errors import BadRequest, NotFound, NotReady, TooLarge, WrongType
from gigamatte.types import Receipt
from gigamatte.worker.wire import FilmFrame, FilmLook, pack_options, unpack_options

router = APIRouter(tags=["films"])

#: bytes of a body of hints
LARGEST = 60 << 10
Film = Annotated[FilmQuery, Query()]
_BODY = {"requestBody": {"required": True, "content": {
    "multipart/form-data": {"schema": {
        "type": "object", "required": [FILM], "additionalProperties": False, "properties": {
            FILM: {"type": "string", "format": "binary", "description": "MP4, MOV, WebM, MKV, AVI, or an animation"},
        },
    }},
}}}  # fmt: skip
_HINTS = {"requestBody": {"required": True, "content": {"application/json": {
    "schema": {"type": "array", "items": {"type": "object", "required": ["time"]}},
    "example": [{"time": 0, "keep": [[812, 640]]}],
}}}}  # fmt: skip


@router.post(
    "/films", summary="Hand a film in and come back for it", status_code=202,
    responses={202: JOB} | PROBLEM_ANSWERS, openapi_extra=_BODY,
)  # fmt: skip
async def create_film(request: Request, query: Film) -> Response:
    """Send the film as the multipart field `film`. The answer is a job, followed, fetched and removed as a photo's.

    Its first second is cut first, at a small size: `GET /films/{job}/preview`. A film that is too long or too large is
    refused at once, before anything is decoded.
    """
    arrival = Arrival(request)
    try:
        kept = query.kept(arrival.desk.settings)
        kind = request.headers.get("content-type", "")
        upload = await receive_upload(
            kind, request.stream(), arrival.folder, files=(FILM,), whole=FILM, charge=arrival.charge
        )
        _check_upload(upload.files, upload.fields)
        path = upload.files[FILM]
        look = await _look(request, path, kept["film"])
        # a few of its frames are in memory at a time, however many there are
        arrival.pixels = look.width * look.height
        arrival.ticket.arrived(arrival.pixels)
        kept["film"] |= _facts(look)
        size = path.stat().st_size
        kept["film"]["room"] = room_of(look, kept["film"], size, arrival.desk.spool.share)
        arrival.keep_room(kept["film"]["room"])
        record = Record(
            id=new_id(),
            owner=request.state.owner,
            name=upload.names.get(FILM, ""),
            options=kept,
            has_mask=False,
            bytes=size + arrival.reserved,
            pixels=arrival.pixels,
            client=arrival.ticket.client,
        )
        await asyncio.to_thread(arrival.desk.spool.accept, record, arrival.folder)
        live = arrival.desk.start(record, arrival.ticket)
    finally:
        arrival.close()
    headers = {"location": f"{request.state.prefix}/jobs/{record.id}", "retry-after": "1"}
    return JSONResponse(described(request, record, live), 202, headers)


@router.get(
    "/films/{job}/preview", summary="The first second of a film, small", response_class=Response,
    responses={200: {"description": "WebM with alpha", "content": {"video/webm": {}}}} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_film_preview(request: Request, job: str) -> Response:
    """At most 640 pixels wide or high, without a background. 409 with `Retry-After` until it is there, which is long
    before the result.
    """
    record, _ = await _film(request, job)
    path = desk_of(request).spool.home(record.id) / "preview.webm"
    if not path.exists():
        raise NotReady("the film's first second is not cut yet")
    return StoredFile(path, media_type="video/webm", headers={"cache-control": "private, no-cache"})


@router.post(
    "/films/{job}/frames", summary="Open one frame as a photo", status_code=202, responses={202: JOB} | PROBLEM_ANSWERS,
)  # fmt: skip
async def open_frame(request: Request, job: str, time: Annotated[float, Query(ge=0, le=1e6)]) -> Response:
    """The answer is a job with this frame as its photo, to be edited as any other; `time` is the frame's own time.

    Its hints become the film's when they are sent, with this time, to `POST /films/{job}/again`.
    """
    record, film = await _film(request, job)
    desk = desk_of(request)
    ticket, folder, charged = desk.enter(request.state.client), desk.spool.passing(), 0
    try:
        width, height = film["size"]
        room = width * height * 4 * 4 + (1 << 20)  # the frame, its result, and the layers of both
        desk.spool.charge(room, ticket.client)
        charged = room
        source = desk.spool.home(record.id) / FILM
        look = FilmFrame(source, folder / "image", time, desk.settings.max_pixels)
        found = await desk.view(look, lambda: client_gone(request))
        first = found.film["first"]
        ticket.arrived(width * height)
        photo = Record(
            id=new_id(),
            owner=request.state.owner,
            name=f"{Path(record.name).stem}-{first:.3f}s.png",
            options=_of_frame(record, film, first),
            has_mask=False,
            bytes=room,
            pixels=width * height,
            client=ticket.client,
        )
        await asyncio.to_thread(desk.spool.accept, photo, folder)
        live = desk.start(photo, ticket)
    finally:
        desk.spool.refund(charged, ticket.client)
        if not ticket.kept:
            ticket.release()
        await asyncio.to_thread(shutil.rmtree, folder, True)  # an accepted photo's is a job's folder by now
    headers = {"location": f"{request.state.prefix}/jobs/{photo.id}", "retry-after": "1"}
    return JSONResponse(described(request, photo, live) | {"time": first}, 202, headers)


@router.post(
    "/films/{job}/again", summary="Cut a film anew, with hints", status_code=202,
    responses={202: JOB} | PROBLEM_ANSWERS, openapi_extra=_HINTS,
)  # fmt: skip
async def cut_again(request: Request, job: str, query: Film) -> Response:
    """The body is the whole list of hints, each with its time; each holds until the next one. To undo, send one less.

    The job keeps its id and starts again, its preview too. The query has the fields of `POST /films`.
    """
    record, _ = await _film(request, job)
    desk = desk_of(request)
    if record.id in desk.live:
        raise NotReady("the film is still being cut", "DELETE /jobs/{job} stops it")
    entries = await _entries(request)
    kept = query.kept(desk.settings, entries)
    home = desk.spool.home(record.id)
    look = await _look(request, home / FILM, kept["film"])
    kept["film"] |= _facts(look)
    room = room_of(look, kept["film"], (home / FILM).stat().st_size, desk.spool.share)
    kept["film"]["room"] = room
    ticket = desk.enter(request.state.client)
    try:
        desk.spool.charge(room, record.client)
        try:
            ticket.arrived(record.pixels)
            if record.id in desk.live:  # another request has started it meanwhile
                raise NotReady("the film is still being cut", "DELETE /jobs/{job} stops it")
            await asyncio.to_thread(_forget, home)
            await asyncio.to_thread(desk.spool.restart, record.id, kept, room)
        except BaseException:
            desk.spool.refund(room, record.client)
            raise
        begun = dataclasses.replace(record, options=kept, state="queued", receipt=None, error=None, attempts=0)
        live = desk.start(begun, ticket)
    finally:
        if not ticket.kept:
            ticket.release()
    return JSONResponse(described(request, begun, live), 202, {"retry-after": "1"})


async def _film(request: Request, job: str) -> tuple[Record, dict[str, Any]]:
    """A film's job of this client, in any state. Raises NotFound."""
    record, _ = await find(request, job)
    film = film_of(record)
    if film is None:
        raise NotFound("this job is a photo's", "POST /films hands a film in")
    return record, dict(film)


def _check_upload(files: dict[str, Path], fields: dict[str, str]) -> None:
    """Raise BadRequest for other fields or no film, WrongType for a file that is not read as a film here."""
    if fields:
        names = ", ".join(sorted(fields))[:120]
        raise BadRequest(f"the form has fields that are not read: {names}", "options belong into the query")
    if FILM not in files:
        raise BadRequest("there is no film in the request", "send it as the multipart field film")
    kind = kind_of(files[FILM])
    if kind is None:
        raise WrongType(
            "expected a film: MP4, MOV, WebM, MKV, AVI, or an animated GIF, PNG, WebP or AVIF",
            "photos are handed in at POST /jobs",
        )
    if kind not in ANIMATIONS and importlib.util.find_spec("av") is None:
        raise WrongType(
            "this service cannot read films, but animated GIF, PNG, WebP and AVIF",
            "whoever runs it can add them: pip install 'gigamatte[film]'",
        )


async def _look(request: Request, path: Path, film: dict[str, Any]) -> Receipt:
    """Size and length, as the worker reads them: no decoder runs on uploaded bytes in this process."""
    settings = desk_of(request).settings
    most = round(settings.film_megapixels * 1e6)
    look = FilmLook(path, settings.max_pixels, film["start"], film["end"], film["every"], most)
    return await desk_of(request).view(look, lambda: client_gone(request))


def _facts(look: Receipt) -> dict[str, Any]:
    return {"size": [look.width, look.height], "frames": look.film["frames"], "seconds": look.film["last"]}


def _of_frame(record: Record, film: dict[str, Any], time: float) -> dict[str, Any]:
    """The options for a frame as a photo, with the hints that were given for it."""
    own = unpack_options({name: value for name, value in record.options.items() if name != "film"})
    names = ("model", "refine", "kind", "ignore_alpha", "box", "device", "threads", "max_pixels")
    options = Options(**{name: getattr(own, name) for name in names}, format="png", keep_empty=True)
    entry: dict[str, Any] = next((one for one in film["hints"] or () if abs(one["time"] - time) < 1e-3), {})
    hints = {name: value for name, value in entry.items() if name != "time"}
    return pack_options(options) | {"hints": hints or None}


async def _entries(request: Request) -> list[dict[str, Any]]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise TooLarge(f"the hints are longer than {LARGEST} bytes", "send fewer or shorter strokes")
    try:
        return FilmHints.from_plain(json.loads(body)).as_plain()
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the hints are no JSON: {error}") from error
    except UsageError as error:
        raise BadRequest(error.message, error.hint) from error


def _forget(home: Path) -> None:
    """Remove the earlier result and preview: the next service would take them for the new ones."""
    for file in (*home.glob("result.*"), home / "preview.webm"):
        file.unlink(missing_ok=True)
