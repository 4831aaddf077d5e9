"""Tar files whose headers lie: refused in one line, in little memory and time, and no other file is touched."""

import io
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tar_helpers import photo, read_tar, run, write_tar

from gigamatte.batch.reader import MANY, Reader
from gigamatte.batch.tars.reading import HEADER
from gigamatte.batch.tars.shard import unpack
from gigamatte.errors import UnsupportedInput
from gigamatte.options import Options

END = bytes(1024)


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """512 bytes; a size below zero, or too large for octal digits, in base 256."""
    info = tarfile.TarInfo(name)
    info.type = kind
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (
        b"%011o\0" % size
        if 0 <= size < 8**11
        else (b"\xff" if size < 0 else b"\x80") + size.to_bytes(11, "big", signed=True)
    )
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(text: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    return header("pax", len(text), kind) + padded(text)


def record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length += 1
    return str(length).encode() + rest


FILE = header("a.jpg", 3) + padded(b"abc")
HOSTILE = {
    "a name of a gigabyte": header("x", 1 << 30, tarfile.GNUTYPE_LONGNAME) + bytes(4096),
    "attributes of a gigabyte": header("x", 1 << 30, tarfile.XHDTYPE) + bytes(4096),
    "attributes above the limit": pax(record(b"comment", b"x" * (HEADER + 1))) + FILE + END,
    "headers nested without end": pax(record(b"a", b"b")) * 3000 + FILE + END,
    "long names nested without end": (header("x", 3, tarfile.GNUTYPE_LONGNAME) + padded(b"ab\0")) * 3000 + FILE + END,
    "attributes for all without end": b"".join(
        pax(b"".join(record(b"k%d.%d" % (one, two), b"v") for two in range(90)), tarfile.XGLTYPE) + FILE
        for one in range(30)
    )
    + END,
    "digits without end": pax(b"1" * 60_000) + FILE + END,
    "a number of a thousand digits": pax(b"1" * 5000 + b" a=b\n") + FILE + END,
    "a size below zero": header("a.jpg", -512) + END,
    "attributes with a size below zero": pax(record(b"size", b"-1024")) + FILE + END,
    "a size of an exabyte": header("a.jpg", 1 << 60) + padded(b"abc") + END,
    "holes without end": header("a.jpg", 3, tarfile.GNUTYPE_SPARSE)[:482]
    + b"\1"
    + bytes(29)
    + (bytes(504) + b"\1" + bytes(7)) * 1200
    + END,
}


def checked(data: bytes) -> bytes:
    """With right check sums where a test has changed a header."""
    block = bytearray(data[:512])
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data[512:]


SCRIPT = """
import resource, sys, time
from pathlib import Path
from gigamatte.batch.tars.shard import unpack
from gigamatte.errors import GigamatteError
import gigamatte.workflow.files
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    unpack(*map(Path, sys.argv[1:]))
except GigamatteError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_headers(what, tmp_path):
    data = HOSTILE[what]
    (tmp_path / "bad.tar").write_bytes(checked(data) if "holes" in what else data)
    for folder in ("in", "others"):
        (tmp_path / folder).mkdir()
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "bad.tar", tmp_path / "in", tmp_path / "others"],
        capture_output=True, text=True, timeout=60, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)),
    ).stdout.splitlines()  # fmt: skip
    assert len(said) == 2, said
    assert "bad.tar is no whole tar file: " in said[0]
    assert int(said[1]) < 40_000, f"{said[1]} kB more"


def test_sparse_members_are_left_out_and_the_others_taken(tmp_path):
    old = header("s.jpg", 0, tarfile.GNUTYPE_SPARSE)
    modern = pax(
        record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.minor", b"0") + record(b"GNU.sparse.name", b"t.jpg")
    )
    (tmp_path / "a.tar").write_bytes(
        checked(old) + modern + header("GNUSparseFile.0/t.jpg", 3) + padded(b"0\n") + FILE + END
    )
    for folder in ("in", "others"):
        (tmp_path / folder).mkdir()
    found = unpack(tmp_path / "a.tar", tmp_path / "in", tmp_path / "others")
    assert [name for name, sample in found.samples.items() if sample.photo] == ["a"]
    assert set(found.refused.values()) == {"it is no plain file"}
    assert (tmp_path / "in" / "a.jpg").read_bytes() == b"abc"


def test_more_members_than_can_be_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr("gigamatte.batch.tars.reading.MEMBERS", 3)
    source = write_tar(tmp_path / "a.tar", [(f"{number}.jpg", b"x") for number in range(4)])
    for folder in ("in", "others"):
        (tmp_path / folder).mkdir()
    with pytest.raises(UnsupportedInput, match="more than 3 members"):
        unpack(source, tmp_path / "in", tmp_path / "others")


def test_a_long_name_and_attributes_of_real_programs_are_read(tmp_path, mask):
    name = "/".join(["folder" * 8] * 5) + "/photo.jpg"  # longer than the old header has room for
    data = photo(tmp_path, 1)
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        source = tmp_path / f"{form}.tar"
        with tarfile.open(source, "w", format=form, pax_headers={"comment": "all"}) as tar:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1.5
            tar.addfile(info, io.BytesIO(data))
        summary, _ = run(source, tmp_path / "out", Options(mask=mask, refine="off"))
        assert summary.done == 1
        assert list(read_tar(tmp_path / "out" / f"{form}.tar")) == [name.replace(".jpg", ".cutout.png")]


def test_more_manifests_than_a_process_may_open(tmp_path, mask):
    run(
        write_tar(tmp_path / "a.tar", [("1.jpg", photo(tmp_path, 1))]),
        tmp_path / "out",
        Options(mask=mask, refine="off"),
    )
    (made,) = (tmp_path / "out").rglob("tars/*/1-of-1.sqlite")
    paths = [Path(f"{made}.{number}") for number in range(MANY + 20)]
    for path in paths:
        path.write_bytes(made.read_bytes())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir()))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 16, hard))
        with Reader(paths) as reader:
            assert len(list(reader.rows())) == len(paths)
            assert len(list(reader.rows(order="doubt DESC, key", most=5))) == 5
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
