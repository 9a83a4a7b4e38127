"""Random SELECTs over a FROM clause: plain, grouped or windowed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sql.oracle.scalars import TYPES, Scalars
from sql.oracle.scope import Column, Scope, spelled

if TYPE_CHECKING:
    from sql.oracle.queries import Queries

__all__ = ["Select", "positions"]

NAMES = ("a", "b", "c", "d", "e", "x", "y", "Out Put", "s", "l", "f")


def positions(rng: random.Random, width: int) -> str:
    """All output columns by position, in any order: rows that tie in them are the same."""
    return ", ".join(map(str, rng.sample(range(1, width + 1), width)))


class Select:
    """One SELECT; `kinds` fixes the types of its columns."""

    def __init__(
        self,
        rng: random.Random,
        queries: Queries,
        scope: Scope,
        depth: int,
        clause: str,
        kinds: list[str] | None,
    ) -> None:
        self.rng, self.queries, self.scope, self.clause, self.kinds = rng, queries, scope, clause, kinds
        self.scalars = Scalars(rng, scope, queries, depth)
        self.aliases: list[str] | None = None
        self.items: list[str] = []
        self.columns: list[Column] = []
        self.windows: list[str] = []

    def build(self) -> tuple[str, list[Column]]:
        roll = self.rng.random()
        if roll < 0.3:
            return self.grouped()
        return self.plain(windowed=roll < 0.5)

    # Items ----------------------------------------------------------------------------------------------------------
    def wanted(self) -> list[str]:
        if self.kinds is not None:
            return self.kinds
        return [self.rng.choice(TYPES) for _ in range(self.rng.randint(1, 4))]

    def add(self, text: str, kind: str) -> None:
        """One item under a name: nasty ones often, the column's own at times."""
        rng = self.rng
        at = len(self.items)
        if self.aliases is not None:
            name = self.aliases[at]
        elif rng.random() < 0.5:
            name = rng.choice(NAMES)
        else:
            name = self.queries.fresh("o")
        last = text.split(".")[-1].strip('"')
        bare = text.replace(".", "").replace("_", "").replace('"', "").isalnum() and not text[0].isdigit()
        own = [
            c.name for source in self.scope.sources for c in source.columns if c.name.lower() == last.lower()
        ]
        if self.aliases is None and bare and own and rng.random() < 0.5:
            name = own[0]
            self.items.append(text)
        else:
            self.items.append(f"{text} AS {spelled(rng, name)}")
        self.columns.append(Column(name, kind))
        free = name.lower() not in self.scope.names()
        if free and name.isalnum() and [c.name.lower() for c in self.columns].count(name.lower()) == 1:
            self.scalars.aliases.append(Column(name, kind))

    def star(self) -> None:
        """A star, of all or of one relation, perhaps with columns left out, replaced or renamed."""
        rng = self.rng
        names = self.scope.names()
        source = None
        if rng.random() < 0.5:
            source = rng.choice(self.scope.sources)
            columns = list(source.columns)
        else:
            columns = self.scope.star()
        single = [
            c
            for c in columns
            if [d.name.lower() for d in columns].count(c.name.lower()) == 1 and names[c.name.lower()] == 1
        ]
        options = ""
        if single and len(columns) > 1 and rng.random() < 0.5:
            one = rng.choice(single)
            options, columns = self.star_options(one, columns)
        prefix = f"{spelled(rng, source.alias)}." if source is not None else ""
        self.items.append(f"{prefix}*{options}")
        self.columns += columns

    def special(self) -> None:
        """COLUMNS, UNNEST, or a relation taken as one value."""
        rng = self.rng
        form = rng.randrange(3)
        if form == 0:
            self.items.append(f"UNNEST([{self.scalars.of('int', 1)}, {self.scalars.of('int', 1)}]) AS un")
            self.columns.append(Column("un", "int"))
        elif form == 1:
            source = rng.choice(self.scope.sources)
            self.items.append(f"{spelled(rng, source.alias)} AS whole_row")
            self.columns.append(Column("whole_row", "row"))
        else:
            names = sorted({name for name in ("a", "b", "c", "e", "k0") if self.scope.names()[name] == 1})
            if names:
                self.items.append(f"COLUMNS('^({'|'.join(names[:2])})$')")
                found = [c for c in self.scope.star() if c.name.lower() in names[:2]]
                self.columns += found
            else:
                self.items.append("1 AS one")
                self.columns.append(Column("one", "int"))

    def star_options(self, one: Column, columns: list[Column]) -> tuple[str, list[Column]]:
        rng = self.rng
        name = spelled(rng, one.name)
        form = rng.randrange(3) if one.kind != "row" else 0  # no expression is drawn for a whole row
        if form == 0:
            return f" EXCLUDE ({name})", [c for c in columns if c != one]
        if form == 1:
            return f" REPLACE ({self.scalars.of(one.kind, 1)} AS {name})", columns
        return f" RENAME ({name} AS ren)", [Column("ren", c.kind) if c == one else c for c in columns]

    # Plain and windowed ---------------------------------------------------------------------------------------------
    def plain(self, windowed: bool) -> tuple[str, list[Column]]:
        rng = self.rng
        where = f" WHERE {self.scalars.of('bool', 2)}" if rng.random() < 0.5 else ""
        if self.kinds is None and rng.random() < 0.3:
            self.star()
        if self.kinds is not None or not self.items or rng.random() < 0.6:
            for kind in self.wanted():
                if self.kinds is None and rng.random() < 0.06:
                    self.special()
                elif windowed and kind == "int" and rng.random() < 0.8:
                    self.add(self.window(), kind)
                else:
                    self.add(self.scalars.of(kind, 2), kind)
        qualify = ""
        if windowed and rng.random() < 0.4:
            qualify = f" QUALIFY {self.window()} {rng.choice(('=', '<=', '>'))} {self.scalars.leaf('int')}"
        named = f" WINDOW {', '.join(self.windows)}" if self.windows else ""
        distinct, order = self.distinct_and_order()
        text = f"SELECT {distinct}{', '.join(self.items)} {self.clause}{where}{named}{qualify}{order}"
        return text, self.columns

    def distinct_and_order(self) -> tuple[str, str]:
        rng = self.rng
        roll = rng.random()
        if roll < 0.1:
            return "DISTINCT ", ""
        if roll < 0.18:
            key = self.scalars.of(rng.choice(("int", "str")), 1)
            order = f"{key}, {self.scalars.of('int', 1)}, {positions(rng, len(self.columns))}"
            return f"DISTINCT ON ({key}) ", f" ORDER BY {order}"
        if roll < 0.4:
            return "", self.order_limit(self.scalars.of(rng.choice(("int", "str")), 1))
        return "", ""

    def order_limit(self, expression: str) -> str:
        rng = self.rng
        keys = [f"{expression} {rng.choice(('', 'DESC', 'NULLS FIRST'))}".strip()]
        limit = rng.choice(("", " LIMIT 1", " LIMIT 2", " LIMIT 2 OFFSET 1"))
        if limit or rng.random() < 0.2:
            keys.append(positions(rng, len(self.columns)))
        order = "ALL" if rng.random() < 0.15 else ", ".join(keys)
        return f" ORDER BY {order}{limit}"

    def window(self) -> str:
        """A window function of integers; one that tells tied rows apart orders by all there is."""
        rng = self.rng
        one = self.scalars.of("int", 1)
        by_peers = (
            "RANK()",
            "DENSE_RANK()",
            f"SUM({one})",
            f"MAX({one})",
            "COUNT(*)",
            f"COUNT({one}) FILTER (WHERE {self.scalars.of('bool', 1)})",
        )
        by_rows = (
            "ROW_NUMBER()",
            f"LAG({one})",
            f"LEAD({one}, 1, {self.scalars.leaf('int')})",
            f"FIRST_VALUE({one})",
            f"NTH_VALUE({one}, 2)",
            "NTILE(2)",
        )
        fine = rng.random() < 0.3
        call = rng.choice(by_rows if fine else by_peers)
        partition = f"PARTITION BY {self.scalars.of(rng.choice(('int', 'str')), 1)}"
        order = f"ORDER BY {self.scalars.of(rng.choice(('int', 'str')), 1)}"
        if fine:
            everything = [
                one for kind in dict.fromkeys((*TYPES, "json")) for one in self.scope.own(rng, kind)
            ]
            order = ", ".join([order, *everything])
            frame = rng.choice(("", "", " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"))
            spec = rng.choice((f"{partition} {order}{frame}", f"{order}{frame}"))
        else:
            spec = rng.choice((f"{partition} {order}", order, partition, ""))
        if rng.random() < 0.3:
            name = f"win{len(self.windows)}"
            self.windows.append(f"{name} AS ({spec})")
            extended = f"({name} {order})" if spec == partition and rng.random() < 0.5 else name
            return f"({call} OVER {extended})::INTEGER"
        return f"({call} OVER ({spec}))::INTEGER"

    # Grouped --------------------------------------------------------------------------------------------------------
    def grouped(self) -> tuple[str, list[Column]]:
        rng = self.rng
        where = f" WHERE {self.scalars.of('bool', 2)}" if rng.random() < 0.4 else ""
        keys: list[tuple[int, str]] = []
        wanted = self.wanted()
        grouping = rng.random() < 0.8
        for at, kind in enumerate(wanted):
            if grouping and kind in ("int", "str") and (len(keys) < 2 and rng.random() < 0.5):
                key = self.scalars.of(kind, 1)
                keys.append((at, key))
                self.add(key, kind)
            else:
                self.add(self.aggregated(kind, [key for _, key in keys]), kind)
        clause = self.group_by(keys, grouping)
        having = ""
        if clause and rng.random() < 0.3:
            having = f" HAVING {self.aggregate('int')} {rng.choice(('>', '<', '='))} {rng.randrange(4)}"
        order = f" ORDER BY {positions(rng, len(self.columns))} LIMIT 2" if rng.random() < 0.15 else ""
        return f"SELECT {', '.join(self.items)} {self.clause}{where}{clause}{having}{order}", self.columns

    def group_by(self, keys: list[tuple[int, str]], grouping: bool) -> str:
        rng = self.rng
        if not keys:
            if grouping and rng.random() < 0.5:
                own = self.scope.own(rng, "int") + self.scope.own(rng, "str")
                return f" GROUP BY {rng.choice(own)}" if own else ""
            return ""
        texts = []
        for at, key in keys:
            alias = self.columns[at].name
            free = any(alias == column.name for column in self.scalars.aliases)
            number = str(at + 1)
            texts.append(rng.choice((key, number, f'"{alias}"' if free else number)))
        listed = ", ".join(texts)
        plain = [key for _, key in keys]
        sets = f"({', '.join(plain)}), ({plain[0]}), ()"
        return rng.choice(
            (
                f" GROUP BY {listed}",
                f" GROUP BY {listed}",
                " GROUP BY ALL",
                f" GROUP BY ROLLUP ({', '.join(plain)})",
                f" GROUP BY CUBE ({', '.join(plain)})",
                f" GROUP BY GROUPING SETS ({sets})",
            )
        )

    def aggregated(self, kind: str, keys: list[str]) -> str:
        rng = self.rng
        value = self.aggregate(kind)
        roll = rng.random()
        if kind == "int" and roll < 0.2:
            return f"({value} + {self.aggregate('int')})"
        if roll < 0.3:
            return f"CASE WHEN {self.aggregate('int')} > 1 THEN {value} END"
        return value

    def aggregate(self, kind: str) -> str:
        """An aggregate of a type, over expressions of this scope alone."""
        rng, s = self.rng, self.scalars
        s.subqueries, kept = False, s.aliases
        s.aliases = []
        value, other = s.of(kind, 1), s.of("int", 1)
        condition = s.of("bool", 1)
        s.subqueries, s.aliases = True, kept
        calls = {
            "int": (
                f"SUM({other})",
                f"MIN({other})",
                f"MAX({other})",
                f"COUNT({other})",
                f"COUNT(DISTINCT {other})",
                "COUNT(*)",
                f"ARG_MAX({value}, ROW({other}, {value}))",
            ),
            "str": (f"MIN({value})", f"MAX({value})", f"STRING_AGG({value}, ',' ORDER BY {value}, {other})"),
            "bool": (f"BOOL_OR({value})", f"BOOL_AND({value})"),
            "json": (f"MIN({value})",),
            "list": (f"LIST({other} ORDER BY {other})", f"MIN({value})"),
            "struct": (f"MAX({value})", f"ARG_MIN({value}, ROW({other}, {value}))"),
        }[kind]
        call = rng.choice(calls)
        if rng.random() < 0.2:
            call = f"{call} FILTER (WHERE {condition})"
        return f"({call})::INTEGER" if kind == "int" else call
