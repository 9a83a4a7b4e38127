"""From a query to the relation it gives: SELECT, set operations, VALUES, WITH."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import CARRIED, Cell, Flow, influence
from lineage_nb.sql.output import expand_star, output_name
from lineage_nb.sql.pivots import matched, pivoted
from lineage_nb.sql.relations import STAR, Opening, Relation
from lineage_nb.sql.scope import Context, Scope
from lineage_nb.sql.sources import add_sources, columns_of_alias
from lineage_nb.sql.words import FILTER, GROUP_BY, SORT, TRANSFORMATION

__all__ = ["evaluate", "with_ctes"]

Ctes = dict[str, Relation]


def evaluate(node: Any, parent: Scope) -> Relation:
    """What a query gives, seen from the scope around it.

    Parameters
    ----------
    node
        A SELECT, set operation, VALUES, table or any of them in parentheses.
    parent
        The scope around it: what correlated columns may refer to, and its CTEs.
    """
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.SetOperation):
        return _set_operation(node, parent)
    if isinstance(node, exp.Select):
        return _select(node, parent)
    if isinstance(node, exp.Subquery):
        return _subquery(node, parent)
    if isinstance(node, (exp.Values, exp.Tuple)):
        return _values(node, parent)
    scope = Scope(parent.context, parent, with_ctes(node, parent))
    if isinstance(node, (exp.Table, exp.Unnest, exp.Lateral)):
        add_sources(scope, node, [])
        names, cells, openings = expand_star(scope, None)
        return Relation(names, cells, openings, scope.influence)
    if isinstance(node, exp.Pivot):
        add_sources(scope, node.this, [])
        return pivoted(scope, scope.relations.pop()[1], node)
    if isinstance(node, exp.DML):
        return scope.context.write(node, scope)
    if isinstance(node, exp.Expression):
        cell = cell_of(scope, node)
        return Relation([output_name(scope, node)], [cell], influence=scope.influence)
    return Relation()


def with_ctes(node: Any, parent: Scope) -> Ctes:
    """The CTEs that `node` sees: those around it, and its own."""
    clause = node.args.get("with_")
    if clause is None:
        return parent.ctes
    ctes = dict(parent.ctes)
    for cte in clause.expressions:
        name = cte.alias.lower()
        scope = Scope(parent.context, parent, ctes)
        if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
            ctes[name] = _recursive(cte, name, scope, ctes)
        else:
            relation = evaluate(cte.this, scope)
            ctes[name] = relation.renamed(columns_of_alias(scope, cte.args.get("alias")))
    return ctes


def _recursive(cte: Any, name: str, scope: Scope, ctes: Ctes) -> Relation:
    """A recursive CTE: its first branch, then all of it again on what came out, until nothing more comes."""
    columns = columns_of_alias(scope, cte.args.get("alias"))
    anchor = cte.this
    while isinstance(anchor, exp.SetOperation):
        anchor = anchor.this
    problems = len(scope.context.problems)
    relation = evaluate(anchor, scope).renamed(columns)
    for _ in range(len(relation.cells) + 2):
        before = [dict(cell.flow) for cell in relation.cells], dict(relation.influence)
        del scope.context.problems[problems:]
        ctes[name] = relation
        relation = evaluate(cte.this, scope).renamed(columns)
        if before == ([cell.flow for cell in relation.cells], relation.influence):
            break
    return relation


def _subquery(node: Any, parent: Scope) -> Relation:
    inner = node.this
    if node.args.get("joins") or node.args.get("pivots") or isinstance(inner, exp.Table):
        scope = Scope(parent.context, parent, with_ctes(node, parent))
        add_sources(scope, inner, node.args.get("joins") or [])
        names, cells, openings = expand_star(scope, None)
        return Relation(names, cells, openings, scope.influence)
    scope = Scope(parent.context, parent, with_ctes(node, parent))
    scope.shadowed = parent.shadowed
    relation = evaluate(inner, scope)
    if node.args.get("order") is not None:
        _ordered(scope, relation, node)
        relation.influence = {**relation.influence, **scope.influence}
    return relation


def _values(node: Any, parent: Scope) -> Relation:
    scope = Scope(parent.context, parent, with_ctes(node, parent))
    rows = [r.expressions if isinstance(r, exp.Tuple) else [r] for r in node.expressions]
    if isinstance(node, exp.Tuple):
        rows = [node.expressions]
    if not rows:
        return Relation()
    columns: list[list[Cell]] = [[] for _ in rows[0]]
    for row in rows[:1000]:
        for position, value in enumerate(row[: len(columns)]):
            if not isinstance(value, exp.Literal):
                columns[position].append(cell_of(scope, value))
    cells = [Cell.merged(found) if found else Cell({}) for found in columns]
    names = columns_of_alias(scope, node.args.get("alias")) or [f"col{i}" for i in range(len(cells))]
    return Relation(names[: len(cells)], cells, influence=scope.influence)


def _branches(node: Any, parent: Scope) -> list[tuple[Any, str, bool, Scope]]:
    """Branches of a chain of set operations, left to right, without recursion: (query, operation, by name, scope)."""
    found: list[tuple[Any, str, bool, Scope]] = []
    while isinstance(node, exp.SetOperation):
        parent = Scope(parent.context, parent, with_ctes(node, parent))
        kind = type(node).__name__ + ("" if node.args.get("distinct") is False else " DISTINCT")
        found.append((node.expression, kind, bool(node.args.get("by_name")), parent))
        node = node.this
    found.append((node, "", False, parent))
    return found[::-1]


def _set_operation(node: Any, parent: Scope) -> Relation:
    branches = _branches(node, parent)
    first, _, _, inner = branches[0]
    relation = evaluate(first, inner)
    names, columns = list(relation.names), [[cell] for cell in relation.cells]
    openings, rows = list(relation.openings), dict(relation.influence)
    for query, kind, by_name, scope in branches[1:]:
        other = evaluate(query, scope)
        rows.update(other.influence)
        if kind.startswith("Except"):
            for cell in other.cells:
                influence(rows, cell.flow, FILTER)
            continue
        openings += other.openings
        _align(names, columns, other, by_name, node, parent.context)
        if kind.endswith("DISTINCT"):
            for cell in (*(c for found in columns for c in found),):
                influence(rows, cell.flow, GROUP_BY)
    cells = [Cell.merged(found) for found in columns]
    result = Relation(names, cells, openings, rows)
    if node.args.get("order") is not None:
        scope = Scope(parent.context, parent)
        _ordered(scope, result, node)
        result.influence.update(scope.influence)
    return result


def _align(
    names: list[str], columns: list[list[Cell]], other: Relation, by_name: bool, node: Any, context: Context
) -> None:
    """Put the columns of a further branch to those before it: by position, or by name where the query says so."""
    if by_name:
        known = {name.lower(): position for position, name in enumerate(names)}
        for name, cell in zip(other.names, other.cells, strict=True):
            if name.lower() in known:
                columns[known[name.lower()]].append(cell)
            else:
                names.append(name)
                columns.append([cell])
        return
    stars = STAR in names or STAR in other.names
    if not stars or (names.index(STAR) if STAR in names else -1) == (
        other.names.index(STAR) if STAR in other.names else -1
    ):
        if len(names) != len(other.names) and not stars:
            context.problem(f"branches have {len(names)} and {len(other.names)} columns", node)
        for found, cell in zip(columns, other.cells, strict=False):
            found.append(cell)
        return
    _align_stars(names, columns, other)


def _align_stars(names: list[str], columns: list[list[Cell]], other: Relation) -> None:
    """Where a star stands in one branch only, positions are not known: names decide, and the star may be any."""
    index = other.index()
    star = other.listed(STAR)
    for name, found in zip(names, columns, strict=True):
        position = index.get(name.lower())
        cell = other.cells[position] if position is not None else other.possible(name) or star
        if cell is not None:
            found.append(cell)
        elif name == STAR:
            found.extend(other.cells)


def _select(node: Any, parent: Scope) -> Relation:
    args = node.args
    scope = Scope(parent.context, parent, with_ctes(node, parent) if "with_" in args else None)
    for window in args.get("windows") or ():
        scope.windows[window.name.lower()] = window
    source = args.get("from_")
    joins = args.get("joins") or []
    if source is not None:
        add_sources(scope, source.this, joins)
    elif joins:
        add_sources(scope, None, joins)
    for lateral in args.get("laterals") or ():
        add_sources(scope, lateral, [], lateral=True)
    if args.get("match") is not None:
        alias, matching = scope.relations.pop()
        scope.add(alias, matched(scope, matching, args["match"]))
    _filters(scope, args)
    relation = _projections(scope, node)
    _grouped(scope, relation, node)
    if args.get("order") is not None:
        _ordered(scope, relation, node)
    _late_filters(scope, args)
    for _, source_relation in scope.relations:
        if source_relation.influence:
            scope.influence.update(source_relation.influence)
    relation.influence = scope.influence
    return relation


def _filters(scope: Scope, args: dict[str, Any]) -> None:
    for clause in ("where", "prewhere", "connect"):
        node = args.get(clause)
        if node is None:
            continue
        for condition in (node.this, node.args.get("start"), node.args.get("connect")):
            if isinstance(condition, exp.Expression):
                walk(scope, condition, scope.influence, FILTER)


def _late_filters(scope: Scope, args: dict[str, Any]) -> None:
    for clause in ("having", "qualify"):
        if args.get(clause) is not None:
            walk(scope, args[clause].this, scope.influence, FILTER)


def _projections(scope: Scope, node: Any) -> Relation:
    names: list[str] = []
    cells: list[Cell] = []
    openings: list[Opening] = []
    for item in node.expressions:
        kind = type(item)
        if kind is exp.Star or (kind is exp.Column and type(item.args["this"]) is exp.Star):
            more = expand_star(scope, item)
            names += more[0]
            cells += more[1]
            openings += more[2]
            continue
        if kind is exp.Aliases:
            _several(scope, item, names, cells)
            continue
        cell = cell_of(scope, item)
        name = output_name(scope, item)
        names.append(name)
        cells.append(cell)
        if kind is exp.Alias:
            lower = name.lower()
            scope.aliases[lower] = cell
            scope.projections[lower] = item
    if str(node.args.get("kind") or "").upper() == "VALUE" and len(cells) == 1:
        return Relation(names, cells, openings, whole=cells[0])
    return Relation(names, cells, openings)


def _several(scope: Scope, item: Any, names: list[str], cells: list[Cell]) -> None:
    """``posexplode(arr) AS (pos, value)``: several columns from one expression."""
    flow: Flow = {}
    walk(scope, item.this, flow, TRANSFORMATION, CARRIED)
    for identifier in item.args.get("expressions") or item.aliases:
        names.append(scope.context.names.fold(identifier))
        cells.append(Cell(flow))


def _key(scope: Scope, relation: Relation, key: Any, subtype: int) -> None:
    """A key of GROUP BY or ORDER BY: a position, an alias or an expression."""
    while isinstance(key, (exp.Ordered, exp.Paren)):
        key = key.this
    if isinstance(key, exp.Literal):
        if not key.is_string and key.this.isdigit() and 0 < int(key.this) <= len(relation.cells):
            influence(scope.influence, relation.cells[int(key.this) - 1].flow, subtype)
        return
    walk(scope, key, scope.influence, subtype)


def _grouped(scope: Scope, relation: Relation, node: Any) -> None:
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


def _ordered(scope: Scope, relation: Relation, node: Any) -> None:
    output = Relation(relation.names, relation.cells, relation.openings)
    scope.alias_first = True
    if isinstance(node, (exp.SetOperation, exp.Subquery)):
        scope.add("", output)
    else:
        for name, cell in zip(relation.names, relation.cells, strict=True):
            scope.aliases.setdefault(name.lower(), cell)
    for clause in ("order", "sort", "cluster", "distribute"):
        keys = node.args.get(clause)
        if keys is not None:
            for key in keys.expressions:
                _key(scope, relation, key, SORT)
    scope.alias_first = False
