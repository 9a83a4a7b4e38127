"""Random expressions of a wanted type, over the names of a scope."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from sql.oracle.scope import Column, Scope

__all__ = ["TYPES", "Nesting", "Scalars"]

TYPES = ("int", "int", "int", "str", "str", "bool", "struct", "list")


class Nesting(Protocol):
    """What expressions need of the generator of queries: subqueries that see a scope around them."""

    def subquery(self, depth: int, outer: Scope, kinds: list[str]) -> str: ...

    def aggregate_subquery(self, depth: int, outer: Scope, kind: str) -> str: ...


class Scalars:
    """Expressions of one SELECT."""

    def __init__(self, rng: random.Random, scope: Scope, nesting: Nesting, depth: int) -> None:
        self.rng, self.scope, self.nesting, self.depth = rng, scope, nesting, depth
        self.aliases: list[Column] = []
        self.lambda_depth = 0
        self.params: list[str] = []
        self.subqueries = True

    def of(self, kind: str, deep: int = 2) -> str:
        """An expression of a type; `deep` bounds how far it nests."""
        if deep <= 0 or self.rng.random() < 0.35:
            return self.leaf(kind)
        return self.rng.choice(BUILDERS[kind])(self, deep - 1)

    def leaf(self, kind: str) -> str:
        """A column, now and then one of a query around, a select alias, or a literal."""
        rng = self.rng
        if kind == "int" and self.params and rng.random() < 0.5:
            return rng.choice(self.params)
        if rng.random() < 0.12:
            aliases = [column.name for column in self.aliases if column.kind == kind]
            if aliases:
                return f'"{rng.choice(aliases)}"'
        if rng.random() < 0.2:
            around = self.scope.around(rng, kind)
            if around:
                return rng.choice(around)
        own = self.scope.own(rng, kind)
        if kind in ("int", "str") and rng.random() < 0.2:
            structs = self.scope.own(rng, "struct")
            if structs:
                field = "x" if kind == "int" else "y"
                chosen = rng.choice(structs)
                return rng.choice((f"{chosen}.{field}", f"({chosen}).{field}", f"{chosen}['{field}']"))
        if kind in ("int", "str") and rng.random() < 0.15:
            documents = self.scope.own(rng, "json")
            if documents:
                return self.extracted(kind, rng.choice(documents))
        if own and rng.random() < 0.92:
            return rng.choice(own)
        return self.converted(kind) if rng.random() < 0.8 else self.literal(kind)

    def extracted(self, kind: str, document: str) -> str:
        """A part of a JSON value."""
        rng = self.rng
        key = "x" if kind == "int" else "y"
        form = rng.choice(
            (
                f"({document} ->> '{key}')",
                f"({document} ->> '$.{key}')",
                f"JSON_EXTRACT_STRING({document}, '$.{key}')",
            )
        )
        return f"TRY_CAST({form} AS INTEGER)" if kind == "int" else form

    def converted(self, kind: str) -> str:
        """A column of another type, made the wanted one; a literal where there is none."""
        ints, strs = self.scope.own(self.rng, "int"), self.scope.own(self.rng, "str")
        if kind == "str" and ints:
            return f"CAST({self.rng.choice(ints)} AS VARCHAR)"
        if kind == "int" and strs:
            return f"LENGTH({self.rng.choice(strs)})"
        if kind == "bool" and ints:
            return f"({self.rng.choice(ints)} < {self.literal('int')})"
        if kind == "list" and ints:
            return f"[{self.rng.choice(ints)}, {self.rng.choice(ints)}]"
        if kind == "struct" and ints:
            return (
                f"{{'x': {self.rng.choice(ints)}, 'y': {self.rng.choice(strs) if strs else 'NULL::VARCHAR'}}}"
            )
        return self.literal(kind)

    def literal(self, kind: str) -> str:
        rng = self.rng
        if kind == "int":
            return str(rng.randrange(4))
        if kind == "str":
            return rng.choice(("'p'", "'q'", "'2'"))
        if kind == "bool":
            return rng.choice(("TRUE", "FALSE"))
        if kind == "list":
            return f"[{rng.randrange(4)}, {rng.randrange(4)}]"
        if kind == "json":
            return """'{"x": 1, "y": "q"}'::JSON"""
        return f"{{'x': {rng.randrange(4)}, 'y': 'q'}}"

    # Any type ---------------------------------------------------------------------------------------------------
    def choice(self, kind: str, deep: int) -> str:
        """CASE and what it is short for."""
        rng = self.rng
        one, two = self.of(kind, deep), self.of(kind, deep)
        form = rng.randrange(6)
        if form == 0:
            return f"CASE WHEN {self.of('bool', deep)} THEN {one} ELSE {two} END"
        if form == 1:
            return f"CASE {self.of('int', deep)} WHEN {self.of('int', deep)} THEN {one} WHEN 2 THEN {two} END"
        if form == 2:
            return f"COALESCE({one}, {two})"
        if form == 3:
            return f"NULLIF({one}, {two})"
        if form == 4:
            return f"IF({self.of('bool', deep)}, {one}, {two})"
        return f"IFNULL({one}, {two})"

    def scalar_subquery(self, kind: str, deep: int) -> str:
        if self.depth <= 0 or not self.subqueries or self.params:
            return self.leaf(kind)
        return f"({self.nesting.aggregate_subquery(self.depth - 1, self.scope, kind)})"

    def with_parameter(self, kind: str, deep: int) -> tuple[str, str]:
        """A lambda's parameter, which may share its name with a column, and a body that uses it."""
        name = self.rng.choice(("v", "w", "a", "c"))
        self.params.append(name)
        body = self.of(kind, deep)
        self.params.pop()
        return name, body


