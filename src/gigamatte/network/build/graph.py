"""Writes ONNX graphs: nodes are collected with names only, weights are streamed into the file one at a time.

A network of 220 million weights is written with the memory of its largest tensor, because a protobuf message may be
put together from pieces: the small graph first, then each initializer as one more element of a repeated field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

#: LayerNormalization is in since 17, DeformConv since 19, Gelu since 20
OPSET = 20
_IR_VERSION = 9

_ONNX_TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64}


@dataclass(frozen=True)
class Map:
    """A feature map in the graph: the name of a float32 (count, channels, height, width) tensor."""

    name: str
    channels: int
    height: int
    width: int
    #: pictures that go through the same layers side by side
    count: int = 1


@dataclass(frozen=True)
class _Stored:
    name: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], NDArray[Any]]

    @property
    def head(self) -> bytes:
        proto = TensorProto(name=self.name, dims=self.shape, data_type=_ONNX_TYPES[self.dtype])
        return bytes(proto.SerializeToString())

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


class Graph:
    """An ONNX graph under construction."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._stored: list[_Stored] = []
        self._constants: dict[tuple[Any, ...], str] = {}
        self._weights: dict[str, str] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        output = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, values: NDArray[Any] | Sequence[int] | int | float) -> str:
        """The name of a constant: int64 for integers, float32 for fractions. Equal ones are stored once."""
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = self._constants[key] = f"constant_{len(self._constants)}"
            self._stored.append(_Stored(name, array.shape, array.dtype.name, lambda: array))
        return self._constants[key]

    def weight(self, key: str, shape: tuple[int, ...], dtype: str, load: Callable[[], NDArray[Any]]) -> str:
        """The name of a weight as float32, whatever it is stored as; asking twice stores once."""
        if key not in self._weights:
            self._stored.append(_Stored(key, shape, dtype, load))
            # runtimes fold the cast when they load the network
            self._weights[key] = key if dtype == "float32" else self.op("Cast", key, to=TensorProto.FLOAT)
        return self._weights[key]

    def reshape(self, name: str, *shape: int) -> str:
        """Reshape to fixed sizes."""
        return self.op("Reshape", name, self.constant(shape))

    def write(self, file: BinaryIO, image: Map, output: Map, output_name: str, metadata: dict[str, str]) -> None:
        """Write the model: one input (``image``), one output, named ``output_name``."""
        for piece in self._pieces(image, output, output_name, metadata):
            file.write(piece)

    def _pieces(self, image: Map, output: Map, output_name: str, metadata: dict[str, str]) -> Iterator[bytes]:
        last = helper.make_node("Identity", [output.name], [output_name], name=output_name)
        graph = helper.make_graph(
            [*self._nodes, last], "gigamatte", [_value(image, image.name)], [_value(output, output_name)]
        ).SerializeToString()
        model = ModelProto(
            ir_version=_IR_VERSION, producer_name="gigamatte", opset_import=[helper.make_opsetid("", OPSET)]
        )
        helper.set_model_props(model, metadata)
        heads = [_tensor_head(stored) for stored in self._stored]
        total = len(graph) + sum(len(head) + stored.bytes for head, stored in zip(heads, self._stored, strict=True))
        yield model.SerializeToString()
        yield _field(7, total)  # ModelProto.graph
        yield graph
        for head, stored in zip(heads, self._stored, strict=True):
            yield head
            array = np.asarray(stored.load(), np.dtype(stored.dtype).newbyteorder("<"), order="C")
            if array.shape != stored.shape:
                raise ValueError(f"weight {stored.name} was announced as {stored.shape} and loaded as {array.shape}")
            yield array.tobytes()


def _tensor_head(stored: _Stored) -> bytes:
    """What comes before the raw bytes of a tensor: GraphProto.initializer (5) holding TensorProto.raw_data (9)."""
    inner = stored.head + _field(9, stored.bytes)
    return _field(5, len(inner) + stored.bytes) + inner


def _field(number: int, length: int) -> bytes:
    """Protobuf's key and length of a length-delimited field."""
    return _varint(number << 3 | 2) + _varint(length)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _value(feature: Map, name: str) -> Any:
    # a height and width of 0 stand for sizes (and a batch) that are free
    shape = [feature.count, feature.channels, feature.height, feature.width]
    free = ["batch", feature.channels, "height", "width"]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape if feature.height else free)
