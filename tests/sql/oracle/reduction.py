"""Make a failing query small: drop and replace parts of it as long as the same law fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

__all__ = ["has_unread_cte", "reduced"]


def reduced(query: str, fails: Callable[[str], bool], tries: int = 1500) -> str:
    """The smallest query found for which `fails` still holds."""
    try:
        best = sqlglot.parse_one(query, read="duckdb").sql(dialect="duckdb")
    except SqlglotError:
        return query
    if not fails(best):
        return query
    progress = True
    while progress and tries > 0:
        progress = False
        for candidate in sorted(set(_smaller(best)), key=len):
            tries -= 1
            if tries <= 0:
                break
            if len(candidate) < len(best) and fails(candidate):
                best, progress = candidate, True
                break
    return best


def has_unread_cte(query: str) -> bool:
    """Whether a common table expression is declared that nothing reads."""
    try:
        tree = sqlglot.parse_one(query, read="duckdb")
    except SqlglotError:
        return False
    read = [table.name.lower() for table in tree.find_all(exp.Table)]
    return any(cte.alias.lower() not in read for cte in tree.find_all(exp.CTE))


def _smaller(query: str) -> Iterator[str]:
    """Queries that miss one part, or have a part in the place of what holds it."""
    try:
        tree = sqlglot.parse_one(query, read="duckdb")
    except SqlglotError:
        return
    count = sum(1 for _ in tree.walk())
    for at in range(count):
        for step in range(12):
            copy = tree.copy()
            node = next(node for place, node in enumerate(copy.walk()) if place == at)
            changed = _step(copy, node, step)
            if changed is None:
                break
            try:
                yield changed.sql(dialect="duckdb")
            except (SqlglotError, AttributeError, KeyError, TypeError, ValueError):
                continue


def _step(tree: exp.Expression, node: exp.Expression, step: int) -> exp.Expression | None:
    """The tree after the step-th way of shrinking the node; None when there are no more."""
    if step == 0:
        if node.parent is None:
            return tree
        node.pop()
        return tree
    children = [child for child in node.iter_expressions() if not isinstance(child, exp.Identifier)]
    if step > len(children):
        return None
    child = children[step - 1]
    if isinstance(child, exp.Subquery) and isinstance(child.this, exp.Query):
        child = child.this if isinstance(node, exp.Query) else child
    if node.parent is None:
        return child
    node.replace(child)
    return tree
