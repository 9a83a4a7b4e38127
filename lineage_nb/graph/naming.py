"""The names of a graph's nodes, whether they are held as a series or memory-mapped."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.graph.csr import Ints
from lineage_nb.model.name_table import NameTable

__all__ = ["Naming"]

_FEW = 200


class Naming:
    """Ids and kinds of nodes, sorted by id; the place of an id is the node's number.

    Parameters
    ----------
    ids, kinds : polars.Series, optional
        Shape (n,). Left out where `table` is given.
    table : NameTable, optional
        The same as arrays; made from the series on the first short name where it is left out.
    where : str
        What the nodes belong to, for error messages.

    Examples
    --------
    >>> naming = Naming(pl.Series(["db/raw", "db/raw#id"]), pl.Series(["dataset", "column"]))
    >>> naming.number("db/raw#id"), naming.resolve("raw.id"), naming.names(np.array([0, -1])).to_list()
    (1, 1, ['db/raw', None])
    """

    def __init__(
        self,
        ids: pl.Series | None = None,
        kinds: pl.Series | None = None,
        *,
        table: NameTable | None = None,
        where: str = "this snapshot",
    ) -> None:
        self._ids, self._kinds, self._table, self._where = ids, kinds, table, where
        self._size = len(ids) if ids is not None else len(self.table)

    def __len__(self) -> int:
        """Count the nodes."""
        return self._size

    @property
    def table(self) -> NameTable:
        """The ids as arrays."""
        if self._table is None:
            kinds = self.kinds.cast(pl.String)
            self._table = NameTable.build(self.ids, kinds)
        return self._table

    @property
    def ids(self) -> pl.Series:
        """All ids, sorted."""
        if self._ids is None:
            self._ids = self.table.all()
        return self._ids

    @property
    def kinds(self) -> pl.Series:
        """Kind of every node."""
        if self._kinds is None:
            words = pl.Series(self.table.kind_names, dtype=pl.String)
            self._kinds = words.gather(self.table.kinds)
        return self._kinds

    def of_kind(self, *kinds: str) -> NDArray[np.bool_]:
        """Which nodes are of the given kinds; shape (n,)."""
        if self._table is None:
            return self.kinds.is_in(list(kinds)).to_numpy()
        wanted = np.array([kind in kinds for kind in self._table.kind_names], dtype=bool)
        found: NDArray[np.bool_] = wanted[self._table.kinds]
        return found

    def number(self, node: str) -> int | None:
        """Number of an id; None: no node has it."""
        if self._ids is None:
            return self.table.number(node)
        at = int(self._ids.search_sorted(node))
        return at if at < self._size and self._ids[at] == node else None

    def name(self, number: int) -> str:
        """Id of a number."""
        return self.table.name(number) if self._ids is None else str(self._ids[number])

    def names(self, numbers: Ints) -> pl.Series:
        """Ids of numbers; null for -1."""
        known = numbers >= 0
        if self._ids is not None:
            return self._ids.gather(pl.select(pl.when(pl.Series(known)).then(pl.Series(numbers))).to_series())
        found = self.table.names(np.where(known, numbers, 0)) if self._size else pl.Series([None] * len(numbers), dtype=pl.String)
        return found if known.all() else pl.select(pl.when(pl.Series(known)).then(found)).to_series()

    def resolve(self, name: str) -> int:
        """Number of the one node that an id or its last components stand for.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        found = self.number(name) if isinstance(name, str) else None
        return self.table.resolve(name, self._where) if found is None else found

    def numbers(self, names: list[str]) -> Ints:
        """Numbers of ids or short names; errors as `resolve`."""
        if len(names) < _FEW or not all(isinstance(name, str) for name in names):
            return np.array([self.resolve(name) for name in names], dtype=np.int64)
        places = pl.DataFrame({"id": self.ids}).with_row_index("i")
        found = pl.DataFrame({"id": names}).join(places, on="id", how="left", maintain_order="left")["i"]
        missing = found.is_null().arg_true().to_list()
        numbers = found.fill_null(0).cast(pl.Int64).to_numpy().copy()
        numbers[missing] = [self.resolve(names[at]) for at in missing]
        return numbers

    def part(self, numbers: Ints, where: str) -> Naming:
        """The names of some nodes, given by their numbers, ascending."""
        return Naming(self.ids.gather(numbers), self.kinds.gather(numbers), where=where)
