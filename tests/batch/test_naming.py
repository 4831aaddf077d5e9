import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigamatte.batch.naming import candidates, check_template, default_template, folded, shard_of, with_suffix
from gigamatte.errors import UsageError
from gigamatte.options import Options


def first(key: str, template: str = "{stem}.cutout.png") -> str:
    return next(candidates(key, template))


def test_results_keep_the_tree_and_say_what_they_are():
    assert first("a/b/c.jpg") == "a/b/c.cutout.png"
    assert first("a/b/c.jpg", "rmbg_{stem}.png") == "a/b/rmbg_c.png"
    assert first("IMG.0001.jpg") == "IMG.0001.cutout.png"
    assert default_template(Options()) == "{stem}.cutout.png"
    assert default_template(Options(format="webp", only="alpha")) == "{stem}.alpha.webp"


def test_the_same_stem_with_another_suffix_gets_a_name_of_its_own():
    assert list(candidates("x/a.png", "{stem}.cutout.png"))[:2] == ["x/a.cutout.png", "x/a.png.cutout.png"]


@pytest.mark.parametrize("template", ["{stem}.cutout.png", "{name}.png", "{name}"])
@pytest.mark.parametrize("letter", ["n", "é", "照", "\U0001f45f", "\udcff"])
def test_a_name_that_would_be_too_long_is_cut_and_told_apart(template, letter, tmp_path):
    whole = letter * (251 // len(os.fsencode(letter)))
    keys = [f"f/{whole}.jpg", f"f/{whole[:-1]}.webp", f"f/{whole[:-1]}.JPG"]
    for key in keys:
        *_, last = names = list(candidates(key, template))
        assert all(len(os.fsencode(name)) <= 255 + len("f/") for name in names)
        assert "~" in last
        assert last.startswith(f"f/{letter * 20}")
        (tmp_path / last.removeprefix("f/")).touch()
    assert len(list(tmp_path.iterdir())) == len(keys)


@pytest.mark.parametrize(
    "template", ["out.png", "{stem}/x.png", "{nothing}.png", "{stem", "{0}.png", ".{stem}.png", "{stem.x}.png"]
)
def test_a_template_that_cannot_work_is_refused(template):
    with pytest.raises(UsageError, match="name"):
        check_template(template)


@pytest.mark.parametrize(
    ("template", "options", "expected"),
    [
        ("{stem}", Options(), "{stem}.png"),
        ("rmbg_{stem}", Options(format="jpeg"), "rmbg_{stem}.jpg"),
        ("{stem}.webp", Options(), "{stem}.webp"),
        ("{name}", Options(), "{name}"),
        ("{stem}.{suffix}", Options(), "{stem}.{suffix}"),
    ],
)
def test_a_name_without_a_suffix_gets_the_formats(template, options, expected):
    assert with_suffix(template, options) == expected


NAMES = st.text(st.sampled_from("aB.é~"), min_size=1, max_size=4).filter(lambda name: not name.startswith("."))
KEYS = st.tuples(
    st.sampled_from(["", "f/"]), NAMES, st.sampled_from([".jpg", ".PNG", ".jpg.png", ".xyz", ".xyz.tif"])
).map("".join)


@given(
    st.sets(KEYS, max_size=12), st.sampled_from(["{stem}.cutout.png", "{name}.png", "r_{stem}.png"]), st.integers(1, 5)
)
def test_no_two_photos_of_any_shards_share_a_result(keys, template, shards):
    taken = {}
    for shard in range(shards):
        own = set()
        for key in sorted(key for key in keys if shard_of(key, shards) == shard):
            name = next(name for name in candidates(key, template) if folded(name) not in own)
            own.add(folded(name))
            assert folded(name) not in taken, (key, taken.get(folded(name)))
            taken[folded(name)] = key
    assert len(taken) == len(keys)


def test_shards_are_about_equal():
    counts = [0] * 8
    for number in range(4000):
        counts[shard_of(f"d/photo.{number:05}.jpg", 8)] += 1
    assert min(counts) > 400
    assert max(counts) < 600
