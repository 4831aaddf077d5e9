"""Every option of a cut, with its default, unit and range, in one frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from gigamatte.clipping import offset_of
from gigamatte.effects import fit_of, outline_of, shadow_of
from gigamatte.errors import UsageError
from gigamatte.framing import align_of, aspect_of, canvas_of, fill_of, margin_of
from gigamatte.hints import Hints
from gigamatte.knobs import knob, knobs_of
from gigamatte.normalising import normalisation
from gigamatte.option_values import convert_fields, format_name
from gigamatte.presets import Preset, find_preset
from gigamatte.types import Box

Kind = Literal["photo", "art"]
MaskKind = Literal["auto", "alpha", "trimap"]
Refine = Literal["auto", "neural", "guided", "off"]
Only = Literal["cutout", "alpha", "foreground", "trimap", "uncertainty", "shadow", "pair", "path"]
Compress = Literal["deflate", "lzw", "none"]
Under = Literal["edge", "white", "black"]
Pyramid = Literal["pages", "sub"]
Format = Literal["png", "webp", "tiff", "jpeg", "avif", "psd"]
#: drawings, which hold a path alone
Drawing = Literal["svg", "dxf"]
AnyFormat = Literal["png", "webp", "tiff", "jpeg", "avif", "psd", "svg", "dxf"]

#: default of ``max_pixels``: a photo with more pixels is refused
MAX_PIXELS = 2_000_000_000
#: the ``background`` that is the photo itself, which is not cut then
UNCUT = "keep"


@dataclass(frozen=True, slots=True)
class Options:
    """How a photo is cut. Plain data: it is sent to worker processes and is part of a batch's configuration hash.

    Paths may be path objects, colours tuples of 3 or 4 whole numbers in 0…255, a box four whole numbers.
    Raises UsageError, which names the field, for values of another type or out of range.

    Attributes:
        model: auto, locator, the name of a card, or the path of an ONNX file.
        kind: photo (a network finds the subject) or art: logos, signatures, line art and scans on a plain ground, whose
            alpha is un-mixed from the colours; holes are open, thin lines whole, and no network is asked.
        ignore_alpha: cut the photo as if it had no alpha of its own.
        normalise: how the network's pictures are normalised: auto (as its card or family says), imagenet, or MEAN/STD
            of RGB in 0…1 such as 0.5/0.5, one number or three each.
        mask: path of a coarse mask, alpha or trimap that takes the network's place; "path" means the clipping path in
            the photo's own file, "path:NAME" another path there: it is obeyed exactly, unless ``refine`` is said too.
        mask_kind: what the mask is: auto (decided by its values), alpha, or trimap (black, grey for unknown, white).
        refine: auto (= neural), neural (learned, over the classical one), guided (classical: less work), off
            (upscaling).
        only: what is written: cutout, alpha, foreground (colours without alpha), trimap, uncertainty, shadow (black
            with alpha; the kept one, unless ``shadow`` names another), pair (foreground and alpha, two files), or path
            (the subject's contour, an SVG or DXF drawing).
        background: a CSS-like colour (white, #ff00ff, 255,0,255), a gradient (linear(to right, red, blue),
            radial(white, grey)), blur or blur:STRENGTH (the photo's own ground, in percent of its longer side), or the
            path of a picture; keep with ``clipping_path``: the photo itself, uncut; None = transparent.
        background_fit: how a picture fills the background: cover, contain (whole, clear around it, or contain:white),
            tile.
        relight: 0…1: how much the subject's colours are brought near to the light of a new background.
        shadow: keep (the photo's own, on a plain ground), contact (drawn, on the floor), drop (drawn, on a wall);
            numbers follow behind a colon: drop:direction=55,length=6,softness=2.5,strength=40, degrees clockwise from
            the right, the others in percent of the subject's longer side, strength of black.
        outline: a line around the subject, its width in pixels of the result or percent of its longer side, and a
            colour: 12px,white.
        under: colour under alpha 0, which programs that resize or drop alpha show: a thin ring of the nearest colour
            and white beyond (edge), white, or black; the photo's own ground is never written.
        format: png, webp, tiff, jpeg, avif or psd (jpg, tif, psb too), for a path svg or dxf; None: by the output's
            suffix, else PNG, SVG for a path.
        clipping_path: put the subject's contour into the JPEG, TIFF or Photoshop file as its clipping path.
        offset: how far outwards that path, or the drawing's, is moved, rounded at corners: "12px" or "2mm", which needs
            a photo that says its resolution; None = not at all.
        crop: cut to the subject's box.
        margin: percent of the longer side of the subject's box, 0…1000; beyond the photo too, but not at a side where
            the photo cuts the subject off.
        margins: top, right, bottom, left, each "30px" or "10%" of the subject's height or width; takes the place of
            ``margin``.
        preset: name of a preset (amazon, taobao, id-small, a user's own …), which fills in options that are left at
            their defaults, and is None afterwards.
        notes: what the receipt says besides, of a preset for example.
        checked: name of the preset that a cutout is checked against when it was saved to a file; the receipt warns of
            what does not fit. That of ``preset``, which fills it in.
        canvas: size of the result, on which the subject is placed, larger or smaller: 2000x2000, 10x15cm@300, one
            number for both sides (with ``aspect`` for the longer one), or photo: as large as the photo.
        aspect: width:height of the canvas; without ``canvas`` the subject keeps its own pixels.
        fill: percent of the canvas that the subject's box takes, of the side that it fills more, or width:85,
            height:85 (with ! the other side may go on beyond it); original: it keeps its pixels; None: 85, or all that
            ``margin`` leaves.
        align: where the subject lies on the canvas: center, top, bottom, left, right, a corner such as bottom,left, or
            X%,Y%, parts of the free room, or original: as in the photo.
        consistent: the result is one of a set (`gigamatte batch --consistent`): it stands on the line on which a
            subject of full ``fill`` would.
        scale: pixels of the canvas for one of the photo, of such a set; None: by ``fill``.
        no_enlarge: never make the subject larger than in the photo.
        box: where to look for the subject, in upright photo pixels.
        box_share: the same as parts of the photo's width and height, 0…1: left, top, right, bottom; takes the place of
            ``box``.
        hints: what was pointed at in this photo: points, strokes and a box, which goes before the other.
        device: auto, cpu, gpu, cuda, coreml, directml or intel-gpu; cuda:1 of several; in a batch "cuda:0,cuda:1".
        require_device: fail instead of falling back to another device.
        device_memory: bytes that a network may take of a GPU's memory; CUDA alone. None: as many as it needs.
        threads: CPU threads, 0 = as many as the machine grants.
        max_pixels: refuse photos with more pixels than this.
        keep: path of a picture whose white is the subject, whatever the network says; stretched to the photo's frame.
        drop: like ``keep``, for what is not the subject.
        hole_fill: fill holes of up to this part of the subject's area, percent, 0…100.
        largest: keep only the largest piece.
        smooth: harden the alpha as ImageMagick users do (-blur 0x0.8 -level 10%,90%); it deletes fine hair.
        strip: leave EXIF, XMP and IPTC out; the profile stays, it belongs to the colours.
        strip_gps: leave the GPS position out.
        keep_times: set the photo's own file times (last access, last change) on the result.
        quality: 1…100 for lossy WebP and JPEG; None: lossless WebP, JPEG at 95.
        palette: PNG only: at most 256 colours with alpha, dithered.
        max_bytes: the result's file is made to fit: by lower quality (JPEG, AVIF, WebP), or a smaller file without
            loss, then a palette (PNG), then fewer pixels unless ``canvas`` names them; the receipt says how.
        compress: how a TIFF is packed, always without loss; None: deflate. Refused for other formats.
        pyramid: TIFF only: tiles and smaller copies, each half the size of the one before, for viewers of large
            pictures: as further pages (OpenSlide, libvips), or below the first (GDAL; other programs see one picture);
            None: neither.
        memory: bytes that one photo may need; beyond it pixels go to scratch storage, or the photo is refused; 0 = no
            limit.
        cache: folder that keeps finished tiles and the network's answers for the next run; None = nothing is kept.
        cache_size: bytes that ``cache`` may take on disk; what was not used for longest goes first.
        keep_empty: write an empty cutout instead of failing when there is no subject.
    """

    model: str = knob("auto", "NAME", "Network: auto, locator, a name of `gigamatte models list`, or FILE.onnx.")
    kind: Kind = knob("photo", None, "art: a logo, signature or drawing on a plain ground; no network is asked.")
    ignore_alpha: bool = knob(False, None, "Cut the photo as if it had no alpha of its own.")
    normalise: str = knob(
        "auto", "auto|imagenet|MEAN/STD", "How the network's pictures are normalised: 0.5/0.5 gives -1…1."
    )
    mask: str | None = knob(
        None, "FILE|path[:NAME]", "A coarse mask, alpha or trimap, not a network; path: the photo's own clipping path."
    )
    mask_kind: MaskKind = knob("auto", None, "What --mask is.")
    refine: Refine = knob("auto", None, "How alpha is resolved: best, learned, classical, upscaled.")
    only: Only = knob("cutout", None, "What to write.")
    background: str | None = knob(
        None,
        "WHAT",
        "Lay the subject on this: white, photo.jpg, 'linear(white, grey)', blur:4; keep: the photo, uncut.",
    )
    background_fit: str = knob("cover", "HOW", "How a picture fills the background: cover, contain[:COLOUR], tile.")
    relight: float = knob(0.0, "0…1", "Bring the subject's colours near to the new background's light.", low=0, high=1)
    shadow: str | None = knob(
        None, "KIND", "keep (the photo's own), contact or drop (drawn); drop:strength=60,length=8."
    )
    outline: str | None = knob(None, "WIDTH,COLOUR", "A line around the subject: 12px,white or 2%,#ff0.")
    under: Under = knob("edge", None, "Colour under alpha 0: a ring of the nearest and white, white, black.")
    format: AnyFormat | None = knob(None, None, "File format. [OUT's suffix, or png; svg for a path]")
    clipping_path: bool = knob(False, None, "Put the contour into the JPEG, TIFF or PSD as its clipping path.")
    offset: str | None = knob(None, "2mm|12px", "Move the path of --clipping-path or --only path outwards, rounded.")
    crop: bool = knob(False, None, "Crop to the subject.")
    margin: float = knob(
        0.0, "PERCENT", "Room around the subject with --crop or --canvas, percent of its longer side.", low=0, high=1000
    )
    margins: tuple[str, str, str, str] | None = None
    preset: str | None = knob(None, "NAME", "Fill in what a shop asks for, as `gigamatte presets` lists it: amazon, …")
    notes: tuple[str, ...] = ()
    checked: str | None = None
    canvas: str | None = knob(None, "WxH", "Place the subject on a canvas of this size: 2000x2000, 10x15cm@300, photo.")
    aspect: str | None = knob(None, "W:H", "Aspect of the canvas, such as 4:5; alone it enlarges nothing.")
    fill: str | None = knob(
        None, "PERCENT", "Percent of the canvas that the subject takes: 85, width:85, original. [85]"
    )
    align: str = knob("center", "WHERE", "Where on the canvas: center, bottom, top,left, or X%,Y% of the free room.")
    consistent: bool = False
    scale: float | None = None
    no_enlarge: bool = knob(False, None, "Never make the subject larger than in the photo.")
    box: Box | None = knob(None, "L,T,W,H", "Look for the subject only here (upright photo pixels).")
    box_share: tuple[float, float, float, float] | None = None
    hints: Hints | None = None
    device: str = knob("auto", "auto|cpu|cuda|…", "Where the network runs.")
    require_device: bool = knob(False, None, "Fail rather than fall back to another device.")
    device_memory: int | None = knob(
        None, "N", "Bytes a network may take of a GPU's memory (CUDA): 4G.", low=64_000_000, high=1 << 50
    )
    threads: int = knob(0, "N", "CPU threads. [0 = all]", low=0, high=1024)
    max_pixels: int = knob(
        MAX_PIXELS, "N", "Refuse larger photos, before decoding: 300M, 2G.", low=1, high=1 << 62, typed="2G"
    )
    keep: str | None = knob(None, "PNG", "White here is subject, whatever the network says.")
    drop: str | None = knob(None, "PNG", "White here is background, whatever the network says.")
    hole_fill: float = knob(0.0, "PERCENT", "Fill holes of up to this part of the subject's area.", low=0, high=100)
    largest: bool = knob(False, None, "Keep only the largest piece: drops specks.")
    smooth: bool = knob(False, None, "Harden the alpha as ImageMagick's blur and level do. It deletes fine hair.")
    strip: bool = knob(False, None, "Leave EXIF, XMP and IPTC out of the result.")
    strip_gps: bool = knob(False, None, "Leave the GPS position out (not place names in XMP or IPTC: --strip does).")
    keep_times: bool = knob(False, None, "Set the photo's file times (last access, last change) on the result.")
    quality: int | None = knob(
        None, "1…100", "Lossy WebP; the quality of JPEG, AVIF. [lossless, 95, 90]", low=1, high=100
    )
    palette: bool = knob(False, None, "PNG of at most 256 colours with alpha, dithered: a third of the size.")
    max_bytes: int | None = knob(
        None, "N", "Make the file fit: 500k, 2M. Lower quality or a palette, then fewer pixels.", low=100, high=1 << 50
    )
    compress: Compress | None = knob(None, None, "How a TIFF is packed, without loss. [deflate]")
    pyramid: Pyramid | None = knob(None, None, "Tiles and smaller copies in the TIFF: pages (OpenSlide), sub (GDAL).")
    memory: int = knob(
        0, "N", "Bytes one photo may need: 700M (enough for 21 megapixels), 2G. More pixels go to disk.",
        low=0, high=1 << 50, typed=None,
    )  # fmt: skip
    cache: str | None = knob(
        None, "DIR", "Keep finished tiles there, so that a corrected run only re-does what it touches."
    )
    cache_size: int = knob(
        2_000_000_000, "N", "Bytes --cache may take on disk; the least recently used go first.",
        low=1_000_000, high=1 << 50, typed="2G",
    )  # fmt: skip
    keep_empty: bool = knob(False, None, "Write an empty cutout when there is no subject.")

    def __repr__(self) -> str:
        """The fields that differ from their defaults."""
        said = ((field.name, getattr(self, field.name)) for field in fields(self) if field.init)
        changed = (f"{name}={value!r}" for name, value in said if value != DEFAULTS[name])
        return f"Options({', '.join(changed)})"

    def __post_init__(self) -> None:
        convert_fields(self)
        if self.preset is not None:
            self._fill_in(find_preset(self.preset))
        if self.format is not None:
            object.__setattr__(self, "format", format_name(self.format))
        for name, one in KNOBS.items():
            one.check(name, getattr(self, name))
        normalisation(self.normalise)
        self._check_device()
        if self.offset is not None:
            offset_of(self.offset, None)
        if self.margins is not None:
            for side in self.margins:
                margin_of(side, 0)
        self._check_canvas()
        if self.shadow is not None:
            shadow_of(self.shadow)
        if self.outline is not None:
            outline_of(self.outline)
        fit_of(self.background_fit)
        if self.box_share is not None:
            left, top, right, bottom = self.box_share
            if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
                raise UsageError(f"box_share is left, top, right, bottom in 0…1; found {self.box_share}")

    def _fill_in(self, preset: Preset) -> None:
        for name, value in preset.options().items():
            if name in DEFAULTS and getattr(self, name) == DEFAULTS[name]:
                object.__setattr__(self, name, value)
        if preset.note:
            object.__setattr__(self, "notes", (*self.notes, preset.note))
        object.__setattr__(self, "checked", preset.name)
        object.__setattr__(self, "preset", None)
        convert_fields(self)

    def _check_device(self) -> None:
        kinds = {name.strip().partition(":")[0] for name in self.device.split(",")}
        if self.device_memory is not None and not kinds & {"auto", "gpu", "cuda"}:
            raise UsageError(
                f"--device-memory bounds CUDA's memory; found --device {self.device}",
                "--memory bounds what a photo may take of this machine's own",
            )

    def _check_canvas(self) -> None:
        if self.aspect is not None:
            aspect_of(self.aspect)
        canvas = None if self.canvas is None else canvas_of(self.canvas, self.aspect)
        if self.fill is not None:
            fill_of(self.fill)
        align_of(self.align)
        if self.aspect is None and self.canvas is None:
            said = {"--fill": self.fill, "--align": self.align != "center", "--no-enlarge": self.no_enlarge}
            if missing := next((word for word, value in said.items() if value), None):
                raise UsageError(f"{missing} places the subject on a canvas", "name one with --canvas or --aspect")
        if self.consistent and self.canvas is None:
            raise UsageError("--consistent needs a canvas that is the same for all", "name one with --canvas")
        if self.scale is not None and not 0 < self.scale < 1e6:
            raise UsageError(f"scale is above 0, found {self.scale}")
        if canvas is not None and canvas.size.pixels > self.max_pixels:
            raise UsageError(
                f"--canvas has {canvas.size} pixels, allowed are {self.max_pixels}",
                "choose a smaller canvas, or raise --max-pixels",
            )


#: name → how it is described, checked and typed; without what only Python callers give
KNOBS = knobs_of(Options)
#: name → default of each field
DEFAULTS = {field.name: field.default for field in fields(Options)}


def as_picture(format: AnyFormat | None) -> Format | None:
    """The format, where it is a picture's."""
    return None if format == "svg" or format == "dxf" else format
