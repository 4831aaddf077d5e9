"""The result of a comparison: the figures of each way to cut the same photo, as a table and as plain JSON types."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gigamatte.evaluate.table import text_table
from gigamatte.messages import translate
from gigamatte.types import Size


@dataclass(frozen=True, slots=True)
class Measured:
    """One way's figures; lengths in pixels of the photo. The three errors are None without a true alpha."""

    way: str
    width: int
    height: int
    megabytes: float
    seconds: float
    #: RMS of fine alpha detail in the band, percent
    hair_clarity: float
    #: the finest octave of the subject's texture that is left, 0…1
    texture_kept: float
    #: all four octaves, finest first
    texture_octaves: tuple[float, ...]
    raggedness: float
    edge_width: float
    #: the part of the background's colour in soft pixels, estimated
    halo: float
    sad: float | None = None
    grad: float | None = None
    conn: float | None = None


@dataclass(frozen=True)
class Comparison:
    """All four ways, measured. ``warnings`` says what is not as it should be."""

    photo: str
    size: Size
    model: str
    ways: tuple[Measured, ...]
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types; what could not be measured is None."""
        plain = {"photo": self.photo, "width": self.size.width, "height": self.size.height, "model": self.model}
        ways = [{name: _plain(value) for name, value in asdict(way).items()} for way in self.ways]
        return {**plain, "ways": ways, "warnings": list(self.warnings)}

    def columns(self) -> list[tuple[str, str, bool | None]]:
        """(field, title, whether more is better; None for neither) of the table, in order."""
        errors = [("sad", "SAD", False), ("grad", "Grad", False), ("conn", "Conn", False)]
        return [
            ("hair_clarity", translate("hair clarity %"), True),
            *(errors if self.ways[0].sad is not None else []),
            ("texture_kept", translate("texture kept"), True),
            ("raggedness", translate("raggedness px"), False),
            ("edge_width", translate("edge width px"), False),
            ("halo", translate("halo"), False),
            ("seconds", translate("seconds"), None),
            ("pixels", translate("pixels"), None),
            ("megabytes", "MB", None),
        ]

    def rows(self) -> list[list[str | float]]:
        """The table's cells, one row per way."""
        return [[translate(way.way), *(self._cell(way, name) for name, _, _ in self.columns())] for way in self.ways]

    def table(self) -> str:
        """The table for a terminal."""
        return text_table([translate("way"), *(title for _, title, _ in self.columns())], self.rows())

    def _cell(self, way: Measured, name: str) -> str | float:
        return f"{way.width}×{way.height}" if name == "pixels" else getattr(way, name)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
