"""Comparisons of Jinja, as far as the values are of types that can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lineage_nb.sql.placeholders import Placeholder

__all__ = ["holds"]

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
}


def holds(operator: str, left: Any, right: Any) -> bool | None:
    """Tell whether a comparison holds, None where that is not known.

    Examples
    --------
    >>> holds("in", "a", ["a", "b"]), holds("lt", 1, 2), holds("lt", 1, "x")
    (True, True, None)
    """
    if isinstance(left, Placeholder) or isinstance(right, Placeholder):
        return None
    if operator in ("in", "notin"):
        if not isinstance(right, (str, list, dict)) or (isinstance(right, str) and not isinstance(left, str)):
            return None
        if isinstance(left, (list, dict)) and isinstance(right, dict):
            return None
        return (left in right) is (operator == "in")
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    alike = numbers or (isinstance(left, str) and isinstance(right, str))
    return _COMPARE[operator](left, right) if alike or operator in ("eq", "ne") else None
