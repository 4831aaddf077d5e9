"""The reported cases of gigamatte as a library, each by the name of its folder."""

from __future__ import annotations

import copy
import io
import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

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
        with gigamatte.Remover(gigamatte.Options(refine=sys.argv[3])) as remover:
            cutout = remover.cut(photo, mask=mask, watch=watch)
            cutout.save("out.png", watch=watch)
            print("done", flush=True)

    threading.Thread(target=work, daemon=sys.argv[1] == "daemon").start()
    begun.wait()
"""


@pytest.mark.parametrize(
    ("kind", "stage", "refine"),
    [
        ("daemon", "read", "neural"),  # while the refiner is loaded on a thread of its own
        *((kind, stage, "guided") for kind in ("daemon", "ordinary") for stage in ("read", "matte", "write")),
    ],
)
def test_exit_while_cutting(kind: str, stage: str, refine: str, tmp_path: Path) -> None:
    """A user's daemon thread ends with the script without an error; an ordinary thread finishes its work."""
    done = script(ENDING, tmp_path, kind, stage, refine)
    assert (done.returncode, done.stderr) == (0, "")
    if kind == "ordinary":
        assert done.stdout == "done\n"
        assert (tmp_path / "out.png").exists()


PHOTO, MASK = np.full((80, 120, 3), 90, np.uint8), np.full((80, 120), 255, np.uint8)
MASK[:, :30] = 0


def quick(**options: object) -> gigamatte.Remover:
    return gigamatte.Remover(gigamatte.Options(refine="off", **options))


class BytesPath:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self.path)


def test_python_options_that_are_taken(tmp_path: Path) -> None:
    Image.new("RGB", (12, 8), (9, 8, 7)).save(tmp_path / "bg.png")
    for background in (tmp_path / "bg.png", BytesPath(tmp_path / "bg.png")):
        laid = quick(background=background).cut(PHOTO, mask=MASK)
        laid.save(tmp_path / "o.png", overwrite=True)
        assert Image.open(tmp_path / "o.png").getpixel((3, 3)) == (9, 8, 7)
    for colour in ((255, 0, 0), [255, 0, 0], np.array([255, 0, 0]).tolist(), "#ff0000", "255,0,0"):
        quick(background=colour).cut(PHOTO, mask=MASK).save(tmp_path / "o.png", overwrite=True)
        assert Image.open(tmp_path / "o.png").getpixel((3, 3)) == (255, 0, 0)
    assert gigamatte.Options(box=(10, 10, 60, 60)).box == gigamatte.Box(10, 10, 60, 60)
    assert gigamatte.Options(box=np.array([1, 2, 3, 4])).box == gigamatte.Box(1, 2, 3, 4)
    assert gigamatte.Options(format="JPG").format == gigamatte.Options(format=".Jpg").format == "jpeg"
    assert gigamatte.Options(format=Path("a.TIF").suffix).format == "tiff"
    assert gigamatte.Options(margin=np.float32(2), threads=np.int64(1), crop=np.bool_(True)).crop is True
    cv2.imwrite(str(tmp_path / "p.png"), PHOTO)
    assert quick().cut(BytesPath(tmp_path / "p.png"), mask=MASK).size == gigamatte.Size(120, 80)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"margin": "5"}, "is a number"), ({"margin": float("nan")}, "is a number"), ({"threads": 1.5}, "whole number"),
        ({"crop": "yes"}, "True or False"), ({"box": (1, 2, 3)}, "left, top"), ({"box": "abcd"}, "left, top"),
        ({"background": (1, 2)}, "3 or 4"), ({"background": (1, 2, 300)}, "3 or 4"), ({"background": 5}, "a text"),
        ({"mask": PHOTO}, "a text"), ({"model": None}, "a text"), ({"refine": None}, "one of"),
        ({"format": 3}, "one of"), ({"only": ["cutout"]}, "one of"), ({"quality": True}, "whole number"),
        ({"max_pixels": "2G"}, "whole number"), ({"keep": 7.5j}, "a text"), ({"cache": 1}, "a text"),
    ],
    ids=str,
)  # fmt: skip
def test_python_options_that_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(gigamatte.UsageError, match=said):
        gigamatte.Options(**options)


def test_python_options_changes_to_alpha_are_refused() -> None:
    cutout = quick().cut(PHOTO, mask=MASK)
    with pytest.raises(ValueError, match="read-only"):
        cutout.alpha[:] = 0
    changed = cutout.rgba()
    changed[:] = 0  # a copy of the caller's own
    assert cutout.rgba().max() == 255


@pytest.mark.parametrize(
    "mode", ["La", "LA", "RGBa", "RGBA", "PA", "P", "1", "L", "I;16", "CMYK", "YCbCr", "HSV", "LAB"]
)
def test_python_options_pillow_modes(mode: str) -> None:
    made = {"La": "LA", "RGBa": "RGBA", "PA": "P", "HSV": "RGB", "YCbCr": "RGB"}.get(mode, mode)
    picture = Image.new(made, (120, 80))
    cutout = quick().cut(picture if made == mode else picture.convert(mode), mask=MASK)
    assert cutout.size == gigamatte.Size(120, 80)


