"""What crosses the pipe comes out as it went in."""

import io
import json
import struct
from pathlib import Path

import pytest

from gigamatte.errors import GigamatteError, NoSubject
from gigamatte.options import Options
from gigamatte.types import Box, ModelUse, Receipt
from gigamatte.worker import wire


def test_jobs_round_trip():
    job = wire.Job(
        Path("/in/\udcffphoto 图.jpg"),
        Path("out.png"),
        Options(box=Box(1, 2, 3, 4), margin=2.5, only="alpha", format="webp"),
        mask=Path("m.png"),
        overwrite=True,
    )
    pipe = io.BytesIO()
    wire.send(pipe, wire.pack_job(job))
    pipe.seek(0)
    assert wire.unpack_job(wire.receive(pipe)) == job
    assert wire.receive(pipe) is None


def test_receipts_round_trip():
    use = ModelUse("m", "MIT", "0")
    receipt = Receipt("a", "b", use, "cpu", "f32", seconds={"read": 0.5}, warnings=("careful",), width=3, height=4)
    assert wire.unpack_receipt(receipt.as_dict()) == receipt
    assert wire.unpack_receipt(json.loads(json.dumps(receipt.as_dict()))) == receipt
    assert wire.unpack_receipt(Receipt("a").as_dict()) == Receipt("a")


def test_errors_round_trip_and_only_ours_come_back():
    back = wire.unpack_error(wire.pack_error(NoSubject("nothing there", "try --box")))
    assert type(back) is NoSubject
    assert back.written == ("nothing there", "try --box")
    for kind in ("annotations", "SystemExit", "__doc__"):
        assert type(wire.unpack_error({"kind": kind, "message": "m", "hint": ""})) is GigamatteError


@pytest.mark.parametrize("data", [b"", b"\1", struct.pack("<I", 9) + b"{}", struct.pack("<I", 1 << 31), b"\2\0\0\0[]"])
def test_a_broken_pipe_is_an_end(data):
    assert wire.receive(io.BytesIO(data)) is None
