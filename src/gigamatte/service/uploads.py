"""Receives a request's body into files: streamed, bounded, and never under a name that the client chose."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gigamatte.service.parts import Part, is_binary
from gigamatte.service_errors import BadRequest, WrongType

#: bytes gathered before a thread writes them
CHUNK = 1 << 20
#: bounds of what is not a file
MAX_PARTS, MAX_FIELD, MAX_PREAMBLE = 64, 64 << 10, 64 << 10


@dataclass
class Upload:
    """The parts of a request: files by their field's name, and the texts of the other fields."""

    files: dict[str, Path] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    #: what the client calls its files, cleaned, for people only
    names: dict[str, str] = field(default_factory=dict)


async def receive_upload(
    content_type: str,
    stream: AsyncIterator[bytes],
    folder: Path,
    *,
    files: Collection[str],
    whole: str | None = None,
    charge: Callable[[int], None] = lambda _: None,
) -> Upload:
    """Write the parts called ``files`` into ``folder``, each to a file of the part's name; keep other parts as texts.

    A body that is itself a picture or a film becomes the file ``whole``. ``charge(bytes)`` is called before each write
    and may raise. Raises BadRequest, WrongType.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        receiver: _Receiver = _Multipart(options[b"boundary"], folder, files)
    elif whole is not None and (kind.startswith((b"image/", b"video/")) or kind == b"application/octet-stream"):
        receiver = _Whole(folder, whole)
    else:
        shown = content_type[:80] or "none"
        raise WrongType(f"expected a body of multipart/form-data, found the content type {shown}")
    try:
        async for data in stream:
            receiver.feed(data)
            if receiver.gathered >= CHUNK:
                charge(receiver.gathered)
                await asyncio.to_thread(receiver.flush)
        receiver.finish()
        charge(receiver.gathered)
        await asyncio.to_thread(receiver.flush)
    except FormParserError as error:
        raise BadRequest(f"the multipart body is broken: {error}") from error
    finally:
        receiver.close()
    return receiver.upload


class _Receiver(ABC):
    """Gathers bytes for open files, so that they are written seldom and in a thread."""

    def __init__(self, folder: Path) -> None:
        self.upload = Upload()
        self.gathered = 0
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}
        self._pending: list[tuple[str, bytes]] = []

    def begin(self, name: str) -> None:
        if name in self.upload.files:
            raise BadRequest(f"the field {name} is there twice; expected it once")
        path = self._folder / name  # the file's name is one of our own: see ``files`` and ``whole``
        self.upload.files[name] = path
        self._open[name] = path.open("xb")

    def gather(self, name: str, data: bytes) -> None:
        self._pending.append((name, data))
        self.gathered += len(data)

    def flush(self) -> None:
        pending, self._pending, self.gathered = self._pending, [], 0
        for name, data in pending:
            self._open[name].write(data)

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """The next bytes of the body."""

    @abstractmethod
    def finish(self) -> None:
        """The body is over. Raises BadRequest when it ends too early."""

    def close(self) -> None:
        for file in self._open.values():
            file.close()


class _Whole(_Receiver):
    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self._name = name
        self.begin(name)

    def feed(self, data: bytes) -> None:
        self.gather(self._name, data)

    def finish(self) -> None:
        """Nothing to check here: the decoder reports a picture that ends too early."""


class _Multipart(_Receiver):
    def __init__(self, boundary: bytes, folder: Path, files: Collection[str]) -> None:
        super().__init__(folder)
        self._files = files
        self._parts = 0
        self._header, self._value = bytearray(), bytearray()
        self._part, self._begun = Part(), False
        self._before: bytearray | None = bytearray()
        self._delimiter = b"--" + boundary
        self._ended = False
        if len(boundary) > 200:
            raise BadRequest("the multipart boundary is longer than 200 bytes")
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_end": self._on_end,
            },
        )

    def feed(self, data: bytes) -> None:
        if self._before is not None:
            self._before += data
            data = self._after_preamble(self._before)
        self._parser.write(data)

    def _after_preamble(self, before: bytearray) -> bytes:
        """What comes after the text before the first boundary, which readers skip (RFC 2046, 5.1.1)."""
        at = 0 if before.startswith(self._delimiter) else before.find(b"\r\n" + self._delimiter) + 2
        if at == 1:  # none of it yet
            if len(before) > MAX_PREAMBLE:
                raise BadRequest("the multipart body does not begin with the boundary of its Content-Type")
            return b""
        self._before = None
        return bytes(before[at:])

    def finish(self) -> None:
        self._parser.finalize()
        if not self._ended:
            raise BadRequest("the multipart body ends before its last boundary", "was the upload cut short?")

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadRequest(f"the form has more than {MAX_PARTS} fields")
        self._part, self._begun = Part(), False

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._part.head(bytes(self._header).lower(), bytes(self._value))
        self._header, self._value = bytearray(), bytearray()

    def _on_headers_finished(self) -> None:
        part = self._part
        part.read_head()
        if part.name not in self._files and part.file_name:
            self._expected_otherwise()
        part.decode_into(self._gather)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._part.write(data[start:end])

    def _gather(self, data: bytes) -> None:
        part = self._part
        if part.name in self._files:
            if not self._begun:
                self._begin_file()
            self.gather(part.name, data)
            return
        if part.is_file:
            self._expected_otherwise()
        part.text += data
        if len(part.text) > MAX_FIELD:
            if is_binary(part.text):
                self._expected_otherwise()
            raise BadRequest(f"the field {part.name[:40]!r} is longer than {MAX_FIELD} bytes")

    def _begin_file(self) -> None:
        self.begin(self._part.name)
        self._begun = True
        self.upload.names[self._part.name] = clean_name(self._part.file_name)

    def _expected_otherwise(self) -> None:
        raise BadRequest(f"a file came as {self._part.name[:40]!r}; expected it as {' or '.join(self._files)}")

    def _on_part_end(self) -> None:
        part = self._part
        part.end()
        if part.name not in self._files:
            if part.is_file:
                return  # empty and without a name: no file was chosen
            if is_binary(part.text):
                self._expected_otherwise()
            self.upload.fields[part.name] = part.text.decode("utf-8", "replace")
        elif part.file_name and not self._begun:
            self._begin_file()  # a file without bytes; without a name too it is what browsers send for no file at all

    def _on_end(self) -> None:
        self._ended = True


def clean_name(name: str) -> str:
    """The last part of a client's file name, printable, at most 120 characters: to be shown, never to be opened."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:120]
