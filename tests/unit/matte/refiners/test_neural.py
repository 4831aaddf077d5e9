"""The learned refiner: packing, what a network that says nothing gives, constants, shapes, wrong files."""

import dataclasses

import numpy as np
import pytest

from gigamatte.errors import WeightsRefused
from gigamatte.matte.refiners import evidence as ev
from gigamatte.matte.refiners.base import LevelPatch
from gigamatte.matte.refiners.guided import GuidedRefiner, without_haze
from gigamatte.matte.refiners.neural import EVIDENCE, HAZE, SEEN, SIDES, STRENGTH, NeuralRefiner, looked_at
from gigamatte.types import Box, Size


class SaidEngine:
    """An engine whose network answers with one number everywhere."""

    runtime, device, precision = "none", "cpu", "f32"

    def __init__(self, value: float = 0.0, channels: int | None = ev.CHANNELS, made_for: str = EVIDENCE) -> None:
        self.value, self.input_shape, self.metadata = value, (None, channels, None, None), {"evidence": made_for}
        self.shapes: list[tuple[int, ...]] = []

    def run(self, tensor):
        self.shapes.append(tensor.shape)
        return np.full((tensor.shape[0], 4, *tensor.shape[2:]), self.value, np.float32)

    def close(self) -> None:
        pass


def patch(rows: int = 40, columns: int = 48, seed: int = 0, blur: float = 0.0) -> LevelPatch:
    rng = np.random.default_rng(seed)
    fine = rng.random((2 * rows, 2 * columns, 3), np.float32) * np.float32(0.2)
    fine[:, columns:] += 0.7
    coarse = fine.reshape(rows, 2, columns, 2, 3).mean(axis=(1, 3))
    alpha = np.clip((np.arange(columns, dtype=np.float32) - columns / 2 + 0.5) / 4 + 0.5, 0, 1)
    return LevelPatch(np.repeat(alpha[None], rows, axis=0), coarse.astype(np.float32), fine, blur)


def constant(value: float, seed: int = 1, blur: float = 0.0) -> LevelPatch:
    made = patch(seed=seed)
    return LevelPatch(np.full_like(made.alpha, value), made.coarse, made.fine, blur)


def test_depth_and_space_undo_each_other():
    fine = np.random.default_rng(3).random((10, 14), np.float32)
    np.testing.assert_array_equal(ev.to_space(ev.to_depth(fine[..., None])), fine)


def test_evidence_is_finite_and_complete():
    shown = ev.evidence(patch(blur=1.0))
    assert shown.stack.shape == (ev.CHANNELS, 40, 48)
    assert shown.prior.shape == shown.free.shape == (80, 96)
    for part in (shown.stack, shown.prior, shown.free):
        assert part.dtype == np.float32
        assert np.isfinite(part).all()
    np.testing.assert_array_equal(shown.stack[28], 1.0)


def test_sure_colours_near_the_contour_are_those_of_the_sides():
    foreground, background = ev.sure_colours(patch().coarse, patch().alpha)
    np.testing.assert_allclose(np.stack(foreground)[:, :, 20:28], 0.8, atol=0.06)
    np.testing.assert_allclose(np.stack(background)[:, :, 20:28], 0.1, atol=0.06)


def test_unmixing_finds_a_known_mixture():
    foreground, background = ((np.full((4, 4), value, np.float32),) * 3 for value in (0.9, 0.1))
    alpha = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    fine = 0.1 + 0.8 * alpha[..., None].repeat(3, axis=2)
    np.testing.assert_allclose(ev.unmixed(fine, alpha, foreground, background), alpha, atol=1e-5)


def test_a_silent_network_leaves_the_prior():
    shown = patch()
    (alpha,) = NeuralRefiner(SaidEngine()).lift([shown])
    np.testing.assert_allclose(alpha, expected(ev.evidence(shown), 0.0), atol=1e-6)


@pytest.mark.parametrize("blur", [0.0, 1.2])
@pytest.mark.parametrize("value", [0.0, 0.02, 0.37, 1.0])
def test_a_constant_mask_stays_constant_whatever_the_network_says(value, blur):
    refiner = NeuralRefiner(SaidEngine(0.8))
    silent = NeuralRefiner(SaidEngine())
    (alpha,), (prior,) = refiner.lift([constant(value, blur=blur)]), silent.lift([constant(value, blur=blur)])
    np.testing.assert_array_equal(alpha, prior)
    np.testing.assert_allclose(alpha, value, atol=1e-6)


def test_alphas_stay_in_range_and_patches_of_mixed_shapes_keep_their_order():
    engine = SaidEngine(5.0)
    patches = [patch(40, 48), patch(32, 36), patch(40, 48, seed=9)]
    lifted = NeuralRefiner(engine).lift(patches)
    assert [a.shape for a in lifted] == [(80, 96), (64, 72), (80, 96)]
    assert all(a.dtype == np.float32 and a.min() >= 0 and a.max() <= 1 for a in lifted)
    assert {shape[0] for shape in engine.shapes} == {1}


def expected(shown: ev.Evidence, residual: float, strength: float = STRENGTH) -> np.ndarray:
    alpha = np.clip(shown.prior + residual * shown.free, 0, 1)
    alpha += shown.free * (without_haze(alpha, HAZE) - alpha)
    return shown.prior + strength * (alpha - shown.prior)


