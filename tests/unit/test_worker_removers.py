from gigamatte.options import Options
from gigamatte.worker.removers import Removers


def test_photos_share_one_refiner():
    removers = Removers()
    with removers.lend(Options(), network=False) as first, removers.lend(Options(crop=True), network=False) as second:
        assert first.refiner() is second.refiner()
        assert (first.options.crop, second.options.crop) == (False, True)
    with removers.lend(Options(), network=False) as third:
        assert third.refiner() is first.refiner()
