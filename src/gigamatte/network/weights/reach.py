"""Finds out within seconds whether a server can be reached: libraries that download try for half a minute."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from urllib.parse import urlsplit

from gigamatte.errors import DownloadFailed

#: seconds that a name and a connection have together
PATIENCE = 3.0


def need_reach(url: str, patience: float = PATIENCE) -> None:
    """Raise DownloadFailed unless the server of ``url``, or the proxy that leads to it, takes a connection."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = way.hostname or "", way.port or 80
    until = time.monotonic() + patience
    reason = _name_fails(host, port, patience) or _connection_fails(host, port, max(0.1, until - time.monotonic()))
    if reason:
        raise DownloadFailed(
            f"{host} cannot be reached: {reason}", "check the connection and the proxy; for a mirror set HF_ENDPOINT"
        )


def _name_fails(host: str, port: int, patience: float) -> str:
    """Why the name has no address. The system's look-up has no time limit, so it runs in a thread that may be left."""
    causes: list[str] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            causes.append("")
        except (OSError, UnicodeError) as error:
            causes.append(str(getattr(error, "strerror", None) or error))

    thread = threading.Thread(target=look_up, name="look-up", daemon=True)
    thread.start()
    thread.join(patience)
    return causes[0] if causes else "its name is not answered"


def _connection_fails(host: str, port: int, patience: float) -> str:
    try:
        socket.create_connection((host, port), timeout=patience).close()
    except OSError as error:
        return str(error.strerror or error)
    return ""
