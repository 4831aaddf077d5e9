"""The path under which a proxy serves the service: ``GIGAMATTE_ROOT_PATH``, or a header of a trusted proxy.

Some proxies pass this path on, others remove it: both work. Links in answers begin with it.
"""

from __future__ import annotations

import ipaddress
import re

from starlette.types import ASGIApp, Receive, Scope, Send

from gigamatte.service.settings import Settings

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


class Prefix:
    """ASGI middleware. Sets ``scope["state"]["prefix"]``: "" or a path such as /cut."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self._own = app, settings.root_path
        self._trusted = Addresses(settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, its path without the prefix."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        prefix = state["prefix"] = self._own or self._said(scope, state.get("peer", ""))
        path: str = scope["path"]
        if prefix and path == prefix:  # addresses on the page are relative to it
            headers = [(b"location", f"{prefix}/".encode()), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 308, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        if prefix and path.startswith(f"{prefix}/"):
            scope["path"] = path.removeprefix(prefix)
        await self.app(scope, receive, send)

    def _said(self, scope: Scope, peer: str) -> str:
        said = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"x-forwarded-prefix"), "")
        said = said.rstrip("/")
        return said if _PATH.fullmatch(said) and peer in self._trusted else ""


class Addresses:
    """Addresses and networks with commas between; * = all."""

    def __init__(self, text: str) -> None:
        words = [word.strip() for word in text.split(",") if word.strip()]
        self._all = "*" in words
        self._names = set(words)
        self._networks = []
        for word in words:
            try:
                self._networks.append(ipaddress.ip_network(word, strict=False))
            except ValueError:
                continue  # a name, such as that of a socket

    def __contains__(self, address: str) -> bool:
        if self._all or address in self._names:
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)
