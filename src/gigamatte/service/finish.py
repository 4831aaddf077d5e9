"""A job's result, as it is or finished otherwise: format, background, crop and what else leaves the alpha as it is."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, create_model

from gigamatte.options import DEFAULTS, Options
from gigamatte.own_files import keep_newest, sha256_of_text
from gigamatte.service.answers import receipt_headers
from gigamatte.service.arrival import PROBLEM_ANSWERS, client_gone, desk_of
from gigamatte.service.desk import Desk
from gigamatte.service.film_options import MEDIA as FILM_MEDIA
from gigamatte.service.film_options import film_of, result_of
from gigamatte.service.jobs import finished
from gigamatte.service.openapi import PHOTO
from gigamatte.service.options import MEDIA, CutQuery
from gigamatte.service.record import Record
from gigamatte.service.reserve import result_bytes
from gigamatte.service.stored import StoredFile
from gigamatte.service_errors import BadRequest
from gigamatte.worker.view import ALPHA
from gigamatte.worker.wire import Job, View, unpack_options, unpack_receipt

router = APIRouter()

#: what decides where the subject is: another value would be another cut
CUTTING = frozenset((
    "model", "refine", "kind", "ignore_alpha", "normalise", "mask", "mask_kind", "box", "hints", "keep_empty",
))  # fmt: skip
#: as ``background``: the picture that was handed in for the job
PICTURE = "picture"
#: otherwise finished results that are kept of one job
KEPT = 3

_FIELDS: Any = {name: (field.annotation, field) for name, field in CutQuery.model_fields.items() if name not in CUTTING}
#: the fields of ``CutQuery`` that leave the alpha as it is
Finish: type[BaseModel] = create_model("Finish", __config__=ConfigDict(extra="forbid"), **_FIELDS)


@router.get(
    "/jobs/{job}/result", tags=["jobs"], summary="The cutout of a job", response_class=Response,
    responses={200: PHOTO} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_result(request: Request, job: str, query: Annotated[Finish, Query()]) -> Response:  # type: ignore[valid-type]
    """The picture; 409 with `Retry-After` while it is not ready; the job's own error if it failed.

    With a query it is finished otherwise, without being cut again: in another `format`, on a `background`, cropped …
    What the query does not name is as the job was asked for. The job's own result must hold the whole alpha for that:
    a transparent PNG, WebP or TIFF, neither cropped nor smoothed. `background=picture` is the picture that
    `PUT /jobs/{job}/background` handed in.
    """
    record = await finished(request, job, film=True)
    path, form = await finished_file(request, record, query)
    receipt = record.receipt or {"model": None, "input": ""}
    headers = receipt_headers(unpack_receipt(receipt), "private, no-cache")
    return StoredFile(path, media_type=(MEDIA | FILM_MEDIA)[form], headers=headers)


async def finished_file(request: Request, record: Record, query: BaseModel | None) -> tuple[Path, str]:
    """(file, format) of a job's result, finished as a ``Finish`` asks. Raises BadRequest, UsageError."""
    asked = {} if query is None else {name: getattr(query, name) for name in query.model_fields_set}
    if (film := film_of(record)) is not None:
        if asked:
            raise BadRequest("a film is not finished otherwise", "POST /films/{job}/again cuts it anew")
        return result_of(desk_of(request).spool.home(record.id), film), film["format"]
    if not asked:
        return desk_of(request).spool.home(record.id) / "result", record.options["format"] or "png"
    options = options_of(record, asked, request)
    return await finish(request, record, options), options.format or "png"


