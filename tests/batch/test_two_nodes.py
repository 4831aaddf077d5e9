"""Two machines share a folder, and one is killed: the union is what both would have made undisturbed."""

import os
import random
import signal
import subprocess
import time

import pytest
from batch_helpers import command, pictures, rows, save_photos

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def test_one_of_two_is_killed_three_times(tmp_path, mask):
    save_photos(tmp_path / "in", 24)
    words = ("--mask", mask, "--refine", "off", "--jobs", 1, "--memory", "1200M", "--quiet")

    def node(out, index):
        return command(tmp_path / "in", tmp_path / out, *words, "--shard", f"{index}/2")

    began = time.monotonic()
    for process in [node("whole", 1), node("whole", 2)]:
        assert process.communicate(timeout=300)
        assert process.returncode == 0
    span, chance, kills = time.monotonic() - began, random.Random(5), 0
    other, node_one = node("out", 2), node("out", 1)
    while kills < 3:
        try:
            node_one.wait(chance.uniform(0.2, 0.8) * span)
        except subprocess.TimeoutExpired:
            os.killpg(node_one.pid, signal.SIGKILL)
        node_one.communicate(timeout=60)
        kills += 1
        node_one = node("out", 1)
    for process in (node_one, other):
        said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    whole = pictures(tmp_path / "whole")
    assert len(whole) == 24
    assert pictures(tmp_path / "out") == whole
    keys = [rows(tmp_path / "out" / ".gigamatte" / f"{index}-of-2.sqlite").keys() for index in (1, 2)]
    assert not keys[0] & keys[1]
    assert len(keys[0] | keys[1]) == 24
