"""A part of a photo as a network's input: resized as Pillow does, normalised as the card says."""

import numpy as np
import pytest
from PIL import Image

from gigamatte.errors import UsageError
from gigamatte.network.cards.card import IMAGENET_MEAN, IMAGENET_STD, ModelCard
from gigamatte.network.proxy import squash
from gigamatte.types import Box, Size


def card(**more) -> ModelCard:
    return ModelCard(**{"name": "some", "family": "test", "licence": "MIT", "size": 64, "output": "logits", **more})


def test_squash_normalises_as_the_card_says():
    pixels = np.empty((40, 30, 3), np.uint8)
    pixels[:] = 255, 128, 0
    photo = Size(300, 400)
    seen = squash(pixels, photo.box, photo, Size(64, 32), card())
    assert seen.tensor.shape == (1, 3, 32, 64)
    assert seen.tensor.dtype == np.float32
    expected = (np.array([1, 128 / 255, 0]) - IMAGENET_MEAN) / IMAGENET_STD
    assert np.allclose(seen.tensor, expected.reshape(1, 3, 1, 1), atol=1e-6)
    other = squash(pixels, photo.box, photo, Size(64, 32), card(mean=(0.5, 0.5, 0.5), std=(1.0, 1.0, 1.0)))
    assert np.allclose(other.tensor[0, :, 0, 0], [0.5, 128 / 255 - 0.5, -0.5], atol=1e-6)


def test_squash_is_antialiased():
    """A one-pixel chequer shrunk six times is flat grey; a filter that skips pixels leaves it at full contrast."""
    chequer = np.indices((384, 384)).sum(0) % 2 * 255
    pixels = np.repeat(chequer[..., None], 3, axis=2).astype(np.uint8)
    seen = squash(pixels, Size(384, 384).box, Size(384, 384), Size(64, 64), card(mean=(0, 0, 0), std=(1, 1, 1)))
    assert np.abs(seen.tensor - 0.5).max() < 0.02


def test_squash_is_pillows_bilinear():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    seen = squash(pixels, Size(130, 90).box, Size(130, 90), Size(64, 64), card(mean=(0, 0, 0), std=(1, 1, 1)))
    by_pillow = np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR))
    assert np.array_equal(np.rint(seen.tensor[0].transpose(1, 2, 0) * 255), by_pillow)


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)]
)
def test_squash_refuses_other_pixels(wrong):
    with pytest.raises(UsageError, match="uint8"):
        squash(wrong, Box(0, 0, 4, 4), Size(4, 4), Size(64, 64), card())
