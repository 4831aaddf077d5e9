"""Serves a job's pictures as tiles for the web page, and several results in one zip."""

from __future__ import annotations

import asyncio
import json
import shutil
import zipfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gigamatte.messages.translate import Language, translate
from gigamatte.presets import find_preset
from gigamatte.refused import NotFound
from gigamatte.service.answers import preferred_language
from gigamatte.service.arrival import PROBLEM_ANSWERS, PassingFile, client_gone, desk_of
from gigamatte.service.desk import Desk
from gigamatte.service.jobs import finished, result_name
from gigamatte.service.openapi import DONE
from gigamatte.service.record import Record
from gigamatte.worker.wire import Check, View

router = APIRouter()

#: photos in one archive
ARCHIVE = 500
#: the most bytes that tiles of all levels have for a pixel of the finest
TILED = 2


@router.get(
    "/jobs/{job}/layers/{kind}", tags=["viewer"], summary="A picture of a job as tiles",
    responses={200: DONE} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_layer(request: Request, job: str, kind: str) -> Response:
    """`kind` is photo or cutout. The answer lists levels, finest first, and which of their tiles hold anything."""
    record = await finished(request, job)
    if kind not in ("photo", "cutout"):
        raise NotFound(f"a job has the layers photo and cutout, not {kind[:40]!r}")
    desk = desk_of(request)
    home = desk.spool.home(job)
    folder = home / "tiles" / kind
    locks: dict[tuple[str, str], asyncio.Lock] = request.app.state.tiling
    lock = locks.setdefault((job, kind), asyncio.Lock())
    try:
        async with lock:
            if not (folder / "layer.json").exists():
                source = home / ("image" if kind == "photo" else "result")
                room = record.pixels * TILED + (1 << 20)
                desk.spool.charge(room, record.client)
                try:
                    await desk.view(
                        View(source, folder, kind, desk.settings.max_pixels),  # type: ignore[arg-type]
                        lambda: client_gone(request),
                    )
                    await asyncio.to_thread(desk.spool.recharge, record.id)
                finally:
                    desk.spool.refund(room, record.client)
    finally:
        locks.pop((job, kind), None)
    headers = {"cache-control": "private, max-age=3600"}
    return FileResponse(folder / "layer.json", media_type="application/json", headers=headers)


@router.get(
    "/jobs/{job}/layers/{kind}/{level}/{index}", tags=["viewer"], summary="One tile", response_class=Response,
    responses={200: {"description": "At most 512×512 pixels", "content": {"image/webp": {}, "image/jpeg": {}}}}
    | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_tile(request: Request, job: str, kind: str, level: int, index: int) -> Response:
    """A tile that `GET /jobs/{job}/layers/{kind}` lists."""
    await finished(request, job)
    path = desk_of(request).spool.home(job) / "tiles" / kind / f"{level}-{index}"
    if kind not in ("photo", "cutout") or level < 0 or index < 0 or not path.is_file():
        raise NotFound("there is no such tile")
    with path.open("rb") as file:
        media = "image/webp" if file.read(4) == b"RIFF" else "image/jpeg"
    return FileResponse(path, media_type=media, headers={"cache-control": "private, max-age=3600"})


@router.get(
    "/jobs/{job}/check", tags=["jobs"], summary="Whether a result is as a preset asks",
    responses={200: {"description": "What keeps it from fitting, each with a reason; nothing where it fits"}}
    | PROBLEM_ANSWERS,
)  # fmt: skip
async def check_result(
    request: Request, job: str, preset: Annotated[str, Query(max_length=64, description="a name of GET /about")]
) -> dict[str, Any]:
    """Looks at the finished picture: size, format, bytes, ground, fill and border."""
    await finished(request, job)
    name = find_preset(preset).name
    desk = desk_of(request)
    folder = desk.spool.passing()
    try:
        work = Check(desk.spool.home(job) / "result", folder / "check.json", name, desk.settings.max_pixels)
        await desk.view(work, lambda: client_gone(request))
        failures = json.loads(await asyncio.to_thread(work.target.read_text, "utf-8"))
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, True)
    lang: Language = "zh" if preferred_language(request.scope) == "zh" else "en"
    told = [{"what": one["what"], "why": translate(one["why"], lang)} for one in failures]
    return {"preset": name, "fits": not failures, "failures": told}


class ArchiveOrder(BaseModel):
    """Which jobs to pack."""

    model_config = ConfigDict(extra="forbid")

    jobs: list[str] = Field(min_length=1, max_length=ARCHIVE)


@router.post(
    "/archive", tags=["jobs"], summary="Several cutouts in one zip", response_class=Response,
    responses={200: {"description": "A zip", "content": {"application/zip": {}}}} | PROBLEM_ANSWERS,
)  # fmt: skip
async def archive(request: Request, order: Annotated[ArchiveOrder, Body()]) -> Response:
    """All of the jobs must be done."""
    records = [await finished(request, job) for job in dict.fromkeys(order.jobs)]
    desk = desk_of(request)
    size = sum((desk.spool.home(record.id) / "result").stat().st_size for record in records)
    client = request.state.client
    desk.spool.charge(size, client)
    folder = desk.spool.passing()
    box = _Packed(desk, folder, size, client)
    try:
        await asyncio.to_thread(_pack, desk, records, folder / "archive")
    except BaseException:
        box.close()
        raise
    disposition = {"content-disposition": 'attachment; filename="cutouts.zip"'}
    return PassingFile(box, folder / "archive", media_type="application/zip", headers=disposition)


class _Packed:
    """An archive in the making: its folder and what it was charged."""

    def __init__(self, desk: Desk, folder: Path, charged: int, client: str) -> None:
        self._desk, self._folder, self._charged, self._client = desk, folder, charged, client

    def close(self) -> None:
        self._desk.spool.refund(self._charged, self._client)
        self._charged = 0
        shutil.rmtree(self._folder, ignore_errors=True)


def _pack(desk: Desk, records: list[Record], target: Path) -> None:
    """Write the zip. Pictures are stored in it uncompressed, because they would not get smaller."""
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as box:
        for number, record in enumerate(records, 1):
            box.write(desk.spool.home(record.id) / "result", f"{number:03d}-{result_name(record)}")
