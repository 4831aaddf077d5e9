"""What the manifest keeps, in few bytes, and gives back exactly; how earlier versions become it."""

import hashlib
import random
import sqlite3

import pytest
from batch_helpers import make_older, rows, run, save_photos
from hypothesis import given
from hypothesis import strategies as st

from gigamatte.batch.compact import Form, Receipts, outcome_stamp, parts_of, stamp_number
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.migrate import Templates
from gigamatte.batch.naming import candidates
from gigamatte.batch.open_manifest import open_tables
from gigamatte.batch.task import Outcome, Source
from gigamatte.options import Options

TEMPLATE = "{stem}.cutout.png"
#: what os.fsdecode gives: characters, and for bytes that are no UTF-8 the surrogates U+DC80…U+DCFF, no others
LETTERS = st.characters(codec="utf-8", exclude_characters="\0/\n") | st.characters(
    min_codepoint=0xDC80, max_codepoint=0xDCFF
)
NAMES = st.text(LETTERS, min_size=1, max_size=12).filter(lambda text: text not in (".", ".."))


def receipt_of(number, source="/in/a.jpg", output="/out/a.png"):
    chance = random.Random(number)
    return {
        "input": source, "output": output, "outputs": [output], "width": 4000, "height": 3000, "schema": 1,
        "model": {"name": "locator", "licence": "Apache-2.0", "sha256": "a8bcc1b4" * 8}, "device": "cpu",
        "seconds": {stage: round(chance.random(), 3) for stage in ("read", "network", "matte", "colours", "write")},
        "doubt": {"score": round(chance.random(), 4), "band": round(chance.random(), 4), "subjects": 1.0},
        "peak_rss_mb": round(chance.uniform(300, 900), 3), "warnings": [], "error": None,
        "subject": {"left": chance.randrange(900), "top": chance.randrange(900), "width": 900, "height": 40},
    }  # fmt: skip


def sources(count):
    keys = [f"2026/studio-{number // 100:03}/IMG_{number:07}.jpg" for number in range(count)]
    return [Source(key, f"/data/shop/{key}", 3_000_000 + len(key), f"{key}-1-2-3") for key in keys]


def fill(manifest, found):
    manifest.begin("a test", "1")
    manifest.enlist(found, "config", TEMPLATE, lambda _: None)
    while tasks := manifest.claim(32, lambda key: f"/out/{key}", lambda _: {}):
        manifest.record(
            Outcome(
                task.key, "done", f"{hash_of(task.key)}", "s", hash_of(task.key + "r"), 5_000_000, "9-9",
                receipt_of(number, task.source, task.target), 1.234,
            )
            for number, task in enumerate(tasks)
        )  # fmt: skip


def hash_of(text):
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def test_a_photo_takes_at_most_three_hundred_bytes(tmp_path):
    path = tmp_path / "m.sqlite"
    found = sources(3000)
    with Manifest(path) as manifest:
        fill(manifest, found)
    assert path.stat().st_size / len(found) <= 300
    with Manifest(path) as manifest:
        manifest.run = 1
        told_rows = list(manifest.rows())
    assert [row["key"] for row in told_rows] == [source.key for source in found]
    for number in (0, 31, 1500, 2999):
        row, source = told_rows[number], found[number]
        assert (row["source"], row["target"]) == (source.place, source.key.replace(".jpg", ".cutout.png"))
        assert row["receipt"] == receipt_of(number % 32, source.place, f"/out/{row['target']}")
        assert (row["fingerprint"], row["sha256"]) == (hash_of(row["key"]), hash_of(row["key"] + "r"))
        assert (row["seconds"], row["megapixels"], row["bytes"]) == (1.234, 12.0, source.bytes)


def test_names_that_are_no_utf8_come_back(tmp_path):
    odd = Source("a\udce9/b\udcff.jpg", "/in/a\udce9/b\udcff.jpg", 9, "s")
    plain = Source("a/é.jpg", "/in/a/é.jpg", 9, "s")
    with Manifest(tmp_path / "m.sqlite") as manifest:
        fill(manifest, [odd, plain])
        found = {row["key"]: row for row in manifest.rows()}
    assert set(found) == {odd.key, plain.key}
    assert found[odd.key]["source"] == odd.place
    assert found[odd.key]["target"] == "a\udce9/b\udcff.cutout.png"
    assert found[odd.key]["receipt"]["input"] == odd.place
    assert found[plain.key]["target"] == "a/é.cutout.png"


TEMPLATES = ("{stem}.cutout.png", "rmbg_{stem}.png", "{name}.png", "{{{stem}}}é.png", "{stem}.{suffix}", "{stem}{stem}")


@given(folder=st.lists(NAMES, max_size=2), name=NAMES, template=st.sampled_from(TEMPLATES))
def test_the_template_is_found_from_key_and_target(folder, name, template):
    key, form = "/".join([*folder, name]), Form.of(template)
    assert (form is None) == (template in TEMPLATES[-2:])
    for target in candidates(key, template) if form else ():
        stem = form.stem(key, target)
        assert stem is None or form.target(key, stem) == target
    first = next(candidates(key, template))
    guessed = Form.of(Templates().of(key, first))
    assert guessed is None or guessed.target(key, guessed.stem(key, first)) == first