def test_files_in_and_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), PHOTO)
    encoded = io.BytesIO()
    Image.fromarray(MASK).save(encoded, "PNG")
    encoded.seek(0)
    with open(tmp_path / "photo.png", "rb") as photo, quick() as remover:
        cutout = remover.cut(photo, mask=encoded)
    out = io.BytesIO()
    assert cutout.save(out).output == "-"
    assert np.array_equal(np.asarray(Image.open(out)), cutout.rgba())
    with open(tmp_path / "o.webp", "wb") as file:  # the name promises a format
        cutout.save(file)
    with Image.open(tmp_path / "o.webp") as written:
        assert written.format == "WEBP"
    with (
        open(tmp_path / "photo.png", "rb", buffering=0) as raw,
        open(tmp_path / "raw.png", "wb", buffering=0) as target,
    ):
        quick().process(raw, target, mask=MASK)
    assert (tmp_path / "raw.png").stat().st_size > 100
    with (
        pytest.raises(gigamatte.UsageError, match="open for text"),
        open(tmp_path / "photo.png", encoding="latin1") as text,
    ):
        quick().cut(text, mask=MASK)
    for target in (io.StringIO(), 3, "", f"{tmp_path}{os.sep}"):
        with pytest.raises(gigamatte.UsageError):
            cutout.save(target)
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(gigamatte.WriteError, match="cannot be written"):
        cutout.save(closed)
    with pytest.raises(gigamatte.UsageError, match="exists already"):
        cutout.save(tmp_path / "raw.png")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_for_other_libraries(dtype: type) -> None:
    scale = 257 if dtype is np.uint16 else 1
    cutout = quick().cut(PHOTO.astype(dtype) * scale, mask=MASK)
    assert np.array_equal(np.asarray(cutout), cutout.rgba())
    assert np.asarray(cutout, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="no array to share"):
        np.array(cutout, copy=False)
    picture = cutout.image()
    assert (picture.mode, picture.size) == ("RGBA", (120, 80))
    pixels, seen = cutout.rgba() // scale, cutout.alpha > 0
    assert np.array_equal(np.asarray(picture)[seen], pixels[seen])
    # colours under alpha 0 have few levels of the depth, which are no whole levels of 8 bits
    assert np.abs(np.asarray(picture).astype(int) - pixels).max() <= scale // 257
    assert repr(cutout) == f"<Cutout 120×80 pixels, {8 * np.dtype(dtype).itemsize} bits, by mask>"
    assert repr(gigamatte.Options(margin=5)) == "Options(margin=5.0)"
    assert repr(gigamatte.Remover()) == "<Remover Options()>"


def test_a_notebook_is_shown_a_small_picture() -> None:
    large = cv2.resize(PHOTO, (3000, 2001), interpolation=cv2.INTER_NEAREST)
    cutout = quick().cut(large, mask=MASK)
    shown = np.asarray(Image.open(io.BytesIO(cutout._repr_png_())))
    assert max(shown.shape) <= 1024
    assert tuple(shown[-5, -5]) == (90, 90, 90, 255)
    assert tuple(shown[5, 5]) == (0, 0, 0, 0)


def test_pyvips_is_silent_under_debug(tmp_path: Path) -> None:
    done = script(
        """
        import logging
        logging.basicConfig(level=logging.DEBUG)
        import numpy as np, gigamatte
        photo, mask = np.full((80, 120, 3), 90, "u1"), np.full((80, 120), 255, "u1")
        gigamatte.cut(photo, gigamatte.Options(refine="off"), mask=mask).save("o.png")
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "pyvips" not in done.stderr


@pytest.mark.parametrize(
    ("provoke", "message", "hint"),
    [
        (lambda: gigamatte.Options(margin=-1), "margin lies in 0…1000; found -1.0", ""),
        (lambda: gigamatte.Options(mask_kind="x"), "mask_kind is one of auto, alpha, trimap; found 'x'", ""),
        (
            lambda: gigamatte.Remover(gigamatte.Options(max_pixels=10)).cut(PHOTO),
            "the array has 120×80 = 0.0 megapixels, allowed are 0.0",
            "allow more with max_pixels",
        ),
        (
            lambda: quick().cut(PHOTO, mask=MASK * 0),
            "the mask holds no subject: its largest value is 0 of 255",
            "a mask is white where the subject is; see mask_kind",
        ),
        (
            lambda: quick(only="pair").process(PHOTO, io.BytesIO(), mask=MASK),
            'only="pair" writes two files; expected a name, found a stream',
            "name a file",
        ),
        (
            lambda: quick(background="no-such").cut(PHOTO, mask=MASK).save(io.BytesIO()),
            "background takes a colour or a picture; 'no-such' is neither a known colour nor a file",
            None,
        ),
        (
            lambda: quick().cut(PHOTO, mask=MASK).save(Path(__file__)),
            f"{Path(__file__)} exists already",
            "choose another name, or allow it with overwrite=True",
        ),
    ],
)
def test_errors_speak_python(provoke, message: str, hint: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    from gigamatte.cli.app import run

    with pytest.raises(gigamatte.GigamatteError) as caught:
        provoke()
    assert (caught.value.message, str(caught.value)) == (message, message)
    assert hint is None or caught.value.hint == hint
    assert run(["cut", "nowhere.jpg", "--margin", "-1"]) == 2  # and the command line goes on in its own words
    assert "--margin lies in" in capsys.readouterr().err
    assert caught.value.message == message


def test_no_error_of_ours_names_an_option_in_python() -> None:
    from gigamatte.messages.zh import TEXTS
    from gigamatte.option_names import in_python

    texts = [in_python(text.replace("{}", "x")) for text in TEXTS if "\n" not in text]
    assert [text for text in texts if re.search(r"(?<![\w-])--[a-z]", text) and not text.startswith("see x ")] == []
    told = "choose --format png or tiff", 'choose format="png" or tiff'
    assert in_python(told[0]) == told[1]
    assert in_python("name one photo, or use - for standard input") == "name one photo"
    assert in_python("--kind photo asks a network") == 'kind="photo" asks a network'
    assert in_python("rmbg-2.0-onnx: 8-14 GB") == "rmbg-2.0-onnx: 8-14 GB"
