"""Every setting of the service. Each may be given as an environment variable: ``GIGAMATTE_`` and its name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gigamatte.counts import count_of
from gigamatte.folders import state_folder


def _default_spool() -> Path:
    return state_folder("spool")


def _count(value: Any) -> Any:
    """The units of the command line: 256M, 4G."""
    if not isinstance(value, str) or re.fullmatch(r"\s*-?\d+\s*", value):
        return value
    found = count_of(value)
    if found is None:
        raise ValueError(f"takes a number such as 40000000, 300M or 2G; found {value!r}")
    return found


def _names(value: Any) -> Any:
    """Names with commas between, or a JSON list of them."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if re.match(r"\[\s*[\"\]]", text):  # not the address [::1]
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(f"takes names with commas between, or a JSON list of them; found {value!r}") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _names_like(value: Any, pattern: str, expected: str) -> Any:
    """Names of which each matches ``pattern`` as a whole. Raises ValueError, which says what was ``expected``."""
    names = _names(value)
    for name in names if isinstance(names, Sequence) else ():
        if isinstance(name, str) and not re.fullmatch(pattern, name):
            raise ValueError(f"takes {expected}; found {name!r}")
    return names


def _hosts(value: Any) -> Any:
    pattern = r"\*|\[[0-9A-Fa-f:.]+\]|[^\s/:,\[\]]+"
    return _names_like(value, pattern, "the names of hosts, without port or scheme")


def _origins(value: Any) -> Any:
    return _names_like(value, r"\*|https?://[^\s/,]+", "origins such as https://shop.example.org")


def _fetch_hosts(value: Any) -> Any:
    pattern = r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
    names = _names_like(value, pattern, "the names of hosts such as cdn.example.org or *.example.org")
    return [name.lower() if isinstance(name, str) else name for name in names] if isinstance(names, list) else names


def _addresses(value: Any) -> Any:
    names = _names(value)
    return ",".join(names) if isinstance(names, list) else names


def _path(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().rstrip("/")
    if text and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text):
        raise ValueError(f"takes a path such as /cut; found {value!r}")
    return text


Count = Annotated[int, BeforeValidator(_count)]
Origins = Annotated[list[str], NoDecode, BeforeValidator(_origins)]
FetchHosts = Annotated[list[str], NoDecode, BeforeValidator(_fetch_hosts)]
Hosts = Annotated[list[str], NoDecode, BeforeValidator(_hosts)]


class Settings(BaseSettings):
    """How the service listens, what it allows, and where it keeps jobs."""

    # compose files make an empty variable of one that is not set
    model_config = SettingsConfigDict(env_prefix="GIGAMATTE_", env_ignore_empty=True, extra="ignore", frozen=True)

    # ---- the network
    model: str = Field(
        default="auto", description="network for requests that name none: auto, locator, a card, FILE.onnx"
    )
    device: str = Field(default="auto", description="where the network runs")
    threads: int = Field(default=0, ge=0, le=1024, description="CPU threads, 0 = all")

    # ---- the worker process
    inflight: int = Field(default=2, ge=1, le=64, description="photos cut at the same time")
    memory: Count | None = Field(
        default=None, ge=64 << 20, description="bytes the worker may hold; none = most of what is free"
    )
    photo_seconds: float = Field(default=300.0, gt=0, description="seconds one photo may take")
    recycle: int = Field(default=1000, ge=1, description="photos after which the worker process is replaced")

    # ---- what is accepted
    max_body: Count = Field(default=256 << 20, ge=1024, description="bytes of a request")
    max_pixels: Count = Field(default=300_000_000, ge=1, description="pixels of a photo")
    film_megapixels: float = Field(default=20_000.0, gt=0, description="megapixels of all frames of a film together")
    queue_depth: int = Field(default=64, ge=1, description="photos that may be waiting and running at once")
    queue_megapixels: float = Field(
        default=2000.0, gt=0, description="megapixels that may be waiting and running at once"
    )
    request_seconds: float = Field(
        default=600.0, gt=0, description="seconds until a waiting request is answered with 504"
    )
    uploads: int = Field(default=256, ge=1, description="photos that may be arriving at once")
    per_client: int | None = Field(
        default=None,
        ge=0,
        description="unfinished photos one client may have; none = half of QUEUE_DEPTH, 0 = no limit",
    )
    client_bytes: Count | None = Field(
        default=None, ge=1 << 20, description="bytes of the spool one client may hold; none = half of SPOOL_BYTES"
    )
    rate_per_minute: int = Field(default=0, ge=0, description="photos a minute one client may send, 0 = no limit")
    streams: int = Field(default=256, ge=1, description="event streams that may be open at once")

    # ---- slow and hostile clients
    header_seconds: float = Field(default=10.0, gt=0, description="seconds for a request's head to arrive")
    stall_seconds: float = Field(default=15.0, gt=0, description="seconds without a byte of the body")
    slowest: Count = Field(
        default=8192, ge=0, description="bytes a second that a body must average after the first 30 seconds"
    )
    send_seconds: float = Field(default=60.0, gt=0, description="seconds a client may leave an answer unread")
    connections: int = Field(default=1024, ge=1, description="open connections")
    origins: Origins = Field(
        default=[], description="origins of other sites whose pages may use the service (CORS), with commas; * = any"
    )
    hosts: Hosts = Field(
        default=["localhost", "127.0.0.1", "[::1]"],
        description="names the service answers to (Host header), with commas between; * = any",
    )
    fetch_urls: FetchHosts = Field(
        default=[], description="hosts from which image_url of /v1.0/removebg is fetched, with commas; none = no URLs"
    )
    keys_file: Path | None = Field(
        default=None, description="file with a line NAME:SHA256 for each API key; none = no keys"
    )
    trusted_proxies: Annotated[str, BeforeValidator(_addresses)] = Field(
        default="", description="addresses whose X-Forwarded-For is believed, with commas between"
    )

    root_path: Annotated[str, BeforeValidator(_path)] = Field(
        default="", description="path under which a proxy serves the service, such as /cut"
    )

    # ---- jobs
    spool: Path = Field(default_factory=_default_spool, description="folder of jobs and results")
    spool_bytes: Count = Field(default=20 << 30, ge=1 << 20, description="bytes the spool may hold")
    ttl_seconds: float = Field(default=3600.0, gt=0, description="seconds a finished job is kept")

    # ---- running
    drain_seconds: float = Field(default=30.0, ge=0, description="seconds that SIGTERM gives to requests in flight")
    log_json: bool = Field(default=True, description="logs as JSON lines; otherwise plain text")
