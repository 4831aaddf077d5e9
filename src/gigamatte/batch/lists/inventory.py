"""Inventories: CSV, JSON lines and Parquet with a column of paths or URIs, and the reports of S3 Inventory.

A row may have an object's size and ETag; then the store need not be asked whether the object has changed.
S3 Inventory: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, Any, Literal, cast
from urllib.parse import unquote_plus

from gigamatte.batch.lists.wanted import PICTURES, SUFFIXES
from gigamatte.errors import UsageError

Kind = Literal["csv", "tsv", "jsonl", "parquet", "s3-inventory"]
Open = Callable[[str], AbstractContextManager[IO[bytes]]]

_KINDS: dict[str, Kind] = {
    ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
#: what the column with the photos is called, the likeliest first
_PLACES = ("uri", "path", "file", "filename", "file_name", "image", "image_path", "photo", "source", "url", "location")
_SIZES, _TAGS = ("size", "bytes"), ("etag", "e_tag")


@dataclass(frozen=True, slots=True)
class Named:
    """One photo of a list: a path or URI, and what the list says of it."""

    place: str
    bytes: int = 0
    #: as a store's own listing would give it; "" = unknown
    stamp: str = ""


def kind_of(spec: str) -> Kind | None:
    """By the name of the file; None for plain text."""
    name = PurePosixPath(spec.replace("\\", "/")).name.lower()
    if name == "manifest.json":
        return "s3-inventory"
    return _KINDS.get(PurePosixPath(name.removesuffix(".gz")).suffix)


def inventory_rows(spec: str, kind: Kind, column: str | None, opened: Open) -> Iterator[Named]:
    """The photos that an inventory names. Raises UsageError where no column tells them, MissingInput."""
    if kind == "s3-inventory":
        yield from _s3_inventory(spec, opened)
        return
    with opened(spec) as file:
        if kind == "parquet":
            yield from _parquet(spec, file, column)
        elif kind == "jsonl":
            yield from _mapped(spec, _json_rows(spec, file), column)
        else:
            text = io.TextIOWrapper(cast(Any, file), "utf-8-sig", "surrogateescape", newline="")
            yield from _csv(spec, csv.reader(text, delimiter="\t" if kind == "tsv" else ","), column)


def _csv(spec: str, rows: Iterator[list[str]], column: str | None) -> Iterator[Named]:
    try:
        first = next((row for row in rows if row), None)
        if first is None:
            return
        names = [cell.strip().lower() for cell in first]
        known = {*_PLACES, *_SIZES, *_TAGS, (column or "").lower()}
        if column is not None and column.isdigit():
            at, size, tag, rest = int(column) - 1, None, None, chain([first], rows)
        elif known & set(names) and not any(map(_looks_like_a_photo, first)):
            at = _column(spec, names, column)
            size, tag = _index(names, _SIZES), _index(names, _TAGS)
            rest = cast("chain[list[str]]", chain(rows))
        else:
            likely = [index for index, cell in enumerate(first) if _looks_like_a_photo(cell)]
            if column is not None or not likely:
                raise _no_column(spec, first, column)
            at, size, tag, rest = likely[0], None, None, chain([first], rows)
        for row in rest:
            if len(row) > at and row[at].strip():
                yield _named(row[at], _cell(row, size), _cell(row, tag))
    except csv.Error as error:
        raise UsageError(f"{spec} is no CSV: {error}") from error


def _json_rows(spec: str, file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{spec}, line {number}: expected a JSON object: {error}") from error
        yield row if isinstance(row, dict) else {"uri": row}


def _mapped(spec: str, rows: Iterator[Mapping[str, Any]], column: str | None) -> Iterator[Named]:
    place = size = tag = None
    for row in rows:
        if place is None:
            names = {name.lower(): name for name in row}
            order = list(names)
            place = names[order[_column(spec, order, column)]]
            size, tag = (next((names[one] for one in few if one in names), None) for few in (_SIZES, _TAGS))
        found = row.get(place)
        if isinstance(found, str) and found.strip():
            yield _named(found, row.get(size) if size else None, row.get(tag) if tag else None)


def _parquet(spec: str, file: IO[bytes], column: str | None) -> Iterator[Named]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UsageError(f"{spec} needs the package pyarrow", "pip install 'gigamatte[ray]'") from error
    try:
        table = ParquetFile(file)
        names = [name.lower() for name in table.schema_arrow.names]
        wanted = {_column(spec, names, column), _index(names, _SIZES), _index(names, _TAGS)} - {None}
        columns = [table.schema_arrow.names[index] for index in sorted(cast("set[int]", wanted))]
        rows = (row for batch in table.iter_batches(columns=columns) for row in batch.to_pylist())
        yield from _mapped(spec, rows, column)
    except ArrowException as error:
        raise UsageError(f"{spec} is no Parquet: {error}") from error


def _s3_inventory(spec: str, opened: Open) -> Iterator[Named]:
    """All objects that are pictures, from a report's manifest.json; the report's files lie in the bucket it names."""
    with opened(spec) as file:
        try:
            content = json.load(file)
            bucket, kind = content["sourceBucket"], content["fileFormat"].lower()
            store = str(content["destinationBucket"]).removeprefix("arn:aws:s3:::")
            files = [entry["key"] for entry in content["files"]]
            schema = [name.strip().lower() for name in str(content["fileSchema"]).split(",")]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{spec} is no manifest of S3 Inventory", "for other files with columns, see --column"
            ) from error
    for key in files:
        report = f"s3://{store}/{key}" if "://" in spec else _beside(spec, key)
        with opened(report) as data:
            for place, size, tag in _report(report, kind, data, schema):
                if PurePosixPath(place).suffix.lower() in SUFFIXES:
                    yield _named(f"s3://{bucket}/{place}", size, tag)


def _report(spec: str, kind: str, data: IO[bytes], schema: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    if kind == "csv":
        at, size, tag = schema.index("key"), _index(schema, _SIZES), _index(schema, _TAGS)
        for row in csv.reader(io.TextIOWrapper(cast(Any, data), "utf-8", newline="")):
            if len(row) > at:  # keys are written as in a URL
                yield unquote_plus(row[at]), _cell(row, size), _cell(row, tag)
    elif kind == "parquet":
        from pyarrow.parquet import ParquetFile

        for batch in ParquetFile(data).iter_batches():
            for line in batch.to_pylist():
                low = {name.lower(): value for name, value in line.items()}
                yield str(low["key"]), low.get("size"), low.get("e_tag") or low.get("etag")
    else:
        raise UsageError(f"{spec}: S3 Inventory as {kind.upper()} is not read", "expected CSV or Parquet")


def _beside(manifest: str, key: str) -> str:
    """A report's file that was downloaded together with its manifest: in ``data`` beside it or above it."""
    folder = PurePosixPath(manifest).parent
    name = PurePosixPath(key).name
    from pathlib import Path

    for place in (folder / name, folder / "data" / name, folder.parent / "data" / name):
        if Path(place).is_file():
            return str(place)
    return str(folder / "data" / name)


def _column(spec: str, names: Sequence[str], column: str | None) -> int:
    if column is not None:
        if column.lower() in names:
            return names.index(column.lower())
        raise _no_column(spec, names, column)
    found = _index(names, _PLACES)
    if found is None:
        raise _no_column(spec, names, None)
    return found


def _no_column(spec: str, names: Sequence[str], column: str | None) -> UsageError:
    there = ", ".join(name[:40] for name in names[:12])
    if column is not None:
        return UsageError(f"{spec} has no column {column}; it has: {there}", "name another one with --column")
    return UsageError(f"no column of {spec} names photos; it has: {there}", "name it with --column")


def _index(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _cell(row: Sequence[str], at: int | None) -> str | None:
    return None if at is None or at >= len(row) else row[at]


def _named(place: str, size: Any, tag: Any) -> Named:
    length = int(size) if str(size or "").isdigit() else 0
    word = str(tag or "").strip('"')
    return Named(place.strip(), length, f"{length}-{word}" if word and length else "")


def _looks_like_a_photo(cell: str) -> bool:
    return "://" in cell or PurePosixPath(cell.strip()).suffix.lower() in PICTURES
