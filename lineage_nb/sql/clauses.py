"""The clauses of a SELECT that decide which rows come out, and in which order."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import walk
from lineage_nb.sql.fixed import fix
from lineage_nb.sql.flows import influence
from lineage_nb.sql.relations import Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import FILTER, GROUP_BY, JOIN, SORT

__all__ = ["ORDERS", "filtered", "grouped", "grouped_by_row", "late_filtered", "ordered"]

ORDERS = ("order", "sort", "cluster", "distribute")


def filtered(scope: Scope, args: dict[str, Any]) -> None:
    """Take WHERE, PREWHERE, START WITH and CONNECT BY down as influences of a SELECT's rows."""
    for clause in ("where", "prewhere"):
        if args.get(clause) is not None:
            walk(scope, args[clause].this, scope.influence, FILTER)
            fix(scope, args[clause].this, scope.influence, FILTER)
    connect = args.get("connect")
    if connect is not None:
        for clause, subtype in (("start", FILTER), ("connect", JOIN)):
            if isinstance(connect.args.get(clause), exp.Expression):
                walk(scope, connect.args[clause], scope.influence, subtype)


def late_filtered(scope: Scope, args: dict[str, Any]) -> None:
    """Take HAVING, QUALIFY and LIMIT … BY down."""
    for clause in ("having", "qualify"):
        if args.get(clause) is not None:
            walk(scope, args[clause].this, scope.influence, FILTER)
            fix(scope, args[clause].this, scope.influence, FILTER)
    limit = args.get("limit")
    for key in (
        limit.args.get("expressions") or () if limit is not None else ()
    ):  # ClickHouse's LIMIT 1 BY key
        walk(scope, key, scope.influence, FILTER)


def _key(scope: Scope, relation: Relation, key: Any, subtype: int) -> None:
    """A key of GROUP BY or ORDER BY: a position, an alias or an expression."""
    while isinstance(key, (exp.Ordered, exp.Paren)):
        key = key.this
    if isinstance(key, exp.Literal):
        if not key.is_string and key.this.isdigit() and 0 < int(key.this) <= len(relation.cells):
            influence(scope.influence, relation.cells[int(key.this) - 1].flow, subtype)
        return
    first = scope.alias_first
    scope.alias_first = first and isinstance(
        key, exp.Column
    )  # inside an expression a source's column comes first
    walk(scope, key, scope.influence, subtype)
    scope.alias_first = first


_ROW_OF_FLATTEN = frozenset(("seq", "key", "path", "index", "value"))


def grouped_by_row(scope: Scope, group: Any) -> bool:
    """Whether a key of GROUP BY numbers the rows of a source, as Snowflake's FLATTEN does in SEQ."""
    if group is None or scope.context.dialect != "snowflake":
        return False
    keys = (k for k in group.expressions if type(k) is exp.Column and k.name.lower() == "seq")
    tables = [scope.relation([k.table.lower()]) if k.table else None for k in keys]
    flattened = [r for _, r in scope.relations if r.index().keys() >= _ROW_OF_FLATTEN]
    return any(r in flattened if r is not None else bool(flattened) for r in tables)


def grouped(scope: Scope, relation: Relation, node: Any) -> None:
    """Take GROUP BY and DISTINCT down."""
    group = node.args.get("group")
    distinct = node.args.get("distinct")
    if group is not None:
        keys = list(group.expressions)
        for more in ("cube", "rollup", "grouping_sets"):
            found = group.args.get(more)
            keys += found if isinstance(found, list) else []
        for key in keys:
            _key(scope, relation, key, GROUP_BY)
        if group.args.get("all"):
            _group_by_all(scope, relation, node)
    if distinct is not None:
        on = distinct.args.get("on")
        if isinstance(on, exp.Expression):
            walk(scope, on, scope.influence, GROUP_BY)
        else:
            for cell in relation.cells:
                influence(scope.influence, cell.flow, GROUP_BY)


def _group_by_all(scope: Scope, relation: Relation, node: Any) -> None:
    for item, cell in zip(node.expressions, relation.cells, strict=False):
        if next(item.find_all(exp.AggFunc), None) is None:
            influence(scope.influence, cell.flow, GROUP_BY)


def ordered(scope: Scope, relation: Relation, node: Any) -> None:
    """Take ORDER BY and its kin down."""
    output = Relation(relation.names, relation.cells, relation.openings)
    scope.alias_first = True
    if isinstance(node, (exp.SetOperation, exp.Subquery)):
        scope.add("", output)
    else:
        for name, cell in zip(relation.names, relation.cells, strict=True):
            scope.aliases.setdefault(name.lower(), cell)
    for clause in ORDERS:
        keys = node.args.get(clause)
        for key in keys.expressions if keys is not None else ():
            if isinstance(key.this, exp.Var) and key.this.name.upper() == "ALL":
                for cell in relation.cells:
                    influence(scope.influence, cell.flow, SORT)
            else:
                _key(scope, relation, key, SORT)
    scope.alias_first = False
