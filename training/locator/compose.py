"""One training picture: a real photo's window, or subjects pasted over a background, or a background alone.

Every picture is drawn from its own seeded generator and returned as uint8 (S, S, RGB + alpha + number): the last
channel numbers the subjects from 1, and is 0 elsewhere, so that a simulated person can mean one of several.
Pasting as in "Simple Copy-Paste" (Ghiasi et al., 2021), with shadows, reflections, and defocus added here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .augment import degrade, recolour
from .backgrounds import Image, Rng, any_background, blur, gradient, random_crop
from .data import Pixels, Pool, open_pool

#: Shares of all pictures that are windows of real photos, by source.
REAL_SHARE = {
    "people": 0.06, "cats": 0.05, "davis": 0.02, "pets": 0.07, "flowers": 0.03, "things": 0.07, "animals": 0.08,
    "carparts": 0.01, "cars": 0.02, "vehicles": 0.05, "mixed": 0.04, "taught": 0.03, "voc": 0.16, "msrc": 0.07,
    "sed": 0.04,
}  # fmt: skip
#: Weights of the sources of what is pasted.
PASTE_WEIGHT = {
    "objects": 0.3, "renders": 0.35, "shapes": 0.15, "emoji": 0.08, "cats": 0.08, "people": 0.14, "davis": 0.06,
    "pets": 0.1, "flowers": 0.05, "things": 0.06, "animals": 0.08, "cars": 0.04, "vehicles": 0.06, "mixed": 0.04,
    "taught": 0.06, "voc": 0.06, "msrc": 0.03, "sed": 0.02, "toys80": 0.06,
}  # fmt: skip
#: What a blurred thing behind the subject is numbered: a person may point at it, but it does not count as subject.
BEHIND = 8
#: Sources of made-up cut-outs, which may get any colour, surface and angle.
DRAWN = ("objects", "shapes", "emoji", "renders")
#: Sources without a subject.
PLACES = ("backgrounds", "places")
EMPTY_SHARE = 0.04
#: Share of the real photos that get one or two more creatures pasted into them.
COMPANY_SHARE = 0.25


@dataclass(frozen=True)
class Framing:
    """How things fill the frame: shares of the pictures that hold one thing, and of those with several.

    `small` things; `close` ones, of which the frame cuts much off; a `mass` of one kind that fills the frame, as
    foliage does; and several things that are `alike`: a litter, a pair of shoes, a group of people.
    """

    small: float = 0.1
    close: float = 0.0
    mass: float = 0.0
    alike: float = 0.0


#: Framings for measuring, always the same, and for training.
PLAIN, CLOSE, LEARNED = Framing(), Framing(small=0, close=1), Framing(close=0.25, mass=0.1, alike=0.4)
#: Close-ups are up to so many times as long as the frame.
CLOSEST = 2.2


@dataclass(frozen=True)
class Studio:
    """The opened pools of one side of the split, and the chances of each kind of picture."""

    cutouts: dict[str, Pool]
    photos: Pool
    emptied: list[Pool]

    @classmethod
    def open(cls, cache: Path, sources: tuple[str, ...], held_out: bool) -> Studio:
        """Opens the pools of `sources` in `cache`."""
        pools = {name: open_pool(cache, name, held_out) for name in sources if name not in PLACES}
        emptied = [open_pool(cache, f"{name}-empty", held_out) for name in REAL_SHARE if name in sources]
        emptied += [open_pool(cache, "places", held_out)] if "places" in sources else []
        return cls(pools, open_pool(cache, "backgrounds", held_out), emptied)


def photo_window(rng: Rng, picture: Pixels, size: int) -> Pixels:
    """A window of a real photo, of a random aspect, squashed to size x size: whole, near the subject, or anywhere."""
    height, width = picture.shape[:2]
    mask = picture[..., 3]
    kind = rng.random()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if kind < 0.4 or rows.size == 0:
        h, w = height * rng.uniform(0.75, 1.05), width * rng.uniform(0.75, 1.05)
        cy, cx = height / 2, width / 2
        slack_y, slack_x = abs(height - h) / 2, abs(width - w) / 2
        cy, cx = cy + rng.uniform(-1, 1) * slack_y, cx + rng.uniform(-1, 1) * slack_x
    else:
        box_h, box_w = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        near = kind < 0.85
        longest = max(box_h, box_w) if rng.random() < 0.6 else np.sqrt(box_h * box_w)
        side = longest * (rng.uniform(0.7, 1.7) if near else np.exp(rng.uniform(-1.0, 0.7)))
        aspect = np.exp(rng.uniform(-0.5, 0.5))
        h, w = side / np.sqrt(aspect), side * np.sqrt(aspect)
        cy = (rows[0] + rows[-1]) / 2 + rng.normal(0, 0.12 if near else 0.3) * box_h
        cx = (columns[0] + columns[-1]) / 2 + rng.normal(0, 0.12 if near else 0.3) * box_w
    h, w = max(h, 48.0), max(w, 48.0)
    # The window stays inside the photo where it can, so that little is invented at the border.
    cy = np.clip(cy, h / 2, height - h / 2) if h <= height else height / 2
    cx = np.clip(cx, w / 2, width - w / 2) if w <= width else width / 2
    h, w = min(h, height * 1.02), min(w, width * 1.02)
    angle = np.deg2rad(rng.normal(0, 6)) if rng.random() < 0.3 else 0.0
    return warp(picture, (cy, cx), (h, w), angle, size, cv2.BORDER_REFLECT_101)


def warp(
    picture: Pixels, centre: tuple[float, float], extent: tuple[float, float], angle: float, size: int, border: int
) -> Pixels:
    """Brings the window of `extent` (height, width) around `centre` (row, column) to size x size, antialiased."""
    shrink = min(extent) / size
    if shrink > 1.4:
        # warpAffine does not antialias: reduce first by area.
        factor = 1 / shrink
        target = (max(2, round(picture.shape[1] * factor)), max(2, round(picture.shape[0] * factor)))
        fy, fx = target[1] / picture.shape[0], target[0] / picture.shape[1]
        picture = np.asarray(cv2.resize(picture, target, interpolation=cv2.INTER_AREA), np.uint8)
        centre, extent = (centre[0] * fy, centre[1] * fx), (extent[0] * fy, extent[1] * fx)
    cos, sin = np.cos(angle), np.sin(angle)
    sy, sx = extent[0] / size, extent[1] / size
    # Destination (x, y) -> source, so the matrix is used inverted.
    m = np.array([[cos * sx, -sin * sx, 0], [sin * sy, cos * sy, 0]], np.float64)
    m[0, 2] = centre[1] - m[0, 0] * size / 2 - m[0, 1] * size / 2
    m[1, 2] = centre[0] - m[1, 0] * size / 2 - m[1, 1] * size / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, m, (size, size), flags=flags, borderMode=border), np.uint8)


def cut_subject(rng: Rng, name: str, picture: Pixels) -> Pixels | None:
    """A tight RGBA cut-out; masks of photos lose a pixel and are feathered, since their edges carry background."""
    alpha = picture[..., 3]
    if name not in DRAWN:
        if np.count_nonzero(alpha) < 900:
            return None
        core = cv2.erode(alpha, np.ones((3, 3), np.uint8))
        alpha = np.asarray(cv2.GaussianBlur(core, (0, 0), rng.uniform(0.6, 1.3)), np.uint8)
    rows, columns = np.flatnonzero((alpha > 20).any(axis=1)), np.flatnonzero((alpha > 20).any(axis=0))
    if rows.size < 8 or columns.size < 8:
        return None
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return np.dstack([picture[window][..., :3], alpha[window]])


def place(rng: Rng, cutout: Pixels, size: int, aspect: float, extent: float, upright: bool) -> tuple[Image, Image]:
    """Puts the cut-out somewhere in the frame: straight colour (S, S, 3) and alpha (S, S, 1) in [0, 1].

    `aspect` is the photo's width / height, which squashing to a square undoes; `extent` the subject's longer side as
    a fraction of the photo's mean side. What is larger than the frame mostly shows its upper part, as portraits do.
    """
    height, width = cutout.shape[:2]
    scale = extent * size / max(height, width)
    sx, sy = scale / np.sqrt(aspect), scale * np.sqrt(aspect)
    angle = rng.normal(0, 0.09) if upright else rng.uniform(-np.pi, np.pi)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.array([[sx, 0], [0, sy]]) @ np.array([[cos, -sin], [sin, cos]]) @ np.array([[flip, 0], [0, 1]])
    spread = 0.15
    target = size * (0.5 + np.clip(rng.normal(0, spread, 2), -0.5, 0.5))
    if extent > 1 and upright and rng.random() < 0.8:
        target[1] = size * (rng.uniform(0.02, 0.3) + extent / 2 * min(1.0, height / width) * np.sqrt(aspect))
    shift = target - linear @ np.array([width / 2, height / 2])
    matrix = np.concatenate([linear, shift[:, None]], axis=1)
    colour = cv2.warpAffine(
        cutout[..., :3], matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    alpha = cv2.warpAffine(cutout[..., 3], matrix, (size, size), flags=cv2.INTER_LINEAR)
    return colour.astype(np.float32), alpha.astype(np.float32)[..., None] / 255


def shrink(cutout: Pixels, size: int, extent: float) -> Pixels:
    """Reduces a cut-out by area to little more than it will measure: placing it does not antialias."""
    height, width = cutout.shape[:2]
    factor = extent * size / max(height, width) / 0.9
    if factor > 0.8:
        return cutout
    small = (max(2, round(width * factor)), max(2, round(height * factor)))
    return np.asarray(cv2.resize(cutout, small, interpolation=cv2.INTER_AREA), np.uint8)


def _shift(alpha: Image, dx: float, dy: float) -> Image:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    return np.asarray(cv2.warpAffine(alpha, matrix, alpha.shape[1::-1]), np.float32)


def shadow(rng: Rng, image: Image, alpha: Image) -> Image:
    """Darkens the background where the subject would block the light: a cast shadow and a contact shadow."""
    size = image.shape[0]
    rows = np.flatnonzero(alpha[..., 0].max(axis=1) > 0.3)
    if rows.size == 0:
        return image
    flat = alpha[..., 0]
    if rng.random() < 0.5:
        # Lying on the floor: the silhouette squashed about its lowest row, and slanted.
        foot, squash, slant = rows[-1], rng.uniform(0.05, 0.5), rng.uniform(-0.8, 0.8)
        matrix = np.array([[1, slant, -slant * foot], [0, squash, foot * (1 - squash)]], np.float64)
        cast = np.asarray(cv2.warpAffine(flat, matrix, (size, size)), np.float32)
    else:
        cast = _shift(flat, rng.normal(0, 0.05) * size, abs(rng.normal(0, 0.04)) * size)
    cast = blur(cast, size / 320 * np.exp(rng.uniform(0.3, 3.0)))
    strength = rng.uniform(0.1, 0.65)
    return np.asarray(image * (1 - strength * cast[..., None]), np.float32)


def reflection(rng: Rng, image: Image, colour: Image, alpha: Image) -> Image:
    """A fading mirror image below the subject, as on a glossy table."""
    size = image.shape[0]
    rows = np.flatnonzero(alpha[..., 0].max(axis=1) > 0.3)
    if rows.size == 0 or rows[-1] > size - 8:
        return image
    foot = int(rows[-1])
    height = min(size - foot - 1, foot + 1)
    mirror = slice(foot, foot - height, -1) if foot - height >= 0 else slice(foot, None, -1)
    fade = np.linspace(rng.uniform(0.15, 0.5), 0, height, dtype=np.float32)[:, None, None]
    fade = fade * blur(alpha[mirror][:, :, 0], 1.0)[..., None]
    below = slice(foot + 1, foot + 1 + height)
    soft = blur(colour[mirror], rng.uniform(0.3, 3))
    image = image.copy()
    image[below] = image[below] * (1 - fade) + soft * fade
    return image


def relight(rng: Rng, colour: Image, alpha: Image, background: Image, texture: Image | None) -> Image:
    """Changes the subject's colours: a light gradient, a texture on flat things, the background's light."""
    if texture is not None:
        grey = cv2.cvtColor(texture, cv2.COLOR_RGB2GRAY)[..., None]
        mean = cv2.mean(grey)[0] + 1.0
        if rng.random() < 0.5:
            coloured = colour * (grey / mean)
        else:
            own_grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)[..., None]
            coloured = texture * (own_grey * (rng.uniform(0.7, 1.2) / mean))
        share = rng.uniform(0.3, 1.0)
        colour = colour * (1 - share) + coloured * share
    if rng.random() < 0.5:
        colour = colour * (1 + (gradient(rng, colour.shape[0]) - 0.5) * rng.uniform(-0.9, 0.9))
    if rng.random() < 0.5:
        own = np.array(cv2.mean(colour, (alpha[..., 0] > 0.5).astype(np.uint8))[:3])
        light = np.array(cv2.mean(background)[:3])
        colour = colour * (1 + rng.uniform(0, 0.7) * (light / (own + 1) - 1)).astype(np.float32)
    return np.asarray(np.clip(colour, 0, 255), np.float32)


def _draw_cutout(rng: Rng, studio: Studio, among: tuple[str, ...] = ()) -> tuple[str, Pixels]:
    names = [name for name in PASTE_WEIGHT if name in studio.cutouts and (not among or name in among)]
    weights = np.array([PASTE_WEIGHT[name] for name in names])
    while True:
        name = str(rng.choice(names, p=weights / weights.sum()))
        cutout = cut_subject(rng, name, studio.cutouts[name].draw(rng))
        if cutout is not None:
            return name, cutout


def _paste(
    rng: Rng,
    studio: Studio,
    image: Image,
    in_studio: bool,
    aspect: float,
    extent: float,
    among: tuple[str, ...] = (),
) -> tuple[Image, Image]:
    """Pastes one subject, from the sources `among` if any are named: the new picture and the subject's alpha."""
    size = image.shape[0]
    name, cutout = _draw_cutout(rng, studio, among)
    cutout = shrink(cutout, size, extent)
    if name != "people" or rng.random() < 0.5:
        cutout = recolour(rng, cutout, strong=name in DRAWN)
    upright = rng.random() < (0.8 if name in DRAWN else 0.95)
    colour, alpha = place(rng, cutout, size, aspect, extent, upright)
    texture = None
    if name in DRAWN and rng.random() < 0.3:
        texture = random_crop(rng, studio.photos.draw(rng), size, 0.1)
    colour = relight(rng, colour, alpha, image, texture)
    if rng.random() < (0.75 if in_studio else 0.3):
        image = shadow(rng, image, alpha)
    if in_studio and rng.random() < 0.15:
        image = reflection(rng, image, colour, alpha)
    return np.asarray(image * (1 - alpha) + colour * alpha, np.float32), alpha


