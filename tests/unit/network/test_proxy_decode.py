import io

import numpy as np
import pytest
from PIL import Image

from gigamatte.errors import GigamatteError, UsageError
from gigamatte.network.answers import Answer
from gigamatte.network.build.graph import Graph, Map
from gigamatte.network.cards.card import IMAGENET_MEAN, IMAGENET_STD, ModelCard
from gigamatte.network.decode import NEAR_CONTOUR, confidence, decided, decode, has_subject, without_doubtful_islands
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.network.proxy import squash
from gigamatte.types import Box, CoarseMatte, Fit, Size


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


def test_shape_of_a_network_that_takes_any():
    dynamic = card(size=1024, sides=(256, 2304), multiple=128)
    assert dynamic.input_size(Size(3000, 3000)) == Size(1024, 1024)
    wide = dynamic.input_size(Size(6000, 1500))
    assert wide == Size(2048, 512)
    assert dynamic.input_size(Size(100_000, 100)) == Size(2304, 256)
    assert card().input_size(Size(6000, 1500)) == Size(64, 64)


def red_detector(size: int = 64, free: bool = False) -> bytes:
    """A network that answers logits: how much redder than green a pixel is, ten times."""
    graph, file = Graph(), io.BytesIO()
    weight = graph.constant(np.array([10.0, -10.0, 0.0], np.float32).reshape(1, 3, 1, 1))
    side = 0 if free else size
    answer = Map(graph.op("Conv", "pixels", weight), 1, side, side)
    graph.write(file, Map("pixels", 3, side, side), answer, "logits", {"output": "logits"})
    return file.getvalue()


def red_box_photo(photo: Size, box: Box) -> np.ndarray:
    pixels = np.full((*photo.shape, 3), 120, np.uint8)
    pixels[box.slices()] = 250, 10, 10
    return pixels


def test_a_users_file_finds_the_subject_where_it_is(tmp_path):
    path = tmp_path / "Red Detector.onnx"
    path.write_bytes(red_detector())
    photo, box = Size(640, 480), Box(160, 120, 320, 240)
    with open_network(str(path)) as network:
        assert network.card.name == "red-detector"
        assert network.engine.device == "cpu"
        assert network.input_size(photo) == Size(64, 64)
        coarse = network.locate(red_box_photo(photo, box), photo.box, photo)
    assert has_subject(coarse)
    rows, columns = np.nonzero(coarse.alpha > 0.9)
    assert coarse.fit == Fit.whole(photo, Size(64, 64))
    # a network pixel is 10 photo pixels wide and 7.5 high
    for found, right in ((columns.min(), 16), (columns.max() + 1, 48), (rows.min(), 16), (rows.max() + 1, 48)):
        assert abs(found - right) <= 1
    assert any("your own file" in warning for warning in network.warnings)


def test_locating_in_a_region_gives_a_fit_of_that_region(tmp_path):
    path = tmp_path / "red.onnx"
    path.write_bytes(red_detector())
    photo, region = Size(640, 480), Box(100, 60, 200, 300)
    pixels = red_box_photo(photo, Box(160, 120, 100, 100))
    with open_network(str(path)) as network:
        coarse = network.locate(pixels[region.slices()], region, photo)
    assert coarse.fit == Fit(photo, region, Size(64, 64))
    assert coarse.alpha[int(110 / 300 * 64), int(110 / 200 * 64)] > 0.9


@pytest.mark.parametrize("build", ["birefnet-swin-t", "onnx"])
def test_a_graph_is_built_again_when_the_shape_changes_and_a_file_stays_open(build):
    from gigamatte.network.engines.openvino import OpenVinoEngine

    opened = []

    def opener(size):
        opened.append(size)
        return OpenVinoEngine.open(red_detector(free=True)), ()

    network = Network(card(size=256, sides=(128, 512), multiple=64, build=build), opener)
    for photo in (Size(400, 400), Size(400, 400), Size(800, 200), Size(800, 200)):
        pixels = red_box_photo(photo, Box(50, 50, 100, 100))
        coarse = network.locate(pixels, photo.box, photo)
        assert Size.of(coarse.alpha) == network.input_size(photo)
    assert opened == [Size(256, 256), Size(512, 128)][: 2 if build != "onnx" else 1]


def test_a_non_commercial_licence_is_said():
    from gigamatte.network.engines.openvino import OpenVinoEngine

    network = Network(
        card(commercial=False, licence="CC BY-NC 4.0"), lambda _: (OpenVinoEngine.open(red_detector()), ())
    )
    assert any("CC BY-NC 4.0: not for commercial use" in warning for warning in network.warnings)


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
