"""Calls that show more than their function promises: days since a day, the largest quantile, a date in three parts."""

from __future__ import annotations

from typing import Any, Final

from sqlglot import exp

from lineage_nb.sql.functions import Effect
from lineage_nb.sql.quantiles import effect_there
from lineage_nb.sql.steps import Walk, behind, push_arguments
from lineage_nb.sql.words import AGGREGATION, COMPOSED, DERIVED, TRANSFORMATION

__all__ = ["EXACT", "EXACT_CALLS"]

_COARSE: Final = frozenset(("WEEK", "MONTH", "QUARTER", "YEAR", "DECADE", "CENTURY", "MILLENNIUM"))
_COARSE_SHORT: Final = frozenset(("WK", "WW", "MM", "MON", "QQ", "QTR", "Q", "YY", "YYYY", "YR", "Y", "M", "W"))
_MOVING: Final = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentDatetime, exp.CurrentTime, exp.Anonymous)
"""What is another day tomorrow, or may be."""
_FINE: Final = frozenset(("DAY", "DD", "D", "DAYOFYEAR", "DY", "HOUR", "HH", "MINUTE", "MI", "SECOND", "SS", "MILLISECOND", "MICROSECOND", "NANOSECOND"))
_MAKES: Final = ("to", "date", "str", "parse", "from_iso", "make", "timestamp")
"""How functions begin that make a time of literals."""


def _by_effect(at: Walk, node: Any, subtype: int, packed: int, effect: Effect) -> None:
    functions = at.scope.context.functions
    step, steers = COMPOSED[subtype][effect.subtype], functions.configures.get(type(node))
    push_arguments(node, step, behind(packed, effect), at.stack, effect, steers)


def _quantile(at: Walk, node: Any, subtype: int, packed: int) -> None:
    _by_effect(at, node, subtype, packed, effect_there(at.scope, node))


