"""A job as the spool keeps it: a record, and the table that holds it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["queued", "running", "done", "failed", "cancelled"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    options TEXT NOT NULL,
    has_mask INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    pixels INTEGER NOT NULL,
    created REAL NOT NULL,
    finished REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    error TEXT,
    client TEXT NOT NULL DEFAULT ''
)
"""


@dataclass
class Record:
    """One job, as the spool keeps it. ``options`` are plain JSON types."""

    id: str
    owner: str
    name: str
    options: Mapping[str, Any]
    has_mask: bool
    bytes: int
    pixels: int
    state: State = "queued"
    created: float = field(default_factory=time.time)
    finished: float | None = None
    attempts: int = 0
    receipt: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    #: whose quota it counts to: the key's name, or an address
    client: str = ""
