import os
from pathlib import Path

import pytest
from batch_helpers import save_photo

from gigamatte.batch.lists.patterns import compiled, fixed_part
from gigamatte.batch.lists.sources import list_sources
from gigamatte.errors import MissingInput, UsageError


def keys(spec: object, **more: str) -> list[str]:
    return [source.key for source in list_sources(str(spec), **more) if not source.refusal]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for name in ("b.jpg", "a/c.PNG", "a/b/d.webp", "a/e.tiff", "z.jpeg", ".hidden/f.jpg", "a/.g.jpg"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (root / "notes.txt").write_text("no photo")
    return root


def test_a_folder_gives_its_tree_in_a_fixed_order(tree):
    assert keys(tree) == ["b.jpg", "z.jpeg", "a/c.PNG", "a/e.tiff", "a/b/d.webp"]
    assert keys(tree) == keys(tree)


def test_the_output_folder_is_left_out(tree):
    save_photo(tree / "out" / "old.png")
    assert "out/old.png" in keys(tree)
    assert "out/old.png" not in keys(tree, out=str(tree / "out"))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jp*g", ["b.jpg", "z.jpeg"]),
        ("a/*", ["a/c.PNG", "a/e.tiff"]),
        ("a/**", ["a/c.PNG", "a/e.tiff", "a/b/d.webp"]),
        ("**/[!c]*.*", ["b.jpg", "notes.txt", "z.jpeg", "a/e.tiff", "a/b/d.webp"]),
        ("*.txt", ["notes.txt"]),
    ],
)
def test_a_pattern_chooses_by_name_or_path(tree, pattern, expected):
    assert keys(tree, pattern=pattern) == expected


def test_a_glob_is_an_input_too(tree):
    assert keys(tree / "a" / "*.*") == ["c.PNG", "e.tiff"]
    assert keys(f"{tree}/**/*.webp") == ["a/b/d.webp"]


def test_glob_words():
    assert fixed_part("/x/y/*/z?.jpg") == ("/x/y", "*/z?.jpg")
    assert fixed_part("*.jpg") == ("", "*.jpg")
    assert compiled("a[0-9].jpg").fullmatch("a5.JPG")
    assert not compiled("a[!0-9].jpg").fullmatch("a5.jpg")
    assert compiled("a+(1).jpg").fullmatch("a+(1).jpg")


def test_a_list_names_photos_anywhere(tree, tmp_path):
    elsewhere = save_photo(tmp_path / "elsewhere" / "x.jpg")
    listed = tree / "list.txt"
    listed.write_text(f"a/c.PNG\n\n{tree}/b.jpg\n{elsewhere}\ngone.jpg\n", "utf-8")
    found = list(list_sources(str(listed)))
    assert [source.key for source in found] == [
        "a/c.PNG", "b.jpg", elsewhere.relative_to(elsewhere.anchor).as_posix(), "gone.jpg"
    ]  # fmt: skip
    assert "there is no" in found[-1].refusal
    assert [bool(source.refusal) for source in found] == [False, False, False, True]


def test_a_list_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xff\xd8\x00binary\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        keys(path)


def test_one_photo_is_a_batch_of_one(tree):
    assert keys(tree / "b.jpg") == ["b.jpg"]


def test_what_is_not_there_is_said():
    with pytest.raises(MissingInput, match="there is no /nowhere"):
        keys("/nowhere/at/all")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_that_leave_the_folder_are_refused_and_loops_are_not_followed(tree, tmp_path):
    outside = save_photo(tmp_path / "secret" / "s.jpg")
    (tree / "out-link.jpg").symlink_to(outside)
    (tree / "in-link.jpg").symlink_to(tree / "b.jpg")
    (tree / "dangling.jpg").symlink_to(tree / "gone.jpg")
    (tree / "loop").symlink_to(tree)
    os.mkfifo(tree / "pipe.jpg")
    found = {source.key: source.refusal for source in list_sources(str(tree))}
    assert "leads outside" in found["out-link.jpg"]
    assert found["in-link.jpg"] == ""
    assert "not a file" in found["dangling.jpg"]
    assert "not a file" in found["pipe.jpg"]
    assert not any(key.startswith("loop") for key in found)


def test_uris_are_listed_through_fsspec(tmp_path):
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    system = fsspec.filesystem("memory")
    for name in ("m/in/b.jpg", "m/in/a/c.png", "m/in/a/readme.md", "m/in/out/old.png"):
        system.pipe(f"/{name}", b"xyz")
    try:
        assert keys("memory://m/in", out="memory://m/in/out") == ["b.jpg", "a/c.png"]
        assert keys("memory://m/in/**/*.png") == ["a/c.png", "out/old.png"]
        assert keys("memory://m/in/b.jpg") == ["b.jpg"]
        places = [source.place for source in list_sources("memory://m/in")]
        assert places[0] == "memory://m/in/b.jpg"
        system.pipe("/m/list.txt", b"in/b.jpg\nmemory://m/in/a/c.png\n")
        assert keys("memory://m/list.txt") == ["in/b.jpg", "in/a/c.png"]
    finally:
        system.rm("/m", recursive=True)


def test_a_stamp_changes_with_every_write_even_when_times_are_set_back(tree):
    path = tree / "b.jpg"
    (before,) = list_sources(str(path))
    times = path.stat()
    path.write_bytes(b"y")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    (after,) = list_sources(str(path))
    assert before.bytes == after.bytes
    assert before.stamp != after.stamp
