"""Every class of the tree: drawn in the docstring, with an exit code, a way over the pipe, a status, two languages."""

from __future__ import annotations

import ast
import errno
import os
import pickle
from pathlib import Path

import pytest

import gigamatte
from gigamatte import errors
from gigamatte.errors import (
    DiskFailed,
    DiskFull,
    GigamatteError,
    TookTooLong,
    WorkerDied,
    WorkerNotStarted,
    WriteError,
    every_kind,
)
from gigamatte.service_errors import Busy, Refused
from gigamatte.worker.wire import pack_error, unpack_error
from gigamatte.write_errors import not_written

#: the second holds one branch of the tree that the first draws
HOMES = ("gigamatte.errors", "gigamatte.service_errors")
KINDS = sorted((kind for kind in every_kind().values() if kind.__module__ in HOMES), key=lambda kind: kind.__name__)
SOURCE = Path(gigamatte.__file__).parent


def test_the_tree_has_one_home() -> None:
    """No class that descends from GigamatteError is defined anywhere else in the package."""
    strays = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and path.name not in ("errors.py", "service_errors.py"):
                bases = {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
                if bases & every_kind().keys():
                    strays.append(f"{path.relative_to(SOURCE)}: {node.name}")
    assert not strays


def test_the_docstring_draws_every_class() -> None:
    assert errors.__doc__ is not None
    words = set(errors.__doc__.split())
    assert {kind.__name__ for kind in KINDS} <= words


@pytest.mark.parametrize("kind", KINDS)
def test_the_exit_code_is_the_one_that_is_drawn(kind: type[GigamatteError]) -> None:
    drawn = next((line for line in (errors.__doc__ or "").splitlines() if f" {kind.__name__} " in f"{line} "), "")
    if "exit" in drawn:
        assert int(drawn.split("exit")[1].split()[0]) == kind.exit_code
    else:  # drawn below its base, with the same code
        assert kind.exit_code == kind.__mro__[1].exit_code  # type: ignore[attr-defined]
    assert kind.exit_code in (1, 2, 3, 4, 5, 6, 130)


def test_codes_for_programs_are_distinct() -> None:
    own = [kind.code for kind in KINDS if "code" in vars(kind)]
    assert len(set(own)) == len(own)


@pytest.mark.parametrize("kind", KINDS)
def test_it_crosses_the_pipe_and_process_borders(kind: type[GigamatteError]) -> None:
    error = kind("what was wrong", "what to do")
    for back in (unpack_error(pack_error(error)), pickle.loads(pickle.dumps(error))):
        assert type(back) is kind
        assert (back.message, back.hint, back.code) == ("what was wrong", "what to do", kind.code)


def test_how_long_to_wait_is_pickled_too() -> None:
    assert pickle.loads(pickle.dumps(Busy("full", retry=7))).retry == 7


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_ends_with_its_code_and_one_line(
    kind: type[GigamatteError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gigamatte.cli import app

    def broken(*_: object, **__: object) -> None:
        raise kind("what was wrong", "what to do")

    monkeypatch.setattr(app, "get_command", broken)
    assert app.run(["doctor"]) == kind.exit_code
    assert capsys.readouterr().err.splitlines() == ["gigamatte: what was wrong", "  what to do"]


@pytest.mark.parametrize("kind", KINDS)
def test_http_has_a_status_and_a_title_in_both_languages(kind: type[GigamatteError]) -> None:
    pytest.importorskip("fastapi")
    from gigamatte.service.errors import TABLE, TITLES, headers_of, problem, status_of

    error = kind("what was wrong")
    status = status_of(error)
    assert status == next(status for known, status in TABLE if issubclass(kind, known))
    english, chinese = (problem(error, lang=lang)["title"] for lang in ("en", "zh"))
    assert english == TITLES[status]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert problem(error)["code"] == kind.code
    assert ("retry-after" in headers_of(error)) is (
        (status in (429, 503) and retries(kind)) or kind.code == "not-ready"
    )


def retries(kind: type[GigamatteError]) -> bool:
    return issubclass(kind, errors.Cancelled) or (issubclass(kind, Refused) and kind.retry is not None)


def test_narrow_classes_come_first_in_the_table() -> None:
    pytest.importorskip("fastapi")
    from gigamatte.service.errors import TABLE

    kinds = [kind for kind, _ in TABLE]
    for index, kind in enumerate(kinds):
        assert not any(issubclass(kind, earlier) for earlier in kinds[:index]), kind


def test_a_late_photo_has_the_same_status_as_a_job_and_directly() -> None:
    """A job's error is kept as what crosses the pipe."""
    pytest.importorskip("fastapi")
    from gigamatte.service.errors import status_of

    late = TookTooLong("not finished")
    assert status_of(late) == status_of(unpack_error(pack_error(late))) == 504
    assert status_of(WorkerNotStarted("no")) == 503
    assert status_of(WorkerDied("no")) == 500


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EROFS, DiskFailed), (errno.EIO, DiskFailed),
        (errno.EACCES, WriteError), (errno.ENAMETOOLONG, WriteError),
    ],
)  # fmt: skip
def test_why_a_file_cannot_be_written_is_a_kind(number: int, kind: type[WriteError]) -> None:
    for cause in (OSError(number, os.strerror(number)), os.strerror(number)):
        assert type(not_written("cannot be written", "", cause)) is kind


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told_by_its_kind() -> None:
    from gigamatte.cutout.raster import Raster
    from gigamatte.cutout.write import as_strips, write_image

    np = pytest.importorskip("numpy")
    picture = np.zeros((64, 64, 3), np.uint8)
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(DiskFull, match="No space left"):
        write_image(as_strips(picture), Raster(gigamatte.Size(64, 64), 3, 8), target=full, format="png")


@pytest.mark.parametrize(
    ("kind", "verdict"), [(DiskFull, "stop"), (DiskFailed, "stop"), (WorkerNotStarted, "stop"), (WriteError, "retry"),
                          (TookTooLong, "retry"), (errors.ResultExists, "final"), (errors.NoSubject, "final")],
)  # fmt: skip
def test_a_batch_stops_for_what_no_photo_is_to_blame_for(kind: type[GigamatteError], verdict: str) -> None:
    from gigamatte.batch.one import failure

    assert failure("a.jpg", kind("No wording of this message counts")).verdict == verdict
