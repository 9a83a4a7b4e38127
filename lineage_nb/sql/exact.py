"""Calls that show more than their function promises: days since a day, the largest quantile, a date in three parts."""

from __future__ import annotations

from typing import Any, Final

from sqlglot import exp

from lineage_nb.sql.functions import Effect
from lineage_nb.sql.quantiles import effect_of
from lineage_nb.sql.steps import Walk, behind, push_arguments
from lineage_nb.sql.words import COMPOSED, DERIVED, TRANSFORMATION

__all__ = ["EXACT"]

_COARSE: Final = frozenset(("WEEK", "MONTH", "QUARTER", "YEAR", "DECADE", "CENTURY", "MILLENNIUM"))
_COARSE_SHORT: Final = frozenset(("WK", "WW", "MM", "MON", "QQ", "QTR", "Q", "YY", "YYYY", "YR", "Y", "M", "W"))
_MOVING: Final = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentDatetime, exp.CurrentTime, exp.Anonymous)
"""What is another day tomorrow, or may be."""
_DATE: Final = ({"YEAR"}, {"MONTH"}, {"DAY", "DAYOFMONTH"})


def _by_effect(at: Walk, node: Any, subtype: int, packed: int, effect: Effect) -> None:
    functions = at.scope.context.functions
    step, steers = COMPOSED[subtype][effect.subtype], functions.configures.get(type(node))
    push_arguments(node, step, behind(packed, effect), at.stack, effect, steers)


def _quantile(at: Walk, node: Any, subtype: int, packed: int) -> None:
    _by_effect(at, node, subtype, packed, effect_of(at.scope.context.functions, node))


def _difference(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """Days, or less, between a column and a day that is written out tell the column's day."""
    effect = at.scope.context.functions.of(node)
    ends = [node.this, node.args.get("expression")]
    columns = [end for end in ends if isinstance(end, exp.Expression) and next(end.find_all(exp.Column), None) is not None]
    others = [end for end in ends if isinstance(end, exp.Expression) and end not in columns]
    fixed = all(next(end.find_all(*_MOVING), None) is None for end in others)
    if effect.verdict == DERIVED and len(columns) == 1 and fixed and not _is_coarse(node.args.get("unit")):
        at.stack.append((columns[0], COMPOSED[subtype][TRANSFORMATION], packed))
        return
    _by_effect(at, node, subtype, packed, effect)


def _is_coarse(unit: Any) -> bool:
    word = str(getattr(unit, "name", unit or "")).upper().rstrip("S")
    return word in _COARSE or word in _COARSE_SHORT


def _sum(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``year(d) * 10000 + month(d) * 100 + day(d)`` is the date itself, and so is what puts the three side by side."""
    step = COMPOSED[subtype][TRANSFORMATION]
    push_arguments(node, step, packed, at.stack, None, at.scope.context.functions.configures.get(type(node)))
    if not isinstance(node.parent, type(node)):
        at.stack.extend((column, step, packed) for column in _whole_dates(node))


def _whole_dates(node: Any) -> list[Any]:
    """Columns of which an expression holds year, month and day."""
    parts: dict[str, tuple[Any, set[str]]] = {}
    for part in node.find_all(exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.Extract):
        of = part.expression if isinstance(part, exp.Extract) else part.this
        while isinstance(of, (exp.Cast, exp.TryCast, exp.Paren, exp.TsOrDsToDate)):
            of = of.this
        if isinstance(of, exp.Column):
            word = part.name.upper() if isinstance(part, exp.Extract) else type(part).__name__.upper()
            parts.setdefault(of.sql().lower(), (of, set()))[1].add(word)
    return [column for column, words in parts.values() if all(words & names for names in _DATE)]


EXACT: Final = {
    kind: handler
    for names, handler in (
        ("Quantile ApproxQuantile PercentileCont", _quantile),
        ("DateDiff DatetimeDiff TimestampDiff TimeDiff TsOrDsDiff", _difference),
        ("Add DPipe Concat ConcatWs DateFromParts SafeConcat", _sum),
    )
    for name in names.split()
    if (kind := getattr(exp, name, None)) is not None
}
"""Class of a node → what to push of it."""