def _int(form: int) -> Callable[[Scalars, int], str]:
    def build(s: Scalars, deep: int) -> str:
        rng = s.rng
        if form == 0:
            return f"({s.of('int', deep)} {rng.choice('+-*')} {s.of('int', deep)})"
        if form == 1:
            return f"LENGTH({s.of('str', deep)})"
        if form == 2:
            return f"{rng.choice(('GREATEST', 'LEAST'))}({s.of('int', deep)}, {s.of('int', deep)})"
        if form == 3:
            return f"TRY_CAST({s.of('str', deep)} AS INTEGER)"
        if form == 4:
            return f"LEN({s.of('list', deep)})"
        if form == 5:
            return f"({s.of('list', deep)})[{rng.choice(('1', '2', s.leaf('int')))}]"
        if form == 6:
            return f"({s.of('struct', deep)}).x"
        if form == 7:
            return f"CAST({s.of('bool', deep)} AS INTEGER)"
        if form == 8:
            return f"ABS({s.of('int', deep)})"
        return f"LIST_SUM({s.of('list', deep)})::INTEGER"

    return build


def _str(form: int) -> Callable[[Scalars, int], str]:
    def build(s: Scalars, deep: int) -> str:
        if form == 0:
            return f"({s.of('str', deep)} || {s.of('str', deep)})"
        if form == 1:
            return f"{s.rng.choice(('UPPER', 'LOWER', 'TRIM', 'REVERSE', 'MD5'))}({s.of('str', deep)})"
        if form == 2:
            return f"SUBSTRING({s.of('str', deep)}, {s.leaf('int')}, 2)"
        if form == 3:
            return f"REPLACE({s.of('str', deep)}, {s.of('str', deep)}, {s.of('str', deep)})"
        if form == 4:
            return f"CAST({s.of('int', deep)} AS VARCHAR)"
        if form == 5:
            return f"CONCAT({s.of('str', deep)}, {s.of('int', deep)})"
        if form == 6:
            return f"CONCAT_WS({s.leaf('str')}, {s.of('str', deep)}, {s.of('str', deep)})"
        return f"({s.of('struct', deep)}).y"

    return build


