"""EXIF, XMP and IPTC of a photo, made to fit a picture that has been turned upright, cut out, perhaps cropped."""

from __future__ import annotations

from collections.abc import Mapping

import pyvips

from gigamatte.photo import xmp
from gigamatte.photo.exif import Exif
from gigamatte.photo.fields import has_field
from gigamatte.photo.resources import HEAD, Broken, resources
from gigamatte.photo.resources import IPTC as IPTC_RECORDS
from gigamatte.types import Size

#: one block larger than this is not carried along
MAX_BLOCK = 4 << 20

EXIF, XMP, IPTC = "exif-data", "xmp-data", "iptc-data"
TITLES = {EXIF: "EXIF", XMP: "XMP", IPTC: "IPTC"}

#: pictures of the photo before it was cut, and what counts on pictures, films and sound that lay behind it in its file
_GONE_PREFIXES = frozenset(
    {"hdrgm", "HDRGainMap", "apdi", "Container", "Item", "GImage", "GDepth", "GAudio", "Device", "MiCamera"}
    | {"GPano"}  # panorama fields do not fit a cutout
)
_GONE = frozenset({"xmp:Thumbnails", "photoshop:Thumbnails", "xmpGImg:image", "xmpNote:HasExtendedXMP"})
#: motion photos, under the names of two generations
_FILM = ("GCamera:MotionPhoto", "GCamera:MicroVideo", "GCamera:VideoMode")
#: what lies where in the uncut photo: regions of faces and things, crops that are still to be made
_PLACE_PREFIXES = frozenset({"mwg-rs", "acdsee-rs", "apple-fi"})
_PLACES = frozenset(
    {"MP:RegionInfo", "Iptc4xmpExt:ImageRegion", "exif:SubjectArea", "exif:SubjectLocation", "crs:HasCrop"}
    | {"crs:RetouchInfo", "crs:RetouchAreas", "crs:MaskGroupBasedCorrections", "crs:RedEyeInfo"}
)
_PLACE_STARTS = ("crs:Crop", "crs:GradientBased", "crs:CircularGradientBased", "crs:PaintBased")
_WIDTHS = ("exif:PixelXDimension", "tiff:ImageWidth")
_HEIGHTS = ("exif:PixelYDimension", "tiff:ImageLength")


def collect(image: pyvips.Image) -> tuple[dict[str, bytes], list[str]]:
    """The metadata blocks of an opened image by libvips' field names, orientation reset to upright; and warnings."""
    blocks: dict[str, bytes] = {}
    warnings: list[str] = []
    for name, title in TITLES.items():
        if not has_field(image, name):
            continue
        block: bytes | None = bytes(image.get(name))
        if block is not None and len(block) > MAX_BLOCK:
            warnings.append(f"the {title} block has {len(block)} bytes, more than {MAX_BLOCK}: not carried along")
            continue
        if name == EXIF and block is not None:
            block = _clean_exif(block, warnings)
        elif name == XMP and block is not None:
            if b"HasExtendedXMP" in block:
                warnings.append("the XMP goes on in further blocks, which are not read: not carried along")
            block = xmp.rewritten(block, _clean_xmp)
        elif name == IPTC and block is not None:
            block = iptc_records(block)
        if block is None:
            warnings.append(f"the {title} block is broken: not carried along")
        elif block:
            blocks[name] = block
    return blocks, warnings


def without_position(blocks: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same metadata without where the photo was taken."""
    kept = dict(blocks)
    if XMP in kept:
        kept[XMP] = xmp.rewritten(kept[XMP], _no_position) or b""
    if EXIF in kept:
        exif = Exif.parse(kept.pop(EXIF))
        if exif is not None:
            exif.position.clear()
            kept[EXIF] = b"" if exif.empty else exif.data()
    return {name: block for name, block in kept.items() if block}


def sized(blocks: Mapping[str, bytes], size: Size, *, moved: bool) -> tuple[dict[str, bytes], list[str]]:
    """The same metadata for a result of this size, and warnings.

    ``moved``: the result's pixels lie elsewhere than the photo's, because it was turned, cropped or laid out anew. What
    tells places in the photo (faces, the subject's area, a panorama's frame) is left out then.
    """
    kept, warnings = dict(blocks), []
    exif = Exif.parse(kept[EXIF]) if EXIF in kept else None
    if exif is not None:
        exif.set_size(size.width, size.height)
        if moved:
            exif.drop_places()
        kept[EXIF] = exif.data()
    if XMP in kept:
        left_out: set[str] = set()

        def rule(key: str) -> xmp.Verdict:
            if key in _WIDTHS:
                return str(size.width)
            if key in _HEIGHTS:
                return str(size.height)
            if moved and _tells_places(key):
                left_out.add(key.partition(":")[0])
                return False
            return True

        kept[XMP] = xmp.rewritten(kept[XMP], rule) or b""
        if left_out & {"mwg-rs", "acdsee-rs", "apple-fi", "MP", "Iptc4xmpExt"}:
            warnings.append("the XMP tells where faces or things lie in the photo, not in this result: left out")
    return {name: block for name, block in kept.items() if block}, warnings


def iptc_records(block: bytes) -> bytes | None:
    """The plain IPTC records of a block: JPEG holds them among Photoshop's image resources.

    Empty when there are none, None when the resources are broken.
    """
    if not block.startswith((HEAD, b"8BIM")):
        return block
    try:
        return next((one.data for one in resources(block) if one.number == IPTC_RECORDS), b"")
    except Broken:
        return None


def _clean_exif(block: bytes, warnings: list[str]) -> bytes | None:
    exif = Exif.parse(block)
    if exif is None:
        return None
    exif.set_upright()
    warnings += exif.left_out()
    return b"" if exif.empty else exif.data()


def _clean_xmp(key: str) -> xmp.Verdict:
    if key == "tiff:Orientation":
        return "1"
    prefix = key.partition(":")[0]
    return not (key in _GONE or prefix in _GONE_PREFIXES or key.startswith(_FILM))


def _no_position(key: str) -> xmp.Verdict:
    prefix, _, name = key.partition(":")
    drone = prefix == "drone-dji" and "itude" in name
    return not (name.upper().startswith("GPS") or drone)


def _tells_places(key: str) -> bool:
    return key in _PLACES or key.partition(":")[0] in _PLACE_PREFIXES or key.startswith(_PLACE_STARTS)
