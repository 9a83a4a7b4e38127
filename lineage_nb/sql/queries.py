"""From a query to the relation it gives: SELECT, set operations, VALUES, WITH."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.clauses import ORDERS, filtered, grouped, grouped_by_row, late_filtered, ordered
from lineage_nb.sql.context import Context
from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import CARRIED, Cell, Flow, decided_by, influence
from lineage_nb.sql.groups import is_of_one, is_one_row, least_of, numbers_all
from lineage_nb.sql.output import expand_columns, expand_star, names_column, output_name, own_columns
from lineage_nb.sql.pivots import matched, pivoted
from lineage_nb.sql.placeholders import is_placeholder
from lineage_nb.sql.relations import STAR, BaseTable, Opening, Relation
from lineage_nb.sql.scope import GROUPING, Scope
from lineage_nb.sql.sources import add_sources
from lineage_nb.sql.table_functions import columns_of_alias, transformed
from lineage_nb.sql.words import FILTER, GROUP_BY, TRANSFORMATION

__all__ = ["evaluate", "with_scope"]

Ctes = dict[str, Relation]
_ORDERING = frozenset(ORDERS)


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
    scope = with_scope(node, parent)
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


def with_scope(node: Any, parent: Scope) -> Scope:
    """The scope of a query: with the CTEs around it and its own."""
    scope = Scope(parent.context, parent)
    clause = node.args.get("with_")
    if clause is None:
        return scope
    ctes = scope.ctes = dict(parent.ctes)
    for cte in clause.expressions:
        name = cte.alias.lower()
        if isinstance(cte.this, exp.Column) and is_placeholder(cte.this.name):
            ctes[name] = BaseTable("", None)  # of a template, which does not tell what stands there
            continue
        if not isinstance(cte.this, _QUERIES):  # ClickHouse's WITH expression AS name
            scope.named = {**scope.named, name: cte.this}
            continue
        inner = Scope(parent.context, parent, ctes)
        inner.named = scope.named
        if isinstance(cte.this, exp.SetOperation) and (
            clause.args.get("recursive") or _names_itself(cte, name, inner)
        ):
            ctes[name] = _recursive(cte, name, inner, ctes)
        else:
            relation = evaluate(cte.this, inner)
            ctes[name] = relation.renamed(columns_of_alias(inner, cte.args.get("alias")))
    return scope


_QUERIES = (exp.Query, exp.Subquery, exp.Values, exp.DML, exp.Table)


def _names_itself(cte: Any, name: str, scope: Scope) -> bool:
    """Whether a CTE is recursive without the word, in the dialects that do not need it."""
    if scope.context.dialect not in ("oracle", "tsql", "teradata", "snowflake"):
        return False
    return any(t.name.lower() == name and not t.args.get("db") for t in cte.this.find_all(exp.Table))


def _recursive(cte: Any, name: str, scope: Scope, ctes: Ctes) -> Relation:
    """A recursive CTE: its first branch, then the others on what came out, until nothing more comes.

    In the first branch its name means what it means outside: the table that it shadows.
    """
    columns = columns_of_alias(scope, cte.args.get("alias"))
    first, _, _, inner = _branches(cte.this, scope)[0]
    anchor = evaluate(first, inner)
    problems = len(scope.context.problems)
    relation = anchor.renamed(columns)
    for _ in range(len(relation.cells) + 2):
        before = [dict(cell.flow) for cell in relation.cells], dict(relation.influence)
        del scope.context.problems[problems:]
        ctes[name] = relation
        relation = _set_operation(cte.this, scope, anchor).renamed(columns)
        if before == ([cell.flow for cell in relation.cells], relation.influence):
            break
    return relation


def _subquery(node: Any, parent: Scope) -> Relation:
    inner = node.this
    if node.args.get("joins") or node.args.get("pivots") or isinstance(inner, exp.Table):
        scope = with_scope(node, parent)
        add_sources(scope, inner, node.args.get("joins") or [])
        names, cells, openings = expand_star(scope, None)
        return Relation(names, cells, openings, scope.influence)
    scope = with_scope(node, parent)
    scope.shadowed = parent.shadowed
    relation = evaluate(inner, scope)
    if node.args.get("order") is not None:
        ordered(scope, relation, node)
        relation.influence = {**relation.influence, **scope.influence}
    return relation


def _values(node: Any, parent: Scope) -> Relation:
    scope = with_scope(node, parent)
    rows = [r.expressions if isinstance(r, exp.Tuple) else [r] for r in node.expressions]
    if isinstance(node, exp.Tuple):
        rows = [node.expressions]
    if not rows:
        return Relation()
    columns: list[list[Cell]] = [[] for _ in rows[0]]
    for row in rows[:1000]:
        for position, value in enumerate(row[: len(columns)]):
            if not isinstance(value, exp.Literal):
                cell = cell_of(scope, value)
                columns[position].append(cell if cell.items and (names_column(value) or isinstance(value, exp.Subquery)) else cell.written(value))
    cells = [Cell.merged(found) if found else Cell({}) for found in columns]
    names = columns_of_alias(scope, node.args.get("alias")) or _values_names(scope, len(cells))
    relation = Relation(names[: len(cells)], cells, influence=scope.influence)
    relation.of_row = next(node.find_all(exp.Query), None) is None
    return relation


def _values_names(scope: Scope, count: int) -> list[str]:
    """Names of the columns of VALUES, as the dialect gives them."""
    pattern, first = _VALUES_NAMES.get(scope.context.dialect, ("column{}", 1))
    return [pattern.format(position + first) for position in range(count)]


_VALUES_NAMES = {
    "spark": ("col{}", 1),
    "spark2": ("col{}", 1),
    "databricks": ("col{}", 1),
    "hive": ("col{}", 1),
    "duckdb": ("col{}", 0),
    "mysql": ("column_{}", 0),
    "trino": ("_col{}", 0),
    "presto": ("_col{}", 0),
    "athena": ("_col{}", 0),
    "clickhouse": ("c{}", 1),
}


def _branches(node: Any, parent: Scope) -> list[tuple[Any, str, bool, Scope]]:
    """Branches of a chain of set operations, left to right, without recursion: (query, operation, by name, scope)."""
    found: list[tuple[Any, str, bool, Scope]] = []
    while isinstance(node, exp.SetOperation):
        parent = with_scope(node, parent)
        kind = type(node).__name__ + ("" if node.args.get("distinct") is False else " DISTINCT")
        found.append((node.expression, kind, bool(node.args.get("by_name")), parent))
        node = node.this
    found.append((node, "", False, parent))
    return found[::-1]


def _set_operation(node: Any, parent: Scope, anchor: Relation | None = None) -> Relation:
    """What a set operation gives; of a recursive one the first branch is known already."""
    branches = _branches(node, parent)
    first, _, _, inner = branches[0]
    relation = evaluate(first, inner) if anchor is None else anchor
    of_row = relation.of_row
    texts, filters = [_constants(first)], dict(relation.influence)
    names, columns = list(relation.names), [[cell] for cell in relation.cells]
    openings, rows = list(relation.openings), dict(relation.influence)
    for query, kind, by_name, scope in branches[1:]:
        other = evaluate(query, scope)
        of_row = of_row and other.of_row
        rows.update(other.influence)
        if kind.startswith("Except"):
            for cell in other.cells:
                influence(rows, cell.flow, FILTER)
            for cell in (c for found in columns for c in found) if kind.endswith("DISTINCT") else ():
                influence(rows, cell.flow, GROUP_BY)
            continue
        openings += other.openings
        texts.append(_constants(query))
        filters.update(other.influence)
        _align(names, columns, other, by_name, node, parent.context)
        if kind.endswith("DISTINCT"):
            for cell in (c for found in columns for c in found):
                influence(rows, cell.flow, GROUP_BY)
    for position, found in enumerate(columns):
        if len({t[position] if position < len(t) else "" for t in texts}) > 1 and any(not c.flow for c in found):
            found.append(Cell({}))
            decided_by(found[-1].flow, {key: how for key, how in filters.items() if key[3] == FILTER})
    cells = [Cell.merged(found) for found in columns]
    result = Relation(names, cells, openings, rows)
    result.of_row = of_row
    if node.args.get("order") is not None:
        scope = Scope(parent.context, parent)
        ordered(scope, result, node)
        result.influence.update(scope.influence)
    return result


def _constants(query: Any) -> list[str]:
    """Values that are written out in a branch, by position; empty for all others."""
    items = query.unnest().expressions if isinstance(query, (exp.Select, exp.Subquery)) else []
    bare = [item.unalias() for item in items]
    return [item.sql() if isinstance(item, exp.Literal) else "" for item in bare]


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
    scope = with_scope(node, parent)
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
        named = args["match"].args.get("alias")
        alias = named.name.lower() if isinstance(named, exp.Expression) else alias
        scope.add(alias, matched(scope, matching, args["match"]))
    if scope.context.aliases_in_where:
        scope.pending = {e.alias.lower(): e for e in node.expressions if type(e) is exp.Alias}
    filtered(scope, args)
    scope.pending = {}
    of_row = all(r.of_row for _, r in scope.relations) or is_one_row(scope, node, "where")
    scope.folds = (of_row and bool(scope.relations)) or grouped_by_row(scope, args.get("group")) or is_of_one(node)
    relation = _projections(scope, node)
    scope.late = GROUPING if scope.context.late_aliases else 0
    grouped(scope, relation, node)
    scope.late *= 2
    if not _ORDERING.isdisjoint(args):
        ordered(scope, relation, node)
    late_filtered(scope, args)
    for _, source_relation in scope.relations:
        if source_relation.influence:
            scope.influence.update(source_relation.influence)
    relation.influence = scope.influence
    if args.get("having") is not None or any(r.least for _, r in scope.relations):
        relation.least = least_of(scope, node, relation.cells)
    relation.single = len(scope.relations) == 1 and scope.relations[0][1].single
    relation.of_row = of_row or _is_one(args.get("limit")) or is_one_row(scope, node, "qualify")
    relation.numbers = frozenset(e.alias.lower() for e in node.expressions if type(e) is exp.Alias and numbers_all(e.this))
    return relation


def _is_one(limit: Any) -> bool:
    """Whether a LIMIT lets one row pass."""
    count = limit.args.get("count" if isinstance(limit, exp.Fetch) else "expression") if limit is not None else None
    return isinstance(count, exp.Literal) and str(count.this) == "1" and not limit.args.get("expressions")


def _projections(scope: Scope, node: Any) -> Relation:
    names: list[str] = []
    cells: list[Cell] = []
    openings: list[Opening] = []
    for item in node.expressions:
        kind = type(item)
        if kind is exp.Star or (kind is exp.Column and type(item.args["this"]) is exp.Star):
            more = expand_star(scope, item)
            names += more[0]
            cells += [c if c.items or not c.flow else c.written(item) for c in more[1]]
            openings += more[2]
            continue
        if kind is exp.QueryTransform:
            made = transformed(scope, item)
            names += made.names
            cells += made.cells
            continue
        if kind is exp.Aliases:
            _several(scope, item, names, cells)
            continue
        if scope.context.columns_function and own_columns(item):
            more = expand_columns(scope, item)
            names += more[0]
            cells += more[1]
            openings += more[2]
            continue
        cell = cell_of(scope, item)
        name = output_name(scope, item)
        names.append(name)
        if cell.flow and (not cell.items or not names_column(item)):
            cell = cell.written(item)
        cells.append(cell)
        if kind is exp.Alias:
            lower = name.lower()
            scope.aliases[lower] = cell
            scope.projections[lower] = item
    if str(node.args.get("kind") or "").upper() == "VALUE" and len(cells) == 1:
        fields = cells[0].fields
        if fields is not None:
            return Relation(list(fields), list(fields.values()), whole=cells[0])
        return Relation(names, cells, openings, whole=cells[0])
    return Relation(names, cells, openings)


def _several(scope: Scope, item: Any, names: list[str], cells: list[Cell]) -> None:
    """``posexplode(arr) AS (pos, value)``: several columns from one expression."""
    flow: Flow = {}
    walk(scope, item.this, flow, TRANSFORMATION, CARRIED)
    for position, identifier in enumerate(item.args.get("expressions") or item.aliases):
        names.append(scope.context.names.fold(identifier))
        ordinal = position == 0 and type(item.this).__name__.startswith("Posexplode")
        cells.append(Cell({} if ordinal else flow))
