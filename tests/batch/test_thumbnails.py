"""Thumbnails of report and review: what a hostile or huge picture may cost."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from gigamatte.batch.thumbnails import MOST, thumbnail


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def interlaced(path: Path, side: int) -> Path:
    """A whole interlaced PNG of one bit a pixel, all of them black: small as a file, decoded whole."""
    packer = zlib.compressobj(1)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(side * (side // 8 + 4) >> 20)]
    parts.append(packer.compress(bytes(4 << 20)) + packer.flush())
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 1)
    ended = chunk(b"IHDR", header) + chunk(b"IDAT", b"".join(parts)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + ended)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_a_picture_that_is_decoded_whole_keeps_to_the_budget(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom gigamatte import system\n"
        "from gigamatte.batch.thumbnails import thumbnail\nbefore = system.peak_rss_mb()\n"
        "print(thumbnail(Path(sys.argv[1])) is None, system.peak_rss_mb() - before)"
    )

    def asked(side: int) -> tuple[str, float]:
        words = [sys.executable, "-c", script, str(interlaced(tmp_path / f"{side}.png", side))]
        none, peak = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        return none, float(peak)

    assert asked(10_000)[0] == "False"
    none, peak = asked(32_000)  # a gigabyte of pixels in a file of some hundred kilobytes
    assert none == "True"
    assert peak < 100
    assert MOST < 32_000**2


def test_no_picture_is_none(tmp_path):
    for name, data in (("a.png", b""), ("b.jpg", b"\xff\xd8\xff"), ("c.gif", b"GIF89a"), ("d.mp4", b"no film")):
        (tmp_path / name).write_bytes(data)
        assert thumbnail(tmp_path / name) is None
    assert thumbnail(tmp_path / "gone.jpg") is None
    (tmp_path / "folder.png").mkdir()
    assert thumbnail(tmp_path / "folder.png") is None
