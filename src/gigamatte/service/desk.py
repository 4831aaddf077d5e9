"""The desk: takes photos from all routes, holds them in one queue, and gives them to the worker.

All of it runs on the event loop; only the spool's disk work and the worker's callbacks do not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gigamatte.errors import Cancelled, GigamatteError, WorkerDied
from gigamatte.messages.plural import plural
from gigamatte.service.errors import problem
from gigamatte.service.film_options import film_of, work_of
from gigamatte.service.metrics import Metrics
from gigamatte.service.record import Record
from gigamatte.service.settings import Settings
from gigamatte.service.spool import ATTEMPTS, Spool
from gigamatte.service.tickets import Places, Ticket
from gigamatte.service_errors import Busy, Late
from gigamatte.types import Receipt
from gigamatte.worker.supervisor import Supervisor
from gigamatte.worker.task import Progress, Task
from gigamatte.worker.wire import Check, Edit, FilmFrame, FilmLook, Job, View, Work, unpack_options

log = logging.getLogger("gigamatte.service")

#: the most bytes that tiles of all levels have for a pixel of the finest
TILED = 2
#: seconds between two looks for expired jobs
SWEEP_SECONDS = 30.0
#: seconds before the end of the drain: enough for the worker to stop between tiles and for an answer
ANSWER_SECONDS = 2.0


@dataclass
class Live:
    """A job that has not ended: its task and how far it is."""

    record: Record
    ticket: Ticket
    task: Task | None = None
    stage: str = "queued"
    fraction: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    removed: bool = False
    #: whether the viewer's tiles of the result are written with it
    viewed: bool = False

    def tell(self, stage: str, fraction: float) -> None:
        """Note the progress and wake all requests that follow the job."""
        self.stage, self.fraction = stage, fraction
        woken, self.changed = self.changed, asyncio.Event()
        woken.set()


class Desk(Places):
    """A bounded queue of work for one supervisor."""

    def __init__(self, settings: Settings, supervisor: Supervisor, spool: Spool, metrics: Metrics) -> None:
        super().__init__(settings)
        self.supervisor, self.spool, self.metrics = supervisor, spool, metrics
        self.live: dict[str, Live] = {}
        self._followers: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        #: films that are cut at once: all places but one, where there are several
        self._films = asyncio.Semaphore(max(1, settings.inflight - 1))
        #: set shortly before the end of the drain
        self.out_of_time = asyncio.Event()

    # ---- photos that are answered at once

    async def cut(self, job: Job, gone: Callable[[], Awaitable[None]]) -> Receipt:
        """Cut a photo while its client waits. ``gone()`` returns when the client has left, which cancels the work.

        Raises what cutting raises, Late after ``request_seconds``, Cancelled when the client left, Busy when the
        service shuts down and has no time left to finish.
        """
        return await self._wait_for(self.supervisor.submit(job), gone)

    async def view(self, view: View | Check | FilmLook | FilmFrame, gone: Callable[[], Awaitable[None]]) -> Receipt:
        """Cut a picture into tiles, or check it, before the photos that wait, because a person waits for it.

        Raises as ``cut`` does.
        """
        return await self._wait_for(self.supervisor.submit(view, first=True), gone)

    async def edit(self, edit: Edit, gone: Callable[[], Awaitable[None]]) -> Receipt:
        """Cut a photo that is being edited again, before the photos that wait. Raises as ``cut`` does."""
        return await self._wait_for(self.supervisor.submit(edit, first=True), gone)

    def recharge(self, job: str) -> None:
        """Charge what a job's folder holds now, while its client is answered already."""
        charging = asyncio.create_task(asyncio.to_thread(self.spool.recharge, job), name=f"recharge {job}")
        self._followers.add(charging)
        charging.add_done_callback(self._followers.discard)

    async def _wait_for(self, task: Task, gone: Callable[[], Awaitable[None]]) -> Receipt:
        future = asyncio.wrap_future(task)
        leaving = asyncio.ensure_future(gone())
        ending = asyncio.ensure_future(self.out_of_time.wait())
        try:
            done, _ = await asyncio.wait(
                (future, leaving, ending), timeout=self.settings.request_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if future in done:
                return self._counted(future)
            task.cancel()
            # the worker stops between tiles; until then it may still write
            with suppress(GigamatteError):
                await future
            if leaving in done:
                self.metrics.photos.labels("left").inc()
                raise Cancelled("the client has left")
            if ending in done:
                raise Busy("the service is shutting down", "try again in a moment")
            raise Late(
                f"not finished after {self.settings.request_seconds:g} second{plural(self.settings.request_seconds)}",
                "hand long work in at POST /jobs",
            )
        finally:
            leaving.cancel()
            ending.cancel()
            if not task.done():
                task.cancel()

    def _counted(self, future: asyncio.Future[Receipt]) -> Receipt:
        try:
            receipt = future.result()
        except GigamatteError as error:
            self.metrics.photos.labels(error.code).inc()
            raise
        self.metrics.cut(receipt)
        return receipt

    # ---- jobs

    def start(self, record: Record, ticket: Ticket, *, viewed: bool = False) -> Live:
        """Put an accepted job to work. ``viewed``: its result is looked at as soon as it is there."""
        ticket.kept = True
        live = self.live[record.id] = Live(record, ticket, viewed=viewed)
        follower = asyncio.create_task(self._follow(live), name=f"job {record.id}")
        self._followers.add(follower)
        follower.add_done_callback(self._followers.discard)
        return live

    def resume(self) -> int:
        """Start again what a former service accepted and did not finish; returns how many."""
        left = self.spool.unfinished()
        for record in left:
            self.depth += 1
            self.pixels += record.pixels
            self._per_client[record.client] += 1
            self.start(record, Ticket(self, record.client, place=record.pixels))
        return len(left)

    async def _follow(self, live: Live) -> None:
        """Do the work of an accepted job, and note in the spool how it ended."""
        record, home = live.record, self.spool.home(live.record.id)

        begun = False

        def progress(stage: str, fraction: float) -> None:
            nonlocal begun
            if not begun:
                begun = True  # waiting does not count: only a photo that was being cut can have crashed the service
                self.spool.begin(record.id)
            self._loop.call_soon_threadsafe(live.tell, stage, fraction)

        try:
            if record.attempts >= ATTEMPTS:
                raise WorkerDied(f"the service ended {ATTEMPTS} times while it cut this photo")
            if film_of(record) is not None:
                receipt = await self._film(live, home, progress)
            else:
                receipt = await self._photo(live, home, progress)
            await asyncio.to_thread(self.spool.finish, record.id, "done", receipt=receipt.as_dict())
            if live.removed:  # its client cancelled it just before it ended
                await asyncio.to_thread(self.spool.remove, record.id)
        except GigamatteError as error:
            await self._ended_badly(live, error)
        finally:
            live.ticket.release()
            self.live.pop(record.id, None)
            live.tell("ended", 1.0)

    async def _do(self, live: Live, work: Work, progress: Progress) -> asyncio.Future[Receipt]:
        """Give one work of a job to the worker, and wait until it has ended; the result tells how."""
        live.task = self.supervisor.submit(work, progress)
        if live.removed:
            live.task.cancel()
        future = asyncio.wrap_future(live.task)
        await asyncio.wait((future,))
        return future

    async def _photo(self, live: Live, home: Path, progress: Progress) -> Receipt:
        """Cut a photo. The viewer's tiles are written too, where somebody waits for them and the spool has room."""
        record, room = live.record, live.record.pixels * TILED + (1 << 20)
        try:
            if live.viewed:
                self.spool.charge(room, record.client)
        except GigamatteError:
            live.viewed = False
        try:
            mask = home / "mask" if record.has_mask else None
            view = home / "tiles" / "cutout" if live.viewed else None
            options = unpack_options(record.options)
            work = Job(home / "image", home / "result", options, mask, overwrite=True, view=view)
            return self._counted(await self._do(live, work, progress))
        finally:
            if live.viewed:
                self.spool.refund(room, record.client)

    async def _film(self, live: Live, home: Path, progress: Progress) -> Receipt:
        """Cut a film's first second, small, then all of it. Films leave one of the worker's places to photos."""
        preview, whole = work_of(live.record, home, self.settings)
        async with self._films:
            if not preview.target.exists():
                (await self._do(live, preview, lambda _, fraction: progress("preview", fraction))).result()
            return self._counted(await self._do(live, whole, progress))

    async def _ended_badly(self, live: Live, error: GigamatteError) -> None:
        if isinstance(error, Cancelled) and not live.removed:
            # the service is shutting down: the next one starts this job again; no attempt is counted
            await asyncio.to_thread(self.spool.put_back, live.record.id)
            return
        if live.removed:
            await asyncio.to_thread(self.spool.remove, live.record.id)
            return
        log.warning("job %s failed: %s", live.record.id, error.message)
        await asyncio.to_thread(self.spool.finish, live.record.id, "failed", error=_kept(error))

    async def remove(self, record: Record) -> None:
        """Cancel a job if it runs, and remove it."""
        live = self.live.get(record.id)
        if live is None:
            await asyncio.to_thread(self.spool.remove, record.id)
            return
        live.removed = True
        if live.task is not None:
            live.task.cancel()

    # ---- cleaning, draining, closing

    async def sweep(self) -> None:
        """Remove expired jobs again and again; never returns."""
        while True:
            old = await asyncio.to_thread(self.spool.expired, time.time() - self.settings.ttl_seconds)
            for job in old:
                await asyncio.to_thread(self.spool.remove, job)
            now = time.monotonic()
            self._buckets = {who: kept for who, kept in self._buckets.items() if now - kept[1] < 120}
            await asyncio.sleep(min(SWEEP_SECONDS, self.settings.ttl_seconds / 2))

    def drain(self) -> None:
        """Accept no more work, and end the event streams of clients that only follow a job.

        Clients that wait for a photo have ``drain_seconds``; shortly before the end, all that are left get an answer.
        """
        if not self.draining:
            self._loop.call_later(max(0.0, self.settings.drain_seconds - ANSWER_SECONDS), self.out_of_time.set)
        self.draining = True
        for live in self.live.values():
            live.tell(live.stage, live.fraction)

    async def close(self) -> None:
        """Stop: jobs in flight stay in the spool for the next service."""
        self.drain()
        await asyncio.to_thread(self.supervisor.close)
        if self._followers:
            await asyncio.wait(tuple(self._followers), timeout=10)
        await asyncio.to_thread(self.spool.close)


def _kept(error: GigamatteError) -> dict[str, Any]:
    """What the spool keeps of an error: enough to answer with it again, in any language."""
    return {"kind": type(error).__name__, "status": problem(error)["status"], "code": error.code,
            "message": error.written[0], "hint": error.written[1]}  # fmt: skip
