"""A service in a process of its own: a port for it, and how to wait for it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.request


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float = 120) -> bool:
    """Whether the service at ``url`` says that it is ready, before its process ends and within so many seconds."""
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.1)
    return False
