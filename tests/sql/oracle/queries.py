"""Random queries that DuckDB accepts, for the most part, over a few tables."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from sql.oracle.relations import Relations
from sql.oracle.scalars import TYPES, Scalars
from sql.oracle.scope import Column, Scope, Source, spelled
from sql.oracle.selects import Select, positions
from sql.oracle.tables import Table

__all__ = ["Queries"]

Query = tuple[str, list[Column]]


class Queries:
    """Draws queries; holds the tables and the CTEs that may be read."""

    def __init__(self, rng: random.Random, tables: Sequence[Table]) -> None:
        self.rng = rng
        self.readable = [
            Source(table.name, tuple(Column(name, kind) for name, kind in table.columns.items()))
            for table in tables
        ]
        self.count = 0

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    # Queries ------------------------------------------------------------------------------------------------------
    def query(self, depth: int, outer: Scope | None = None, kinds: list[str] | None = None) -> Query:
        """A query; `kinds` fixes the types of its columns."""
        roll = self.rng.random()
        if depth > 0 and roll < 0.12:
            return self.with_ctes(depth, outer, kinds)
        if depth > 0 and roll < 0.26:
            return self.set_operation(depth - 1, outer, kinds)
        if roll < 0.29 and kinds is not None:
            return self.values(kinds)
        return self.select(depth, outer, kinds)

    def select(self, depth: int, outer: Scope | None, kinds: list[str] | None) -> Query:
        scope = Scope(outer=outer)
        clause = Relations(self.rng, self, scope, depth).clause()
        return Select(self.rng, self, scope, depth, clause, kinds).build()

    def values(self, kinds: list[str]) -> Query:
        scalars = Scalars(self.rng, Scope(), self, 0)
        rows = ", ".join("(" + ", ".join(scalars.literal(kind) for kind in kinds) + ")" for _ in range(2))
        return f"VALUES {rows}", [Column(f"col{at}", kind) for at, kind in enumerate(kinds)]

    def set_operation(self, depth: int, outer: Scope | None, kinds: list[str] | None) -> Query:
        rng = self.rng
        kinds = kinds or [rng.choice(TYPES) for _ in range(rng.randint(1, 3))]
        left, columns = self.query(depth, outer, kinds)
        word = rng.choice(
            (
                "UNION ALL",
                "UNION",
                "EXCEPT",
                "INTERSECT",
                "EXCEPT ALL",
                "INTERSECT ALL",
                "BY NAME",
                "ALL BY NAME",
            )
        )
        names = [column.name.lower() for column in columns]
        if "BY NAME" in word and len(set(names)) == len(names):
            order = list(range(len(columns)))
            rng.shuffle(order)
            scope = Scope(outer=outer)
            clause = Relations(rng, self, scope, depth).clause()
            select = Select(rng, self, scope, depth, clause, [columns[at].kind for at in order])
            select.aliases = [columns[at].name for at in order]
            right, _ = select.build()
            return f"({left}) UNION {word} ({right})", columns
        right, _ = self.query(depth, outer, kinds)
        word = "UNION" if "BY NAME" in word else word
        tail = rng.choice(("", "", "", f" ORDER BY {positions(rng, len(columns))} LIMIT 2"))
        return f"({left}) {word} ({right}){tail}", columns

    def with_ctes(self, depth: int, outer: Scope | None, kinds: list[str] | None) -> Query:
        rng = self.rng
        before = list(self.readable)
        parts: list[tuple[str, str]] = []
        recursive = rng.random() < 0.3
        for _ in range(rng.randint(1, 2)):
            name = self.fresh("w") if rng.random() < 0.8 else rng.choice(("t1", "t2", "a"))
            make = self.recursive_cte if recursive and rng.random() < 0.7 else self.plain_cte
            text, columns = make(name, depth - 1, outer)
            parts.append((name, text))
            self.readable = [s for s in self.readable if s.alias != name] + [Source(name, tuple(columns))] * 3
        text, columns = self.query(depth - 1, outer, kinds)
        if text.startswith("VALUES"):
            text = f"SELECT * FROM ({text})"
        text = f"({text})" if text.startswith("WITH") else text
        self.readable = before
        kept = False
        for name, part in reversed(parts):
            if re.search(rf"""(FROM|JOIN|,) "?{name}\b""", text, re.IGNORECASE):
                text = f"{part}, {text}" if kept else f"{part} {text}"
                kept = True
        return (f"WITH {'RECURSIVE ' if recursive else ''}{text}" if kept else text), columns

    def plain_cte(self, name: str, depth: int, outer: Scope | None) -> Query:
        rng = self.rng
        text, columns = self.query(depth, outer)
        listed = ""
        if rng.random() < 0.25:
            columns = [Column(f"n{at}", column.kind) for at, column in enumerate(columns)]
            listed = "(" + ", ".join(column.name for column in columns) + ")"
        return (
            f"{name}{listed} AS {rng.choice(('', '', 'MATERIALIZED ', 'NOT MATERIALIZED '))}({text})",
            columns,
        )

    def recursive_cte(self, name: str, depth: int, outer: Scope | None) -> Query:
        """A start, and a step that reads the CTE itself, three times at most."""
        rng = self.rng
        kinds = [rng.choice(("int", "str")) for _ in range(rng.randint(1, 2))]
        start, _ = self.select(0, outer, ["int", *kinds])
        columns = [Column("lvl", "int"), *(Column(n, k) for n, k in zip(("a", "b"), kinds, strict=False))]
        scope = Scope([Source(name, tuple(columns))], outer=outer)
        step = f"FROM {name}"
        if rng.random() < 0.5:
            table = rng.choice([s for s in self.readable if s.alias != name])
            scope.sources.append(Source("rt", table.columns))
            step += f" JOIN {spelled(rng, table.alias)} AS rt ON {Scalars(rng, scope, self, 0).of('bool', 1)}"
        scalars = Scalars(rng, scope, self, 0)
        items = ", ".join([f"{name}.lvl + 1", *(scalars.of(kind, 1) for kind in kinds)])
        listed = ", ".join(column.name for column in columns)
        body = f"SELECT {items} {step} WHERE {name}.lvl < 4"
        return f"{name}({listed}) AS (({start}) UNION {rng.choice(('', 'ALL '))}{body})", columns

    # What expressions ask for ---------------------------------------------------------------------------------------
    def subquery(self, depth: int, outer: Scope, kinds: list[str]) -> str:
        return self.select(depth, outer, kinds)[0]

    def aggregate_subquery(self, depth: int, outer: Scope, kind: str) -> str:
        """A query of one row and one column."""
        rng = self.rng
        scope = Scope(outer=outer)
        clause = Relations(rng, self, scope, depth, narrow=True).clause()
        scalars = Scalars(rng, scope, self, depth)
        where = f" WHERE {scalars.of('bool', 1)}" if rng.random() < 0.6 else ""
        value = scalars.of(kind, 1)
        if rng.random() < 0.25:
            return f"SELECT {value} {clause}{where} ORDER BY ALL LIMIT 1"
        function = "BOOL_OR" if kind == "bool" else rng.choice(("MIN", "MAX"))
        if kind == "int" and rng.random() < 0.3:
            return f"SELECT COUNT({rng.choice(('*', value))})::INTEGER {clause}{where}"
        return f"SELECT {function}({value}) {clause}{where}"
