"""What ``--device`` names: a device, or several that a batch divides its photos among."""

from __future__ import annotations

import re

from gigamatte.errors import UsageError

#: what ``--device`` takes; cuda:1 and the like choose among several
DEVICES = ("auto", "cpu", "gpu", "cuda", "coreml", "directml", "intel-gpu")
#: how a warning ends that says that another device did the work than the one that was asked for
ON_CPU = "the CPU did the work"
_NAME = re.compile(r"auto|cpu|gpu|coreml|(cuda|directml|intel-gpu)(:\d{1,3})?")


def devices_of(text: str) -> tuple[str, ...]:
    """The devices that a text names, separated by commas. Raises UsageError."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"--device is one of {', '.join(DEVICES)}, or one of several as cuda:1; found {name or text!r}"
            )
    if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise UsageError(f"--device names {twice} twice", "leave one out; --jobs says how many photos are cut at once")
    return names


def one_device(text: str) -> str:
    """The device that a text names. Raises UsageError where it names several."""
    names = devices_of(text)
    if len(names) > 1:
        raise UsageError(
            f"--device names {len(names)} devices, {text}: only a batch on this machine divides its photos among them",
            "name one of them",
        )
    return names[0]
