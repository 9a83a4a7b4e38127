"""Lists and mappings that templates hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["plain", "texts_in"]

_MOST: Final = 10_000


def plain(value: object) -> Any:
    """A given variable as one of the types that templates know.

    Examples
    --------
    >>> plain({1: (2, None)})
    {'1': [2, None]}
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def texts_in(value: Any) -> list[str]:
    """All texts in a list or mapping, as far as 10,000 steps lead; lists may hold themselves.

    Examples
    --------
    >>> texts_in(["a", {"k": ["b"]}, 3])
    ['a', 'b']
    """
    found: list[str] = []
    waiting = [value]
    for _ in range(_MOST):
        if not waiting:
            break
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, (list, dict)):
            inner = list(item.values()) if isinstance(item, dict) else item
            waiting += inner[: -_MOST - 1 : -1]
    return found
