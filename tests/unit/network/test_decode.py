"""Answers of networks become alphas: nothing is stretched, islands and doubt are settled."""

import numpy as np
import pytest

from gigamatte.errors import GigamatteError
from gigamatte.network.answers import Answer
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.decode import NEAR_CONTOUR, confidence, decided, decode, has_subject, without_doubtful_islands
from gigamatte.types import CoarseMatte, Fit, Size


def card(**more) -> ModelCard:
    return ModelCard(**{"name": "some", "family": "test", "licence": "MIT", "size": 64, "output": "logits", **more})


FIT = Fit.whole(Size(100, 80), Size(64, 64))


def test_logits_become_alpha_and_nothing_is_stretched():
    logits = np.full((1, 1, 64, 64), -2.0, np.float32)
    logits[..., :32] = 1.0
    alpha = decode(logits, card(), FIT).alpha
    assert alpha[0, 0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert alpha[0, 63] == pytest.approx(1 / (1 + np.exp(2)))


def test_sigmoid_answers_are_taken_as_they_are():
    values = np.linspace(0.2, 0.6, 4096, dtype=np.float32).reshape(1, 1, 64, 64)
    assert np.array_equal(decode(values, card(output="sigmoid"), FIT).alpha, values[0, 0])


def test_extreme_logits_stay_in_range():
    logits = np.full((1, 1, 64, 64), -1e30, np.float32)
    logits[..., 0] = 1e30
    alpha = decode(logits, card(), FIT).alpha
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert alpha[0, 0] > 0.999


@pytest.mark.parametrize("bad", [np.full((1, 1, 64, 64), np.nan, np.float32), np.zeros((1, 1, 32, 64), np.float32)])
def test_answers_that_are_none_are_refused(bad):
    with pytest.raises(GigamatteError, match="answered"):
        decode(bad, card(), FIT)


@pytest.mark.parametrize(
    ("alpha", "subject"),
    [
        (np.zeros((64, 64)), False),
        (np.full((64, 64), 0.3), False),  # doubt everywhere: min-max stretching would make a subject of its noise
        (np.pad(np.ones((4, 4)), 30), True),
        (np.pad(np.ones((1, 1)), ((31, 32), (31, 32))), False),  # one stray pixel
        (np.ones((64, 64)), True),
    ],
)
def test_no_subject_is_told_from_a_small_one(alpha, subject):
    coarse = CoarseMatte(alpha.astype(np.float32), FIT)
    assert has_subject(coarse) is subject
    assert 0 <= confidence(coarse) <= 1


def test_islands_that_the_network_doubts_go_and_the_others_stay():
    alpha = np.zeros((64, 64), np.float32)
    alpha[10:50, 10:30] = 0.95
    alpha[20:22, 45:47] = 0.7  # small and doubtful
    alpha[50:52, 50:52] = 0.9  # small and sure
    alpha[2:8, 35:60] = 0.6  # doubtful, but not small
    size = Size(64, 64)
    kept = without_doubtful_islands(CoarseMatte(alpha, Fit(size, size.box, size))).alpha
    assert not kept[20:22, 45:47].any()
    alpha[20:22, 45:47] = 0
    assert np.array_equal(kept, alpha)


def test_doubt_stays_near_the_contour_and_is_decided_elsewhere():
    size = Size(320, 240)
    ramp = np.repeat(np.linspace(0.2, 0.8, 320, dtype=np.float32)[None], 240, 0)  # ½ between columns 159 and 160
    alpha = decided(CoarseMatte(ramp, Fit(size, size.box, size))).alpha
    assert alpha.dtype == np.float32
    reach = int(NEAR_CONTOUR * (320 * 240) ** 0.5)
    assert reach > 3
    near = slice(160 - reach, 160 + reach)
    np.testing.assert_array_equal(alpha[:, near], ramp[:, near])
    assert not alpha[:, : 160 - 3 * reach].any()
    assert (alpha[:, 160 + 3 * reach :] == 1).all()
    assert (np.diff(alpha, axis=1) >= 0).all()


@pytest.mark.parametrize("value", [0.0, 0.3, 0.8])
def test_where_there_is_no_contour_nothing_is_decided(value):
    size = Size(20, 30)
    alpha = np.full((30, 20), value, np.float32)
    np.testing.assert_array_equal(decided(CoarseMatte(alpha, Fit(size, size.box, size))).alpha, alpha)


@pytest.mark.parametrize("opaque", [False, True])
def test_only_the_doubt_of_opaque_networks_is_decided(opaque):
    size = Size(240, 240)
    alpha = np.zeros((240, 240), np.float32)
    alpha[80:160, 40:120], alpha[80:160, 120:200] = 1, 0.4
    answer = Answer(CoarseMatte(alpha, Fit(size, size.box, size), opaque=opaque))
    assert bool(answer.start.alpha[120, 180] == 0) is opaque
    np.testing.assert_array_equal(answer.coarse.alpha, alpha)
