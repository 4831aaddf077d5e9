"""What the rest of gigamatte knows about an inference runtime."""

from typing import Protocol

from gigamatte.types import FloatArray


class Engine(Protocol):
    """A loaded network: one picture in, one answer out, float32 both, safe to call from several threads.

    Attributes describe what really runs, for the receipt: ``runtime`` (openvino, onnxruntime), ``device`` (cpu,
    cuda:0 …), ``precision`` (f32, bf16, f16), ``input_shape`` (N, C, H, W; None where the size is free) and
    ``metadata`` of the file.
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
    def metadata(self) -> dict[str, str]: ...  # noqa: D102

    def run(self, tensor: FloatArray) -> FloatArray:
        """(N, C, H, W) float32 in, the output that fits float32 out, in its own shape.

        Raises GigamatteError when it cannot.
        """
        ...

    def close(self) -> None:
        """Give memory and device back. Calling it twice is fine."""
        ...
