"""``/v1.0/removebg`` and ``/v1.0/account`` as remove.bg has them, for clients that cannot be changed.

Results have the photo's own resolution whatever ``size`` says, and cost nothing. A field that would change the
result and is not known here is refused, never ignored; a URL is never fetched.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.errors import BadRequest, TooLarge, WrongType
from gigamatte.options import Options
from gigamatte.service.options import MEDIA
from gigamatte.service.routes import Arrival, PassingFile, client_gone
from gigamatte.service.settings import Settings
from gigamatte.service.uploads import Upload, receive_upload
from gigamatte.types import Box, Receipt
from gigamatte.worker.wire import Job

router = APIRouter(tags=["like remove.bg"])

#: bytes of a body that is JSON or a plain form: it carries the photo as base64 and is held in memory
LARGEST_TEXT = 48 << 20

FILES = ("image_file", "image_file_b64", "bg_image_file")
#: what clients that mean "nothing" send
_BLANK = ("", "undefined", "null", "None")
_FORMATS = {"auto": "png", "png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "zip": "zip"}
#: fields that would change the result in a way that is not offered, with the values that change nothing
_FIXED = {
    "scale": ("original",), "position": ("original",), "add_shadow": ("false", "0"), "semitransparency": ("true", "1"),
    "shadow_type": ("none",),
}  # fmt: skip

_BODY = {
    "type": "object",
    "properties": {
        "image_file": {"type": "string", "format": "binary"},
        "image_file_b64": {"type": "string"},
        "size": {"type": "string"},
        "format": {"enum": ["auto", "png", "jpg", "webp", "zip"]},
        "channels": {"enum": ["rgba", "alpha"]},
        "crop": {"type": "boolean"},
        "crop_margin": {"type": "string", "examples": ["10%"]},
        "roi": {"type": "string", "examples": ["0px 0px 640px 480px"]},
        "bg_color": {"type": "string", "examples": ["81d4fa"]},
        "bg_image_file": {"type": "string", "format": "binary"},
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
        form, options = to_options(fields, arrival.desk.settings, arrival.folder)
        pictures = Upload(files={"image": image})
        if (arrival.folder / "bg_image_file").exists():
            pictures.files["bg_image_file"] = arrival.folder / "bg_image_file"
        arrival.check(pictures)
        arrival.reserve(image, *([options] if form != "zip" else [options, options]))
        receipt, path = await _cut(arrival, image, form, options)
        headers = {
            "x-width": str(receipt.width),
            "x-height": str(receipt.height),
            "x-type": "other",
            "x-credits-charged": "0",
            "x-warnings": json.dumps(receipt.warnings),
            "cache-control": "no-store",
        }
        if "application/json" in request.headers.get("accept", ""):
            data = base64.b64encode(await asyncio.to_thread(path.read_bytes)).decode("ascii")
            arrival.close()
            return JSONResponse({"data": {"result_b64": data}}, headers=headers)
        media = "application/zip" if form == "zip" else MEDIA[form]
        return PassingFile(arrival, path, media_type=media, headers=headers)
    except BaseException:
        arrival.close()
        raise


async def _receive(arrival: Arrival) -> tuple[dict[str, str], Path]:
    """The fields that say something, and the photo."""
    request, folder = arrival.request, arrival.folder
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        upload = await receive_upload(
            request.headers["content-type"], request.stream(), folder, files=FILES, charge=arrival.charge
        )
        fields = _said(upload.fields)
    elif kind in ("application/json", "application/x-www-form-urlencoded"):
        fields = _said(_parsed(kind, await _text(arrival)))
        if "image_file_b64" in fields:
            text = fields.pop("image_file_b64")
            await asyncio.to_thread((folder / "image_file_b64").write_text, text, "ascii", "replace")
    else:
        raise WrongType(f"expected a form or JSON, found the content type {kind[:80] or 'none'}")
    given = [name for name in ("image_file", "image_file_b64") if _not_empty(folder / name)]
    given += [name for name in ("image_url",) if name in fields]
    if len(given) != 1:
        raise BadRequest("expected one of image_file, image_file_b64, image_url", f"found {', '.join(given) or 'none'}")
    if given == ["image_url"] or "bg_image_url" in fields:
        raise BadRequest("this service fetches no URLs", "send the picture itself, as image_file or bg_image_file")
    if given == ["image_file_b64"]:
        await asyncio.to_thread(_decode, folder)
    if not _not_empty(folder / "bg_image_file"):
        (folder / "bg_image_file").unlink(missing_ok=True)
    return fields, folder / "image_file"


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
    return {str(name): str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}


def _said(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: text.strip() for name, text in fields.items() if text.strip() not in _BLANK}


def _not_empty(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _decode(folder: Path) -> None:
    text = (folder / "image_file_b64").read_bytes()
    # some clients send a whole data URI
    data = text.split(b",", 1)[1] if text.startswith(b"data:") and b"," in text[:200] else text
    try:
        (folder / "image_file").write_bytes(base64.b64decode(b"".join(data.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadRequest("image_file_b64 is no base64") from error


def to_options(fields: Mapping[str, str], settings: Settings, folder: Path) -> tuple[str, Options]:
    """(png, jpeg, webp or zip; options). Raises BadRequest for what is not offered."""
    for name, harmless in _FIXED.items():
        if fields.get(name, harmless[0]).lower() not in harmless:
            raise BadRequest(f"{name}={fields[name][:40]} is not offered here", f"leave {name} out")
    form = _FORMATS.get(fields.get("format", "auto").lower())
    if form is None:
        raise BadRequest(f"format is one of {', '.join(_FORMATS)}; found {fields['format'][:40]!r}")
    channels = fields.get("channels", "rgba").lower()
    if channels not in ("rgba", "alpha"):
        raise BadRequest(f"channels is rgba or alpha; found {channels[:40]!r}")
    backdrop = folder / "bg_image_file"
    background = str(backdrop) if backdrop.exists() else _colour(fields.get("bg_color"))
    if form == "jpeg" and background is None and channels == "rgba":
        background = "white"  # what remove.bg does
    if form == "zip" and (background is not None or channels == "alpha"):
        raise BadRequest("a zip holds color.jpg and alpha.png: it goes with neither a background nor channels=alpha")
    return form, Options(
        model=settings.model,
        only="alpha" if channels == "alpha" else "cutout",
        background=background if channels == "rgba" else None,
        format="png" if form == "zip" else form,  # type: ignore[arg-type]
        crop=fields.get("crop", "false").lower() in ("true", "1"),
        margin=_margin(fields.get("crop_margin")),
        box=_region(fields.get("roi")),
        device=settings.device,
        threads=settings.threads,
        max_pixels=settings.max_pixels,
    )


def _colour(text: str | None) -> str | None:
    if text is None:
        return None
    # remove.bg writes hexadecimal colours without #
    for candidate in (f"#{text}", text) if re.fullmatch("[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", text) else (text,):
        if parse_colour(candidate) is not None:
            return candidate
    raise BadRequest(f"bg_color is a colour such as 81d4fa or white, without transparency; found {text[:40]!r}")


def _margin(text: str | None) -> float:
    if text is None or text in ("0", "0px"):
        return 0.0
    found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", text)
    if found is None:
        raise BadRequest(f"crop_margin is one percentage here, such as 10%; found {text[:40]!r}")
    return float(found[1])


def _region(text: str | None) -> Box | None:
    if text is None or text == "0% 0% 100% 100%":
        return None
    found = re.fullmatch(r"(\d{1,7})px (\d{1,7})px (\d{1,7})px (\d{1,7})px", text)
    if found is None:
        raise BadRequest(f"roi is x1 y1 x2 y2 in px here; found {text[:60]!r}")
    left, top, right, bottom = (int(part) for part in found.groups())
    if right <= left or bottom <= top:
        raise BadRequest(f"roi has x1 < x2 and y1 < y2; found {text!r}")
    return Box(left, top, right - left, bottom - top)


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
