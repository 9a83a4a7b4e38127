"""What column lineage claims of a query, in the terms that running it can contradict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sql.oracle.tables import Leaf, Table

from lineage_nb.sql.result import Edge, SqlLineage
from lineage_nb.sql.words import AGGREGATION, IDENTITY, PLAIN, PSEUDONYMISED, REDACTED, WINDOW

__all__ = ["Claims", "covers", "unsuffixed"]


def covers(edge: Edge, leaf: Leaf) -> bool:
    """Whether the edge's input is the leaf, contains it, or is unresolved and may be it."""
    table = _plain(edge.input_table)
    if table not in ("", leaf.table.lower(), f"main.{leaf.table.lower()}"):
        return False
    name = edge.input_column.replace('"', "").lower()
    column = leaf.column.lower()
    if name in ("*", column):
        return edge.path is None or leaf.field is None or edge.path.split(".")[0].lower() == leaf.field
    return leaf.field is not None and name in (f"{column}.*", f"{column}.{leaf.field}")


def _plain(table: str) -> str:
    return table.replace('"', "").lower()


def unsuffixed(name: str) -> str:
    """The name without the number that tells doubled names apart."""
    stem, _, number = name.rpartition("_")
    return stem if stem and number.isdigit() else name


@dataclass(frozen=True)
class Claims:
    """The lineage of one query beside the names of the columns that it really has."""

    lineage: SqlLineage
    names: tuple[str, ...]
    output: str = ""
    kept: bool = False

    @property
    def reported(self) -> tuple[str, ...]:
        for name, columns in self.lineage.columns.items():
            if _plain(name) == self.output.lower():
                return columns
        return ()

    @property
    def positional(self) -> bool:
        """Whether every output column is listed, so that they can be told by position."""
        return not any(name == "*" or name.endswith(".*") for name in self.reported)

    def edges(self) -> Iterator[Edge]:
        for _, edges in self.lineage.flows:
            yield from (edge for edge in edges if _plain(edge.output_table) == self.output.lower())

    def of(self, position: int) -> list[Edge] | None:
        """Edges of one output column alone; None where it cannot be told which they are."""
        if self.positional and not self.kept:
            if position >= len(self.reported):
                return []
            name = self.reported[position]
            return [edge for edge in self.edges() if edge.output_column == name]
        name = self.names[position].lower()
        if not name.replace("_", "").replace(" ", "").isalnum():
            return None
        wanted = {name, unsuffixed(name), "*"}
        return [
            edge
            for edge in self.edges()
            if edge.output_column is not None
            and (edge.output_column.lower() in wanted or edge.output_column.endswith("*"))
        ]

    def whole(self, leaf: Leaf) -> bool:
        """Whether the leaf is said to influence the whole output."""
        return any(edge.output_column is None and covers(edge, leaf) for edge in self.edges())

    def untouched(self, leaf: Leaf) -> list[int]:
        """Positions of the output columns that the leaf is said to have no part in."""
        if self.whole(leaf):
            return []
        found = []
        for position in range(len(self.names)):
            edges = self.of(position)
            if self.kept and self.keeps(position, leaf):
                continue
            if edges is not None and not any(covers(edge, leaf) for edge in edges):
                found.append(position)
        return found

    def keeps(self, position: int, leaf: Leaf) -> bool:
        """Whether the column is the leaf itself, of which some cells are not overwritten."""
        return self.kept and leaf.table == self.output and leaf.column == self.names[position]

    def shows(self, position: int, leaf: Leaf) -> bool:
        """Whether the column is said to carry the leaf's values openly."""
        edges = self.of(position)
        return (
            edges is None
            or self.keeps(position, leaf)
            or any(
                edge.subtype <= AGGREGATION
                and edge.verdict not in (PSEUDONYMISED, REDACTED)
                and covers(edge, leaf)
                for edge in edges
            )
        )

    def copies(self, position: int) -> list[Edge] | None:
        """The inputs of a column that is said to be nothing but copies of them, else None."""
        edges = self.of(position)
        direct = [edge for edge in edges or () if edge.subtype <= AGGREGATION]
        if (
            not direct
            or self.kept
            or any(edge.subtype != IDENTITY or edge.verdict != PLAIN for edge in direct)
        ):
            return None
        return direct

    def own(self, tables: Sequence[Table]) -> Iterator[tuple[int, list[Leaf]]]:
        """Per output column, the leaves that each edge of its own means."""
        for position in range(len(self.names)):
            for edge in self.of(position) or ():
                if edge.subtype <= WINDOW:
                    leaves = [leaf for table in tables for leaf in table.leaves() if covers(edge, leaf)]
                    yield position, leaves

    def reads(self, leaf: Leaf) -> bool:
        """Whether the query is said to use the leaf at all."""
        return any(covers(edge, leaf) for edge in self.edges())
