"""NAME.hints.json beside a photo: what is meant in it, and part of what its result is made of."""

import json

import numpy as np
import pytest
from batch_helpers import pictures, run, save_photos, states
from PIL import Image

from gigamatte.batch.hint_files import HINTS, hinted, hints_of, parts, stamp_of
from gigamatte.batch.lists.sources import list_sources
from gigamatte.options import Options

STROKE = {"strokes": [{"kind": "keep", "points": [[5, 5], [12, 5]], "radius": 3}]}


@pytest.mark.parametrize(
    ("photo", "hints"),
    [
        ("a.jpg", "a.hints.json"),
        ("/in/b.c/a.tar.png", "/in/b.c/a.tar.hints.json"),
        ("s3://shop/in.1/a.webp", "s3://shop/in.1/a.hints.json"),
        ("C:\\in.1\\a.webp", "C:\\in.1\\a.hints.json"),
    ],
)
def test_where_hints_lie(photo, hints):
    assert hints_of(photo) == hints


def test_hints_change_their_photo_and_no_other(tmp_path, mask):
    source, out, options = tmp_path / "in", tmp_path / "out", Options(mask=mask, under="black")
    photos = save_photos(source, 3)
    run(source, out, options)
    before, (photo, *_) = pictures(out), photos
    beside = photo.with_name(photo.stem + HINTS)
    beside.write_text(json.dumps(STROKE))
    _, listener = run(source, out, options)
    key = photo.relative_to(source)
    assert states(listener) == {key.as_posix(): "done"}
    after, result = pictures(out), key.with_suffix(".cutout.png").as_posix()
    assert {name for name in after if after[name] != before[name]} == {result}
    assert np.asarray(Image.open(out / result))[5, 8, 3] == 255
    _, listener = run(source, out, options)
    assert states(listener) == {}
    beside.touch()
    _, listener = run(source, out, options)
    assert states(listener) == {key.as_posix(): "same"}
    beside.unlink()
    _, listener = run(source, out, options)
    assert states(listener) == {key.as_posix(): "done"}
    assert pictures(out) == before


def test_what_is_no_hint_fails_its_photo_alone(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    first, *_ = save_photos(source, 2)
    first.with_name(first.stem + HINTS).write_text('{"keep": [[9999, 1]]}')
    summary, listener = run(source, out, Options(mask=mask))
    assert (summary.done, summary.failed) == (1, 1)
    (failed,) = [outcome for outcome, _ in listener.outcomes if outcome.state == "failed"]
    assert "9999,1" in failed.message


def test_hints_are_listed_with_their_photo(tmp_path):
    (photo,) = save_photos(tmp_path / "in", 1)
    photo.with_name(photo.stem + HINTS).write_text("{}")
    (tmp_path / "list.txt").write_text(f"{photo}\n")
    for spec in (tmp_path / "in", tmp_path / "list.txt", photo):
        (source,) = list_sources(str(spec))
        assert hinted(source.stamp)
        assert source.stamp == stamp_of(str(photo))[1]
        assert len(parts(source.stamp)) == 2


def test_hints_in_a_store(tmp_path, mask):
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    first, second = save_photos(tmp_path / "in", 2)
    for name, photo in (("a", first), ("b", second)):
        system.pipe(f"/beside/in/{name}.jpg", photo.read_bytes())
    system.pipe("/beside/in/a.hints.json", json.dumps(STROKE).encode())
    try:
        listed = {source.key: hinted(source.stamp) for source in list_sources("memory://beside/in")}
        assert listed == {"a.jpg": True, "b.jpg": False}
        run("memory://beside/in", tmp_path / "out", Options(mask=mask))
        alpha = {name: np.asarray(Image.open(tmp_path / f"out/{name}.cutout.png"))[5, 8, 3] for name in "ab"}
        assert alpha["a"] == 255
        assert alpha["b"] == 0
    finally:
        system.rm("/beside", recursive=True)
