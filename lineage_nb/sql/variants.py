"""One lineage of the several texts that a template may stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, TypeVar

from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from lineage_nb.sql.catalog import Names
from lineage_nb.sql.contract import contracted
from lineage_nb.sql.placeholders import PREFIX, is_placeholder
from lineage_nb.sql.relations import STAR
from lineage_nb.sql.result import Edge, Event, SqlLineage, Statement
from lineage_nb.sql.words import TRANSFORMATION, UNKNOWN

__all__ = ["opened", "reading", "says_more", "united"]

T = TypeVar("T")
_COMPLETE: Final = (TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.STRING, TokenType.NUMBER, TokenType.STAR)
"""What is complete by itself: an expression, a table."""
_TAKES_AWAY: Final = ("replace", "truncate", "drop", "rename", "swap", "exchange")


def united(found: Sequence[SqlLineage], *, complete: bool = True) -> SqlLineage:
    """Take together what each text of a template says: all that one of them does may have been done.

    Parameters
    ----------
    found : sequence of SqlLineage
        Of each text; at least one.
    complete : bool
        Whether there are no other texts; else all columns that are written stay open.

    Returns
    -------
    SqlLineage
        Statements of one kind that write the same are one statement. A table is emptied, dropped or renamed only if all
        texts do it.
    """
    first = found[0]
    if len(found) == 1 and complete:
        return first
    lists = [_keyed(one.statements) for one in found]
    order = list(lists[0])
    for some in lists[1:]:
        place = 0
        for key in some:
            if key in order:
                place = order.index(key) + 1
            else:
                order.insert(place, key)
                place += 1
    everywhere = [all(key in some for some in lists) for key in order]
    merged = [_merged([some[key] for some in lists if key in some], len(found)) for key in order]
    if not complete or any(s.kind == "UNPARSED" and not s.outputs and not always for s, always in zip(merged, everywhere, strict=True)):
        merged = [opened(s) for s in merged]
    problems = _once(p for one in found for p in one.problems)
    return contracted(first.sql, tuple(merged), problems, first.dialect)


def reading(found: SqlLineage, tables: Iterable[str], names: Names) -> SqlLineage:
    """The lineage of a text of which more is known to be read than it shows; only where it does one thing.

    Parameters
    ----------
    found : SqlLineage
        Of the text.
    tables : iterable of str
        As templates name them.
    names : Names
        Spells and completes them.
    """
    if len(found.statements) != 1:
        return found
    statement = found.statements[0]
    inputs = _once((*statement.inputs, *(_spelled(table, names) for table in tables)))
    if inputs == statement.inputs:
        return found
    more = replace(statement, inputs=inputs)
    return contracted(found.sql, (more,), found.problems, found.dialect)


def _spelled(table: str, names: Names) -> str:
    try:
        return names.table(exp.to_table(table, dialect=names.dialect))
    except (SqlglotError, ValueError):
        return table


def says_more(tokens: Sequence[Token]) -> bool:
    """Whether a template writes something behind what is complete by itself, where it may be anything: a join, a union.

    Examples
    --------
    >>> from sqlglot import tokenize
    >>> says_more(tokenize("SELECT a FROM t __jinja_more__")), says_more(tokenize("SELECT __jinja_a__ AS b FROM t"))
    (True, False)
    """
    return any(
        before.token_type in _COMPLETE and PREFIX in token.text and is_placeholder(token.text)
        for before, token in pairwise(tokens)
    )


def _keyed(statements: Sequence[Statement]) -> dict[tuple[object, ...], Statement]:
    """Statements by what they do: their kind, what they write, and how many did so before."""
    found: dict[tuple[object, ...], Statement] = {}
    for statement in statements:
        kind = (statement.kind, statement.outputs, tuple(e.table for e in statement.events))
        number = 0
        while (key := (*kind, number)) in found:
            number += 1
        found[key] = statement
    return found


def _merged(some: Sequence[Statement], texts: int) -> Statement:
    """One statement of those that the texts have in its place."""
    first = some[0]
    if len(some) == texts and all(s == first for s in some[1:]):
        return first
    columns: dict[str, dict[str, None]] = {}
    for statement in some:
        for table, names in statement.columns.items():
            columns.setdefault(table, {}).update(dict.fromkeys(names))
    always = set(first.events).intersection(*(s.events for s in some[1:])) if len(some) == texts else set()
    events = _once(e if e in always or e.what not in _TAKES_AWAY else _kept(e) for s in some for e in s.events)
    return replace(
        first,
        inputs=_once(t for s in some for t in s.inputs),
        columns={table: tuple(names) for table, names in columns.items()},
        edges=_once(e for s in some for e in s.edges),
        problems=_once(p for s in some for p in s.problems),
        events=tuple(e for e in events if e is not None),
        alterations=tuple(a for a in first.alterations if len(some) == texts and all(a in s.alterations for s in some)),
        types={t: types for s in some[::-1] for t, types in s.types.items()},
        references=_once(r for s in some for r in s.references),
    )


def _kept(event: Event) -> Event | None:
    """What is left of an event that may not have been."""
    return Event("create", event.table) if event.what == "replace" else None


def opened(statement: Statement) -> Statement:
    """The statement, any column of which may be made of more than it says.

    Parameters
    ----------
    statement : Statement
        What was read of it.
    """
    told = {table: names or (STAR,) for table, names in statement.columns.items()}
    told |= {table: (STAR,) for table in statement.outputs if table not in told}
    more = [Edge(table, name, "", name, TRANSFORMATION, UNKNOWN, False) for table, names in told.items() for name in names]
    return replace(statement, columns={t: tuple(dict.fromkeys((*names, STAR))) for t, names in told.items()}, edges=(*statement.edges, *more))


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
