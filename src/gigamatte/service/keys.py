"""API keys: 256 random bits, of which only a SHA-256 is kept. No slow hash is needed: they cannot be guessed."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from gigamatte.errors import UsageError

_LINE = re.compile(r"([A-Za-z0-9._-]{1,64}):([0-9a-f]{64})")


def new_key() -> str:
    """A fresh key, to be shown once."""
    return "gm_" + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is kept of a key: 64 hex digits."""
    return hashlib.sha256(key.encode()).hexdigest()


class Keys:
    """The keys that are known, by name."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = {name: bytes.fromhex(hashed) for name, hashed in known.items()}

    @classmethod
    def read(cls, path: Path | None) -> Keys | None:
        """The keys of a file with a line NAME:SHA256 for each (``#`` starts a comment); None when there is no file.

        Raises UsageError when the file cannot be read, has another line, or holds no key at all.
        """
        if path is None:
            return None
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            raise UsageError(f"the file of API keys, {path}, cannot be read: {error}") from error
        known = {}
        for number, line in enumerate(lines, 1):
            text = line.split("#")[0].strip()
            if not text:
                continue
            found = _LINE.fullmatch(text)
            if found is None:
                raise UsageError(
                    f"{path}, line {number}: expected NAME:SHA256", "make one with: gigamatte serve --new-key NAME"
                )
            known[found[1]] = found[2]
        if not known:
            # an empty file must not open the service to everybody
            raise UsageError(f"{path} holds no API key", "make one with: gigamatte serve --new-key NAME")
        return cls(known)

    def owner(self, key: str) -> str | None:
        """The name that a key belongs to; None when it is not known. Takes the same time for every key."""
        asked = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found = None
        for name, known in self._known.items():
            if hmac.compare_digest(asked, known):
                found = name
        return found
