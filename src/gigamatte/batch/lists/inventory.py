"""Inventories: CSV, JSON lines and Parquet with a column of paths or URIs, and the reports of S3 Inventory.

A row may have an object's size and ETag; then the store need not be asked whether the object has changed.
S3 Inventory: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, Any, Literal, cast
from urllib.parse import unquote_plus

from gigamatte.batch.lists.text import LONGEST, lines_of, text_of
from gigamatte.batch.lists.wanted import PICTURES, Wanted, is_litter
from gigamatte.errors import UsageError

Kind = Literal["csv", "tsv", "jsonl", "parquet", "s3-inventory"]
Open = Callable[[str], AbstractContextManager[IO[bytes]]]

_KINDS: dict[str, Kind] = {
    ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
#: what the column with the photos is called, the likeliest first
_PLACES = ("uri", "path", "file", "filename", "file_name", "image", "image_path", "photo", "source", "url", "location")
_SIZES, _TAGS = ("size", "bytes"), ("etag", "e_tag")
_wanted = Wanted(None)


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
            with text_of(file, newline="") as text:
                yield from _csv(spec, _cells(spec, text, kind, column), column)


def _cells(spec: str, text: io.TextIOBase, kind: Kind, column: str | None) -> Iterator[list[str]]:
    """The rows from the first one on that is neither empty nor a comment."""
    csv.field_size_limit(LONGEST)
    lines = (line for _, line in lines_of(text, spec))
    first = next((line for line in lines if line.strip() and not line.startswith("# ")), "")
    delimiter = "\t" if kind == "tsv" else ","
    known = {*_PLACES, *([column.lower()] if column else [])}
    # where a comma is part of numbers, programs write other delimiters
    for other in (";", "\t"):
        names = {cell.strip().strip('"').lower() for cell in first.split(other)}
        if "," not in first and len(names) > 1 and known & names:
            delimiter = other
    return csv.reader(chain([first], lines), delimiter=delimiter)


def _csv(spec: str, rows: Iterator[list[str]], column: str | None) -> Iterator[Named]:
    try:
        first = next((row for row in rows if row), None)
        if first is None:
            return
        names = [cell.strip().lower() for cell in first]
        known = {*_PLACES, *_SIZES, *_TAGS, (column or "").lower()}
        if column is not None and column.isdigit() and column not in names:
            at, size, tag = int(column) - 1, None, None
            if not 0 <= at < len(first):
                raise _no_column(spec, first, column)
            second = next((row for row in rows if row), [])
            headed = len(second) > at and not _looks_like_a_photo(first[at]) and _looks_like_a_photo(second[at])
            rest = chain([second] if headed else [first, second], rows)
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
                yield _named(row[at].strip(), _cell(row, size), _cell(row, tag))
    except csv.Error as error:
        raise UsageError(f"{spec} is no CSV: {error}") from error


def _json_rows(spec: str, file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    with text_of(file) as text:
        for number, line in lines_of(text, spec):
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
        if place is None or place not in row:  # rows may have other keys than the first one
            order = [name.lower() for name in row]
            at = _column(spec, order, column) if place is None else _sought(order, column)
            if at is None:
                continue
            names = dict(zip(order, row, strict=True))
            place = names[order[at]]
            size, tag = (next((names[one] for one in few if one in names), None) for few in (_SIZES, _TAGS))
        found = row.get(place)
        if isinstance(found, bytes):  # Parquet's strings that are not marked as text
            found = os.fsdecode(found)
        if isinstance(found, str) and found.strip():
            yield _named(found, row.get(size) if size else None, row.get(tag) if tag else None)


def _parquet(spec: str, file: IO[bytes], column: str | None) -> Iterator[Named]:
    def chosen(names: Sequence[str]) -> set[int | None]:
        low = [name.lower() for name in names]
        return {_column(spec, low, column), _index(low, _SIZES), _index(low, _TAGS)}

    yield from _mapped(spec, _parquet_rows(spec, file, chosen), column)


def _parquet_rows(
    spec: str, file: IO[bytes], chosen: Callable[[Sequence[str]], set[int | None]]
) -> Iterator[Mapping[str, Any]]:
    """The rows of a Parquet file with the columns at the places that ``chosen(names)`` gives."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UsageError(f"{spec} needs the package pyarrow", "pip install 'gigamatte[ray]'") from error
    try:
        table = ParquetFile(file)
        names = list(table.schema_arrow.names)
        columns = [names[index] for index in sorted(index for index in chosen(names) if index is not None)]
        for batch in table.iter_batches(columns=columns):
            yield from batch.to_pylist()
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
            for row in _report(report, kind, data, schema):
                if _is_current(row) and _is_listed(place := str(row.get("key") or "")):
                    yield _named(f"s3://{bucket}/{place}", row.get("size"), row.get("etag"))


def _report(spec: str, kind: str, data: IO[bytes], schema: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of a report by the names of its columns, in small letters alone."""
    if kind == "csv":
        if "key" not in schema:
            raise UsageError(f"the manifest of {spec} names no column with keys", "is its fileSchema whole?")
        try:
            with text_of(data, newline="") as text:
                for cells in csv.reader(text):
                    row = dict(zip(_plain(schema), cells, strict=False))
                    yield {**row, "key": unquote_plus(row.get("key", ""))}  # keys are written as in a URL
        except csv.Error as error:
            raise UsageError(f"{spec} is no CSV: {error}") from error
    elif kind == "parquet":
        for line in _parquet_rows(spec, data, lambda names: {*range(len(names))}):
            yield dict(zip(_plain(line), line.values(), strict=True))
    else:
        raise UsageError(f"{spec}: S3 Inventory as {kind.upper()} is not read", "expected CSV or Parquet")


def _plain(names: Iterable[str]) -> list[str]:
    """``IsLatest`` of a CSV report is ``is_latest`` in Parquet."""
    return [name.lower().replace("_", "") for name in names]


def _is_current(row: Mapping[str, Any]) -> bool:
    """Whether an object is there: an inventory of all versions names earlier ones, and those that were deleted."""
    latest, deleted = (str(row.get(name, "")).lower() for name in ("islatest", "isdeletemarker"))
    return latest != "false" and deleted != "true"


def _is_listed(key: str) -> bool:
    """Whether a listing of the bucket would take an object: a picture or film, nothing hidden, no previews."""
    folders = key.split("/")
    return _wanted(key) and not any(part.startswith(".") or is_litter(part) for part in folders)


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
    found = _sought(names, column)
    if found is None:
        raise _no_column(spec, names, column)
    return found


def _sought(names: Sequence[str], column: str | None) -> int | None:
    return _index(names, _PLACES if column is None else (column.lower(),))


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
    return Named(place, length, f"{length}-{word}" if word and length else "")


def _looks_like_a_photo(cell: str) -> bool:
    return "://" in cell or PurePosixPath(cell.strip()).suffix.lower() in PICTURES
