"""What is read and run: a bare query, or statements that write and a look at what they wrote."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sql.oracle.queries import Queries
from sql.oracle.relations import Relations
from sql.oracle.scalars import TYPES, Scalars
from sql.oracle.scope import Column, Scope, Source, spelled
from sql.oracle.tables import Table

__all__ = ["Probe", "random_probe"]


@dataclass(frozen=True)
class Probe:
    """SQL text, and how to see what it does.

    Attributes
    ----------
    text : str
        What lineage is read from.
    steps : tuple of str
        What is run before the look.
    look : str
        The query whose result is compared.
    output : str
        The table that `text` writes, empty for a bare query.
    kept : bool
        Whether cells of that table may stay as they were.
    positional : bool
        Whether only the table's own columns tell which of them are written.
    """

    text: str
    steps: tuple[str, ...] = ()
    look: str = ""
    output: str = ""
    kept: bool = False
    positional: bool = False

    @property
    def single(self) -> bool:
        return not self.steps or self.steps == (self.text,)

    def instead(self, text: str) -> Probe:
        """The same with another text of its one statement."""
        if not self.steps:
            return replace(self, text=text, look=text)
        return replace(self, text=text, steps=(text,))


def random_probe(rng: random.Random, tables: Sequence[Table]) -> Probe:
    """Draw a query, for the most part bare."""
    drawn = Queries(rng, tables)
    roll = rng.random()
    if roll < 0.66:
        text, _ = drawn.query(rng.choice((0, 1, 1, 2, 2, 3)))
        return Probe(text, look=text)
    table = rng.choice(list(tables))
    if roll < 0.80:
        return _created(rng, drawn)
    if roll < 0.86:
        return _inserted(rng, drawn, table)
    if roll < 0.92:
        return _updated(rng, drawn, table)
    return _deleted(rng, drawn, table) if roll < 0.94 else _merged(rng, drawn, table)


def _written(table: Table, text: str) -> Probe:
    return Probe(text, (text,), f'SELECT * FROM "{table.name}"', table.name, kept=True)


def _created(rng: random.Random, drawn: Queries) -> Probe:
    """A table made from a query, or a temporary one that another query reads."""
    query, columns = drawn.query(
        rng.choice((0, 1, 2)), kinds=[rng.choice(TYPES) for _ in range(rng.randint(1, 3))]
    )
    listed = [f"k{at}" for at in range(len(columns))]
    wrapped = f"SELECT * FROM ({query}) AS whole({', '.join(listed)})"
    if rng.random() < 0.4:
        text = f"CREATE TABLE made AS {wrapped}"
        return Probe(text, (text,), "SELECT * FROM made", "made")
    make = (
        f"CREATE {rng.choice(('TEMP TABLE', 'TEMPORARY TABLE', 'OR REPLACE TEMP TABLE'))} made AS {wrapped}"
    )
    made = Source(
        "made", tuple(Column(name, column.kind) for name, column in zip(listed, columns, strict=True))
    )
    drawn.readable = [made, made, *drawn.readable]
    read, _ = drawn.select(rng.choice((0, 1)), None, None)
    return Probe(f"{make};\n{read}", (make,), read)


def _inserted(rng: random.Random, drawn: Queries, table: Table) -> Probe:
    """Columns in another order than the table's, or by position, or by name."""
    names = list(table.columns)
    listed = rng.sample(names, rng.randint(1, len(names)))
    if rng.random() < 0.4:
        query, _ = drawn.query(1, kinds=list(table.columns.values()))
        return replace(_written(table, f"INSERT INTO {spelled(rng, table.name)} {query}"), positional=True)
    query, _ = drawn.query(1, kinds=[table.columns[name] for name in listed])
    if rng.random() < 0.3:
        scalars = Scope()
        clause = Relations(rng, drawn, scalars, 1).clause()
        make = Scalars(rng, scalars, drawn, 1)
        items = ", ".join(f"{make.of(table.columns[name], 1)} AS {spelled(rng, name)}" for name in listed)
        return _written(table, f"INSERT INTO {spelled(rng, table.name)} BY NAME SELECT {items} {clause}")
    columns = ", ".join(spelled(rng, name) for name in listed)
    return _written(table, f"INSERT INTO {spelled(rng, table.name)} ({columns}) {query}")


