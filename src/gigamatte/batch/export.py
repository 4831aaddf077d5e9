"""Exports the manifest for other programs, one photo a line or row: JSON lines, CSV or Parquet by the suffix."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from gigamatte.batch.pair import files_of
from gigamatte.batch.reader import Rows
from gigamatte.errors import UsageError
from gigamatte.workflow.files import new_file

#: columns that are of use outside
_COLUMNS = (
    "state", "attempts", "bytes", "fingerprint", "config", "sha256", "out_bytes", "megapixels", "seconds", "doubt",
)  # fmt: skip
#: what a table has of the receipt, and of which type
_RECEIPT = {"width": int, "height": int, "device": str, "precision": str}
#: rows that are written to Parquet at once
_GROUP = 20_000


def photo_line(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the manifest with the field names of receipts."""
    line = {"path": row["key"], "input": row["source"], "output": row["target"]}
    line["files"] = list(files_of(row["target"], row["pair"]))
    line |= {name: row[name] for name in _COLUMNS}
    line["stale"] = bool(row["stale"])
    line["mark"] = row["mark"]
    line["error"] = {name: row[name] for name in ("code", "message", "hint")} if row["code"] else None
    line["receipt"] = row["receipt"]
    return line


def check_export(path: Path) -> None:
    """Check before the batch begins. Raises UsageError for a suffix that is not known, or Parquet without pyarrow."""
    kind = path.suffix.lower()
    if kind not in (".jsonl", ".ndjson", ".json", ".csv", ".parquet"):
        raise UsageError(f"--export writes .jsonl, .csv or .parquet; found {path.name}")
    if kind == ".parquet":
        _arrow(path)


def export(manifest: Rows, path: Path, where: str = "1") -> int:
    """Write all photos of the latest run to ``path``, sorted by path; replaces what is there, whole or not at all.

    How many they were. Raises UsageError like ``check_export``, WriteError.
    """
    check_export(path)
    rows, count = manifest.rows(where), 0
    with new_file(path, overwrite=True) as file:
        if path.suffix.lower() == ".parquet":
            return _parquet(path, file, rows)
        if path.suffix.lower() == ".csv":
            return _csv(file, rows)
        for row in rows:
            # surrogates of names that are no UTF-8 stay escaped
            file.write(json.dumps(photo_line(row), ensure_ascii=True).encode("ascii") + b"\n")
            count += 1
    return count


def table_line(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the manifest without anything nested; names that are no UTF-8 are escaped."""
    line = {"path": row["key"], "input": row["source"], "output": row["target"]}
    line |= {name: row[name] for name in _COLUMNS}
    line |= {"stale": bool(row["stale"]), "mark": row["mark"]}
    line |= {name: row[name] for name in ("code", "message", "hint")}
    receipt = row["receipt"] or {}
    line |= {name: receipt.get(name) for name in _RECEIPT}
    model = receipt.get("model") or {}
    line |= {"model": model.get("name"), "licence": model.get("licence")}
    return {name: _text(value) for name, value in line.items()}


def _csv(file: BinaryIO, rows: Iterator[dict[str, Any]]) -> int:
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    table, count = csv.DictWriter(text, list(_TYPES)), 0
    table.writeheader()
    for row in rows:
        table.writerow(table_line(row))
        count += 1
    text.flush()
    text.detach()
    return count


def _parquet(path: Path, file: BinaryIO, rows: Iterator[dict[str, Any]]) -> int:
    arrow, parquet = _arrow(path)
    kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in _TYPES.items()])
    count = 0
    with parquet.ParquetWriter(file, schema) as writer:
        while chunk := [table_line(row) for row in islice(rows, _GROUP)]:
            writer.write_table(arrow.Table.from_pylist(chunk, schema=schema))
            count += len(chunk)
    return count


def _arrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(f"{path} needs the package pyarrow", "pip install 'gigamatte[ray]'") from error
    return pyarrow, pyarrow.parquet


def _text(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


_TYPES: dict[str, type] = {
    "path": str, "input": str, "output": str,
    "state": str, "attempts": int, "bytes": int, "fingerprint": str, "config": str, "sha256": str, "out_bytes": int,
    "megapixels": float, "seconds": float, "doubt": float, "stale": bool, "mark": str,
    "code": str, "message": str, "hint": str, **_RECEIPT, "model": str, "licence": str,
}  # fmt: skip
