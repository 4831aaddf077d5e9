"""A network: its shape, where it finds the subject, when its graph is built again, what it says about its licence."""

import io

import numpy as np
import pytest

from gigamatte.network.build.graph import Graph, Map
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.decode import has_subject
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.types import Box, Fit, Size


def card(**more) -> ModelCard:
    return ModelCard(**{"name": "some", "family": "test", "licence": "MIT", "size": 64, "output": "logits", **more})


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
