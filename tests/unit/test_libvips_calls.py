"""Every libvips operation that is named in the code exists in the pyvips and the libvips that are installed.

pyvips looks operations up when they are called: a name that is none of them fails in front of a user, and its type
hints come without the marker that would let mypy read them. The gate runs this with the lowest and the newest versions.
"""

from __future__ import annotations

import ast
import collections
import concurrent.futures
import logging
import os
import pathlib
import queue
import re
import threading
import typing
from collections.abc import Iterator

import cv2
import numpy as np
import pyvips
from PIL import Image

import gigamatte

SOURCE = pathlib.Path(gigamatte.__file__).parent
#: whose attributes may be meant when a name follows a dot in a module that uses libvips
OTHERS: tuple[object, ...] = (
    str, bytes, bytearray, list, dict, set, tuple, int, float, memoryview, BaseException, os, os.path, pathlib.Path,
    os.stat_result, re.Pattern, threading.Thread, threading.Condition, queue.Queue, concurrent.futures.Executor,
    logging.Logger,
    typing.BinaryIO, collections.deque, np, np.ndarray, np.random.Generator, cv2,
    Image, Image.Image, pyvips.Error, pyvips.SourceCustom,
)  # fmt: skip
#: of libraries that may be missing here
NAMES = {"primary_index"}
PICTURE = pyvips.Image.black(1, 1)


def trees() -> Iterator[tuple[pathlib.Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The names that a module imports: what follows their dot is not libvips'."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(name.asname or name.name).split(".")[0] for name in node.names}
    return found


def defined() -> set[str]:
    """What the code calls its own: functions, classes, fields."""
    found = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
    return found


def is_operation(name: str) -> bool:
    """Whether libvips has an operation of this name."""
    return bool(pyvips.type_find("VipsOperation", name))


def is_of_pyvips(dotted: str) -> bool:
    """Whether ``pyvips.A.b`` leads somewhere."""
    found: object = pyvips
    for part in dotted.split(".")[1:]:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def is_known(node: ast.Attribute, own: set[str]) -> bool:
    if any(hasattr(other, node.attr) for other in OTHERS) or node.attr in own | NAMES:
        return True
    return hasattr(PICTURE, node.attr) or is_operation(node.attr)


def unknown(tree: ast.Module, own: set[str]) -> list[str]:
    """Names after a dot that neither libvips nor anything else here has; and operations that do not exist."""
    found, modules = [], imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            root = dotted.split(".")[0] if re.fullmatch(r"[\w.]+", dotted) else ""
            known = is_of_pyvips(dotted) if root == "pyvips" else root in modules or is_known(node, own)
            if not known:
                found.append(f"{node.lineno}: .{node.attr}")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "pyvips.Operation.call":
            name = node.args[0]
            if isinstance(name, ast.Constant) and not is_operation(str(name.value)):
                found.append(f"{node.lineno}: {name.value}")
    return sorted(found)


def test_every_operation_that_is_called_exists() -> None:
    own, lacking, looked_at = defined(), [], 0
    for path, tree in trees():
        # readers.py opens results with other programs, whose names are theirs
        if "pyvips" in imported(tree) and path.name != "readers.py":
            looked_at += 1
            lacking += [f"{path.relative_to(SOURCE)}:{line}" for line in unknown(tree, own)]
    assert looked_at > 10
    assert lacking == []


def test_an_operation_that_does_not_exist_is_found() -> None:
    tree = ast.parse("import pyvips\nimage.rshift(8)\nimage.colourspace('srgb')\npyvips.Operation.call('no_such')\n")
    assert unknown(tree, set()) == ["2: .rshift", "4: no_such"]


def test_every_loader_and_saver_exists() -> None:
    from gigamatte.cutout.encode import CONTAINERS
    from gigamatte.photo.formats import KINDS

    loaders = [kind.loader + variant for kind in KINDS if kind.loader for variant in ("", "_buffer")]
    savers = [f"{'heif' if format == 'avif' else format}save_target" for format in CONTAINERS if format != "psd"]
    assert [name for name in (*loaders, *savers, "pngload_source") if not is_operation(name)] == []
