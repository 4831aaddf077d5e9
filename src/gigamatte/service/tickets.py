"""Counts uploads and queued photos and decides who may send one. A slow upload takes no place in the queue."""

from __future__ import annotations

import time
from collections import Counter

from gigamatte.messages.plural import plural
from gigamatte.service.settings import Settings
from gigamatte.service_errors import Busy, TooMany


class Ticket:
    """The right of one photo to be handled, from the head of its request to the end of the work.

    It counts as an upload first, without a place in the queue; once all of it has arrived (``arrived``) it has a place.
    """

    def __init__(self, places: Places, client: str, *, place: int | None = None) -> None:
        """``place``: pixels of a photo that is here already, and counted."""
        self.client = client
        self.kept = False
        self._place = place
        self._places, self._open = places, True

    def arrived(self, pixels: int) -> None:
        """Take a place in the queue, for so many pixels. Raises Busy when there is none."""
        self._places.take_place(pixels)
        self._place = pixels

    def grows(self, pixels: int) -> None:
        """Count more pixels of it, those of a result that is larger than its photo. Raises Busy."""
        if self._place is not None:
            self._places.take_pixels(pixels, beside=self._place)
            self._place += pixels

    def release(self) -> None:
        """Release its place. It may be called twice."""
        if self._open:
            self._open = False
            self._places.leave(self.client, self._place)


class Places:
    """Counts of one service, on its event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.draining = False
        #: photos that are arriving, and those that have a place in the queue; pixels of the latter
        self.uploads, self.depth, self.pixels = 0, 0, 0
        #: unfinished photos one client may have: half the queue, unless said otherwise, so that no one takes it all
        self.per_client = settings.queue_depth // 2 or 1 if settings.per_client is None else settings.per_client
        self._per_client: Counter[str] = Counter()
        self._buckets: dict[str, tuple[float, float]] = {}

    def enter(self, client: str) -> Ticket:
        """A ticket for an upload. Raises Busy when the service is full or shutting down, TooMany over a quota."""
        settings = self.settings
        if self.draining:
            raise Busy("the service is shutting down", "try again in a moment")
        if self.per_client and self._per_client[client] >= self.per_client:
            raise TooMany(
                f"{self.per_client} photo{plural(self.per_client)} of yours not finished yet", "wait for one to finish"
            )
        self._check_depth()  # refused before the photo is sent; the place itself is taken when the photo has arrived
        if self.uploads >= settings.uploads:
            raise Busy(
                f"{self.uploads} photo{plural(self.uploads)} arriving already",
                "try again in a moment",
                retry=self._patience(),
            )
        self._spend(client)
        self.uploads += 1
        self._per_client[client] += 1
        return Ticket(self, client)

    def take_place(self, pixels: int) -> None:
        """Move a photo from the uploads into the queue. Raises Busy; a single photo is accepted whatever its size."""
        self._check_depth()
        self.take_pixels(pixels)
        self.uploads -= 1
        self.depth += 1

    def take_pixels(self, pixels: int, *, beside: int = 0) -> None:
        """Count pixels of a photo of which ``beside`` are counted already. Raises Busy where others leave no room."""
        others = self.pixels - beside
        if others and self.pixels + pixels > self.settings.queue_megapixels * 1e6:
            raise Busy(
                f"{others / 1e6:.0f} megapixels are waiting already",
                "try again in a moment",
                retry=self._patience(),
            )
        self.pixels += pixels

    def leave(self, client: str, pixels: int | None) -> None:
        """The end of an upload (None), or of a photo with so many pixels."""
        if pixels is None:
            self.uploads -= 1
        else:
            self.depth -= 1
            self.pixels -= pixels
        self._per_client[client] -= 1
        if self._per_client[client] <= 0:
            del self._per_client[client]

    def _check_depth(self) -> None:
        if self.depth >= self.settings.queue_depth:
            raise Busy(
                f"{self.depth} photo{plural(self.depth)} waiting already",
                "try again in a moment",
                retry=self._patience(),
            )

    def rate_headers(self, client: str) -> dict[str, str]:
        """What a client has left of its rate, as remove.bg's headers have it; none where there is no limit."""
        rate = self.settings.rate_per_minute
        if not rate:
            return {}
        left, then = self._buckets.get(client, (float(rate), time.monotonic()))
        left = min(float(rate), left + (time.monotonic() - then) * rate / 60)
        return {
            "x-ratelimit-limit": str(rate),
            "x-ratelimit-remaining": str(int(left)),
            "x-ratelimit-reset": str(int(time.time() + (rate - left) * 60 / rate)),
        }

    def _patience(self) -> int:
        """Seconds after which a place is likely free: two for each photo of the queue, between 2 and 60."""
        return min(60, max(2, 2 * self.depth // self.settings.inflight))

    def _spend(self, client: str) -> None:
        """Token bucket: ``rate_per_minute`` photos a minute, as many at once."""
        rate = self.settings.rate_per_minute
        if not rate:
            return
        now = time.monotonic()
        left, then = self._buckets.get(client, (float(rate), now))
        left = min(float(rate), left + (now - then) * rate / 60)
        if left < 1:
            raise TooMany(
                f"more than {rate} photo{plural(rate)} in a minute",
                "slow down",
                retry=max(1, int((1 - left) * 60 / rate) + 1),
            )
        self._buckets[client] = (left - 1, now)
