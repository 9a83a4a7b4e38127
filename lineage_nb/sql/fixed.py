"""Conditions that let one value of a column pass: what is aggregated behind them is of that value alone.

``WHERE employee_id = '42'`` makes a sum that one person's, and so does ``y.employee_id = e.employee_id`` in a subquery,
once for each row around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlglot import exp

from lineage_nb.sql.flows import FIXED, Flow, add
from lineage_nb.sql.scope import Scope, is_own
from lineage_nb.sql.words import AGGREGATION, COMPOSED

__all__ = ["all_of", "fix", "fix_equal"]

_EQUAL: Final = (exp.EQ, exp.NullSafeEQ)
_FEW: Final = (exp.LT, exp.LTE, exp.GT, exp.GTE)
_WILD: Final = frozenset("%_")
_SAME: Final = (exp.Paren, exp.Cast, exp.TryCast, exp.Lower, exp.Upper, exp.Trim)
"""What leaves values apart that are apart, or nearly so."""


def all_of(condition: Any) -> list[Any]:
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


def fix(scope: Scope, condition: Any, into: Flow, subtype: int) -> None:
    """Mark in a flow the columns of which a condition lets one value pass, as influences of `subtype`."""
    for one, other in _equal_ends(all_of(condition)):
        fix_equal(scope, one, other, into, subtype)


def _equal_ends(parts: list[Any]) -> Iterator[tuple[Any, Any]]:
    """What conditions make equal: ``=``, one value of IN, BETWEEN two equal ends, ``>=`` and ``<=`` the same, LIKE without wildcards."""
    most: list[tuple[Any, Any]] = []
    for part in parts:
        if isinstance(part, exp.Not):
            unequal = part.this.unnest()
            part = exp.EQ(this=unequal.this, expression=unequal.expression) if isinstance(unequal, exp.NEQ) else part
        if isinstance(part, _EQUAL):
            yield from _pairs(part.this, part.expression)
        elif isinstance(part, exp.In) and part.expressions and all(e == part.expressions[0] for e in part.expressions[1:]):
            yield from _pairs(part.this, part.expressions[0])
        elif isinstance(part, exp.In) and _is_constant(part.args.get("query")):
            yield part.this, part.args["query"]
        elif isinstance(part, exp.Between) and part.args.get("low") == part.args.get("high"):
            yield part.this, part.args["low"]
        elif isinstance(part, (exp.Like, exp.ILike)) and isinstance(part.expression, exp.Literal) and not _WILD.intersection(str(part.expression.this)):
            yield part.this, part.expression
        elif isinstance(part, _FEW) and (counted := _counts_one(part)) is not None:
            yield counted, exp.Literal.number(1)
        elif isinstance(part, (exp.LTE, exp.GTE)):
            most.append((part.this, part.expression) if isinstance(part, exp.LTE) else (part.expression, part.this))
    if len(most) > 1:
        known = set(most)
        yield from ((one, other) for one, other in most if (other, one) in known)


def _counts_one(part: Any) -> Any:
    """The count in ``COUNT(DISTINCT x) < 2`` or ``<= 1``, either way round; None for anything else."""
    turned = isinstance(part, (exp.GT, exp.GTE))
    count, number = (part.expression, part.this) if turned else (part.this, part.expression)
    few = "2" if isinstance(part, (exp.LT, exp.GT)) else "1"
    return count if isinstance(count, exp.Count) and isinstance(count.this, exp.Distinct) and str(number) == few else None


def _pairs(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """Both ends of an equation; of two rows their members."""
    if isinstance(one, exp.Tuple) and isinstance(other, exp.Tuple) and len(one.expressions) == len(other.expressions):
        yield from zip(one.expressions, other.expressions, strict=True)
    else:
        yield one, other


def _is_constant(query: Any) -> bool:
    """Whether a query gives one row that is written out: ``(SELECT 7)``."""
    bare = query.unnest() if isinstance(query, exp.Subquery) else query
    return isinstance(bare, exp.Select) and bare.args.get("from_") is None and not bare.args.get("joins") and bare.find(exp.UDTF, exp.Column) is None


def fix_equal(scope: Scope, one: Any, other: Any, into: Flow, subtype: int) -> None:
    """Mark a column that is equal to something (see `fix`); also where it has but one value in a group."""
    for column in _fixed(scope, one, other):
        for table, name, path, kind in scope.context.cell(scope, column).flow:
            if kind <= AGGREGATION:
                add(into, (table, name, path, COMPOSED[subtype][kind]), FIXED)


def _fixed(scope: Scope, one: Any, two: Any) -> Iterator[Any]:
    for side, other in ((one, two), (two, one)):
        bare = side
        while isinstance(bare, _SAME):
            bare = bare.this
        if isinstance(bare, exp.Count) and isinstance(bare.this, exp.Distinct) and str(other) == "1":
            bare = bare.this.expressions[0]
        if type(bare) is exp.Column and type(bare.args["this"]) is exp.Identifier and not _has_own_columns(scope, other):
            yield bare


def _has_own_columns(scope: Scope, node: Any) -> bool:
    """Whether an expression takes columns of the sources here: not constants, nor columns of a query around."""
    return any(is_own(node, c) and _is_here(scope, c) for c in node.find_all(exp.Column))


def _is_here(scope: Scope, column: Any) -> bool:
    names = scope.context.names
    if type(column.args["this"]) is not exp.Identifier:
        return True
    table = column.args.get("table")
    if table:
        return column.args.get("db") is not None or scope.relation([names.fold(table)]) is not None
    name = names.fold(column.args["this"])
    if name.lower() in scope.context.bare_variables or name.startswith(("@", ":", "$")):
        return False
    return any(r.is_open or r.listed(name) is not None for _, r in scope.relations) or scope.parent is None
