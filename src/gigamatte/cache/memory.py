"""A cache in memory, for as long as one photo is open: the newest so many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict


class MemoryCache:
    """Keeps values of at most ``most`` bytes together; the least recently used go first. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._values: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes, length: int) -> bytes | None:
        """What was put under ``key``, if it is there and has ``length`` bytes."""
        with self._lock:
            value = self._values.get(key)
            if value is None or len(value) != length:
                return None
            self._values.move_to_end(key)
            return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep ``value``, if it is not larger than the whole cache."""
        if len(value) > self._most:
            return
        with self._lock:
            self._held += len(value) - len(self._values.pop(key, b""))
            self._values[key] = value
            while self._held > self._most:
                self._held -= len(self._values.popitem(last=False)[1])
