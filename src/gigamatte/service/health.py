"""The routes that tell whether the service is up and ready, its figures, and what it offers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gigamatte import __version__
from gigamatte.errors import GigamatteError
from gigamatte.messages.plural import plural
from gigamatte.presets import presets
from gigamatte.service.desk import Desk
from gigamatte.service.metrics import Metrics
from gigamatte.service.options import installed_models

router = APIRouter(tags=["service"])

#: bytes that must be free on the spool's disk, and the part of the spool that may be in use
FREE, FULL = 1 << 30, 0.95


@router.get("/livez", summary="Whether the process answers")
async def live() -> dict[str, str]:
    """200 as long as the process answers. Nothing else is checked: a restart would not bring a missing network."""
    return {"status": "alive"}


@router.get(
    "/readyz", summary="Whether photos will be cut", responses={503: {"description": "Not yet, or no more"}}
)  # fmt: skip
async def ready(request: Request) -> Response:
    """200 once the network is loaded and has run; 503 with the reasons otherwise, and while shutting down."""
    reasons = why_not(request.app.state.desk)
    body: dict[str, Any] = {"status": "not ready" if reasons else "ready", "reasons": reasons}
    return JSONResponse(body, 503 if reasons else 200, {"cache-control": "no-store"})


def why_not(desk: Desk) -> list[str]:
    """The reasons why the service cannot cut photos; empty when it can."""
    reasons = []
    if desk.draining:
        reasons.append("the service is shutting down")
    warmed = desk.supervisor.warmed
    if not warmed.done():
        reasons.append("the network is being loaded")
    elif isinstance(error := warmed.exception(), GigamatteError):
        reasons.append(error.written[0])
    if desk.supervisor.given_up:
        reasons.append("the worker process does not start")
    if desk.spool.used >= FULL * desk.spool.limit:
        reasons.append(f"the spool is full: {desk.spool.used / 1e9:.1f} of {desk.spool.limit / 1e9:.1f} GB")
    if desk.depth >= desk.settings.queue_depth:
        reasons.append(f"{desk.depth} photo{plural(desk.depth)} waiting already")
    if desk.spool.free_bytes() < FREE:
        reasons.append("less than 1 GB is free on the disk of the spool")
    return reasons


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """Text of Prometheus' exposition format."""
    numbers: Metrics = request.app.state.metrics
    return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/about", summary="Version, networks and limits")
async def about(request: Request) -> dict[str, Any]:
    """What the web page needs to know before anything is uploaded."""
    desk: Desk = request.app.state.desk
    settings = desk.settings
    return {
        "version": __version__,
        "models": installed_models(),
        "presets": {preset.name: {"about": preset.about, "about_zh": preset.about_zh} for preset in presets().values()},
        "keys": request.app.state.keys is not None,
        "limits": {"bytes": settings.max_body, "pixels": settings.max_pixels, "ttl_seconds": settings.ttl_seconds},
    }


def watch(numbers: Metrics, desk: Desk) -> None:
    """Register the numbers that are computed when the page of metrics is read."""
    supervisor = desk.supervisor
    numbers.watch("gigamatte_uploads", "Photos arriving", lambda: desk.uploads)
    numbers.watch("gigamatte_queue_photos", "Photos waiting and running", lambda: desk.depth)
    numbers.watch("gigamatte_queue_pixels", "Pixels waiting and running", lambda: desk.pixels)
    numbers.watch("gigamatte_worker_memory_bytes", "Memory of the worker", lambda: supervisor.stats().memory)
    numbers.watch("gigamatte_worker_deaths", "Workers that crashed or were killed", lambda: supervisor.stats().deaths)
    numbers.watch("gigamatte_worker_recycled", "Workers replaced on schedule", lambda: supervisor.stats().recycled)
    numbers.watch("gigamatte_worker_running", "Photos being cut", lambda: supervisor.stats().running)
    numbers.watch("gigamatte_spool_bytes", "Bytes in the spool", lambda: desk.spool.used)
    numbers.watch("gigamatte_ready", "1 when photos will be cut", lambda: 0 if why_not(desk) else 1)