def _bool(form: int) -> Callable[[Scalars, int], str]:
    def build(s: Scalars, deep: int) -> str:
        rng = s.rng
        kind = rng.choice(("int", "int", "str"))
        if form == 0:
            sign = rng.choice(("=", "<>", "<", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"))
            return f"({s.of(kind, deep)} {sign} {s.of(kind, deep)})"
        if form == 1:
            return f"({s.of(kind, deep)} IS {rng.choice(('', 'NOT '))}NULL)"
        if form == 2:
            return f"({s.of('bool', deep)} {rng.choice(('AND', 'OR'))} {s.of('bool', deep)})"
        if form == 3:
            return f"(NOT {s.of('bool', deep)})"
        if form == 4:
            return f"({s.of('int', deep)} BETWEEN {s.leaf('int')} AND {s.leaf('int')})"
        if form == 5:
            return f"({s.of('str', deep)} LIKE ({s.leaf('str')} || '%'))"
        if form == 6:
            return f"({s.of(kind, deep)} {rng.choice(('', 'NOT '))}IN ({s.leaf(kind)}, {s.literal(kind)}))"
        if form == 7:
            return f"LIST_CONTAINS({s.of('list', deep)}, {s.of('int', deep)})"
        return _bool_subquery(s, kind, deep)

    return build


def _bool_subquery(s: Scalars, kind: str, deep: int) -> str:
    if s.depth <= 0 or not s.subqueries or s.params:
        return s.leaf("bool")
    negation = s.rng.choice(("", "NOT "))
    form = s.rng.randrange(4)
    if form == 0:
        return f"({negation}EXISTS ({s.nesting.subquery(s.depth - 1, s.scope, [kind])}))"
    inner = s.nesting.subquery(s.depth - 1, s.scope, [kind])
    if form == 1:
        return (
            f"({s.of(kind, deep)} {s.rng.choice(('=', '>', '<>'))} {s.rng.choice(('ANY', 'ALL'))} ({inner}))"
        )
    if form == 2:
        pair = s.nesting.subquery(s.depth - 1, s.scope, [kind, "int"])
        return f"(({s.of(kind, deep)}, {s.leaf('int')}) {negation}IN ({pair}))"
    return f"({s.of(kind, deep)} {negation}IN ({inner}))"


def _list(form: int) -> Callable[[Scalars, int], str]:
    def build(s: Scalars, deep: int) -> str:
        if form == 0:
            return f"[{s.of('int', deep)}, {s.of('int', deep)}]"
        if form == 1:
            over = s.of("list", deep)
            name, body = s.with_parameter("int", deep)
            arrow = s.rng.choice((f"{name} -> {body}", f"LAMBDA {name}: {body}"))
            return f"LIST_TRANSFORM({over}, {arrow})"
        if form == 2:
            over = s.of("list", deep)
            name, body = s.with_parameter("bool", deep)
            return f"LIST_FILTER({over}, LAMBDA {name}: {body})"
        if form == 3:
            over = s.of("list", deep)
            name, body = s.with_parameter("int", deep)
            return f"[{body} FOR {name} IN {over} IF {name} > {s.leaf('int')}]"
        return f"LIST_CONCAT({s.of('list', deep)}, {s.of('list', deep)})"

    return build


def _struct(form: int) -> Callable[[Scalars, int], str]:
    def build(s: Scalars, deep: int) -> str:
        if form == 0:
            return f"{{'x': {s.of('int', deep)}, 'y': {s.of('str', deep)}}}"
        return f"STRUCT_PACK(x := {s.of('int', deep)}, y := {s.of('str', deep)})"

    return build


def _json(s: Scalars, deep: int) -> str:
    return f"JSON_OBJECT('x', {s.of('int', deep)}, 'y', {s.of('str', deep)})"


def _general(kind: str) -> list[Callable[[Scalars, int], str]]:
    def choice(s: Scalars, deep: int) -> str:
        return s.choice(kind, deep)

    def subquery(s: Scalars, deep: int) -> str:
        return s.scalar_subquery(kind, deep)

    return [choice, choice, *([subquery] if kind in ("int", "str", "bool") else [])]


BUILDERS: dict[str, list[Callable[[Scalars, int], str]]] = {
    "int": [*map(_int, range(10)), *_general("int")],
    "str": [*map(_str, range(8)), *_general("str")],
    "bool": [*map(_bool, (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8)), *_general("bool")],
    "list": [*map(_list, range(5)), *_general("list")],
    "json": [_json, *_general("json")],
    "struct": [*map(_struct, range(2)), *_general("struct")],
}
