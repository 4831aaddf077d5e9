"""The service's figures for Prometheus: names begin with ``gigamatte_``, units are seconds, bytes and pixels."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gigamatte.types import Receipt

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The numbers of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "gigamatte_requests", "Requests answered", ["route", "method", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "gigamatte_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.photos = Counter("gigamatte_photos", "Photos by outcome", ["outcome"], registry=self.registry)
        self.pixels = Counter("gigamatte_photo_pixels", "Pixels cut", registry=self.registry)
        self.stage_seconds = Histogram(
            "gigamatte_stage_seconds", "Time of a stage", ["stage"], buckets=_SECONDS, registry=self.registry
        )
        self.refused = Counter(
            "gigamatte_refused", "Requests refused before any work", ["code"], registry=self.registry
        )

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Register a number that ``value`` computes when the metrics are read."""
        Gauge(name, about, registry=self.registry).set_function(value)

    def cut(self, receipt: Receipt) -> None:
        """Count a photo that was cut."""
        self.photos.labels("cut").inc()
        self.pixels.inc(receipt.width * receipt.height)
        for stage, seconds in receipt.seconds.items():
            self.stage_seconds.labels(stage).observe(seconds)
