"""A bucket of Google's, as an emulator on loopback has it: other stores than S3 go through fsspec alone."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from batch_helpers import pictures, run, save_photos
from stores import LEFT_SOCKETS

from gigamatte.options import Options

# read as gcsfs is imported: it would ask Google itself, which kind of bucket this is
os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
WHY = "the emulator of Google's store is not installed (pip install 'gigamatte[test-stores]')"
gcsfs = pytest.importorskip("gcsfs", reason=WHY)
emulator = pytest.importorskip("gcp_storage_emulator.server", reason=WHY)

pytestmark = LEFT_SOCKETS


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="shop")
    server.start()
    address = f"http://127.0.0.1:{server._api._httpd.server_address[1]}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
    gcsfs.GCSFileSystem.clear_instance_cache()
    try:
        yield gcsfs.GCSFileSystem(token="anon", endpoint_url=address)
    finally:
        gcsfs.GCSFileSystem.clear_instance_cache()
        server.stop()


def test_from_bucket_to_bucket_and_again(shop, tmp_path, mask):
    source, options = tmp_path / "in", Options(mask=mask, refine="off")
    for path in save_photos(source, 4):
        shop.pipe_file(f"shop/in/{path.relative_to(source).as_posix()}", path.read_bytes())
    summary, listener = run("gs://shop/in", "gs://shop/out", options)
    assert (summary.done, summary.failed, summary.exit_code) == (4, 0, 0), listener.outcomes
    run(source, tmp_path / "out", options)
    for key, data in pictures(tmp_path / "out").items():
        assert shop.cat_file(f"shop/out/{key}") == data
    again, listener = run("gs://shop/in", "gs://shop/out", options)
    assert (again.unchanged, listener.outcomes) == (4, [])
