"""prepare: the published sizes, and Pillow's own pixels."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from gigamatte.errors import BudgetExceeded, MissingInput, UnsupportedInput, UsageError
from gigamatte.types import Size
from gigamatte.workflow.prepare import long_side_size, plan_for, prepare, prepare_folder
from gigamatte.workflow.scene import guess_scene

LANCZOS, BICUBIC = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC


def noise(width, height, bands=3, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (max(2, height // 16), max(2, width // 16), bands)).astype(np.uint8)
    modes = {1: "L", 3: "RGB", 4: "RGBA"}
    return Image.fromarray(small.squeeze(), modes[bands]).resize((width, height), BICUBIC)


def load(path):
    with Image.open(path) as picture:
        picture.load()
        return picture


def same(path, expected):
    found = load(path)
    assert found.mode == expected.mode
    return np.array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((5472, 3648), (1152, 768)),
        ((4000, 6000), (768, 1152)),
        ((3000, 2000), (1152, 768)),
        ((4000, 4000), (1024, 1024)),
        ((1200, 900), (1024, 768)),
        ((640, 480), (1024, 768)),
        ((3001, 2999), (1024, 1023)),
    ],
)
def test_long_side_is_the_published_script(size, expected):
    width, height = size
    s = 1024 / max(width, height)
    if min(int(width * s), int(height * s)) < 768:
        s = 768 / min(width, height)
    assert (int(width * s), int(height * s)) == expected
    assert long_side_size(Size(*size)) == Size(*expected)


@pytest.mark.parametrize(
    ("strategy", "size", "expected"),
    [
        ("portrait", (4000, 6000), (1024, 1536)),
        ("product", (3000, 2000), (1024, 768)),
        ("document", (2400, 3200), (1024, 1365)),
        ("long-side", (5472, 3648), (1152, 768)),
    ],
)
def test_the_published_sizes(strategy, size, expected):
    assert plan_for(Size(*size), strategy, Image.new("RGB", (8, 8))).size == Size(*expected)


def test_product_has_two_steps_only_where_the_height_falls_short():
    thumbnail = Image.new("RGB", (8, 8))
    steps = plan_for(Size(3000, 2000), "product", thumbnail).steps
    assert steps == ((Size(1024, 683), LANCZOS), (Size(1024, 768), BICUBIC))
    assert len(plan_for(Size(2000, 2000), "product", thumbnail).steps) == 1


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_long_side_pixels_are_pillows(tmp_path, suffix):
    noise(1500, 1000).save(tmp_path / f"in.{suffix}")
    result = prepare(tmp_path / f"in.{suffix}", tmp_path / "out.png")
    expected = load(tmp_path / f"in.{suffix}").convert("RGB").resize((1152, 768), LANCZOS)
    assert (result.before, result.after) == (Size(1500, 1000), Size(1152, 768))
    assert same(tmp_path / "out.png", expected)


def test_product_pixels_are_pillows(tmp_path):
    photo = noise(1500, 1000)
    photo.save(tmp_path / "in.png")
    prepare(tmp_path / "in.png", tmp_path / "out.png", strategy="product")
    assert same(tmp_path / "out.png", photo.resize((1024, 683), LANCZOS).resize((1024, 768), BICUBIC))


def test_document_pixels_are_pillows(tmp_path):
    photo = noise(1200, 1600).point(lambda value: 60 + value // 2)
    photo.save(tmp_path / "in.png")
    prepare(tmp_path / "in.png", tmp_path / "out.png", strategy="document")
    assert same(tmp_path / "out.png", ImageOps.autocontrast(photo).resize((1024, 1365), LANCZOS))


@pytest.mark.parametrize("size", [(1024, 768), (970, 800), (1070, 1070), (768, 1000)])
def test_auto_leaves_a_prepared_photo_alone(tmp_path, size):
    photo = noise(*size)
    photo.save(tmp_path / "in.png")
    result = prepare(tmp_path / "in.png", tmp_path / "out.png", strategy="auto")
    assert same(tmp_path / "out.png", photo)
    assert "unchanged" in result.reason


@pytest.mark.parametrize("size", [(969, 800), (1071, 800), (1024, 767)])
def test_auto_does_not_leave_others_alone(size):
    plan = plan_for(Size(*size), "auto", noise(*size))
    assert plan.steps


def page_of_text(width, height):
    page = Image.new("RGB", (width, height), (243, 240, 232))
    pen = ImageDraw.Draw(page)
    for line in range(height // 40, height - height // 30, height // 45):
        pen.text((width // 12, line), "lorem ipsum dolor sit amet " * 6, fill=(30, 30, 34), font_size=height // 60)
    return page


def product_shot(width, height):
    shot = Image.new("RGB", (width, height), (236, 236, 238))
    ImageDraw.Draw(shot).ellipse((width * 0.3, height * 0.25, width * 0.7, height * 0.8), fill=(160, 40, 30))
    return shot


@pytest.mark.parametrize(
    ("picture", "scene"),
    [
        (page_of_text(1200, 1600), "document"),
        (product_shot(1500, 1000), "product"),
        (noise(1000, 1500), "portrait"),
        (noise(1500, 1000), "long-side"),
    ],
    ids=["document", "product", "portrait", "other"],
)
def test_auto_tells_scenes_apart_and_says_why(picture, scene):
    guess = guess_scene(picture)
    assert guess.name == scene
    assert guess.reason
    assert plan_for(Size(*picture.size), "auto", picture).strategy == scene


def test_a_turned_photo_is_prepared_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(1600, 1200).save(tmp_path / "in.jpg", exif=exif, quality=95)
    result = prepare(tmp_path / "in.jpg", tmp_path / "out.png")
    assert result.before == Size(1200, 1600)
    upright = ImageOps.exif_transpose(load(tmp_path / "in.jpg"))
    assert same(tmp_path / "out.png", upright.resize((result.after.width, result.after.height), LANCZOS))


def test_alpha_grey_and_palette(tmp_path):
    noise(1100, 800, 4).save(tmp_path / "rgba.png")
    noise(1100, 800, 1).save(tmp_path / "grey.png")
    noise(1100, 800).quantize(32, Image.Quantize.FASTOCTREE).save(tmp_path / "palette.png")
    for name, mode in (("rgba", "RGBA"), ("grey", "RGB"), ("palette", "RGB")):
        prepare(tmp_path / f"{name}.png", tmp_path / f"{name}.out.png")
        expected = load(tmp_path / f"{name}.png").convert(mode).resize((1056, 768), LANCZOS)
        assert same(tmp_path / f"{name}.out.png", expected)


def test_sixteen_bit_grey_is_not_clipped_to_white(tmp_path):
    ramp = np.linspace(0, 65535, 1024 * 768).astype(np.uint16).reshape(768, 1024)
    Image.fromarray(ramp).save(tmp_path / "in.png")
    prepare(tmp_path / "in.png", tmp_path / "out.png", strategy="auto")
    found = np.asarray(load(tmp_path / "out.png"))
    assert np.abs(found[..., 0].astype(int) - ramp / 257).max() <= 1


def test_the_profile_of_rgb_is_kept(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise(1500, 1000).save(tmp_path / "in.jpg", icc_profile=profile)
    prepare(tmp_path / "in.jpg", tmp_path / "out.png", strategy="document")
    assert load(tmp_path / "out.png").info["icc_profile"] == profile


def test_a_folder_becomes_a_folder(tmp_path):
    photos = tmp_path / "in"
    (photos / "shoes").mkdir(parents=True)
    noise(330, 240).save(photos / "a.jpg")
    noise(330, 240).save(photos / "a.png")
    noise(330, 240).save(photos / "shoes" / "b.WEBP", "WEBP")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff not a photo")
    (photos / "notes.txt").write_text("not a photo")
    small = {"long": 256, "short": 192}  # what is tested is the folder
    results = list(prepare_folder(photos, tmp_path / "out", **small))
    failed = [result for result in results if isinstance(result, tuple)]
    assert [path.name for path, _ in failed] == ["broken.jpg"]
    assert isinstance(failed[0][1], UnsupportedInput)
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png"))
    assert written == ["a.jpg.png", "a.png.png", "shoes/b.png"]
    with pytest.raises(UsageError, match="exists already"):
        list(prepare_folder(photos, tmp_path / "out", **small))
    list(prepare_folder(photos, photos / "out", **small))
    assert len(list((photos / "out").rglob("*.png"))) == 3
    assert (
        len(list(prepare_folder(photos, photos / "out", **small, overwrite=True))) == 4
    )  # its own results are no photos


def test_refusals_leave_nothing_behind(tmp_path):
    noise(1100, 800).save(tmp_path / "in.png")
    with pytest.raises(UsageError, match="lossless PNG"):
        prepare(tmp_path / "in.png", tmp_path / "out.jpg")
    with pytest.raises(UsageError, match="strategy is one of"):
        prepare(tmp_path / "in.png", tmp_path / "out.png", strategy="best")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="long"):
        prepare(tmp_path / "in.png", tmp_path / "out.png", long=3)
    with pytest.raises(MissingInput):
        prepare(tmp_path / "none.png", tmp_path / "out.png")
    with pytest.raises(MissingInput):
        list(prepare_folder(tmp_path / "in.png", tmp_path / "out"))
    with pytest.raises(BudgetExceeded, match=r"0\.9 megapixels, allowed are 0\.5"):
        prepare(tmp_path / "in.png", tmp_path / "out.png", max_pixels=500_000)
    Image.new("RGB", (20000, 20)).save(tmp_path / "strip.png")
    with pytest.raises(BudgetExceeded, match="would become"):
        prepare(tmp_path / "strip.png", tmp_path / "out.png")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "in.png").read_bytes()[:2000])
    with pytest.raises(UnsupportedInput, match="broken"):
        prepare(tmp_path / "cut.jpg", tmp_path / "out.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.jpg", "in.png", "strip.png"]
