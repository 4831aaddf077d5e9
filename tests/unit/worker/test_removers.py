from gigamatte.options import Options
from gigamatte.worker.removers import Removers


def test_photos_share_one_refiner():
    removers = Removers()
    with removers.lend(Options(), network=False) as first, removers.lend(Options(crop=True), network=False) as second:
        assert first.tools.refiner() is second.tools.refiner()
        assert (first.options.crop, second.options.crop) == (False, True)
    with removers.lend(Options(), network=False) as third:
        assert third.tools.refiner() is first.tools.refiner()


def test_photos_that_are_cut_at_once_share_the_threads(monkeypatch):
    monkeypatch.setattr("gigamatte.system.cpu_count", lambda: 4)
    removers = Removers()
    with removers.lend(Options(), network=False) as first:
        with removers.lend(Options(threads=3), network=False) as second:
            assert (first.options.threads, second.options.threads) == (4, 1)
        with removers.lend(Options(crop=True), network=False) as third:
            assert third.options.threads == 2
