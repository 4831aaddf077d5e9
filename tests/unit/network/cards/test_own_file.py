"""A user's own ONNX file: what it is taken for, what is told about that, and what is refused with its shapes."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from tests.unit.network.onnx_files import FLOAT16, model, nested_u, red_detector, redness

from gigamatte.errors import UsageError, WeightsRefused
from gigamatte.network.cards.card import IMAGENET_MEAN, IMAGENET_STD
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.cards.own_file import OwnFile, read_own_file
from gigamatte.network.networks import open_network
from gigamatte.normalising import normalisation
from gigamatte.options import Options
from gigamatte.types import Box, Size

node = helper.make_node


def read(data: bytes) -> OwnFile:
    return read_own_file(Path("some.onnx"), read_header(data), "0" * 64)


def passing(source: str, answers: dict[str, object], sides: list[object], *operators: str, kind: int = 1) -> bytes:
    """Names, shapes and operators alone: never run."""
    nodes = [node(operator, [source], [f"hidden{number}"]) for number, operator in enumerate(operators)]
    nodes += [node("Identity", [source], [answer]) for answer in answers]
    return model(nodes, {source: (kind, sides)}, answers)


FREE = ["n", 3, "h", "w"]
ANY = ["n", 1, "h", "w"]
SQUARE, ONE_MAP = [1, 3, 1024, 1024], [1, 1, 1024, 1024]
HALF, ONE = (0.5,) * 3, (1.0,) * 3

KNOWN = [
    # file, told family, mean, std, output
    (red_detector("input_image", "output_image", sigmoid=False), "BiRefNet", IMAGENET_MEAN, IMAGENET_STD, "auto"),
    (red_detector("input_image", "output_image"), "BiRefNet", IMAGENET_MEAN, IMAGENET_STD, "sigmoid"),
    (red_detector("pixel_values", "alphas"), "RMBG-2.0 or FeyNobg", IMAGENET_MEAN, IMAGENET_STD, "sigmoid"),
    (
        red_detector("pixel_values", "logits", sigmoid=False),
        "RMBG-2.0 or FeyNobg", IMAGENET_MEAN, IMAGENET_STD, "auto",
    ),
    (nested_u("input", ["output"], 1024), "RMBG-1.4", HALF, ONE, "sigmoid"),
    (nested_u("img", ["1959", "1960", "1961"], 1024), "IS-Net", HALF, ONE, "sigmoid"),
    (nested_u("input.1", [f"d{n}" for n in range(7)], 320), "U²-Net", IMAGENET_MEAN, IMAGENET_STD, "sigmoid"),
    (passing("input", {"output": ANY}, FREE, "InstanceNormalization", "Sigmoid"), "MODNet", HALF, HALF, "sigmoid"),
    (red_detector("rgb", "alpha", 448, sigmoid=False), "withoutBG", (0.0,) * 3, ONE, "sigmoid"),
    (passing("input", {"output": (FLOAT16, ONE_MAP)}, SQUARE, "Softmax"), "BEN2", IMAGENET_MEAN, IMAGENET_STD, "auto"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "family", "mean", "std", "output"), KNOWN, ids=lambda value: str(value)[:12])
def test_known_families_are_used_as_their_authors_do(data, family, mean, std, output):
    own = read(data)
    assert f"looks like {family}:" in own.assumed
    assert own.assumed in own.notices
    assert (own.card.mean, own.card.std, own.card.output) == (mean, std, output)
    assert own.card.letterbox is (family == "withoutBG")


def test_what_is_not_sure_of_a_family_is_told():
    assert "leave them out in their script for ONNX" in read(KNOWN[-1][0]).assumed


def test_what_a_file_says_itself_is_not_assumed():
    told = {"output": "logits", "mean": "0 0 0", "std": "1 1 1", "licence": "MIT"}
    own = read(red_detector("input_image", "output_image", metadata=told))
    assert (own.assumed, own.card.output, own.card.mean, own.card.licence) == ("", "logits", (0, 0, 0), "MIT")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (passing("x", {"y": [1, 256, 64, 64]}, SQUARE), "image encoder of SAM"),
        (passing("pixel_values", {"image_embeddings": [1, 256, "h", "w"]}, SQUARE), "image encoder of SAM"),
        (passing("image_embeddings", {"masks": ONE_MAP}, [1, 256, 64, 64]), "decoder of SAM"),
        (passing("pixel_values", {"alphas": ANY}, ["n", 4, "h", "w"]), "ViTMatte"),
        (passing("x", {"y": ONE_MAP}, [1, 1024, 1024, 3]), r"channels last \(NHWC\): x \[1, 1024, 1024, 3\]"),
        (passing("x", {"y": ANY}, ["n", "h", "w", 3]), r"channels last \(NHWC\): x \[\?, \?, \?, 3\]"),
        (passing("x", {"y": [2, 1, 64, 64]}, [2, 3, 64, 64]), r"takes 2 pictures at once: x \[2, 3, 64, 64\]"),
        (passing("x", {"y": ONE_MAP}, [1, 1, 1024, 1024]), "takes 1 channels"),
        (passing("x", {"y": [1, 2, 64, 64]}, [1, 3, 64, 64]), r"y \[1, 2, 64, 64\], which is no alpha"),
        (passing("x", {"y": [1, 64, 64, 1]}, [1, 3, 64, 64]), r"y \[1, 64, 64, 1\], which is no alpha"),
        (passing("x", {"y": [1000]}, [1, 3, 224, 224]), r"y \[1000\], which is no alpha"),
        (passing("x", {"y": ONE_MAP}, [1, 3, 16, 16]), r"32…8192"),
        (passing("x", {"y": ONE_MAP}, SQUARE, kind=7), "float32 or float16; found x"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_such_network_is_refused_by_name_and_shape(data, said):
    with pytest.raises(WeightsRefused, match=said) as raised:
        read(data)
    assert raised.value.exit_code == 5


# --- which output, and of what kind


def answered(path: Path, photo: np.ndarray, **more: object) -> np.ndarray:
    size = Size.of(photo)
    with open_network(str(path), **more) as network:
        return network.locate(photo, size.box, size).alpha


def red_left(height: int = 96, width: int = 96) -> np.ndarray:
    photo = np.full((height, width, 3), (40, 200, 40), np.uint8)
    photo[:, : width // 2] = 250, 10, 10
    return photo


def check_halves(alpha: np.ndarray) -> None:
    assert alpha[:, : alpha.shape[1] // 2 - 2].min() > 0.95
    assert alpha[:, alpha.shape[1] // 2 + 2 :].max() < 0.05


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_of_several_answers_the_one_that_fits_is_taken(free, runtime, tmp_path):
    """Side outputs first, and features, as BiRefNet is exported by some; the fitting one last, or named last."""
    side, small = ("s", "t") if free else (64, 16)
    nodes = [
        node("Conv", ["image", "w"], ["raw"]),
        node("Sigmoid", ["raw"], ["last"]),
        node("AveragePool", ["raw"], ["side"], kernel_shape=[4, 4], strides=[4, 4]),
        node("Concat", ["raw", "raw"], ["features"], axis=1),
    ]
    outputs = {"side": [1, 1, small, small], "features": [1, 2, side, side], "last": [1, 1, side, side]}
    path = tmp_path / "several.onnx"
    path.write_bytes(model(nodes, {"image": [1, 3, side, side]}, outputs, {"w": redness()}))
    if runtime == "openvino":
        check_halves(answered(path, red_left()))
        return
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine

    seen = np.ascontiguousarray(red_left(64, 64).transpose(2, 0, 1)[None] / np.float32(255), np.float32)
    assert OnnxRuntimeEngine.open(path).run(seen).shape == (1, 1, 64, 64)


@pytest.mark.parametrize("name", ["alphas", "logits"])
def test_alphas_are_taken_before_logits_wherever_they_stand(name, tmp_path):
    nodes = [node("Conv", ["pixel_values", "w"], ["logits"]), node("Sigmoid", ["logits"], ["alphas"])]
    names = [name, "alphas" if name == "logits" else "logits"]
    outputs = {answer: [1, 1, 64, 64] for answer in names}
    path = tmp_path / "both.onnx"
    path.write_bytes(model(nodes, {"pixel_values": [1, 3, 64, 64]}, outputs, {"w": redness()}))
    assert read(path.read_bytes()).card.output == "sigmoid"
    check_halves(answered(path, red_left()))


def clipped(low: float, high: float, scale: float = 1.0) -> bytes:
    """Redness clipped to ``low``…``high`` and scaled, and no sigmoid: the last operator tells nothing."""
    nodes = [
        node("Conv", ["image", "w"], ["raw"]),
        node("Clip", ["raw", "low", "high"], ["cut"]),
        node("Mul", ["cut", "scale"], ["alpha"]),
    ]
    numbers = {name: np.float32(value) for name, value in (("low", low), ("high", high), ("scale", scale))}
    return model(nodes, {"image": [1, 3, 64, 64]}, {"alpha": [1, 1, 64, 64]}, {"w": redness(), **numbers})


def test_an_answer_in_0_1_is_alpha_whatever_made_it(tmp_path):
    path = tmp_path / "linear.onnx"
    path.write_bytes(clipped(0, 1))
    check_halves(answered(path, red_left()))


def test_an_answer_below_0_is_logits(tmp_path):
    path = tmp_path / "logits.onnx"
    path.write_bytes(clipped(-5, 5))
    check_halves(answered(path, red_left()))


def test_an_answer_that_may_be_neither_is_refused_with_its_values(tmp_path):
    path = tmp_path / "levels.onnx"
    path.write_bytes(clipped(0, 1, 255))
    with pytest.raises(WeightsRefused, match=r"values in 0…255: neither alpha"):
        answered(path, red_left())


@pytest.mark.parametrize("times", [0.25, 2.0])
def test_an_answer_of_another_size_is_read_in_its_own(times, tmp_path):
    nodes = [
        node("Conv", ["image", "w"], ["raw"]),
        node("Resize", ["raw", "", "scales"], ["other"], mode="linear", coordinate_transformation_mode="half_pixel"),
        node("Sigmoid", ["other"], ["alpha"]),
    ]
    side = round(64 * times)
    weights = {"w": redness(), "scales": np.array([1, 1, times, times], np.float32)}
    path = tmp_path / "other.onnx"
    path.write_bytes(model(nodes, {"image": [1, 3, 64, 64]}, {"alpha": [1, 1, side, side]}, weights))
    alpha = answered(path, red_left())
    assert alpha.shape == (side, side)
    check_halves(alpha)


def test_an_answer_of_another_aspect_is_refused_with_the_shapes(tmp_path):
    nodes = [
        node("Conv", ["image", "w"], ["raw"]),
        node("AveragePool", ["raw"], ["y"], kernel_shape=[1, 4], strides=[1, 4]),
    ]
    path = tmp_path / "squeezed.onnx"
    path.write_bytes(model(nodes, {"image": [1, 3, 64, 64]}, {"y": [1, 1, 64, 16]}, {"w": redness()}))
    with pytest.raises(WeightsRefused, match=r"no alpha: \[1, 1, 64, 16\] for an input of 64×64 pixels"):
        answered(path, red_left())


@pytest.mark.parametrize("squeezed", [False, True])
def test_float16_in_and_out(squeezed, tmp_path):
    nodes = [node("Conv", ["image", "w"], ["raw"]), node("Sigmoid", ["raw"], ["whole" if squeezed else "alpha"])]
    weights = {"w": redness(np.float16)}
    if squeezed:
        nodes.append(node("Squeeze", ["whole", "axis"], ["alpha"]))
        weights["axis"] = np.array([1], np.int64)
    sides = [1, 64, 64] if squeezed else [1, 1, 64, 64]
    path = tmp_path / "half.onnx"
    path.write_bytes(model(nodes, {"image": (FLOAT16, [1, 3, 64, 64])}, {"alpha": (FLOAT16, sides)}, weights))
    check_halves(answered(path, red_left()))
    pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
    from gigamatte.network.engines.onnx import OnnxRuntimeEngine

    answer = OnnxRuntimeEngine.open(path).run(np.zeros((1, 3, 64, 64), np.float32))
    assert answer.dtype == np.float32
    assert np.allclose(answer, 0.5)


# --- sizes


@pytest.mark.parametrize(("photo", "seen"), [(Size(3000, 3000), Size(1024, 1024)), (Size(4000, 1000), Size(2048, 512))])
def test_free_sides_keep_the_photos_aspect(photo, seen, tmp_path):
    path = tmp_path / "free.onnx"
    path.write_bytes(red_detector(side="side"))
    with open_network(str(path)) as network:
        assert network.input_size(photo) == seen
        assert network.input_size(Size(3001, 1777)).width % 64 == 0


def test_free_sides_of_a_family_begin_from_its_own_size(tmp_path):
    own = read(passing("input", {"output": ANY}, FREE, "InstanceNormalization", "Sigmoid"))
    assert own.card.input_size(Size(2000, 1000)) == Size(736, 352)  # multiples of 32, the area of 512×512


def test_a_letterboxed_photo_keeps_its_aspect_and_its_place(tmp_path):
    """Shown from the top left corner, black below; the answer is cut to where the photo is."""
    path = tmp_path / "letterbox.onnx"
    path.write_bytes(red_detector("rgb", "alpha", 448))
    photo = red_left(300, 600)
    size = Size.of(photo)
    with open_network(str(path)) as network:
        coarse = network.locate(photo, size.box, size)
    assert coarse.fit.network == Size(448, 224)
    check_halves(coarse.alpha)


def test_a_letterboxed_region_is_placed_in_the_photo(tmp_path):
    path = tmp_path / "letterbox.onnx"
    path.write_bytes(red_detector("rgb", "alpha", 448))
    region = Box(100, 50, 100, 200)
    with open_network(str(path)) as network:
        coarse = network.locate(red_left(200, 100), region, Size(600, 400))
    assert coarse.fit.region == region
    assert coarse.alpha.shape == (448, 224)
    check_halves(coarse.alpha)


# --- normalisation by hand


@pytest.mark.parametrize(
    ("text", "mean", "std"),
    [
        ("imagenet", IMAGENET_MEAN, IMAGENET_STD),
        ("0.5/0.5", HALF, HALF),
        ("0/1", (0.0,) * 3, ONE),
        (".1,.2,.3/1,2,3", (0.1, 0.2, 0.3), (1.0, 2.0, 3.0)),
    ],
)
def test_normalise_says_otherwise(text, mean, std, tmp_path):
    assert normalisation(text) == (mean, std)
    path = tmp_path / "own.onnx"
    path.write_bytes(red_detector("rgb", "alpha", 64))
    with open_network(str(path), normalise=normalisation(text)) as network:
        assert (network.card.mean, network.card.std) == (mean, std)
    with open_network("locator", normalise=normalisation(text)) as network:
        assert (network.card.mean, network.card.std) == (mean, std)


@pytest.mark.parametrize(
    "text",
    ["", "half", "0.5", "1/0", "1/-1", "1,2/1", "1/2/3", "nan/1", "a/b", "0/1,2", "0,nan,0/1", "0/1,nan,1", "inf/1",
     "0/0.00001"],
)  # fmt: skip
def test_a_normalisation_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="normalise is auto, imagenet"):
        Options(normalise=text)


def test_a_worker_warms_up_with_a_picture_that_has_a_subject(tmp_path):
    """A plain grey one tells nothing: logits above 0 everywhere would look like an answer that is none."""
    from gigamatte.worker.removers import Removers

    bias = model(
        [node("Conv", ["image", "w"], ["bare"]), node("Add", ["bare", "b"], ["alpha"])],
        {"image": [1, 3, 64, 64]},
        {"alpha": [1, 1, 64, 64]},
        {"w": np.array([8, 8, -16], np.float32).reshape(1, 3, 1, 1), "b": np.float32(2)},
    )
    path, levels = tmp_path / "logits.onnx", tmp_path / "levels.onnx"
    path.write_bytes(bias)
    levels.write_bytes(clipped(0, 1, 255))
    Removers().warm(Options(model=str(path)))
    with pytest.raises(WeightsRefused, match="neither alpha"):
        Removers().warm(Options(model=str(levels)))
