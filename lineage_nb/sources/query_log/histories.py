"""What the statements of a log tell of the columns of tables, and which columns a table had when a statement ran."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from lineage_nb.sql.result import Event, SqlLineage, Statement

__all__ = ["Columns", "Histories", "learned", "then"]

Columns = Sequence[str] | Mapping[str, str | None]
Histories = Mapping[str, Sequence[tuple[int, Columns]]]
"""Table → (place in time, its columns from then on), for tables whose columns are changed once they are there."""


def learned(found: Sequence[tuple[int, SqlLineage | None]]) -> tuple[dict[str, Columns], Histories]:
    """Columns of the tables that statements create or change: as the last of them says, and as they were before.

    Parameters
    ----------
    found : sequence of (int, SqlLineage or None)
        Places in time with lineages, in any order.

    Returns
    -------
    tuple of dict and Histories
        Of a temporary table only if all that create it agree.
    """
    tables: dict[str, Columns] = {}
    torn: set[str] = set()
    told: dict[str, list[tuple[int, Columns]]] = {}
    changed: set[str] = set()
    for order, answer in sorted(found, key=lambda pair: pair[0]):
        for statement in answer.statements if answer is not None else ():
            for table in dict.fromkeys(a.table for a in statement.alterations):
                if table in tables:
                    tables[table] = _altered(tables[table], statement, table)
                    told[table].append((order, tables[table]))
                    changed.add(table)
            tables.update(statement.files)
            for event in statement.events:
                columns = _created(event, statement)
                if event.what == "synonym" and event.other in tables:
                    columns = tables[event.other]
                if columns:
                    passing = event.table in statement.temporary
                    if passing and event.table in tables and list(tables[event.table]) != list(columns):
                        torn.add(event.table)
                    tables[event.table] = columns
                    told.setdefault(event.table, []).append((order, columns))
    kept = {t: c for t, c in tables.items() if t not in torn}
    return kept, {t: told[t] for t in sorted(changed - torn)}


def then(answer: SqlLineage | None, order: int, histories: Histories) -> tuple[tuple[str, Columns], ...]:
    """The tables of a statement, with their columns when it began, where these are not the last they had."""
    if answer is None or not histories:
        return ()
    tables = dict.fromkeys(t for s in answer.statements for t in (*s.inputs, *s.outputs))
    made = []
    for table in (t for t in tables if t in histories):
        versions = histories[table]
        at = max(bisect_left(versions, order, key=lambda version: version[0]) - 1, 0)
        if list(versions[at][1]) != list(versions[-1][1]):
            made.append((table, versions[at][1]))
    return tuple(made)


def _altered(columns: Columns, statement: Statement, table: str) -> dict[str, str | None]:
    from lineage_nb.sql.alterations import after

    known = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
    return after(known, [a for a in statement.alterations if a.table == table])


def _created(event: Event, statement: Statement) -> Columns:
    if not statement.defines(event):
        return ()
    columns = statement.types.get(event.table) or statement.columns.get(event.table, ())
    return () if "*" in columns and not event.table.endswith("()") else columns  # a function is known without its columns, too
