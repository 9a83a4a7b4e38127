"""Small random tables, their cells, and what a cell may be changed to."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Leaf", "Table", "literal", "random_tables", "redrawn", "tokens_in"]

DOMAIN = {
    "a": "int",
    "b": "str",
    "c": "int",
    "d": "str",
    "e": "int",
    "f": "bool",
    "s": "struct",
    "l": "list",
    "j": "json",
    "Mixed Col": "int",
    "order": "str",
}
DUCKDB_TYPES = {
    "int": "INTEGER",
    "str": "VARCHAR",
    "bool": "BOOLEAN",
    "struct": "STRUCT(x INTEGER, y VARCHAR)",
    "list": "INTEGER[]",
    "json": "JSON",
}
TABLE_NAMES = ("t1", "t2", "t3", "b", "Tab 5")
# Values that nothing but a changed cell can hold.
INT_TOKEN = 900_017
TOKEN_STEP = 1000
STR_TOKEN = "zqtok"


@dataclass(frozen=True)
class Leaf:
    """A column of a table, or one field of a struct or of a JSON column."""

    table: str
    column: str
    field: str | None = None

    def __str__(self) -> str:
        return ".".join(part for part in (self.table, self.column, self.field) if part)


@dataclass(frozen=True)
class Table:
    """A table with its rows; `columns` maps names to the generator's types."""

    name: str
    columns: dict[str, str]
    rows: tuple[dict[str, Any], ...]

    def leaves(self) -> Iterator[Leaf]:
        for name, kind in self.columns.items():
            if kind in ("struct", "json"):
                yield Leaf(self.name, name, "x")
                yield Leaf(self.name, name, "y")
            else:
                yield Leaf(self.name, name)

    def create(self) -> str:
        columns = ", ".join(f'"{name}" {DUCKDB_TYPES[kind]}' for name, kind in self.columns.items())
        return f'CREATE OR REPLACE TABLE "{self.name}" ({columns}); {self.fill()}'

    def fill(self, rows: tuple[dict[str, Any], ...] | None = None) -> str:
        values = ", ".join(
            "(" + ", ".join(_cell(row[name], kind) for name, kind in self.columns.items()) + ")"
            for row in rows or self.rows
        )
        return f'INSERT INTO "{self.name}" VALUES {values}'

    def schema(self) -> dict[str, str | None]:
        return {name: DUCKDB_TYPES[kind] for name, kind in self.columns.items()}


def literal(value: Any) -> str:
    """The value as DuckDB writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}': {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]::INTEGER[]"
    return str(value)


def _cell(value: Any, kind: str) -> str:
    return literal(json.dumps(value)) if kind == "json" else literal(value)


def _value(rng: random.Random, kind: str) -> Any:
    if rng.random() < 0.15 and kind not in ("struct", "json"):
        return None
    if kind == "int":
        return rng.randrange(4)
    if kind == "str":
        return rng.choice(("p", "q", "Pq", "2"))
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "list":
        return [rng.randrange(4) for _ in range(rng.randrange(3))]
    return {"x": _value(rng, "int"), "y": _value(rng, "str")}


def random_tables(rng: random.Random) -> list[Table]:
    """Draw 3 to 5 tables that share column names; a name has the same type everywhere."""
    found = []
    for name in TABLE_NAMES[: rng.randint(3, 5)]:
        names = rng.sample(list(DOMAIN), rng.randint(2, 5))
        if not {"a", "c", "e"} & set(names):
            names.insert(0, "a")
        columns = {column: DOMAIN[column] for column in names}
        rows = tuple(
            {column: _value(rng, kind) for column, kind in columns.items()} for _ in range(rng.randint(2, 4))
        )
        found.append(Table(name, columns, rows))
    return found


def _token(number: int, kind: str) -> Any:
    """A value that nothing else can hold; None for types that have no room for one."""
    whole, text = INT_TOKEN + TOKEN_STEP * number, f"{STR_TOKEN}{number}z"
    return {"int": whole, "str": text, "list": [whole, 1]}.get(kind)


def tokens_in(text: str) -> set[int]:
    """Numbers of the tokens that can be read in a text; sums of tokens and small numbers are none."""
    wholes = (int(number) - INT_TOKEN for number in re.findall(r"(?<![0-9a-z])9\d{5}(?![0-9a-z])", text))
    texts = re.findall(rf"{STR_TOKEN}(\d+)z", text)
    return {whole // TOKEN_STEP for whole in wholes if whole % TOKEN_STEP == 0} | set(map(int, texts))


def redrawn(
    rng: random.Random, table: Table, leaves: Iterable[Leaf], tokens: dict[Leaf, int] | None = None
) -> tuple[dict[str, Any], ...]:
    """Contents of `table` that differ from it in some leaves only.

    With `tokens`, one cell of each leaf gets the leaf's own token; else whole columns or single cells are drawn anew,
    NULL and values of other rows among them.
    """
    rows = [dict(row) for row in table.rows]
    for leaf in leaves:
        kind = {"x": "int", "y": "str"}.get(leaf.field or "", table.columns[leaf.column])
        at = rng.randrange(len(rows))
        if tokens is not None:
            _set(rows[at], leaf, _token(tokens[leaf], kind))
        elif rng.random() < 0.4:
            for row in rows:
                _set(row, leaf, _value(rng, kind))
        else:
            other = table.rows[rng.randrange(len(rows))][leaf.column]
            other = other if leaf.field is None else other[leaf.field]
            _set(rows[at], leaf, rng.choice((None, other, _value(rng, kind), _value(rng, kind))))
    return tuple(rows)


def _set(row: dict[str, Any], leaf: Leaf, value: Any) -> None:
    if leaf.field is None:
        row[leaf.column] = value
    else:
        row[leaf.column] = {**row[leaf.column], leaf.field: value}
