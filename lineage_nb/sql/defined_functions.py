"""Functions that a script defines: each is kept as a relation of its own, ``name()``, which its callers read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlglot import Token, TokenType, exp

from lineage_nb.sql.called_functions import CALL, relation_name
from lineage_nb.sql.catalog import Names
from lineage_nb.sql.cutter import find, split
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.flows import Cell, Flow, trace
from lineage_nb.sql.heads import sources
from lineage_nb.sql.relations import STAR, Relation
from lineage_nb.sql.result import Edge, Event, Problem, Statement
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import TRANSFORMATION, UNKNOWN

__all__ = ["Body", "bodies", "define", "is_function"]

_HEAD: Final = re.compile(
    r"\bcreate\s+(?:or\s+(?:replace|alter)\s+)?(?:\w+\s+){0,3}?function\s+(?:if\s+not\s+exists\s+)?([\w.\"`\[\]$#@]+)\s*(?=[(\s])",
    re.IGNORECASE,
)
_TABLE: Final = re.compile(r"\breturns\s+(?:@\w+\s+)?table\s*\(", re.IGNORECASE)
_NO_VALUE: Final = re.compile(r"\breturns\s+(?:void|trigger|event_trigger)\b", re.IGNORECASE)
_OPENS: Final = re.compile(r"\s*\(")
_MODES: Final = frozenset(("in", "out", "inout", "variadic"))
_ENDS: Final = frozenset(("FROM", "WHERE", "UNION", "GROUP", "ORDER", "LIMIT"))
_COMMA: Final = frozenset((",",))
_QUOTES: Final = str.maketrans("", "", "\"`[]")


@dataclass
class Body:
    """The body of a function, as far as it was read.

    Attributes
    ----------
    name : str
        As it is written.
    declared : tuple of str
        Columns that the head lists, or its OUT parameters.
    given : frozenset of str
        Names of what its callers give it, in lower case without ``@``.
    opened : set of int or None
        Places of the columns that are made of what callers give; None: any may be.
    statements : list of Statement
        What it does.
    read : dict of str to None
        Tables that its words name.
    simple : bool
        Whether it is one query and nothing else.
    """

    name: str
    declared: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    opened: set[int] | None = field(default_factory=set)
    statements: list[Statement] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    simple: bool = True

    def add(self, statement: Statement | None, tokens: Sequence[Token], names: Names, *, fills: bool) -> None:
        """Note a part of the body; one that `fills` variables makes it more than a query."""
        self.read.update(dict.fromkeys(sources(tokens, names)))
        self.simple = self.simple and not fills
        if self.opened is not None:
            found = _made_of(tokens, self.given)
            self.opened = None if found is None else self.opened | found
        if statement is not None:
            self.statements.append(statement)

    def statement(self, names: Names) -> Statement | None:
        """What the function gives, as the statement that makes its relation; None where it reads nothing."""
        inputs = tuple(dict.fromkeys([*(t for s in self.statements for t in s.inputs), *self.read]))
        if not inputs:
            return None
        table = relation_name(self.name.split("."), names)
        query = self.statements[0] if len(self.statements) == 1 and self.simple else None
        columns = query.columns.get("", ()) if query is not None else ()
        made = Statement("CREATE FUNCTION", inputs=inputs, outputs=(table,), events=(Event("create", table),))
        listed = tuple(names.fold(exp.to_identifier(c)) for c in self.declared)
        if query is None or not columns or STAR in columns or (listed and len(listed) != len(columns)):
            unknown = tuple(Edge(table, c, "", c, TRANSFORMATION, UNKNOWN, False) for c in listed)
            told = Problem(f"function {self.name}: what its columns are made of is not followed", next((s.line for s in self.statements), 0))
            return replace(made, columns={table: listed or (STAR,)}, edges=unknown, problems=(told,))
        called = dict(zip(columns, listed or columns, strict=True))
        edges = tuple(
            e._replace(output_table=table, output_column=None if e.output_column is None else called.get(e.output_column, e.output_column))
            for e in query.edges
        )
        names_of = tuple(called.values())
        opened = names_of if self.opened is None else [names_of[i] for i in sorted(self.opened) if i < len(names_of)]
        edges += tuple(Edge(table, c, "", c, TRANSFORMATION, UNKNOWN, False) for c in opened)
        return replace(made, columns={table: names_of}, edges=edges, references=query.references)


def bodies(sql: str) -> Mapping[str, Body]:
    """Find the functions that a text defines and that give something: name, as pieces of a script have it → what will be read.

    Examples
    --------
    >>> found = bodies("CREATE FUNCTION d.f(x int) RETURNS TABLE (a int, b decimal(3, 2)) AS $$ SELECT 1, 2 $$")
    >>> found["d.f"].declared
    ('a', 'b')
    """
    found: dict[str, Body] = {}
    heads = list(_HEAD.finditer(sql))
    ends = [*(head.start() for head in heads[1:]), len(sql)]
    for head, end in zip(heads, ends, strict=False):
        name = head[1].translate(_QUOTES)
        if _NO_VALUE.search(sql, head.end(), end) is None:
            table = _TABLE.search(sql, head.end(), end)
            outputs, given = _parameters(sql, head.end(), end)
            found[name] = Body(name, _listed(sql, table.end(), end) if table is not None else outputs, given)
    return found


def _parameters(sql: str, start: int, end: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names of what a function gives by OUT parameters, in order, and of what it is given; none of both where it lists none."""
    outputs: list[str] = []
    given: set[str] = set()
    begin = _OPENS.match(sql, start, end)
    for words in _parts(sql, begin.end(), end) if begin is not None else ():
        modes = {w.lower() for w in words[:3]} & _MODES
        names = [w.translate(_QUOTES) for w in words if w.lower() not in _MODES]
        if modes & {"out", "inout"}:
            outputs.append(names[0] if len(names) > 1 else f"column{len(outputs) + 1}")
        if names and modes != {"out"}:
            given.add(names[0].lower().removeprefix("@"))
    return tuple(outputs), frozenset(given)