@pytest.mark.parametrize("strays", [False, True])
def test_all_of_the_correction_is_taken_while_the_contour_is_looked_for(strays):
    shown = dataclasses.replace(patch(), strays=strays)
    (alpha,) = NeuralRefiner(SaidEngine(0.2)).lift([shown])
    np.testing.assert_allclose(alpha, expected(ev.evidence(shown), 0.2, 1.0 if strays else STRENGTH), atol=1e-6)


def test_large_levels_are_lifted_by_the_classical_refiner():
    refiner = NeuralRefiner(SaidEngine())
    assert refiner.at(Size(4000, 2500)) is refiner
    assert isinstance(refiner.at(Size(4001, 2500)), GuidedRefiner)
    fewer = refiner.up_to(750 * 500)
    assert fewer.at(Size(750, 500)) is fewer
    assert isinstance(fewer.at(Size(1500, 1000)), GuidedRefiner)


def test_odd_patches_are_lifted_whole():
    engine = SaidEngine(0.3)
    made = patch(33, 37)
    (alpha,) = NeuralRefiner(engine).lift([made])
    assert alpha.shape == (66, 74)
    assert engine.shapes == [(1, ev.CHANNELS, 48, 48)]
    shown = ev.evidence(made)
    np.testing.assert_allclose(alpha, expected(shown, 0.3), atol=1e-6)


def test_the_network_sees_only_what_may_change_and_its_surroundings():
    made = patch(160, 160)
    made.alpha[:] = 0
    made.alpha[70:74, 90:94] = 0.5  # may change from 58 to 86, 78 to 106; seen from 44 to 100, 64 to 120
    engine = SaidEngine(0.3)
    (alpha,) = NeuralRefiner(engine).lift([made])
    assert engine.shapes == [(1, ev.CHANNELS, 64, 64)]
    shown = ev.evidence(made)
    np.testing.assert_allclose(alpha, expected(shown, 0.3), atol=1e-6)


class WhereEngine(SaidEngine):
    """An engine whose network answers with the first channel: with what it is shown at each place."""

    def run(self, tensor):
        self.shapes.append(tensor.shape)
        return np.repeat(tensor[:, :1], 4, axis=1)


def test_the_network_is_shown_only_what_is_wanted_and_each_place_is_corrected_once():
    rng = np.random.default_rng(2)
    made = patch(320, 320)
    made.alpha[:] = rng.random((320, 320), np.float32)  # all of it may change
    wanted = np.abs(np.subtract.outer(np.arange(320), np.arange(320))) < 6
    wanted[:40], wanted[-40:], wanted[:, :40], wanted[:, -40:] = False, False, False, False
    every, chosen = WhereEngine(), WhereEngine()
    (whole,) = NeuralRefiner(every).lift([made])
    (part,) = NeuralRefiner(chosen).lift([dataclasses.replace(made, wanted=wanted)])
    fine = wanted.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_allclose(part[fine], whole[fine], atol=1e-5)
    shown = [sum(rows * columns for _, _, rows, columns in engine.shapes) for engine in (chosen, every)]
    assert shown[0] < 0.5 * shown[1]
    assert len(chosen.shapes) > 2


@pytest.mark.parametrize("rows", [33, 64, 95, 127, 160, 192])
def test_what_is_looked_at_covers_what_may_change(rows):
    rng = np.random.default_rng(rows)
    for _ in range(60):
        free, wanted = np.zeros((rows, 192), np.float32), np.zeros((rows, 192), np.bool_)
        for plane in (free, wanted, free, wanted):
            top, left = rng.integers(0, rows), rng.integers(0, 192)
            plane[top : top + rng.integers(1, 60), left : left + rng.integers(1, 60)] = 1
        asked = None if rng.random() < 0.5 else wanted
        found = looked_at(free, 0, asked)
        held = np.zeros((rows + 1, 193), int)
        for write, read in found:
            held[write.slices()] += 1
            around = write.grown(SEEN).within(Size(192, rows))
            assert around.within(read) == around
            assert read.left % 2 == read.top % 2 == 0
            assert {read.width, read.height} <= set(SIDES[:-1])
        used = (free > 0) if asked is None else (free > 0) & asked
        assert held.max() <= 1
        assert held[:rows, :192][used].all()


def test_long_inputs_have_sides_of_few_lengths():
    ((write, read),) = looked_at(np.ones((400, 700), np.float32), 0)
    assert (write, read) == (Box(0, 0, 700, 400), Box(0, 0, 704, 416))


@pytest.mark.parametrize(("apart", "calls"), [(42, 1), (120, 2)])
def test_two_calls_are_made_only_where_they_spare_more_than_a_call_takes(apart, calls):
    free = np.zeros((256, 256), np.float32)
    for corner in (20, 20 + apart):
        free[corner : corner + 10, corner : corner + 10] = 1
    assert len(looked_at(free, 0)) == calls


def test_nothing_is_looked_at_when_nothing_may_change():
    assert looked_at(np.zeros((40, 40), np.float32), 0) == []
    free = np.zeros((100, 100), np.float32)
    free[:20] = 1
    assert looked_at(free, 32) == []
    assert looked_at(free, 16) != []
    assert looked_at(free, 16, np.zeros((100, 100), np.bool_)) == []


@pytest.mark.parametrize("engine", [SaidEngine(channels=3), SaidEngine(made_for="0")])
def test_another_network_is_refused(engine):
    with pytest.raises(WeightsRefused, match="refiner"):
        NeuralRefiner(engine)
