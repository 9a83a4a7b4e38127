"""What a FROM clause offers: relations with columns that can be looked up by name."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_nb.sql.catalog import Known
from lineage_nb.sql.flows import Cell, Flow

__all__ = ["STAR", "AnyColumn", "BaseTable", "Opening", "Relation", "Relations"]

STAR = "*"


class Opening:
    """A star that could not be expanded: columns not listed may still come from `source`, except those `without`."""

    __slots__ = ("source", "without")

    def __init__(self, source: Relation, without: frozenset[str]) -> None:
        self.source = source
        self.without = without


class Relation:
    """Columns in order, and what influences all of its rows.

    Attributes
    ----------
    names, cells
        Output columns in order; a star that could not be expanded is a column named ``*``.
    openings
        Where columns that are not listed may come from.
    influence
        Columns that decide which rows there are, and in which order.
    whole
        A cell for the row as a value (``UNNEST``'s element, a whole-row reference), if it is one.
    least
        (table, column) → how many distinct values of it stand behind every row, at least.
    single
        Whether all values of a row are of the same row, or group of rows, of one stored table.
    numbers
        Columns, in lower case, that number all of its rows.
    of_row
        Whether its rows are made of the values of one row of a source around it, as those of a correlated UNNEST are.
    """

    __slots__ = ("_index", "cells", "influence", "least", "names", "numbers", "of_row", "openings", "single", "whole")

    def __init__(
        self,
        names: Sequence[str] = (),
        cells: Sequence[Cell] = (),
        openings: Sequence[Opening] = (),
        influence: Flow | None = None,
        whole: Cell | None = None,
    ) -> None:
        self.names: Sequence[str] = names
        self.cells: Sequence[Cell] = cells
        self.openings: Sequence[Opening] = openings
        self.influence: Flow = influence if influence is not None else {}
        self.whole = whole
        self.least: dict[tuple[str, str], int] | None = None
        self.single = False
        self.of_row = False
        self.numbers: frozenset[str] = frozenset()
        self._index: dict[str, int] | None = None

    @property
    def complete(self) -> bool:
        """Whether all of its columns are listed."""
        return not self.openings and STAR not in self.names

    @property
    def is_open(self) -> bool:
        """Whether columns that are not listed may come from it."""
        return bool(self.openings)

    def index(self) -> dict[str, int]:
        """Lower-cased name → position of its first column."""
        if self._index is None:
            index: dict[str, int] = {}
            for position, name in enumerate(self.names):
                index.setdefault(name.lower(), position)
            self._index = index
        return self._index

    def listed(self, name: str) -> Cell | None:
        """A column that is certainly there."""
        position = self.index().get(name.lower())
        return None if position is None else self.cells[position]

    def possible(self, name: str) -> Cell | None:
        """A column that may be there, behind a star that could not be expanded; `name` in its own spelling."""
        found = self._behind_stars(name)
        return found[0] if len(found) == 1 else None

    def torn(self, name: str) -> bool:
        """Whether a column may be there, behind one of several stars, and nobody can say which."""
        return len(self._behind_stars(name)) > 1

    def _behind_stars(self, name: str) -> list[Cell]:
        sources = [opening.source for opening in self.openings if name.lower() not in opening.without]
        return [cell for s in sources if (cell := s.listed(name) or s.possible(name)) is not None]

    def row(self) -> Cell:
        """The whole row as one value."""
        if self.whole is not None:
            return self.whole
        if not self.cells:
            return Cell({})
        flow = dict(Cell.merged(self.cells).flow)
        if not self.complete:
            return Cell(flow)
        return Cell(flow, dict(zip(self.names, self.cells, strict=True)))

    def renamed(self, names: Sequence[str]) -> Relation:
        """The relation under a column list, by position."""
        if not names:
            return self
        if not self.complete and STAR in self.names[: len(names)]:
            whole = self.row()
            cells = [Cell({(t, c, p, max(k, 1)): v for (t, c, p, k), v in whole.flow.items()}) for _ in names]
            return Relation([*names, STAR], [*cells, whole], self.openings, self.influence, self.whole)
        kept = min(len(names), len(self.names))
        renamed = Relation(
            [*names[:kept], *self.names[kept:]], self.cells, self.openings, self.influence, self.whole
        )
        renamed.least = self.least
        renamed.single = self.single
        renamed.of_row = self.of_row
        return renamed


class AnyColumn(Relation):
    """A relation whose columns are not known, and each of which has the same flow."""

    def __init__(self, cell: Cell) -> None:
        super().__init__((STAR,), (cell,))

    def possible(self, name: str) -> Cell | None:  # noqa: ARG002
        """Any name is taken for a column."""
        return self.cells[0]


class BaseTable(Relation):
    """A stored table, with its columns if they are known; cells are made when they are asked for."""

    __slots__ = ("_cells", "given", "known", "table")

    def __init__(self, table: str, known: Known | None) -> None:
        self.table = table
        self.influence = {}
        self.whole = None
        self.least = None
        self.single = True
        self.of_row = False
        self.numbers = frozenset()
        self._cells: list[Cell] | None = None
        if known is not None:
            self.known = True
            self.names = known.columns
            self.given: Sequence[str] = known.given
            self._index = known.index
        else:
            self.known = False
            self.names = self.given = _ONLY_STAR
            self._index = _STAR_INDEX

    @property
    def is_open(self) -> bool:
        """Whether its columns are not known."""
        return not self.known

    @property
    def openings(self) -> Sequence[Opening]:  # type: ignore[override]
        """Itself, if its columns are not known; made anew, since a table that holds itself is freed late."""
        return () if self.known else (Opening(self, _NOT_STAR),)

    @property
    def cells(self) -> list[Cell]:  # type: ignore[override]
        """Its columns as cells, in order."""
        if self._cells is None:
            self._cells = [Cell.column(self.table, name) for name in self.names]
        return self._cells

    def listed(self, name: str) -> Cell | None:
        """A column that is certainly there."""
        position = self._index.get(name.lower())  # type: ignore[union-attr]
        if position is None and self.known and self.table.endswith(STAR) and name.lower() == "_table_suffix":
            return Cell.column(self.table, name)  # of BigQuery's tables by pattern; no star has it
        return None if position is None else Cell.column(self.table, self.names[position])

    def possible(self, name: str) -> Cell | None:
        """Any column of a table whose columns are not known."""
        return None if self.known else Cell.column(self.table, name)

    def stated(self, name: str) -> Cell:
        """A column that the statement itself says to be there."""
        return self.listed(name) or Cell.column(self.table, name)


_ONLY_STAR = (STAR,)
_STAR_INDEX = {STAR: 0}
_NOT_STAR = frozenset((STAR,))

Relations = list[tuple[str, Relation]]
"""Aliases in lower case with their relations, in the order of the FROM clause."""
