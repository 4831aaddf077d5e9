"""Serves a job's pictures as tiles for the web page, and several results in one zip."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gigamatte.messages.translate import Language, translate
from gigamatte.presets import find_preset
from gigamatte.service.answers import preferred_language
from gigamatte.service.arrival import PROBLEM_ANSWERS, PassingFile, client_gone, desk_of
from gigamatte.service.desk import TILED, Desk
from gigamatte.service.film_options import film_of
from gigamatte.service.finish import Finish, finished_file, tiles_of
from gigamatte.service.jobs import finished, handed_in, result_name
from gigamatte.service.openapi import DONE
from gigamatte.service.record import Record
from gigamatte.service.stored import StoredFile
from gigamatte.service.wording import told
from gigamatte.service_errors import BadRequest, NotFound
from gigamatte.worker.wire import Check, View

router = APIRouter()

#: photos in one archive
ARCHIVE = 500
#: the photo, the result, and the result finished otherwise
_LAYER = re.compile(r"photo|cutout(-[0-9a-f]{24})?")


@router.get(
    "/jobs/{job}/layers/{kind}", tags=["viewer"], summary="A picture of a job as tiles",
    responses={200: DONE} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_layer(request: Request, job: str, kind: str, query: Annotated[Finish, Query()]) -> Response:  # type: ignore[valid-type]
    """`kind` is photo or cutout. The answer lists levels, finest first, and which of their tiles hold anything.

    The photo's are there before the job is finished. With a query it is the cutout that `GET /jobs/{job}/result` gives
    with it. Its tiles are at `Content-Location`.
    """
    record = await (handed_in if kind == "photo" else finished)(request, job)
    if kind not in ("photo", "cutout"):
        raise NotFound(f"a job has the layers photo and cutout, not {kind[:40]!r}")
    tiles = desk_of(request).spool.home(job) / "tiles"
    place = f"{request.state.prefix}/jobs/{job}/layers/"
    headers = {"cache-control": "private, max-age=3600"}
    if kind == "photo":
        await _tile(request, record, tiles.parent / "image", tiles / kind, "photo")
        headers["content-location"] = place + kind
        return StoredFile(tiles / kind / "layer.json", media_type="application/json", headers=headers)
    held = await finished_file(request, record, query, viewed=True)
    try:
        folder = tiles / kind if held.path == tiles.parent / "result" else tiles_of(held.path)
        await _tile(request, record, held.path, folder, "cutout")
    except BaseException:
        held.close()
        raise
    headers["content-location"] = place + folder.name
    headers["x-warnings"] = json.dumps(told(held.receipt.warnings, _language(request)))
    headers["vary"] = "Accept-Language"
    return PassingFile(held, folder / "layer.json", media_type="application/json", headers=headers)


async def _tile(request: Request, record: Record, source: Path, folder: Path, kind: Literal["photo", "cutout"]) -> None:
    """See that the tiles of a picture are there."""
    desk = desk_of(request)
    locks: dict[tuple[str, str], asyncio.Lock] = request.app.state.tiling
    lock = locks.setdefault((record.id, folder.name), asyncio.Lock())
    try:
        async with lock:
            if (folder / "layer.json").exists():
                return
            room = record.pixels * TILED + (1 << 20)
            desk.spool.charge(room, record.client)
            try:
                await desk.view(View(source, folder, kind, desk.settings.max_pixels), lambda: client_gone(request))
                await asyncio.to_thread(desk.spool.recharge, record.id)
            finally:
                desk.spool.refund(room, record.client)
    finally:
        locks.pop((record.id, folder.name), None)


@router.get(
    "/jobs/{job}/layers/{kind}/{level}/{index}", tags=["viewer"], summary="One tile", response_class=Response,
    responses={200: {"description": "At most 512×512 pixels", "content": {"image/webp": {}, "image/jpeg": {}}}}
    | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_tile(request: Request, job: str, kind: str, level: int, index: int) -> Response:
    """A tile that `GET /jobs/{job}/layers/{kind}` lists."""
    await (handed_in if kind == "photo" else finished)(request, job)
    path = desk_of(request).spool.home(job) / "tiles" / kind / f"{level}-{index}"
    if not _LAYER.fullmatch(kind) or level < 0 or index < 0 or not path.is_file():
        raise NotFound("there is no such tile")
    with path.open("rb") as file:
        media = "image/webp" if file.read(4) == b"RIFF" else "image/jpeg"
    return StoredFile(path, media_type=media, headers={"cache-control": "private, max-age=3600"})


@router.get(
    "/jobs/{job}/check", tags=["jobs"], summary="Whether a result is as a preset asks",
    responses={200: {"description": "What keeps it from fitting, each with a reason; nothing where it fits"}}
    | PROBLEM_ANSWERS,
)  # fmt: skip
async def check_result(request: Request, job: str, query: Annotated[Finish, Query()]) -> dict[str, Any]:  # type: ignore[valid-type]
    """Looks at the finished picture: size, format, bytes, ground, fill and border.

    `preset` is a name of `GET /about`. With other fields beside it the picture is the one that `GET /jobs/{job}/result`
    gives with all of them.
    """
    record = await finished(request, job)
    asked: Any = query
    if not asked.preset:
        raise BadRequest("preset is missing: there is nothing to check against", "GET /about lists the presets")
    name = find_preset(asked.preset).name
    alone = asked.model_fields_set == {"preset"}
    held = await finished_file(request, record, None if alone else asked)
    desk = desk_of(request)
    folder = desk.spool.passing()
    try:
        work = Check(held.path, folder / "check.json", name, desk.settings.max_pixels)
        await desk.view(work, lambda: client_gone(request))
        failures = json.loads(await asyncio.to_thread(work.target.read_text, "utf-8"))
    finally:
        held.close()
        await asyncio.to_thread(shutil.rmtree, folder, True)
    lang = _language(request)
    translated = [{"what": one["what"], "why": translate(one["why"], lang)} for one in failures]
    return {"preset": name, "fits": not failures, "failures": translated}


def _language(request: Request) -> Language:
    return "zh" if preferred_language(request.scope) == "zh" else "en"


class ArchiveOrder(BaseModel):
    """Which jobs to pack."""

    model_config = ConfigDict(extra="forbid")

    jobs: list[str] = Field(min_length=1, max_length=ARCHIVE)
    #: as in the query of ``GET /jobs/{job}/result``
    finish: Finish | None = None  # type: ignore[valid-type]
    #: … and what of them is otherwise for one of the jobs, by its id
    single: dict[str, Finish] = Field({}, max_length=ARCHIVE)  # type: ignore[valid-type]


@router.post(
    "/archive", tags=["jobs"], summary="Several cutouts in one zip", response_class=Response,
    responses={200: {"description": "A zip", "content": {"application/zip": {}}}} | PROBLEM_ANSWERS,
)  # fmt: skip
async def archive(request: Request, order: Annotated[ArchiveOrder, Body()]) -> Response:
    """All of the jobs must be done. `finish` has the fields of the query of `GET /jobs/{job}/result`.

    `single` has, by a job's id, other fields for this one.
    """
    records = [await finished(request, job, film=True) for job in dict.fromkeys(order.jobs)]
    desk = desk_of(request)
    client = request.state.client
    with contextlib.ExitStack() as stack:
        files = []
        for record in records:
            query = None if film_of(record) else order.single.get(record.id, order.finish)
            held = await finished_file(request, record, query)
            stack.callback(held.close)
            files.append((record, held.path, held.form))
        size = sum(file.stat().st_size for _, file, _ in files)
        desk.spool.charge(size, client)
        folder = desk.spool.passing()
        box = _Packed(desk, folder, size, client)
        try:
            await asyncio.to_thread(_pack, files, folder / "archive")
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


def _pack(files: list[tuple[Record, Path, str]], target: Path) -> None:
    """Pictures do not get smaller by zipping: they are stored. Photos of one name get a number."""
    names: set[str] = set()
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as box:
        for record, file, form in files:
            name = result_name(record, form)
            stem, _, suffix = name.rpartition(".cutout.")
            number = 1
            while name.casefold() in names:
                number += 1
                name = f"{stem}-{number}.cutout.{suffix}"
            names.add(name.casefold())
            box.write(file, name)
