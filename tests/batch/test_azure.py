"""A container of Azure's, as Microsoft's own emulator (Azurite, on loopback) has it, through adlfs."""

import base64
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_helpers import pictures, run, save_photo, save_photos
from stores import LEFT_SOCKETS

from gigamatte.batch import places
from gigamatte.errors import GigamatteError, MissingInput
from gigamatte.options import Options

WHY = "the emulator of Azure's store is not installed (npm install azurite, pip install 'gigamatte[test-stores]')"
adlfs = pytest.importorskip("adlfs", reason=WHY)
NODE = os.environ.get("GIGAMATTE_NODE_MODULES", "")
PROGRAM = shutil.which("azurite-blob", path=os.pathsep.join([f"{NODE}/.bin", os.environ.get("PATH", "")]))

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=WHY),
    *LEFT_SOCKETS,
]


class Shop:
    """A container ``shop``. ``asked``: what the store was asked since, by method; L = a listing."""

    def __init__(self, log: Path) -> None:
        self.files = adlfs.AzureBlobFileSystem(connection_string=os.environ["AZURE_STORAGE_CONNECTION_STRING"])
        self.files.mkdir("shop")
        self._log, self._read = log, 0

    def asked(self) -> Counter[str]:
        time.sleep(0.3)  # the emulator writes its log behind its answer
        lines = self._log.read_text("utf-8", "replace").splitlines()
        found, self._read = lines[self._read :], len(lines)
        asked = [line.partition('"')[2] for line in found if '"' in line]
        return Counter("L" if "comp=list" in line else line.partition(" ")[0] for line in asked)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    key = base64.b64encode(secrets.token_bytes(64)).decode("ascii")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "azurite.log"
    with log.open("w") as told:
        process = subprocess.Popen(
            [PROGRAM, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(tmp_path / "azurite"),
             "--skipApiVersionCheck", "--disableTelemetry"],
            stdout=told, stderr=subprocess.STDOUT, env={**os.environ, "AZURITE_ACCOUNTS": f"team:{key}"},
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while "successfully listen" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        monkeypatch.setenv(
            "AZURE_STORAGE_CONNECTION_STRING",
            f"DefaultEndpointsProtocol=http;AccountName=team;AccountKey={key};BlobEndpoint=http://127.0.0.1:{port}/team;",
        )
        adlfs.AzureBlobFileSystem.clear_instance_cache()
        yield Shop(log)
    finally:
        adlfs.AzureBlobFileSystem.clear_instance_cache()
        process.terminate()
        process.wait(30)


def test_from_container_to_container_and_again(shop: Shop, tmp_path: Path, mask: str) -> None:
    source, options, photos = tmp_path / "in", Options(mask=mask, refine="off"), 12
    for path in save_photos(source, photos):
        shop.files.pipe_file(f"shop/in/{path.relative_to(source).as_posix()}", path.read_bytes())
    shop.asked()
    summary, listener = run("az://shop/in", "az://shop/out", options)
    assert (summary.done, summary.failed, summary.exit_code) == (photos, 0, 0), listener.outcomes
    asked = shop.asked()
    assert (asked["GET"], asked["PUT"]) == (photos, photos + 1)  # and the note that OUT can be written
    assert asked["HEAD"] <= photos + 2  # is there a result; is IN a blob itself
    assert asked["L"] <= 10  # three folders of IN and of OUT, and both themselves
    run(source, tmp_path / "out", options)
    for key, data in pictures(tmp_path / "out").items():
        assert shop.files.cat_file(f"shop/out/{key}") == data
        assert shop.files.info(f"shop/out/{key}")["content_settings"]["content_type"] == "image/png"
    shop.asked()
    again, listener = run("az://shop/in", "az://shop/out", options)
    assert (again.unchanged, listener.outcomes) == (photos, [])
    asked = shop.asked()
    assert (asked["GET"], asked["PUT"]) == (0, 1)
    assert asked["HEAD"] <= 2
    shop.files.pipe_file("shop/in/set0/photo000.jpg", save_photo(tmp_path / "x.jpg", 9).read_bytes())
    again, listener = run("az://shop/in", "az://shop/out", options)
    assert (again.done, again.unchanged) == (1, photos - 1), again


def test_a_container_that_is_not_there_is_told_before_the_first_photo(shop: Shop, tmp_path: Path, mask: str) -> None:
    save_photo(tmp_path / "in" / "a.jpg", 1)
    with pytest.raises(GigamatteError, match=re.compile("az://shopp", re.IGNORECASE)):
        run("az://shopp/in", tmp_path / "out", Options(mask=mask, refine="off"))
    with pytest.raises(GigamatteError, match="az://shopp/out cannot be written"):
        run(tmp_path / "in", "az://shopp/out", Options(mask=mask, refine="off"))


def test_a_large_result_and_an_empty_photo(shop: Shop, tmp_path: Path) -> None:
    """A result of many parts arrives whole; what has no bytes is fetched as that; what is not there is told."""
    large = tmp_path / "large.tif"
    large.write_bytes(secrets.token_bytes(70 << 20))
    stamp = places.publish(large, "az://shop/out/large.tif")
    assert places.stamp_of("az://shop/out/large.tif") == (70 << 20, stamp)
    back, fetched = places.fetch("az://shop/out/large.tif", tmp_path)
    assert (back.read_bytes(), fetched) == (large.read_bytes(), stamp)
    shop.files.pipe_file("shop/in/none.jpg", b"")
    back, _ = places.fetch("az://shop/in/none.jpg", tmp_path)
    assert back.read_bytes() == b""
    assert (places.exists("az://shop/in/none.jpg"), places.exists("az://shop/in/other.jpg")) == (True, False)
    with pytest.raises(MissingInput, match=re.escape("there is no az://shop/in/other.jpg")):
        places.fetch("az://shop/in/other.jpg", tmp_path)
