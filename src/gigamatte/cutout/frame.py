"""What the result shows: all of the photo, the subject's box and a margin, or the subject placed on a canvas."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gigamatte.cutout.subject import Subject
from gigamatte.errors import UsageError
from gigamatte.framing import USUAL_FILL, Fill, align_of, aspect_of, canvas_of, fill_of, margin_of, sized_by_aspect
from gigamatte.options import DEFAULTS, Options
from gigamatte.types import BACKGROUND, Box, Matte, Size

#: How far bicubic resampling looks, in pixels of the coarser of both pictures.
SUPPORT = 2
#: Up to this scale the last scale of the colours is fitted: the error of α times colour rises by 1 % at most, measured
#: on three renders at six scales (docs/design/canvas.md).
REDUCED = 0.9
_SIDES = ("left", "top", "right", "bottom")


def reach_of(scale: float) -> int:
    """How many pixels of the photo beyond its own a pixel of a canvas may depend on, to each side."""
    return 0 if scale == 1 else math.ceil(SUPPORT * max(1.0, 1 / scale)) + 1


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture of ``size`` on which the photo lies, ``scale`` times as large, its corner at (``left``, ``top``).

    A pixel of the photo that covers x…x + 1 covers left + x·scale … left + (x + 1)·scale of the canvas.
    """

    size: Size
    photo: Size
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0
    #: of one of a set: the scale that it would have alone
    fits: float | None = None

    @property
    def view(self) -> Box:
        """The pixels of the photo that the canvas shows any part of; empty where it shows none."""
        left, top = math.floor(-self.left / self.scale + 1e-6), math.floor(-self.top / self.scale + 1e-6)
        right = math.ceil((self.size.width - self.left) / self.scale - 1e-6)
        bottom = math.ceil((self.size.height - self.top) / self.scale - 1e-6)
        return Box(left, top, max(0, right - left), max(0, bottom - top)).within(self.photo)

    @property
    def behind(self) -> Box:
        """The part of the photo that anything of the canvas depends on."""
        return self.view.grown(reach_of(self.scale)).within(self.photo)

    def seen(self, matte: Matte) -> Box:
        """The same without what is background all over."""
        rows, columns = (np.flatnonzero((matte.decided != BACKGROUND).any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return Box(0, 0, 0, 0)
        first, last = (matte.grid.home((int(rows[end]), int(columns[end]))) for end in (0, -1))
        return Box(first.left, first.top, last.right - first.left, last.bottom - first.top).within(self.behind)

    @property
    def resampled(self) -> bool:
        """Whether its pixels are others than the photo's."""
        return self.scale != 1

    @property
    def reduced(self) -> bool:
        """Whether it is so much smaller than the photo that colours need not be solved to the photo's last pixel."""
        return self.scale <= REDUCED

    @property
    def plain(self) -> bool:
        """Whether it is a part of the photo, pixel for pixel."""
        return not self.resampled and self.view.size == self.size

    def smaller(self, share: float) -> Canvas:
        """The same picture with ``share`` of its sides."""
        size = Size(max(1, round(self.size.width * share)), max(1, round(self.size.height * share)))
        return Canvas(size, self.photo, self.scale * share, self.left * share, self.top * share)

    def placed(self, box: Box) -> dict[str, float]:
        """Where a box of the photo lies: left, top, width, height in pixels of the canvas, and its scale."""
        left, top = self.left + box.left * self.scale, self.top + box.top * self.scale
        sides = {"left": left, "top": top, "width": box.width * self.scale, "height": box.height * self.scale}
        scales = {"scale": self.scale} | ({} if self.fits is None else {"fits": self.fits})
        return {side: round(value, 3) for side, value in sides.items()} | scales


def framed(
    photo: Size, subject: Subject | None, options: Options, around: Box | None = None
) -> tuple[Canvas, tuple[str, ...]]:
    """The canvas that the options ask for, and what has to be said about it. Raises UsageError when it is too large.

    ``around``: what is seen beside the subject (shadow, outline), which a crop keeps as well.

    Without a canvas, aspect or crop: the photo's own frame. A crop is as large as the subject's box and its margin,
    beyond the photo too. A side at which the photo cuts the subject off touches that side of the canvas.
    """
    placing = options.canvas is not None or options.aspect is not None
    margin = bool(options.margin or options.margins)
    idle: tuple[str, ...] = ()
    if options.crop and placing:
        idle = ("--crop changes nothing on a canvas, on which the subject is placed",)
    elif margin and not placing and not options.crop:
        idle = ("--margin changes nothing: it is room on a canvas or around --crop",)
    if subject is None:
        return _without_subject(photo, options), idle
    if not placing and not options.crop:
        return Canvas(photo, photo), idle
    room = _with_margin(subject, options)
    warnings = [*idle]
    if subject.cut and (placing or margin):
        warnings.append(
            f"the photo cuts the subject off at the {_cut_off(subject)}: it touches the same edge of the result"
        )
    if not placing:
        room = room if around is None else _with_all(room, around, subject)
        canvas = Canvas(room.size, photo, left=-room.left, top=-room.top)
    else:
        canvas, said = _on_canvas(photo, subject, room, options)
        warnings += said
    if canvas.size.pixels > options.max_pixels:
        raise UsageError(
            f"the result would have {canvas.size} pixels, allowed are {options.max_pixels}",
            "choose a smaller canvas or margin, or raise --max-pixels",
        )
    return canvas, tuple(warnings)


def canvas_size(options: Options, photo: Size) -> Size | None:
    """The size of the result of a photo, where it does not depend on the subject."""
    canvas = None if options.canvas is None else canvas_of(options.canvas, options.aspect, photo)
    return None if canvas is None else canvas.size


def resolution_of(options: Options) -> tuple[float, float] | None:
    """Pixels per millimetre (across, down) that the options ask for; None where they say nothing."""
    canvas = None if options.canvas is None else canvas_of(options.canvas, options.aspect)
    return (canvas.resolution, canvas.resolution) if canvas is not None and canvas.resolution else None


def _without_subject(photo: Size, options: Options) -> Canvas:
    """The canvas of a result without a subject: the size that the options ask for."""
    size = canvas_size(options, photo)
    if size is None:
        return Canvas(photo, photo)
    scale = min(size.width / photo.width, size.height / photo.height)
    return Canvas(size, photo, scale, (size.width - photo.width * scale) / 2, (size.height - photo.height * scale) / 2)


def _with_margin(subject: Subject, options: Options) -> Box:
    """The subject's box and its margin, none at the sides where it is cut off."""
    box = subject.box
    if options.margins is None:
        margin = round(max(box.width, box.height) * options.margin / 100)
        top, right, bottom, left = margin, margin, margin, margin
    else:
        wholes = (box.height, box.width, box.height, box.width)
        top, right, bottom, left = (margin_of(text, whole) for text, whole in zip(options.margins, wholes, strict=True))
    sides = {"left": left, "top": top, "right": right, "bottom": bottom} | dict.fromkeys(subject.cut, 0)
    left, top = box.left - sides["left"], box.top - sides["top"]
    return Box(left, top, box.right + sides["right"] - left, box.bottom + sides["bottom"] - top)


def _with_all(room: Box, around: Box, subject: Subject) -> Box:
    """Both boxes in one, but for the sides where the subject is cut off."""
    both = {side: getattr(room if side in subject.cut else room.joined(around), side) for side in _SIDES}
    return Box(both["left"], both["top"], both["right"] - both["left"], both["bottom"] - both["top"])


def _cut_off(subject: Subject) -> str:
    sides = [side for side in _SIDES if side in subject.cut]
    return " and ".join(part for part in (", ".join(sides[:-1]), sides[-1]) if part)


def _on_canvas(photo: Size, subject: Subject, room: Box, options: Options) -> tuple[Canvas, list[str]]:
    fill = fill_of(options.fill) if options.fill is not None else None
    spanned = {"left", "right"} <= subject.cut, {"top", "bottom"} <= subject.cut
    # what is to be filled, (width, height) in photo pixels, and the part of the canvas that it takes
    if fill is None and (options.margin or options.margins):
        taken, fill = (room.width, room.height), Fill(1.0)
    else:
        taken, fill = (subject.box.width, subject.box.height), fill or Fill(USUAL_FILL / 100)
    parts = tuple(1.0 if whole else fill.part for whole in spanned)
    size = canvas_size(options, photo)
    if size is None:
        needed = (max(taken[0] / parts[0], room.width), max(taken[1] / parts[1], room.height))
        size, scale, warnings = sized_by_aspect(needed, aspect_of(options.aspect or "1")), 1.0, list[str]()
    else:
        scale, warnings = (1.0, list[str]()) if fill.original else _scale(size, taken, parts, fill, spanned, options)
    one_of_set = options.consistent and not any(spanned) and not fill.original
    if options.consistent and any(spanned):
        warnings.append("--consistent: the subject goes from edge to edge, so it has a scale of its own")
    fits, scale = (scale, options.scale or scale) if one_of_set else (None, scale)
    if max(subject.box.width, subject.box.height) * scale < 1:
        raise UsageError(
            f"the subject would have less than one pixel on a canvas of {size}",
            "choose a larger canvas, or more --fill",
        )
    if scale > 1.005:
        warnings.append(f"the subject was enlarged {scale:.2f} times: the photo has no more pixels")
    free = size.width - room.width * scale, size.height - room.height * scale
    shares = _shares(subject, free, photo, size, scale, options)
    left, top = free[0] * shares[0] - room.left * scale, free[1] * shares[1] - room.top * scale
    if options.consistent and options.align == DEFAULTS["align"] and not subject.cut & {"top", "bottom"}:
        top = size.height * (1 + fill.part) / 2 - room.bottom * scale  # all stand on one line
    if scale == 1:  # the photo's own pixels, then
        left, top = float(round(left)), float(round(top))
    # what touches an edge does so exactly
    if "left" in subject.cut and "right" not in subject.cut and free[0] >= 0:
        left = 0.0
    if "top" in subject.cut and "bottom" not in subject.cut and free[1] >= 0:
        top = 0.0
    return Canvas(size, photo, scale, left, top, fits), warnings


def _scale(
    size: Size,
    taken: tuple[int, int],
    parts: tuple[float, ...],
    fill: Fill,
    spanned: tuple[bool, bool],
    options: Options,
) -> tuple[float, list[str]]:
    """How much larger the subject becomes, and what has to be said about it."""
    across, down = size.width * parts[0] / taken[0], size.height * parts[1] / taken[1]
    whole = min(size.width / taken[0], size.height / taken[1]) if not fill.over else math.inf
    if spanned[0] != spanned[1]:
        wanted = across if spanned[0] else down
    elif fill.side is not None:
        wanted = across if fill.side == "width" else down
    elif fill.over:
        wanted = max(across, down)
    else:
        wanted = min(across, down)
    warnings = []
    scale = min(wanted, whole)
    short = scale < wanted * (1 - 1e-9)
    if any(spanned) and (short or (all(spanned) and abs(across - down) > 1e-9 * down)):
        warnings.append(
            "the subject is cut off at opposite edges and has another aspect than the canvas: "
            "it does not reach all of them"
        )
    elif short:
        warnings.append(
            f"--fill {options.fill}: the subject would be larger than the canvas, so it fills the other side"
        )
    if fill.over and (taken[0] * scale > size.width + 0.5 or taken[1] * scale > size.height + 0.5):
        warnings.append(f"the canvas cuts the subject off, as --fill {options.fill} allows")
    if scale > 1 and options.no_enlarge:
        reached = 100 * max(taken[0] / size.width, taken[1] / size.height)
        warnings.append(f"--no-enlarge: the subject has too few pixels, so it takes {reached:.0f} % of the canvas")
        scale = 1.0
    return scale, warnings


def _shares(
    subject: Subject, free: tuple[float, float], photo: Size, size: Size, scale: float, options: Options
) -> tuple[float, float]:
    """The parts of the free room that lie left of and above the subject."""
    aligned = align_of(options.align)
    if aligned is None:
        box = subject.box
        middle = (box.left + box.width / 2) / photo.width, (box.top + box.height / 2) / photo.height
        wanted = middle[0] * size.width - box.width * scale / 2, middle[1] * size.height - box.height * scale / 2
        aligned = _part(wanted[0], free[0]), _part(wanted[1], free[1])
    across, down = aligned
    for low, high, axis in (("left", "right", 0), ("top", "bottom", 1)):
        if free[axis] >= 0 and (low in subject.cut) != (high in subject.cut):
            side = 0.0 if low in subject.cut else 1.0
            across, down = (side, down) if axis == 0 else (across, side)
    return across, down


def _part(wanted: float, free: float) -> float:
    """The part of the free room that leaves so much before the subject, without leaving the canvas."""
    return min(max(wanted / free, 0.0), 1.0) if free > 0 else 0.5
