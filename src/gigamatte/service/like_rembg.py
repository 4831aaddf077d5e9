"""``POST /api/remove`` as rembg's server has it: the photo as ``file``, options in the form or in the query."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gigamatte.errors import UsageError
from gigamatte.options import Options
from gigamatte.service.answers import receipt_headers
from gigamatte.service.arrival import Arrival, PassingFile, client_gone
from gigamatte.service.invalid import said_of
from gigamatte.service.openapi import PHOTO, PROBLEMS
from gigamatte.service.options import installed_models
from gigamatte.service.settings import Settings
from gigamatte.service.uploads import Upload, receive_upload
from gigamatte.service.wording import told
from gigamatte.service_errors import BadRequest
from gigamatte.worker.wire import Job

router = APIRouter(tags=["like rembg"])

#: rembg's names of networks that are known here by another
NAMES = {
    "birefnet-general": "birefnet", "birefnet-general-lite": "birefnet-lite", "birefnet-portrait": "birefnet-portrait",
    "bria-rmbg": "rmbg-2.0",
}  # fmt: skip


DONE: dict[int | str, dict[str, Any]] = {200: PHOTO, **PROBLEMS}


class RembgQuery(BaseModel):
    """The options that rembg's clients send."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field("u2net", max_length=64, description="a name of rembg's or of this service's networks")
    a: bool = Field(False, description="alpha matting: always on here")
    af: int = Field(240, ge=0, le=255, description="not used here")
    ab: int = Field(10, ge=0, le=255, description="not used here")
    ae: int = Field(10, ge=0, description="not used here")
    om: bool = Field(False, description="only the mask")
    ppm: bool = Field(False, description="smooth the mask afterwards")
    bgc: str | None = Field(None, max_length=32, description="red,green,blue,alpha; alpha is 255")
    extras: str | None = Field(None, max_length=1000, description="for networks that take prompts: not offered here")


#: the names of the options, as fields of the form
FIELDS = tuple(RembgQuery.model_fields)
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, **RembgQuery.model_json_schema()["properties"]},
    "additionalProperties": False,
}


@router.post(
    "/api/remove", summary="As rembg's server", response_class=Response, responses=DONE,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)  # fmt: skip
async def remove(request: Request, query: Annotated[RembgQuery, Query()]) -> Response:
    """The answer is a PNG. Options are fields of the form; those in the query count too.

    What differs from rembg is listed in the header X-Warnings.
    """
    arrival = Arrival(request)
    try:
        upload = await receive_upload(
            request.headers.get("content-type", ""), request.stream(), arrival.folder,
            files=("file",), charge=arrival.charge,
        )  # fmt: skip
        if "file" not in upload.files:
            raise BadRequest("there is no photo in the request", "send it as the multipart field file")
        arrival.check(Upload(files={"file": upload.files["file"]}))
        options, notes = to_options(with_form(query, upload.fields), arrival.desk.settings)
        arrival.reserve(upload.files["file"], options)
        target = arrival.folder / "result"
        job = Job(upload.files["file"], target, options)
        receipt = await arrival.desk.cut(job, lambda: client_gone(request))
        headers = receipt_headers(receipt) | {"x-warnings": json.dumps([*notes, *told(receipt.warnings)])}
        return PassingFile(arrival, target, media_type="image/png", headers=headers)
    except BaseException:
        arrival.close()
        raise


def with_form(query: RembgQuery, fields: Mapping[str, str]) -> RembgQuery:
    """The options of the form and, where it has none, of the query; empty fields are ignored. Raises BadRequest."""
    said = {name: text for name, text in fields.items() if text.strip()}
    unknown = sorted(said.keys() - set(FIELDS))
    if unknown:
        names = ", ".join(unknown)[:120]
        raise BadRequest(f"the form has fields that are not read: {names}", f"read are {', '.join(('file', *FIELDS))}")
    try:
        return RembgQuery(**{**query.model_dump(exclude_unset=True), **said})
    except ValidationError as error:
        flaw = error.errors()[0]
        raise BadRequest(*said_of(str(flaw["loc"][0]), flaw, RembgQuery.model_fields)) from error


def to_options(query: RembgQuery, settings: Settings) -> tuple[Options, list[str]]:
    """Options, and what is not as rembg would have done it, a sentence each. Raises UsageError."""
    notes = []
    name = NAMES.get(query.model, query.model)
    served = installed_models()
    if name in served:
        model = name
    else:
        model = settings.model
        if "model" in query.model_fields_set:
            notes.append(f"the network {query.model[:64]} is not served here: {model} was used")
    if query.extras and query.extras.strip() not in ("{}", "null"):
        raise UsageError("extras is not offered here: no network here takes prompts", "leave it out")
    if query.a:
        notes.append("alpha is always resolved at full resolution here: a, af, ab and ae were not used")
    return (
        Options(
            model=model,
            only="alpha" if query.om else "cutout",
            smooth=query.ppm,
            background=None if query.om else _colour(query.bgc),
            format="png",
            device=settings.device,
            threads=settings.threads,
            max_pixels=settings.max_pixels,
        ),
        notes,
    )


def _colour(text: str | None) -> str | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,3}(,\d{1,3}){2,3}", text):
        raise UsageError(f"bgc is red,green,blue,alpha; found {text!r}")
    red, green, blue, *alpha = (int(part) for part in text.split(","))
    if max(red, green, blue) > 255 or alpha not in ([], [255]):
        raise UsageError(f"bgc lies in 0…255 and is opaque here (alpha 255); found {text!r}")
    return f"{red},{green},{blue}"
