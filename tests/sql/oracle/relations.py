"""Random FROM clauses: tables, subqueries and what joins them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sql.oracle.scalars import Scalars
from sql.oracle.scope import Column, Scope, Source, spelled

if TYPE_CHECKING:
    from sql.oracle.queries import Queries

__all__ = ["Relations"]

NASTY_ALIASES = ("a", "b", "c", "d", "s", "t1", "t2")


class Relations:
    """The FROM clause of one SELECT; fills `scope` with what it offers."""

    def __init__(
        self, rng: random.Random, queries: Queries, scope: Scope, depth: int, narrow: bool = False
    ) -> None:
        self.rng, self.queries, self.scope, self.depth = rng, queries, scope, depth
        self.count = 1 if narrow else rng.choice((1, 1, 2, 2, 3))
        self.scalars = Scalars(rng, scope, queries, 0)

    def clause(self) -> str:
        text, first = self.relation()
        self.scope.sources.append(first)
        for _ in range(self.count - 1):
            text += self.join()
        return f"FROM {text}"

    def alias(self) -> str:
        taken = {source.alias.lower() for source in self.scope.sources}
        if self.rng.random() < 0.2:
            nasty = self.rng.choice(NASTY_ALIASES)
            if nasty not in taken:
                return nasty
        return self.queries.fresh("r")

    # Relations ------------------------------------------------------------------------------------------------------
    def relation(self) -> tuple[str, Source]:
        roll = self.rng.random()
        if self.depth <= 0 or roll < 0.62:
            return self.stored()
        if roll < 0.82:
            return self.derived()
        if roll < 0.87:
            return self.values()
        if roll < 0.90:
            return self.stated()
        return self.pivot() if roll < 0.95 else self.unpivot()

    def stored(self) -> tuple[str, Source]:
        rng = self.rng
        table = rng.choice(self.queries.readable)
        taken = {source.alias.lower() for source in self.scope.sources}
        name = spelled(rng, table.alias)
        if not table.alias.startswith(("w", "made")) and rng.random() < 0.05:
            alias = self.alias()
            return f"(FROM {name}) AS {alias}", Source(alias, table.columns)
        if table.alias.lower() not in taken and rng.random() < 0.4:
            return name, table
        alias = self.alias()
        if rng.random() < 0.12:
            columns = tuple(Column(f"p{at}", column.kind) for at, column in enumerate(table.columns))
            listed = ", ".join(column.name for column in columns)
            return f"{name} AS {alias}({listed})", Source(alias, columns)
        return f"{name} {rng.choice(('', 'AS '))}{alias}", Source(alias, table.columns)

    def derived(self, lateral: bool = False) -> tuple[str, Source]:
        text, columns = self.queries.query(self.depth - 1, self.scope if lateral else self.scope.outer)
        alias = self.alias()
        return f"{'LATERAL ' if lateral else ''}({text}) AS {alias}", Source(alias, tuple(columns))

    def values(self) -> tuple[str, Source]:
        rng = self.rng
        kinds = [rng.choice(("int", "str")) for _ in range(rng.randint(1, 2))]
        text, _ = self.queries.values(kinds)
        alias = self.alias()
        columns = tuple(Column(n, k) for n, k in zip(("a", "v"), kinds, strict=False))
        return f"({text}) AS {alias}({', '.join(c.name for c in columns)})", Source(alias, columns)

    def unnested(self) -> tuple[str, Source]:
        """UNNEST of values of the relations before it; always two, for how many rows come out is no lineage."""
        rng = self.rng
        alias = self.alias()
        over = f"[{self.scalars.of('int', 1)}, {self.scalars.of('int', 1)}]"
        name = rng.choice(("u", "a", "e"))
        return f"UNNEST({over}) AS {alias}({name})", Source(alias, (Column(name, "int"),))

    def flat(self) -> tuple[str, list[Column]]:
        """A subquery of few plain columns with unlike names."""
        rng = self.rng
        kinds = ["str", "int", *rng.choices(("int", "str"), k=rng.randint(0, 2))]
        scope = Scope(outer=self.scope.outer)
        inner = Relations(rng, self.queries, scope, 0)
        clause = inner.clause()
        names = rng.sample(("a", "b", "c", "d", "m"), len(kinds))
        items = ", ".join(f"{inner.scalars.of(kind, 1)} AS {n}" for n, kind in zip(names, kinds, strict=True))
        return f"(SELECT {items} {clause})", [Column(n, k) for n, k in zip(names, kinds, strict=True)]

    def pivot(self) -> tuple[str, Source]:
        rng = self.rng
        text, columns = self.flat()
        on, value, *others = columns
        alias = self.alias()
        function = rng.choice(("MAX", "MIN", "COUNT"))
        named = " AS g" if rng.random() < 0.3 else ""
        keys, grouping = list(others), ""
        if others and rng.random() < 0.4:
            keys = others[:1]
            grouping = f" GROUP BY {keys[0].name}"
        suffix = "_g" if named else ""
        made = [Column(f"{name}{suffix}", "int") for name in ("p", "q")]
        head = f"PIVOT ({function}({value.name}){named} FOR {on.name} IN ('p', 'q'){grouping})"
        return f"{text} {head} AS {alias}", Source(alias, (*keys, *made))

    def unpivot(self) -> tuple[str, Source]:
        rng = self.rng
        text, columns = self.flat()
        kind = rng.choice(("int", "str"))
        folded = [column for column in columns if column.kind == kind]
        kept = [column for column in columns if column.kind != kind]
        alias = self.alias()
        listed = ", ".join(column.name for column in folded)
        nulls = rng.choice(("", "INCLUDE NULLS "))
        made = (Column("nam", "str"), Column("val", kind))
        return f"{text} UNPIVOT {nulls}(val FOR nam IN ({listed})) AS {alias}", Source(alias, (*kept, *made))

    def stated(self) -> tuple[str, Source]:
        """DuckDB's own statements PIVOT and UNPIVOT as a relation."""
        rng = self.rng
        text, columns = self.flat()
        alias = self.alias()
        if rng.random() < 0.5:
            on, value, *others = columns
            made = (Column("p", "int"), Column("q", "int"))
            keys, grouping = others, ""
            if others and rng.random() < 0.4:
                keys, grouping = others[:1], f" GROUP BY {others[0].name}"
            using = f"USING {rng.choice(('MAX', 'COUNT'))}({value.name})"
            return f"(PIVOT {text} ON {on.name} IN ('p', 'q') {using}{grouping}) AS {alias}", Source(
                alias, (*keys, *made)
            )
        folded = [column for column in columns if column.kind == "int"]
        kept = [column for column in columns if column.kind != "int"]
        listed = ", ".join(column.name for column in folded)
        made = (Column("nam", "str"), Column("val", "int"))
        return f"(UNPIVOT {text} ON {listed} INTO NAME nam VALUE val) AS {alias}", Source(
            alias, (*kept, *made)
        )

    # Joins ----------------------------------------------------------------------------------------------------------
    def join(self) -> str:
        rng = self.rng
        roll = rng.random()
        if roll < 0.12:
            return self.lateral()
        text, right = self.relation()
        if roll < 0.2:
            self.scope.sources.append(right)
            return rng.choice((f", {text}", f" CROSS JOIN {text}"))
        kind = rng.choice(("", "INNER ", "LEFT ", "RIGHT ", "FULL ", "SEMI ", "ANTI "))
        shared = self.shared(right)
        if shared and roll < 0.45:
            return self.using(kind, text, right, shared)
        condition = self.condition(right)
        if kind in ("SEMI ", "ANTI "):
            return f" {kind}JOIN {text} ON {condition}"
        self.scope.sources.append(right)
        return f" {kind}JOIN {text} ON {condition}"

    def lateral(self) -> str:
        rng = self.rng
        if rng.random() < 0.5 or self.depth <= 0:
            text, right = self.unnested()
            word = rng.choice((", ", " CROSS JOIN "))
        else:
            text, right = self.derived(lateral=True)
            word = rng.choice((", ", " CROSS JOIN ", " JOIN ", " LEFT JOIN "))
        self.scope.sources.append(right)
        return f"{word}{text}{' ON TRUE' if word.endswith('T JOIN ') or word == ' JOIN ' else ''}"

    def shared(self, right: Source) -> list[str]:
        """Names that USING may take: once on either side, or merged already."""
        left = self.scope.names()
        theirs = [column.name.lower() for column in right.columns]
        kinds = {column.name.lower(): column.kind for column in right.columns}
        found = []
        for name in sorted(set(theirs)):
            mine = [c.kind for s in self.scope.sources for c in s.columns if c.name.lower() == name]
            once = theirs.count(name) == 1 and (left[name] == 1 or name in self.scope.merged)
            if once and kinds[name] in mine:
                found.append(name)
        return found

    def using(self, kind: str, text: str, right: Source, shared: list[str]) -> str:
        rng = self.rng
        theirs = {column.name.lower() for column in right.columns}
        common = theirs & set(self.scope.names())
        if set(shared) == common and rng.random() < 0.4 and kind not in ("SEMI ", "ANTI "):
            clause, chosen = f" NATURAL {kind}JOIN {text}", shared
        else:
            chosen = rng.sample(shared, rng.randint(1, min(2, len(shared))))
            clause = f" {kind}JOIN {text} USING ({', '.join(spelled(rng, name) for name in chosen)})"
        if kind not in ("SEMI ", "ANTI "):
            self.scope.sources.append(right)
            self.scope.merged |= set(chosen)
        return clause

    def condition(self, right: Source) -> str:
        """An equality between the sides for the most part, else anything."""
        rng = self.rng
        both = Scope([*self.scope.sources, right], set(self.scope.merged), self.scope.outer)
        if rng.random() < 0.7:
            kind = rng.choice(("int", "str"))
            mine = Scope(list(self.scope.sources)).own(rng, kind)
            theirs = Scope([right]).own(rng, kind)
            names = both.names()
            mine = [one for one in mine if "." in one or names[one.strip('"').lower()] == 1]
            theirs = [one for one in theirs if "." in one or names[one.strip('"').lower()] == 1]
            if mine and theirs:
                return f"{rng.choice(mine)} = {rng.choice(theirs)}"
        return Scalars(rng, both, self.queries, 0).of("bool", 2)
