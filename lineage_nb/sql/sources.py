"""What stands in FROM: tables, subqueries, joins, laterals, table functions."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.fixed import all_of, fix
from lineage_nb.sql.flows import Cell, Flow, decided_by, influence
from lineage_nb.sql.pivots import pivoted
from lineage_nb.sql.placeholders import is_placeholder
from lineage_nb.sql.relations import STAR, BaseTable, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.table_functions import (
    alias_of,
    columns_of_alias,
    element_of,
    function_name,
    json_table,
    json_tuple,
    open_json,
    predicted,
    table_function,
    unnested,
)
from lineage_nb.sql.words import CONDITIONAL, FILTER, JOIN

__all__ = ["add_sources"]

_ELEMENTS = (exp.Explode, exp.Inline, exp.Stack)
_ARRAYS_IN_FROM = frozenset(("bigquery", "redshift"))
"""Dialects in which FROM names an array by the row that it is in."""
HIDDEN = "\0"  # prefix of aliases that the rest of the query cannot see: the right side of a semi join


def add_sources(scope: Scope, node: Any, joins: list[Any], *, lateral: bool = False) -> None:
    """Add what FROM names, then what is joined to it, to a scope.

    Parameters
    ----------
    scope
        The scope of the SELECT; its `influence` takes the join conditions.
    node
        A table, subquery, lateral …; None where joins stand alone.
    joins
        The joins that follow it.
    lateral
        Whether `node` may use the sources before it.
    """
    if node is not None:
        _add(scope, node, lateral)
        for more in node.args.get("laterals") or ():
            _add(scope, more, True)
        joins = [*(node.args.get("joins") or []), *joins]
    arrays = False
    for join in joins:
        arrays = _is_array(join) or (
            arrays and not any(join.args.get(a) for a in ("kind", "side", "on", "using"))
        )
        if arrays:
            _array_join(scope, join)
        else:
            _join(scope, join)


def _add(scope: Scope, node: Any, lateral: bool) -> None:
    alias, relation = _source(scope, node, lateral)
    scope.add(alias, relation)


def _source(scope: Scope, node: Any, lateral: bool) -> tuple[str, Relation]:
    while isinstance(node, (exp.Paren, exp.Stream, exp.Final)):
        node = node.this
    alias = alias_of(node)
    if type(node) is exp.Table and not node.args.get("pivots"):
        alias, relation = _table(scope, node, alias)
        return alias, relation.renamed(columns_of_alias(scope, node.args.get("alias")))
    if isinstance(node, exp.Table):
        alias, relation = _table(scope, node, alias)
    elif isinstance(node, exp.Lateral):
        relation = _lateral(scope, node)
    elif isinstance(node, exp.Unnest):
        relation = unnested(scope, node)
        relation.of_row = _takes_values(node)
    elif isinstance(node, exp.Subquery) and not alias and _is_nested(node.this):
        return _nested(scope, node)
    elif isinstance(node, (exp.Query, exp.Values, exp.DML)):
        relation = _derived(scope, node, lateral)
    else:
        function = node.this if isinstance(node, exp.TableFromRows) else node
        if isinstance(function, exp.Literal):
            named = exp.Table(this=exp.DynamicIdentifier(this=function.copy()))
            return alias or str(function.this).lower(), scope.context.table(named)
        relation = table_function(scope, function, columns_of_alias(scope, node.args.get("alias")))
        relation.of_row = isinstance(function, _ELEMENTS) and _takes_values(function)
    if isinstance(node, exp.Values):
        return alias, relation
    for pivot in node.args.get("pivots") or ():
        relation = pivoted(scope, relation, pivot)
        alias = alias_of(pivot) or alias
    if isinstance(node, (exp.Table, exp.Subquery)):
        relation = relation.renamed(columns_of_alias(scope, node.args.get("alias")))
    return alias, relation


def _derived(scope: Scope, node: Any, lateral: bool) -> Relation:
    outer = scope if lateral else Scope(scope.context, scope.parent, scope.ctes)
    if not lateral:
        outer.shadowed = scope.shadowed
    own = isinstance(node, exp.Subquery) and (node.args.get("pivots") or node.args.get("joins"))
    return scope.context.evaluate(node.this if own else node, outer)


def _is_nested(inner: Any) -> bool:
    while isinstance(inner, exp.Subquery) and not inner.args.get("joins") and not alias_of(inner):
        inner = inner.this
    return isinstance(inner, exp.Table) or (isinstance(inner, exp.Subquery) and bool(inner.args.get("joins")))


def _nested(scope: Scope, node: Any) -> tuple[str, Relation]:
    """``(a JOIN b ON …)`` without an alias: its tables keep their own."""
    add_sources(scope, node.this, [])
    return scope.relations.pop()


def _table(scope: Scope, node: Any, alias: str) -> tuple[str, Relation]:
    context = scope.context
    this = node.args["this"]
    if type(this) is exp.Identifier:
        return _named_table(scope, node, this.args["this"], alias)
    if isinstance(this, exp.Predict):
        return alias, predicted(scope, this)
    if isinstance(this, exp.JSONTable):
        return alias, json_table(scope, this)
    if isinstance(this, exp.Func) and not isinstance(this, (exp.Identifier, exp.DynamicIdentifier)):
        columns = columns_of_alias(scope, node.args.get("alias"))
        return alias or function_name(this), table_function(scope, this, columns)
    name = str(getattr(this, "name", "") or "")
    if isinstance(this, exp.DynamicIdentifier):
        if not isinstance(this.this, exp.Literal):
            context.problem("IDENTIFIER(…) names a table that the text does not tell", this.this)
            return alias, Relation([STAR], [Cell({})], whole=Cell({}, opaque=True))
        return alias or name.lower(), context.table(node)
    if isinstance(this, exp.Parameter):
        return alias or name.lower(), context.table(node)
    return _named_table(scope, node, name, alias)


def _named_table(scope: Scope, node: Any, name: str, alias: str) -> tuple[str, Relation]:
    """What a name means in FROM: a CTE, a variable, a stage or path, else a stored table."""
    context = scope.context
    lower = name.lower()
    alias = alias or lower
    if node.args.get("db"):
        array = _array_of_row(scope, node)
        if array is not None:
            return alias, array
    else:
        cte = scope.ctes.get(lower)
        if cte is not None:
            return alias, cte
        if lower == "dual":
            return alias, Relation()
        if is_placeholder(name):
            return alias, BaseTable("", None)
    if lower in context.variables:
        return alias, Relation(whole=Cell({}, opaque=True))
    if name.startswith("@") or isinstance(node.args["this"], (exp.Var, exp.Literal)):
        return alias, context.stored(name)
    return alias, context.table(node)


def _array_of_row(scope: Scope, node: Any) -> Relation | None:
    """``FROM t.xs`` where t is a source here or of a query around: the elements of its column; None: it is a table's name."""
    if scope.context.dialect not in _ARRAYS_IN_FROM:
        return None
    first, *rest = [node.args[a] for a in ("catalog", "db", "this") if node.args.get(a)]
    if not isinstance(first, exp.Identifier) or not isinstance(rest[-1], exp.Identifier):
        return None
    source = scope.context.names.fold(first)
    level: Scope | None = scope
    while level is not None and level.relation([source]) is None:
        level = level.parent
    if level is None or scope.context.catalog.known(scope.context.names.table(node)) is not None:
        return None
    column = exp.column(rest[0].copy(), table=first.copy())
    value = exp.Dot.build([column, *(r.copy() for r in rest[1:])]) if len(rest) > 1 else column
    alias = node.args.get("alias") or exp.TableAlias(this=rest[-1].copy())
    array = unnested(scope, exp.Unnest(expressions=[value], alias=alias.copy()))
    array.of_row = True
    return array


