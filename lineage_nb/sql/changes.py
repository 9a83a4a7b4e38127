"""Statements that change the rows of a table: UPDATE, DELETE, MERGE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from lineage_nb.sql.draft import Draft
from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import CARRIED, Cell, Flow, Items
from lineage_nb.sql.output import expand_star, names_column, output_name
from lineage_nb.sql.queries import evaluate, with_scope
from lineage_nb.sql.relations import STAR, BaseTable, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.sources import add_sources
from lineage_nb.sql.words import FILTER, JOIN

__all__ = [
    "alias_of",
    "assign",
    "delete",
    "inner_scope",
    "merge",
    "positions",
    "returning",
    "target_of",
    "update",
]


def inner_scope(node: Any, scope: Scope) -> Scope:
    """The scope of a statement, with its CTEs: the one around it where that is still empty."""
    if scope.parent is None and not scope.relations and node.args.get("with_") is None:
        return scope
    return with_scope(node, scope)


def target_of(node: Any) -> Any:
    """The table that a statement names as its target."""
    while isinstance(node, (exp.Schema, exp.Alias, exp.Paren)):
        node = node.this
    return node


def positions(
    table: BaseTable, relation: Relation, target: Any, by_name: bool, scope: Scope
) -> Sequence[str]:
    """Names of the target's columns that a query fills by position; the query's own where that is not known.

    Where the counts differ what fits is named, and a star says that the rest of the target's columns is open.
    """
    if by_name or not table.known or not relation.complete:
        return relation.names
    partition = target.args.get("partition")
    fixed = {
        scope.context.names.fold(e.this.this).lower()
        for e in (partition.expressions if partition is not None else ())
        if isinstance(e, exp.EQ) and isinstance(e.this, exp.Column)
    }
    names = [n for n in table.names if n.lower() not in fixed]
    if len(relation.names) != len(names):  # the engine fills the others itself
        names = [n for n in table.given if n.lower() not in fixed]
    return fitting(table.table, names, len(relation.names), scope, target)


_SHORT = frozenset(("postgres", "redshift", "databricks", "spark", "spark2", "sqlite", "dialect"))
"""Dialects whose INSERT may give fewer values than the table has columns."""


def fitting(table: str, names: Sequence[str], given: int, scope: Scope, node: Any) -> Sequence[str]:
    """Names for values by position: a star where they are more, or fewer than the dialect allows."""
    if given == len(names) or (given < len(names) and scope.context.dialect in _SHORT):
        return names[:given]
    scope.context.problem(f"{table} has {len(names)} columns, the query gives {given}", node)
    return [*names[:given], *[STAR] * max(given - len(names), 1)]


def returning(node: Any, scope: Scope, table: Relation, target: Any, rows: Flow) -> Relation:
    """What RETURNING gives: columns of the target, in the rows that were touched."""
    clause = node.args.get("returning")
    if clause is None:
        return Relation()
    inner = Scope(scope.context, scope, scope.ctes)
    inner.relations = [(str(target_of(target).alias_or_name).lower(), table)]
    if scope.context.dialect == "tsql":
        inner.relations = [("inserted", table), ("deleted", table)]
    names, cells, openings = [], [], []
    for item in clause.expressions:
        if isinstance(item, exp.Star):
            more = expand_star(inner, item)
            names += more[0]
            cells += more[1]
            openings += more[2]
        elif item.sql().lower().startswith("$action"):  # of T-SQL's MERGE
            names.append("$action")
            cells.append(Cell({}))
        else:
            names.append(output_name(inner, item))
            cells.append(cell_of(inner, item))
    return Relation(names, cells, openings, dict(rows))


def alias_of(target: Any, table: BaseTable) -> str:
    """Under which name the rest of the statement knows its target."""
    node = target_of(target)
    return str(node.alias_or_name if isinstance(node, exp.Table) else table.table).lower()


def assign(assignments: Sequence[Any], scope: Scope, draft: Draft, target: Relation) -> None:
    """``SET a = …, (b, c) = (…)``: each assigned column of the target, or of the source it is qualified with."""
    written: dict[str, None] = {}
    for item in assignments:
        if not isinstance(item, (exp.EQ, exp.PropertyEQ)):
            continue
        left, right = item.this, item.expression
        if isinstance(left, exp.Parameter):  # T-SQL's SET @n = column = …
            if not isinstance(right, exp.EQ):
                continue
            left, right = right.this, right.expression
        if isinstance(left, exp.Tuple):
            columns, cells = list(left.expressions), _row(right, scope)
        else:
            columns, cells = [left], [cell_of(scope, right)]
        for column, cell in zip(columns, cells, strict=False):
            place = _place(column, scope, target)
            if place is None:
                scope.context.problem("the table of an assigned column is not known", column)
                continue
            draft.column(*place, dict(cell.flow), made_by(cell, right, item))
            written[place[0]] = None
    for table in written or ([target.table] if isinstance(target, BaseTable) else ()):
        draft.influence(table, scope.influence)


def made_by(cell: Cell, value: Any, item: Any) -> Items:
    """The projections behind a value that is written: the `item` it stands in, unless it is a column as it is."""
    return cell.items if cell.items and names_column(value) else ((cell.flow, item),)


def _place(column: Any, scope: Scope, target: Relation) -> tuple[str, str] | None:
    """Table and column that an assignment writes; through a view of them, those behind it."""
    name = scope.context.names.fold(column.this if isinstance(column, exp.Column) else column)
    relation = target
    if isinstance(column, exp.Column) and column.table:
        qualifier = scope.context.names.fold(column.args["table"])
        source = scope.relation([qualifier])
        if source is None:  # a field of a struct
            name = f"{qualifier}.{name}"
        relation = source or target
    if isinstance(relation, BaseTable):
        return relation.table, name
    cell = relation.listed(name) or relation.possible(name)
    return cell.table if cell is not None else None


def _row(node: Any, scope: Scope) -> Sequence[Cell]:
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and node.name.upper() == "ROW"):
        return [cell_of(scope, e) for e in node.expressions]
    relation = evaluate(node, scope)
    scope.influence.update(relation.influence)
    return relation.cells


def _target(node: Any, scope: Scope) -> tuple[str, Relation]:
    """The relation that a statement changes: a table, one of its sources, a CTE or a query over a table."""
    if isinstance(node, exp.Subquery):
        return node.alias.lower(), evaluate(node, scope)
    alias = node.alias_or_name.lower()
    if not node.args.get("db") and isinstance(node.this, exp.Identifier):
        named = next((r for a, r in scope.relations if a == alias), None) or scope.ctes.get(node.name.lower())
        if named is not None:
            return alias, named
    return alias, scope.context.table(node, read=False)


def _behind(relation: Relation) -> list[str]:
    """Tables whose rows a relation shows."""
    if isinstance(relation, BaseTable):
        return [relation.table]
    return list(dict.fromkeys(c.table[0] for c in relation.cells if c.table is not None))


def _only_written(scope: Scope, tables: Sequence[str]) -> None:
    """Take tables that are named as the target alone out of what is read; carried values bring them back."""
    for table in tables:
        named = [r for _, r in scope.relations if isinstance(r, BaseTable) and r.table == table]
        if len(named) <= 1:
            scope.context.inputs.pop(table, None)


def _collect(scope: Scope, node: Any) -> None:
    """Gather what decides which rows are touched."""
    if node.args.get("where") is not None:
        walk(scope, node.args["where"].this, scope.influence, FILTER)
    for _, relation in scope.relations:
        scope.influence.update(relation.influence)


def update(node: Any, scope: Scope, draft: Draft) -> Relation:
    """UPDATE, with FROM, joins, or through a CTE or a query."""
    draft.kind = "UPDATE"
    inner = inner_scope(node, scope)
    target = target_of(node.this)
    if node.args.get("from_") is not None:
        add_sources(inner, node.args["from_"].this, [])
    alias, relation = _target(target, inner)
    if all(r is not relation for _, r in inner.relations):
        inner.relations.insert(0, (alias, relation))
        inner.changed()
    if target.args.get("joins"):
        add_sources(inner, None, target.args["joins"])
    if isinstance(relation, BaseTable) and not target.args.get("joins"):
        draft.wrote(relation.table)
    _collect(inner, node)
    assign(node.expressions, inner, draft, relation)
    written = [t for t in draft.outputs if t]
    for table in written:
        draft.influence(table, inner.influence)
    for table in _behind(relation):
        if table not in written:
            inner.context.inputs[table] = None
    _only_written(inner, written)
    return returning(node, inner, relation, target, inner.influence)


def delete(node: Any, scope: Scope, draft: Draft) -> Relation:
    """DELETE, with USING, joins, from several tables, or through a CTE."""
    draft.kind = "DELETE"
    inner = inner_scope(node, scope)
    named = [t for t in node.args.get("tables") or () if isinstance(t, exp.Table)]
    using = node.args.get("using") or ()
    for source in using if isinstance(using, (list, tuple)) else ():
        add_sources(inner, source, [])
    first = target_of(node.this)
    if not isinstance(first, exp.Expression):  # BigQuery's DELETE t WHERE …
        first, named = named[0], []
    if named:
        add_sources(inner, first, [])
    relations = []
    for target in named or [first]:
        alias, relation = _target(target, inner)
        if all(r is not relation for _, r in inner.relations):
            inner.relations.insert(0, (alias, relation))
        relations.append(relation)
    inner.changed()
    if first.args.get("joins") and not named:
        add_sources(inner, None, first.args["joins"])
    _collect(inner, node)
    written = list(dict.fromkeys(t for r in relations for t in _behind(r)[:1]))
    for table in written:
        draft.wrote(table)
        draft.influence(table, inner.influence)
    _only_written(inner, written)
    return returning(node, inner, relations[0], first, inner.influence)


def merge(node: Any, scope: Scope, draft: Draft) -> Relation:
    """MERGE: each of its branches, and what decides between them."""
    draft.kind = "MERGE"
    inner = inner_scope(node, scope)
    target = target_of(node.this)
    table = inner.context.table(target, read=False)
    inner.relations = [(alias_of(target, table), table)]
    add_sources(inner, node.args["using"], [])
    source = inner.relations[-1]
    draft.wrote(table.table)
    if node.args.get("on") is not None:
        walk(inner, node.args["on"], inner.influence, JOIN)
    for name in node.args.get("using_cond") or ():
        for _, relation in inner.relations:
            cell = relation.listed(name.name) or relation.possible(inner.context.names.fold(name))
            if cell is not None:
                inner.influence.update({(t, c, p, JOIN): CARRIED for t, c, p, _ in cell.flow})
    _collect(inner, node)
    for when in node.args["whens"].expressions:
        _when(when, inner, draft, table, source[1])
    draft.influence(table.table, inner.influence)
    return returning(node, inner, table, target, inner.influence)


def _when(when: Any, scope: Scope, draft: Draft, table: BaseTable, source: Relation) -> None:
    condition = when.args.get("condition")
    if isinstance(condition, exp.Expression):
        seen = scope if when.args.get("matched") or when.args.get("source") else _of_source(scope, source)
        walk(seen, condition, scope.influence, FILTER)
    action = when.args.get("then")
    if isinstance(action, exp.Update):
        if action.args.get("where") is not None:
            walk(scope, action.args["where"].this, scope.influence, FILTER)
        if any(isinstance(e, exp.Star) for e in action.expressions):
            draft.write(table.table, source, source.names)
        else:
            assign(action.expressions, scope, draft, table)
    elif isinstance(action, exp.Insert):
        _insert(action, scope, draft, table, source)


def _of_source(scope: Scope, source: Relation) -> Scope:
    """What a branch for rows without a match sees: the source alone."""
    inner = Scope(scope.context, scope.parent, scope.ctes)
    inner.relations = [r for r in scope.relations if r[1] is source] or scope.relations[-1:]
    return inner


def _insert(action: Any, scope: Scope, draft: Draft, table: BaseTable, source: Relation) -> None:
    inner = _of_source(scope, source)
    listed, values = action.this, action.expression
    if isinstance(listed, exp.Tuple) and len(listed.expressions) == 1 and _is_values(listed.expressions[0]):
        values = exp.Tuple(expressions=listed.expressions[0].expressions)
        listed = None
    if isinstance(listed, (exp.Star, exp.Var)) or not isinstance(values, exp.Expression):
        names = positions(table, source, exp.Table(), not isinstance(listed, exp.Var), scope)
        draft.write(table.table, Relation(source.names, source.cells, source.openings), names)
        return
    row = values.expressions if isinstance(values, exp.Tuple) else [values]
    if isinstance(listed, exp.Tuple):
        fold = scope.context.names.fold
        names = [fold(c.this if isinstance(c, exp.Column) else c) for c in listed.expressions]
    else:
        names = [output_name(inner, v) for v in row]
        if table.known:
            every = table.names if len(table.names) == len(row) else table.given
            names = fitting(table.table, every, len(row), scope, action)
            if len(names) > len(row):
                draft.column(table.table, STAR, {})
    for name, value in zip(names, row, strict=False):
        cell = cell_of(inner, value)
        draft.column(table.table, name, dict(cell.flow), made_by(cell, value, value))
    scope.influence.update(inner.influence)


def _is_values(node: Any) -> bool:
    """``INSERT VALUES (…)`` without a column list, which is parsed as a function."""
    return isinstance(node, exp.Anonymous) and node.name.upper() == "VALUES"