def options_of(record: Record, asked: dict[str, Any], request: Request) -> Options:
    """The job's options with what is ``asked``. Raises BadRequest, UsageError."""
    own, desk = unpack_options(record.options), desk_of(request)
    file = desk.spool.home(record.id) / "background_image"
    backdrop = str(file)
    plain = {name: getattr(own, name) for name in _FIELDS if getattr(own, name) != DEFAULTS[name]}
    pictured = asked.get("background") == PICTURE or (plain.get("background") == backdrop and "background" not in asked)
    if asked.get("background") == PICTURE:
        if not file.exists():
            raise BadRequest("this job has no background picture", "send one with PUT /jobs/{job}/background first")
        asked = {name: value for name, value in asked.items() if name != "background"}
    if plain.get("background") == backdrop:
        del plain["background"]
    made = CutQuery(**plain | asked).options(desk.settings, backdrop=backdrop if pictured else None)
    return dataclasses.replace(made, **{name: getattr(own, name) for name in CUTTING})


async def finish(request: Request, record: Record, options: Options) -> Path:
    """The file of the result finished so. Raises BadRequest where the job's result lacks the alpha."""
    desk = desk_of(request)
    home = desk.spool.home(record.id)
    art = options.kind == "art"  # without a network, and its colours come with its alpha: cut again
    if not (art or holds_alpha(unpack_options(record.options))):
        raise BadRequest(
            "this job's result does not hold the whole alpha, so it cannot be finished otherwise",
            "hand the photo in for a transparent PNG, neither cropped nor smoothed",
        )
    target = home / "finished" / _name(record, options)
    locks: dict[tuple[str, str], asyncio.Lock] = request.app.state.tiling
    async with locks.setdefault((record.id, "finish"), asyncio.Lock()):
        if target.exists():
            return target
        room = result_bytes(home / "image", options) + record.pixels * 2
        desk.spool.charge(room, record.client)
        try:
            await _make(desk, home, target, options, None if art else home / "finished" / ALPHA, request)
            await asyncio.to_thread(_forget_all_but, target)
            await asyncio.to_thread(desk.spool.recharge, record.id)
        finally:
            desk.spool.refund(room, record.client)
    return target


async def _make(desk: Desk, home: Path, target: Path, options: Options, alpha: Path | None, request: Request) -> None:
    """Write the file; ``alpha`` is where the result's lies, or is put first."""
    if alpha is not None:
        if not alpha.exists():
            view = View(home / "result", alpha.parent, "alpha", desk.settings.max_pixels)
            await desk.view(view, lambda: client_gone(request))
        # the photo's own alpha is in the result's already, and what is written needs no subject
        options = dataclasses.replace(
            options, hints=None, mask_kind="alpha", ignore_alpha=True, keep_empty=True, box=None, box_share=None
        )
    await asyncio.to_thread(target.parent.mkdir, exist_ok=True)
    await desk.cut(Job(home / "image", target, options, mask=alpha, overwrite=True), lambda: client_gone(request))


def holds_alpha(options: Options) -> bool:
    """Whether a result made with these options can be finished otherwise."""
    whole = options.only == "cutout" and options.background is None and not (options.crop or options.smooth)
    whole = whole and options.canvas is None and options.aspect is None
    return whole and options.format in (None, "png", "tiff", "webp") and options.quality is None


def forget(home: Path) -> None:
    """The result has changed: nothing that was made of it is right any more."""
    for file in (home / "finished").glob("*"):
        _forget_file(file)


def _forget_all_but(newest: Path) -> None:
    files = [file for file in newest.parent.iterdir() if file.name != ALPHA]
    for file in keep_newest((file for file in files if file != newest), KEPT - 1):
        _forget_file(file)


def _forget_file(file: Path) -> None:
    """A finished result, and the viewer's tiles of it."""
    shutil.rmtree(tiles_of(file), ignore_errors=True)
    file.unlink(missing_ok=True)


def tiles_of(file: Path) -> Path:
    """The folder of the viewer's tiles of a finished result."""
    return file.parents[1] / "tiles" / f"cutout-{file.name}"


def _name(record: Record, options: Options) -> str:
    """Another for everything that the file depends on but the photo."""
    plain = json.dumps([dataclasses.asdict(options), record.options.get("hints")], sort_keys=True, default=str)
    return sha256_of_text(plain)[:24]