@given(
    st.dictionaries(st.text(max_size=9), st.floats(allow_nan=False) | st.text(max_size=30) | st.integers(), max_size=5)
)
def test_a_receipt_comes_back(more):
    receipts = Receipts({})
    for number in range(3):
        receipt = receipt_of(number, '/in/\\x"é.jpg', '/out/\\x"é.png') | more
        packed, _ = receipts.pack(receipt, '/in/\\x"é.jpg', '/out/\\x"é.png')
        assert receipts.unpack(packed, '/in/\\x"é.jpg', '/out/\\x"é.png') == receipt


def test_stamps_of_two_files():
    assert outcome_stamp("12-a+34-b", 2) == f"{stamp_number('12-a')}+{stamp_number('34-b')}"
    assert parts_of(outcome_stamp("12-a+34-b", 2), 2) == [stamp_number("12-a"), stamp_number("34-b")]
    assert parts_of("12-a+34-b", 2) == [stamp_number("12-a"), stamp_number("34-b")]  # of an earlier version
    assert parts_of("12-a+b", 1) == [stamp_number("12-a+b")]  # a store's tag
    assert outcome_stamp(None, 1) is None


@pytest.mark.parametrize("version", [1, 3, 5])
def test_an_earlier_manifest_goes_on(tmp_path, mask, version):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 4)
    (source / "bad.jpg").write_bytes(b"junk")
    run(source, out, Options(mask=mask))
    path = out / ".gigamatte" / "1-of-1.sqlite"
    before = rows(path)
    make_older(path, version)
    (out / "set0" / "photo000.cutout.png").unlink()
    summary, listener = run(source, out, Options(mask=mask))
    assert (summary.done, summary.unchanged, summary.failed) == (1, 3, 1)
    assert rows(path).keys() == before.keys()
    names = ("source", "target", "sha256", "fingerprint", "state", "code", "doubt")
    assert [[row[name] for name in names] for row in rows(path).values()] == [
        [row[name] for name in names] for row in before.values()
    ]
    again, listener = run(source, out, Options(mask=mask, crop=True))  # its files are known as ours
    assert (again.done, again.kept) == (4, 0), listener.outcomes


def test_a_take_over_that_is_cut_short_leaves_the_earlier_manifest(tmp_path, mask, monkeypatch):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 3)
    run(source, out, Options(mask=mask))
    path = out / ".gigamatte" / "1-of-1.sqlite"
    make_older(path, 5)
    before = rows(path)
    monkeypatch.setattr("gigamatte.batch.migrate.Templates.of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_tables(path)
    assert rows(path) == before
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    summary, _ = run(source, out, Options(mask=mask))
    assert (summary.unchanged, summary.done) == (3, 0)


def test_a_run_goes_on_before_its_list_has_come_there(tmp_path):
    found = sources(200)
    stamps = {source.place: source.stamp for source in found}
    with Manifest(tmp_path / "m.sqlite") as manifest:
        manifest.begin("a test", "1", listing="same")
        manifest.enlist(found, "config", TEMPLATE, lambda _: None)
    with Manifest(tmp_path / "m.sqlite") as manifest:
        assert manifest.begin("a test", "1", listing="same") == []
        stamps[found[1].place] = "changed"
        del stamps[found[2].place]
        assert manifest.bring_forward(8, lambda places: {at: stamps[at] for at in places if at in stamps}) == 6
        tasks = manifest.claim(99, str, lambda _: {}, complete=False)
        assert [task.key for task in tasks] == [source.key for source in (found[0], *found[3:8])]
        listed = [found[0], Source(found[1].key, found[1].place, 5, "changed"), *found[3:]]
        counts, again, _ = manifest.enlist(listed, "config", TEMPLATE, lambda _: None)
        assert (counts.total, again) == (199, 0)  # each counts once, and what has gone does not
        manifest.listed()
        assert manifest.bring_forward(8, lambda places: stamps) == 0
        assert len(manifest.claim(999, str, lambda _: {})) == 193
        assert manifest.counts().total == 199
    with Manifest(tmp_path / "m.sqlite") as manifest:
        manifest.begin("a test", "1", listing="another")
        assert manifest.bring_forward(8, lambda places: stamps) == 0


def test_anybody_may_read_it(tmp_path, mask):
    """With nothing but SQLite: as the page on batches says."""
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 2)
    (source / "bad.jpg").write_bytes(b"junk")
    run(source, out, Options(mask=mask))
    database = sqlite3.connect(out / ".gigamatte" / "1-of-1.sqlite")
    try:
        failed = database.execute("SELECT key, message FROM photos WHERE state = 'quarantined'").fetchall()
    finally:
        database.close()
    assert [key for key, _ in failed] == ["bad.jpg"]
