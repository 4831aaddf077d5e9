"""A child that keeps films in short parts, dies once in the middle of one, is slow, or has no PyAV, by their names."""

import os
import signal
import sys
import time
from typing import Any

from gigamatte.film import cutting, saving
from gigamatte.worker import child
from gigamatte.worker.wire import FilmJob

saving.PART = 3


class OddChild(child.Child):
    def film(self, job: FilmJob, number: int) -> Any:
        name, true = job.source.name, cutting.FilmCutting.cut

        def cut(film: cutting.FilmCutting, *arguments: Any) -> Any:
            died = job.source.with_name(".died")
            if name.startswith("die") and film.frames == 5 and not died.exists():
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if name.startswith("slow"):
                time.sleep(0.5)
            if name.startswith("hang") and film.frames == 2:
                time.sleep(600)
            return true(film, *arguments)

        cutting.FilmCutting.cut = cut  # type: ignore[method-assign]
        try:
            return super().film(job, number)
        finally:
            cutting.FilmCutting.cut = true  # type: ignore[method-assign]


def main() -> None:
    child.Child = OddChild  # type: ignore[misc]
    if os.environ.get("GIGAMATTE_TEST_NO_AV"):
        sys.modules["av"] = None  # type: ignore[assignment]
    child.main()
