"""Tables of what is distinct: numbers for values, and columns that grow by one row after the other."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, TypeVar

import polars as pl

from lineage_nb.sources.openlineage.words import MAX_NAME, Misfit

__all__ = ["Columns", "Entities", "Interner", "Names"]

_CHUNK: Final = 1 << 18
_K = TypeVar("_K", bound=Hashable)


class Interner(dict[_K, int]):
    """Numbers for distinct values, in order of appearance: a new value gets one when it is looked up.

    Examples
    --------
    >>> letters = Interner()
    >>> letters["a"], letters["b"], letters["a"]
    (0, 1, 0)
    """

    def __missing__(self, value: _K) -> int:
        number = self[value] = len(self)
        return number


class Names(Interner[str | None]):
    """Numbers for names of fields, of which 0 is for none; one that is too long is a `Misfit`."""

    def __init__(self) -> None:
        super().__init__({None: 0})

    def __missing__(self, value: str | None) -> int:
        if value is not None and len(value) > MAX_NAME:
            raise Misfit(value)
        number = self[value] = len(self)
        return number


class Entities(dict[str, "_Space"]):
    """Numbers for names within namespaces, in order of appearance; one that is too long is a `Misfit`.

    Attributes
    ----------
    spaces : list of str
        Every namespace.
    names, space_of : list
        Per number the name, and the place of its namespace in `spaces`.

    Examples
    --------
    >>> known = Entities()
    >>> known["pg://a"]["t"], known["pg://b"]["t"], known["pg://a"]["t"], known.space_of
    (0, 1, 0, [0, 1])
    """

    def __init__(self) -> None:
        super().__init__()
        self.spaces: list[str] = []
        self.names: list[str] = []
        self.space_of: list[int] = []

    def __missing__(self, namespace: str) -> _Space:
        if len(namespace) > MAX_NAME:
            raise Misfit(namespace)
        space = self[namespace] = _Space(self)
        self.spaces.append(namespace)
        return space


class _Space(dict[str, int]):
    """The names of one namespace."""

    __slots__ = ("_names", "_place", "_space_of")

    def __init__(self, of: Entities) -> None:
        super().__init__()
        self._place, self._names, self._space_of = len(of.spaces), of.names, of.space_of

    def __missing__(self, name: str) -> int:
        if len(name) > MAX_NAME:
            raise Misfit(name)
        number = self[name] = len(self._names)
        self._names.append(name)
        self._space_of.append(self._place)
        return number


class Columns:
    """A table that grows: values row by row, packed into polars chunks so that text takes little memory.

    Attributes
    ----------
    rows : list
        The latest rows, one after the other; to be extended by whole rows.
    """

    def __init__(self, **schema: Any) -> None:
        self.schema = schema
        self.rows: list[Any] = []
        self.chunks: list[pl.DataFrame] = []
        self._is_numbers = all(dtype.is_integer() for dtype in schema.values())

    def pack(self, at_least: int = _CHUNK) -> None:
        """Move the rows into a chunk once they are many enough."""
        width = len(self.schema)
        if len(self.rows) < at_least * width:
            return
        if self._is_numbers:  # all of them at once
            columns = pl.Series(self.rows, dtype=pl.Int64).to_numpy().reshape(-1, width).T
            parts = zip(self.schema.items(), columns, strict=True)
            made = [pl.Series(name, values).cast(dtype) for (name, dtype), values in parts]
        else:
            made = [
                pl.Series(name, self.rows[place::width], dtype=dtype, strict=True)
                for place, (name, dtype) in enumerate(self.schema.items())
            ]
        self.chunks.append(pl.DataFrame(made))
        self.rows.clear()

    def clear(self) -> None:
        """Forget every row."""
        self.chunks = []
        self.rows.clear()

    def frame(self) -> pl.DataFrame:
        """Everything so far."""
        self.pack(1)
        if len(self.chunks) > 1:
            self.chunks = [pl.concat(self.chunks)]
        return self.chunks[0] if self.chunks else pl.DataFrame(schema=self.schema)
