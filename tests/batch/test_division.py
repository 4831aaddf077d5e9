"""How a Ray cluster is divided among actors: arithmetic on what Ray tells of its nodes."""

import pytest

from gigamatte.batch.division import Division, Pool, divide
from gigamatte.cli.batch_words import pool_of
from gigamatte.errors import UsageError

CPU = [{"CPU": 8.0}, {"CPU": 16.0}]
GPU = [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 16.0, "GPU": 2.0}]


@pytest.mark.parametrize(
    ("nodes", "pool", "on_gpu", "expected"),
    [
        # by the cluster: one for each node, or for each GPU
        (CPU, Pool(), True, Division(2, 1, 2, 1, 8)),
        (GPU, Pool(), True, Division(4, 1, 4, 2, 8, 1.0)),
        (GPU, Pool(), False, Division(2, 1, 2, 1, 16)),
        # so many; of a GPU each gets what lets all of them be there at once
        (CPU, Pool(4, 4), True, Division(4, 1, 4, 2, 4)),
        (GPU, Pool(8, 8), True, Division(8, 1, 8, 4, 4, 0.5)),
        (GPU, Pool(6, 6), True, Division(6, 1, 6, 4, 4, 0.5)),
        (GPU, Pool(2, 2), True, Division(2, 1, 2, 2, 8, 1.0)),
        # parts of a GPU
        (GPU, Pool(gpus=0.25), True, Division(16, 1, 16, 8, 2, 0.25)),
        (GPU, Pool(gpus=2), True, Division(2, 1, 2, 1, 16, 2)),
        (GPU, Pool(gpus=0.1), True, Division(40, 1, 40, 20, 1, 0.1)),
        # the pool grows with the cluster, from what fits now on
        (CPU, Pool(1, 64), True, Division(2, 1, 64, 1, 8)),
        (GPU, Pool(2, 64, 0.5), True, Division(8, 2, 64, 4, 4, 0.5)),
        (GPU, Pool(2, 64), True, Division(4, 2, 64, 2, 8, 1.0)),
        # nodes with GPUs are still to come
        (CPU, Pool(1, 8, 1), True, Division(1, 1, 8, 1, 8, 1)),
    ],
)
def test_a_cluster_is_divided(nodes, pool, on_gpu, expected):
    assert divide(nodes, pool, on_gpu=on_gpu) == expected


def test_the_words_of_the_command():
    assert pool_of("", None) == Pool()
    assert pool_of("3", None) == Pool(3, 3)
    assert pool_of("2-64", 0.25) == Pool(2, 64, 0.25)
    for wrong in ("x", "3-", "-3", "5-2", "1-2-3"):
        with pytest.raises(UsageError, match="actors is N"):
            pool_of(wrong, None)
    for wrong in (0, -1, 1.5, 2.25):
        with pytest.raises(UsageError, match=r"gpus.each"):
            pool_of("", wrong)
