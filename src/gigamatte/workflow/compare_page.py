"""The comparison as one HTML page: the table, the same spots at 1:1 side by side, and a viewer over all ways.

The crops show every pixel as it is. The viewer's whole pictures are reduced, so that the page can be mailed: five
pictures of 21 megapixels would make 60 MB of it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.metrics import unit_alpha
from gigamatte.evaluate.table import written
from gigamatte.filters import box_sum, gaussian, remapped
from gigamatte.messages import translate
from gigamatte.types import Depth, Size
from gigamatte.viewer.page import asset, document, viewer_script, viewer_scripts
from gigamatte.viewer.tiles import TILE, Layer, as_image, cut_into_tiles, exact_uri

if TYPE_CHECKING:
    from gigamatte.workflow.comparison import Comparison
    from gigamatte.workflow.ways import Pixels, Way

#: sides of the 1:1 crops, and how many spots are shown
CROP = 320
SPOTS = 4
#: longest side of the whole pictures
WHOLE = 2048


def comparison_page(found: Comparison, photo: Pixels, ways: list[Way]) -> str:
    """Self-contained HTML. ``photo`` uint8 (row, column, RGB); ``ways`` in the order of ``found.ways``."""
    layers = [_layer(translate("Photo"), photo, "photo")]
    layers += [_layer(translate(way.name), way.rgba, "cutout") for way in ways]
    layers = [layers[0], layers[-1], *layers[1:-1]]  # the viewer opens on photo | gigamatte
    whole, reduced = layers[0].size, ""
    if whole != found.size:
        reduced = f"<p>{html.escape(translate(f'reduced to {whole}; the spots above are not'))}</p>\n"
    title = f"{found.photo} · {found.size} · {found.model}"
    body = (
        f'<header><h1>{html.escape(title)}</h1><span class="brand">gigamatte</span></header>\n<main class="report">\n'
        f"{_table(found)}\n<h2>{html.escape(translate('The same spots at 1:1'))}</h2>\n{_CHOICES}\n"
        f"{_crops(photo, ways)}\n<h2>{html.escape(translate('The whole picture, all ways'))}</h2>\n{reduced}"
        f'<div class="stage"><div id="viewer"></div></div>\n</main>\n{viewer_script("viewer", layers, split=0.5)}\n'
        f"<script>{asset('report.js')}</script>"
    )
    styles = [asset(name) for name in ("page.css", "viewer.css", "report.css")]
    return document(title, body, styles=styles, scripts=viewer_scripts())


_CHOICES = (
    '<div class="choices" role="group">'
    + "".join(
        f'<button type="button" data-ground="{name}" class="gv-swatch gv-{name}" aria-label="{name}"></button>'
        for name in ("checker", "white", "black", "magenta")
    )
    + '<button type="button" data-ground="alpha">α</button></div>'
)


Item = TypeVar("Item")


def own_first(ways: Sequence[Item]) -> list[Item]:
    """The last way, gigamatte's own, before the others: where a window is narrow, the first is seen."""
    return [ways[-1], *ways[:-1]]


