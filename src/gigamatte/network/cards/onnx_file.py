"""What an ONNX file says about itself, read from its protobuf fields without loading a single weight.

A file of 1 GB is opened in milliseconds, and nothing in it is trusted: lengths are checked against the file, and a
weight that points to another file may only point to one in the same folder. (Field numbers: onnx/onnx.proto.)
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from gigamatte.errors import NetworkUnavailable, WeightsRefused

Buffer = bytes | mmap.mmap
Span = tuple[int, int]

_FLOAT = 1
_DEEPEST = 32
_PASSING = ("Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Transpose", "Resize", "Clip")


@dataclass(frozen=True)
class OnnxHeader:
    """Inputs and outputs by name with (element type, shape; None where free), metadata, opset, referenced files."""

    inputs: dict[str, tuple[int, tuple[int | None, ...]]]
    outputs: dict[str, tuple[int, tuple[int | None, ...]]]
    metadata: dict[str, str]
    opset: int
    operators: frozenset[str]
    #: the operator that computes the first output, looking through those that only pass values on
    last_operator: str
    #: relative paths of the files that hold weights outside this one
    external: frozenset[str] = field(default_factory=frozenset)

    @property
    def image_input(self) -> str:
        """Name of the one float32 (N, C, H, W) input. Raises WeightsRefused when there is none or several."""
        fitting = [name for name, (kind, shape) in self.inputs.items() if kind == _FLOAT and len(shape) == 4]
        if len(fitting) != 1 or len(self.inputs) != 1:
            found = ", ".join(f"{name} {list(shape)}" for name, (_, shape) in self.inputs.items()) or "none"
            raise WeightsRefused(
                f"a network file needs exactly one float32 input of 4 axes (N, C, H, W); found {found}"
            )
        return fitting[0]


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
    _refuse_escapes(model, header.external)
    return header


def _refuse_escapes(model: Path, external: frozenset[str]) -> None:
    home = model.resolve().parent
    for name in sorted(external):
        # judged as a POSIX and as a Windows path, whatever this machine is
        parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
        absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith("\\")
        target = home / name
        if absolute or ".." in parts or not target.resolve().is_relative_to(home):
            raise WeightsRefused(
                f"{model} takes weights from {name!r}, outside its own folder", "use a file that holds its own weights"
            )
        if not target.is_file():
            raise WeightsRefused(f"{model} takes weights from {name!r}, which is not beside it")


def _parse(data: Buffer, name: str) -> OnnxHeader:
    try:
        return _model(data)
    except (IndexError, UnicodeDecodeError, RecursionError) as error:
        raise WeightsRefused(f"{name} is not an ONNX file, or is cut short or damaged") from error


def _varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= end or shift > 63:
            raise IndexError("varint runs out of its field")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: Buffer, span: Span) -> Iterator[tuple[int, int, Span]]:
    """(field number, value of a varint, span of a length-delimited field) of one message; the other one is 0."""
    at, end = span
    while at < end:
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at, end)
            yield number, value, (0, 0)
            continue
        if wire == 2:
            length, at = _varint(data, at, end)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise IndexError(f"wire type {wire}")
        if number == 0 or at + length > end:
            raise IndexError("field runs out of its message")
        yield number, 0, (at, at + length)
        at += length


def _text(data: Buffer, span: Span) -> str:
    return data[span[0] : span[1]].decode("utf-8")


class _Finds:
    def __init__(self) -> None:
        self.external: set[str] = set()
        self.operators: set[str] = set()
        #: output name → (operator, first input), of the main graph's nodes
        self.makers: dict[str, tuple[str, str]] = {}


def _model(data: Buffer) -> OnnxHeader:
    finds, metadata, opset = _Finds(), {}, 0
    values: dict[int, dict[str, tuple[int, tuple[int | None, ...]]]] = {11: {}, 12: {}}
    initialised: set[str] = set()
    has_graph = False
    for number, _, span in _fields(data, (0, len(data))):
        if number == 7:
            has_graph = True
            for inner, _, part in _fields(data, span):
                if inner in values:
                    name, kind = _value_info(data, part)
                    values[inner][name] = kind
                elif inner == 5:
                    initialised.add(_tensor(data, part, finds))
            _graph(data, span, finds, 0)
        elif number == 14:
            pair = {inner: _text(data, part) for inner, _, part in _fields(data, span)}
            metadata[pair.get(1, "")] = pair.get(2, "")
        elif number == 8:
            entry = {inner: (value, part) for inner, value, part in _fields(data, span)}
            if 1 not in entry or not _text(data, entry[1][1]):
                opset = entry.get(2, (0, (0, 0)))[0]
        elif number == 25:
            for inner, _, part in _fields(data, span):
                if inner == 7:
                    _node(data, part, finds, 0)
    if not has_graph or not values[12]:
        raise IndexError("no graph, or a graph without outputs")
    inputs = {name: kind for name, kind in values[11].items() if name not in initialised}
    last = _last_operator(next(iter(values[12])), finds)
    return OnnxHeader(inputs, values[12], metadata, opset, frozenset(finds.operators), last, frozenset(finds.external))


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
    for number, _, part in _fields(data, span):
        if number == 1:
            _node(data, part, finds, depth)
        elif number == 5:
            _tensor(data, part, finds)
        elif number == 15:
            _sparse(data, part, finds)


def _node(data: Buffer, span: Span, finds: _Finds, depth: int) -> None:
    kind = source = ""
    outputs = []
    for number, _, part in _fields(data, span):
        if number == 1:
            source = source or _text(data, part)
        elif number == 2:
            outputs.append(_text(data, part))
        elif number == 4:
            kind = _text(data, part)
            finds.operators.add(kind)
        elif number == 5:
            for inner, _, value in _fields(data, part):
                if inner in (5, 10):
                    _tensor(data, value, finds)
                elif inner in (6, 11):
                    _graph(data, value, finds, depth + 1)
                elif inner in (22, 23):
                    _sparse(data, value, finds)
    if depth == 0:
        finds.makers.update((output, (kind, source)) for output in outputs)


def _sparse(data: Buffer, span: Span, finds: _Finds) -> None:
    for number, _, part in _fields(data, span):
        if number in (1, 2):
            _tensor(data, part, finds)


def _tensor(data: Buffer, span: Span, finds: _Finds) -> str:
    name = ""
    for number, _, part in _fields(data, span):
        if number == 8:
            name = _text(data, part)
        elif number == 13:
            pair = {inner: _text(data, value) for inner, _, value in _fields(data, part)}
            if pair.get(1) == "location":
                finds.external.add(pair.get(2, ""))
    return name


def _value_info(data: Buffer, span: Span) -> tuple[str, tuple[int, tuple[int | None, ...]]]:
    name, element = "", 0
    shape: list[int | None] = []
    for number, _, part in _fields(data, span):
        if number == 1:
            name = _text(data, part)
        elif number == 2:
            for kind, _, tensor in _fields(data, part):
                if kind != 1:
                    continue
                for inner, value, dims in _fields(data, tensor):
                    if inner == 1:
                        element = value
                    elif inner == 2:
                        shape.extend(_dimension(data, dim) for _, _, dim in _fields(data, dims))
    return name, (element, tuple(shape))


def _dimension(data: Buffer, span: Span) -> int | None:
    for number, value, _ in _fields(data, span):
        if number == 1:
            return value if value > 0 else None
    return None
