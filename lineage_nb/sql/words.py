"""The words of column lineage, and what becomes of them along a path.

Types and subtypes are those of OpenLineage's column-lineage facet 1-2-0; verdicts are finer than its `masking`.
Inside this package both are small integers, so that composing them is an index into a table.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AGGREGATED",
    "AGGREGATION",
    "COMPOSED",
    "CONDITIONAL",
    "DERIVED",
    "FILTER",
    "GENERATED",
    "GROUP_BY",
    "IDENTITY",
    "JOIN",
    "PARTITION_KEY",
    "PLAIN",
    "PSEUDONYMISED",
    "REDACTED",
    "SORT",
    "SUBTYPES",
    "TRANSFORMATION",
    "UNKNOWN",
    "VERDICTS",
    "WINDOW",
    "plain_type",
    "type_of",
]

# Subtypes. The first three carry values (DIRECT), the next two influence one output column, the rest the whole output.
IDENTITY: Final = 0
TRANSFORMATION: Final = 1
AGGREGATION: Final = 2
CONDITIONAL: Final = 3
WINDOW: Final = 4
FILTER: Final = 5
JOIN: Final = 6
GROUP_BY: Final = 7
SORT: Final = 8
SUBTYPES: Final = (
    "IDENTITY",
    "TRANSFORMATION",
    "AGGREGATION",
    "CONDITIONAL",
    "WINDOW",
    "FILTER",
    "JOIN",
    "GROUP_BY",
    "SORT",
)

# Verdicts, from what shows a value to what hides it. Along a path the largest wins, between paths the smallest.
PLAIN: Final = 0
UNKNOWN: Final = 1
PSEUDONYMISED: Final = 2
DERIVED: Final = 3
AGGREGATED: Final = 4
REDACTED: Final = 5
VERDICTS: Final = ("plain", "unknown", "pseudonymised", "derived", "aggregated", "redacted")

GENERATED: Final = " GENERATED"
"""Ends the type of a column that the engine fills, so that INSERT by position leaves it out."""
PARTITION_KEY: Final = " PARTITION KEY"
"""Ends the type, before `GENERATED`, of a column by which a table is partitioned."""


def plain_type(declared: str | None) -> str | None:
    """A declared type without the marks of columns that the engine fills, and of those that partition a table.

    Examples
    --------
    >>> plain_type("int GENERATED"), plain_type("int")
    ('int', 'int')
    """
    return declared.removesuffix(GENERATED).removesuffix(PARTITION_KEY) or None if declared else declared


def type_of(subtype: int) -> str:
    """Tell whether a subtype carries values or only influences them.

    Examples
    --------
    >>> type_of(IDENTITY), type_of(FILTER)
    ('DIRECT', 'INDIRECT')
    """
    return "DIRECT" if subtype <= AGGREGATION else "INDIRECT"


def _compose(outer: int, inner: int) -> int:
    if outer > AGGREGATION:
        return outer
    return max(outer, inner)


COMPOSED: Final = tuple(tuple(_compose(outer, inner) for inner in range(9)) for outer in range(9))
"""``COMPOSED[outer][inner]``: the subtype of a path whose step nearer to the output is `outer`."""
