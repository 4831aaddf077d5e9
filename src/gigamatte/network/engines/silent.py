"""Imports the runtimes' modules so that they send nothing over the network. Nothing else imports them.

OpenVINO imports ``openvino_telemetry`` where it is installed, and its dependencies install it. That looks up the
address of an analytics service, keeps a lasting client number in the home folder, and starts a process that runs the
caller's script a second time where processes are spawned. OpenVINO has a stub for when the module is absent.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

_TELEMETRY = "openvino_telemetry"
_importing = threading.Lock()


def import_openvino() -> Any:
    """The ``openvino`` module, with its own stub in the place of its telemetry. Raises ImportError.

    A module that the caller has imported already is used as it is. The telemetry module can still be imported later:
    it is hidden only while OpenVINO looks for it.
    """
    with _importing:
        if "openvino" in sys.modules or _TELEMETRY in sys.modules:
            import openvino

            return openvino
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # Python's own way to say that there is none
        try:
            import openvino
        finally:
            if sys.modules.get(_TELEMETRY, ...) is None:
                del sys.modules[_TELEMETRY]
        return openvino


def import_onnxruntime() -> Any:
    """The ``onnxruntime`` module with its events turned off. Raises ImportError.

    From 1.32 on its Linux builds, too, keep a lasting client number and a store of events in the home folder, from the
    import on. They ask an environment variable, which is left as the user has set it, and set otherwise.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    # the builds for Windows have a switch of their own, which older and emptied modules lack
    getattr(onnxruntime, "disable_telemetry_events", lambda: None)()
    return onnxruntime
