"""One part of a form: its names, whether it is a file, and what undoes its transfer encoding."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from python_multipart.decoders import Base64Decoder, QuotedPrintableDecoder
from python_multipart.multipart import parse_options_header

from gigamatte.service_errors import WrongType

#: RFC 5987: charset'language'percent-encoded
_EXTENDED_NAME = re.compile(rb";\s*filename\*\s*=\s*[\w.-]*'[^']*'([^;\s]*)", re.IGNORECASE)


class Part:
    """One part of a form: its headers, and what undoes its transfer encoding."""

    def __init__(self) -> None:
        self._disposition, self._coding = b"", b"binary"
        self.name, self.file_name, self.is_file = "", "", False
        self.text = bytearray()
        self.write: Callable[[bytes], object] = self.text.extend
        self.end: Callable[[], object] = lambda: None

    def head(self, name: bytes, value: bytes) -> None:
        """One of its headers, the name in lower case. All but two are of no use here, and are not kept."""
        if name == b"content-disposition":
            self._disposition = value
        elif name == b"content-transfer-encoding":
            self._coding = value.strip().lower()

    def read_head(self) -> None:
        """Take the names from Content-Disposition."""
        disposition = self._disposition
        _, options = parse_options_header(disposition)
        extended = _EXTENDED_NAME.search(disposition)
        raw = unquote_to_bytes(extended[1]) if extended else options.get(b"filename", b"")
        self.name = options.get(b"name", b"").decode("utf-8", "replace")
        self.file_name = raw.decode("utf-8", "replace")
        self.is_file = extended is not None or b"filename" in options

    def decode_into(self, take: Callable[[bytes], None]) -> None:
        """Hand the part's bytes to ``take``, decoded (email libraries write base64). Raises WrongType."""
        coding = self._coding
        if coding in (b"7bit", b"8bit", b"binary"):
            self.write = take
            return
        if coding not in (b"base64", b"quoted-printable"):
            shown = coding[:40].decode("ascii", "replace")
            raise WrongType(f"the field {self.name[:40]!r} has the transfer encoding {shown}, which is not read")
        if coding == b"base64":
            base64 = Base64Decoder(_Writing(take))
            self.write = lambda data: base64.write(data.translate(None, b"\r\n\t "))  # it does not skip line breaks
            self.end = base64.finalize
        else:
            quoted = QuotedPrintableDecoder(_Writing(take))
            self.write, self.end = quoted.write, quoted.finalize


class _Writing:
    """A function as an object with ``write``."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.write = take


def is_binary(data: bytes | bytearray) -> bool:
    """Whether it is no text: photos come without a file name too."""
    if b"\0" in data:
        return True
    try:
        data[:1024].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < 1020  # an incomplete letter at the end is no error
    return False
