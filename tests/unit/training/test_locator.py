"""The locator's training recipe: what is held out, what is left out, and that made-up pictures keep their truth."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from training.locator import backgrounds, data, measure, shapes
from training.locator.compose import BEHIND, Studio, composite, cut_subject, place

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture
def cache(tmp_path):
    """A little cache: four cut-outs and four backgrounds by made-up names."""
    rng = np.random.default_rng(0)
    things = [(f"shape{i:05d}", shapes.make(np.random.default_rng([5, i]), None, 96)) for i in range(24)]
    data.write_source(tmp_path, "shapes", iter(things))
    photos = [(f"b{i}.jpg", rng.integers(0, 255, (80, 120, 3), np.uint8)) for i in range(40)]
    data.write_source(tmp_path, "backgrounds", iter(photos))
    return tmp_path


@pytest.mark.parametrize("source", data.SOURCES)
def test_split_keeps_groups_whole_and_holds_out_a_small_part(source):
    suffix = ".webp" if source in ("objects", "emoji") else ".jpg"
    scenes = ["camel", "cows", "libby", "car-shadow", "dog", "goat"]
    groups = scenes if source == "davis" else [f"thing{i}" for i in range(200)]
    joined = source in ("davis", "objects")
    names = [f"{g}_{k:02d}{suffix}" if joined else f"{g}{suffix}" for g in groups for k in range(3 if joined else 1)]
    held = {name for name in names if data.is_held_out(source, name)}
    assert 0 < len(held) < len(names) * (0.6 if source == "davis" else 0.25)
    assert not {data.group_of(source, n) for n in held} & {data.group_of(source, n) for n in set(names) - held}


def test_davis_scenes_held_out_are_those_named():
    assert data.is_held_out("davis", "camel_00003.jpg")
    assert not data.is_held_out("davis", "cows_00003.jpg")


def test_share_alike_backgrounds_are_left_out(tmp_path):
    folder = tmp_path / "backgrounds"
    folder.mkdir()
    rows = ["file\tlicence", "a.jpg\tCC BY-SA 4.0 (x)", 'b.jpg\tUnsplash "public domain"', "c.jpg\tcc-by-sa-4.0\tnote"]
    (folder / "LICENSES.tsv").write_text("\n".join(rows), encoding="utf-8")
    for name in "abc":
        (folder / f"{name}.jpg").touch()
    assert [path.name for path in data.picture_files(tmp_path, "backgrounds")] == ["b.jpg"]


@pytest.mark.shared
def test_no_file_of_the_evaluation_set_is_read():
    if not SHARED.is_dir():
        pytest.skip("needs the shared data beside the checkout")
    files = [path for source in data.FILED for path in data.picture_files(SHARED, source)]
    assert len(files) > 3000
    assert not [path for path in files if "eval" in path.relative_to(SHARED).parts]


def test_cache_gives_back_the_pixels_of_each_side(cache):
    index = json.loads((cache / "shapes.json").read_text(encoding="utf-8"))
    train, held = (data.open_pool(cache, "shapes", side) for side in (False, True))
    assert len(train) + len(held) == len(index)
    assert not {n for n, _, _ in train.index} & {n for n, _, _ in held.index}
    name = train.index[0][0]
    number = int(name.removeprefix("shape"))
    np.testing.assert_array_equal(train[0], shapes.make(np.random.default_rng([5, number]), None, 96))


def test_renders_that_the_frame_cuts_off_and_unfinished_ones_are_left_out(tmp_path):
    whole = np.zeros((60, 60, 4), np.uint8)
    whole[10:50, 10:50] = (10, 20, 200, 255)
    cut_off = np.roll(whole, 10, axis=0)
    for name, picture in (("0001-knit", whole), ("0002-toy", cut_off), ("0003-toy.part", whole)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    found = list(data.rendered_files(tmp_path))
    assert [name for name, _ in found] == ["0001-knit.png"]
    np.testing.assert_array_equal(found[0][1][30, 30], (200, 20, 10, 255))


def test_filling_removes_the_subject_and_keeps_the_rest():
    picture = np.full((64, 64, 4), 100, np.uint8)
    picture[..., 3] = 0
    picture[20:40, 20:40] = (255, 0, 0, 255)
    filled = data.without_subject(picture)
    assert np.abs(filled.astype(int) - 100).max() <= 3


def test_composite_is_repeatable_and_its_alpha_marks_the_pasted_thing(cache):
    everything = Studio.open(cache, ("shapes", "backgrounds"), held_out=False)
    first, again = (composite(np.random.default_rng(3), everything, 64) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = composite(np.random.default_rng(4), everything, 64)
    assert (first != other).any()
    assert first[..., 3].max() > 200


def test_rendered_places_are_backgrounds_only(cache, tmp_path):
    """They hold things that are no subject: used as backgrounds, never pasted, never as a picture without a subject."""
    folder = tmp_path / "made"
    folder.mkdir()
    for number in range(40):
        cv2.imwrite(str(folder / f"{number:04d}-place.png"), np.full((48, 64, 4), 255, np.uint8))
    assert data.write_source(cache, "places", data.places_files(folder)) == 40
    plain, with_places = (
        Studio.open(cache, ("shapes", "backgrounds", *more), held_out=False) for more in ((), ("places",))
    )
    assert with_places.cutouts.keys() == plain.cutouts.keys() == {"shapes"}
    assert len(with_places.emptied) == len(plain.emptied) + 1
    assert with_places.emptied[-1][0].shape == (48, 64, 3)


def test_placing_keeps_the_cut_outs_colour_and_area():
    cutout = np.full((50, 100, 4), 255, np.uint8)
    cutout[..., :3] = (10, 200, 30)
    colour, alpha = place(np.random.default_rng(1), cutout, 128, 1.0, 0.5, upright=True)
    inside = alpha[..., 0] > 0.99
    assert alpha.sum() == pytest.approx(64 * 32, rel=0.05)
    np.testing.assert_allclose(colour[inside], np.tile([10, 200, 30], (inside.sum(), 1)), atol=1)


def test_photo_masks_are_drawn_in_before_pasting():
    picture = np.zeros((80, 80, 4), np.uint8)
    picture[20:60, 20:60] = 255
    cut = cut_subject(np.random.default_rng(0), "cats", picture)
    assert cut is not None
    assert cut[..., 3].astype(float).sum() / 255 < 40 * 40
    assert cut_subject(np.random.default_rng(0), "cats", np.zeros((80, 80, 4), np.uint8)) is None


def test_made_up_things_have_solid_insides_and_soft_edges():
    alphas = [shapes.make(np.random.default_rng([9, i]), None, 96)[..., 3] for i in range(12)]
    assert all(alpha.max() == 255 for alpha in alphas)
    assert all(((alpha > 0) & (alpha < 255)).any() for alpha in alphas)


def test_studio_background_stays_in_range():
    for seed in range(8):
        image = backgrounds.studio(np.random.default_rng(seed), 48)
        assert image.shape == (48, 48, 3)
        assert image.min() >= 0
        assert image.max() <= 255


def test_iou():
    truth = np.zeros((4, 4), bool)
    truth[:2] = True
    guess = np.zeros((4, 4), np.float32)
    guess[1:3] = 0.9
    assert measure.iou(guess, truth) == pytest.approx(4 / 12)
    assert measure.iou(np.zeros((4, 4), np.float32), np.zeros((4, 4), bool)) == 1.0


def test_composed_pictures_number_their_subjects(cache):
    everything = Studio.open(cache, ("shapes", "backgrounds"), held_out=False)
    picture = composite(np.random.default_rng(3), everything, 64)
    assert picture.shape == (64, 64, 5)
    assert set(np.unique(picture[..., 4])) <= {0, 1, 2, 3, BEHIND}
    assert picture[picture[..., 3] > 250][:, 4].min() >= 1


def test_schedule_and_network_with_torch():
    torch = pytest.importorskip("torch", reason="training needs PyTorch; the package does not")
    from training.locator.model import Attention, Locator, fold
    from training.locator.train import Plan

    plan = Plan(minutes=10)
    assert plan.rate(0.04) == pytest.approx(plan.peak_rate)
    assert plan.rate(1.0) == pytest.approx(0, abs=1e-9)
    assert plan.phase(0.99)[0] == plan.phases[-1][1]
    model = Locator().eval()
    assert sum(p.numel() for p in model.parameters()) <= 6_000_000
    pixels, hints = torch.randn(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    before = model(pixels)
    assert before.shape == (1, 1, 64, 64)
    torch.testing.assert_close(model(pixels, hints), before, atol=1e-5, rtol=1e-5)  # hints say nothing yet
    torch.testing.assert_close(fold(model)(pixels), before, atol=1e-4, rtol=1e-4)
    features = torch.randn(2, 32, 5, 7)
    attention = Attention(32).eval()
    attention.begin()
    torch.testing.assert_close(attention(features), features)


def test_shipped_graphs_are_the_trained_network(tmp_path):
    torch = pytest.importorskip("torch", reason="training needs PyTorch; the package does not")
    from training.locator.export import export, read_weights
    from training.locator.model import HINTED, Locator

    torch.manual_seed(1)
    model = Locator().eval()
    for stride in HINTED:  # hints that say something
        torch.nn.init.normal_(model.hints[str(stride)].say.weight, std=0.05)
    for value in model.parameters():  # as in a trained network, no two are alike: the exporter would merge them
        if value.ndim == 1 or not value.any():
            torch.nn.init.normal_(value.data, 0.05, 0.02)
    export(model, tmp_path, 64, {"pictures": "7"})
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 12_000_000
    again, pictures = read_weights(tmp_path)
    assert pictures == 7
    pixels, hints = torch.randn(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(again.eval()(pixels, hints), model(pixels, hints), atol=0.05, rtol=0.05)


def test_a_simulated_person_points_well_inside_what_is_meant():
    torch = pytest.importorskip("torch", reason="training needs PyTorch; the package does not")
    from training.locator.clicks import first_clicks, meant, next_click

    torch.manual_seed(2)
    numbers = torch.zeros(8, 1, 64, 64)
    numbers[:, :, 8:28, 8:28], numbers[:, :, 36:60, 36:60] = 1, 2
    target = (numbers > 0).float()
    wanted = meant(target, numbers)
    areas = {float(area) for area in wanted.sum((1, 2, 3))}
    assert areas <= {400.0, 576.0, 976.0}
    assert len(areas) > 1
    keep, drop = first_clicks(wanted, numbers)
    assert float(keep.sum()) > 0
    assert float((keep * (1 - wanted)).sum()) == 0
    assert float((drop * wanted).sum()) == 0
    more, _ = next_click(torch.zeros_like(wanted), wanted, torch.zeros_like(keep), drop)
    assert float((more * (1 - wanted)).sum()) == 0
    assert (more.sum((1, 2, 3)) > 0).all()


def test_pictures_answered_badly_are_drawn_more_often():
    torch = pytest.importorskip("torch", reason="training needs PyTorch; the package does not")
    from training.locator.loss import locator_loss
    from training.locator.store import LARGEST, SMALLEST, Store

    target = torch.zeros(2, 1, 32, 32)
    target[:, :, 8:24, 8:24] = 1
    right, wrong = (target * 2 - 1) * 9, (1 - target * 2) * 9
    outputs = [torch.stack([right[0], wrong[1]]), torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 2, 2)]
    losses = locator_loss(outputs, target)
    assert losses[1] > losses[0] + 1

    store = Store.__new__(Store)  # without its processes: the pictures are given
    store.size = store.made = 2
    store.shown = 0
    store._pictures = torch.zeros(2, 32, 32, 5, dtype=torch.uint8)
    store._pictures[1, ..., 4] = 1  # tells which of the two was drawn
    store._chances = torch.full((2,), LARGEST)
    store.draw(32, 2)
    store.answered(torch.where(store._drawn == 1, 5.0, 0.0))
    torch.manual_seed(3)
    drawn = [int(store.draw(32, 1)[2].max()) for _ in range(300)]
    share = LARGEST / (LARGEST + SMALLEST)
    assert sum(drawn) / 300 == pytest.approx(share, abs=0.06)


def test_the_first_blocks_can_stay_as_they_are():
    torch = pytest.importorskip("torch", reason="training needs PyTorch; the package does not")
    from training.locator.train import Plan, Trainer

    trainer = Trainer(Plan(minutes=1, still=4), (), "cpu")
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    trainer.model.train()
    trainer.model.encoder.eval()
    for group in trainer.optimiser.param_groups:
        group["lr"] = 1e-2
    target = torch.zeros(2, 1, 64, 64)
    target[:, :, 16:48, 16:48] = 1
    trainer.round(torch.randn(2, 3, 64, 64), target, target)
    moved = {name for name, value in trainer.model.named_parameters() if not torch.equal(value, before[name])}
    assert not any(name.startswith(("encoder._conv_stem", "encoder._blocks.3.")) for name in moved)
    assert any(name.startswith("encoder._blocks.4.") for name in moved)
    assert not any("_depthwise_conv" in name for name in moved)
    assert any(name.startswith("hints.") for name in moved)


def test_weights_between_two_networks_are_exported(tmp_path):
    torch = pytest.importorskip("torch", reason="training needs PyTorch; the package does not")
    pytest.importorskip("onnx", reason="exporting needs onnx; the package does not")
    from training.locator.export import between, export, read_weights
    from training.locator.model import Locator

    torch.manual_seed(4)
    start, further = Locator().eval(), Locator().eval()
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for values in (*start.parameters(), *further.parameters()):
            values.add_(0.01 * torch.randn_like(values))  # what is equal, the exporter would store once
        for share, answer in ((0, start(pixels)), (1, further(pixels))):
            torch.testing.assert_close(between(further, start, share)(pixels), answer, atol=1e-4, rtol=1e-4)
        halfway = between(further, start, 0.5)
        export(halfway, tmp_path, 64, {})
        read, _ = read_weights(tmp_path)
        torch.testing.assert_close(read.eval()(pixels), halfway(pixels), atol=5e-3, rtol=5e-3)