def _lateral(scope: Scope, node: Any) -> Relation:
    this = node.this
    columns = columns_of_alias(scope, node.args.get("alias"))
    if isinstance(this, exp.Unnest):
        relation = unnested(scope, this)
        relation.of_row = _takes_values(this)
        return relation.renamed(columns)
    if isinstance(this, (exp.Query, exp.Subquery, exp.Values)):
        return scope.context.evaluate(this, scope).renamed(columns)
    if isinstance(this, exp.OpenJSON):
        return open_json(scope, this)
    if str(getattr(this, "name", "")).lower() == "json_tuple" or type(this).__name__ == "JSONTuple":
        return json_tuple(scope, this, columns)
    relation = table_function(scope, this, columns)
    relation.of_row = isinstance(this, _ELEMENTS) and _takes_values(this)
    return relation


def _takes_values(node: Any) -> bool:
    """Whether a source is made of values of the row around it, and of no query."""
    return next(node.find_all(exp.Query), None) is None


def _join(scope: Scope, join: Any) -> None:
    kind = str(join.args.get("kind") or "").upper()
    side = str(join.args.get("side") or "").upper()
    before = list(scope.relations)
    merged = dict(scope.merged)
    add_sources(scope, join.this, [], lateral=True)
    added = scope.relations[len(before) :]
    using = [scope.context.names.fold(u) for u in join.args.get("using") or ()]
    if str(join.args.get("method") or "").upper() == "NATURAL":
        using = _common(scope, before, added)
    for name in using:
        _merge(scope, name, before, added, merged)
    for condition in (join.args.get("on"), join.args.get("match_condition")):
        if isinstance(condition, exp.Expression):
            walk(scope, condition, scope.influence, JOIN)
            fix(scope, condition, scope.influence, JOIN)
    _outer(scope, join, [*(before if side in ("RIGHT", "FULL") else ()), *(added if side in ("LEFT", "FULL") else ())])
    if kind in ("SEMI", "ANTI") or side in ("SEMI", "ANTI"):
        _hide(scope, len(before))
        scope.merged = merged