def _target(rng: random.Random, table: Table) -> tuple[str, Scope]:
    columns = tuple(Column(name, kind) for name, kind in table.columns.items())
    if rng.random() < 0.5:
        return spelled(rng, table.name), Scope([Source(table.name, columns)])
    return f"{spelled(rng, table.name)} AS tgt", Scope([Source("tgt", columns)])


def _assignments(rng: random.Random, table: Table, scalars: Scalars) -> str:
    chosen = rng.sample(list(table.columns), rng.randint(1, min(2, len(table.columns))))
    return ", ".join(f"{spelled(rng, name)} = {scalars.of(table.columns[name], 2)}" for name in chosen)


def _updated(rng: random.Random, drawn: Queries, table: Table) -> Probe:
    target, scope = _target(rng, table)
    source = ""
    if rng.random() < 0.6:
        relations = Relations(rng, drawn, Scope(), 1)
        text, right = relations.relation()
        if right.alias.lower() != scope.sources[0].alias.lower():
            scope.sources.append(right)
            source = f" FROM {text}"
    scalars = Scalars(rng, scope, drawn, 1)
    assigned = _assignments(rng, table, scalars)
    condition = f" WHERE {scalars.of('bool', 2)}" if rng.random() < 0.7 else ""
    return _written(table, f"UPDATE {target} SET {assigned}{source}{condition}")


def _deleted(rng: random.Random, drawn: Queries, table: Table) -> Probe:
    target, scope = _target(rng, table)
    source = ""
    if rng.random() < 0.5:
        text, right = Relations(rng, drawn, Scope(), 1).relation()
        if right.alias.lower() != scope.sources[0].alias.lower():
            scope.sources.append(right)
            source = f" USING {text}"
    return _written(
        table, f"DELETE FROM {target}{source} WHERE {Scalars(rng, scope, drawn, 1).of('bool', 2)}"
    )


def _merged(rng: random.Random, drawn: Queries, table: Table) -> Probe:
    """A MERGE with some of its branches."""
    target, scope = _target(rng, table)
    kinds = [rng.choice(("int", "str")), *rng.choices(TYPES, k=2)]
    query, _ = drawn.select(1, None, kinds)
    source = Source(
        "src", tuple(Column(name, kind) for name, kind in zip(("a", "k1", "k2"), kinds, strict=True))
    )
    both = Scope([*scope.sources, source])
    scalars, incoming = Scalars(rng, both, drawn, 0), Scalars(rng, Scope([source]), drawn, 0)
    branches = []
    if rng.random() < 0.8:
        condition = f" AND {scalars.of('bool', 1)}" if rng.random() < 0.6 else ""
        branches.append(f"WHEN MATCHED{condition} THEN UPDATE SET {_assignments(rng, table, scalars)}")
    if rng.random() < 0.3:
        branches.append("WHEN MATCHED THEN DELETE")
    if rng.random() < 0.6 or not branches:
        chosen = rng.sample(list(table.columns), rng.randint(1, len(table.columns)))
        condition = f" AND {incoming.of('bool', 1)}" if rng.random() < 0.4 else ""
        values = ", ".join(incoming.of(table.columns[name], 1) for name in chosen)
        columns = ", ".join(spelled(rng, name) for name in chosen)
        branches.append(f"WHEN NOT MATCHED{condition} THEN INSERT ({columns}) VALUES ({values})")
    on = scalars.of("bool", 1)
    head = f"MERGE INTO {target} USING ({query}) AS src(a, k1, k2) ON {on}"
    return _written(table, f"{head} {' '.join(branches)}")
