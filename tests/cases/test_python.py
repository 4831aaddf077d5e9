"""The reported cases of gigamatte as a library, each by the name of its folder."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import gigamatte

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def script(text: str, folder: Path, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a script of its own in ``folder``; it fails when it hangs."""
    (folder / "script.py").write_text(textwrap.dedent(text), "utf-8")
    return subprocess.run(
        [sys.executable, "script.py", *words], cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )


FORKING = """
    import multiprocessing, sys
    import numpy as np
    import gigamatte
    from gigamatte.photo.read import open_photo

    options = gigamatte.Options(refine="guided")
    mask = np.full((60, 80), 255, "u1")
    mask[:, :20] = 0
    def cut(): return gigamatte.cut("base.jpg", options, mask=mask)
    remover = gigamatte.Remover(options)
    first = None

    def child(what):
        try:
            if what == "cut": print(cut().size)
            if what == "remover": print(remover.cut("base.jpg", mask=mask).size)
            if what == "process": remover.process("base.jpg", "out.png", mask=mask)
            if what == "network": remover.network()
            if what == "read": print(open_photo("base.jpg", max_pixels=10**9).size)
            if what == "rgba": print(first.rgba().shape)
            if what == "save": first.save("out.png")
            print("worked")
        except gigamatte.UsageError as error:
            print("told:", error.message, "|", error.hint)
        sys.stdout.flush()

    when, what = sys.argv[1:]
    if when == "after":
        first = cut()
    process = multiprocessing.get_context("fork").Process(target=child, args=(what,))
    process.start()
    process.join(60)
    print("exit", process.exitcode)
    process.kill()
"""


@needs_fork
@pytest.mark.parametrize("what", ["cut", "remover", "process", "network", "read", "rgba", "save"])
def test_fork_hang(what: str, case, tmp_path: Path) -> None:
    (tmp_path / "base.jpg").write_bytes((case("fork-hang") / "base.jpg").read_bytes())
    done = script(FORKING, tmp_path, "after", what)
    assert "told: this process was forked from one that had already worked on a photo" in done.stdout, done
    assert "docs/python.md" in done.stdout
    assert "exit 0" in done.stdout


@needs_fork
def test_a_fork_before_the_first_photo_works(case, tmp_path: Path) -> None:
    (tmp_path / "base.jpg").write_bytes((case("fork-hang") / "base.jpg").read_bytes())
    for what in ("cut", "remover"):
        done = script(FORKING, tmp_path, "before", what)
        assert "worked" in done.stdout, done


def test_what_belongs_to_a_process_is_not_pickled() -> None:
    photo, mask = np.full((80, 120, 3), 90, np.uint8), np.full((80, 120), 255, np.uint8)
    with gigamatte.Remover(gigamatte.Options(refine="guided")) as remover:
        cutout = remover.cut(photo, mask=mask)
        for one, instead in ((cutout, "rgba()"), (remover, "in each process")):
            for way in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(gigamatte.UsageError, match="cannot be pickled") as told:
                    way(one)
                assert instead in told.value.hint
        assert remover.sharing(gigamatte.Options(refine="off")).cut(photo, mask=mask).size == cutout.size
    assert pickle.loads(pickle.dumps(gigamatte.Options(margin=5))) == gigamatte.Options(margin=5)


ENDING = """
    import sys, threading
    import numpy as np
    import gigamatte

    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (150, 200, 3), "u1").repeat(10, 0).repeat(10, 1)
    mask = np.zeros((150, 200), "u1")
    mask[20:130, 20:180] = rng.integers(0, 255, (110, 160))
    begun = threading.Event()

    def watch(stage, fraction):
        if stage == sys.argv[2]:
            begun.set()

    def work():
        with gigamatte.Remover(gigamatte.Options(refine="guided")) as remover:
            cutout = remover.cut(photo, mask=mask, watch=watch)
            cutout.save("out.png", watch=watch)
            print("done", flush=True)

    threading.Thread(target=work, daemon=sys.argv[1] == "daemon").start()
    begun.wait()
"""


@pytest.mark.parametrize("stage", ["read", "matte", "write"])
@pytest.mark.parametrize("kind", ["daemon", "ordinary"])
def test_exit_while_cutting(kind: str, stage: str, tmp_path: Path) -> None:
    """A daemon thread of the user's ends quietly with the script; an ordinary one does all that it has begun."""
    done = script(ENDING, tmp_path, kind, stage)
    assert (done.returncode, done.stderr) == (0, "")
    if kind == "ordinary":
        assert done.stdout == "done\n"
        assert (tmp_path / "out.png").exists()
