"""Metadata and resolution: what goes along, what is left out, and what is never made up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.unit.cutout.written import BLOCKS, picture, save

from gigamatte.photo import metadata
from gigamatte.photo.read import open_photo
from gigamatte.testing import profiles

CARRIED = {
    "png": {metadata.EXIF, metadata.XMP},
    "webp": {metadata.EXIF, metadata.XMP},
    "tiff": {metadata.EXIF, metadata.XMP, metadata.IPTC},
    "jpeg": {metadata.EXIF, metadata.XMP, metadata.IPTC},
}


@pytest.mark.parametrize("format", CARRIED)
def test_metadata_goes_along_and_what_cannot_is_said(format: Any, tmp_path: Path) -> None:
    icc = profiles.swapped_srgb()
    warnings = save(picture(3), tmp_path / "a", format, icc=icc, metadata=BLOCKS, resolution=(11.811, 11.811))
    photo = open_photo(tmp_path / "a", max_pixels=10**6)
    assert set(photo.metadata) == CARRIED[format]
    assert len(warnings) == 3 - len(CARRIED[format])
    assert all("no place for" in line for line in warnings)
    assert photo.icc == icc
    if format != "webp":
        assert photo.resolution == pytest.approx((11.811, 11.811), rel=0.01)
    if metadata.EXIF in photo.metadata:
        assert b"ACME" in photo.metadata[metadata.EXIF]


@pytest.mark.parametrize("format", CARRIED)
def test_metadata_can_be_left_out(format: Any, tmp_path: Path) -> None:
    icc = profiles.swapped_srgb()
    assert save(picture(3), tmp_path / "a", format, icc=icc, metadata=BLOCKS, strip=True) == ()
    photo = open_photo(tmp_path / "a", max_pixels=10**6)
    assert photo.metadata == {}
    assert photo.icc == icc


exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")


def asked(path: Path, *tags: str) -> str:
    command = ["exiftool", "-n", "-G", "-s", *(f"-{tag}" for tag in tags), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@exiftool
@pytest.mark.parametrize("format", CARRIED)
def test_exiftool_finds_what_was_carried(format: Any, tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    Image.fromarray(picture(3)).save(source, dpi=(300, 300))
    facts = "-Orientation#=6 -GPSLatitude=48.5 -GPSLatitudeRef=N -GPSLongitude=11 -GPSLongitudeRef=E -Make=ACME"
    facts += " -Artist=Somebody -ExposureTime=1/250 -XMP-dc:Creator=Writer -XMP-tiff:Orientation#=6"
    facts += " -XMP-exif:GPSLatitude=48.5 -IPTC:Keywords=cat -IPTC:By-line=Writer2"
    subprocess.run(["exiftool", "-q", "-overwrite_original", *facts.split(), str(source)], check=True)
    photo = open_photo(source, max_pixels=10**6)
    assert photo.orientation == 6
    for strip_gps in (False, True):
        target = tmp_path / f"{strip_gps}.{format}"
        save(picture(3), target, format, metadata=photo.metadata, resolution=photo.resolution, strip_gps=strip_gps)
        found = asked(target, "Orientation", "GPS*", "Make", "Artist", "ExposureTime", "Creator", "Keywords", "By-line")
        assert "Orientation                     : 6" not in found
        assert "Writer" in found
        if metadata.EXIF in CARRIED[format]:
            assert "ACME" in found
            assert "0.004" in found
        if metadata.IPTC in CARRIED[format]:
            assert "cat" in found
            assert "Writer2" in found
        assert ("GPS" in found) == (not strip_gps)
        assert asked(target, "Warning", "Error") == ""
        if format != "webp":
            assert "300" in asked(target, "XResolution") or "11811" in asked(target, "PixelsPerUnitX")


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg", "avif", "psd"])
@pytest.mark.parametrize("strip", [False, True])
def test_nothing_is_made_up(format: Any, strip: bool, tmp_path: Path) -> None:
    """libvips would write an EXIF block of its own, and 72 dpi."""
    save(picture(3), tmp_path / "a", format, strip=strip)
    data = (tmp_path / "a").read_bytes()
    for made_up in (b"Exif", b"EXIF", b"eXIf", b"pHYs", b"8BIM\x03\xed"):
        assert made_up not in data
    if format in ("jpeg", "tiff"):
        with Image.open(tmp_path / "a") as found:
            assert found.info.get("dpi", (1, 1)) == (1, 1)
            assert 282 not in getattr(found, "tag_v2", {})


@pytest.mark.parametrize("format", ["png", "tiff", "jpeg"])
def test_the_resolution_that_is_told_goes_along(format: Any, tmp_path: Path) -> None:
    for dpi in (300, 72, 96.5):
        save(picture(3), tmp_path / "a", format, strip=True, resolution=(dpi / 25.4, dpi / 25.4), overwrite=True)
        with Image.open(tmp_path / "a") as found:
            assert found.info["dpi"] == pytest.approx((dpi, dpi), abs=0.15)
