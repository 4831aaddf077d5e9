"""The manifest as JSON lines: one photo a line, for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gigamatte.batch.manifest import Manifest
from gigamatte.batch.pair import files_of
from gigamatte.workflow.files import new_file

#: columns that are of use outside
_COLUMNS = (
    "state", "attempts", "bytes", "fingerprint", "config", "sha256", "out_bytes", "megapixels", "seconds", "doubt",
)  # fmt: skip


def photo_line(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the manifest in the words of the receipts."""
    line = {"path": row["key"], "input": row["source"], "output": row["target"]}
    line["files"] = list(files_of(row["target"], row["pair"]))
    line |= {name: row[name] for name in _COLUMNS}
    line["stale"] = bool(row["stale"])
    line["error"] = {name: row[name] for name in ("code", "message", "hint")} if row["code"] else None
    line["receipt"] = row["receipt"]
    return line


def export(manifest: Manifest, path: Path) -> None:
    """Write all photos of this run to ``path``, sorted by path; replaces what is there, whole or not at all."""
    with new_file(path, overwrite=True) as file:
        for row in manifest.rows():
            # surrogates of names that are no UTF-8 stay escaped
            file.write(json.dumps(photo_line(row), ensure_ascii=True).encode("ascii") + b"\n")
