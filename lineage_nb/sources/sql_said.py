"""What a statement or a script says, in the words that they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from lineage_nb.sources.sql_facts import STAR
from lineage_nb.sql.result import Edge, SqlLineage, Statement
from lineage_nb.sql.words import AGGREGATED, AGGREGATION, CONDITIONAL, GROUP_BY, WINDOW

__all__ = ["REFERENCE", "Said", "groups_by_condition", "said_by"]

REFERENCE: Final = "REFERENCE"
"""Subtype of INDIRECT edges from columns that a statement names, though nothing of what it writes is made of them."""
_CHANGES: Final = ("INSERT", "MERGE", "UPDATE", "DELETE", "COPY", "LOAD", "UNPARSED")


class Said(NamedTuple):
    """A statement or a script, in the words they share; `passing` are tables that do not outlive a script."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    columns: Mapping[str, Sequence[str]]
    edges: Sequence[Edge]
    statements: Sequence[Statement]
    temporary: frozenset[str]
    passing: frozenset[str]

    def fills(self, table: str) -> bool:
        """Whether anything is put into a written table, or taken from it; not where it is only declared."""
        declared = any(e.table == table for s in self.statements for e in s.events)
        return not declared or any(s.kind in _CHANGES and table in s.outputs for s in self.statements)

    def writers(self, table: str) -> int:
        """How many statements write a table."""
        return sum(table in s.outputs for s in self.statements)

    def replaces(self, table: str) -> bool:
        """Whether the one statement that writes a stored table replaces all that it held."""
        if self.may_be_undone:
            return False
        events = [e.what for s in self.statements for e in s.events if e.table == table]
        return events == ["replace"] and self.writers(table) == 1 and table not in self.temporary

    @property
    def read_in_full(self) -> bool:
        """Whether no statement hides what it does."""
        return not any(s.kind == "UNPARSED" or any(p.hides_effects for p in s.problems) for s in self.statements)

    @property
    def may_be_undone(self) -> bool:
        """Whether a rollback may take back what was done."""
        return any(s.kind == "ROLLBACK" for s in self.statements)

    def settles(self, table: str, column: str) -> bool:
        """Whether all that goes into a column is told: by no statement behind a star, or by one that was not read."""
        if len(self.statements) == 1 and self.statements[0].kind != "UNPARSED":
            return True
        return not any(
            STAR in names and column not in names
            for s in self.statements
            if (names := s.columns.get(table)) is not None
        )

    def is_unread(self, table: str, edges: Iterable[Edge]) -> bool:
        """Whether something goes into a table that was not read, or that nobody can tell where it comes from."""
        if any(s.kind == "UNPARSED" and table in s.outputs for s in self.statements):
            return True
        return not self.inputs and any(e.subtype <= AGGREGATION and not e.input_table for e in edges)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Columns that are named and of which no edge tells: table, column, table that is written; each once."""
        told: set[tuple[str, str]] | None = None
        seen: set[tuple[str, str, str]] = set()
        for statement in self.statements:
            if not statement.references:
                continue
            if told is None:
                told = {(e.input_table, e.input_column) for e in self.edges}
            for reference in statement.references:
                table, column = reference
                if reference in told or not table or column == STAR or table in self.passing:
                    continue
                outputs = [t for t in statement.outputs if t not in self.passing] or self.outputs
                for output in outputs:
                    if (table, column, output) not in seen:
                        seen.add((table, column, output))
                        yield table, column, output


def groups_by_condition(edges: Sequence[Edge]) -> Iterator[Edge]:
    """What aggregates are made of one value of: a column that conditions fix is like one that groups."""
    if not any(e.fixed for e in edges):
        return
    folded = {e.output_column for e in edges if e.subtype <= CONDITIONAL and e.verdict == AGGREGATED}
    for edge in (e for e in edges if e.fixed and folded):
        if edge.output_column is None:
            yield edge._replace(subtype=GROUP_BY)
        elif edge.output_column in folded:
            yield edge._replace(subtype=WINDOW)


def said_by(what: SqlLineage | Statement) -> Said:
    """What a statement or a script says."""
    if isinstance(what, Statement):
        nothing: frozenset[str] = frozenset()
        return Said(what.inputs, what.outputs, what.columns, what.edges, (what,), what.temporary, nothing)
    edges = tuple(chain.from_iterable(edges for _, edges in what.flows))
    temporary = frozenset(t for s in what.statements for t in s.temporary)
    passing = (temporary | what.trail.keys()) - frozenset(what.outputs)
    return Said(what.inputs, what.outputs, what.columns, edges, what.statements, temporary, passing)
