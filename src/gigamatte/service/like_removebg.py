"""``/v1.0/removebg`` and ``/v1.0/account`` as remove.bg has them, for clients that cannot be changed.

Results have the photo's own resolution whatever ``size`` says, and cost nothing. A field that would change the
result and is not offered is refused, never ignored; a URL is fetched only from hosts that its settings name.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gigamatte.options import Options
from gigamatte.service.arrival import Arrival, PassingFile, client_gone
from gigamatte.service.fetch import fetch
from gigamatte.service.options import MEDIA
from gigamatte.service.removebg_answers import foreground, headers_of_result, wants_json
from gigamatte.service.removebg_fields import FORMATS, SIZES, filled_in, to_options
from gigamatte.service.uploads import Upload, receive_upload
from gigamatte.service_errors import BadRequest, MissingSource, SeveralSources, TooLarge, WrongType
from gigamatte.types import Receipt
from gigamatte.worker.wire import Job

router = APIRouter(tags=["like remove.bg"])

#: bytes of a body that is JSON or a plain form: it carries the photo as base64 and is held in memory
LARGEST_TEXT = 48 << 20

FILES = ("image_file", "image_file_b64", "bg_image_file")

_BODY = {
    "type": "object",
    "properties": {
        "image_file": {"type": "string", "format": "binary"},
        "image_file_b64": {"type": "string"},
        "image_url": {"type": "string", "description": "only from hosts that its settings name"},
        "size": {"enum": list(SIZES), "description": "the result has the photo's own resolution whatever it says"},
        "type": {"type": "string"},
        "format": {"enum": list(FORMATS)},
        "channels": {"enum": ["rgba", "alpha"]},
        "crop": {"type": "boolean"},
        "crop_margin": {"type": "string", "examples": ["10%", "30px", "5% 10px"]},
        "scale": {"type": "string", "examples": ["original", "80%"]},
        "position": {"type": "string", "examples": ["original", "center", "50% 100%"]},
        "roi": {"type": "string", "examples": ["0px 0px 640px 480px", "0% 0% 50% 100%"]},
        "bg_color": {"type": "string", "examples": ["81d4fa"]},
        "bg_image_file": {"type": "string", "format": "binary"},
        "semitransparency": {"type": "boolean"},
        "shadow_type": {"enum": ["none", "auto", "car", "3D", "drop"]},
        "shadow_opacity": {"type": "integer", "minimum": 0, "maximum": 100},
        "add_shadow": {"type": "boolean"},
    },
}
_ERROR = {"description": "Error", "content": {"application/json": {"schema": {
    "type": "object", "required": ["errors"], "properties": {"errors": {"type": "array", "items": {"type": "object"}}},
}}}}  # fmt: skip
_ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys(
    (400, 401, 403, 405, 408, 413, 415, 421, 422, 429, 500, 503, 504, 507), _ERROR
)


@router.get("/v1.0/account", summary="As remove.bg: credits", responses=_ERRORS)
async def account() -> dict[str, Any]:
    """Nothing is charged here: all numbers are 0."""
    credits = {"total": 0, "subscription": 0, "payg": 0, "enterprise": 0}
    return {"data": {"attributes": {"credits": credits, "api": {"free_calls": 0, "sizes": "all"}}}}


_PICTURES = ("image/png", "image/jpeg", "image/webp", "application/zip", "application/json")
_DONE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A picture, a zip (color.jpg, alpha.png), or JSON with base64",
        "content": {media: {} for media in _PICTURES},
    }
}


@router.post(
    "/v1.0/removebg", summary="As remove.bg", response_class=Response,
    responses=_DONE | _ERRORS,
    openapi_extra={"requestBody": {"required": True, "content": {
        "multipart/form-data": {"schema": _BODY},
        "application/json": {"schema": _BODY},
        "application/x-www-form-urlencoded": {"schema": _BODY},
    }}},
)  # fmt: skip
async def removebg(request: Request) -> Response:
    """The photo as `image_file` or `image_file_b64`, in a form or in JSON."""
    arrival = Arrival(request)
    try:
        fields, image = await _receive(arrival)
        settings, folder = arrival.desk.settings, arrival.folder
        backdrop = folder / "bg_image_file"
        form, options, notes = to_options(fields, settings, backdrop if backdrop.exists() else None)
        pictures = Upload(files={"image_file": image})
        if backdrop.exists():
            pictures.files["bg_image_file"] = backdrop
        arrival.check(pictures)
        arrival.reserve(image, *([options] if form != "zip" else [options, options]))
        receipt, path = await _cut(arrival, image, form, options)
        headers = headers_of_result(receipt, fields, notes) | arrival.desk.rate_headers(arrival.ticket.client)
        if wants_json(request.headers.get("accept", "")):
            data = base64.b64encode(await asyncio.to_thread(path.read_bytes)).decode("ascii")
            arrival.close()
            return JSONResponse({"data": {"result_b64": data, **foreground(receipt)}}, headers=headers)
        media = "application/zip" if form == "zip" else MEDIA[form]
        return PassingFile(arrival, path, media_type=media, headers=headers)
    except BaseException:
        arrival.close()
        raise


async def _receive(arrival: Arrival) -> tuple[dict[str, str], Path]:
    """The fields that are not empty, and the photo."""
    request, folder = arrival.request, arrival.folder
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        upload = await receive_upload(
            request.headers["content-type"], request.stream(), folder, files=FILES, charge=arrival.charge
        )
        fields = filled_in(upload.fields)
    elif kind in ("application/json", "application/x-www-form-urlencoded"):
        fields = filled_in(_parsed(kind, await _text(arrival)))
        if "image_file_b64" in fields:
            text = fields.pop("image_file_b64")
            await asyncio.to_thread((folder / "image_file_b64").write_text, text, "ascii", "replace")
    else:
        raise WrongType(f"expected a form or JSON, found the content type {kind[:80] or 'none'}")
    given = [name for name in ("image_file", "image_file_b64") if _not_empty(folder / name)]
    given += [name for name in ("image_url",) if name in fields]
    if not given:
        raise MissingSource("expected one of image_file, image_file_b64, image_url", "found none")
    if len(given) > 1:
        raise SeveralSources("expected one of image_file, image_file_b64, image_url", f"found {', '.join(given)}")
    if given == ["image_file_b64"]:
        await asyncio.to_thread(_decode, folder)
    if given == ["image_url"]:
        await _fetch(arrival, "image_url", fields, "image_file")
    if not _not_empty(folder / "bg_image_file"):
        (folder / "bg_image_file").unlink(missing_ok=True)
    if "bg_image_url" in fields:
        if (folder / "bg_image_file").exists():
            error = BadRequest("bg_image_url and bg_image_file exclude each other", "leave one of them out")
            raise error.because("multiple_bg_sources")
        await _fetch(arrival, "bg_image_url", fields, "bg_image_file")
    return fields, folder / "image_file"


async def _fetch(arrival: Arrival, field: str, fields: Mapping[str, str], name: str) -> None:
    settings, target, url = arrival.desk.settings, arrival.folder / name, fields[field]
    if not url.lower().startswith(("http://", "https://")):
        raise BadRequest(f"{field} begins with http:// or https://; found {url[:60]!r}").because(f"invalid_{field}")
    failed = "failed_bg_download" if field == "bg_image_url" else "failed_image_download"
    if not settings.fetch_urls:
        hint = "send the picture itself, as image_file or bg_image_file"
        raise BadRequest("this service fetches no URLs", hint).because(failed)
    target.unlink(missing_ok=True)
    hosts, most, charge = settings.fetch_urls, settings.max_body, arrival.charge
    try:
        await asyncio.to_thread(lambda: fetch(url, target, hosts=hosts, most=most, charge=charge))
    except BadRequest as error:
        error.because(failed)
        raise


async def _text(arrival: Arrival) -> bytes:
    body = bytearray()
    async for data in arrival.request.stream():
        arrival.charge(len(data))
        body += data
        if len(body) > LARGEST_TEXT:
            raise TooLarge(f"this kind of body may have {LARGEST_TEXT / 1e6:.0f} MB", "send image_file in a form")
    return bytes(body)


def _parsed(kind: str, body: bytes) -> dict[str, str]:
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=64))
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is no JSON") from error
    if not isinstance(plain, dict):
        raise BadRequest("the body is no JSON object")
    given = {name: value for name, value in plain.items() if value is not None}
    for name, value in given.items():
        if isinstance(value, dict | list):
            raise BadRequest(f"{name} holds a list or an object", "give one text, number, true or false")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


def _not_empty(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _decode(folder: Path) -> None:
    """Decode base64 as clients write it: both alphabets, with or without padding, line breaks or a data URI."""
    text = (folder / "image_file_b64").read_bytes()
    data = text.split(b",", 1)[1] if text[:5] == b"data:" and b"," in text[:200] else text
    data = data.translate(bytes.maketrans(b"-_", b"+/"), b" \t\r\n").rstrip(b"=")
    try:
        (folder / "image_file").write_bytes(base64.b64decode(data + b"=" * (-len(data) % 4), validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadRequest("image_file_b64 is no base64").because("failed_to_read_image") from error


async def _cut(arrival: Arrival, image: Path, form: str, options: Options) -> tuple[Receipt, Path]:
    """The receipt and the file to send. A zip takes two passes: one for the colours, one for the alpha."""
    folder, request = arrival.folder, arrival.request

    async def to(name: str, chosen: Options) -> Receipt:
        return await arrival.desk.cut(Job(image, folder / name, chosen), lambda: client_gone(request))

    if form != "zip":
        return await to("result", options), folder / "result"
    from dataclasses import replace

    await to("color.jpg", replace(options, only="foreground", format="jpeg"))
    receipt = await to("alpha.png", replace(options, only="alpha", format="png"))
    await asyncio.to_thread(_zip, folder)
    return receipt, folder / "result"


def _zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "result", "x", zipfile.ZIP_STORED) as box:
        for name in ("color.jpg", "alpha.png"):
            box.write(folder / name, name)
