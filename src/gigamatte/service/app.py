"""create_app: the service as one ASGI application, built from its settings and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from gigamatte import __version__
from gigamatte.errors import GigamatteError
from gigamatte.options import Options
from gigamatte.service import adapters, backdrops, edits, films, finish, health, jobs, own_paths, pages, routes, views
from gigamatte.service.admission import OPEN, Admission
from gigamatte.service.answers import error_answer
from gigamatte.service.desk import Desk
from gigamatte.service.head import Head
from gigamatte.service.invalid import invalid
from gigamatte.service.keys import Keys
from gigamatte.service.metrics import Metrics
from gigamatte.service.observe import Observe
from gigamatte.service.openapi import with_security
from gigamatte.service.prefix import Prefix
from gigamatte.service.settings import Settings
from gigamatte.service.spool import Spool
from gigamatte.service_errors import BadRequest, NotAllowed, NotFound, Refused
from gigamatte.worker.supervisor import Supervisor

ABOUT = """Cuts the background out of photos of any size, at the photo's own resolution.

Errors are problem details (RFC 9457): `code` is for programs, `detail` and `hint` are sentences, in Chinese when
`Accept-Language` prefers it."""


def create_app(settings: Settings | None = None, *, entry: str = "gigamatte.worker.child") -> FastAPI:
    """The application. The worker starts with it and ends with it; ``entry`` is the worker's module.

    Raises UsageError for a file of keys that cannot be used.
    """
    settings = settings or Settings()
    keys = Keys.read(settings.keys_file)
    metrics = Metrics()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        share = settings.client_bytes or settings.spool_bytes // 2
        spool = Spool(settings.spool, settings.spool_bytes, share)
        supervisor = Supervisor(
            Options(model=settings.model, device=settings.device, threads=settings.threads),
            memory=settings.memory,
            seconds=settings.photo_seconds,
            inflight=settings.inflight,
            recycle=settings.recycle,
            entry=entry,
        )
        desk = app.state.desk = Desk(settings, supervisor, spool, metrics)
        health.watch(metrics, desk)
        desk.resume()
        sweeper = asyncio.create_task(desk.sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await desk.close()

    app = FastAPI(
        title="gigamatte", version=__version__, description=ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None,
        servers=[{"url": ".", "description": "relative to this document: a proxy may serve it under a path"}],
    )  # fmt: skip
    app.state.metrics, app.state.keys = metrics, keys
    app.state.streams, app.state.requests, app.state.tiling, app.state.held = 0, 0, {}, Counter()
    # the middleware that is added last is the outermost
    app.add_middleware(Head)
    app.add_middleware(Admission, settings=settings, keys=keys)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Accept-Language", "Authorization", "Content-Type", "X-API-Key", "X-Request-Id"],
            expose_headers=["*"],
        )
    app.add_middleware(Observe, metrics=metrics)
    app.add_middleware(Prefix, settings=settings)
    app.add_exception_handler(GigamatteError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_left)
    app.add_exception_handler(Exception, _on_surprise)
    for router in (
        routes.router,
        jobs.router,
        films.router,
        finish.router,
        backdrops.router,
        own_paths.router,
        edits.router,
        views.router,
        adapters.router,
        health.router,
        pages.router,
    ):
        app.include_router(router)
    describe = app.openapi

    def described() -> dict[str, Any]:
        return with_security(describe(), keys=keys is not None, is_open=OPEN.__contains__)

    app.openapi = described  # type: ignore[method-assign]
    return app


def _answer(request: Request, error: GigamatteError) -> Response:
    status, headers, body = error_answer(error, request.scope)
    if isinstance(error, Refused) and status in (400, 408, 413, 415, 503):
        headers["connection"] = "close"  # the body may not have been read to its end
    return Response(body, status, headers)


async def _on_error(request: Request, error: Exception) -> Response:
    return _answer(request, error if isinstance(error, GigamatteError) else GigamatteError(str(error)))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """A query or body that the declared types do not allow: the first complaint, in one line."""
    unknown = {"type": "", "loc": (), "msg": str(error), "input": ""}
    flaws = error.errors() if isinstance(error, RequestValidationError) else [unknown]
    return _answer(request, invalid(request, flaws[0]))


async def _on_http(request: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, GigamatteError):  # FastAPI turns every error in a body into a bad request
        return _answer(request, error.__cause__)
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: GigamatteError = BadRequest(str(getattr(error, "detail", error)))
    if status == 404:
        known = NotFound(f"there is nothing at {request.url.path[:200]}")
    elif status == 405:
        known = NotAllowed(f"{request.method[:20]} is not for {request.url.path[:200]}")
    answer = _answer(request, known)
    if status in (404, 405) and request.method not in ("GET", "HEAD"):
        answer.headers["connection"] = "close"  # the rest of a body may still be arriving
    answer.headers.update(getattr(error, "headers", None) or {})
    if answer.headers.get("allow") == "GET":
        answer.headers["allow"] = "GET, HEAD"
    return answer


async def _on_left(_request: Request, _error: Exception) -> Response:
    """The client has closed the connection while it sent: no error of ours, and the answer is not read."""
    return Response(status_code=400)


async def _on_surprise(request: Request, error: Exception) -> Response:
    """An unexpected error: the traceback is logged, the client gets the request's id."""
    return _answer(request, GigamatteError(f"unexpected {type(error).__name__}", "the service's log tells more"))
