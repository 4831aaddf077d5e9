"""Fetches a picture from a host that was allowed by name, when a request gives its address.

Off unless hosts are named. An allowed name may still have an address inside our network, at once or after a redirect:
so the name is looked up once, every address that it has must be a public one, the connection goes to the address that
was checked (so a later change of the name has no effect), TLS is checked against the name, and each redirect is checked
in the same way. An IPv6 address that contains an IPv4 address is judged by that one.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from gigamatte.service_errors import BadRequest, TooLarge

SECONDS, REDIRECTS, CHUNK = 30.0, 3, 1 << 16
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def fetch(url: str, target: Path, *, hosts: Sequence[str], most: int, charge: Callable[[int], None]) -> None:
    """Write what ``url`` answers to ``target``. Raises BadRequest, TooLarge, and what ``charge(bytes)`` raises."""
    until = time.monotonic() + SECONDS
    for _ in range(REDIRECTS + 1):
        parts = _allowed(url, hosts)
        connection = _connect(parts, until)
        try:
            connection.request(
                "GET", _path(parts), headers={"Host": parts.netloc, "Accept": "image/*", "User-Agent": "gigamatte"}
            )
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                url = urljoin(url, answer.getheader("Location", ""))
                continue
            if answer.status != 200:
                raise BadRequest(f"{parts.hostname} answered {answer.status}", "is the address right, and public?")
            _store(answer, target, until, most, charge)
            return
        except (OSError, http.client.HTTPException) as error:
            raise BadRequest(f"the picture could not be fetched from {parts.hostname}: {error}"[:200]) from error
        finally:
            connection.close()
    raise BadRequest(f"the address leads on more than {REDIRECTS} times", "give the picture's own address")


def _allowed(url: str, hosts: Sequence[str]) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadRequest("the address of the picture cannot be read") from None
    name = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in ("http", "https") or not name or "@" in parts.netloc:
        raise BadRequest("the address of a picture begins with http:// or https://, and holds no user or password")
    if not any(name == host or (host.startswith("*.") and name.endswith(host[1:])) for host in hosts):
        raise BadRequest(f"this service fetches nothing from {name[:80]!r}", "send the picture itself")
    if port not in (None, 80, 443):
        raise BadRequest(f"this service fetches from the ports 80 and 443; found {port}")
    path = _path(parts)
    if not path.isascii() or not path.isprintable() or " " in path:
        raise BadRequest("the address of the picture has letters that must be escaped")
    return parts


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _connect(parts: SplitResult, until: float) -> http.client.HTTPConnection:
    name, secure = str(parts.hostname), parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise BadRequest(f"there is no host {name[:80]!r}") from error
    addresses = [str(address[0]) for *_, address in found]
    for address in addresses:
        if not is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise BadRequest(f"{name[:80]!r} leads to an address that is not public", "send the picture itself")
    left = max(0.1, until - time.monotonic())
    connection = http.client.HTTPConnection(name, port, timeout=left)
    try:
        sock = socket.create_connection((addresses[0], port), timeout=min(left, 10.0))
        connection.sock = ssl.create_default_context().wrap_socket(sock, server_hostname=name) if secure else sock
    except OSError as error:
        raise BadRequest(f"the picture could not be fetched from {name}: {error}"[:200]) from error
    return connection


def is_public(address: Address) -> bool:
    """Whether anybody may reach it: not this machine, not its network, not another one inside an IPv6 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or int(address) >> 32 == 0:  # … and ::a.b.c.d
            inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(one) for one in inside if one is not None):
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
    return address.is_global and not address.is_multicast


def _store(
    answer: http.client.HTTPResponse, target: Path, until: float, most: int, charge: Callable[[int], None]
) -> None:
    total = 0
    with target.open("xb") as file:
        while data := answer.read1(CHUNK):
            total += len(data)
            if total > most:
                raise TooLarge(f"the picture has more than {most / 1e6:.0f} MB", "send a smaller file")
            if time.monotonic() > until:
                raise BadRequest(f"the picture was not there after {SECONDS:g} seconds")
            charge(len(data))
            file.write(data)
    if answer.length:
        raise BadRequest("the picture ended too early", "try again")
