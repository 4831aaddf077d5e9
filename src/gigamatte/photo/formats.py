"""Recognises a file's format by its first bytes; the suffix is only compared with it."""

from __future__ import annotations

from dataclasses import dataclass

from gigamatte.errors import UnsupportedInput

#: bytes that ``sniff`` needs
HEAD = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that is read: its name, libvips' loader for it, and the suffixes it usually has."""

    name: str
    title: str
    loader: str
    suffixes: tuple[str, ...]


JPEG = Kind("jpeg", "JPEG", "jpegload", (".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".mpo"))
PNG = Kind("png", "PNG", "pngload", (".png",))
WEBP = Kind("webp", "WebP", "webpload", (".webp",))
TIFF = Kind("tiff", "TIFF", "tiffload", (".tif", ".tiff", ".btf", ".tf8"))
AVIF = Kind("avif", "AVIF", "heifload", (".avif",))
#: read by an optional library, not by libvips
HEIC = Kind("heic", "HEIC", "", (".heic", ".heif", ".hif"))

#: passed to libvips as a TIFF
PSD = Kind("psd", "Photoshop", "", (".psd", ".psb"))

KINDS = (JPEG, PNG, WEBP, TIFF, AVIF, HEIC, PSD)

#: camera raw files are TIFF by their first bytes, but hold a thumbnail and sensor data where a TIFF has its picture
_RAW = ".3fr .arw .cr2 .dcr .dng .erf .iiq .k25 .kdc .mef .mos .mrw .nef .nrw .orf .pef .raw .rw2 .sr2 .srf .srw"
RAW_SUFFIXES = frozenset(_RAW.split())

_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
#: bytes of a picture's place that hold something else: what a version control system or a cloud left there
_LFS, _PLIST, _SIDE = b"version https://git-lfs", b"bplist", b"\0\5\x16\7"
#: formats that are known but not read, so that the message can name them: offset, bytes, name
_OTHERS = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (0, b"v/1\x01", "an OpenEXR"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"<svg", "an SVG"),
    (0, b"<?xml", "an XML or SVG file"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<!doctype", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"\0\0\x01\0", "an icon (ICO)"),
    (0, b"FUJIFILM", "a camera raw file"),
    (0, b"IIRO", "a camera raw file"),
    (0, b"IIU\0", "a camera raw file"),
    (0, b"#?RADIANCE", "a Radiance HDR"),
    (0, b"P4\n", "a PBM"),
    (0, b"P5\n", "a PGM"),
    (0, b"P6\n", "a PPM"),
    (0, b"P7\n", "a PAM"),
    (0, _LFS, "a Git LFS pointer"),
    (0, _PLIST, "a property list of macOS"),
    (0, _SIDE, "a side file of macOS (AppleDouble)"),
)
_ADVICE = "convert it to JPEG, PNG, WebP or TIFF first"
_SEE = "is it the right file, and whole?"
_OF_GIFS = "`gigamatte cut` takes it as a film, into .webp, .gif or .webm; for one picture convert it to PNG first"

#: what to do instead of converting it
_ADVICES = {
    b"GIF8": _OF_GIFS,
    _LFS: "fetch the picture itself first: git lfs pull",
    _PLIST: "if it stands for a photo in iCloud, download that first",
    _SIDE: "the photo lies beside it, under its name without ._",
}


def sniff(head: bytes, name: str) -> Kind:
    """The format of a file that starts with ``head``; raises UnsupportedInput, naming what it is instead."""
    if not head:
        raise UnsupportedInput(f"{name} is empty", "was the copy or the download cut short?")
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(_TIFF_HEADS):
        if head[8:10] == b"CR":
            raise _unsupported(name, "a camera raw file (CR2)", "develop it to TIFF or JPEG first")
        return TIFF
    if head.startswith(b"8BPS"):
        return PSD
    if head[4:8] == b"ftyp":
        return _media(head, name)
    for offset, magic, title in _OTHERS:
        if head[offset:].startswith(magic):
            raise _unsupported(name, title, _ADVICES.get(magic, _ADVICE))
    if words := _text(head):
        raise _unsupported(name, f"a text that begins with {words!r}", _SEE)
    raise _unsupported(name, f"no picture (it starts with {head[:8].hex(' ')})", _SEE)


def _text(head: bytes) -> str:
    """The first words of a text, or nothing where the bytes are none: a failed download is often a server's answer."""
    decoded = head.decode(errors="ignore")
    text = " ".join(decoded.split())
    whole = len(decoded.encode()) > len(head) - 4  # a letter may be cut in two
    return text[:32] if whole and len(text) > 3 and text.isprintable() else ""


def suffix_warning(kind: Kind, suffix: str) -> str | None:
    """A warning when ``suffix`` belongs to another format than ``kind``, else None."""
    promised = next((other for other in KINDS if suffix.lower() in other.suffixes), None)
    if promised is None or promised is kind:
        return None
    return f"the name ends in {suffix} but the content is {kind.title}: read as {kind.title}"


def _media(head: bytes, name: str) -> Kind:
    """Which of the formats that share the container of MP4 it is: by the brands it claims (ISO 14496-12, 4.3)."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    # the major brand, then, after a version, the compatible ones
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return AVIF
        if brand in _HEIC_BRANDS:
            return HEIC
    if brands[0] == b"crx ":
        raise _unsupported(name, "a camera raw file (CR3)", "develop it to TIFF or JPEG first")
    raise _unsupported(name, "a film or an unknown kind of HEIF")


def _unsupported(name: str, found: str, advice: str = _ADVICE) -> UnsupportedInput:
    return UnsupportedInput(f"{name}: expected a JPEG, PNG, WebP, TIFF, AVIF, HEIC or PSD, found {found}", advice)
