"""The command killed at any moment, started beside another, and on a full disk; the next run always goes on."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from batch_helpers import command, events, pictures, rows, save_photos

MOMENTS = 20

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def ended(*arguments: object) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a batch that is left alone."""
    process = command(*arguments)
    out, error = process.communicate(timeout=300)
    return process.returncode, out, error


def kill_group(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


def wait_for_more(process: "subprocess.Popen[str]", out: Path, results: int) -> None:
    """Until there are so many results more, or the process has ended."""

    def found() -> int:
        # not Path.rglob, which fails on a folder that is removed meanwhile
        names = (name for _, _, files in os.walk(out) for name in files)
        return sum(1 for name in names if name.endswith(".png") and not name.startswith("."))

    before = found()
    while process.poll() is None and found() < before + results:
        time.sleep(0.02)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    save_photos(folder, 40)
    return folder


def test_killed_at_twenty_moments_the_whole_is_the_same_byte_for_byte(source, tmp_path, mask):
    whole, out = tmp_path / "whole", tmp_path / "out"
    options = ("--mask", mask, "--jobs", 3, "--memory", "3G", "-q")
    began = time.monotonic()
    assert ended(source, whole, *options)[0] == 0
    span = time.monotonic() - began
    chance = random.Random(7)
    reached = set()
    for number in range(MOMENTS):
        process = command(source, out, *options)
        try:
            if number % 2:  # while photos are cut, however busy the machine is
                wait_for_more(process, out, chance.randint(1, 9))
            # else spread over starting, listing, cutting and ending; every run goes on where the last one was
            process.wait(chance.uniform(0, 0.1) if number % 2 else chance.uniform(0.2, 1.0) * span)
        except subprocess.TimeoutExpired:
            if chance.random() < 0.5:
                kill_group(process)
            else:  # the batch alone: its child has to notice by itself
                process.kill()
                process.communicate(timeout=30)
        else:
            process.communicate()
            shutil.rmtree(out)  # it ended before it was killed: begin again
        found = pictures(out) if out.exists() else {}
        reached.add(len(found))
        # nothing half-written ever lies under a result's name
        partial = {key for key in found if key.endswith(".partial")}
        assert len(partial) <= 3
        assert all(found[key] == data for key, data in pictures(whole).items() if key in found)
    assert len(reached) > 2, f"the kills came at too few different moments: {reached}"
    code, text, error = ended(source, out, *options, "--json")
    assert code == 0, error
    assert events(text)[-1]["total"] == 40
    assert pictures(out) == pictures(whole)
    table = rows(out / ".gigamatte" / "1-of-1.sqlite")
    assert {row["state"] for row in table.values()} == {"done"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(source, tmp_path, mask, number):
    out = tmp_path / "out"
    seen = []
    with command(source, out, "--mask", mask, "--memory", "3G", "--json") as process:
        while sum('"photo"' in line for line in seen) < 3:
            seen.append(process.stdout.readline())
        process.send_signal(number)
        # not communicate(): it would lose what readline has buffered
        seen.append(process.stdout.read())
        assert process.wait(timeout=120) == 130
    summary = events("".join(seen))[-1]
    assert summary["event"] == "summary"
    assert summary["interrupted"]
    assert summary["waiting"] > 0
    table = rows(out / ".gigamatte" / "1-of-1.sqlite")
    assert "running" not in {row["state"] for row in table.values()}


def test_a_second_batch_on_the_same_output_refuses(source, tmp_path, mask):
    out = tmp_path / "out"
    first = command(source, out, "--mask", mask, "--memory", "3G", "--json")
    assert '"listed"' in first.stdout.readline()
    assert '"started"' in first.stdout.readline()
    os.kill(first.pid, signal.SIGSTOP)  # held at work, however fast the machine is
    code, _, error = ended(source, out, "--mask", mask)
    assert code == 2
    assert "another batch is at work" in error
    assert str(first.pid) in error
    code, _, error = ended(source, out, "--mask", mask, "--shard", "1/2")
    assert code == 2
    assert "divides" in error
    kill_group(first)  # a killed batch leaves no lock behind
    assert ended(source, out, "--mask", mask, "-q")[0] == 0


@pytest.fixture
def small_disk(tmp_path: Path):
    """A disk of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.name == "posix" and shutil.which("mount") and os.getuid() == 0
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], check=False).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_stops_it_clearly_and_the_next_run_goes_on(source, tmp_path, mask, small_disk):
    out = small_disk / "out"
    filler = small_disk / "filler"
    filler.write_bytes(bytes(2_800_000))
    options = ("--mask", mask, "--memory", "3G", "--json")
    code, text, error = ended(source, out, *options)
    assert code == 1, error
    summary = events(text)[-1]
    assert "No space left" in summary["stopped"] or "disk is full" in summary["stopped"]
    assert summary["failed"] == 0  # the full disk counts as no photo's failure
    filler.unlink()
    code, text, error = ended(source, out, *options)
    assert code == 0, error
    assert events(text)[-1]["total"] == 40
    assert len(pictures(out)) == 40
