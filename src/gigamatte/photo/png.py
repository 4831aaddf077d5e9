"""Facts of a PNG that libvips does not report: colour without a profile, and metadata in places that it ignores.

(PNG, W3C, third edition, 2025: clauses 4.4, 11.3.2 and 11.3.3; ExifTool's and ImageMagick's "Raw profile" texts.)
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from gigamatte.errors import UnsupportedInput
from gigamatte.photo import exif as exif_block
from gigamatte.photo.cicp import Code
from gigamatte.photo.exif import Exif
from gigamatte.photo.extra_fields import ExtraFields
from gigamatte.photo.ifd import Entry
from gigamatte.photo.made_profile import SRGB, SRGB_CURVE, Curve, grey_profile, rgb_profile
from gigamatte.photo.metadata import MAX_BLOCK

#: pixels of a side that libvips reads (VIPS_MAX_COORD)
_MOST_A_SIDE = 10_000_000
#: chunks that are looked at; a gigapixel has half a million
_MOST_CHUNKS = 2_000_000
_COLOUR = (b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_XMP = "XML:com.adobe.xmp"
_RAW = "raw profile type "
#: texts that EXIF has a tag for
_TAGS = {
    "copyright": exif_block.COPYRIGHT,
    "author": exif_block.ARTIST,
    "description": exif_block.DESCRIPTION,
    "title": exif_block.DESCRIPTION,
    "software": exif_block.SOFTWARE,
}
#: times of the file, which ImageMagick writes, and of its last change: not of the photo
_FILE_TIMES = re.compile("date:|tiff:|exif:|png:|signature$|xmp:|icc:", re.I)
#: gamma 1/2.2, and how far from it sRGB is still meant
_USUAL_GAMMA, _NEAR = 45455, 500


def check_sides(file: BinaryIO, name: str) -> None:
    """Raise UnsupportedInput for a size that libvips refuses without a word. The file is read from its start again."""
    head = file.read(24)
    file.seek(0)
    if len(head) == 24:
        width, height = struct.unpack_from(">II", head, 16)
        if not (0 < width <= _MOST_A_SIDE and 0 < height <= _MOST_A_SIDE):
            raise UnsupportedInput(
                f"{name} claims to have {width}×{height} pixels; a side has 1…{_MOST_A_SIDE}",
                "was the copy or the download cut short?",
            )


def read_extra(file: BinaryIO, *, profile: bool) -> ExtraFields:
    """What a PNG says; ``profile``: libvips has found one. A broken chunk is ignored."""
    said = ExtraFields()
    try:
        chunks = _Chunks.read(file)
    except (OSError, struct.error, ValueError):
        return said
    chunks.tell_colour(said, profile=profile)
    chunks.tell_metadata(said)
    return said


@dataclass
class _Chunks:
    grey: bool = False
    colour: dict[bytes, bytes] = field(default_factory=dict)
    #: eXIf chunks: before and behind the pixels
    exif_before: bytes = b""
    exif_behind: bytes = b""
    texts: dict[str, bytes] = field(default_factory=dict)
    #: bytes of metadata that may still be read or unpacked
    left: int = MAX_BLOCK

    @classmethod
    def read(cls, file: BinaryIO) -> _Chunks:
        file.seek(8)
        chunks, behind = cls(), False
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                break
            length, kind = struct.unpack(">I4s", head)
            wanted = kind in (b"IHDR", b"eXIf", *_COLOUR, *_TEXTS) and kind != b"iCCP" and length <= chunks.left
            if not wanted:
                behind = behind or kind == b"IDAT"
                if kind == b"iCCP":
                    chunks.colour[kind] = b""
                if kind == b"IEND":
                    break
                file.seek(length + 4, 1)
                continue
            data, checksum = file.read(length), file.read(4)
            chunks.left -= length
            if checksum != struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))):
                continue
            if kind == b"IHDR" and length == 13:
                chunks.grey = data[9] in (0, 4)
            elif kind in _COLOUR:
                if not behind:
                    chunks.colour.setdefault(kind, data)
            elif kind == b"eXIf":
                if behind:
                    chunks.exif_behind = chunks.exif_behind or data
                else:
                    chunks.exif_before = chunks.exif_before or data
            elif kind in _TEXTS:
                chunks.add_text(kind, data)
        return chunks

    def add_text(self, kind: bytes, data: bytes) -> None:
        """A text by its keyword, in UTF-8 or Latin-1 as it stands."""
        key, _, rest = data.partition(b"\0")
        keyword = key.decode("latin-1")
        if kind == b"zTXt":
            text = self.inflated(rest[1:])
        elif kind == b"iTXt":
            packed, rest = rest[:1] == b"\1", rest[2:]
            text = rest.split(b"\0", 2)[-1]
            text = self.inflated(text) if packed else text
        else:
            text = rest
        if text is None or len(self.texts) >= 256:
            return
        if kind != b"iTXt" and not keyword.lower().startswith(_RAW):
            text = text.decode("latin-1").encode()
        self.texts.setdefault(keyword, text)

    def inflated(self, packed: bytes) -> bytes | None:
        """What was packed, no more of it than may still be read."""
        try:
            text = zlib.decompressobj().decompress(packed, max(1, self.left))
        except zlib.error:
            return None
        self.left -= len(text)
        return text

    def tell_colour(self, said: ExtraFields, *, profile: bool) -> None:
        """A profile made of what the chunks say, by their rank: cICP, iCCP, sRGB, cHRM and gAMA."""
        bands = 1 if self.grey else 3
        made: bytes | None = None
        if len(self.colour.get(b"cICP", b"")) == 4:
            primaries, transfer, matrix, full = self.colour[b"cICP"]
            if matrix or not full:
                said.warnings.append("the PNG's cICP chunk tells colours that are not RGB of full range: ignored")
            else:
                code = Code(primaries, transfer)
                made, warning = code.profile(bands)
                if warning:
                    said.warnings.append(warning)
                elif made is not None or code.plain:
                    said.fields["icc-profile-data"] = made or b""
                    return
        if profile or b"iCCP" in self.colour or b"sRGB" in self.colour:
            return
        try:
            made = _of_gamma(self.colour.get(b"gAMA"), self.colour.get(b"cHRM"), grey=self.grey)
        except ValueError:
            said.warnings.append("the PNG's gAMA or cHRM chunk tells no colours that can be: ignored")
        if made is not None:
            said.fields["icc-profile-data"] = made

    def tell_metadata(self, said: ExtraFields) -> None:
        """EXIF, XMP and IPTC, wherever they are; texts become EXIF where it does not say the same already."""
        raw = {key[len(_RAW) :].lower(): _unwrapped(text) for key, text in self.texts.items() if _is_raw(key)}
        packet = self.texts.get(_XMP) or raw.get("xmp")
        for name in ("app1", "exif"):
            block = raw.get(name)
            if block is not None and block.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
                packet = packet or block.partition(b"\0")[2]
                raw.pop(name)
        turning = self.exif_before or raw.get("exif") or raw.get("app1") or b""
        exif = Exif.parse(turning or self.exif_behind)
        if exif is not None:
            said.warnings += exif.left_out()
            # a chunk behind the pixels comes too late to turn them
            said.orientation = exif.orientation if turning else 1
            if not turning:
                exif.set_upright()
        self._texts_into(exif or Exif(), said)
        if packet:
            said.fields["xmp-data"] = packet
        if raw.get("iptc"):
            said.fields["iptc-data"] = raw["iptc"] or b""

    def _texts_into(self, exif: Exif, said: ExtraFields) -> None:
        lost = []
        for keyword, text in self.texts.items():
            tag = _TAGS.get(keyword.lower())
            if _is_raw(keyword) or keyword == _XMP or _FILE_TIMES.match(keyword):
                continue
            if tag is None or tag in exif.main:
                lost.append(keyword)
            elif text.strip():
                exif.main[tag] = Entry.text(text.decode("utf-8", "replace"))
        if not exif.empty:
            said.fields["exif-data"] = exif.data()
        if lost:
            named = ", ".join(sorted(lost)[:5]) + (" …" if len(lost) > 5 else "")
            said.warnings.append(f"texts of the PNG that are not carried along: {named}")


def _is_raw(keyword: str) -> bool:
    return keyword.lower().startswith(_RAW)


def _of_gamma(gama: bytes | None, chrm: bytes | None, *, grey: bool) -> bytes | None:
    """A profile; None where sRGB is said, or nothing. Raises ValueError where what is said cannot be."""
    gamma = struct.unpack(">I", gama)[0] if gama is not None and len(gama) == 4 else None
    where = SRGB
    if chrm is not None and len(chrm) == 32:
        white_x, white_y, *points = (value / 100_000 for value in struct.unpack(">8I", chrm))
        where = (points[0], points[1], points[2], points[3], points[4], points[5], white_x, white_y)
    if gamma is not None and not 3000 <= gamma <= 1_000_000:
        raise ValueError(gamma)
    usual = gamma is None or abs(gamma - _USUAL_GAMMA) <= _NEAR
    curve = SRGB_CURVE if gamma is None else Curve(100_000 / gamma)
    if grey:
        return None if usual else grey_profile("grey of a PNG's gAMA", curve)
    same = max(abs(own - theirs) for own, theirs in zip(where, SRGB, strict=True)) < 0.002
    if usual and same:
        return None  # what is written for sRGB, for readers that do not know its name
    made = rgb_profile("RGB of a PNG's gAMA and cHRM", where, curve)
    if made is None:
        raise ValueError(chrm)
    return made


def _unwrapped(text: bytes) -> bytes | None:
    """The bytes of a "Raw profile" text: a line of its kind, one of its length, and hexadecimal digits."""
    parts = text.split(None, 2)
    if len(parts) < 3:
        return None
    try:
        return bytes.fromhex(parts[2].decode("ascii"))
    except ValueError:
        return None