def _outer(scope: Scope, join: Any, absent: list[tuple[str, Relation]]) -> None:
    """Note what decides whether an outer join finds rows: filters of what is joined, and conditions that compare with no other column."""
    found: Flow = {}
    for part in all_of(join.args.get("on")) if absent else ():
        ends = [part.args.get("this"), part.args.get("expression")] if isinstance(part, exp.EQ) else [None]
        if isinstance(part, exp.Expression) and not all(isinstance(e, exp.Column) for e in ends):
            walk(scope, part, found, CONDITIONAL)
    for alias, relation in absent:
        decided: Flow = {}
        decided_by(decided, found)
        decided_by(decided, {key: how for key, how in relation.influence.items() if key[3] == FILTER})
        if decided:
            scope.decides[alias] = {**scope.decides.get(alias, {}), **decided}


def _hide(scope: Scope, start: int) -> None:
    for position in range(start, len(scope.relations)):
        alias, relation = scope.relations[position]
        seen = Relation(influence=relation.influence)
        scope.relations[position] = (HIDDEN + alias, seen)
    scope.changed()


def _common(scope: Scope, before: Any, added: Any) -> list[str]:
    if not all(r.complete for _, r in (*before, *added)):
        scope.context.problem("NATURAL JOIN: which columns it joins is not known without the tables' columns")
        for _, relation in (*before, *added):
            influence(scope.influence, relation.row().flow, JOIN)
        scope.natural += tuple(r for _, r in (*before, *added) if not r.complete)
    left = {n.lower() for _, r in before for n in r.names}
    return [n for _, r in added for n in r.names if n.lower() in left and n != "*"]


def _merge(scope: Scope, name: str, before: Any, added: Any, merged: dict[str, Cell]) -> None:
    """A column of USING is the one or the other side's: SQL defines it as their COALESCE."""
    lower = name.lower()
    cells = [merged[lower]] if lower in merged else _offered(before, name)
    cells += _offered(added, name)
    if len(cells) > 2 and lower not in merged:
        scope.context.problem(f"{name} of USING may come from several sources before it")
    for cell in cells:
        influence(scope.influence, cell.flow, JOIN)
    if cells:
        scope.merged[lower] = Cell.merged(cells)
        scope.merged_in.setdefault(lower, []).extend(r for _, r in (*before, *added))


def _offered(relations: Any, name: str) -> list[Cell]:
    """The column of these sources that has the name: listed if any lists it, else of those that may have it."""
    listed = [c for _, r in relations if (c := r.listed(name)) is not None]
    if listed:
        return listed
    return [c for _, r in relations if (c := r.possible(name)) is not None]


def _is_array(join: Any) -> bool:
    return str(join.args.get("kind") or "").upper() == "ARRAY"


def _array_join(scope: Scope, join: Any) -> None:
    """ClickHouse's ARRAY JOIN: each array is replaced by its elements."""
    for item in (join.this, *join.expressions):
        source = item.this if isinstance(item, (exp.Alias, exp.Table)) else item
        if isinstance(item, exp.Table):
            source = exp.column(item.this)
        element = element_of(cell_of(scope, source))
        alias = item.alias_or_name
        if isinstance(item, exp.Alias) or item.args.get("alias"):
            scope.add(alias.lower(), Relation([alias], [element], whole=element))
