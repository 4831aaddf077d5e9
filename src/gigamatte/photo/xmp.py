"""XMP packets, rewritten while they are read: properties left out or set, everything else as it was.

(Adobe, XMP Specification Part 1, ISO 16684-1:2012; Part 3, 2020, section 1.1.3.1 for packets that JPEG divides.)
A packet comes from outside: it is never built up as a tree, and one that declares entities is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from xml.parsers import expat

#: what a rule says of a property: keep it, leave it out, or give it this value
Verdict = bool | str
#: ``rule("tiff:Orientation")``, of elements and attributes at any depth, by their usual prefix
Rule = Callable[[str], Verdict]

_XML = "http://www.w3.org/XML/1998/namespace"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: namespaces by the prefix that rules call them by, whatever a packet calls them
_USUAL = {
    "adobe:ns:meta/": "x",
    _RDF: "rdf",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/g/img/": "xmpGImg",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/hdr-gain-map/1.0/": "hdrgm",
    "http://ns.apple.com/HDRGainMap/1.0/": "HDRGainMap",
    "http://ns.apple.com/pixeldatainfo/1.0/": "apdi",
    "http://ns.apple.com/faceinfo/1.0/": "apple-fi",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/photos/1.0/image/": "GImage",
    "http://ns.google.com/photos/1.0/depthmap/": "GDepth",
    "http://ns.google.com/photos/1.0/audio/": "GAudio",
    "http://ns.google.com/photos/dd/1.0/device/": "Device",
    "http://ns.xiaomi.com/photos/1.0/camera/": "MiCamera",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.microsoft.com/photo/1.2/": "MP",
    "http://ns.acdsee.com/regions/": "acdsee-rs",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.dji.com/drone-dji/1.0/": "drone-dji",
}


class _Refused(Exception):
    """The packet is not to be read."""


def rewritten(packet: bytes, rule: Rule) -> bytes | None:
    """The packet in UTF-8, each property as ``rule`` says; None where it is broken."""
    return _run(packet, _Writer(rule))


def divided(packet: bytes, longest: int) -> tuple[bytes, bytes] | None:
    """The packet in two, as JPEG wants it where it is longer than ``longest`` bytes: the main one and the rest.

    The longest properties are moved, so that names, rights and times stay where every reader looks. None where that
    is not possible.
    """
    measured = _Writer(_everything)
    if _run(packet, measured) is None:
        return None
    moved: set[int] = set()
    # room for what says where the rest is
    spare = longest - 200
    left = len(packet)
    for index in sorted(range(len(measured.lengths)), key=lambda at: -measured.lengths[at]):
        if left <= spare:
            break
        moved.add(index)
        left -= measured.lengths[index]
    rest = _run(packet, _Writer(_everything, only=lambda at: at in moved, bare=True))
    if rest is None or not moved:
        return None
    note = {"xmpNote:HasExtendedXMP": hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()}
    main = _run(packet, _Writer(_everything, only=lambda at: at not in moved, note=note))
    return None if main is None or len(main) > longest else (main, rest)


def _everything(_key: str) -> Verdict:
    return True


def _run(packet: bytes, writer: _Writer) -> bytes | None:
    parser = expat.ParserCreate(namespace_separator="\x01")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    writer.listen(parser)
    try:
        parser.Parse(packet.rstrip(b"\0"), True)
    except (expat.ExpatError, _Refused, UnicodeError, ValueError):
        return None
    return "".join(writer.parts).encode("utf-8", "replace")


class _Writer:
    """Writes again what the parser reports. ``only``: the numbers of the properties to write, in reading order."""

    def __init__(
        self,
        rule: Rule,
        *,
        only: Callable[[int], bool] | None = None,
        bare: bool = False,
        note: dict[str, str] | None = None,
    ) -> None:
        self.parts: list[str] = []
        #: bytes of each property that is an element
        self.lengths: list[int] = []
        self._rule, self._only, self._bare, self._note = rule, only, bare, note
        self._names: list[tuple[str, str]] = []  # the element's name as written, and by its usual prefix
        self._declared: list[tuple[str, str]] = []
        self._skipped = 0  # how deep inside of what is left out
        self._began = 0

    def listen(self, parser: expat.XMLParserType) -> None:
        """Register this object's methods as handlers of ``parser``."""
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._instruction

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared.append((f"xmlns:{prefix}" if prefix else "xmlns", uri or ""))

    def _instruction(self, target: str, data: str) -> None:
        if not self._skipped and not self._bare:
            self.parts.append(f"<?{target} {data}?>")

    def _text(self, data: str) -> None:
        if not self._skipped and self._names:
            self.parts.append(_escaped(data))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        declared, self._declared = self._declared, []
        written, key = _named(name)
        is_property = [usual for _, usual in self._names[-2:]] == ["rdf:RDF", "rdf:Description"]
        self._names.append((written, key))
        if self._skipped:
            self._skipped += 1
            return
        verdict = self._rule(key)
        if is_property:
            self.lengths.append(0)
            self._began = len(self.parts)
            if self._only is not None and not self._only(len(self.lengths) - 1):
                verdict = False
        if verdict is False:
            self._skipped = 1
            return
        self.parts.append(f"<{written}")
        self.parts += (f" {name}={_quoted(uri)}" for name, uri in declared)
        for attribute, value in attributes.items():
            own, usual = _named(attribute)
            said = self._rule(usual)
            moved = self._bare and key == "rdf:Description" and usual != "rdf:about"
            if said is not False and not moved:
                self.parts.append(f" {own}={_quoted(said if isinstance(said, str) else value)}")
        if self._note is not None and key == "rdf:Description":
            uri = next(uri for uri, prefix in _USUAL.items() if prefix == "xmpNote")
            if ("xmlns:xmpNote", uri) not in declared:
                self.parts.append(f" xmlns:xmpNote={_quoted(uri)}")
            self.parts += (f" {name}={_quoted(value)}" for name, value in self._note.items())
            self._note = None
        self.parts.append(">")
        if isinstance(verdict, str):
            self.parts.append(f"{_escaped(verdict)}</{written}>")
            self._skipped = 1

    def _end(self, _name: str) -> None:
        written, _ = self._names.pop()
        was_property = [usual for _, usual in self._names[-2:]] == ["rdf:RDF", "rdf:Description"]
        if self._skipped:
            self._skipped -= 1
        else:
            self.parts.append(f"</{written}>")
        if was_property and self.lengths and not self._skipped:
            self.lengths[-1] = sum(len(part.encode("utf-8", "replace")) for part in self.parts[self._began :])


# xml.sax.saxutils does the same, but imports urllib.request, http and ssl: a tenth of a cut's start
def _escaped(text: str) -> str:
    """Text between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    """The value of an attribute, with its quotes; a reader would make spaces of line ends that were not escaped."""
    text = _escaped(text).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    return '"' + text.replace('"', "&quot;") + '"'


def _named(name: str) -> tuple[str, str]:
    """A name as it is written, and by the usual prefix of its namespace."""
    parts = name.split("\x01")
    if len(parts) == 1:
        return name, name
    uri, local = parts[0], parts[1]
    prefix = "xml" if uri == _XML else parts[2] if len(parts) > 2 else ""
    written = f"{prefix}:{local}" if prefix else local
    return written, f"{_USUAL.get(uri, prefix)}:{local}"
