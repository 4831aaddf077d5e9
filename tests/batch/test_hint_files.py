"""NAME.hints.json beside a photo: what is meant in it, and part of what its result is made of."""

import json
import os

import numpy as np
import pytest
from batch_helpers import pictures, rows, run, save_photo, save_photos, states
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


HOSTILE = {
    "too many parts": b"[" + b"[]," * 600_000 + b"1]",
    "numbers without end": b'{"box": [' + b"1.5," * 1_100_000 + b"1]}",
    "too long": b" " * (33 << 20),
    "nested without end": b"[" * 100_000,
    "a number of 400 digits": b'{"keep": [[1' + b"0" * 400 + b", 1]]}",
    "a number of 5000 digits": b'{"keep": [[1' + b"0" * 5000 + b", 1]]}",
    "infinite": b'{"keep": [[1e999, 1]]}',
    "long words": b'{"keep": "' + b"x" * 3_000_000 + b'"}',
    "a long name": b'{"' + b"k" * 3_000_000 + b'": 1}',
    "a long kind": b'{"strokes": [{"kind": "' + b"k" * 3_000_000 + b'", "points": [[1, 1]], "radius": 1}]}',
    "no object": b"null",
    "half of two bytes": b"\xff\xfe{",
}


@pytest.mark.skipif(os.name == "nt", reason="pipes and links of POSIX")
@pytest.mark.parametrize("way", ["folder", "list"])
def test_hostile_hints_fail_their_photo_in_one_short_line(way, tmp_path, mask):
    source = tmp_path / "in"
    names = [*HOSTILE, "pipe", "folder", "outside", "nowhere", "circle", "device"]
    for name in (*names, "good"):
        save_photo(source / f"{name}.jpg", 1)
    for name, data in HOSTILE.items():
        (source / f"{name}.hints.json").write_bytes(data)
    (tmp_path / "secret.json").write_text('{"password": 1}')
    os.mkfifo(source / "pipe.hints.json")
    (source / "folder.hints.json").mkdir()
    for name, target in (
        ("outside", "../secret.json"), ("nowhere", "../no"), ("circle", "circle.hints.json"), ("device", "/dev/zero"),
    ):  # fmt: skip
        os.symlink(target, source / f"{name}.hints.json")
    os.symlink("loop.jpg", source / "loop.jpg")
    given = source
    if way == "list":
        given = source / "list.txt"
        given.write_text("\n".join(f"{name}.jpg" for name in (*names, "loop", "good")))
    summary, _ = run(given, tmp_path / "out", Options(mask=mask, refine="off"))
    assert (summary.done, summary.failed) == (1, len(names) + 1)
    table = rows(tmp_path / "out" / ".gigamatte" / "1-of-1.sqlite")
    assert all(len(row["message"]) < 400 for row in table.values() if row["state"] != "done")
    if way == "folder":
        assert not any("password" in str(row["message"]) for row in table.values())
        assert "its hints are not a file" in table["pipe.jpg"]["message"]
