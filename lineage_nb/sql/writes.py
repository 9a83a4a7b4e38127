"""Statements that write: what goes into which column of which table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from lineage_nb.sql.draft import Draft
from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import Cell, Flow
from lineage_nb.sql.output import expand_star, output_name
from lineage_nb.sql.queries import evaluate, with_ctes
from lineage_nb.sql.relations import BaseTable, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.sources import add_sources
from lineage_nb.sql.words import CONDITIONAL, FILTER, JOIN

__all__ = ["WRITERS", "write"]


def write(node: Any, scope: Scope, draft: Draft) -> Relation:
    """Take down what a statement writes; gives the relation of its RETURNING clause."""
    return WRITERS[type(node)](node, scope, draft)


def _inner(node: Any, scope: Scope) -> Scope:
    return Scope(scope.context, scope, with_ctes(node, scope))


def _target(node: Any) -> Any:
    while isinstance(node, (exp.Schema, exp.Alias, exp.Paren)):
        node = node.this
    return node


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
    inner = _inner(node, scope)
    target = _target(node.this)
    if isinstance(target, exp.Directory):
        name = str(getattr(target.this, "name", target.this))
        exported = evaluate(node.expression, inner)
        draft.write(name, exported, exported.names)
        return Relation()
    table = inner.context.table(target, read=False)
    listed = _listed(node.this, inner) or [inner.context.names.fold(c) for c in node.args.get("columns") or ()]
    query = node.expression
    draft.wrote(table.table)
    if node.args.get("overwrite") and not target.args.get("partition"):
        draft.event("replace", table.table)
    relation: Relation
    if isinstance(query, exp.Table):
        relation = inner.context.table(query)
    elif isinstance(query, exp.Expression):
        relation = evaluate(query, inner)
    else:
        relation = Relation()
    names = listed or _positions(table, relation, target, bool(node.args.get("by_name")), inner)
    draft.write(table.table, relation, names)
    _conflict(node, inner, draft, table, relation, names)
    return _returning(node, inner, table, target)


def _positions(
    table: BaseTable, relation: Relation, target: Any, by_name: bool, scope: Scope
) -> Sequence[str]:
    """Names of the target's columns that a query fills by position; the query's own where that is not known."""
    if by_name or not table.known or not relation.complete:
        return relation.names
    partition = target.args.get("partition")
    fixed = {
        scope.context.names.fold(e.this.this).lower()
        for e in (partition.expressions if partition is not None else ())
        if isinstance(e, exp.EQ) and isinstance(e.this, exp.Column)
    }
    names = [n for n in table.names if n.lower() not in fixed]
    if len(names) < len(relation.names):
        scope.context.problem(f"{table.table} has {len(names)} columns, the query gives {len(relation.names)}", target)
        return relation.names
    return names[: len(relation.names)]


def _conflict(
    node: Any, scope: Scope, draft: Draft, table: BaseTable, relation: Relation, names: Sequence[str]
) -> None:
    conflict = node.args.get("conflict")
    if conflict is None or not conflict.expressions:
        return
    inner = Scope(scope.context, scope, scope.ctes)
    excluded = Relation(list(names), relation.cells[: len(names)])
    inner.relations = [(_alias(node.this, table), table), ("excluded", excluded), ("new", excluded)]
    where = conflict.args.get("where")
    if where is not None:
        walk(inner, where.this, inner.influence, FILTER)
    _assign(conflict.expressions, inner, draft, table)


def _alias(target: Any, table: BaseTable) -> str:
    node = _target(target)
    return str(node.alias_or_name if isinstance(node, exp.Table) else table.table).lower()


def _returning(node: Any, scope: Scope, table: BaseTable, target: Any) -> Relation:
    clause = node.args.get("returning")
    if clause is None:
        return Relation()
    inner = Scope(scope.context, scope, scope.ctes)
    inner.relations = [(_alias(target, table), table)]
    names, cells = [], []
    for item in clause.expressions:
        if isinstance(item, exp.Star):
            more = expand_star(inner, item)
            names += more[0]
            cells += more[1]
        else:
            names.append(output_name(inner, item))
            cells.append(cell_of(inner, item))
    return Relation(names, cells)


def _assign(assignments: Sequence[Any], scope: Scope, draft: Draft, table: BaseTable, condition: Any = None) -> None:
    """``SET a = …, (b, c) = (…)``: each assigned column with what it is made of."""
    for item in assignments:
        if not isinstance(item, (exp.EQ, exp.PropertyEQ)):
            continue
        left, right = item.this, item.expression
        if isinstance(left, exp.Tuple):
            targets = list(left.expressions)
            row = _row(right, scope)
            cells = [c for c, _ in zip(row, targets, strict=False)]
        else:
            targets, cells = [left], [cell_of(scope, right)]
        for target, cell in zip(targets, cells, strict=False):
            name = scope.context.names.fold(target.this if isinstance(target, exp.Column) else target)
            flow: Flow = dict(cell.flow)
            if condition is not None:
                walk(scope, condition, flow, CONDITIONAL)
            draft.column(table.table, name, flow)
    draft.influence(table.table, scope.influence)


def _row(node: Any, scope: Scope) -> Sequence[Cell]:
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Tuple):
        return [cell_of(scope, e) for e in node.expressions]
    relation = evaluate(node, scope)
    scope.influence.update(relation.influence)
    return relation.cells


def _update(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "UPDATE"
    inner = _inner(node, scope)
    target = _target(node.this)
    table = inner.context.table(target, read=False)
    alias = _alias(target, table)
    sources = node.args.get("from_")
    if sources is not None:
        add_sources(inner, sources.this, [])
    named = next((r for a, r in inner.relations if a == alias and isinstance(r, BaseTable)), None)
    if named is not None and not target.args.get("db"):
        inner.context.inputs.pop(table.table, None)
        table = named
    else:
        inner.relations.insert(0, (alias, table))
        inner.found.clear()
    if target.args.get("joins"):
        add_sources(inner, None, target.args["joins"])
    draft.wrote(table.table)
    if node.args.get("where") is not None:
        walk(inner, node.args["where"].this, inner.influence, FILTER)
    _collect(inner)
    table = _assigned_table(node, inner, table, draft)
    _assign(node.expressions, inner, draft, table)
    if named is not None and not _reads_itself(draft, table.table):
        inner.context.inputs.pop(table.table, None)
    return _returning(node, inner, table, target)


def _assigned_table(node: Any, scope: Scope, table: BaseTable, draft: Draft) -> BaseTable:
    """MySQL's multi-table UPDATE may assign to a joined table: the qualifier tells which."""
    for item in node.expressions:
        left = item.this if isinstance(item, exp.EQ) else None
        if isinstance(left, exp.Column) and left.table:
            found = scope.relation([left.table.lower()])
            if isinstance(found, BaseTable) and found.table != table.table:
                draft.unwrote(table.table)
                scope.context.inputs[table.table] = None
                scope.context.inputs.pop(found.table, None)
                draft.wrote(found.table)
                return found
    return table


