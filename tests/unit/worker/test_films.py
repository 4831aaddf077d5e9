"""A film that takes more memory than the child may hold is refused before it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.film.films import moving, write_film

from gigamatte import BudgetExceeded, Options, Remover
from gigamatte.worker.films import cut_film
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