def composite(rng: Rng, studio: Studio, size: int, framing: Framing = LEARNED) -> Pixels:
    """One to three subjects over a random background; small defocused things behind them do not count."""
    image, in_studio = any_background(rng, size, studio.photos, studio.emptied)
    aspect = float(np.exp(rng.uniform(-0.5, 0.5)))
    ids = np.zeros((size, size, 1), np.float32)
    count = int(rng.choice([1, 1, 1, 1, 1, 2, 2, 3]))
    low = 0.45 if count == 1 else 0.28
    extent = float(np.exp(rng.uniform(np.log(low), np.log(1.25))))
    alike = rng.random() < framing.alike
    if count == 1 and (kind := rng.random()) < framing.small + framing.close + framing.mass:
        small = kind < framing.small
        extent = float(rng.uniform(0.1, 0.3) if small else np.exp(rng.uniform(0, np.log(CLOSEST))))
        if kind >= framing.small + framing.close:
            count, alike, extent = int(rng.integers(2, 4)), True, max(1.0, 0.8 * extent)
    if not in_studio and extent > 0.5 and rng.random() < 0.15:
        behind, far = _paste(rng, studio, image, False, aspect, extent * rng.uniform(0.15, 0.4))
        image = blur(behind, size / 320 * rng.uniform(4, 10))
        ids = np.where(far > 0.5, np.float32(BEHIND), ids)
    alpha = np.zeros((size, size, 1), np.float32)
    among = (str(rng.choice([n for n in PASTE_WEIGHT if n in studio.cutouts])),) if alike else ()
    for number in range(count):
        image, own = _paste(rng, studio, image, in_studio, aspect, extent, among if count > 1 else ())
        alpha = 1 - (1 - alpha) * (1 - own)
        ids = np.where(own > 0.5, np.float32(number + 1), ids)
        extent *= rng.uniform(0.5, 1.1)
    return np.dstack([image, alpha * 255, ids]).round().clip(0, 255).astype(np.uint8)


