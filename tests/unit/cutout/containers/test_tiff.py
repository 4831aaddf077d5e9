"""TIFF results: packed as asked, with smaller copies on request; read back by Pillow and ImageMagick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image
from tests.unit.cutout.written import picture, save, stored

import gigamatte
from gigamatte.cli.app import run
from gigamatte.cutout.encode import Encoding, saver_options
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.errors import UsageError
from gigamatte.options import Options
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size

#: numbers of TIFF 6.0's tags
SUBFILE, COMPRESSION, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, EXTRA = 254, 259, 317, 322, 323, 338
PACKED = {"deflate": 8, "lzw": 5, "none": 1}


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 700 × 600 with a mask beside it."""
    made = made_photo(Size(700, 600), strands=20, seed=2)
    path = tmp_path_factory.mktemp("tiff") / "photo.png"
    cv2.imwrite(str(path), np.ascontiguousarray(made.photo[..., ::-1]))
    cv2.imwrite(str(path.with_name("mask.png")), (made.alpha * 255).astype(np.uint8))
    return path


def cut(photo: Path, *words: str) -> int:
    return run(["cut", str(photo), "--mask", str(photo.with_name("mask.png")), "-q", *words])


def by_imagemagick(imagemagick: str, path: Path, page: int, depth: int = 8) -> NDArray[Any]:
    page_of = f"{path}[{page}]"
    told = subprocess.run([imagemagick, page_of, "-format", "%w %h", "info:"], capture_output=True, check=True)
    width, height = map(int, told.stdout.split())
    command = [imagemagick, page_of, "-depth", str(depth), "-endian", "LSB", "RGBA:-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, f"u{depth // 8}").reshape(height, width, 4)


@pytest.mark.parametrize("words", [[], ["--compress", "deflate"], ["--compress", "lzw"], ["--compress", "none"]])
@pytest.mark.parametrize("pyramid", [[], ["--pyramid", "pages"]])
def test_cut_packs_as_asked_and_changes_no_pixel(photo: Path, words: list[str], pyramid: list[str], tmp_path: Path):
    assert cut(photo, "-o", str(tmp_path / "a.png")) == 0
    assert cut(photo, "-o", str(tmp_path / "a.tif"), *words, *pyramid) == 0
    packing = words[1] if words else "deflate"
    with Image.open(tmp_path / "a.tif") as tiff, Image.open(tmp_path / "a.png") as png:
        assert np.array_equal(np.asarray(tiff), np.asarray(png))
        sizes = []
        for page in range(tiff.n_frames):
            tiff.seek(page)
            sizes.append(tiff.size)
            tags = tiff.tag_v2
            assert tags[COMPRESSION] == PACKED[packing]
            assert tags.get(PREDICTOR, 1) == (1 if packing == "none" else 2)  # 2: differences of neighbours
            # strips where nobody asked for tiles: ffmpeg reads those as zeros
            assert (tags.get(TILE_WIDTH), tags.get(TILE_HEIGHT)) == ((256, 256) if pyramid else (None, None))
            assert tags[EXTRA] == (2,)  # straight alpha
            assert tags.get(SUBFILE, 0) == (1 if page else 0)  # 1: a smaller copy of another picture of the file
        assert sizes == ([(700, 600), (350, 300), (175, 150)] if pyramid else [(700, 600)])


def test_imagemagick_reads_every_level(photo: Path, tmp_path: Path, imagemagick: str):
    assert cut(photo, "-o", str(tmp_path / "a.tif"), "--compress", "lzw", "--pyramid", "pages") == 0
    levels = [by_imagemagick(imagemagick, tmp_path / "a.tif", page) for page in range(3)]
    with Image.open(tmp_path / "a.tif") as tiff:
        assert np.array_equal(levels[0], np.asarray(tiff))
    for level in levels[1:]:
        whole = cv2.resize(levels[0][..., 3], level.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(level[..., 3].astype(int) - whole).max() <= 2


@pytest.mark.parametrize("packing", ["deflate", "lzw", "none"])
def test_sixteen_bits_are_packed_without_loss(packing: Any, tmp_path: Path, imagemagick: str):
    array = np.random.default_rng(1).integers(0, 1 << 16, (600, 300, 4), "u2")
    write_image(
        as_strips(array),
        Raster(Size(300, 600), 4, 16),
        target=tmp_path / "a.tif",
        format="tiff",
        encoding=Encoding(compression=packing, pyramid="pages"),
    )
    assert np.array_equal(by_imagemagick(imagemagick, tmp_path / "a.tif", 0, 16), array)
    assert by_imagemagick(imagemagick, tmp_path / "a.tif", 1, 16).shape == (300, 150, 4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_smaller_copies_have_no_dark_halo(dtype: Any, tmp_path: Path):
    """Colours are averaged by their alpha: the black of what cannot be seen never mixes in."""
    full = np.iinfo(dtype).max
    rows, columns = np.mgrid[:600, :700]
    array = np.zeros((600, 700, 4), dtype)
    array[..., 3] = np.clip((200 - np.hypot(columns - 350, rows - 300)) / 30, 0, 1) * full
    array[array[..., 3] > 0, :3] = (full // 5 * 4, full // 2, full // 9)
    write_image(
        as_strips(array),
        Raster(Size(700, 600), 4, 8 * array.dtype.itemsize),
        target=tmp_path / "a.tif",
        format="tiff",
        encoding=Encoding(pyramid="pages"),
    )
    for page in (1, 2):
        level = pyvips.Image.new_from_file(str(tmp_path / "a.tif"), page=page).numpy()
        seen = level[level[..., 3] > 0]
        assert len(seen) > 1000
        assert np.abs(seen[:, :3].astype(int) - np.array([full // 5 * 4, full // 2, full // 9])).max() <= 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "a.png", "--compress", "lzw"], "--compress is for TIFF only, the result is PNG"),
        (["-o", "a.webp", "--pyramid", "sub"], "--pyramid is for TIFF only, the result is WebP"),
        (["-o", "a.tif", "--format", "psd", "--pyramid", "sub"], "--pyramid is for TIFF only, the result is Photoshop"),
        (["--compress", "none"], "--compress is for TIFF only, the result is PNG"),
        (["-o", "a.tif", "--compress", "zip"], "--compress is one of deflate, lzw, none; found 'zip'"),
    ],
)
def test_other_formats_are_refused_before_anything_is_done(
    photo: Path, words: list[str], message: str, tmp_path: Path, monkeypatch: Any, capsys: Any
):
    monkeypatch.setenv("GIGAMATTE_LANG", "en")
    monkeypatch.chdir(tmp_path)
    assert cut(photo, *words) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert not photo.with_name("photo.cutout.png").exists()


def test_a_pair_may_be_two_pyramids(photo: Path, tmp_path: Path):
    assert cut(photo, "-o", str(tmp_path / "a.tif"), "--only", "pair", "--pyramid", "pages") == 0
    for name, mode in (("a.colour.tif", "RGB"), ("a.alpha.tif", "L")):
        with Image.open(tmp_path / name) as tiff:
            assert (tiff.mode, tiff.n_frames) == (mode, 3)


def test_from_python(photo: Path, tmp_path: Path):
    options = Options(compress="lzw", pyramid="pages")
    gigamatte.cut(photo, options, mask=photo.with_name("mask.png")).save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as tiff:
        assert (tiff.tag_v2[COMPRESSION], tiff.n_frames) == (5, 3)
    with pytest.raises(UsageError, match="compress is one of"):
        Options(compress="jpeg")  # type: ignore[arg-type]


def test_beyond_4_gb_with_whole_tiles_counted_it_is_a_bigtiff():
    def big(size: Size, **more: Any) -> bool:
        return bool(saver_options("tiff", Encoding(**more), size, 4, 8)["bigtiff"])

    assert not big(Size(30_000, 30_000))
    assert big(Size(33_000, 33_000))
    assert big(Size(30_000, 30_000), pyramid="pages")
    # 1.2 GB of pixels, but tiles of 256 columns: 5.1 GB
    assert big(Size(60, 5_000_000), pyramid="sub")
    assert not big(Size(60, 5_000_000))


def test_a_bigtiff_is_read_back(tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr("gigamatte.cutout.encode._tiff_pixels", lambda *_: 1 << 32)
    array = np.random.default_rng(2).integers(0, 256, (300, 400, 4), "u1")
    write_image(as_strips(array), Raster(Size(400, 300), 4, 8), target=tmp_path / "a.tif", format="tiff")
    assert (tmp_path / "a.tif").read_bytes()[:4] == b"II+\0"
    with Image.open(tmp_path / "a.tif") as tiff:
        assert np.array_equal(np.asarray(tiff), array)


def test_memory_stays_flat_while_a_pyramid_is_written(tmp_path: Path):
    """200 MP without packing: its smaller copies alone have 270 MB, and wait on disk and not in memory."""
    program = (
        "import numpy, pathlib\n"
        "from gigamatte import system\n"
        "from gigamatte.cutout.encode import Encoding\n"
        "from gigamatte.cutout.raster import Raster\n"
        "from gigamatte.cutout.write import write_image\n"
        "from gigamatte.types import Size\n"
        "before = system.peak_rss_mb()\n"
        "strip = numpy.full((256, 12000, 4), 99, 'u1')\n"
        f"target = pathlib.Path({str(tmp_path)!r}, 'a.tif')\n"
        "encoding = Encoding(compression='none', pyramid='pages')\n"
        "size = Size(12000, 256 * 65)\n"
        "write_image((strip for _ in range(65)), Raster(size, 4, 8), target=target, format='tiff', encoding=encoding)\n"
        "print(system.peak_rss_mb() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    (tmp_path / "a.tif").unlink()
    assert float(done.stdout) < 330


@pytest.mark.parametrize("compression", ["deflate", "lzw", "none"])
@pytest.mark.parametrize("pyramid", [None, "pages", "sub"])
def test_tiff_variants(compression: Any, pyramid: Any, tmp_path: Path) -> None:
    array = picture(4, np.uint16, Size(700, 600))
    save(array, tmp_path / "a.tif", "tiff", encoding=Encoding(compression=compression, pyramid=pyramid))
    assert np.array_equal(stored(tmp_path / "a.tif"), array)
    pages = pyvips.Image.new_from_file(str(tmp_path / "a.tif")).get("n-pages")
    assert pages == (
        3 if pyramid == "pages" else 1
    )  # 700, 350, 175: a pyramid ends with a picture that fits into a tile
    with Image.open(tmp_path / "a.tif") as tiff:
        assert tiff.tag_v2[259] == {"deflate": 8, "lzw": 5, "none": 1}[compression]
        assert tiff.tag_v2[338] == (2,)  # unassociated alpha: straight
        assert (322 in tiff.tag_v2) == (pyramid is not None)  # tiles for viewers only: ffmpeg reads them as zeros
        assert len(tiff.tag_v2.get(330, ())) == (2 if pyramid == "sub" else 0)


def test_a_tiff_beyond_4_gb_is_a_bigtiff() -> None:
    small, large = Size(30_000, 30_000), Size(33_000, 33_000)
    assert not saver_options("tiff", Encoding(), small, 4, 8)["bigtiff"]
    assert saver_options("tiff", Encoding(pyramid="pages"), small, 4, 8)["bigtiff"]
    assert saver_options("tiff", Encoding(), large, 4, 8)["bigtiff"]