def _made_of(tokens: Sequence[Token], given: Collection[str]) -> set[int] | None:
    """Places of the projections that name what callers give; None where it may be any of them."""
    words = ["" if t.token_type == TokenType.IDENTIFIER else t.text.upper() for t in tokens]
    selects = [i for i, w in enumerate(words) if w == "SELECT"]
    if not given or not selects:
        return set()
    found: set[int] = set()
    for start in selects:
        end = find(words, start + 1, len(words), _ENDS)
        for place, (a, b) in enumerate(split(words, start + 1, end, _COMMA)):
            own = [i for i in range(a, b) if words[i - 1] not in (".", "AS") and words[i + 1 : i + 2] != ["."]]
            if any(tokens[i].text.lower() in given or words[i] in ("$", "@") for i in own):
                if len(selects) > 1:
                    return None
                found.add(place)
    return found


def _listed(sql: str, start: int, end: int) -> tuple[str, ...]:
    """Names of the columns in a list that begins behind its parenthesis."""
    return tuple(w[0].translate(_QUOTES) for w in _parts(sql, start, end) if len(w) > 1)


def _parts(sql: str, start: int, end: int) -> list[list[str]]:
    """Words of each entry of a list that begins behind its parenthesis."""
    depth, parts = 1, [""]
    for letter in sql[start:end]:
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            break
        if letter == "," and depth == 1:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.split() for part in parts]


def is_function(node: Any) -> bool:
    """Whether a statement defines a function whose body is a query, or has one inside."""
    if type(node) is not exp.Create or str(node.args.get("kind") or "").upper() not in ("FUNCTION", "MACRO"):
        return False
    body = node.args.get("expression")
    return isinstance(body, exp.Expression) and body.find(exp.Query) is not None and isinstance(_named(node), exp.Table)


def _named(node: Any) -> Any:
    return node.this.this if isinstance(node.this, exp.UserDefinedFunction) else node.this


def _opened(node: Any, body: Any, relation: Relation) -> Relation:
    """What a body gives, with the columns left open that are made of what its callers give."""
    listed = node.this.expressions if isinstance(node.this, exp.UserDefinedFunction) else []
    given = {str(p.name).lower().removeprefix("@") for p in listed}
    open_to: set[int] = set()
    for query in body.find_all(exp.Select) if given else ():
        for place, item in enumerate(query.expressions):
            named = {str(n.name).lower().removeprefix("@") for n in item.find_all(exp.Column, exp.Parameter) if not n.args.get("table")}
            if not named.isdisjoint(given):
                open_to |= {place} if query is body.unnest() else set(range(len(relation.names)))
    unknown: list[Flow] = [{("", name, None, TRANSFORMATION): trace(UNKNOWN)} for name in relation.names]
    cells = [Cell({**c.flow, **unknown[i]}, opaque=True) if i in open_to else c for i, c in enumerate(relation.cells)]
    return Relation(relation.names, cells, relation.openings, relation.influence, relation.whole) if open_to else relation


def define(node: Any, scope: Scope, draft: Draft) -> None:
    """Note what a function gives whose body is a query, or an expression with queries inside."""
    draft.kind = f"CREATE {str(node.args['kind']).upper()}"
    context = scope.context
    table = context.names.table(_named(node)) + CALL
    body = node.args["expression"]
    while isinstance(body, (exp.Return, exp.Paren, exp.Lambda)):
        body = body.this
    properties = node.args.get("properties")
    listed = properties.expressions if properties is not None else []
    returned = next((p.this for p in listed if isinstance(p, exp.ReturnsProperty)), None)
    declared = [context.names.fold(c.this) for c in getattr(returned, "expressions", ()) if isinstance(c, exp.ColumnDef)]
    relation: Relation = _opened(node, body, context.evaluate(body, scope))
    draft.created(table, temporary=any(isinstance(p, exp.TemporaryProperty) for p in listed))
    draft.write(table, relation, declared if len(declared) == len(relation.names) else relation.names)