def real(rng: Rng, studio: Studio, size: int) -> Pixels:
    """A window of a real photo with its own mask."""
    names = [name for name in REAL_SHARE if name in studio.cutouts]
    weights = np.array([REAL_SHARE[name] for name in names])
    name = str(rng.choice(names, p=weights / weights.sum()))
    for _ in range(4):
        window = photo_window(rng, studio.cutouts[name].draw(rng), size)
        if window[..., 3].mean() > 255 * 0.004:
            break
    if rng.random() < COMPANY_SHARE:
        return with_company(rng, studio, window)
    return np.dstack([window, (window[..., 3:] > 127).astype(np.uint8)])


def with_company(rng: Rng, studio: Studio, window: Pixels) -> Pixels:
    """A real photo with one or two more creatures pasted in: subjects in the clutter that real places have."""
    creatures = tuple(name for name in REAL_SHARE if name in studio.cutouts)
    image, alpha = window[..., :3].astype(np.float32), window[..., 3:].astype(np.float32) / 255
    aspect = float(np.exp(rng.uniform(-0.4, 0.4)))
    ids = (alpha > 0.5).astype(np.float32)
    for number in range(int(rng.integers(1, 3))):
        extent = float(np.exp(rng.uniform(np.log(0.15), np.log(0.6))))
        image, own = _paste(rng, studio, image, False, aspect, extent, creatures)
        alpha = 1 - (1 - alpha) * (1 - own)
        ids = np.where(own > 0.5, np.float32(number + 2), ids)
    return np.dstack([image, alpha * 255, ids]).round().clip(0, 255).astype(np.uint8)


def training_picture(rng: Rng, studio: Studio, size: int, real_share: float | None = None) -> Pixels:
    """One picture of any kind, degraded as photos are: uint8 (S, S, RGB + alpha + number)."""
    share = sum(REAL_SHARE[name] for name in REAL_SHARE if name in studio.cutouts) if real_share is None else real_share
    kind = rng.random()
    if kind < share:
        picture = real(rng, studio, size)
    elif kind < share + EMPTY_SHARE:
        background, _ = any_background(rng, size, studio.photos, [])
        picture = np.dstack([background, np.zeros((size, size, 2), np.float32)]).astype(np.uint8)
    else:
        picture = composite(rng, studio, size)
    return degrade(rng, picture)
