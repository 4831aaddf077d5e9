"""Reads the header of an ONNX file from its protobuf fields, without loading weights.

A file of 1 GB is opened in milliseconds. Its bytes are not trusted: lengths are checked against the file, and a
weight that points to another file may only point to one in the same folder. (Field numbers: onnx/onnx.proto.)
"""

from __future__ import annotations

import mmap
from pathlib import Path

from gigamatte.errors import NetworkUnavailable, WeightsRefused
from gigamatte.network.cards.external import external_files
from gigamatte.network.cards.onnx_header import Node, OnnxHeader, Value
from gigamatte.network.cards.protobuf import Buffer, Span, fields, text, varint

_DEEPEST = 32
_PASSING = ("Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Transpose", "Resize", "Clip")
#: bytes of the longest text attribute that is read: a mode
_SHORT = 32
#: operators whose attributes are kept: runtimes differ about them (engines/differences.py)
_KEPT = ("Resize", "AveragePool", "MaxPool")


def read_header(model: Path | bytes) -> OnnxHeader:
    """The header of an ONNX file or of its bytes. Raises NetworkUnavailable or WeightsRefused."""
    if isinstance(model, bytes):
        return _parse(model, "these bytes")
    try:
        with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            header = _parse(whole, str(model))
    except ValueError as error:  # mmap of an empty file
        raise WeightsRefused(f"{model} is not an ONNX file: it is empty") from error
    except OSError as error:
        raise NetworkUnavailable(f"{model} cannot be read: {error.strerror or error}") from error
    external_files(model, header.external)
    return header


def _parse(data: Buffer, name: str) -> OnnxHeader:
    try:
        return _model(data)
    except (IndexError, UnicodeDecodeError, RecursionError) as error:
        raise WeightsRefused(f"{name} is not an ONNX file, or is cut short or damaged") from error


class _Finds:
    def __init__(self) -> None:
        self.external: set[str] = set()
        self.operators: set[str] = set()
        #: output name → (operator, first input), of the main graph's nodes
        self.makers: dict[str, tuple[str, str]] = {}
        self.kept: set[Node] = set()


def _model(data: Buffer) -> OnnxHeader:
    finds, metadata, opset = _Finds(), {}, 0
    values: dict[int, dict[str, Value]] = {11: {}, 12: {}}
    initialised: set[str] = set()
    has_graph = False
    for number, _, span in fields(data, (0, len(data))):
        if number == 7:
            has_graph = True
            for inner, _, part in fields(data, span):
                if inner in values:
                    name, kind = _value_info(data, part)
                    values[inner][name] = kind
                elif inner == 5:
                    initialised.add(_tensor(data, part, finds))
            _graph(data, span, finds, 0)
        elif number == 14:
            pair = {inner: text(data, part) for inner, _, part in fields(data, span)}
            metadata[pair.get(1, "")] = pair.get(2, "")
        elif number == 8:
            entry = {inner: (value, part) for inner, value, part in fields(data, span)}
            if 1 not in entry or not text(data, entry[1][1]):
                opset = entry.get(2, (0, (0, 0)))[0]
        elif number == 25:
            for inner, _, part in fields(data, span):
                if inner == 7:
                    _node(data, part, finds, 0)
    if not has_graph or not values[12]:
        raise IndexError("no graph, or a graph without outputs")
    inputs = {name: kind for name, kind in values[11].items() if name not in initialised}
    makers = {output: _last_operator(output, finds) for output in values[12]}
    return OnnxHeader(
        inputs,
        values[12],
        metadata,
        opset,
        frozenset(finds.operators),
        makers,
        frozenset(finds.external),
        frozenset(finds.kept),
    )


def _last_operator(output: str, finds: _Finds) -> str:
    """The operator that computes ``output``, looking through those that only pass values on."""
    for _ in range(64):
        kind, source = finds.makers.get(output, ("", ""))
        if kind not in _PASSING:
            return kind
        output = source
    return ""


def _graph(data: Buffer, span: Span, finds: _Finds, depth: int) -> None:
    if depth > _DEEPEST:
        raise RecursionError
    for number, _, part in fields(data, span):
        if number == 1:
            _node(data, part, finds, depth)
        elif number == 5:
            _tensor(data, part, finds)
        elif number == 15:
            _sparse(data, part, finds)


def _node(data: Buffer, span: Span, finds: _Finds, depth: int) -> None:
    kind = source = ""
    outputs, attributes = [], []
    for number, _, part in fields(data, span):
        if number == 1:
            source = source or text(data, part)
        elif number == 2:
            outputs.append(text(data, part))
        elif number == 4:
            kind = text(data, part)
            finds.operators.add(kind)
        elif number == 5:
            attributes.append(part)
            for inner, _, value in fields(data, part):
                if inner in (5, 10):
                    _tensor(data, value, finds)
                elif inner in (6, 11):
                    _graph(data, value, finds, depth + 1)
                elif inner in (22, 23):
                    _sparse(data, value, finds)
    if kind in _KEPT:
        finds.kept.add((kind, frozenset(_attribute(data, part) for part in attributes)))
    if depth == 0:
        finds.makers.update((output, (kind, source)) for output in outputs)


def _attribute(data: Buffer, span: Span) -> tuple[str, int | str | tuple[int, ...]]:
    """Name and value: a number, a short text, or a list of numbers; 0 for what is none of these."""
    name = ""
    found: int | str | tuple[int, ...] = 0
    numbers: list[int] = []
    for number, value, part in fields(data, span):
        if number == 1:
            name = text(data, part)
        elif number == 3:
            found = value
        elif number == 4 and part[1] - part[0] <= _SHORT:
            found = text(data, part)
        elif number == 8:
            at, end = part
            if at == end:  # one by one
                numbers.append(value)
            while at < end:  # packed
                value, at = varint(data, at, end)
                numbers.append(value)
    return name, tuple(numbers) or found


def _sparse(data: Buffer, span: Span, finds: _Finds) -> None:
    for number, _, part in fields(data, span):
        if number in (1, 2):
            _tensor(data, part, finds)


def _tensor(data: Buffer, span: Span, finds: _Finds) -> str:
    name = ""
    for number, _, part in fields(data, span):
        if number == 8:
            name = text(data, part)
        elif number == 13:
            pair = {inner: text(data, value) for inner, _, value in fields(data, part)}
            if pair.get(1) == "location":
                finds.external.add(pair.get(2, ""))
    return name


def _value_info(data: Buffer, span: Span) -> tuple[str, Value]:
    name, element = "", 0
    shape: list[int | None] = []
    for number, _, part in fields(data, span):
        if number == 1:
            name = text(data, part)
        elif number == 2:
            for kind, _, tensor in fields(data, part):
                if kind != 1:
                    continue
                for inner, value, dims in fields(data, tensor):
                    if inner == 1:
                        element = value
                    elif inner == 2:
                        shape.extend(_dimension(data, dim) for _, _, dim in fields(data, dims))
    return name, (element, tuple(shape))


def _dimension(data: Buffer, span: Span) -> int | None:
    for number, value, _ in fields(data, span):
        if number == 1:
            return value if value > 0 else None
    return None
