"""Compiled networks on disk: written whole or not at all, and only the newest few kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from gigamatte.network.engines.silent import import_openvino
from gigamatte.own_files import keep_newest, replaced

#: compiled networks that are kept; one of Swin-L is 1 GB
NEWEST = 6

_END = b"gigamatte compiled\n"


def read_blob(path: Path) -> Any:
    """The blob as an OpenVINO tensor over the mapped file, so that a gigabyte is not copied.

    It must live as long as what is imported from it. Raises OSError, or ValueError when the file is not whole.
    """
    # a private mapping: OpenVINO takes writable memory only, and the file must not change
    mapped = np.memmap(path, np.uint8, mode="c")
    if mapped[-len(_END) :].tobytes() != _END:
        raise ValueError(f"{path} is cut short")
    os.utime(path)  # the least recently used goes first
    return import_openvino().Tensor(mapped[: -len(_END)], shared_memory=True)


def write_blob(path: Path, data: Any) -> None:
    """Write the blob, then give it its name, so that no other process reads a half-written one. Raises OSError."""
    with replaced(path) as draft, draft.open("wb") as file:
        file.write(data)
        file.write(_END)
    keep_newest(path.parent.glob("*.blob"), NEWEST)
