"""Hostile files: each is refused for the right reason, and the service works afterwards."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
import requests
from PIL import Image

from .conftest import picture_of

pytestmark = pytest.mark.usefixtures("well_afterwards")


def post(service, data, seconds=60, query=""):
    return requests.post(f"{service.url}/remove_background{query}", files={"image": data}, timeout=seconds)


def png_claiming(width, height, body=b"", more=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more
    return start + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_png_bomb(service):
    # 50000×50000: 2.5 gigapixels in a few kilobytes
    row = zlib.compress(bytes(1_000_000))
    answer = post(service, png_claiming(50_000, 50_000, row))
    assert (answer.status_code, answer.json()["code"]) == (422, "budget")


def test_png_bomb_within_the_budget_that_ends_early(service):
    answer = post(service, png_claiming(17_000, 17_000, zlib.compress(bytes(1000))))
    assert (answer.status_code, answer.json()["code"]) == (422, "input-unsupported")


def test_tiff_bomb(service):
    entries = [(256, 4, 1, 2**31), (257, 4, 1, 2**31), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 8)]
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    data += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    answer = post(service, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "budget")


def test_webp_bomb(service):
    header = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16382).to_bytes(3, "little") * 2
    vp8l = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", 16382 | 16382 << 14)
    body = b"WEBP" + header + vp8l + b"\0"
    answer = post(service, b"RIFF" + struct.pack("<I", len(body)) + body)
    assert answer.status_code == 422


@pytest.mark.parametrize("seed", range(4))
def test_headers_full_of_noise(service, pictures, seed):
    chance = np.random.default_rng(seed)
    for kind in ("png", "jpeg"):
        data = bytearray(pictures[kind])
        for place in chance.integers(8, 300, 20):
            data[place] = chance.integers(256)
        assert post(service, bytes(data)).status_code in (200, 415, 422)


def test_gif_of_ten_thousand_frames(service):
    frame = b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    answer = post(service, b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 10_000 + b";")
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong-type")


def test_only_the_first_page_is_read_and_that_is_said(service):
    pages = [Image.new("RGB", (64, 48), (200, 90, 20)) for _ in range(300)]
    data = io.BytesIO()
    pages[0].save(data, "TIFF", save_all=True, append_images=pages[1:])
    answer = post(service, data.getvalue(), query="?keep_empty=true")
    assert picture_of(answer).size == (64, 48)
    assert any("300 pictures" in line for line in json.loads(answer.headers["x-warnings"]))


@pytest.mark.parametrize(
    "head",
    [b"%!PS-Adobe-3.0 EPSF-3.0", b"<?xml version='1.0'?><svg/>", b"%PDF-1.7", b"PK\3\4", b"\x7fELF", b"#!/bin/sh"],
)
def test_what_only_calls_itself_a_picture(service, head):
    answer = post(service, head + bytes(500))
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong-type")


def test_a_profile_of_200_megabytes(own_service):
    packed = zlib.compress(bytes(200 << 20), 9)
    icc = b"x\0\0" + packed
    chunk = struct.pack(">I", len(icc)) + b"iCCP" + icc + struct.pack(">I", zlib.crc32(b"iCCP" + icc))
    row = zlib.compress(b"".join(b"\0" + bytes([200, 90, 20]) * 64 for _ in range(48)))
    with own_service(memory=1_500_000_000) as service:
        before = service.desk.supervisor.stats().deaths
        answer = post(service, png_claiming(64, 48, row, chunk), query="?keep_empty=true")
        assert answer.status_code in (200, 422)
        if answer.status_code == 200:
            assert len(answer.content) < 1 << 20  # it is not copied into the result
        assert service.desk.supervisor.stats().deaths == before


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF", "JPEG"])
def test_truncated_and_mislabelled(service, form):
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, form)
    data, url = whole.getvalue(), f"{service.url}/remove_background?keep_empty=true"
    # its name and declared type are not regarded
    answer = requests.post(url, files={"image": ("photo.svg", data, "text/html")}, timeout=60)
    assert picture_of(answer).size == (160, 120)
    answer = requests.post(url, files={"image": ("photo", data[: len(data) // 2])}, timeout=60)
    assert answer.status_code == 422
    assert answer.json()["code"] == "input-unsupported"


def test_names_are_never_paths(service, pictures, tmp_path):
    name = "../../../../../../tmp/gigamatte-was-here.png"
    answer = requests.post(f"{service.url}/remove_background", files={"image": (name, pictures["png"])}, timeout=60)
    assert answer.status_code == 200
    assert not (tmp_path / "../../../../../../tmp/gigamatte-was-here.png").exists()
    body = b'--x\r\nContent-Disposition: form-data; name="../../etc/x"; filename="y"\r\n\r\nz\r\n--x--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = requests.post(f"{service.url}/remove_background", data=body, headers=headers, timeout=30)
    assert answer.status_code == 400
