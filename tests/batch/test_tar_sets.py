"""Sets of photos in tar shards: one scale for a tar shard, or for a folder in however many of them."""

import json
import os
import signal

import cv2
import numpy as np
import pytest
from batch_helpers import command
from tar_helpers import box, read_tar, run, write_tar

from gigamatte.batch.tars.shard import Limits as TarLimits
from gigamatte.errors import UsageError
from gigamatte.options import Options

OPTIONS = Options(canvas="200x200", fill="80", kind="art", consistent=True)


def width(picture: bytes) -> int:
    """How wide the subject of a result is."""
    alpha = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    return int((alpha > 127).any(axis=0).sum())


def widths(out) -> dict[str, int]:
    """Of all results in tar shards, by the names of both."""
    inside = {path.stem: read_tar(path) for path in sorted(out.glob("*.tar"))}
    return {f"{stem}/{name}": width(data) for stem, found in inside.items() for name, data in found.items()}


@pytest.fixture
def articles(tmp_path):
    """Each tar shard with an article in no folder, and a part of the article shoe."""
    for number, (own, shoe) in enumerate([(50, 30), (20, 80), (100, 20)]):
        members = [("a.png", box(own, 20)), ("b.png", box(25, 20)), (f"shoe/{number}.png", box(shoe, 10))]
        write_tar(tmp_path / "in" / f"s{number}.tar", members)
    return tmp_path / "in"


#: of the articles above: in a tar shard by the photo that needs the smallest scale; of shoe 160 / 80 everywhere
EXPECTED = {
    "s0/a.cutout.png": 160, "s0/b.cutout.png": 80, "s0/shoe/0.cutout.png": 60,
    "s1/a.cutout.png": 128, "s1/b.cutout.png": 160, "s1/shoe/1.cutout.png": 160,
    "s2/a.cutout.png": 160, "s2/b.cutout.png": 40, "s2/shoe/2.cutout.png": 40,
}  # fmt: skip


def test_a_tar_shard_and_a_folder_in_several_are_sets(articles, tmp_path):
    out = tmp_path / "out"
    summary, listener = run(articles / "*.tar", out, OPTIONS)
    assert (summary.total, summary.done, summary.failed, summary.exit_code) == (9, 9, 0, 0)
    assert widths(out) == pytest.approx(EXPECTED, abs=1)
    # each photo is told of once, also shoe/0, which was cut again after s1 was known
    keys = [outcome.key for outcome, _ in listener.outcomes]
    assert len(keys) == len(set(keys)) == 9
    assert listener.files.count(str(out / "s0.tar")) == 2
    before = {path: path.read_bytes() for path in out.glob("*.tar")}
    again, listener = run(articles / "*.tar", out, OPTIONS)
    assert (again.done, again.unchanged, listener.outcomes, listener.files) == (0, 9, [], [])
    write_tar(articles / "s3.tar", [("shoe/3.png", box(100, 20))])
    summary, _ = run(articles / "*.tar", out, OPTIONS)
    assert (summary.total, summary.done, summary.exit_code) == (10, 1, 0)
    grown = {"s0/shoe/0.cutout.png": 48, "s1/shoe/1.cutout.png": 128, "s2/shoe/2.cutout.png": 32}
    assert widths(out) == pytest.approx({**EXPECTED, **grown, "s3/shoe/3.cutout.png": 160}, abs=1)
    (articles / "s3.tar").unlink()
    run(articles / "*.tar", out, OPTIONS)
    assert {path: path.read_bytes() for path in before} == before


def test_files_out_of_tar_shards_have_the_scale_of_their_set(articles, tmp_path):
    run(articles / "*.tar", tmp_path / "out", OPTIONS, files=True)
    found = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").glob("s*/**/*.png")}
    assert {name: width(path.read_bytes()) for name, path in found.items()} == pytest.approx(EXPECTED, abs=1)


def test_photos_of_a_folder_in_tar_shards_of_one_photo_each(tmp_path):
    for name, size in {"shoe/0": (30, 10), "shoe/1": (80, 10), "shoe/2": (20, 10), "hat": (50, 20)}.items():
        path = tmp_path / "shop" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(box(*size))
    summary, _ = run(tmp_path / "shop", tmp_path / "out", OPTIONS, TarLimits(photos=1))
    assert (summary.done, summary.exit_code) == (4, 0)
    found = {name.partition("/")[2]: width for name, width in widths(tmp_path / "out").items()}
    shoes = {f"shoe/{number}.cutout.png": width for number, width in enumerate((60, 160, 40))}
    assert found == pytest.approx({**shoes, "hat.cutout.png": 160}, abs=1)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("moment", ["ended", "settled"])
def test_a_run_that_is_killed_is_gone_on_with(articles, tmp_path, moment):
    out = tmp_path / "out"
    words = ("--canvas", "200x200", "--fill", "80", "--kind", "art", "--consistent", "--jobs", "1", "--memory", "3G")
    with command(articles / "*.tar", out, *words, "--json") as process:
        written = 0
        for line in process.stdout:
            event = json.loads(line)
            written += event["event"] == "written"
            # a photo of s2, before that is packed; or s0 for the second time, before s2 is
            if (moment == "ended" and event.get("path") == "s2.tar/shoe/2.png") or (
                moment == "settled" and written == 4
            ):
                os.killpg(process.pid, signal.SIGKILL)
                break
        process.communicate(timeout=60)
    summary, _ = run(articles / "*.tar", out, OPTIONS)
    assert (summary.total, summary.failed, summary.exit_code) == (9, 0, 0)
    assert widths(out) == pytest.approx(EXPECTED, abs=1)
    assert not list(out.rglob("work"))


def test_a_folder_in_tar_shards_of_several_machines_is_refused(articles, tmp_path):
    with pytest.raises(UsageError, match="has the folder shoe, which may go on in tar shards of other machines"):
        run(articles / "s[02].tar", tmp_path / "out", OPTIONS, shard=(1, 2))
    flat = write_tar(tmp_path / "flat" / "s0.tar", [("a.png", box(50, 20)), ("b.png", box(25, 20))]).parent
    for number in (1, 2):
        assert run(flat / "*.tar", tmp_path / "flat-out", OPTIONS, shard=(number, 2))[0].failed == 0
    assert widths(tmp_path / "flat-out") == pytest.approx({"s0/a.cutout.png": 160, "s0/b.cutout.png": 80}, abs=1)
