"""The job files for clusters are those of docs/batch.md, are valid, and run; the page's sums are right."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "batch.md", ROOT / "docs" / "zh" / "batch.md"]
JOB, SLURM = ROOT / "packaging" / "batch-job.yaml", ROOT / "packaging" / "batch-job.slurm"
#: options of sbatch that the script may use (https://slurm.schedmd.com/sbatch.html)
SBATCH = {
    "array": r"\d+-\d+", "requeue": "", "cpus-per-task": r"\d+", "mem": r"\d+[KMGT]?", "signal": r"(B:)?[A-Z0-9]+@\d+"
}  # fmt: skip


def block(page: Path, language: str, word: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return next(text for text in found if word in text)


def bare(text: str) -> str:
    """Without comments, which are translated."""
    return re.sub(r"[ \t]*#(?!SBATCH|!).*$", "", text, flags=re.MULTILINE).strip()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """What /data is in the files: two photos and a mask."""
    (tmp_path / "photos").mkdir()
    photo, mask = np.full((48, 64, 3), (160, 60, 30), np.uint8), np.zeros((48, 64), np.uint8)
    cv2.circle(photo, (32, 24), 16, (40, 60, 220), -1)
    cv2.circle(mask, (32, 24), 16, 255, -1)
    for name in "ab":
        cv2.imwrite(str(tmp_path / "photos" / f"{name}.jpg"), photo)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "gigamatte"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gigamatte "$@" --mask {tmp_path}/mask.png\n')
    program.chmod(0o755)
    return tmp_path


def sh(text: str, data: Path, **more: str) -> subprocess.CompletedProcess[str]:
    own = text.replace("16", "1").replace("--memory 7G", "--memory 3G").replace("/data/", f"{data}/")
    path = f"{data / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", own], env={**os.environ, "PATH": path, **more}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_the_files_are_those_of_the_pages():
    for page in PAGES:
        assert bare(block(page, "yaml", "batch/v1")) == bare(JOB.read_text("utf-8"))
        assert (
            bare(block(page, "bash", "#SBATCH")) == bare(SLURM.read_text("utf-8")).removeprefix("#!/bin/bash").strip()
        )


def test_the_job_is_valid_and_its_command_runs(data):
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    import yaml

    job = yaml.safe_load(JOB.read_text("utf-8"))
    validate.validate(job, validate.latest_version(), strict=True)
    rules = job["spec"]["podFailurePolicy"]["rules"]
    assert rules[0]["onExitCodes"]["values"] == [2, 3, 4]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["sh", "-c"]
    ended = sh(container["args"][0], data, JOB_COMPLETION_INDEX="0")
    assert ended.returncode == 0, ended.stderr
    assert len(list((data / "cutouts").glob("*.png"))) == 2


def test_the_slurm_script_is_valid_and_runs(data):
    text = SLURM.read_text("utf-8")
    assert subprocess.run(["bash", "-n", SLURM], check=False).returncode == 0
    for line in re.findall(r"^#SBATCH (.*)$", text, re.MULTILINE):
        for name, value in re.findall(r"--([a-z-]+)(?:=(\S+))?", line):
            assert re.fullmatch(SBATCH[name], value), line
    if shutil.which("sbatch"):
        assert subprocess.run(["sbatch", "--test-only", SLURM], check=False).returncode == 0
    # what Slurm brings: srun runs the command, scontrol is noted
    (data / "bin" / "srun").write_text('#!/bin/sh\nshift\n[ -n "$SRUN_ENDS" ] && exit "$SRUN_ENDS"\nexec "$@"\n')
    (data / "bin" / "scontrol").write_text(f'#!/bin/sh\necho "$@" > {data}/requeued\n')
    for name in ("srun", "scontrol"):
        (data / "bin" / name).chmod(0o755)
    variables = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_CPUS_PER_TASK": "2", "SLURM_JOB_ID": "77"}
    ended = sh(text, data, **variables)
    assert len(list((data / "cutouts").glob("*.png"))) == 2, ended.stderr
    assert not (data / "requeued").exists()
    sh(text, data, SRUN_ENDS="130", **variables)
    assert (data / "requeued").read_text().strip() == "requeue 77"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_worked_example_adds_up(page):
    text = page.read_text("utf-8").replace("\n", " ")
    rate = float(re.search(r"100 000 000 ÷ ([\d.]+) ÷", text)[1])
    hours = 100_000_000 / rate / 3600
    told = [float(number.replace(" ", "")) for number in re.findall(r"(?<![\d.])\d{1,3}(?: \d{3})+(?!\d)", text)]
    assert any(abs(number - hours) / hours < 0.02 for number in told)  # hours of two processors
    assert any(abs(number - 2 * hours) / (2 * hours) < 0.01 for number in told)  # processor hours
    assert any(abs(number - 2 * hours * 0.04) / (2 * hours * 0.04) < 0.01 for number in told)  # at .04 an hour
    assert re.search(rf"(?<!\d){2 * hours / 1000:.0f}(?!\d)", text)  # hours on a thousand processors
