"""A picture to lay a finished job's subject on: handed in once, then named by ``background=picture``."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response

from gigamatte.errors import BudgetExceeded, UnsupportedInput
from gigamatte.service.arrival import PROBLEM_ANSWERS, desk_of
from gigamatte.service.desk import Desk
from gigamatte.service.finish import BACKDROP as NAME
from gigamatte.service.jobs import finished
from gigamatte.service.record import Record
from gigamatte.service.sizes import claimed_pixels
from gigamatte.service.uploads import receive_upload
from gigamatte.service_errors import WrongType

router = APIRouter()

_BODY: dict[str, Any] = {
    "required": True,
    "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
}


@router.put(
    "/jobs/{job}/background", tags=["jobs"], summary="Hand in a picture to lay the subject on", status_code=204,
    response_class=Response, responses=PROBLEM_ANSWERS, openapi_extra={"requestBody": _BODY},
)  # fmt: skip
async def put_background(request: Request, job: str) -> Response:
    """The body is a picture, which takes the place of an earlier one.

    `GET /jobs/{job}/result?background=picture` then shows the result on it.
    """
    record = await finished(request, job)
    desk = desk_of(request)
    folder = desk.spool.passing()
    taken = 0

    def charge(count: int) -> None:
        nonlocal taken
        desk.spool.charge(count, record.client, before=record.bytes + taken)
        taken += count

    try:
        kind = request.headers.get("content-type", "")
        await receive_upload(kind, request.stream(), folder, files=(), whole=NAME, charge=charge)
        await asyncio.to_thread(_keep, desk, record, folder / NAME)
    finally:
        desk.spool.refund(taken, record.client)
        await asyncio.to_thread(shutil.rmtree, folder, True)
    return Response(status_code=204)


def _keep(desk: Desk, record: Record, arrived: Path) -> None:
    """Move the picture to the job's files. Raises WrongType, BudgetExceeded."""
    most = desk.settings.max_pixels
    try:
        pixels = claimed_pixels(arrived)
    except UnsupportedInput as error:
        raise WrongType(error.written[0].replace("the upload", NAME, 1), error.written[1]) from error
    if pixels > most:
        raise BudgetExceeded(
            f"{NAME} has {pixels / 1e6:.1f} megapixels, allowed are {most / 1e6:.1f}", "send a smaller photo"
        )
    # results on the earlier picture stay: their names differ, and one of them may be being sent
    arrived.replace(desk.spool.home(record.id) / NAME)
    desk.spool.recharge(record.id)
