"""Gives a job's result: as it was written, or in another format, on another background, cropped, without a new cut."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, create_model

from gigamatte.clipping import path_named
from gigamatte.cutout.check import MISFIT
from gigamatte.options import DEFAULTS, Options
from gigamatte.own_files import keep_newest, replaced, sha256_of_text
from gigamatte.service.answers import receipt_headers
from gigamatte.service.arrival import PROBLEM_ANSWERS, PassingFile, client_gone, desk_of
from gigamatte.service.desk import TILED, Desk
from gigamatte.service.film_options import MEDIA as FILM_MEDIA
from gigamatte.service.film_options import film_of, result_of
from gigamatte.service.jobs import finished
from gigamatte.service.openapi import PHOTO
from gigamatte.service.options import MEDIA, CutQuery
from gigamatte.service.record import Record
from gigamatte.service.reserve import result_bytes, sample_bytes
from gigamatte.service_errors import BadRequest
from gigamatte.types import Receipt
from gigamatte.worker.view import ALPHA
from gigamatte.worker.wire import Job, View, unpack_options, unpack_receipt

router = APIRouter()

#: options that decide where the subject is, which stay as they were; ``mask`` is not among them: it may name a path
CUTTING = frozenset((
    "model", "refine", "kind", "ignore_alpha", "normalise", "mask_kind", "box", "hints", "keep_empty",
))  # fmt: skip
#: the value of ``background`` that means the picture that was sent for the job
PICTURE = "picture"
#: the file of the hints that a job's result was cut with, once others were sent that may not be saved
SAVED_HINTS = "saved.json"
#: the file of a job's background picture
BACKDROP = "background_image"
#: results of other finishes that stay on the disk for one job
NEWEST = 3

_FIELDS: Any = {name: (field.annotation, field) for name, field in CutQuery.model_fields.items() if name not in CUTTING}
#: the fields of ``CutQuery`` that leave the alpha as it is
Finish: type[BaseModel] = create_model("Finish", __config__=ConfigDict(extra="forbid"), **_FIELDS)


# browsers that make a file of a dragged picture call it by the end of its address
@router.get("/jobs/{job}/result/{name}", include_in_schema=False)
@router.get(
    "/jobs/{job}/result", tags=["jobs"], summary="The cutout of a job", response_class=Response,
    responses={200: PHOTO} | PROBLEM_ANSWERS,
)  # fmt: skip
async def get_result(request: Request, job: str, query: Annotated[Finish, Query()]) -> Response:  # type: ignore[valid-type]
    """The picture; 409 with `Retry-After` while it is not ready; the job's own error if it failed.

    A query asks for another finish, for which no network runs: another `format`, a `background`, a crop, the photo's
    own clipping path (`mask=path`) … Fields that it does not name stay as they were for the job.
    The job's own result must hold the whole alpha for that: a transparent PNG, WebP or TIFF, not cropped, smoothed or
    placed on a canvas, without shadow, outline, palette or bound of its bytes. A photo with an alpha of its own is cut
    anew, and so is one with 16 bits whose result is a WebP. `background=picture` is the picture that
    `PUT /jobs/{job}/background` took.
    """
    record = await finished(request, job, film=True)
    held = await finished_file(request, record, query)
    headers = receipt_headers(held.receipt, "private, no-cache")
    return PassingFile(held, held.path, media_type=(MEDIA | FILM_MEDIA)[held.form], headers=headers)


@dataclasses.dataclass(frozen=True)
class HeldFile:
    """A file of a job's result, which is not removed before ``close``."""

    path: Path
    form: str
    receipt: Receipt
    holders: Counter[Path]

    def close(self) -> None:
        """Release the file: it may be removed when newer results need the room."""
        self.holders[self.path] -= 1
        if not self.holders[self.path]:
            del self.holders[self.path]


