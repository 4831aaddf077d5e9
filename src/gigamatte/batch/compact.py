"""Stores long values of the manifest in few bytes: stamps, hashes, the parts of names, receipts.

Every packed form can be unpacked exactly; a value that does not fit a short form is stored as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_HASHES = re.compile(r"[0-9a-f]{64}(\+[0-9a-f]{64})?")
#: a doubt that is not known: of two bytes, as nearly all doubts are, because a row that grows splits a full page
NO_DOUBT = 20_000
#: numbers of a doubt of 1
DOUBTS = 10_000


def stamp_number(stamp: str | int) -> int:
    """63 bits of a stamp's hash: stamps are compared, never read."""
    if isinstance(stamp, int):
        return stamp
    return int.from_bytes(hashlib.blake2b(_bytes(stamp), digest_size=8).digest(), "big") >> 1


def joined_stamps(stamps: Iterable[str | int | None]) -> int | str | None:
    """Stamps of a result's files: a number, or two joined by +; None where one of them is missing."""
    found = list(stamps)
    if None in found:
        return None
    numbers = [stamp_number(stamp) for stamp in found if stamp is not None]
    return numbers[0] if len(numbers) == 1 else "+".join(map(str, numbers))


def outcome_stamp(stamp: str | None, files: int) -> int | str | None:
    """The stamp of a result as its outcome has it, joined by + where there are two files."""
    if stamp is None or files == 1:
        return None if stamp is None else stamp_number(stamp)
    parts = stamp.split("+")  # a store's own tag may hold a plus; without stamps the hash decides
    return joined_stamps(parts if len(parts) == files else [""] * files)


def parts_of(stamp: str | int | None, files: int) -> list[int]:
    """The stamp of each file, as a manifest of any version has it."""
    parts = [] if stamp is None else [stamp] if files == 1 else str(stamp).split("+")
    parts = parts if len(parts) == files else [""] * files
    return [int(part) if files > 1 and str(part).isdigit() else stamp_number(part) for part in parts]


def packed_hash(text: str | None) -> bytes | str | None:
    """Hexadecimal SHA-256, or two of them joined by +, as bytes."""
    if text is None or _HASHES.fullmatch(text) is None:
        return text
    return bytes.fromhex(text.replace("+", ""))


def packed_doubt(doubt: float | None) -> int:
    """In ten-thousandths."""
    return NO_DOUBT if doubt is None else round(doubt * DOUBTS)


def name_number(folded: str) -> int:
    """63 bits of a folded name's hash. Two names of one number are taken for the same: then one gets another name."""
    return stamp_number(folded)


@dataclass(frozen=True, slots=True)
class Form:
    """How a template makes a target of a key: folder, ``before``, the name's first letters, ``after``."""

    before: str
    after: str

    @classmethod
    def of(cls, template: str) -> Form | None:
        """None for a template with several fields, or with the suffix: its targets are kept whole."""
        texts, fields = [""], list[str]()
        for literal, field, *_ in string.Formatter().parse(template):
            texts[-1] += literal
            if field is not None:
                fields.append(field)
                texts.append("")
        return cls(*texts) if len(fields) == 1 and fields[0] in ("stem", "name") else None

    def target(self, key: str, stem: int) -> str:
        """The target whose word are the letters of ``key`` from its name's first one up to the ``stem``-th."""
        folder = key.rfind("/") + 1
        return f"{key[:folder]}{self.before}{key[folder:stem]}{self.after}"

    def stem(self, key: str, target: str) -> int | None:
        """The inverse; None where the target is not made like this."""
        stem = len(target) - len(self.before) - len(self.after)
        return stem if 0 < stem <= len(key) and self.target(key, stem) == target else None


class Receipts:
    """Packs receipts with the help of an earlier one: most of their words are the same in a whole run.

    ``dictionaries`` are the earlier ones by number; ``new`` is called with another one.
    """

    #: a packed receipt above so many bytes is worth another dictionary, as long as there are not so many
    WORTH, MOST = 150, 100

    def __init__(self, dictionaries: Mapping[int, bytes]) -> None:
        self._known = dict(dictionaries)

    def pack(self, receipt: Mapping[str, Any], source: str, target: str) -> tuple[bytes, tuple[int, bytes] | None]:
        """(packed, a dictionary that has to be kept for it). Names that the row has already are left out."""
        text = json.dumps(receipt)
        for sign, name in zip(_SIGNS, (source, target), strict=True):
            text = text.replace(json.dumps(name)[1:-1], sign)
        plain = text.encode("ascii")
        number = max(self._known, default=0)
        packed = _deflated(plain, number, self._known.get(number, b""))
        if len(packed) <= self.WORTH or number >= self.MOST:
            return packed, None
        number += 1
        self._known[number] = plain
        return _deflated(plain, number, plain), (number, plain)

    def unpack(self, packed: bytes, source: str, target: str) -> dict[str, Any]:
        """The inverse."""
        number, data = packed[0], packed[1:]
        dictionary = self._known[number] if number else b""
        text = zlib.decompressobj(-15, dictionary).decompress(data).decode("ascii")
        for sign, name in zip(_SIGNS, (source, target), strict=True):
            text = text.replace(sign, json.dumps(name)[1:-1])
        found: dict[str, Any] = json.loads(text)
        return found


#: stand for the photo's place and its result's: JSON has no such letters
_SIGNS = ("\x01", "\x02")


def _deflated(plain: bytes, number: int, dictionary: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, dictionary)
    return bytes([number]) + machine.compress(plain) + machine.flush()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
