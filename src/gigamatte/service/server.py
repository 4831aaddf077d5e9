"""Runs the application on one or two ports of one process, until SIGTERM or Ctrl-C, and then drains."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence

import uvicorn
from fastapi import FastAPI

from gigamatte.errors import UsageError
from gigamatte.photo.read import quiet_libvips
from gigamatte.service.app import create_app
from gigamatte.service.observe import set_up_logs
from gigamatte.service.protocol import with_deadlines
from gigamatte.service.settings import Settings
from gigamatte.worker.signals import STOPPING

log = logging.getLogger("gigamatte.service")


def serve(
    settings: Settings, addresses: Sequence[tuple[str, int]], *, started: Callable[[], None] | None = None
) -> None:
    """Serve on all ``addresses`` (host, port) until a signal; ``started()`` is called once they listen.

    Raises UsageError when an address cannot be had or a setting does not fit.
    """
    set_up_logs(settings.log_json)
    quiet_libvips()
    app = create_app(settings)
    sockets = [listen(host, port) for host, port in addresses]
    asyncio.run(_run(app, settings, sockets, started))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":
            # a restarted service can use the port at once; on Windows the option would let another program take it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(1024)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            "is another service running? see --port, --ui-port",
        ) from error
    return sock


class _Server(uvicorn.Server):
    """A uvicorn server that does not handle signals, because there may be two in this process: ``serve`` does."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def _run(
    app: FastAPI, settings: Settings, sockets: Sequence[socket.socket], started: Callable[[], None] | None
) -> None:
    async with running(app, settings, sockets) as (servers, tasks):
        _stop_on_signals(app, settings, servers)
        if started is not None:
            started()
        await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def running(
    app: FastAPI, settings: Settings, sockets: Sequence[socket.socket]
) -> AsyncIterator[tuple[list[_Server], list[asyncio.Task[None]]]]:
    """The application behind all sockets, for as long as the block lasts; one lifespan for all of them."""
    protocol = with_deadlines(
        header_seconds=settings.header_seconds,
        send_seconds=settings.send_seconds,
        connections=settings.connections,
    )
    servers = [_Server(_config(app, settings, protocol)) for _ in sockets]
    async with app.router.lifespan_context(app):
        tasks = [asyncio.create_task(server.serve([sock])) for server, sock in zip(servers, sockets, strict=True)]
        while not all(server.started or task.done() for server, task in zip(servers, tasks, strict=True)):
            await asyncio.sleep(0.02)
        try:
            yield servers, tasks
        finally:
            await drained(app, settings, servers)
            await asyncio.gather(*tasks)


def _config(app: FastAPI, settings: Settings, protocol: type[asyncio.Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",  # ours: once for all sockets
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=1,  # after ``drained``, for clients that have not read their answer
        h11_max_incomplete_event_size=32 << 10,
    )


async def drained(app: FastAPI, settings: Settings, servers: Sequence[_Server]) -> None:
    """Finish the requests in flight, for at most ``drain_seconds``, and have the servers end.

    They listen until then: new clients get a 503 with Retry-After, instead of a refused connection.
    """
    app.state.desk.drain()
    until = time.monotonic() + settings.drain_seconds
    while app.state.requests and time.monotonic() < until and not any(server.should_exit for server in servers):
        await asyncio.sleep(0.05)
    for server in servers:
        server.should_exit = True


def _stop_on_signals(app: FastAPI, settings: Settings, servers: Sequence[_Server]) -> None:
    draining: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if app.state.desk.draining:
            for server in servers:
                server.should_exit = server.force_exit = True  # asked twice
        log.info("shutting down: requests in flight are finished, jobs stay in the spool")
        draining.add(asyncio.ensure_future(drained(app, settings, servers)))

    loop = asyncio.get_running_loop()
    for number in STOPPING:
        if number != signal.SIGINT and signal.getsignal(number) is signal.SIG_IGN:
            continue  # nohup
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
