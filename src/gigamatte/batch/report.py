"""The HTML report: figures, the photos that a person should look at first, failures, and where the time went."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gigamatte import system
from gigamatte.batch import places
from gigamatte.batch.display import megapixels
from gigamatte.batch.pair import files_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.reader import Rows
from gigamatte.batch.summary import Summary
from gigamatte.batch.task import reason
from gigamatte.batch.thumbnails import thumbnail
from gigamatte.errors import InputError
from gigamatte.messages import translate
from gigamatte.viewer.page import document
from gigamatte.workflow.files import new_file

#: photos in the review queue, and failures and slow photos listed: the page stays small for a batch of any size
QUEUE, FAILURES, SLOWEST = 60, 500, 10
_PARTS = (("hesitation", "network unsure"), ("entropy", "soft alpha"), ("band", "undecided area"))


def write_report(path: Path, plan: Plan, manifest: Rows, summary: Summary) -> None:
    """Write the report of the run that has just ended; replaces what is there, whole or not at all."""
    body = "\n".join(
        (
            f"<h1>{_t('Batch report')}</h1>",
            f'<p class="quiet">{_e(plan.source)} → {_e(plan.out)}</p>',
            _shard(plan),
            _figures(summary),
            _queue(path, plan, manifest),
            _failures(manifest),
            _kept(manifest),
            _times(manifest),
        )
    )
    style = resources.files("gigamatte.batch").joinpath("report.css").read_text("utf-8")
    page = document(translate("Batch report"), body, styles=[style])
    with new_file(path, overwrite=True) as file:
        file.write(page.encode("utf-8", "backslashreplace"))


def _shard(plan: Plan) -> str:
    """A note that the figures are of one shard only, where they are."""
    index, count = plan.shard
    if count == 1:
        return ""
    note = _t("Only shard {} of {}: the others have reports of their own.", str(index), str(count))
    return f"<p><strong>{note}</strong></p>"


def _figures(summary: Summary) -> str:
    rate = summary.megapixels / summary.seconds if summary.seconds else 0.0
    figures = (
        ("photos", f"{summary.total:,}", False),
        ("cut now", f"{summary.done:,}", False),
        ("unchanged", f"{summary.unchanged:,}", False),
        *([("kept", f"{summary.kept:,}", True)] if summary.kept else []),
        ("failed", f"{summary.failed:,}", summary.failed > 0),
        ("left to do", f"{summary.waiting:,}", summary.waiting > 0),
        ("megapixels", megapixels(summary.megapixels), False),
        ("megapixels a second", megapixels(rate), False),
    )
    cells = "".join(f"<div{' class=bad' if bad else ''}><b>{value}</b>{_t(name)}</div>" for name, value, bad in figures)
    stopped = f"<p><strong>{_t('stopped')}: {_t(summary.stopped)}</strong></p>" if summary.stopped else ""
    return f'<div class="figures">{cells}</div>{stopped}'


def _queue(page: Path, plan: Plan, manifest: Rows) -> str:
    rows = list(manifest.rows("state = 'done'", "doubt DESC, key", QUEUE))
    if not rows:
        return ""
    with tempfile.TemporaryDirectory(prefix="gigamatte-") as folder, ThreadPoolExecutor(system.cpu_count()) as pool:
        scratch = Path(folder)
        photos = pool.map(lambda row: _picture((row["source"],), scratch), rows)
        results = pool.map(lambda row: _picture(_files(plan, row), scratch), rows)
        cards = "".join(
            _card(page, plan, row, photo, result) for row, photo, result in zip(rows, photos, results, strict=True)
        )
    return (
        f"<h2>{_t('Look at these first')}</h2>"
        f'<p class="quiet">{_t("The photos whose matte is least sure, the least sure first.")}</p>'
        f'<div class="queue">{cards}</div>'
    )


def _files(plan: Plan, row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(plan.place(file) for file in files_of(row["target"], row["pair"]))


def _picture(files: tuple[str, ...], scratch: Path) -> str | None:
    """A thumbnail of a picture, or of a pair's colours under its alpha."""
    fetched: list[Path] = []
    try:
        fetched = [places.fetch(file, scratch)[0] for file in files if places.is_uri(file)]
        return thumbnail(*(fetched or map(Path, files)))
    except InputError:
        return None
    finally:
        for path in fetched:
            path.unlink(missing_ok=True)


