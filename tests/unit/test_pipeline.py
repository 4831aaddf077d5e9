"""Two Removers that share what is loaded: only where both need the same, and each is closed by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gigamatte import Options, Remover
from gigamatte.errors import UsageError
from gigamatte.testing.networks import warm_colours
from gigamatte.testing.photos import made_photo
from gigamatte.tools import Tools
from gigamatte.types import PixelArray, Size


@pytest.fixture(scope="module")
def photo() -> PixelArray:
    return made_photo(Size(400, 300)).photo


@pytest.fixture
def networks(tmp_path: Path) -> list[str]:
    names = []
    for side in (128, 96):
        path = tmp_path / f"warm{side}.onnx"
        path.write_bytes(warm_colours(side))
        names.append(str(path))
    return names


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"crop": True, "threads": 1, "background": "white"}, True),
        ({"model": "locator"}, False),
        ({"normalise": "imagenet"}, False),
        ({"device": "cpu"}, False),
        ({"require_device": True}, False),
        ({"refine": "off"}, False),
        ({"cache": "folder"}, False),
    ],
)
def test_what_can_be_shared(change: dict[str, Any], shared: bool) -> None:
    assert (Tools.key(Options()) == Tools.key(Options(**change))) is shared


def test_a_cache_of_another_size_is_another_cache() -> None:
    one, other = (Options(cache="folder", cache_size=size) for size in (1_000_000, 2_000_000))
    assert Tools.key(one) != Tools.key(other)


def test_sharing_with_another_model_does_not_answer_with_the_old_network(
    photo: PixelArray, networks: list[str]
) -> None:
    with Remover(Options(model=networks[0], refine="guided")) as remover:
        remover.cut(photo).close()
        with remover.sharing(Options(model=networks[1], refine="guided")) as other:
            assert other.network() is not remover.network()
            assert other.network().card.size == 96
            shared = other.cut(photo)
    with Remover(Options(model=networks[1], refine="guided")) as alone:
        assert np.array_equal(shared.alpha, alone.cut(photo).alpha)


def test_sharing_with_a_cache_uses_that_cache(photo: PixelArray, networks: list[str], tmp_path: Path) -> None:
    cached = Options(model=networks[0], refine="guided", cache=str(tmp_path / "cache"))
    with Remover(Options(model=networks[0], refine="guided")) as remover, remover.sharing(cached) as other:
        assert other.cut(photo).receipt.tiles["done"] > 0
        assert other.cut(photo).receipt.tiles["done"] == 0
        with other.sharing(Options(model=networks[0], refine="guided")) as plain:
            assert plain.cut(photo).receipt.tiles["done"] > 0
    assert (tmp_path / "cache").is_dir()


def test_closing_one_leaves_the_other_open(photo: PixelArray, networks: list[str]) -> None:
    options = Options(model=networks[0], refine="guided")
    remover = Remover(options)
    network = remover.network()
    sharer = remover.sharing(Options(model=networks[0], refine="guided", crop=True))
    assert sharer.network() is network
    sharer.close()
    sharer.close()  # once more does not count
    assert remover.network() is network
    before = remover.cut(photo).alpha
    other = remover.sharing(options)
    remover.close()
    assert other.network() is network
    assert np.array_equal(other.cut(photo).alpha, before)
    other.close()
    assert other.tools._network is None


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("what", ["photo", "mask", "keep", "drop", "background"])
def test_a_source_is_never_replaced(photo: PixelArray, tmp_path: Path, what: str, link: bool) -> None:
    names = {name: tmp_path / f"{name}.png" for name in ("photo", "mask", "keep", "drop", "background")}
    for path in names.values():
        cv2.imwrite(
            str(path), photo if path.stem in ("photo", "background") else np.full(photo.shape[:2], 255, np.uint8)
        )
    before = names[what].read_bytes()
    target = names[what]
    if link:
        target = tmp_path / "link.png"
        target.symlink_to(names[what])
    options = Options(refine="off", **({} if what == "photo" else {what: str(names[what])}))
    mask = str(names["mask"]) if what != "mask" else None
    with Remover(options) as remover, pytest.raises(UsageError, match=r"is the photo itself|is read for this cut"):
        remover.process(names["photo"], target, mask=mask, overwrite=True)
    assert names[what].read_bytes() == before


@pytest.mark.parametrize(("side", "loaded"), [(900, False), (150, True)])
def test_a_matte_is_lifted_without_the_refiners_network(tmp_path: Path, side: int, loaded: bool) -> None:
    made = made_photo(Size(1500, 1000), strands=40)
    exact = cv2.resize(made.alpha, (side, side * 2 // 3), interpolation=cv2.INTER_AREA)
    if loaded:  # such a mask only shows the contour
        exact = np.clip((cv2.GaussianBlur(exact, (0, 0), 1.0) - 0.5) * 1.5 + 0.5, 0, 1)
    with Remover(Options()) as remover:
        found = remover.cut(made.photo, mask=np.rint(exact * 255).astype(np.uint8)).receipt
        assert found.trust["answers"] == ("contour" if loaded else "matte")
        assert (remover.tools._refiner_engine is not None) == loaded


@pytest.mark.parametrize("ratio", [12, 2])
def test_threads_change_no_byte_of_a_result(ratio: int, tmp_path: Path) -> None:
    """Of a contour mask, and of a matte whose values are kept."""
    made = made_photo(Size(1300, 900), strands=20)
    shrunk = cv2.resize(made.alpha, (1300 // ratio, 900 // ratio), interpolation=cv2.INTER_AREA)
    mask = np.round(shrunk * 255).astype(np.uint8)
    results = []
    for threads in (1, 5):
        with Remover(Options(threads=threads)) as remover:
            receipt = remover.process(made.photo, tmp_path / f"{threads}.png", mask=mask)
        results.append((tmp_path / f"{threads}.png").read_bytes())
        assert receipt.tiles["done"] > 0
    assert results[0] == results[1]
