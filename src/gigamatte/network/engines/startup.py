"""Whether a GPU is worth its start-up for the embedded network: by what ``gigamatte doctor`` measured on this machine.

Loading CUDA takes longer than a few looks of a small network on the CPU. A process that stays (a Remover, a batch, the
service) loads it once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gigamatte.folders import cache_folder
from gigamatte.own_files import replaced

#: seconds until the embedded network is ready, and of one look, where nothing was measured: two cores and an H200
ASSUMED = {"cpu": (0.4, 0.1), "cuda": (1.2, 0.004)}
#: looks of a photo: at the whole, and at the part with the subject
LOOKS = 2
_FILE = "devices.json"
#: photos beyond which nobody asks how many they are
_MANY = 1000


def keep(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what ``doctor`` measured: device → ``load_s`` and ``run_s``."""
    kept = {name: [one["load_s"], one["run_s"]] for name, one in found.items() if "run_s" in one and name in ASSUMED}
    with suppress(OSError), replaced(cache_folder(_FILE)) as draft:  # without it the assumed figures are taken
        draft.write_text(json.dumps(kept), "utf-8")


def seconds() -> dict[str, tuple[float, float]]:
    """Device → seconds until it is ready, seconds of a look: as measured here, else as assumed."""
    known = dict(ASSUMED)
    try:
        for name, (load, run) in json.loads(cache_folder(_FILE).read_text("utf-8")).items():
            if name in known and 0 <= float(load) < 1e6 and 0 <= float(run) < 1e6:
                known[name] = float(load), float(run)
    except (OSError, ValueError, TypeError, AttributeError):
        pass
    return known


def pays(photos: int | None) -> bool:
    """Whether CUDA finishes so many photos sooner than the CPU; None: they go on, so it is loaded once for all."""
    return photos is None or _sooner(photos, seconds())


def pays_from() -> int | None:
    """The least number of photos for which CUDA is worth loading; None where it never is."""
    known = seconds()
    return next((count for count in range(1, _MANY) if _sooner(count, known)), None)


def _sooner(photos: int, known: Mapping[str, tuple[float, float]]) -> bool:
    (slow_start, slow), (fast_start, fast) = known["cpu"], known["cuda"]
    return fast_start + photos * LOOKS * fast < slow_start + photos * LOOKS * slow
