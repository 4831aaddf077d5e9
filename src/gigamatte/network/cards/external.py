"""The files beside an ONNX file that hold its weights: where they may lie, their digest, and all of them in one folder.

Hugging Face keeps each file under its digest in ``blobs`` and makes ``model.onnx`` and ``model.onnx_data`` links to
them. Such a link is followed once, and only to where the model's own link leads.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

from gigamatte.errors import WeightsRefused, WriteError
from gigamatte.own_files import keep_newest, replaced, sha256_of, sha256_of_text

#: models whose files were put into one folder and are kept; hard links take no disk space, copies do
NEWEST = 3


def external_files(model: Path, names: frozenset[str]) -> dict[str, Path]:
    """Name as the model says it → the file itself, in the order of the names. Raises WeightsRefused: not beside it."""
    return {name: _found(model, name) for name in sorted(names)}


def _found(model: Path, name: str) -> Path:
    # checked as a POSIX and as a Windows path on every system
    parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
    absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or name.startswith("\\")
    outside = WeightsRefused(
        f"{model} takes weights from {name!r}, outside its own folder", "use a file that holds its own weights"
    )
    if absolute or ".." in parts:
        raise outside
    real = model.resolve()
    for home in dict.fromkeys((model.absolute().parent, real.parent)):
        target = home / name
        if not target.exists():
            continue
        if target.resolve().is_relative_to(home.resolve()) or (model.is_symlink() and _one_hop(target, real.parent)):
            break
        raise outside
    else:
        raise WeightsRefused(f"{model} takes weights from {name!r}, which is not beside it")
    if not target.is_file():
        raise WeightsRefused(f"{model} takes weights from {name!r}, which is no file")
    return target.resolve()


def _one_hop(target: Path, folder: Path) -> bool:
    """Whether ``target`` is a link straight to a file in ``folder``."""
    if not target.is_symlink():
        return False
    there = target.parent / os.readlink(target)
    return not there.is_symlink() and there.resolve().parent == folder


def whole_digest(model: Path, names: frozenset[str]) -> str:
    """The sha256 of a model with all its files, 64 hex digits: of the one file, or of every file's own in order."""
    files = external_files(model, names)
    own = sha256_of(model)
    if not files:
        return own
    lines = [f"{own} model", *(f"{sha256_of(file)} {name}" for name, file in files.items())]
    return sha256_of_text("\n".join(lines))


def together(model: Path, names: frozenset[str], folder: Path) -> Path:
    """A path from which every runtime loads the model: its own, or one in ``folder`` where links keep its files apart.

    Runtimes refuse weights that lie elsewhere, or follow links as far as they lead. Raises WeightsRefused, WriteError.
    """
    files = external_files(model, names)
    home = model.absolute().parent
    if all(file == (home / name) for name, file in files.items()) and not any(
        (home / name).is_symlink() for name in files
    ):
        return model
    try:
        for name, file in ({"model.onnx": model.resolve()} | files).items():
            _as_one(file, folder / name)
    except OSError as error:
        raise WriteError(
            f"{model} and its weights could not be brought together in {folder}: {error.strerror or error}",
            "set GIGAMATTE_CACHE to a folder that you may write",
        ) from error
    keep_newest((other for other in folder.parent.iterdir() if other != folder), NEWEST - 1)
    return folder / "model.onnx"


def _as_one(file: Path, target: Path) -> None:
    """The same file under another name: a hard link where the disk can, else a copy."""
    if target.exists() and target.stat().st_size == file.stat().st_size:
        return
    with replaced(target) as draft:
        try:
            os.link(file, draft)
        except OSError:
            shutil.copyfile(file, draft)
