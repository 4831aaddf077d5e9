"""A film that takes more memory than the child may hold is refused before it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.film.films import moving, write_film

from gigamatte import BudgetExceeded, Options, Remover
from gigamatte.film.formats import plan
from gigamatte.types import Size
from gigamatte.worker.films import cut_film, per_pixel
from gigamatte.worker.wire import FilmJob


def nobody(_stage: str, _fraction: float) -> None:
    """Reports nothing."""


def test_memory_is_that_of_the_encoder_too(tmp_path: Path) -> None:
    """Two VP9 encoders, of colours and of alpha, take more than one, and an animated picture needs none."""
    pytest.importorskip("av", reason="films need PyAV (pip install 'gigamatte[film]')")
    source = write_film(tmp_path / "film.mp4", moving(2))
    memory = 2 * 96 * 64 * 220
    with Remover(Options(kind="art")) as remover:
        with pytest.raises(BudgetExceeded, match="frames of 96×64 take"):
            cut_film(FilmJob(source, tmp_path / "out.webm"), remover, memory, nobody)
        assert cut_film(FilmJob(source, tmp_path / "out.apng"), remover, memory, nobody).film["frames"] == 2
        with pytest.raises(BudgetExceeded):
            cut_film(FilmJob(source, tmp_path / "other.apng"), remover, memory // 3, nobody)
    with Remover(Options(kind="art", only="alpha")) as remover:
        assert cut_film(FilmJob(source, tmp_path / "grey.webm"), remover, memory, nobody).film["frames"] == 2


def test_large_frames_are_not_encoded_beside_cutting() -> None:
    """An encoder that waits until its frames are cut hardly adds to what cutting takes."""
    large, small = Size(3840, 2160), Size(1920, 1080)
    for name, options in (("out.webm", Options()), ("out.mp4", Options(background="green"))):
        chosen, sequence = plan(options, Path(name)), plan(Options(), Path("out_%04d.png"))
        assert per_pixel(chosen, large) < per_pixel(chosen, small)
        assert per_pixel(chosen, large) * large.pixels < 1.25e9
        assert per_pixel(sequence, large) == per_pixel(sequence, small)
