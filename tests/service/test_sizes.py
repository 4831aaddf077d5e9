"""What the queue counts an upload as: the pixels that its header claims, 0 where it tells none."""

import io

import pytest
from PIL import Image

from gigamatte.errors import UnsupportedInput
from gigamatte.service.sizes import claimed_pixels


def encoded(form):
    data = io.BytesIO()
    Image.new("RGB", (321, 123)).save(data, form)
    return data.getvalue()


def test_claimed(tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(encoded("JPEG"))
    assert claimed_pixels(path) == 321 * 123
    path.write_bytes(encoded("JPEG")[:30])
    assert claimed_pixels(path) == 0


def test_other_formats_are_refused(tmp_path):
    (tmp_path / "photo").write_bytes(encoded("GIF"))
    with pytest.raises(UnsupportedInput, match="GIF"):
        claimed_pixels(tmp_path / "photo")