async def finished_file(request: Request, record: Record, query: BaseModel | None, *, viewed: bool = False) -> HeldFile:
    """A job's result, finished as a ``Finish`` asks. Raises BadRequest, UsageError.

    ``viewed``: the viewer's tiles of what is made now are wanted too.
    """
    asked = {} if query is None else {name: getattr(query, name) for name in query.model_fields_set}
    holders: Counter[Path] = request.app.state.held
    receipt = unpack_receipt(record.receipt or {"model": None, "input": ""})
    if (film := film_of(record)) is not None:
        if asked:
            raise BadRequest("a film is not finished otherwise", "POST /films/{job}/again cuts it anew")
        path = result_of(desk_of(request).spool.home(record.id), film)
        holders[path] += 1
        return HeldFile(path, film["format"], receipt, holders)
    if not asked:
        path = desk_of(request).spool.home(record.id) / "result"
        holders[path] += 1
        return HeldFile(path, record.options["format"] or "png", receipt, holders)
    record = await asyncio.to_thread(_as_saved, desk_of(request).spool.home(record.id), record)
    options = options_of(record, asked, request)
    path, made = await finish(request, record, options, viewed=viewed)
    # what there was to say of the cut holds for it, too; what did not fit a preset is told of each file
    of_the_cut = (warning for warning in receipt.warnings if not warning.startswith(MISFIT))
    said = tuple(dict.fromkeys((*of_the_cut, *made.warnings)))
    made = dataclasses.replace(made, model=receipt.model, warnings=said)
    return HeldFile(path, options.format or "png", made, holders)


def keep_saved(home: Path, record: Record, *, anew: bool) -> None:
    """Note that the job's result has the record's hints; unless ``anew``, only where nothing is noted yet."""
    file = home / SAVED_HINTS
    if anew or not file.exists():
        with replaced(file) as draft:
            draft.write_text(json.dumps(record.options.get("hints")), "utf-8")


def _as_saved(home: Path, record: Record) -> Record:
    """The record with the hints that its result has."""
    file = home / SAVED_HINTS
    if not file.exists():
        return record
    return dataclasses.replace(record, options={**record.options, "hints": json.loads(file.read_text("utf-8"))})


def options_of(record: Record, asked: dict[str, Any], request: Request) -> Options:
    """The job's options with what is ``asked``. Raises BadRequest, UsageError."""
    own, desk = unpack_options(record.options), desk_of(request)
    file = desk.spool.home(record.id) / BACKDROP
    plain = {name: getattr(own, name) for name in _FIELDS if getattr(own, name) != DEFAULTS[name]}
    if plain.get("background") == str(file):
        plain["background"] = PICTURE
    fields = plain | asked
    pictured = fields.get("background") == PICTURE
    if pictured:
        if not file.exists():
            raise BadRequest("this job has no background picture", "send one with PUT /jobs/{job}/background first")
        del fields["background"]
    made = CutQuery(**fields).options(desk.settings, backdrop=str(file) if pictured else None)
    checked = made.checked or own.checked
    return dataclasses.replace(made, checked=checked, **{name: getattr(own, name) for name in CUTTING})


async def finish(request: Request, record: Record, options: Options, *, viewed: bool = False) -> tuple[Path, Receipt]:
    """The file of the result with these options, held, and its own receipt.

    Raises BadRequest where the job's result lacks the alpha.
    """
    desk = desk_of(request)
    home = desk.spool.home(record.id)
    own = unpack_options(record.options)
    # art and a path need no network, and the colours of art are found with its alpha; of a photo with an alpha of its
    # own the result holds both alphas in one; a WebP has eight bits of an alpha of sixteen
    own_alpha = (record.receipt or {}).get("own_alpha", False) and not options.ignore_alpha
    again = options.kind == "art" or path_named(options.mask) is not None or own_alpha
    again = again or (holds_alpha(own) and own.format == "webp" and sample_bytes(home / "image") == 2)
    if not (again or holds_alpha(own)):
        raise BadRequest(
            "this job's result does not hold the whole alpha, so it cannot be finished otherwise",
            "hand the photo in for a transparent PNG and nothing else; name the rest when you fetch the result",
        )
    target = home / "finished" / _name(record, options, home / BACKDROP)
    holders: Counter[Path] = request.app.state.held
    async with lock_of(request, record):
        if target.exists() and _receipt_of(target).exists():
            receipt = await asyncio.to_thread(_receipt_in, _receipt_of(target))
            holders[target] += 1
            return target, receipt
        view = tiles_of(target) if viewed else None
        room = result_bytes(home / "image", options) + record.pixels * (2 + TILED * viewed)
        desk.spool.charge(room, record.client)
        try:
            mask = home / "mask" if record.has_mask else None
            job = Job(home / "image", target, options, mask, True, view)
            receipt = await _make(desk, job if again else await _by_its_alpha(desk, home, job, request), request)
            await asyncio.to_thread(_forget_all_but, target, frozenset(holders))
            await asyncio.to_thread(desk.spool.recharge, record.id)
            holders[target] += 1
        finally:
            desk.spool.refund(room, record.client)
    return target, receipt


