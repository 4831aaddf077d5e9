"""Bytes of a manifest for each photo, and how soon a run goes on with it: photos that are made up, none is cut.

    python benchmarks/manifest_size.py --photos 1000000

Names, receipts and hashes are as a batch writes them. Nine in ten photos are done; a second run then begins, as after a
kill: seconds until its first photos are handed out (the list has to come to them first where the manifest cannot tell
that they are still there), and until the whole list has been gone through. CPU seconds are those of this process.
"""

from __future__ import annotations

import hashlib
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gigamatte.batch.manifest import Manifest
from gigamatte.batch.task import Outcome, Source
from report import parser

CONFIG, TEMPLATE, CLAIM = "8f218b7d752e63a900385564ccfb73f4", "{stem}.cutout.png", 32
ROOT = "/data/shop/photos"


def outcome(key: str, chance: random.Random) -> Outcome:
    """As of a photo that was cut."""

    def part(most: float, digits: int = 3) -> float:
        return round(chance.random() * most, digits)

    seconds = {stage: part(2.0) for stage in ("read", "network", "matte", "colours", "write", "total")}
    doubt = {"score": part(0.6, 4), "hesitation": part(0.5, 4), "entropy": part(0.5, 4), "band": part(0.5, 4)}
    target = f"/data/shop/cutouts/{key[:-4]}.cutout.png"
    receipt: dict[str, Any] = {
        "input": f"{ROOT}/{key}", "output": target,
        "model": {"name": "locator", "licence": "Apache-2.0", "sha256": "a8bcc1b4" * 8},
        "device": "cpu", "precision": "f32", "seconds": seconds,
        "peak_rss_mb": round(chance.uniform(300, 900), 6), "band_fraction": part(1.0, 4),
        "doubt": {**doubt, "subjects": 1.0}, "warnings": [], "width": 4000, "height": 3000,
        "subject": {"left": chance.randrange(900), "top": chance.randrange(900), "width": chance.randrange(3000),
                    "height": chance.randrange(2000)},
        "refine": "neural", "hinted": None, "trust": {"answers": "contour", "share": 0.0, "measured": False},
        "scratch_bytes": 0, "tiles": {"done": chance.randrange(192), "kept": 0}, "error": None, "outputs": [target],
        "schema": 1,
    }  # fmt: skip
    content = hashlib.sha256(key.encode()).hexdigest()
    result = hashlib.sha256(content.encode()).hexdigest()
    size = chance.randrange(3_000_000, 20_000_000)
    return Outcome(
        key,
        "done",
        content,
        stamp_of(key),
        result,
        size,
        result_stamp(key),
        receipt,
        seconds=part(3.0),
        files=(target,),
    )


def stamp_of(key: str) -> str:
    """Of the photo with that key."""
    return next(sources_from(int(key[-11:-4]), 1)).stamp


def sources_from(first: int, photos: int) -> Iterator[Source]:
    """Photos in folders of a thousand."""
    for number in range(first, first + photos):
        key = f"2026/studio-{number // 1000:04}/IMG_{number:07}.jpg"
        size = 2_000_000 + number * 7919 % 5_000_000
        nanoseconds = 1_795_961_410_000_000_000 + number * 1_234_567
        yield Source(key, f"{ROOT}/{key}", size, f"{size}-{nanoseconds}-{nanoseconds + 5}-{2_000_000 + number}")


def result_stamp(file: str) -> str:
    """Of a photo's result."""
    number = int(file.rpartition("IMG_")[2][:7])
    return f"{3_000_000 + number}-{1_795_961_417_000_000_000 + number * 1_000_003}"


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def filled(path: Path, photos: int) -> dict[str, float]:
    """A manifest of which nine in ten photos are done; the size of its file and log."""
    chance = random.Random(1)
    began = cpu()
    with Manifest(path) as manifest:
        begin(manifest)
        for first in range(0, photos, 1000):
            chunk = sources_from(first, min(1000, photos - first))
            manifest.enlist(chunk, CONFIG, TEMPLATE, lambda _: None)
        manifest.listed()
        listed, done = cpu(), 0
        while done < 0.9 * photos:
            tasks = manifest.claim(CLAIM, lambda key: f"/data/shop/cutouts/{key}", lambda _: {})
            manifest.record(outcome(task.key, chance) for task in tasks)
            done += len(tasks)
        ended = cpu()
        manifest.claim(CLAIM, lambda key: f"/data/shop/cutouts/{key}", lambda _: {})  # in hand when it is killed
    bytes_a_photo = sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*")) / photos
    return {
        "bytes_a_photo": round(bytes_a_photo, 1),
        "list_us_a_photo": round((listed - began) / photos * 1e6, 1),
        "record_us_a_photo": round((ended - listed) / done * 1e6, 1),
    }


def begin(manifest: Manifest) -> None:
    """A run; those that go on say so, from the version on that can."""
    more: dict[str, Any] = {"listing": "same"} if hasattr(manifest, "bring_forward") else {}
    manifest.begin(f"{ROOT} → /data/shop/cutouts", "benchmark", **more)


def resumed(path: Path, photos: int) -> dict[str, float]:
    """Seconds until something is handed out, and until everything was listed again."""
    began, start = time.monotonic(), cpu()
    first: float | None = None

    def claimed() -> bool:
        return bool(manifest.claim(CLAIM, lambda key: f"/data/shop/cutouts/{key}", lambda _: {}, complete=False))

    def stamps(found: list[str]) -> dict[str, str]:
        return {place: stamp_of(place) for place in found}

    with Manifest(path) as manifest:
        begin(manifest)
        if hasattr(manifest, "bring_forward") and manifest.bring_forward(CLAIM, stamps) and claimed():
            first = time.monotonic() - began
        at = cpu()
        for number in range(0, photos, 1000):
            chunk = sources_from(number, min(1000, photos - number))
            manifest.enlist(chunk, CONFIG, TEMPLATE, result_stamp)
            if first is None and claimed():
                first = time.monotonic() - began
        listed = cpu()
        counts = manifest.counts()
        counted = cpu() - listed
        manifest.give_back()
        manifest.end()
    assert counts.done >= 0.9 * photos, counts
    return {
        "first_photo_seconds": round(first or -1.0, 2),
        "begin_cpu_seconds": round(at - start, 2),
        "list_again_us_a_photo": round((listed - at) / photos * 1e6, 1),
        "count_cpu_seconds": round(counted, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--photos", type=int, default=100_000)
    words.add_argument("--folder", help="where the manifest is made; default: a temporary folder")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "1-of-1.sqlite"
        print(json.dumps({"photos": asked.photos, **filled(path, asked.photos), **resumed(path, asked.photos)}))


if __name__ == "__main__":
    main()
