"""The refiner's training recipe: what it may read, that made-up scenes keep their truth, that masks stay in range."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from training.refiner import coarse, located, photo, renders, scenes, shapes, steps, strands, textures

RECIPE = Path(textures.__file__).parent


def write_picture(path: Path, shape: tuple[int, ...], seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, shape, np.uint8)
    if shape[2] == 4:
        pixels[..., 3] = 0
        cv2.circle(pixels, (shape[1] // 2, shape[0] // 2), shape[0] // 3, (40, 90, 200, 255), -1)
    assert cv2.imwrite(str(path), pixels)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder with everything the recipe reads, and an ``eval`` folder that it must not."""
    root = tmp_path_factory.mktemp("recipe") / "data"
    for number in range(24):
        write_picture(root / "backgrounds" / f"b{number}.jpg", (60, 90, 3), number)
        write_picture(root / "train" / "people" / f"{number:04d}.jpg", (60, 40, 3), number)
        write_picture(root / "train" / "cats" / f"cat{number:04d}.jpg", (50, 50, 3), number)
        write_picture(root / "train" / "emoji" / f"e{number}.webp", (64, 64, 4), number)
        write_picture(root / "train" / "objects" / f"o{number}_00.webp", (64, 64, 4), number)
        write_picture(root / "eval" / "photos" / f"GT{number}.png", (64, 64, 3), number)
        write_picture(root / "eval" / "renders" / f"r{number}.png", (64, 64, 4), number)
    (root / "backgrounds" / "LICENSES.tsv").write_text("b3.jpg\tCC BY-SA 4.0\n", "utf-8")
    return root


@pytest.fixture(scope="module")
def built(data, tmp_path_factory):
    """The textures of that data, ready for scenes."""
    cache = tmp_path_factory.mktemp("textures")
    textures.build(data, cache)
    return cache


@pytest.fixture
def opened(monkeypatch):
    """Paths of all files opened, by Python or by OpenCV."""
    paths: list[str] = []
    real = cv2.imread

    def imread(path, *rest):
        paths.append(str(path))
        return real(path, *rest)

    monkeypatch.setattr(cv2, "imread", imread)
    recording = [True]

    def hook(event, arguments):
        if recording[0] and event == "open":
            paths.append(str(arguments[0]))

    sys.addaudithook(hook)
    yield paths
    recording[0] = False


def test_no_file_under_eval_is_read(data, tmp_path, opened):
    cache = tmp_path / "cache"
    cache.mkdir()
    textures.build(data, cache)
    scenes.write(data, cache, "scenes", 24, 1, held_out=False)
    assert any("emoji" in path or "objects" in path for path in opened)
    assert any("cats" in path for path in opened)
    assert not [path for path in opened if "eval" in Path(path).relative_to(Path(path).anchor).parts]


def test_share_alike_backgrounds_are_not_read(data, tmp_path, opened):
    cache = tmp_path / "cache"
    cache.mkdir()
    textures.build(data, cache)
    names = {Path(path).name for path in opened}
    assert "b2.jpg" in names
    assert "b3.jpg" not in names


def test_no_name_in_the_recipe_mentions_eval_folders():
    paths = list(RECIPE.glob("*.py"))
    assert len(paths) > 5
    for path in paths:
        assert "eval/" not in path.read_text("utf-8"), path.name


def test_both_sides_of_the_split_share_no_picture(data, tmp_path, opened):
    sides = []
    for held_out in (False, True):
        opened.clear()
        list(textures.squares(data, held_out, 5))
        sides.append({path for path in opened if path.endswith((".jpg", ".webp"))})
    assert all(sides)
    assert not sides[0] & sides[1]


