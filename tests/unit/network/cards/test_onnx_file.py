import mmap

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from gigamatte.errors import NetworkUnavailable, WeightsRefused
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.engines.probe import probe_network


def small_model(*, last: str = "Sigmoid", external: str | None = None, nested: bool = False) -> onnx.ModelProto:
    weight = numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), "weight")
    if external is not None:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        for key, value in (("location", external), ("offset", "0"), ("length", "12")):
            weight.external_data.add(key=key, value=value)
    nodes = [helper.make_node("Conv", ["image", "weight"], ["raw"]), helper.make_node(last, ["raw"], ["alpha"])]
    initializers = [weight]
    if nested:
        inner = helper.make_graph(nodes, "inner", [], [helper.make_tensor_value_info("alpha", 1, None)], [weight])
        flag = numpy_helper.from_array(np.array(True), "flag")
        nodes = [helper.make_node("If", ["flag"], ["alpha"], then_branch=inner, else_branch=inner)]
        initializers = [flag]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 320, 320])],
        [helper.make_tensor_value_info("alpha", TensorProto.FLOAT, ["n", 1, 320, 320])],
        initializers,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    helper.set_model_props(model, {"output": "sigmoid"})
    return model


def test_it_reads_what_onnx_reads():
    header = read_header(small_model().SerializeToString())
    assert header.inputs == {"image": (TensorProto.FLOAT, (None, 3, 320, 320))}
    assert header.outputs == {"alpha": (TensorProto.FLOAT, (None, 1, 320, 320))}
    assert header.image_input == "image"
    assert header.metadata == {"output": "sigmoid"}
    assert header.opset == 19
    assert header.operators == {"Conv", "Sigmoid"}
    assert header.external == frozenset()


@pytest.mark.parametrize(("last", "found"), [("Sigmoid", "Sigmoid"), ("Identity", "Conv"), ("Relu", "Relu")])
def test_it_finds_the_operator_that_makes_the_answer(last, found):
    assert read_header(small_model(last=last).SerializeToString()).last_operator == found


def test_an_input_that_is_a_weight_does_not_count():
    model = small_model()
    model.graph.input.append(helper.make_tensor_value_info("weight", TensorProto.FLOAT, [1, 3, 1, 1]))
    assert list(read_header(model.SerializeToString()).inputs) == ["image"]


@pytest.mark.parametrize(
    "location", ["../weights.bin", "/etc/passwd", "C:\\weights.bin", "a/../../b", "\\\\host\\x", "link"]
)
@pytest.mark.parametrize("nested", [False, True])
def test_weights_outside_the_folder_are_refused(location, nested, tmp_path):
    (tmp_path / "outside.bin").write_bytes(bytes(12))
    home = tmp_path / "home"
    home.mkdir()
    (home / "link").symlink_to(tmp_path / "outside.bin")
    (home / "a").mkdir()
    path = home / "model.onnx"
    path.write_bytes(small_model(external=location, nested=nested).SerializeToString())
    with pytest.raises(WeightsRefused, match=r"outside its own folder"):
        read_header(path)


def test_weights_beside_the_file_are_fine_when_they_are_there(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(small_model(external="weights.bin").SerializeToString())
    with pytest.raises(WeightsRefused, match="not beside it"):
        read_header(path)
    (tmp_path / "weights.bin").write_bytes(bytes(12))
    assert read_header(path).external == {"weights.bin"}


def test_a_network_needs_one_picture_as_input():
    model = small_model()
    model.graph.input.append(helper.make_tensor_value_info("prompt", TensorProto.INT64, [1]))
    with pytest.raises(
        WeightsRefused, match=r"exactly one input of 4 axes .* found image \[\?, 3, 320, 320\], prompt \[1\] int64"
    ):
        _ = read_header(model.SerializeToString()).image_input


def test_a_missing_and_an_empty_file_are_told_apart(tmp_path):
    with pytest.raises(NetworkUnavailable, match="cannot be read"):
        read_header(tmp_path / "no.onnx")
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(WeightsRefused, match="empty"):
        read_header(tmp_path / "empty.onnx")


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 10_000), to=st.integers(0, 255), cut=st.booleans())
def test_mutated_bytes_are_read_or_refused_never_a_crash(at, to, cut):
    data = bytearray(probe_network())
    at %= len(data)
    data[at] = to
    try:
        found = read_header(bytes(data[:at] if cut else data))
    except WeightsRefused:
        return
    assert found.inputs
    assert found.outputs


def test_reading_a_header_does_not_read_the_weights(tmp_path, monkeypatch):
    """Only mapped pages near the fields are touched: no slice larger than a name is ever taken."""
    model = small_model()
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(5_000_000, np.float32), "large"))
    path = tmp_path / "large.onnx"
    path.write_bytes(model.SerializeToString())
    largest = 0

    class Watched(mmap.mmap):
        def __getitem__(self, key):
            nonlocal largest
            part = super().__getitem__(key)
            largest = max(largest, len(part) if isinstance(part, bytes) else 1)
            return part

    monkeypatch.setattr(mmap, "mmap", Watched)
    assert read_header(path).opset == 19
    assert largest < 100
