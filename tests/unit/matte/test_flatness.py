"""What looks like flat art is said to be, and what does not is not."""

import cv2
import numpy as np
import pytest

from gigamatte import Options, Remover
from gigamatte.errors import NoSubject
from gigamatte.matte.flatness import flat
from gigamatte.testing.networks import warm_colours
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size


def logo(ground=(247, 247, 247)):
    picture = np.full((300, 400, 3), ground, np.uint8)
    cv2.circle(picture, (200, 150), 80, (178, 51, 25), -1, cv2.LINE_AA)
    cv2.putText(picture, "LOGO", (120, 160), cv2.FONT_HERSHEY_SIMPLEX, 2, (90, 40, 20), 6, cv2.LINE_AA)
    return picture


def shaded(colour):
    y, x = np.mgrid[:300, :300].astype(np.float32)
    across, down = (x - 150) / 100, (y - 150) / 100
    up = np.sqrt(np.clip(1 - across**2 - down**2, 0, 1))
    light = 0.35 + 0.65 * np.clip(-0.4 * across - 0.5 * down + 0.77 * up, 0, 1)
    alpha = np.clip((1 - np.hypot(across, down)) * 100, 0, 1)[..., None]
    return (alpha * np.float32(colour) * light[..., None] + (1 - alpha) * 0.98).astype(np.float32)


def test_art_is_flat():
    assert flat(logo().astype(np.float32) / 255)
    uneven = logo().astype(np.float32) / 255 * np.linspace(0.85, 1, 400, dtype=np.float32)[:, None]
    assert flat(uneven)
    line = np.full((300, 400, 3), 250, np.uint8)
    cv2.polylines(line, [np.array([[20, 200], [100, 80], [180, 220], [260, 90], [380, 180]])], False, (20, 20, 90), 2)
    assert flat(line.astype(np.float32) / 255)


@pytest.mark.parametrize("colour", [(0.8, 0.1, 0.1), (0.5, 0.5, 0.5), (0.2, 0.6, 0.3)])
def test_a_shaded_thing_on_a_plain_ground_is_not(colour):
    assert not flat(shaded(colour))


def test_nothing_and_noise_are_not():
    assert not flat(np.full((100, 100, 3), 0.9, np.float32))
    assert not flat(np.random.default_rng(0).random((100, 100, 3), np.float32))


def test_the_receipt_proposes_it_for_art_alone(tmp_path):
    (tmp_path / "warm.onnx").write_bytes(warm_colours(128))
    with Remover(Options(model=str(tmp_path / "warm.onnx"), refine="guided")) as remover:
        art = remover.cut(logo((200, 210, 247))).receipt.warnings
        photo = remover.cut(made_photo(Size(400, 300)).photo).receipt.warnings
    assert [warning for warning in art if "kind" in warning and "art" in warning]
    assert not [warning for warning in photo if "flat art" in warning]


def test_art_in_which_a_network_finds_no_subject_is_proposed_in_the_hint(tmp_path):
    """The network takes warm colours for the subject: in blue strokes there is none."""
    line = np.full((300, 400, 3), 250, np.uint8)
    cv2.polylines(line, [np.array([[20, 200], [100, 80], [180, 220], [260, 90], [380, 180]])], False, (20, 20, 190), 2)
    network = tmp_path / "warm.onnx"
    network.write_bytes(warm_colours(64))
    for photo, proposed in ((line, True), (np.full_like(line, 250), False)):
        with Remover(Options(model=str(network))) as remover, pytest.raises(NoSubject) as raised:
            remover.cut(photo)
        assert ('kind="art"' in str(raised.value.hint)) == proposed
