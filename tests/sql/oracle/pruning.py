"""Second witness: the columns that DuckDB's optimised plan still reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sql.oracle.tables import Leaf, Table

__all__ = ["columns_read"]


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    stack = list(plan)
    while stack:
        node = stack.pop()
        yield node
        stack += node.get("children", [])


def _texts(value: Any) -> list[str]:
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(part) for part in value]


def columns_read(plan: str, tables: Sequence[Table]) -> tuple[set[Leaf], bool]:
    """The leaves that the scans of the plan project or filter, and whether the plan prunes columns throughout.

    Columns of materialised and recursive common table expressions are not pruned, nor those that UNPIVOT folds.
    """
    found: set[Leaf] = set()
    prunes = True
    by_name = {table.name.lower(): table for table in tables}
    for node in _nodes(json.loads(plan)):
        info = node.get("extra_info", {})
        if re.search("CTE|UNNEST", node["name"]):
            prunes = False
        if "SCAN" not in node["name"] or "Table" not in info:
            continue
        table = by_name.get(str(info["Table"]).rsplit(".", 1)[-1].strip('"').lower())
        if table is not None:
            found |= _projected(table, _texts(info.get("Projections")))
            found |= _filtered(table, " ".join(_texts(info.get("Filters"))))
    return found, prunes


def _projected(table: Table, names: list[str]) -> set[Leaf]:
    plain = {name.strip('"').lower() for name in names}
    dotted = {name.replace('"', "").lower() for name in names}
    return {
        leaf
        for leaf in table.leaves()
        if leaf.column.lower() in plain or f"{leaf.column}.{leaf.field}".lower() in dotted
    }


def _filtered(table: Table, text: str) -> set[Leaf]:
    found = set()
    for leaf in table.leaves():
        if re.search(rf"""(?<![\w'."]){re.escape(leaf.column)}(?![\w'])""", re.sub(r"'[^']*'", "''", text)):
            found.add(leaf)
    return found
