"""Macros of dbt's own packages whose SQL follows from their arguments."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["macro_sql"]

_KEYS = frozenset(("generate_surrogate_key", "surrogate_key"))
_MOST_POSITIONS = 1_000


def macro_sql(name: str, arguments: Sequence[object]) -> str | None:
    """What a macro writes; None for one that is not known, or called in another way.

    Parameters
    ----------
    name : str
        Dotted, as it is called.
    arguments : sequence
        The values of its positional arguments.

    Examples
    --------
    >>> macro_sql("dbt_utils.generate_surrogate_key", [["user_id", "day"]])
    'md5(concat(user_id, day))'
    >>> macro_sql("dbt_utils.group_by", [3])
    'group by 1, 2, 3'
    """
    first = arguments[0] if len(arguments) == 1 else None
    if name.rpartition(".")[2] in _KEYS and isinstance(first, list) and first:
        columns = [c for c in first if isinstance(c, str)]
        return f"md5(concat({', '.join(columns)}))" if len(columns) == len(first) else None
    if name == "dbt_utils.group_by" and isinstance(first, int):
        return "group by " + ", ".join(str(i) for i in range(1, min(first, _MOST_POSITIONS) + 1))
    return None
