"""Scores a folder of cases with the real pipeline, given coarse masks, exact ones made smaller, or a network.

Everything is compared with what peers do with the same mask: enlarge it (rembg by Lanczos) and put it on the photo.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import NoSubject, UsageError
from gigamatte.evaluate.cases import Case, read_alpha, read_colours
from gigamatte.evaluate.contour import edge_width, raggedness
from gigamatte.evaluate.halo import colour_error, halo_leak
from gigamatte.evaluate.metrics import band_of, score, unit_alpha
from gigamatte.evaluate.reduced import Reduction
from gigamatte.evaluate.table import markdown_table, text_table
from gigamatte.options import Options, Refine
from gigamatte.remover import Remover
from gigamatte.types import FloatArray, PixelArray

BASELINE = "enlarged"
#: the band is the true alpha's undecided pixels and this many around them
BAND_MARGIN = 10

#: errors whose ratio to the baseline is averaged geometrically
RATIOS = ("sad", "mse", "grad", "conn", "band_sad", "band_grad", "colour_error")


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one method on one case. ``source``: coarse (the given mask), exact 1/2 … or the network's name."""

    case: str
    source: str
    method: str
    seconds: float
    values: dict[str, float]
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types; NaN becomes None."""
        numbers = {name: None if math.isnan(value) else value for name, value in self.values.items()}
        plain = {"case": self.case, "source": self.source, "method": self.method, "seconds": round(self.seconds, 3)}
        return {**plain, **numbers, "note": self.note}


@dataclass
class Evaluation:
    """All rows, and their summary."""

    rows: list[Row] = field(default_factory=list)

    def summary(self) -> list[dict[str, Any]]:
        """Per source and method: geometric means of the ratios to the baseline, mean IoU, mean seconds."""
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            groups.setdefault((row.source, row.method), []).append(row)
        return [self._summed(source, method, rows) for (source, method), rows in groups.items()]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"cases": [row.as_dict() for row in self.rows], "summary": self.summary()}

    def tables(self, *, markdown: bool = False) -> str:
        """The summary, and a line per case and method."""
        make = markdown_table if markdown else text_table
        lines = [[line[name] for name in SUMMARY] for line in self.summary()]
        cases = [[getattr(row, name, row.values.get(name)) for name in DETAILS] for row in self.rows]
        return f"{make(SUMMARY, lines)}\n\n{make(DETAILS, cases)}\n"

    def _summed(self, source: str, method: str, rows: Sequence[Row]) -> dict[str, Any]:
        base = {row.case: row.values for row in self.rows if row.source == source and row.method == BASELINE}
        line: dict[str, Any] = {"source": source, "method": method, "cases": len(rows)}
        for name in RATIOS:
            pairs = [(row.values.get(name), base.get(row.case, {}).get(name)) for row in rows]
            line[name] = geometric_mean([ours / theirs for ours, theirs in pairs if ours and theirs])
        line["iou"] = float(np.mean([row.values["iou"] for row in rows]))
        line["seconds"] = float(np.mean([row.seconds for row in rows]))
        line["not_found"] = sum(bool(row.note) for row in rows)
        return line


SUMMARY = ("source", "method", "cases", *RATIOS, "iou", "seconds", "not_found")
DETAILS = (
    *("case", "source", "method", "sad", "mse", "grad", "conn", "iou", "raggedness", "edge_width"),
    *("halo", "colour_error", "seconds"),
)


def geometric_mean(ratios: Sequence[float]) -> float | None:
    """exp(mean(log)); None of nothing."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def evaluate(
    cases: Sequence[Case],
    *,
    refines: Sequence[Refine] = ("auto",),
    options: Options | None = None,
    coarse: bool = True,
    network: bool = True,
    exact: Sequence[Reduction] = (),
    watch: Callable[[Row], None] | None = None,
) -> Evaluation:
    """Runs every case: from its coarse mask with every refine method, and from the network (``options.model``).

    ``exact``: its exact alpha, made smaller in these ways, is given as a mask too. ``watch`` is called with each row
    when it is done. A case without coarse.png is not judged from one.
    """
    options = options or Options()
    if not (coarse or network or exact):
        raise UsageError("nothing to evaluate: neither the coarse masks, nor exact ones, nor the network")
    evaluation = Evaluation()
    with _Ways(refines, options) as ways:
        for case in cases:
            for row in _scored(case, ways, coarse, network, exact):
                evaluation.rows.append(row)
                if watch is not None:
                    watch(row)
    return evaluation