def _table(found: Comparison) -> str:
    columns = found.columns()
    head = "".join(
        f"<th>{html.escape(title)}</th>" for title in [translate("way"), *(title for _, title, _ in columns)]
    )
    best = {index: _best([row[index + 1] for row in found.rows()], more) for index, (_, _, more) in enumerate(columns)}
    lines = []
    for row in own_first(found.rows()):
        cells = [f"<th>{html.escape(str(row[0]))}</th>"]
        for index, value in enumerate(row[1:]):
            mark = ' class="best"' if best[index] is not None and value == best[index] else ""
            cells.append(f"<td{mark}>{html.escape(written(value))}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    notes = "".join(f"<p>{html.escape(translate(warning))}</p>" for warning in found.warnings)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>{notes}"


def _best(values: list[str | float], more: bool | None) -> float | None:
    numbers = [value for value in values if isinstance(value, float | int) and np.isfinite(value)]
    if more is None or not numbers:
        return None
    return max(numbers) if more else min(numbers)


def _crops(photo: Pixels, ways: list[Way]) -> str:
    shape = photo.shape[:2]
    own, *others = own_first(ways)
    names = [translate(own.name), translate("Photo"), *(translate(way.name) for way in others)]
    heads = "".join(f"<figcaption>{html.escape(name)}</figcaption>" for name in names)
    rows = [f'<div class="heads">{heads}</div>']
    for top, left in detail_places(np.ascontiguousarray(ways[-1].rgba[..., 3]), CROP, SPOTS):
        pictures = []
        for way in (own, *others):
            piece = crop_at_photo_size(way.rgba, shape, top, left, CROP)
            colours, alpha = exact_uri(piece), exact_uri(piece[..., 3:])
            pictures.append(f'<span><img alt="" src="{colours}"><img alt="" class="alpha" src="{alpha}"></span>')
        pictures.insert(1, f'<img alt="" src="{exact_uri(photo[top : top + CROP, left : left + CROP])}">')
        rows.append(f'<div class="spot">{"".join(pictures)}</div>')
    return f'<div class="spots ground-checker" id="spots">{"".join(rows)}</div>'


def crop_at_photo_size(rgba: Pixels, shape: tuple[int, ...], top: int, left: int, side: int) -> Pixels:
    """A window of a result, enlarged to the photo's ``shape`` (rows, columns) where the result is smaller.

    Colours are weighted by alpha while they are enlarged, as a browser does.
    """
    bottom, right = min(shape[0], top + side), min(shape[1], left + side)
    if rgba.shape[:2] == tuple(shape[:2]):
        return rgba[top:bottom, left:right]
    across, down = rgba.shape[1] / shape[1], rgba.shape[0] / shape[0]
    x, y = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32))
    x, y = (x + 0.5) * np.float32(across) - 0.5, (y + 0.5) * np.float32(down) - 0.5
    weighted = rgba.astype(np.float32)
    weighted[..., :3] *= Depth(8).quotient(weighted[..., 3:])
    piece = remapped(weighted, x, y, cubic=True)
    piece[..., :3] /= np.maximum(Depth(8).quotient(piece[..., 3:]), 1e-3)
    return np.asarray(np.clip(np.rint(piece), 0, 255), np.uint8)


def detail_places(alpha: NDArray[np.uint8], side: int, count: int) -> list[tuple[int, int]]:
    """(row, column) of up to ``count`` windows of ``side`` pixels with most fine alpha detail, not overlapping."""
    rows, columns = alpha.shape
    unit = unit_alpha(alpha)
    detail = np.abs(unit - gaussian(unit, 2.0, beyond="mirrored"))
    step = min(16, side, rows, columns)
    small = cv2.resize(detail, (columns // step, rows // step), interpolation=cv2.INTER_AREA)
    window = max(1, side // step)
    sums = box_sum(small, window, beyond="zero")
    places: list[tuple[int, int]] = []
    while len(places) < count:
        row, column = (int(index) for index in np.unravel_index(int(np.argmax(sums)), sums.shape))
        if sums[row, column] <= 1e-3:
            break
        corner = (_within(row * step - side // 2, rows - side), _within(column * step - side // 2, columns - side))
        places.append(corner)
        # no window whose corner lies within one side of this one's
        first_row, first_column = (corner[0] - side // 2) // step, (corner[1] - side // 2) // step
        sums[max(0, first_row) : first_row + 2 * window + 1, max(0, first_column) : first_column + 2 * window + 1] = 0
    return places


def _layer(name: str, pixels: Pixels, kind: str) -> Layer:
    if max(pixels.shape[:2]) > WHOLE:
        # colours weighted by alpha, as libvips does by itself
        pixels = as_image(pixels).thumbnail_image(WHOLE, height=WHOLE, size="down").numpy()

    def parts() -> Iterator[Pixels]:
        for top in range(0, len(pixels), TILE):
            yield pixels[top : top + TILE]

    return cut_into_tiles(name, parts(), Size.of(pixels), kind, lossless=False)


def _within(value: int, highest: int) -> int:
    return max(0, min(value, highest))
