"""Statements that write the result of a query: SELECT … INTO, INSERT, INSERT into several tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from lineage_nb.sql.changes import (
    alias_of,
    assign,
    delete,
    inner_scope,
    merge,
    positions,
    returning,
    target_of,
    update,
)
from lineage_nb.sql.draft import Draft
from lineage_nb.sql.expressions import walk
from lineage_nb.sql.flows import Flow
from lineage_nb.sql.queries import evaluate
from lineage_nb.sql.relations import BaseTable, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.sources import add_sources
from lineage_nb.sql.words import FILTER

__all__ = ["WRITERS", "write"]


def write(node: Any, scope: Scope, draft: Draft) -> Relation:
    """Take down what a statement writes; gives the relation of its RETURNING clause."""
    return WRITERS[type(node)](node, scope, draft)


def _listed(node: Any, scope: Scope) -> list[str]:
    """Columns that the statement lists for its target."""
    if not isinstance(node, exp.Schema):
        return []
    fold = scope.context.names.fold
    items = (i for i in node.expressions if not isinstance(i, exp.Constraint))
    return [fold(i.this if not isinstance(i, exp.Identifier) else i) for i in items]


def _query(node: Any, scope: Scope, draft: Draft) -> Relation:
    into = node.args.get("into")
    relation = evaluate(node, scope)
    if into is None or not isinstance(into.this, exp.Table):
        draft.kind = "SELECT"
        draft.write("", relation, relation.names)
        return relation
    table = scope.context.names.table(into.this)
    draft.kind = "CREATE TABLE"
    temporary = bool(into.args.get("temporary")) or into.this.name.startswith("#")
    draft.created(table, temporary=temporary)
    draft.write(table, relation, relation.names)
    return Relation()


def _insert(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "INSERT"
    inner = inner_scope(node, scope)
    target = target_of(node.this)
    if isinstance(target, exp.Directory):
        name = str(getattr(target.this, "name", target.this))
        exported = evaluate(node.expression, inner)
        draft.write(name, exported, exported.names)
        return Relation()
    table = inner.context.table(target, read=False)
    listed = _listed(node.this, inner) or [
        inner.context.names.fold(c) for c in node.args.get("columns") or ()
    ]
    query = node.expression
    draft.wrote(table.table)
    if node.args.get("overwrite") and not target.args.get("partition") and not _by_partition(table, inner):
        draft.event("replace", table.table)
    relation: Relation
    if isinstance(query, exp.Table):
        relation = inner.context.table(query)
    elif isinstance(query, exp.Expression):
        relation = evaluate(query, inner)
    elif isinstance(node.args.get("source"), exp.Table):
        relation = inner.context.table(node.args["source"])
    else:
        relation = Relation()
    if listed:
        listed += _dynamic(target, inner)
    names = listed or positions(table, relation, target, bool(node.args.get("by_name")), inner)
    draft.write(table.table, relation, names)
    _conflict(node, inner, draft, table, relation, names)
    return returning(node, inner, table, target, relation.influence)


def _by_partition(table: BaseTable, scope: Scope) -> bool:
    """Whether Spark or Hive may replace only those partitions that the query has rows of."""
    known = scope.context.catalog.known(table.table)
    spark = scope.context.dialect in ("spark", "spark2", "databricks", "hive")
    return spark and (scope.context.catalog.dynamic_partitions or (known is not None and known.partitioned))


def _dynamic(target: Any, scope: Scope) -> list[str]:
    """Partition columns without a value: the query gives them behind the listed ones."""
    partition = target.args.get("partition")
    items = partition.expressions if partition is not None else []
    return [scope.context.names.fold(i.this) for i in items if isinstance(i, exp.Column)]


def _conflict(
    node: Any, scope: Scope, draft: Draft, table: BaseTable, relation: Relation, names: Sequence[str]
) -> None:
    conflict = node.args.get("conflict")
    if conflict is None or not conflict.expressions:
        return
    around = Scope(scope.context, _sources(node.expression, scope), scope.ctes)
    excluded = Relation(list(names), relation.cells[: len(names)])
    around.relations = [("excluded", excluded), ("new", excluded), *_named_rows(node.expression, excluded, scope)]
    for call in [c for e in conflict.expressions for c in e.find_all(exp.Anonymous) if c.name.upper() == "VALUES"]:
        if len(call.expressions) == 1:  # MySQL's VALUES(a)
            name = call.expressions[0]
            name = name.this if isinstance(name, exp.Column) else name
            call.replace(exp.Column(this=name.copy(), table=exp.to_identifier("excluded")))
    inner = Scope(scope.context, around, scope.ctes)
    inner.relations = [(alias_of(node.this, table), table)]
    where = conflict.args.get("where")
    if where is not None:
        walk(inner, where.this, inner.influence, FILTER)
    assign(conflict.expressions, inner, draft, table)


def _sources(query: Any, scope: Scope) -> Scope:
    """What MySQL's ON DUPLICATE KEY UPDATE sees of the query: its sources."""
    if scope.context.dialect != "mysql" or not isinstance(query, exp.Select) or query.args.get("from_") is None:
        return scope
    inner = Scope(scope.context, scope, scope.ctes)
    add_sources(inner, query.args["from_"].this, query.args.get("joins") or [])
    return inner