def _reads_itself(draft: Draft, table: str) -> bool:
    return any(key[0] == table for _, flow in draft.columns_of(table) for key in flow)


def _collect(scope: Scope) -> None:
    for _, relation in scope.relations:
        scope.influence.update(relation.influence)


def _delete(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "DELETE"
    inner = _inner(node, scope)
    named = node.args.get("tables") or []
    target = _target(named[0] if named else node.this)
    if named:
        add_sources(inner, node.this, [])
        found = inner.relation([target.name.lower()])
        table = found if isinstance(found, BaseTable) else inner.context.table(target, read=False)
        inner.context.inputs.pop(table.table, None)
    else:
        table = inner.context.table(target, read=False)
        inner.relations = [(_alias(target, table), table)]
    using = node.args.get("using") or ()
    for source in using if isinstance(using, (list, tuple)) else ():
        add_sources(inner, source, [])
    if target.args.get("joins") and not named:
        add_sources(inner, None, target.args["joins"])
    draft.wrote(table.table)
    if node.args.get("where") is not None:
        walk(inner, node.args["where"].this, inner.influence, FILTER)
    _collect(inner)
    draft.influence(table.table, inner.influence)
    return _returning(node, inner, table, target)


def _merge(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "MERGE"
    inner = _inner(node, scope)
    target = _target(node.this)
    table = inner.context.table(target, read=False)
    inner.relations = [(_alias(target, table), table)]
    add_sources(inner, node.args["using"], [])
    source = inner.relations[-1]
    draft.wrote(table.table)
    if node.args.get("on") is not None:
        walk(inner, node.args["on"], inner.influence, JOIN)
    for name in node.args.get("using_cond") or ():
        for _, relation in inner.relations:
            cell = relation.listed(name.name) or relation.possible(inner.context.names.fold(name))
            if cell is not None:
                inner.influence.update({(t, c, p, JOIN): 0 for t, c, p, _ in cell.flow})
    _collect(inner)
    for when in node.args["whens"].expressions:
        _when(when, inner, draft, table, source[1])
    draft.influence(table.table, inner.influence)
    return _returning(node, inner, table, target)


def _when(when: Any, scope: Scope, draft: Draft, table: BaseTable, source: Relation) -> None:
    condition = when.args.get("condition")
    if isinstance(condition, exp.Expression):
        walk(scope, condition, scope.influence, FILTER)
    action = when.args.get("then")
    if isinstance(action, exp.Update):
        if any(isinstance(e, exp.Star) for e in action.expressions):
            draft.write(table.table, source, _same_names(source))
        else:
            _assign(action.expressions, scope, draft, table)
        return
    if not isinstance(action, exp.Insert):
        return
    inner = Scope(scope.context, scope.parent, scope.ctes)
    inner.relations = [r for r in scope.relations if r[1] is source] or scope.relations[-1:]
    listed = action.this.expressions if isinstance(action.this, exp.Tuple) else None
    values = action.expression
    if isinstance(action.this, (exp.Star, exp.Var)) or not isinstance(values, exp.Expression):
        by_position = isinstance(action.this, exp.Var)
        names = _positions(table, source, exp.Table(), not by_position, scope)
        draft.write(table.table, Relation(source.names, source.cells, source.openings), names)
        return
    row = values.expressions if isinstance(values, exp.Tuple) else [values]
    if listed is None:
        names = table.names if table.known else [output_name(inner, v) for v in row]
    else:
        names = [scope.context.names.fold(c.this if isinstance(c, exp.Column) else c) for c in listed]
    for name, value in zip(names, row, strict=False):
        draft.column(table.table, name, dict(cell_of(inner, value).flow))
    scope.influence.update(inner.influence)


def _same_names(source: Relation) -> Sequence[str]:
    return source.names


def _multi(node: Any, scope: Scope, draft: Draft) -> Relation:
    draft.kind = "INSERT"
    inner = _inner(node, scope)
    source = node.args.get("source")
    if source is not None:
        relation = evaluate(source, inner)
        inner.relations = [("", relation)]
        alias = source.args.get("alias")
        if alias is not None:
            inner.relations = [(alias.name.lower(), relation)]
    for item in node.expressions:
        insert = item.this if isinstance(item, exp.ConditionalInsert) else item
        condition = item.args.get("expression") if isinstance(item, exp.ConditionalInsert) else None
        _branch(insert, condition, inner, draft, source is not None)
    return Relation()


def _branch(insert: Any, condition: Any, scope: Scope, draft: Draft, shared: bool) -> None:
    if not shared:
        _insert(insert, scope, draft)
        return
    relation = scope.relations[0][1]
    table = scope.context.table(_target(insert.this), read=False)
    listed = _listed(insert.this, scope)
    draft.wrote(table.table)
    rows: Flow = dict(relation.influence)
    if isinstance(condition, exp.Expression):
        walk(scope, condition, rows, FILTER)
    values = insert.expression
    if isinstance(values, exp.Values):
        inner = Scope(scope.context, scope, scope.ctes)
        relation = evaluate(values, inner)
    names = listed or _positions(table, relation, exp.Table(), False, scope)
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
    exp.Update: _update,
    exp.Delete: _delete,
    exp.Merge: _merge,
    exp.MultitableInserts: _multi,
}
