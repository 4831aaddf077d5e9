"""Tar files for tests, and batches over them."""

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
from batch_helpers import GIB, Recorder, save_photo

from gigamatte.batch.limits import Limits
from gigamatte.batch.plan import Plan
from gigamatte.batch.tars.cutting import Results
from gigamatte.batch.tars.engines import lots_for
from gigamatte.batch.tars.runner import run_tars
from gigamatte.batch.tars.shard import Limits as TarLimits


def write_tar(path: Path, members) -> Path:
    """A tar of (name, bytes), or of what a TarInfo says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def read_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def photo(folder: Path, seed: int) -> bytes:
    return save_photo(folder / "made.jpg", seed).read_bytes()


def box(width: int, height: int) -> bytes:
    """A photo of 160×120 with a box of this size."""
    photo = np.full((120, 160, 3), (200, 180, 90), np.uint8)
    left, top = (160 - width) // 2 - 4, (120 - height) // 3
    photo[top : top + height, left : left + width] = 40, 90, 200
    return cv2.imencode(".png", photo)[1].tobytes()


def run(source, out, options, limits=None, *, files=False, **more):
    plan = Plan(str(source), str(out), options, limits=Limits(memory=3 * GIB, seconds=120, inflight=2), **more)
    listener = Recorder()
    make = lots_for(plan, "local", address="auto")
    return run_tars(plan, make, listener, Results(files=files, limits=limits or TarLimits())), listener
