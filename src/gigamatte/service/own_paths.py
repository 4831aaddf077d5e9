"""Lists the clipping paths that the file of a job's photo holds."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from gigamatte.photo.read import open_photo
from gigamatte.service.arrival import PROBLEM_ANSWERS, desk_of
from gigamatte.service.jobs import finished

router = APIRouter()

_PATHS: dict[str, Any] = {"description": "Their names, and the one that is marked as clipping path, or null"}


@router.get(
    "/jobs/{job}/paths", tags=["jobs"], summary="The paths in the photo's file",
    responses={200: _PATHS} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_paths(request: Request, job: str) -> dict[str, Any]:
    """JPEG, TIFF and PSD files can hold them. `GET /jobs/{job}/result?mask=path` is cut by the path that is marked."""
    record = await finished(request, job)
    desk = desk_of(request)
    image = desk.spool.home(record.id) / "image"
    photo = await asyncio.to_thread(open_photo, image, max_pixels=desk.settings.max_pixels)
    own = await asyncio.to_thread(photo.paths)
    return {"paths": list(own.names), "clipping": own.clipping}
