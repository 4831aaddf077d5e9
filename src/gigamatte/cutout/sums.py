"""Sums of the rows of a canvas, which grow while strips of the photo are added to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from gigamatte.cutout.bicubic import Block
from gigamatte.types import FloatArray

#: rows of room that are added at a time besides those that are needed
ROOM = 8


class Sums:
    """Sums of rows ``first``… of the canvas, float32 (row, sample), in memory that is used again.

    A row holds ``pictures``, of so many channels, one beside another, each of so many ``columns`` of the photo.
    """

    def __init__(self, first: int, pictures: tuple[int, ...], columns: int) -> None:
        self.first = self.last = first
        self._pictures, self._columns = pictures, columns
        self.rows: FloatArray = np.zeros((0, sum(pictures) * columns), np.float32)

    def reach(self, last: int) -> None:
        """Add rows up to ``last``, which are 0."""
        count = last - self.first
        if count > len(self.rows):
            more = np.zeros((count + ROOM - len(self.rows), *self.rows.shape[1:]), np.float32)
            self.rows = np.concatenate([self.rows, more])
        self.last = max(self.last, last)

    def forget(self, first: int) -> None:
        """Leave out the rows before ``first``."""
        spent, kept = min(first, self.last) - self.first, max(0, self.last - first)
        if spent > 0:
            self.rows[:kept] = self.rows[spent : spent + kept]
            self.rows[kept : spent + kept] = 0
            self.first += spent

    def places(self, left: int, right: int) -> Iterator[slice]:
        """Where the columns ``left`` to ``right`` of each picture lie in a row."""
        begin = 0
        for count in self._pictures:
            yield slice(begin + left * count, begin + right * count)
            begin += self._columns * count

    def planes(self, first: int, last: int) -> FloatArray:
        """Rows ``first`` to ``last`` as (channel, row, column)."""
        rows = self.rows[first - self.first : last - self.first]
        out: FloatArray = np.empty((sum(self._pictures), len(rows), self._columns), np.float32)
        done = 0
        for count, place in zip(self._pictures, self.places(0, self._columns), strict=True):
            pairs = [channel for number in range(count) for channel in (number, number)]
            cv2.mixChannels([rows[:, place].reshape(len(rows), -1, count)], list(out[done : done + count]), pairs)
            done += count
        return out


@dataclass(slots=True)
class Seen:
    """Which columns of the photo, counted from ``left``, hold anything in the rows of the canvas that are in work."""

    left: int
    noted: list[tuple[int, int, int]] = field(default_factory=list)

    def note(self, last: int, columns: tuple[int, int]) -> None:
        """Rows before ``last`` take something of these columns."""
        self.noted.append((last, *columns))

    def between(self, top: int, blocks: list[Block]) -> list[Block]:
        """The blocks, from the first to the last, that take anything in rows from ``top`` on; earlier ones are over."""
        self.noted = [one for one in self.noted if one[0] > top]
        some = [one for one in self.noted if one[2] > one[1]]
        if not some:
            return []
        low, high = self.left + min(one[1] for one in some), self.left + max(one[2] for one in some)
        return [block for block in blocks if block.begin < high and block.end > low]
