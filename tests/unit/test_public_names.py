"""The public API is a list; importing it is instant and pulls in nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import gigamatte

HEAVY = {"numpy", "cv2", "pyvips", "PIL", "openvino", "onnx", "onnxruntime", "typer", "rich", "fastapi", "ray", "torch"}


def test_the_list() -> None:
    assert sorted(gigamatte.__all__) == [
        "Box", "BudgetExceeded", "Cancelled", "Cutout", "DeviceUnavailable", "DownloadFailed", "Editing",
        "GigamatteError", "Hints", "InputError", "MissingInput", "NetworkUnavailable", "NoSubject", "Options",
        "Receipt", "Remover", "Size", "UnsupportedInput", "UsageError", "WeightsRefused", "WorkerDied", "WriteError",
        "__version__", "cut",
    ]  # fmt: skip


def test_each_name_is_there() -> None:
    for name in gigamatte.__all__:
        assert getattr(gigamatte, name) is not None


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, gigamatte; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & {name.partition(".")[0] for name in loaded}


def test_no_name_of_ours_needs_pytorch() -> None:
    code = "import sys, gigamatte.remover, gigamatte.cli.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" not in loaded
    assert "onnxruntime" not in loaded


def test_every_option_is_described_where_help_and_editors_show_it() -> None:
    import dataclasses
    import re

    told = re.findall(r"^ {8}(\w+): \S", gigamatte.Options.__doc__ or "", re.MULTILINE)
    assert told == [field.name for field in dataclasses.fields(gigamatte.Options)]
