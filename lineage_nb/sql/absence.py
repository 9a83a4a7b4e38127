"""Columns of sources that an outer join may leave out: what decides whether they are there."""

from __future__ import annotations

from typing import Any

from lineage_nb.sql.flows import CARRIED, Cell, Flow, carry
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import CONDITIONAL

__all__ = ["may_be_absent", "of_source", "with_absence"]


def may_be_absent(scope: Scope, column: Any) -> Flow:
    """What decides whether a column's source is there at all: conditions of an outer join, filters of the query joined."""
    table = column.args.get("table")
    if table:
        return scope.decides.get(str(getattr(table, "name", table)).lower(), {})
    name = scope.context.names.fold(column.args["this"])
    found = [alias for alias, relation in scope.relations if relation.listed(name) is not None or relation.possible(name) is not None]
    return scope.decides.get(found[0], {}) if len(found) == 1 else {}


def with_absence(scope: Scope, cell: Cell, column: Any) -> Cell:
    """The cell of a column, with what decides whether its source is there."""
    return _with(cell, may_be_absent(scope, column)) if scope.decides else cell


def of_source(scope: Scope, alias: str, cell: Cell) -> Cell:
    """The cell of a column behind a star, with what decides whether the source of that alias is there."""
    return _with(cell, scope.decides.get(alias, {})) if scope.decides else cell


def _with(cell: Cell, absent: Flow) -> Cell:
    if not absent:
        return cell
    flow = dict(cell.flow)
    carry(flow, absent, CONDITIONAL, CARRIED)
    return Cell(flow, cell.fields, opaque=cell.opaque)
