"""Reads checkpoints one tensor at a time. Only safetensors: a pickle may run any code when it is opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from gigamatte.errors import WeightsRefused


class SafetensorsFile:
    """A safetensors file read one tensor at a time. Raises WeightsRefused when it is none, or cut short."""

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        _refuse_pickle(path)
        try:
            opened: Any = safe_open  # its methods carry no types
            self._file = opened(path, framework="np")
            self._names: list[str] = list(self._file.keys())
        except (SafetensorError, OSError) as error:
            raise WeightsRefused(f"{path} is not a whole safetensors file: {error}") from error

    def names(self) -> list[str]:
        """Names of all tensors."""
        return self._names

    def describe(self, key: str) -> tuple[tuple[int, ...], str]:
        """(shape, NumPy dtype name)."""
        part = self._file.get_slice(key)
        names = {"F16": "float16", "F32": "float32", "I64": "int64"}
        return tuple(part.get_shape()), names.get(part.get_dtype(), part.get_dtype())

    def load(self, key: str) -> Any:
        """The tensor as a NumPy array."""
        return self._file.get_tensor(key)


def _refuse_pickle(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        first = file.read(4)
        # what torch.save writes: a zip with a pickle inside, or, of old, a pickle alone
        if first == b"PK\x03\x04" or first[:1] == b"\x80":
            raise WeightsRefused(
                f"{path} is a pickle, which may run any code when it is opened: it is not opened",
                "use the model.safetensors that its authors publish, or convert it in an environment that you can lose",
            )
