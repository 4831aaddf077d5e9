"""A result appears whole or not at all: failures, full disks, signals, streams, odd names."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.unit.cutout.written import picture, save, stored

from gigamatte.cutout import atomic
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import write_image
from gigamatte.errors import Cancelled, WriteError
from gigamatte.types import Size


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg"])
@pytest.mark.parametrize("error", [Cancelled("stopped"), OSError(5, "the scratch disk failed"), Interrupted()])
def test_what_a_strip_raises_passes_and_nothing_is_left(format: Any, error: BaseException, tmp_path: Path) -> None:
    target = tmp_path / "a.out"
    target.write_bytes(b"what was there")

    def strips() -> Iterator[NDArray[np.uint8]]:
        for index in range(20):
            if index == 12:
                raise error
            yield np.zeros((64, 3000, 3), np.uint8)

    with pytest.raises(type(error)) as found:
        write_image(strips(), Raster(Size(3000, 1280), 3, 8), target=target, format=format, overwrite=True)
    assert found.value is error
    assert target.read_bytes() == b"what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["a.out"]
    assert not [thread for thread in threading.enumerate() if thread.name == "gigamatte-encode"]


def test_missing_folders_and_devices(tmp_path: Path) -> None:
    array = picture(3)
    with pytest.raises(WriteError, match="there is no folder"):
        save(array, tmp_path / "no" / "a.png", "png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(WriteError, match="is not a file"):
        save(array, tmp_path / "folder.png", "png", overwrite=True)
    if Path("/dev/null").exists():  # written to, never replaced
        save(array, Path("/dev/null"), "png")
        assert not Path("/dev/null").is_file()


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # refused by hand: the super-user may write everywhere
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.os, "open", refuse)
    with pytest.raises(WriteError, match=r"a\.png cannot be written: Permission denied"):
        save(picture(3), tmp_path / "a.png", "png")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg"])
def test_a_full_disk_is_one_clear_line(format: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_nameless", lambda target: None)
    monkeypatch.setattr(atomic, "_named", lambda target: atomic.Draft(os.open("/dev/full", os.O_RDWR), None))
    with pytest.raises(WriteError, match="No space left on device") as found:
        save(picture(3, size=Size(2000, 1500)), tmp_path / "a.out", format)
    assert "\n" not in found.value.message
    assert found.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_that_appears_meanwhile_is_left_alone(
    nameless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not nameless:
        monkeypatch.setattr(atomic, "_nameless", lambda target: None)
    target = tmp_path / "a.png"
    array = picture(3)

    def strips() -> Iterator[NDArray[np.uint8]]:
        yield array
        target.write_bytes(b"somebody else's")

    with pytest.raises(WriteError, match="has appeared meanwhile"):
        write_image(strips(), Raster(Size.of(array), 3, 8), target=target, format="png")
    assert target.read_bytes() == b"somebody else's"
    assert list(tmp_path.iterdir()) == [target]
    target.unlink()
    write_image(strips(), Raster(Size.of(array), 3, 8), target=target, format="png", overwrite=True)
    assert np.array_equal(stored(target), array)
    assert list(tmp_path.iterdir()) == [target]


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(atomic, "_nameless", lambda target: None)
    monkeypatch.setattr(os, "link", refuse)
    array = picture(3)
    save(array, tmp_path / "a.png", "png")
    assert np.array_equal(stored(tmp_path / "a.png"), array)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_file_has_ordinary_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        save(picture(3), tmp_path / "a.png", "png")
    finally:
        os.umask(mask)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o644


def test_names_that_are_long_and_not_unicode(tmp_path: Path) -> None:
    array = picture(3)
    for name in ("长" * 80 + ".png", "with space[n=1],.png"):
        save(array, tmp_path / name, "png")
        assert np.asarray(Image.open(tmp_path / name)).shape == array.shape


@pytest.mark.skipif(os.name == "nt", reason="Windows counts letters, not bytes")
def test_a_name_of_as_many_bytes_as_there_may_be_can_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / f"{chr(0x1F45F) * 62}.png"  # four bytes a letter
    for text in (b"first", b"second"):
        with atomic.whole_file(target, overwrite=True) as draft:
            os.write(draft.descriptor, text)
    assert target.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("format", ["png", "tiff", "webp"])
def test_streams_get_the_whole_file_or_nothing(format: Any) -> None:
    array = picture(4)
    stream = io.BytesIO()
    save(array, stream, format)
    assert np.array_equal(np.asarray(Image.open(stream).convert("RGBA")), array)

    def strips() -> Iterator[NDArray[np.uint8]]:
        yield array[:20]
        raise Cancelled("stopped")

    stream = io.BytesIO()
    with pytest.raises(Cancelled):
        write_image(strips(), Raster(Size.of(array), 4, 8), target=stream, format=format)
    assert stream.getvalue() == b""


def test_a_closed_pipe_is_a_write_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(WriteError, match="output stream"), open(writing, "wb", buffering=0) as pipe:
        save(picture(3, size=Size(600, 600)), pipe, "png")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 1), ("SIGKILL", -9), ("SIGTERM", -15)])
@pytest.mark.parametrize("stream", [False, True])
def test_signals_leave_nothing_behind(stream: bool, number: str, code: int, tmp_path: Path) -> None:
    program = (
        "import numpy, pathlib, sys, time\n"
        "from gigamatte.cutout.raster import Raster\n"
        "from gigamatte.cutout.write import write_image\n"
        "from gigamatte.types import Size\n"
        "def strips():\n"
        "    for index in range(10**4):\n"
        "        yield numpy.zeros((1, 4000, 4), 'u1')\n"
        "        if index == 200: print('half way', flush=True)\n"
        "        if index > 200: time.sleep(0.01)\n"
        f"target = {'sys.stderr.buffer' if stream else f'pathlib.Path({str(tmp_path)!r}, {chr(34)}a.png{chr(34)})'}\n"
        "write_image(strips(), Raster(Size(4000, 10**4), 4, 8), target=target, format='png')\n"
    )
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=own)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half way\n"
        time.sleep(0.1)
        child.send_signal(getattr(signal, number))
        _, errors = child.communicate(timeout=20)
    assert child.returncode in (code, -2)
    if number == "SIGINT":
        assert b"KeyboardInterrupt" in errors
    if number == "SIGINT" or sys.platform == "linux":
        assert list(tmp_path.iterdir()) == []
