"""Shrinks photos the way users of 1024-pixel tools do by hand. ``cut`` needs none of this.

The pixels are Pillow's own (its LANCZOS, its BICUBIC, its autocontrast), because that is what people compare with.

* ``long-side`` is the published script: the longer side to 1024, unless the shorter would fall under 768; then that one
  to 768. Sizes are truncated, not rounded.
* ``portrait``, ``product`` and ``document`` are the published table, which scales the *width* to 1024: 4000×6000 →
  1024×1536, 3000×2000 → 1024×683 and then stretched to 1024×768, 2400×3200 → autocontrast and then 1024×1365.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gigamatte.cutout.place import refuse_existing
from gigamatte.errors import BudgetExceeded, GigamatteError, MissingInput, UnsupportedInput, UsageError
from gigamatte.photo.colour import to_8bit
from gigamatte.photo.jpeg_end import mended
from gigamatte.photo.read import quiet_libvips
from gigamatte.types import Size
from gigamatte.workflow.files import new_file
from gigamatte.workflow.scene import guess_scene

Strategy = Literal["portrait", "product", "document", "long-side", "auto"]

LONG, SHORT = 1024, 768
#: long sides that ``auto`` takes for prepared already: 1024 ± 5 %
PREPARED = range(970, 1071)
#: Pillow holds the whole photo in memory, 4 bytes a pixel
MAX_PIXELS = 500_000_000
MAX_PREPARED = 100_000_000
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

_pillow_limit = threading.Lock()


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for one photo: first autocontrast, then each (size, Pillow filter) in order; and the reason."""

    strategy: str
    reason: str
    autocontrast: bool
    steps: tuple[tuple[Size, Image.Resampling], ...]

    @property
    def size(self) -> Size | None:
        """The size at the end; None when the photo stays as it is."""
        return self.steps[-1][0] if self.steps else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """One photo that was prepared: where it went, its sizes, and what was done why."""

    source: Path
    output: Path
    before: Size
    after: Size
    strategy: str
    reason: str