def lock_of(request: Request, record: Record, what: str = "finish") -> asyncio.Lock:
    """The lock of a job's finished results, or of ``what`` else is made one at a time for it."""
    locks: dict[tuple[str, str], asyncio.Lock] = request.app.state.tiling
    return locks.setdefault((record.id, what), asyncio.Lock())


async def _by_its_alpha(desk: Desk, home: Path, job: Job, request: Request) -> Job:
    """The job with the alpha of the first result as its mask, whose file is made now if it is missing."""
    alpha = home / "finished" / ALPHA
    if not alpha.exists():
        view = View(home / "result", alpha.parent, "alpha", desk.settings.max_pixels)
        await desk.view(view, lambda: client_gone(request))
    # it may be empty
    options = dataclasses.replace(
        job.options, hints=None, mask_kind="alpha", ignore_alpha=True, keep_empty=True, box=None, box_share=None
    )
    return dataclasses.replace(job, options=options, mask=alpha)


async def _make(desk: Desk, job: Job, request: Request) -> Receipt:
    """Write the result, and its receipt."""
    await asyncio.to_thread(job.target.parent.mkdir, exist_ok=True)
    receipt = await desk.cut(job, lambda: client_gone(request))
    await asyncio.to_thread(_keep_receipt, receipt, _receipt_of(job.target))
    return receipt


def holds_alpha(options: Options) -> bool:
    """Whether a result with these options holds the whole alpha, so that other results can be made of it."""
    whole = options.only == "cutout" and options.background is None and not (options.crop or options.smooth)
    whole = whole and options.canvas is None and options.aspect is None
    # shadow and outline are in the alpha of the file; a palette, and what makes a file fit, have not all of it
    whole = whole and options.shadow is None and options.outline is None
    whole = whole and not options.palette and options.max_bytes is None
    return whole and options.format in (None, "png", "tiff", "webp") and options.quality is None


def forget(home: Path) -> None:
    """Remove all results that were made of a result that has changed."""
    for file in (home / "finished").glob("*"):
        _forget_file(file)


def _forget_all_but(newest: Path, held: Collection[Path]) -> None:
    files = [file for file in newest.parent.iterdir() if file.name != ALPHA]
    files = [file for file in files if file != newest and file not in held]
    for file in keep_newest(files, NEWEST - 1):
        _forget_file(file)


def _forget_file(file: Path) -> None:
    """Remove a finished result, and the viewer's tiles of it."""
    shutil.rmtree(tiles_of(file), ignore_errors=True)
    file.unlink(missing_ok=True)
    _receipt_of(file).unlink(missing_ok=True)


def _receipt_of(file: Path) -> Path:
    """The file of the receipt of a finished result."""
    return file.parents[1] / "receipts" / file.name


def _receipt_in(file: Path) -> Receipt:
    return unpack_receipt(json.loads(file.read_text("utf-8")))


def _keep_receipt(receipt: Receipt, file: Path) -> None:
    with replaced(file) as draft:
        draft.write_text(json.dumps(receipt.as_dict()), "utf-8")


def tiles_of(file: Path) -> Path:
    """The folder of the viewer's tiles of a finished result."""
    return file.parents[1] / "tiles" / f"cutout-{file.name}"


def _name(record: Record, options: Options, backdrop: Path) -> str:
    """The file's name: a digest of all that the result depends on, but for the photo."""
    picture = None
    if options.background == str(backdrop):
        state = backdrop.stat()
        picture = state.st_mtime_ns, state.st_size  # another picture may have been sent meanwhile
    plain = json.dumps([dataclasses.asdict(options), record.options.get("hints"), picture], sort_keys=True, default=str)
    return sha256_of_text(plain)[:24]
