"""First witness: run the query, change one input column, run it again.

With N the output columns that a changed input is said to have no part in, the result projected to N stays the same
multiset of rows. This holds whatever the change does to the other columns and, since an input that influences the
whole output leaves no N, whatever filters and joins do.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import duckdb
from sql.oracle.probes import Probe
from sql.oracle.reported import Claims, covers
from sql.oracle.tables import Leaf, Table, tokens_in

__all__ = ["Bench", "Rows", "Unrunnable", "changes", "copied", "showing"]

Contents = dict[str, tuple[dict[str, Any], ...]]
Rows = list[tuple[Any, ...]]
MOST_ROWS = 400


class Unrunnable(Exception):
    """The engine refuses the query, or its result is too large to compare."""


class Bench:
    """An engine that holds the tables and runs probes over contents that differ from them."""

    def __init__(self) -> None:
        self.engine = duckdb.connect(config={"threads": 1})
        self.engine.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
        self.engine.execute("SET order_by_non_integer_literal = true")
        self.engine.execute("PRAGMA disable_optimizer")  # The plain plan is the obvious one, and sooner made.
        self.tables: Sequence[Table] = ()

    def load(self, tables: Sequence[Table]) -> None:
        for table in self.tables:
            self.engine.execute(f'DROP TABLE "{table.name}"')
        self.tables = ()
        for table in tables:
            self.engine.execute(table.create())
        self.tables = tables

    def run(self, probe: Probe, changed: Contents | None = None) -> tuple[tuple[str, ...], Rows]:
        """Names of the columns and rows of the look, with some tables' contents replaced; nothing stays changed."""
        refill = (
            f'DELETE FROM "{table.name}"; {table.fill(changed[table.name])}'
            for table in self.tables
            if changed and table.name in changed
        )
        self.engine.execute("; ".join(("BEGIN", *refill)))
        try:
            for step in probe.steps:
                self.engine.execute(step)
            result = self.engine.execute(probe.look)
            names = tuple(entry[0] for entry in result.description or ())
            rows = result.fetchmany(MOST_ROWS)
        except duckdb.Error as error:
            raise Unrunnable(str(error).splitlines()[0]) from error
        finally:
            self.engine.execute("ROLLBACK")
        if len(rows) == MOST_ROWS:
            raise Unrunnable("too many rows")
        return names, rows

    def rows(self, probe: Probe, changed: Contents) -> Rows | None:
        """The rows of the look; None where the change makes a statement fail."""
        try:
            return self.run(probe, changed)[1]
        except Unrunnable:
            return None

    def plan(self, query: str) -> str:
        """The optimised plan as JSON."""
        self.engine.execute("PRAGMA enable_optimizer")
        try:
            row = self.engine.execute(f"EXPLAIN (FORMAT json) {query}").fetchone()
        except duckdb.Error as error:
            raise Unrunnable(str(error)) from error
        finally:
            self.engine.execute("PRAGMA disable_optimizer")
        return str(row[1]) if row is not None else "[]"

    def steady(self, probe: Probe, rng: random.Random, changed: Contents) -> bool:
        """Whether the result is the same multiset whatever the order of the tables' rows."""
        first = self.rows(probe, changed)
        for _ in range(12):
            shuffled = {}
            for table in self.tables:
                rows = list(changed.get(table.name, table.rows))
                rng.shuffle(rows)
                shuffled[table.name] = tuple(rows)
            again = self.rows(probe, shuffled)
            if first is None or again is None or _bag(first) != _bag(again):
                return False
        return True


def _bag(rows: Rows, positions: Sequence[int] | None = None) -> Counter[str]:
    if positions is None:
        return Counter(map(repr, rows))
    return Counter(repr([row[at] for at in positions]) for row in rows)


def changes(before: Rows, after: Rows, positions: Sequence[int]) -> bool:
    """Whether the rows differ as multisets, seen through some columns only."""
    return _bag(before, positions) != _bag(after, positions)


def showing(rows: Rows, width: int) -> dict[int, set[int]]:
    """Positions of columns → numbers of the tokens that can be read in them."""
    return {at: tokens_in(repr([row[at] for row in rows])) for at in range(width)}


def copied(claims: Claims, query: str, tables: Sequence[Table], rows: Rows) -> list[tuple[int, Any]]:
    """Values in columns that are said to be copies of inputs, yet hold what neither inputs nor the text hold."""
    found = []
    for position in range(len(claims.names)):
        edges = claims.copies(position)
        if edges is None or not claims.positional:
            continue
        known: set[str] = {"None"}
        for table in tables:
            for leaf in table.leaves():
                if any(covers(edge, leaf) for edge in edges):
                    known |= _values(table, leaf)
        for row in rows:
            value = row[position]
            if isinstance(value, dict | list) or repr(value) in known or str(value).startswith("{"):
                continue
            if not re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", query, re.IGNORECASE):
                found.append((position, value))
                break
    return found


def _values(table: Table, leaf: Leaf) -> set[str]:
    cells = [row[leaf.column] for row in table.rows]
    if leaf.field is not None:
        cells = [cell[leaf.field] for cell in cells]
    return {repr(cell) for cell in cells}
