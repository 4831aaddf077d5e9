"""The networks that are part of the package: ONNX files beside the modules that use them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from gigamatte.errors import NetworkUnavailable


@cache
def embedded_network(package: str, name: str) -> bytes:
    """The ONNX file ``name`` of ``package``. Raises NetworkUnavailable when the installation lacks it."""
    try:
        return resources.files(package).joinpath(name).read_bytes()
    except OSError as error:
        raise NetworkUnavailable(f"this installation lacks its own network {name}", "reinstall gigamatte") from error
