"""Calls of functions that SQL defines elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from lineage_nb.sql.catalog import Names
from lineage_nb.sql.flows import Cell, trace
from lineage_nb.sql.relations import STAR, BaseTable
from lineage_nb.sql.words import TRANSFORMATION, UNKNOWN

if TYPE_CHECKING:
    from lineage_nb.sql.scope import Scope

__all__ = ["CALL", "HIDDEN", "calls_of", "names_in_call", "relation_name", "relation_of"]

CALL: Final = "()"
"""What the name of a function's relation ends with."""
HIDDEN: Final = "which tables the function reads is not known"
"""How the message of a problem ends that leaves a source out."""


def relation_name(parts: Iterable[str], names: Names) -> str:
    """Name of the relation of a function.

    Examples
    --------
    >>> from lineage_nb.sql.catalog import dialect_of, names_of
    >>> relation_name(["ds", "F"], names_of(dialect_of("postgres"), None, None))
    'ds.f()'
    """
    catalog, db, this = [None, None, *(exp.to_identifier(p) for p in parts)][-3:]
    return names.table(exp.Table(this=this, db=db, catalog=catalog)) + CALL


def relation_of(scope: Scope, parts: Sequence[str], *, view: bool = False) -> BaseTable | None:
    """The relation of a function that is defined somewhere, and called here; None for any other.

    Parameters
    ----------
    scope : Scope
        Of the call.
    parts : sequence of str
        Of its name.
    view : bool
        Whether a view with parameters may be meant.
    """
    context = scope.context
    if not parts or not all(parts):
        return None
    name = relation_name(parts, context.names)
    known = context.catalog.known(name)
    if known is None and view:
        name = name.removesuffix(CALL)
        known = context.catalog.known(name)
    if known is None:
        return None
    context.stored(name)
    return _Result(name, known) if known.columns != (STAR,) else BaseTable(name, None)


class _Result(BaseTable):
    """What a function gives; a column that it is not known to have may be any of them, or none."""

    __slots__ = ()

    def stated(self, name: str) -> Cell:
        found = self.listed(name)
        return found or Cell({**self.row().flow, ("", name, None, TRANSFORMATION): trace(UNKNOWN)}, opaque=True)


def calls_of(relations: Iterable[str]) -> re.Pattern[str] | None:
    """What finds a call of a function in a text, by the last parts of the names of their relations; None without functions.

    Examples
    --------
    >>> calls = calls_of(["ds.f()", "ds.orders"])
    >>> calls.search("SELECT F (x) FROM t") is not None, calls.search("SELECT af(x) FROM orders(y)") is None
    (True, True)
    """
    names = {t.removesuffix(CALL).rpartition(".")[2] for t in relations if t.endswith(CALL)}
    if not names:
        return None
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})[\"`\]]?\s*\(")


def names_in_call(node: exp.Expression) -> list[str]:
    """Parts of the name of a function that no dialect defines, where it is called; none for others.

    Examples
    --------
    >>> import sqlglot
    >>> names_in_call(sqlglot.parse_one("SELECT d.f(x)").find(exp.Dot)), names_in_call(sqlglot.parse_one("SELECT max(x)").selects[0])
    (['d', 'f'], [])
    """
    called = node.expression if isinstance(node, exp.Dot) else node
    if type(called) is not exp.Anonymous:
        return []
    parts = [str(called.name)]
    around = node.this if isinstance(node, exp.Dot) else None
    while isinstance(around, exp.Dot):
        parts.append(str(around.expression.name))
        around = around.this
    if isinstance(around, exp.Expression):
        parts.append(str(around.name))
    elif isinstance(node.parent, exp.Table):
        parts += [str(p.name) for a in ("db", "catalog") if (p := node.parent.args.get(a))]
    return parts[::-1]