def _card(page: Path, plan: Plan, row: dict[str, Any], photo: str | None, result: str | None) -> str:
    receipt = row["receipt"]
    doubt = receipt["doubt"]
    facts = [f"{_t(name)} {doubt.get(part, 0):.2f}" for part, name in _PARTS]
    if doubt.get("subjects", 1) > 1:
        facts.append(f"{doubt['subjects']:.0f} {_t('subjects')}")
    facts.append(f"{receipt['width']}×{receipt['height']}, {row['seconds']:.1f} s")
    if film := receipt.get("film"):
        facts = [facts[-1], _t("{} frames, sound: {}", str(film["frames"]), film["sound"])]
    facts += [_e(translate(warning)) for warning in receipt["warnings"]]
    score = row["doubt"]
    # the bar shows the first part of a colour scale from 0 to 1, so only a bar of high doubt ends in red
    meter = f'<div class="meter"><i style="width:{score:.0%};--whole:{1 / max(score, 0.01):.0%}"></i></div>'
    return (
        f'<article><div class="pair"><a href="{_link(page, row["source"])}">{_image(photo)}</a>'
        f'<a class="board" href="{_link(page, _files(plan, row)[0])}">{_image(result)}</a></div>'
        f'<div class="text"><b>{_e(row["key"])}</b>{meter}'
        f'<span class="quiet">{_t("doubt")} {score:.2f}: {" · ".join(facts)}</span></div></article>'
    )


def _image(data: str | None) -> str:
    return f'<img alt="" src="{data}">' if data else f'<span class="quiet">{_t("cannot be shown")}</span>'


def _link(page: Path, place: str) -> str:
    """Relative where that is possible: report and results may be moved together."""
    if places.is_uri(place):
        return html.escape(place)
    try:
        relative = os.path.relpath(place, page.absolute().parent)
    except ValueError:  # another drive
        return html.escape(Path(place).as_uri())
    return html.escape(quote(Path(relative).as_posix().encode("utf-8", "surrogateescape")))


def _failures(manifest: Rows) -> str:
    rows = list(manifest.rows("state IN ('failed', 'quarantined')", "key", FAILURES + 1))
    if not rows:
        return ""
    lines = [(row["key"], _why(row), row["attempts"]) for row in rows[:FAILURES]]
    more = f'<p class="quiet">{_t("and more; --export lists all")}</p>' if len(rows) > FAILURES else ""
    return f"<h2>{_t('Failed')}</h2>" + _table(("photo", "reason", "attempts"), lines) + more


def _kept(manifest: Rows) -> str:
    rows = list(manifest.rows("state = 'kept'", "key", FAILURES + 1))
    if not rows:
        return ""
    more = f'<p class="quiet">{_t("and more; --export lists all")}</p>' if len(rows) > FAILURES else ""
    lines = [(row["key"], _why(row)) for row in rows[:FAILURES]]
    return f"<h2>{_t('Changed by hand, and kept')}</h2>" + _table(("photo", "reason"), lines) + more


def _why(row: dict[str, Any]) -> str:
    """The message, what to do about it, and whether an earlier result stays."""
    parts = [reason(row["key"], translate(row["message"] or "")), translate(row["hint"] or "")]
    if row["stale"]:
        parts.append(translate("  its earlier result was left as it is").strip())
    return " — ".join(part for part in parts if part)


def _times(manifest: Rows) -> str:
    totals: dict[str, float] = {}
    photos = 0
    for row in manifest.rows("state = 'done'"):
        photos += 1
        for stage, seconds in row["receipt"]["seconds"].items():
            totals[stage] = totals.get(stage, 0.0) + seconds
    if not photos:
        return ""
    stages = [(translate(stage), f"{seconds / photos:.3f}") for stage, seconds in totals.items()]
    slow = [
        (row["key"], f"{row['megapixels']:.1f}", f"{row['seconds']:.1f}")
        for row in manifest.rows("state = 'done'", "seconds DESC, key", SLOWEST)
    ]
    return (
        f"<h2>{_t('Seconds a photo, by stage')}</h2>{_table(('stage', 'mean'), stages)}"
        f"<h2>{_t('Slowest')}</h2>{_table(('photo', 'megapixels', 'seconds'), slow)}"
    )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    def cells(row: Iterable[object], tag: str) -> Iterator[str]:
        for index, value in enumerate(row):
            numeric = ' class="number"' if index and heads[index] != "reason" else ""
            yield f"<{tag}{numeric}>{_e(str(value))}</{tag}>"

    top = "".join(cells((translate(head) for head in heads), "th"))
    lines = "".join(f"<tr>{''.join(cells(row, 'td'))}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"


def _t(text: str, *values: str) -> str:
    return html.escape(translate(text).format(*values) if values else translate(text))


def _e(text: str) -> str:
    return html.escape(text)