@pytest.mark.parametrize("kind", list(scenes.KINDS))
def test_scenes_are_seeded_and_have_something_to_decide(data, built, kind, monkeypatch):
    monkeypatch.setattr(scenes, "KINDS", {kind: 1.0})
    maker = scenes.Scenes(data, built, held_out=False)
    first, again, other = (maker.make(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert first.shape == (textures.SIDE, textures.SIDE, 4)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert 0 < first[..., 3].mean() < 255


def test_a_filled_polygon_has_its_exact_area():
    canvas = strands.blank()
    square = np.array([[40.0, 40.0], [199.0, 40.0], [199.0, 159.0], [40.0, 159.0]], np.float32)
    strands.fill(canvas, square)
    alpha = strands.averaged(canvas)
    # corners are pixel centres, and a fill covers its own border: half a fine pixel more on every side
    assert alpha.sum() == pytest.approx(159 * 119, rel=0.01)
    assert set(np.unique(alpha[60:100, 60:100])) == {1.0}


def test_a_thin_strand_covers_about_its_width():
    canvas = strands.blank()
    line = np.stack([np.linspace(20, 300, 14), np.full(14, 160.0)], axis=1)[None].astype(np.float32)
    strands.stroke(canvas, line, 2.0, taper=False)
    assert strands.averaged(canvas).sum() / 280 == pytest.approx(2.0, rel=0.2)


def test_defocus_keeps_the_mean_of_alpha():
    alpha = np.zeros((textures.SIDE,) * 2, np.float32)
    alpha[100:220, 100:220] = 1
    for seed in range(8):
        soft = shapes.soften(np.random.default_rng(seed), alpha)
        assert soft.mean() == pytest.approx(alpha.mean(), rel=0.02)


def test_an_opaque_scene_hides_its_background():
    rng = np.random.default_rng(1)
    front, behind = rng.random((2, 8, 8, 3), np.float32)
    for linear in (False, True):
        np.testing.assert_allclose(
            photo.composite(front, behind, np.ones((8, 8), np.float32), linear), front, atol=1e-6
        )
        np.testing.assert_allclose(
            photo.composite(front, behind, np.zeros((8, 8), np.float32), linear), behind, atol=1e-6
        )


@pytest.mark.parametrize("level", [1, 2, 3])
def test_coarse_masks_lie_on_their_level_and_in_range(level):
    alpha = np.zeros((textures.SIDE,) * 2, np.float32)
    alpha[:, 150:] = 1
    for seed in range(20):
        mask, blur = coarse.simulate(np.random.default_rng(seed), alpha, level)
        assert mask.shape == (textures.SIDE >> level,) * 2
        assert mask.min() >= 0
        assert mask.max() <= 1
        assert 0.4 <= blur <= 2.5
        assert np.isfinite(mask).all()


def test_a_walk_ends_at_the_exact_alpha_when_each_step_is_exact():
    rng = np.random.default_rng(2)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, 20:] = 255
    pictures = steps.pyramid(rng.integers(0, 255, (64, 64, 3), np.uint8), 2)
    exact = steps.pyramid(alpha, 2)
    walk = steps.Walk(pictures, exact, exact[2], 0.8, 2)
    while walk.level:
        walk.taken(walk.exact[walk.level - 1], np.ones(walk.exact[walk.level - 1].shape, bool))
    np.testing.assert_array_equal(walk.alpha, exact[0])


def test_colours_reach_beyond_a_cut_out():
    alpha = np.zeros((textures.SIDE,) * 2, np.float32)
    alpha[:, :100] = 1
    colour = np.full((textures.SIDE, textures.SIDE, 3), 0.8, np.float32)
    spread = scenes.spread(colour * alpha[..., None], alpha)
    np.testing.assert_allclose(spread[:, :100], 0.8, atol=1e-3)
    np.testing.assert_allclose(spread[:, 100:110], 0.8, atol=0.02)


def test_only_pictures_with_alpha_count_as_renders(tmp_path):
    write_picture(tmp_path / "rgb.png", (20, 20, 3), 1)
    write_picture(tmp_path / "r0.part.png", (400, 420, 4), 1)
    names = [f"r{number}.png" for number in range(30)]
    for number, name in enumerate(names):
        write_picture(tmp_path / name, (400, 420, 4), number)
    kept, held = (renders.RenderScenes(tmp_path, held_out=side) for side in (False, True))
    assert {path.name for path in [*kept.paths, *held.paths]} == set(names)
    assert len(kept) > len(held) > 0
    assert kept.draw(np.random.default_rng(0)).shape == (textures.SIDE, textures.SIDE, 4)


def test_squares_of_whole_scenes_carry_the_locators_own_mask(tmp_path):
    ball = np.zeros((900, 900, 4), np.uint8)
    cv2.circle(ball, (450, 450), 360, (30, 60, 220, 255), -1, cv2.LINE_AA)
    for angle in np.random.default_rng(3).uniform(0, 2 * np.pi, 900):  # its hair
        tip = (int(450 + 400 * np.cos(angle)), int(450 + 400 * np.sin(angle)))
        cv2.line(ball, (450, 450), tip, (30, 60, 220, 255), 2, cv2.LINE_AA)
    cv2.circle(ball, (320, 300), 90, (160, 180, 250, 255), -1, cv2.LINE_AA)
    (tmp_path / "renders").mkdir()
    names = [name for name in (f"{n}-ball.png" for n in range(9)) if not renders.is_held_out(name)]
    assert cv2.imwrite(str(tmp_path / "renders" / names[0]), ball)
    (tmp_path / "backgrounds").mkdir()
    (tmp_path / "backgrounds" / "LICENSES.tsv").touch()
    rows = np.linspace(90, 160, 1200).astype(np.uint8)
    for number in range(3):
        cv2.imwrite(
            str(tmp_path / "backgrounds" / f"plain{number}.jpg"), np.repeat(rows[:, None, None], 1300, 1).repeat(3, 2)
        )
    counts = located.build(tmp_path, tmp_path / "renders", tmp_path, count=4, seed=1)
    scenes_there = located.LocatedScenes(tmp_path)
    (level,) = [level for level, count in counts.items() if count]
    assert scenes_there.has(level)
    walk = scenes_there.walk(np.random.default_rng(2), level)
    exact, rough = walk.exact[level], walk.alpha
    assert exact.shape == rough.shape == (located.SIDE >> level,) * 2
    # turned alike, and found in about the right place
    assert np.corrcoef(exact.ravel(), rough.ravel())[0, 1] > 0.9
    assert 0.4 <= walk.blur <= 2.5
