"""How many there are in the smallest group: what HAVING asks for."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import cell_of
from lineage_nb.sql.scope import Scope

__all__ = ["least_of"]

_MORE = {exp.GTE: 0, exp.GT: 1, exp.EQ: 0}
_LESS = {exp.LTE: exp.GTE, exp.LT: exp.GT, exp.EQ: exp.EQ}


def least_of(scope: Scope, args: dict[str, Any]) -> dict[tuple[str, str], int] | None:
    """Find how many distinct values of a column stand behind every row of a SELECT, at least.

    Parameters
    ----------
    scope : Scope
        Of the SELECT.
    args : dict
        Its clauses.

    Returns
    -------
    dict or None
        (table, column) → number, from ``HAVING COUNT(DISTINCT column) >= number`` joined by AND; what the one relation
        that it reads already holds stays true. None: nothing is known.
    """
    found: dict[tuple[str, str], int] = {}
    if len(scope.relations) == 1 and scope.relations[0][1].least:
        found.update(scope.relations[0][1].least)
    having = args.get("having")
    for condition in _all_of(having.this) if having is not None else ():
        told = _counted(condition)
        if told is None:
            continue
        counted, number = told
        cell = cell_of(scope, counted)
        if cell.table is not None:
            found[cell.table] = max(number, found.get(cell.table, 0))
    return found or None


def _all_of(condition: Any) -> list[Any]:
    """Conditions that all must hold."""
    left, found = [condition], []
    while left:
        node = left.pop()
        if isinstance(node, exp.Paren):
            left.append(node.this)
        elif isinstance(node, exp.And):
            left += [node.this, node.expression]
        else:
            found.append(node)
    return found


def _counted(condition: Any) -> tuple[Any, int] | None:
    """Column and number of ``COUNT(DISTINCT column) >= number``, either way round."""
    kind = type(condition)
    count, number = condition.args.get("this"), condition.args.get("expression")
    if kind in _LESS and isinstance(count, exp.Literal):
        kind, count, number = _LESS[kind], number, count
    if kind not in _MORE or not isinstance(count, exp.Count) or not isinstance(number, exp.Literal) or number.is_string:
        return None
    distinct = count.this
    if not isinstance(distinct, exp.Distinct) or len(distinct.expressions) != 1 or not str(number.this).isdigit():
        return None
    column = distinct.expressions[0]
    return (column, int(number.this) + _MORE[kind]) if type(column) is exp.Column else None