def _named_rows(query: Any, rows: Relation, scope: Scope) -> list[tuple[str, Relation]]:
    """MySQL's name for the rows that are inserted: ``VALUES (…) AS new(a, b)``."""
    alias = query.args.get("alias") if isinstance(query, (exp.Values, exp.Subquery)) else None
    if alias is None or not alias.name:
        return []
    columns = [scope.context.names.fold(c) for c in alias.args.get("columns") or ()]
    return [(alias.name.lower(), Relation(columns, rows.cells[: len(columns)]) if columns else rows)]


def _multi(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "INSERT"
    inner = inner_scope(node, scope)
    source = node.args.get("source")
    if source is not None and all(_lacks_source(item) for item in node.expressions):
        for item in node.expressions:  # Hive's FROM t INSERT … SELECT … INSERT … SELECT …
            item.expression.set("from_", exp.From(this=source.copy()))
        source = None
    if source is not None:
        relation = evaluate(source, inner)
        inner.relations = [("", relation)]
        alias = source.args.get("alias")
        if alias is not None:
            inner.relations = [(alias.name.lower(), relation)]
    failed: Flow = {}
    for item in node.expressions:
        insert = item.this if isinstance(item, exp.ConditionalInsert) else item
        condition = item.args.get("expression") if isinstance(item, exp.ConditionalInsert) else None
        if item.args.get("else_"):
            inner.influence = failed
        _branch(insert, condition, inner, draft, source is not None)
        if isinstance(condition, exp.Expression):
            walk(inner, condition, failed, FILTER)
        if str(node.args.get("kind") or "").upper() == "FIRST":
            inner.influence = failed
    return Relation()


def _lacks_source(insert: Any) -> bool:
    return isinstance(insert.expression, exp.Select) and insert.expression.args.get("from_") is None


def _branch(insert: Any, condition: Any, scope: Scope, draft: Draft, shared: bool) -> None:
    if not shared:
        _insert(insert, scope, draft)
        return
    relation = scope.relations[0][1]
    table = scope.context.table(target_of(insert.this), read=False)
    listed = _listed(insert.this, scope)
    draft.wrote(table.table)
    rows: Flow = {**relation.influence, **scope.influence}
    if isinstance(condition, exp.Expression):
        walk(scope, condition, rows, FILTER)
    values = insert.expression
    if isinstance(values, exp.Values):
        inner = Scope(scope.context, scope, scope.ctes)
        relation = evaluate(values, inner)
    names = listed or positions(table, relation, exp.Table(), False, scope)
    draft.write(table.table, relation, names)
    draft.influence(table.table, rows)


WRITERS: dict[type, Callable[[Any, Scope, Draft], Relation]] = {
    exp.Select: _query,
    exp.Subquery: _query,
    exp.Union: _query,
    exp.Intersect: _query,
    exp.Except: _query,
    exp.Values: _query,
    exp.Pivot: _query,
    exp.Table: _query,
    exp.Insert: _insert,
    exp.Update: update,
    exp.Delete: delete,
    exp.Merge: merge,
    exp.MultitableInserts: _multi,
}
