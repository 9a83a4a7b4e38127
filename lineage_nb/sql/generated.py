"""Columns that the engine fills: computed from other columns of the row, numbered, or stamped with a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlglot import exp

from lineage_nb.sql.catalog import Known
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.expressions import cell_of
from lineage_nb.sql.relations import BaseTable
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import GENERATED

__all__ = ["computed", "marked"]

_NUMBERED: Final = (
    exp.GeneratedAsIdentityColumnConstraint,
    exp.AutoIncrementColumnConstraint,
    exp.GeneratedAsRowColumnConstraint,
)


def _constraints(item: Any) -> Iterator[Any]:
    for constraint in item.args.get("constraints") or ():
        if isinstance(constraint, exp.ColumnConstraint):
            yield constraint.args.get("kind")


def _expression(kind: Any, dialect: str) -> Any:
    """What a column is made of, by its definition; None for all others."""
    made = None
    if isinstance(kind, exp.ComputedColumnConstraint):
        made = kind.this
    elif isinstance(kind, exp.GeneratedAsIdentityColumnConstraint):  # where GENERATED ALWAYS AS is read like IDENTITY
        made = kind.args.get("expression")
    elif isinstance(kind, exp.DefaultColumnConstraint) and dialect == "clickhouse":
        made = kind.this
    return made if isinstance(made, exp.Expression) else None


def marked(item: Any, kind: str | None, dialect: str) -> str | None:
    """A column's declared type, with a mark where an INSERT by position leaves it out."""
    kinds = list(_constraints(item))
    made = any(_expression(k, dialect) is not None for k in kinds if not isinstance(k, exp.DefaultColumnConstraint))
    if dialect == "clickhouse":
        made = made or any(isinstance(k, exp.EphemeralColumnConstraint) for k in kinds)
    if dialect == "tsql":
        declared = item.args.get("kind")
        stamped = isinstance(declared, exp.DataType) and declared.this == exp.DataType.Type.ROWVERSION
        made = made or stamped or any(isinstance(k, _NUMBERED) for k in kinds)
    return f"{kind or ''}{GENERATED}" if made else kind


def computed(items: Iterable[Any], table: str, columns: Mapping[str, str | None], scope: Scope, draft: Draft) -> None:
    """Let columns be made of the expressions that their definitions give, over the same row.

    Parameters
    ----------
    items : iterable
        Definitions of columns.
    table : str
        Whose columns they are.
    columns : mapping
        All of its columns that are known, with types.
    scope, draft
        Of the statement.
    """
    row: BaseTable | None = None
    for item in items:
        if not isinstance(item, exp.ColumnDef):
            continue
        for kind in _constraints(item):
            made = _expression(kind, scope.context.dialect)
            if made is None:
                continue
            if row is None:
                row = BaseTable(table, Known(columns) if columns else None)
            inner = Scope(scope.context)
            inner.relations = [(table.rpartition(".")[2].lower(), row)]
            flow = dict(cell_of(inner, made).flow)
            if flow:
                draft.column(table, scope.context.names.fold(item.this), flow, ((flow, made),))
