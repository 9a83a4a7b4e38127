"""How many there are in the smallest group: what HAVING asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import cell_of
from lineage_nb.sql.fixed import all_of
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.relations import Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import AGGREGATION

__all__ = ["is_of_one", "is_one_row", "least_of", "numbers_all"]

_MORE = {exp.GTE: 0, exp.GT: 1, exp.EQ: 0}
_LESS = {exp.LTE: exp.GTE, exp.LT: exp.GT, exp.EQ: exp.EQ}


def least_of(scope: Scope, node: Any, cells: Sequence[Cell]) -> dict[tuple[str, str], int] | None:
    """Find how many distinct values of a column stand behind every row of a SELECT, at least.

    Parameters
    ----------
    scope : Scope
        Of the SELECT.
    node
        The SELECT.
    cells : sequence of Cell
        Its columns.

    Returns
    -------
    dict or None
        (table, column) → number, from ``HAVING COUNT(DISTINCT column) >= number`` joined by AND; what the one relation
        that it reads already holds stays true. None: nothing is known, as where an aggregate has a condition of its own, or
        takes its values from other rows than those whose column is counted.
    """
    found: dict[tuple[str, str], int] = {}
    if len(scope.relations) == 1 and scope.relations[0][1].least:
        found.update(scope.relations[0][1].least)
    having = node.args.get("having")
    if any(next(item.find_all(exp.Query), None) is not None for item in node.expressions):
        return None
    for condition in all_of(having.this) if having is not None else ():
        told = _counted(condition)
        if told is None:
            continue
        counted, number = told
        cell = cell_of(scope, counted)
        if cell.table is not None and _of_the_same_rows(scope, node, cells, counted):
            found[cell.table] = max(number, found.get(cell.table, 0))
    return found or None


def _of_the_same_rows(scope: Scope, node: Any, cells: Sequence[Cell], counted: Any) -> bool:
    """Whether all that is aggregated are values of the rows whose column is counted, without a condition on them."""
    home = _home(scope, counted)
    if home is None or not home.single:
        return False
    aggregates = [a for item in node.expressions for a in item.find_all(exp.AggFunc, exp.AnonymousAggFunc)]
    inside = {id(c) for a in aggregates for c in a.find_all(exp.Column)}
    if any(isinstance(a.parent, exp.Filter) or next(a.find_all(*_CONDITIONS), None) is not None for a in aggregates):
        return False
    if any(str(a.name).lower().endswith("if") for a in aggregates if isinstance(a, exp.AnonymousAggFunc)):
        return False
    columns = [c for item in node.expressions for c in item.find_all(exp.Column)]
    if any(id(c) in inside and not isinstance(c.this, exp.Star) and _home(scope, c) is not home for c in columns):
        return False
    outside = [c for c in columns if id(c) not in inside and not isinstance(c.this, exp.Star)]
    behind = (key[3] for c in outside for key in cell_of(scope, c).flow)
    return len(cells) == len(node.expressions) and all(kind < AGGREGATION for kind in behind)


_CONDITIONS = (exp.Case, exp.If, exp.Nullif, exp.DecodeCase, exp.CombinedAggFunc, exp.CountIf)


def _home(scope: Scope, column: Any) -> Relation | None:
    """The source that a column is of; None where that is not clear."""
    fold = scope.context.names.fold
    if type(column) is not exp.Column or type(column.args["this"]) is not exp.Identifier:
        return None
    if column.args.get("table"):
        return scope.relation([fold(column.args[a]) for a in ("catalog", "db", "table") if column.args.get(a)])
    name = fold(column.args["this"])
    found = [r for _, r in scope.relations if r.listed(name) is not None or r.is_open]
    return found[0] if len(found) == 1 else None


def is_of_one(node: Any) -> bool:
    """Whether HAVING lets groups of one row pass, and no other: what is aggregated in them is that row's value.

    Examples
    --------
    >>> from sqlglot import parse_one
    >>> [is_of_one(parse_one(f"SELECT SUM(a) FROM t HAVING {c}")) for c in ("COUNT(*) = 1", "2 > COUNT(*)", "COUNT(*) < 3")]
    [True, True, False]
    """
    having = node.args.get("having")
    named = {e.alias.lower(): e.this for e in node.expressions if type(e) is exp.Alias} if having is not None else {}
    for condition in all_of(having.this) if having is not None else ():
        kind, count, number = type(condition), condition.args.get("this"), condition.args.get("expression")
        if kind in _TURNED and isinstance(count, exp.Literal):
            kind, count, number = _TURNED[kind], number, count
        if type(count) is exp.Column and not count.args.get("table"):
            count = named.get(count.name.lower())
        if isinstance(count, exp.Count) and not isinstance(count.this, exp.Distinct) and str(number) == _FEWEST.get(kind):
            return True
    return False


def is_one_row(scope: Scope, node: Any, clause: str) -> bool:
    """Whether WHERE or QUALIFY lets one row pass, by its number among all."""
    found = node.args.get(clause)
    if found is None or len(scope.relations) != 1:
        return False
    numbers = scope.relations[0][1].numbers
    for condition in all_of(found.this):
        kind, what, number = type(condition), condition.args.get("this"), condition.args.get("expression")
        if kind in _TURNED and isinstance(what, exp.Literal):
            kind, what, number = _TURNED[kind], number, what
        first = kind is exp.EQ or str(number) == _FEWEST.get(kind)
        if first and isinstance(number, exp.Literal) and (numbers_all(what) or (type(what) is exp.Column and what.name.lower() in numbers)):
            return True
    return False


def numbers_all(node: Any) -> bool:
    """Whether an expression numbers all rows: ``ROW_NUMBER() OVER (ORDER BY a)``."""
    return isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber) and not node.args.get("partition_by") and node.args.get("alias") is None


_TURNED = {exp.EQ: exp.EQ, exp.GT: exp.LT, exp.GTE: exp.LTE}
_FEWEST = {exp.EQ: "1", exp.LT: "2", exp.LTE: "1"}


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
    least = int(number.this) + _MORE[kind]
    return (column, least) if type(column) is exp.Column else None
