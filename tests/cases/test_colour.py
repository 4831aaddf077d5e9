"""Reported cases of colour and metadata: a cutout keeps its photo's metadata where it is still true."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gigamatte.cli.app import run

FORMATS = ("png", "webp", "tif", "jpg", "avif", "psd")
Case = Callable[[str], Path]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGAMATTE_LANG", "en")


def cut(photo: Path, target: Path, *words: str, mask: str = "mask.png") -> None:
    if target.suffix == ".jpg" and "--background" not in words:
        words = (*words, "--background", "white")
    words = ("--mask", str(photo.parent / mask), "-o", str(target), "--overwrite", "--refine", "off", *words)
    assert run(["cut", str(photo), *words]) == 0


def asked(path: Path, *tags: str) -> dict[str, str]:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    command = ["exiftool", "-n", "-a", "-G1", "-s", "-ee", *(f"-{tag}" for tag in tags), str(path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split("]")[1].split(":")[0].strip(): line.partition(":")[2].strip() for line in lines}


def seen(path: Path) -> NDArray[np.float64]:
    """The mean colour of the opaque middle, as a reader that obeys the profile shows it: sRGB."""
    with Image.open(path) as picture:
        icc, pixels = picture.info.get("icc_profile"), picture.convert("RGBA")
    alpha = np.asarray(pixels)[..., 3]
    rgb = pixels.convert("RGB")
    if icc:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        shown = ImageCms.profileToProfile(rgb, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        assert shown is not None
        rgb = shown
    middle = (slice(100, 140), slice(140, 180))
    assert alpha[middle].min() == 255
    return np.asarray(rgb)[middle].reshape(-1, 3).mean(0)


def obeyed(path: Path, matrix: Any, light: Callable[[Any], Any]) -> NDArray[np.float64]:
    """The same of the photo, worked out from what its file says."""
    with Image.open(path) as picture:
        values = np.asarray(picture.convert("RGB"), np.float64)[100:140, 140:180] / 255
    linear = np.clip(light(values) @ np.asarray(matrix).T, 0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    mean: NDArray[np.float64] = (srgb * 255).reshape(-1, 3).mean(0)
    return mean


SRGB_LIGHT = lambda v: np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)  # noqa: E731
BT709_LIGHT = lambda v: np.where(v < 0.081, v / 4.5, ((v + 0.099) / 1.099) ** (1 / 0.45))  # noqa: E731
#: linear light of the primaries to that of sRGB, all with the white D65 (published)
ADOBE = [[1.39836, -0.39836, 0], [0, 1, 0], [0, -0.04293, 1.04293]]
P3 = [[1.22494, -0.22494, 0], [-0.04206, 1.04206, 0], [-0.01964, -0.07864, 1.09828]]
BT2020 = [[1.66049, -0.58764, -0.07285], [-0.12455, 1.1329, -0.00835], [-0.01815, -0.10058, 1.11873]]


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "jpg", "avif"])
def test_png_colour_chunks(case: Case, suffix: str, tmp_path: Path, capsys: Any) -> None:
    folder = case("png-colour-chunks")
    for name, matrix, light in (
        ("gama1", np.eye(3), lambda v: v),
        ("chrm_adobe", ADOBE, lambda v: v ** (1 / 0.45455)),
    ):
        cut(folder / f"{name}.png", tmp_path / f"a.{suffix}")
        right = obeyed(folder / f"{name}.png", matrix, light)
        assert np.abs(seen(tmp_path / f"a.{suffix}") - right).max() < 2.5
    capsys.readouterr()
    cut(folder / "cicp_pq.png", tmp_path / f"b.{suffix}")
    assert "HDR (PQ), which is not interpreted" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_heif_avif_nclx(case: Case, suffix: str, tmp_path: Path, capsys: Any) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    folder = case("heif-avif-nclx")
    for name, matrix, light in (("p3", P3, SRGB_LIGHT), ("bt2020", BT2020, BT709_LIGHT)):
        heif = pillow_heif.open_heif(folder / f"{name}.heic")
        plain = tmp_path / "plain.png"
        Image.frombytes(heif.mode, heif.size, heif.data, "raw", heif.mode, heif.stride).save(plain)
        cut(folder / f"{name}.heic", tmp_path / f"a.{suffix}")
        assert np.abs(seen(tmp_path / f"a.{suffix}") - obeyed(plain, matrix, light)).max() < 1.5
    capsys.readouterr()
    cut(folder / "pq.heic", tmp_path / f"b.{suffix}")
    assert "HDR (PQ), which is not interpreted" in capsys.readouterr().err


def holds_picture(path: Path) -> bool:
    """Whether a second JPEG lies in the file, or its EXIF says where one lies."""
    data = path.read_bytes()
    return any(at > 0 for at in _places(data, b"\xff\xd8\xff"))


def _places(data: bytes, what: bytes) -> Iterator[int]:
    at = data.find(what)
    while at >= 0:
        yield at
        at = data.find(what, at + 1)


@pytest.mark.parametrize("suffix", ["png", "webp", "jpg", "tif", "avif", "psd"])
def test_makernote_preview(case: Case, suffix: str, tmp_path: Path, capsys: Any) -> None:
    for maker in ("NIKON", "SONY"):
        photo = case("makernote-preview") / f"mn_{maker}.jpg"
        assert holds_picture(photo)
        cut(photo, tmp_path / f"a.{suffix}")
        assert not holds_picture(tmp_path / f"a.{suffix}")
        assert "the maker's note holds a picture of the photo before it was cut" in capsys.readouterr().err


def test_xmp_over_64k(case: Case, tmp_path: Path, capsys: Any) -> None:
    folder = case("xmp-over-64k")
    right = asked(folder / "xmpbig.png", "XMP:all")
    cut(folder / "xmpbig.png", tmp_path / "a.jpg")
    found = asked(tmp_path / "a.jpg", "XMP:all", "Error")
    found.pop("HasExtendedXMP")
    assert found == right
    capsys.readouterr()
    cut(folder / "exifbig.png", tmp_path / "b.jpg")
    assert "EXIF of a JPEG holds 64 kB: the maker's note was left out" in capsys.readouterr().err
    right = asked(folder / "exifbig.png", "EXIF:all", "MakerNotes:all")
    found = asked(tmp_path / "b.jpg", "EXIF:all", "Warning", "Error")
    assert found.items() <= right.items()
    assert set(right) - set(found) <= {"MakerNoteUnknown", "MakerNoteUnknownText", "MakerNoteUnknownBinary"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_stale_phone_xmp(case: Case, suffix: str, tmp_path: Path) -> None:
    cut(case("stale-phone-xmp") / "motion_uhdr.jpg", tmp_path / f"a.{suffix}")
    data = (tmp_path / f"a.{suffix}").read_bytes()
    for claim in (b"MotionPhoto", b"GainMap", b"hdrgm:", b"Container:Directory", b"Item:"):
        assert claim not in data
    assert asked(tmp_path / f"a.{suffix}", "XMP:all", "Warning") == {}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["raw_profile_or6", "exif_after_idat", "text"])
def test_png_exif_places(case: Case, name: str, suffix: str, tmp_path: Path) -> None:
    cut(case("png-exif-places") / f"{name}.png", tmp_path / f"a.{suffix}")
    found = asked(tmp_path / f"a.{suffix}", "EXIF:all", "File:ImageWidth", "PNG:ImageWidth", "ImageSize", "Warning")
    assert found["Copyright"] == "(c) Example 2026"
    assert found["ImageSize"] == ("80 120" if name == "raw_profile_or6" else "120 80")
    assert found.get("Orientation", "1") == "1"
    assert "Warning" not in found


@pytest.mark.parametrize("suffix", FORMATS)
def test_xmp_places(case: Case, suffix: str, tmp_path: Path) -> None:
    photo = case("xmp-places") / "regions.jpg"
    cut(photo, tmp_path / f"a.{suffix}", "--crop")
    found = asked(tmp_path / f"a.{suffix}", "XMP:all", "EXIF:all", "ImageSize", "Warning")
    width, height = found.pop("ImageSize").split()
    assert (width, height) != ("320", "240")
    for tag, value in found.items():
        assert not tag.startswith(("Region", "Cropped", "FullPano", "SubjectArea", "UsePano", "Projection", "Crop"))
        if tag in ("ImageWidth", "ExifImageWidth"):
            assert value == width
        if tag in ("ImageHeight", "ExifImageHeight"):
            assert value == height
    assert {"ImageWidth", "ExifImageWidth", "DateTimeOriginal"} <= found.keys()
    # where nothing moved, faces stay where they are
    cut(photo, tmp_path / f"b.{suffix}")
    found = asked(tmp_path / f"b.{suffix}", "XMP:all", "EXIF:all")
    assert found["RegionName"] == "Somebody"
    assert found["SubjectArea"] == "160 125 60 60"
    assert "ProjectionType" not in found


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_input_only_profile(case: Case, suffix: str, tmp_path: Path, capsys: Any) -> None:
    folder = case("input-only-profile")
    cut(folder / "scan.jpg", tmp_path / "plain.png")
    capsys.readouterr()
    colour = Image.new("RGB", (30, 20), (0, 128, 255))
    colour.save(tmp_path / "behind.png")
    for background, corner in (("white", (255, 255, 255)), (str(tmp_path / "behind.png"), (0, 128, 255))):
        cut(folder / "scan.jpg", tmp_path / f"a.{suffix}", "--background", background)
        assert "the colour profile leads only one way" in capsys.readouterr().err
        with Image.open(tmp_path / "plain.png") as plain, Image.open(tmp_path / f"a.{suffix}") as laid:
            icc = plain.info["icc_profile"]
            shown = ImageCms.profileToProfile(
                plain.convert("RGB"), ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION, outputMode="RGB",
            )  # fmt: skip
            assert shown is not None
            subject = np.asarray(plain)[..., 3] == 255
            found = np.asarray(laid.convert("RGB")).astype(int)
        assert np.abs(found - np.asarray(shown))[subject].mean() < 2
        assert np.abs(found[0, 0] - np.array(corner)).max() <= 2


@pytest.mark.parametrize("source", ["jpg", "tif", "png", "webp"])
def test_every_format_agrees_on_the_position(source: str, tmp_path: Path) -> None:
    """The position is kept from every format to every format, and with --strip-gps it is left out."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    photo = tmp_path / f"photo.{source}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)).save(photo)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    words = (
        "-GPSLatitude=48.5 -GPSLatitudeRef=N -XMP-exif:GPSLongitude=11.5 -XMP-drone-dji:Latitude=48.5 -EXIF:Make=ACME"
    )
    words += " -EXIF:DateTimeOriginal=2020:01:02(03:04:05)"
    said = [word.replace("(", " ").rstrip(")") for word in words.split()]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *said, str(photo)], check=True)
    for suffix in FORMATS:
        target = tmp_path / f"a.{suffix}"
        for gone in (False, True):
            cut(photo, target, *(["--strip-gps"] if gone else []))
            found = asked(target, "EXIF:all", "XMP:all", "Warning")
            assert found.get("DateTimeOriginal") == "2020:01:02 03:04:05"
            assert found.get("Make") == "ACME"
            assert "Warning" not in found
            assert ("GPSLatitude" in found) == ("GPSLongitude" in found) == ("Latitude" in found) == (not gone)
        cut(photo, target, "--strip")
        assert asked(target, "ExifIFD:all", "GPS:all", "IFD0:Make", "XMP:all", "Warning") == {}
