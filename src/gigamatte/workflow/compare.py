"""The comparison that users make by hand, measured: four ways to cut one photo, one network."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

from gigamatte.cutout.place import refuse_existing
from gigamatte.errors import UsageError
from gigamatte.evaluate.clarity import estimated_leak, hair_clarity, texture_kept
from gigamatte.evaluate.contour import edge_width, raggedness
from gigamatte.evaluate.metrics import Region, score, unit_alpha
from gigamatte.filters import lowest
from gigamatte.option_names import with_option_names
from gigamatte.options import MAX_PIXELS, Options
from gigamatte.photo.mask import read_mask
from gigamatte.remover import Remover
from gigamatte.tools import Tools
from gigamatte.types import FloatArray, Size
from gigamatte.workflow.compare_page import comparison_page
from gigamatte.workflow.comparison import Comparison, Measured
from gigamatte.workflow.files import beside, new_file
from gigamatte.workflow.prepare import Strategy
from gigamatte.workflow.ways import Pixels, Way, four_ways, screen_pixels


def compare(
    photo: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    options: Options | None = None,
    truth: str | os.PathLike[str] | None = None,
    mask: str | os.PathLike[str] | None = None,
    strategy: Strategy = "long-side",
    overwrite: bool = False,
) -> tuple[Comparison, Path]:
    """Cuts ``photo`` in four ways, measures them, and writes a self-contained HTML report; returns both.

    ``truth`` is the exact alpha, of the photo's size. ``mask`` takes the network's place in all four ways.
    Default output: ``STEM.compare.html`` beside the photo. Raises what the pipeline raises.
    """
    source = Path(photo)
    target = Path(output) if output is not None else beside(source, ".compare.html")
    refuse_existing(target, overwrite)
    options = options or Options()
    own = contextlib.closing(Tools(options, photos=1))
    with (
        tempfile.TemporaryDirectory(prefix="gigamatte-compare-") as scratch,
        own as tools,
        Remover(options, tools=tools) as remover,
    ):
        exact = _truth(Path(truth)) if truth is not None else None
        ways = four_ways(
            source, remover, Path(scratch), mask=Path(mask) if mask is not None else None, strategy=strategy
        )
        warnings = () if mask is not None else tuple(with_option_names(said) for said in remover.network().warnings)
        model = "mask" if mask is not None else remover.network().card.name
        pixels = screen_pixels(source)
        found = Comparison(source.name, Size.of(pixels), model, tuple(measure(pixels, ways, exact)), warnings)
        page = comparison_page(found, pixels, ways)
        with new_file(target, overwrite) as file:
            file.write(page.encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    return found, target


def measure(photo: Pixels, ways: list[Way], truth: FloatArray | None = None) -> list[Measured]:
    """The figures of each way, all at the photo's size: smaller results are enlarged (bicubic) to it first.

    ``photo`` uint8 (row, column, RGB); the last way's alpha, or the truth, says where band and interior are.
    Raises UsageError for a truth of another size.
    """
    shape = photo.shape[:2]
    if truth is not None and truth.shape != shape:
        raise UsageError(f"the true alpha has {Size.of(truth)} pixels, the photo {Size.of(photo)}")
    reference = truth if truth is not None else unit_alpha(ways[-1].rgba[..., 3])
    band, interior = _regions(reference, [at_photo_size(way.rgba[..., 3], shape) for way in ways])
    reach = max(8, max(shape) // 200)
    measured = []
    for way in ways:
        alpha, colours = at_photo_size(way.rgba[..., 3], shape), at_photo_size(way.rgba[..., :3], shape)
        octaves = texture_kept(colours, photo, interior)
        errors = score(alpha, truth) if truth is not None else None
        measured.append(
            Measured(
                way.name,
                way.size.width,
                way.size.height,
                megabytes=round(way.megabytes, 2),
                seconds=round(way.seconds, 2),
                hair_clarity=hair_clarity(alpha, band),
                texture_kept=octaves[0],
                texture_octaves=octaves,
                raggedness=raggedness(alpha),
                edge_width=edge_width(alpha),
                halo=estimated_leak(colours, alpha, photo, reference, reach),
                sad=errors.sad if errors else None,
                grad=errors.grad if errors else None,
                conn=errors.conn if errors else None,
            )
        )
    return measured


def at_photo_size(picture: Pixels, shape: tuple[int, ...]) -> Pixels:
    """A picture or alpha enlarged to ``shape`` (rows, columns) as a viewer would; itself when it has that size."""
    if picture.shape[:2] == tuple(shape[:2]):
        return picture
    enlarged = cv2.resize(np.ascontiguousarray(picture), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.uint8)


def _regions(reference: FloatArray, alphas: list[Pixels]) -> tuple[Region, Region]:
    """The band (undecided in the reference or in any way) and the interior, where all agree on opaque."""
    band, interior = (reference > 0.01) & (reference < 0.99), reference >= 0.99
    for alpha in alphas:
        band |= (alpha > 2) & (alpha < 253)
        interior &= alpha >= 253
    return band, lowest(interior.view(np.uint8), 4).view(np.bool_)


def _truth(path: Path) -> FloatArray:
    return unit_alpha(read_mask(path, max_pixels=MAX_PIXELS).values)