def _difference(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """Days, or less, between a column and a day that is written out tell the column's day."""
    effect = at.scope.context.functions.of(node)
    ends, unit = _ends(node)
    columns = [end for end in ends if isinstance(end, exp.Expression) and next(end.find_all(exp.Column), None) is not None]
    others = [end for end in ends if isinstance(end, exp.Expression) and end not in columns]
    fixed = bool(others) and not any(_is_moving(part) for end in others for part in end.find_all(*_MOVING))
    if effect.verdict == DERIVED and len(columns) == 1 and (fixed or _is_interval(node)) and not _is_coarse(unit):
        at.stack.append((columns[0], COMPOSED[subtype][TRANSFORMATION], packed))
        return
    _by_effect(at, node, subtype, packed, effect)


def _ends(node: Any) -> tuple[list[Any], Any]:
    """The two times of a difference, and its unit."""
    if not isinstance(node, exp.Anonymous):
        return [node.this, node.args.get("expression")], node.args.get("unit")
    ends = list(node.expressions)
    if len(ends) > 2:
        unit = next((e for e in ends if _is_unit(e)), None)
        return [e for e in ends if e is not unit], unit
    return ends, None


def _is_interval(node: Any) -> bool:
    """Whether ``age(day)``, or ``age(now, day)``, gives years, months and days: the day itself to whoever knows when."""
    return isinstance(node, exp.Anonymous) and str(node.name).lower() == "age" and len(node.expressions) < 3


def _is_unit(node: Any) -> bool:
    return isinstance(node, (exp.Literal, exp.Var, exp.Column)) and str(node.name).upper().rstrip("S") in _COARSE | _COARSE_SHORT | _FINE


def _is_moving(node: Any) -> bool:
    """Whether a value is another one tomorrow, or may be: not what a function makes of literals alone."""
    if not isinstance(node, exp.Anonymous):
        return True
    made = node.expressions and all(isinstance(e, exp.Literal) for e in node.expressions)
    return not (made and str(node.name).lower().startswith(_MAKES))


def _is_coarse(unit: Any) -> bool:
    word = str(getattr(unit, "name", unit or "")).upper().rstrip("S")
    return word in _COARSE or word in _COARSE_SHORT


def _part(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """The day beside the month and the year of one column, put together in whatever way, makes the date itself."""
    told = part_of(node)
    if told is not None and told[0] in _DAYS and subtype <= AGGREGATION and _is_whole_date(node, told[1]):
        at.stack.append((told[1], COMPOSED[subtype][TRANSFORMATION], packed))
        return
    _by_effect(at, node, subtype, packed, effect_there(at.scope, node))


def _is_whole_date(node: Any, column: Any) -> bool:
    """Whether the expression around a part of a date holds what is missing of it."""
    around = node
    while isinstance(around.parent, exp.Expression) and not isinstance(around.parent, _BORDERS):
        around = around.parent
    name = column.sql().lower()
    found = (part_of(n) for n in around.find_all(*_PARTS))
    words = {told[0] for told in found if told is not None and told[1].sql().lower() == name}
    return any(all(words & one for one in date) for date in _DATES)


def part_of(node: Any) -> tuple[str, Any] | None:
    """Which part of a date an expression takes, and of which column; None for anything else."""
    if isinstance(node, exp.Extract):
        word, of = str(node.this.name), node.expression
    elif isinstance(node, exp.Anonymous):
        values = node.expressions
        word, of = str(node.name).lower().removeprefix("to"), values[-1] if values else None
        if word in ("date_part", "datepart", "date_part_str") and len(values) > 1:
            word = str(values[0].name)
    else:
        word, of = type(node).__name__, node.this
    while isinstance(of, (exp.Cast, exp.TryCast, exp.Paren, exp.TsOrDsToDate, exp.Date, exp.Timestamp)):
        of = of.this
    return (word.upper().replace("_", ""), of) if isinstance(of, exp.Column) else None


_YEARS: Final = frozenset(("YEAR", "Y", "YY", "YYYY", "YR", "ISOYEAR", "YEAROFWEEK", "YEAROFWEEKISO"))
_MONTHS: Final = frozenset(("MONTH", "MON", "MM", "MONTHNAME"))
_DAY_OF_MONTH: Final = frozenset(("DAY", "D", "DD", "DAYOFMONTH"))
_DAY_OF_YEAR: Final = frozenset(("DOY", "DAYOFYEAR", "DY", "YEARDAY"))
_DAY_OF_WEEK: Final = frozenset(("DOW", "DAYOFWEEK", "DAYOFWEEKISO", "ISODOW", "WEEKDAY", "DW", "DAYNAME"))
_WEEKS: Final = frozenset(("WEEK", "WK", "WW", "WEEKOFYEAR", "ISOWEEK", "WEEKISO"))
_DAYS: Final = _DAY_OF_MONTH | _DAY_OF_YEAR | _DAY_OF_WEEK
_DATES: Final = ((_YEARS, _MONTHS, _DAY_OF_MONTH), (_YEARS, _DAY_OF_YEAR), (_YEARS, _WEEKS, _DAY_OF_WEEK))
_PART_NAMES: Final = (
    "Extract Year Month Day DayOfMonth DayOfYear DayOfWeek DayOfWeekIso Week WeekOfYear YearOfWeek YearOfWeekIso Dayname Monthname"
)
_PARTS: Final = (exp.Anonymous, *(kind for name in _PART_NAMES.split() if (kind := getattr(exp, name, None)) is not None))
_BORDERS: Final = (exp.Query, exp.DML, exp.Values, exp.Join, exp.Where, exp.Having)
"""Where the expression ends that a part of a date stands in."""
_DIFFERENCES: Final = "age date_sub datesub date_diff datediff datediff_big timestampdiff months_between"
_PART_CALLS: Final = "date_part datepart todayofmonth todayofyear todayofweek day_of_year day_of_month day_of_week dayofyear dayofmonth dayofweek weekday"
EXACT_CALLS: Final = {**dict.fromkeys(_DIFFERENCES.split(), _difference), **dict.fromkeys(_PART_CALLS.split(), _part)}
"""Name of a function that the parser has no class for → what to push of it."""
EXACT: Final = {
    kind: handler
    for names, handler in (
        ("Quantile ApproxQuantile PercentileCont", _quantile),
        ("DateDiff DatetimeDiff TimestampDiff TimeDiff TsOrDsDiff MonthsBetween", _difference),
        (_PART_NAMES, _part),
    )
    for name in names.split()
    if (kind := getattr(exp, name, None)) is not None
}
"""Class of a node → what to push of it."""
