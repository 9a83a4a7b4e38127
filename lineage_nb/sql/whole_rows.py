"""Functions that take a whole row: ``TO_JSON_STRING(t)``, where ``t`` may be the name of a source."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

__all__ = ["is_given_as_row"]

_ROW_CLASSES = tuple(
    kind
    for name in ("JSONFormat", "JSONArrayAgg", "ArrayAgg", "AnyValue", "Struct", "Format")
    if (kind := getattr(exp, name, None)) is not None
)
_ROW_NAMES = frozenset(
    (
        "row_to_json",
        "to_json",
        "to_jsonb",
        "json_agg",
        "jsonb_agg",
        "array_to_json",
        "hstore",
        "json_group_array",
    )
)
_AROUND_ARGUMENT = (exp.Order, exp.Limit, exp.IgnoreNulls, exp.RespectNulls, exp.HavingMax)


def is_given_as_row(node: Any) -> bool:
    """Whether an identifier is what a function that takes whole rows is given.

    Examples
    --------
    >>> from sqlglot import parse_one
    >>> call = parse_one("SELECT TO_JSON_STRING(t), UPPER(t) FROM d.t", dialect="bigquery")
    >>> [is_given_as_row(column.this) for column in call.find_all(exp.Column)]
    [True, False]
    """
    argument = getattr(node, "parent", None)
    taker = getattr(argument, "parent", None)
    while isinstance(taker, _AROUND_ARGUMENT) and taker.this is argument:
        argument, taker = taker, taker.parent
    if isinstance(taker, exp.PropertyEQ) and taker.expression is argument:
        taker = taker.parent
    if isinstance(taker, exp.Anonymous):
        return str(taker.name).lower() in _ROW_NAMES
    return isinstance(taker, _ROW_CLASSES)
