"""The protocol of an engine: an inference runtime with one network loaded."""

from collections.abc import Sequence
from typing import Protocol

from gigamatte.types import FloatArray


class Engine(Protocol):
    """A loaded network, safe to call from several threads: one picture in, one answer out, both float32.

    A *part* of a network (see ``network/hinted.py``) may have several inputs and outputs instead: ``run_all``.

    Attributes describe what really runs, for the receipt: ``runtime`` (openvino, onnxruntime), ``device`` (cpu,
    cuda:0 …), ``precision`` (f32, tf32, bf16, f16), ``input_shape`` (N, C, H, W; None where the size is free),
    ``input_shapes`` of all inputs in the file's order, and ``metadata`` of the file.
    """

    @property
    def runtime(self) -> str: ...  # noqa: D102

    @property
    def device(self) -> str: ...  # noqa: D102

    @property
    def precision(self) -> str: ...  # noqa: D102

    @property
    def input_shape(self) -> tuple[int | None, ...]: ...  # noqa: D102

    @property
    def input_shapes(self) -> tuple[tuple[int | None, ...], ...]: ...  # noqa: D102

    @property
    def metadata(self) -> dict[str, str]: ...  # noqa: D102

    def run(self, tensor: FloatArray) -> FloatArray:
        """(N, C, H, W) float32 in, the output that fits float32 out, in its own shape.

        Raises GigamatteError when it cannot.
        """
        ...

    def run_all(self, tensors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """All inputs, float32, in the file's order in, all outputs in the file's order out. Raises GigamatteError."""
        ...

    def close(self) -> None:
        """Free memory and device. It may be called twice."""
        ...
