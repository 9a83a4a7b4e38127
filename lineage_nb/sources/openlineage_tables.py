"""Tables of what is distinct: numbers for values, and columns that grow by one row after the other."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, Generic, TypeVar

import polars as pl

__all__ = ["Columns", "Interner", "add_row"]

_CHUNK: Final = 1 << 18
_K = TypeVar("_K", bound=Hashable)


class Interner(Generic[_K]):
    """Numbers for distinct values, in order of appearance."""

    def __init__(self) -> None:
        self.values: list[_K] = []
        self.index: dict[_K, int] = {}

    def __call__(self, value: _K) -> int:
        """Get the number of `value`, a new one for a new value."""
        number = self.index.get(value)
        if number is None:
            number = self.index[value] = len(self.values)
            self.values.append(value)
        return number


class Columns:
    """A table that grows: Python lists, packed into polars chunks so that text takes little memory."""

    def __init__(self, **schema: Any) -> None:
        self.schema = schema
        self.lists: list[list[Any]] = [[] for _ in schema]
        self.chunks: list[pl.DataFrame] = []

    def mark(self) -> int:
        """Remember the height, for `undo`."""
        return len(self.lists[-1])

    def undo(self, mark: int) -> None:
        """Drop what came after `mark`."""
        for values in self.lists:
            del values[mark:]

    def pack(self, at_least: int = _CHUNK) -> None:
        """Move the lists into a chunk once they are long enough; never between `mark` and `undo`."""
        if len(self.lists[0]) >= at_least:
            parts = zip(self.schema.items(), self.lists, strict=True)
            self.chunks.append(pl.DataFrame([pl.Series(n, v, dtype=t, strict=True) for (n, t), v in parts]))
            for values in self.lists:
                values.clear()

    def clear(self) -> None:
        """Forget every row."""
        self.chunks = []
        for values in self.lists:
            values.clear()

    def frame(self) -> pl.DataFrame:
        """Everything so far."""
        self.pack(1)
        if len(self.chunks) > 1:
            self.chunks = [pl.concat(self.chunks)]
        return self.chunks[0] if self.chunks else pl.DataFrame(schema=self.schema)


def add_row(table: Columns, *row: object) -> None:
    """Append one row."""
    for values, value in zip(table.lists, row, strict=True):
        values.append(value)
