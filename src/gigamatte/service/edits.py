"""Edits a finished job: takes the whole list of hints, answers a preview, and writes the result on save."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gigamatte.errors import UsageError
from gigamatte.hints import Hints
from gigamatte.own_files import sha256_of_text
from gigamatte.service.arrival import client_gone, desk_of
from gigamatte.service.finish import forget, keep_saved, lock_of
from gigamatte.service.jobs import described, finished
from gigamatte.service.openapi import JOB, PROBLEMS
from gigamatte.service.record import Record
from gigamatte.service.stored import StoredFile
from gigamatte.service_errors import BadRequest
from gigamatte.types import Size
from gigamatte.worker.wire import Edit, pack_options, unpack_options

router = APIRouter()

PROBLEM_ANSWERS: Any = PROBLEMS
#: bytes that are kept free for a preview
PREVIEW_BYTES = 8 << 20
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "keep": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
                    "drop": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
                    "strokes": {"type": "array", "items": {"type": "object"}},
                    "box": {"type": "array", "items": {"type": "number"}},
                },
            },
            "example": {"keep": [[812, 640]], "drop": [[90, 1200]]},
        }
    },
}
EDITED: dict[str, Any] = {
    "description": "The hints as they are kept, and where their preview is",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


@router.post(
    "/jobs/{job}/edits", tags=["edits"], summary="Say what is meant", responses={200: EDITED} | PROBLEM_ANSWERS,
    openapi_extra={"requestBody": _BODY},
)  # fmt: skip
async def edit_job(request: Request, job: str) -> Response:
    """Takes the whole list of hints, in pixels of the upright photo: undo is sending one less.

    `keep` and `drop` are points `[x, y]` or `[x, y, radius]`; `strokes` have `kind` (keep, drop, hair), `points` and
    `radius`; `box` is where to look for the subject. Nothing is cut yet: `preview` shows what it gives, and
    `POST /jobs/{job}/edits/save` writes the result.
    """
    record = await finished(request, job)
    hints = await _hints_in(request)
    kept = _with_hints(record, hints)
    await asyncio.to_thread(keep_saved, desk_of(request).spool.home(record.id), record, anew=False)
    await asyncio.to_thread(desk_of(request).spool.rewrite, record.id, options=kept)
    return JSONResponse(_edited(request, dataclasses.replace(record, options=kept)))


@router.get(
    "/jobs/{job}/preview", tags=["edits"], summary="What the hints give, at screen size", response_class=Response,
    responses={200: {"description": "The cutout, longer side at most 1600 pixels", "content": {"image/webp": {}}}}
    | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_preview(request: Request, job: str) -> Response:
    """Shows what the hints give that were sent last.

    The photo stays open for some minutes, so that the next preview takes less time.
    """
    record = await finished(request, job)
    desk = desk_of(request)
    revision = _revision(record)
    target = desk.spool.home(job) / f"preview-{revision}.webp"
    if not target.exists():
        await _cut(request, record, target)
        for old in target.parent.glob("preview-*.webp"):
            if old != target:
                old.unlink(missing_ok=True)
    headers = {"cache-control": "private, no-cache", "etag": f'"{revision}"'}
    return StoredFile(target, media_type="image/webp", headers=headers)


@router.post(
    "/jobs/{job}/edits/save", tags=["edits"], summary="Write the result of the hints",
    responses={200: JOB} | PROBLEM_ANSWERS,
)  # fmt: skip
async def save_edits(request: Request, job: str) -> Response:
    """The job's result becomes, bit for bit, what a fresh cut with the same hints gives. The answer is the job."""
    record = await finished(request, job)
    desk = desk_of(request)
    home = desk.spool.home(job)
    tiles = home / "tiles" / "cutout"
    async with lock_of(request, record, tiles.name):  # none of the old result are being made
        viewed = (tiles / "layer.json").exists()
        receipt = await _cut(request, record, home / "result", view=tiles if viewed else None)
    await asyncio.to_thread(keep_saved, home, record, anew=True)
    await asyncio.to_thread(desk.spool.rewrite, record.id, receipt=receipt)
    await asyncio.to_thread(forget, home)
    return JSONResponse(described(request, dataclasses.replace(record, receipt=receipt), None))


async def _cut(request: Request, record: Record, target: Path, *, view: Path | None = None) -> dict[str, Any]:
    """One edit; its receipt as plain data. One at a time for a job, because the next one uses the same open photo.

    ``view``: where the viewer's tiles of the old result are, in whose place those of the new one come.
    """
    desk = desk_of(request)
    home = desk.spool.home(record.id)
    preview = target != home / "result"
    room = PREVIEW_BYTES + (0 if preview else record.bytes)
    async with lock_of(request, record, "edits"):
        if preview and target.exists():
            return {}  # another request asked for the same
        desk.spool.charge(room, record.client)
        try:
            mask = home / "mask" if record.has_mask else None
            edit = Edit(home / "image", target, unpack_options(record.options), mask, preview, view)
            receipt = await desk.edit(edit, lambda: client_gone(request))
            if not preview:
                await asyncio.to_thread(desk.spool.recharge, record.id)
            return receipt.as_dict()
        finally:
            desk.spool.refund(room, record.client)
            if preview:
                desk.recharge(record.id)


async def _hints_in(request: Request) -> Hints:
    """The hints of a body, whose length admission bounds. Raises BadRequest."""
    body = bytearray()
    async for part in request.stream():
        body += part
    try:
        return Hints.from_json(bytes(body))
    except UsageError as error:
        raise BadRequest(error.message, error.hint) from error


def _with_hints(record: Record, hints: Hints) -> dict[str, Any]:
    """The record's options with these hints. Raises BadRequest for a point outside of the photo."""
    receipt = record.receipt or {}
    options = unpack_options(record.options)
    placed = options.crop or options.canvas is not None or options.aspect is not None
    try:
        if not placed:  # else the receipt has another size than the photo, with which the worker compares
            hints.refuse_outside(Size(receipt.get("width", 1), receipt.get("height", 1)))
    except UsageError as error:
        raise BadRequest(error.message, error.hint) from error
    return pack_options(dataclasses.replace(options, hints=hints or None))


def _revision(record: Record) -> str:
    """Names what the preview shows: the same hints have the same preview."""
    return sha256_of_text(json.dumps(record.options.get("hints"), sort_keys=True))[:16]


def _edited(request: Request, record: Record) -> dict[str, Any]:
    address = f"{request.state.prefix}/jobs/{record.id}"
    return {
        "id": record.id,
        "hints": record.options.get("hints") or {},
        "preview": f"{address}/preview?revision={_revision(record)}",
        "save": f"{address}/edits/save",
    }