def prepare(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    strategy: Strategy = "long-side",
    long: int = LONG,
    short: int = SHORT,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Prepared:
    """Writes one photo (JPEG, PNG or WebP), turned upright, shrunk as ``strategy`` says, as a lossless PNG.

    ``long`` is the longer side (the width, for the three named strategies), ``short`` the least shorter side.
    Raises UsageError, InputError, BudgetExceeded or WriteError; nothing is written then.
    """
    given, target = Path(source), Path(output)
    _check(strategy, long, short)
    if target.suffix.lower() != ".png":
        raise UsageError(f"prepare writes lossless PNG; found the output name {target.name}", "end it in .png")
    refuse_existing(target, overwrite)
    picture = _read(given, max_pixels)
    before = Size(*picture.size)
    plan = plan_for(before, strategy, picture, long, short)
    result = apply(plan, picture)
    with new_file(target, overwrite) as file:
        result.save(file, "PNG")
    return Prepared(given, target, before, Size(*result.size), plan.strategy, plan.reason)


def prepare_folder(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    strategy: Strategy = "long-side",
    long: int = LONG,
    short: int = SHORT,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[Prepared | tuple[Path, GigamatteError]]:
    """Prepares every .jpg, .jpeg, .png and .webp of a folder and its subfolders into ``output``, in the same tree.

    Yields what became of each; one bad file does not stop the rest. Every name is checked before the first photo is
    read: raises UsageError when a result exists already and ``overwrite`` is not set.
    """
    folder, target = Path(source), Path(output)
    _check(strategy, long, short)
    jobs = _jobs(folder, target)
    if not jobs:
        raise MissingInput(f"{folder} holds no photo", "expected .jpg, .jpeg, .png or .webp files")
    for result in jobs.values():
        refuse_existing(result, overwrite)
    for photo, result in jobs.items():
        result.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield prepare(
                photo, result, strategy=strategy, long=long, short=short, overwrite=overwrite, max_pixels=max_pixels
            )
        except GigamatteError as error:
            yield photo, error


def plan_for(size: Size, strategy: Strategy, picture: Image.Image, long: int = LONG, short: int = SHORT) -> Plan:
    """What ``strategy`` does to an upright photo of ``size``. ``auto`` looks at its size and at ``picture``, which may
    be a thumbnail of it.
    """
    reason = "as asked"
    if strategy == "auto":
        if size.long in PREPARED and min(size.shape) >= short:
            return Plan("auto", f"{size} is small enough already: unchanged", False, ())
        scene = guess_scene(picture)
        strategy, reason = scene.name, scene.reason
    lanczos, bicubic = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC
    if strategy == "long-side":
        return Plan(strategy, reason, False, ((long_side_size(size, long, short), lanczos),))
    scaled = Size(long, max(1, round(size.height * long / size.width)))
    steps = [(scaled, lanczos)]
    if strategy == "product" and scaled.height < short:
        # the published table's own second step; it changes the aspect
        steps.append((Size(long, short), bicubic))
    return Plan(strategy, reason, strategy == "document", tuple(steps))


def long_side_size(size: Size, long: int = LONG, short: int = SHORT) -> Size:
    """The size that the published script gives: 5472×3648 → 1152×768."""
    scale = long / max(size.width, size.height)
    if min(int(size.width * scale), int(size.height * scale)) < short:
        scale = short / min(size.width, size.height)
    return Size(max(1, int(size.width * scale)), max(1, int(size.height * scale)))


def apply(plan: Plan, picture: Image.Image) -> Image.Image:
    """The prepared picture. Raises BudgetExceeded where an extreme aspect would give a gigantic one."""
    for size, _ in plan.steps:
        if size.pixels > MAX_PREPARED:
            raise BudgetExceeded(
                f"a photo of {picture.width}×{picture.height} would become {size} = {size.megapixels:.0f} megapixels, "
                f"allowed are {MAX_PREPARED / 1e6:.0f}",
                "its aspect is extreme: lower --short",
            )
    if plan.autocontrast:
        picture = _autocontrast(picture)
    for size, resample in plan.steps:
        picture = picture.resize((size.width, size.height), resample)
    return picture


def _check(strategy: str, long: int, short: int) -> None:
    if strategy not in get_args(Strategy):
        raise UsageError(f"--strategy is one of {', '.join(get_args(Strategy))}; found {strategy!r}")
    for name, value in (("--long", long), ("--short", short)):
        if not 16 <= value <= 10_000:
            raise UsageError(f"{name} lies in 16…10000 pixels; found {value}")


def _jobs(folder: Path, target: Path) -> dict[Path, Path]:
    """Photo → result. Photos that differ only in their suffix keep it in the result's name."""
    target_inside = target.resolve()
    photos = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and target_inside not in path.resolve().parents
    )
    stems = [path.with_suffix("") for path in photos]
    return {
        path: target / path.relative_to(folder).parent / f"{path.stem if stems.count(stem) == 1 else path.name}.png"
        for path, stem in zip(photos, stems, strict=True)
    }


def _read(path: Path, max_pixels: int) -> Image.Image:
    """The first picture of the file, upright, as RGB or RGBA."""
    if not path.is_file():
        raise MissingInput(f"there is no file {path}" if not path.exists() else f"{path} is not a file")
    quiet_libvips()
    try:
        with _own_limit(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken metadata, which is not used
            whole = mended(path)
            picture = Image.open(path if whole is None else io.BytesIO(whole), formats=("JPEG", "PNG", "WEBP"))
    except UnidentifiedImageError as error:
        raise UnsupportedInput(f"{path.name}: expected a JPEG, PNG or WebP") from error
    except OSError as error:
        raise UnsupportedInput(f"{path.name} cannot be read: {error}") from error
    try:
        with picture:
            size = Size(*picture.size)
            if size.pixels > max_pixels:
                raise BudgetExceeded(
                    f"{path.name} has {size} = {size.megapixels:.1f} megapixels, allowed are {max_pixels / 1e6:.1f}"
                )
            return _as_rgb(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnsupportedInput(f"{path.name} is broken: {error}", "was the copy or the download cut short?") from error


@contextmanager
def _own_limit() -> Iterator[None]:
    # Pillow's own limit is one number for the process, 179 megapixels, too few for today's phones; only headers are
    # read in here, and the size is checked right after
    with _pillow_limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _as_rgb(picture: Image.Image) -> Image.Image:
    icc = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip it to white
        picture = Image.fromarray(to_8bit(np.asarray(picture).astype(np.uint16)))
    transparent = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    converted = picture.convert("RGBA" if transparent else "RGB")
    if icc and picture.mode in ("RGB", "RGBA", "P"):
        converted.info["icc_profile"] = icc
    else:
        converted.info.pop("icc_profile", None)  # a grey or CMYK profile does not fit RGB
    return converted


def _autocontrast(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return ImageOps.autocontrast(picture)
    stretched = ImageOps.autocontrast(picture.convert("RGB"))
    stretched.putalpha(picture.getchannel("A"))
    if "icc_profile" in picture.info:
        stretched.info["icc_profile"] = picture.info["icc_profile"]
    return stretched