class _Ways:
    """One Remover per refine method. The baseline of the network's own result is that result, not refined."""

    def __init__(self, refines: Sequence[Refine], options: Options) -> None:
        from dataclasses import replace

        self.model = options.model
        self.removers = {name: Remover(replace(options, refine=name, keep_empty=False)) for name in refines}
        self.plain = Remover(replace(options, refine="off", keep_empty=False))

    def __enter__(self) -> _Ways:
        return self

    def __exit__(self, *_: object) -> None:
        for remover in (*self.removers.values(), self.plain):
            remover.close()


def _scored(case: Case, ways: _Ways, coarse: bool, network: bool, exact: Sequence[Reduction]) -> Iterator[Row]:
    judge = _Judge(case)
    given: dict[str, Path | PixelArray] = {"coarse": case.coarse} if coarse and case.coarse is not None else {}
    given |= {str(reduction): reduction.mask(judge.truth) for reduction in exact}
    for source, mask in given.items():
        started = time.perf_counter()
        alpha = read_alpha(mask) if isinstance(mask, Path) else unit_alpha(mask)
        yield judge.row(
            source, BASELINE, enlarged(alpha, judge.truth.shape), judge.photo, time.perf_counter() - started
        )
        for name, remover in ways.removers.items():
            yield _run(judge, source, name, remover, mask)
    if network:
        ways.plain.network()  # loaded before, so that loading counts in no method's seconds
        yield _run(judge, ways.model, BASELINE, ways.plain, None)
        for name, remover in ways.removers.items():
            remover.network()
            yield _run(judge, ways.model, name, remover, None)


def _run(judge: _Judge, source: str, method: str, remover: Remover, mask: Path | PixelArray | None) -> Row:
    started = time.perf_counter()
    try:
        cutout = remover.cut(judge.case.photo, mask=mask)
    except NoSubject:
        seconds, empty = time.perf_counter() - started, np.zeros(judge.truth.shape, np.float32)
        return judge.row(source, method, empty, judge.photo, seconds, note="no subject found")
    with cutout:
        naive = method == BASELINE or judge.foreground is None
        rgba = None if naive else cutout.rgba()
        alpha = cutout.alpha if rgba is None else rgba[..., 3]
        seconds = time.perf_counter() - started
        colours = judge.photo if rgba is None else np.ascontiguousarray(rgba[..., :3])
        return judge.row(source, method, alpha, colours, seconds)


class _Judge:
    """The truth of one case, read once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.photo = read_colours(case.photo)
        self.truth: FloatArray = read_alpha(case.alpha)
        self.foreground = read_colours(case.foreground) if case.foreground else None
        if self.photo.shape[:2] != self.truth.shape:
            raise UsageError(f"{case.name}: photo {self.photo.shape[:2]} and alpha {self.truth.shape} differ in size")
        self.band = band_of(self.truth, BAND_MARGIN)

    def row(
        self,
        source: str,
        method: str,
        alpha: NDArray[Any],
        colours: NDArray[Any],
        seconds: float,
        note: str = "",
    ) -> Row:
        """The scores of an alpha, and of its colours where the true ones are known."""
        whole, band = score(alpha, self.truth), score(alpha, self.truth, self.band)
        values = {**whole.as_dict(), **{f"band_{name}": value for name, value in band.as_dict().items()}}
        values |= {"raggedness": raggedness(alpha), "edge_width": edge_width(alpha)}
        if self.foreground is not None:
            truth, pure = self.truth, self.foreground
            values["halo"] = halo_leak(colours, alpha, self.photo, pure, truth, self.band)
            values["colour_error"] = colour_error(colours, alpha, pure, truth, self.band)
        return Row(self.case.name, source, method, seconds, values, note)


def enlarged(alpha: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """``alpha`` at ``shape`` (rows, columns), by Lanczos interpolation cut to [0, 1]: what rembg does."""
    if alpha.shape == shape:
        return alpha
    larger = cv2.resize(alpha, (shape[1], shape[0]), interpolation=cv2.INTER_LANCZOS4)
    clipped: FloatArray = np.clip(larger, 0, 1)
    return clipped
