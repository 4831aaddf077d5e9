"""The review of tar shards: photos and results are shown from them, and what is marked is done again."""

import json
from dataclasses import replace

import pytest
from batch_helpers import save_photos
from tar_helpers import photo, read_tar, run, write_tar

from gigamatte.batch.overview import manifests_of
from gigamatte.batch.review.desk import Desk
from gigamatte.batch.tars.shard import Limits as TarLimits
from gigamatte.errors import MissingInput
from gigamatte.options import Options


@pytest.fixture
def options(mask) -> Options:
    return Options(mask=mask, refine="off")


def results_in(out) -> dict[str, bytes]:
    """By name: of tar shards their members, else files."""
    shards = sorted(out.glob("*.tar"))
    if shards:
        return {f"{path.stem}/{name}": data for path in shards for name, data in read_tar(path).items()}
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.glob("*/**/*.png")}


@pytest.mark.parametrize("files", [False, True])
def test_what_is_marked_in_tar_shards_is_done_again_and_nothing_else(tmp_path, options, files):
    for shard in range(2):
        members = [(f"set/{number}.jpg", photo(tmp_path, 10 * shard + number)) for number in range(2)]
        write_tar(tmp_path / "in" / f"s{shard}.tar", [*members, ("set/0.json", b"{}")])
    source, out = tmp_path / "in" / "*.tar", tmp_path / "out"
    run(source, out, options, files=files)
    before = results_in(out)
    desk = Desk(str(out), manifests_of(str(out)))
    cards = [card for card in desk.page(0)["photos"] if card["path"] == "set/1.jpg"]
    assert len(cards) == 2
    for card in cards:
        assert desk.thumbnail(card["id"], "photo")[0] == "image/jpeg"
        assert desk.thumbnail(card["id"], "result")[0] == "image/webp"
        assert '"kind":"photo"' in desk.viewer(card["id"])
    second = next(card["id"] for card in cards if card["id"].startswith("1-"))
    desk.mark(second, "redo")
    other = replace(options, under="black")
    summary, listener = run(source, out, other, files=files, redo=True)
    assert (summary.total, summary.done, summary.unchanged, summary.exit_code) == (4, 1, 3, 0)
    assert [outcome.key for outcome, _ in listener.outcomes] == ["s1.tar/set/1.jpg"]
    after = results_in(out)
    assert {name for name in before if before[name] != after[name]} == {"s1/set/1.cutout.png"}
    assert before.keys() == after.keys()
    assert next(card for card in desk.page(0)["photos"] if card["id"] == second)["redone"]
    none, listener = run(source, out, other, files=files, redo=True)
    assert (none.done, none.unchanged, listener.outcomes) == (0, 4, [])
    again, listener = run(source, out, options, files=files)  # it stays part of the batch
    assert (again.done, again.unchanged, listener.outcomes) == (0, 4, [])
    assert results_in(out) == after
    desk.mark(second, "redo")
    otherwise, _ = run(source, out, other, files=not files, redo=True)
    assert otherwise.stopped.startswith("the results of this batch are")
    assert results_in(out) == after
    (tmp_path / "in" / "s1.tar").unlink()
    with pytest.raises(MissingInput):
        desk.thumbnail(second, "photo")


def test_marked_photos_are_unpacked_elsewhere(tmp_path, options):
    """As on another machine of a cluster, or where OUT has been moved: they are the same photos."""
    source, out = tmp_path / "in" / "s.tar", tmp_path / "out"
    write_tar(source, [(f"{number}.jpg", photo(tmp_path, number)) for number in range(3)])
    run(source, out, options)
    before, moved = results_in(out), tmp_path / "moved"
    out.rename(moved)
    desk = Desk(str(moved), manifests_of(str(moved)))
    desk.mark(desk.page(0)["photos"][0]["id"], "redo")
    summary, _ = run(source, moved, replace(options, under="black"), redo=True)
    assert (summary.total, summary.done, summary.unchanged) == (3, 1, 2)
    after = results_in(moved)
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before) == 1
    again, _ = run(source, moved, options)
    assert (again.done, again.unchanged) == (0, 3)


def test_photos_of_a_folder_whose_results_are_in_tar_shards(tmp_path, options):
    source, out = tmp_path / "shop", tmp_path / "out"
    save_photos(source, 3)
    run(source, out, options, TarLimits(photos=2))
    before = results_in(out)
    desk = Desk(str(out), manifests_of(str(out)))
    last = desk.page(0)["photos"][-1]
    assert desk.thumbnail(last["id"], "photo")[0] == "image/jpeg"
    assert desk.thumbnail(last["id"], "result")[0] == "image/webp"
    desk.mark(last["id"], "redo")
    summary, listener = run(source, out, replace(options, under="black"), TarLimits(photos=2), redo=True)
    assert (summary.total, summary.done, summary.unchanged) == (3, 1, 2)
    assert [outcome.key for outcome, _ in listener.outcomes] == [last["path"]]
    after = results_in(out)
    assert len({name for name in before if before[name] != after[name]}) == 1
    again, _ = run(source, out, options, TarLimits(photos=2))
    assert (again.done, again.unchanged) == (0, 3)
    finished = [json.loads(path.read_text()) for path in out.rglob("finished.json")]
    assert [one["place"] for one in finished] == ["", ""]
