"""Rules for the package's files: no circles of imports, and no module that is too long."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("circles", ROOT / ".ci" / "circles.py")
assert SPEC is not None
assert SPEC.loader is not None
circles = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(circles)


@pytest.mark.parametrize("folder", ["src", "training", "benchmarks"])
def test_no_module_imports_itself_by_way_of_others(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = circles.main([str(ROOT / folder)])
    assert (code, capsys.readouterr().out) == (0, "")


def test_a_circle_is_found_wherever_the_import_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = tmp_path / "src" / "made"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("from made import two\n")
    (package / "two.py").write_text("def late():\n    from .three import name\n")
    (package / "three.py").write_text("import made.one\nname = 1\n")
    assert circles.main([str(tmp_path / "src")]) == 1
    assert "made.one → made.two → made.three → made.one" in capsys.readouterr().out
    (package / "three.py").write_text("name = 1\n")
    assert circles.main([str(tmp_path / "src")]) == 0


def lengths() -> dict[str, int]:
    files = sorted((ROOT / "src").rglob("*.py"))
    return {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}


def test_no_module_is_longer_than_300_lines() -> None:
    assert not {name: length for name, length in lengths().items() if length > 300}


def test_most_modules_are_short() -> None:
    assert median(lengths().values()) < 110


def test_the_pipeline_reads_as_its_spine() -> None:
    text = (ROOT / "src" / "gigamatte" / "pipeline.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    stages = [text.index(call) for call in ("PhotoLevels(", "locate(request", "resolve(\n", "return Cutout(")]
    assert stages == sorted(stages)


def test_the_unit_tests_mirror_the_source() -> None:
    """Each folder of tests/unit is a folder of the package, or of the training recipe."""
    folders = {path.parent for path in (ROOT / "tests" / "unit").rglob("test_*.py")} - {ROOT / "tests" / "unit"}
    named = {str(folder.relative_to(ROOT / "tests" / "unit")) for folder in folders} - {"training"}
    assert not [name for name in sorted(named) if not (ROOT / "src" / "gigamatte" / name).is_dir()]


def test_a_unit_test_lies_where_its_module_does() -> None:
    """A file that is named after a module, or a folder, lies in the folder of that module."""
    source, unit = ROOT / "src" / "gigamatte", ROOT / "tests" / "unit"
    homes: dict[str, set[Path]] = {}
    for path in source.rglob("*.py"):
        folder = path.parent.relative_to(source)
        if folder.parts[:1] != ("testing",) and folder.parts[:2] != ("messages", "zh"):
            homes.setdefault(path.stem, set()).add(folder)
            homes.setdefault(folder.name, set()).add(folder)
    tests = {path.relative_to(unit) for path in unit.rglob("test_*.py")}
    named = {path: homes.get(path.stem.removeprefix("test_")) for path in tests if path.parts[0] != "training"}
    assert not [str(path) for path, folders in named.items() if folders and path.parent not in folders]


def test_no_file_of_tests_is_longer_than_500_lines() -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if len(path.read_text("utf-8").splitlines()) > 500]
    assert not files


def test_opencvs_filters_are_called_in_one_place() -> None:
    """``filters.py`` has types and says what lies beyond the border; pictures made for tests are drawn as they like."""
    filters = r"blur|boxFilter|GaussianBlur|sepFilter2D|filter2D|bilateralFilter|medianBlur|dilate|erode|morphologyEx"
    call = re.compile(rf"cv2\.({filters}|connectedComponents\w*|distanceTransform\w*|warpAffine|remap)\(")
    source = ROOT / "src" / "gigamatte"
    found = {
        str(path.relative_to(source)) for path in source.rglob("*.py") if call.search(path.read_text(encoding="utf-8"))
    }
    assert {name for name in found if not name.startswith("testing/")} == {"filters.py"}
