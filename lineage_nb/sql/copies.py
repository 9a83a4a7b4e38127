"""Statements that copy whole tables and files: COPY, LOAD, UNLOAD and EXPORT."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.changes import fitting
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.flows import Cell
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.relations import STAR, BaseTable, Relation
from lineage_nb.sql.scope import Scope

__all__ = ["copied", "copy", "export", "load", "loaded"]


def copied(source: Relation, draft: Draft, table: str, columns: list[str]) -> None:
    """All columns of `source` as they are into `table`; under `columns` where only these are known."""
    if columns and not source.complete and isinstance(source, BaseTable):
        cells = [Cell.column(source.table, c) for c in columns]
        draft.write(table, Relation(columns, cells), columns)
    else:
        draft.write(table, source, columns or source.names)


def loaded(place: str, scope: Scope, draft: Draft, table: str, columns: list[str]) -> None:
    """All of a file or stage into `table`: by names, or by position where what wrote it gave other names."""
    file = scope.context.stored(scope.context.catalog.file(place))
    if not file.known:
        copied(file, draft, table, columns)
        return
    by_name = [file.listed(c) for c in columns]
    cells = [c for c in by_name if c is not None]
    if columns and len(cells) == len(columns):
        draft.write(table, Relation(columns, cells), columns)
    elif columns:
        draft.write(table, file, fitting(table, columns, len(file.names), scope, None))
    else:
        draft.write(table, file, [*file.names, STAR])


def copy(node: Any, scope: Scope, draft: Draft) -> Relation:
    """COPY … FROM, COPY … TO, COPY INTO."""
    draft.kind = "COPY"
    target = node.this
    listed = []
    if isinstance(target, exp.Schema):
        listed = [scope.context.names.fold(e) for e in target.expressions]
        target = target.this
    loads = bool(node.args.get("kind"))  # COPY … FROM and COPY INTO; else COPY … TO
    files = [f for f in node.args.get("files") or () if isinstance(f, exp.Expression)]
    if loads:
        name = _place(target, scope)
        draft.wrote(name)
        known = listed or list(scope.context.catalog.columns(name) or ())
        for file in files:
            if isinstance(file, (exp.Query, exp.Subquery)) and not isinstance(file, exp.Table):
                relation = evaluate(file, scope)
                draft.write(name, relation, known[: len(relation.names)] or relation.names)
            else:
                loaded(_place(file, scope), scope, draft, name, known)
        return Relation()
    source = _stored(target, scope) if isinstance(target, exp.Table) else evaluate(target, scope)
    if listed:
        cells = [source.listed(c) or source.possible(c) or Cell({}) for c in listed]
        source = Relation(listed, cells)
    for file in files:
        draft.write(_place(file, scope), source, source.names)
    return Relation()


def _place(node: Any, scope: Scope) -> str:
    """A table, a stage or a path."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        return scope.context.names.table(node)
    return str(getattr(node, "name", "") or node.sql())


def _stored(node: Any, scope: Scope) -> BaseTable:
    return scope.context.stored(_place(node, scope))


def load(node: Any, scope: Scope, draft: Draft) -> Relation:
    """LOAD DATA: files into a table."""
    draft.kind = "LOAD"
    table = scope.context.names.table(node.this)
    draft.wrote(table)
    if node.args.get("overwrite"):
        draft.event("replace", table)
    columns = list(scope.context.catalog.columns(table) or ())
    path = node.args.get("inpath")
    paths = [str(path.this)] if isinstance(path, exp.Literal) else []
    files = node.args.get("files")
    if isinstance(files, exp.Expression):
        paths += [
            str(t.this) for t in files.find_all(exp.Literal) if "://" in str(t.this) or "/" in str(t.this)
        ]
    for place in paths:
        loaded(place, scope, draft, table, columns)
    return Relation()


def export(node: Any, scope: Scope, draft: Draft) -> Relation:
    """EXPORT DATA: a query into files."""
    draft.kind = "EXPORT"
    relation = evaluate(node.this, scope) if isinstance(node.this, exp.Expression) else Relation()
    options = node.args.get("options")
    for literal in options.find_all(exp.Literal) if options is not None else ():
        if "://" in str(literal.this):
            draft.write(str(literal.this), relation, relation.names)
    return Relation()
