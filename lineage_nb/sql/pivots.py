"""PIVOT, UNPIVOT and MATCH_RECOGNIZE: relations made of relations."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import CARRIED, Cell, Flow, deciding, influence
from lineage_nb.sql.quantiles import effect_there
from lineage_nb.sql.relations import STAR, AnyColumn, Opening, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.steps import behind
from lineage_nb.sql.words import AGGREGATION, CONDITIONAL, FILTER, GROUP_BY, SORT

__all__ = ["matched", "pivoted"]


def _over(scope: Scope, relation: Relation, aliases: tuple[str, ...] = ("",)) -> Scope:
    inner = Scope(scope.context, scope.parent, scope.ctes)
    inner.relations = [(alias, relation) for alias in aliases]
    return inner


def pivoted(scope: Scope, relation: Relation, node: Any) -> Relation:
    """A relation behind PIVOT or UNPIVOT."""
    inner = _over(scope, relation)
    result = _unpivot(inner, relation, node) if node.args.get("unpivot") else _pivot(inner, relation, node)
    result.influence = {**relation.influence, **inner.influence}
    alias = node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.Expression) else None
    return result.renamed([scope.context.names.fold(c) for c in columns or ()])


def _used(nodes: list[Any]) -> set[str]:
    return {c.name.lower() for n in nodes if isinstance(n, exp.Expression) for c in n.find_all(exp.Column)}


def _rest(relation: Relation, used: set[str]) -> tuple[list[str], list[Cell], list[Opening]]:
    kept = [(n, c) for n, c in zip(relation.names, relation.cells, strict=True) if n.lower() not in used]
    openings = [Opening(o.source, o.without | used) for o in relation.openings]
    return [n for n, _ in kept], [c for _, c in kept], openings


def _pivot(inner: Scope, relation: Relation, node: Any) -> Relation:
    aggregates = list(node.args.get("using") or node.expressions)
    if node.args.get("using") is not None or not node.args.get("fields"):
        return _pivot_statement(inner, relation, node, aggregates)
    fields = node.args["fields"]
    keys = [f.this for f in fields]
    names, cells, openings = _rest(relation, _used([*aggregates, *keys]))
    group = node.args.get("group")
    if group is not None:
        names = [g.alias_or_name for g in group.expressions]
        cells, openings = [cell_of(inner, g) for g in group.expressions], []
    for cell in cells:
        influence(inner.influence, cell.flow, GROUP_BY)
    flows = [_aggregate(inner, a, keys) for a in aggregates]
    columns = [inner.context.names.fold(c) for c in node.args.get("columns") or ()]
    if not columns:
        merged = Cell.merged([Cell(f) for f in flows])
        return Relation([*names, STAR], [*cells, merged], openings)
    made = [Cell(flows[i % len(flows)]) for i in range(len(columns))]
    return Relation([*names, *columns], [*cells, *made], openings)


def _aggregate(inner: Scope, aggregate: Any, keys: list[Any]) -> Flow:
    flow: Flow = {}
    walk(inner, aggregate, flow)
    function = aggregate.unalias()
    packed = deciding(behind(CARRIED, effect_there(inner, function))) if isinstance(function, exp.Func) else CARRIED
    for key in keys:
        walk(inner, key, flow, CONDITIONAL, packed)
    return flow


def _pivot_statement(inner: Scope, relation: Relation, node: Any, aggregates: list[Any]) -> Relation:
    """DuckDB's ``PIVOT t ON a USING sum(b) GROUP BY c``: how many columns come out, only the data tell."""
    keys = list(node.expressions)
    group = node.args.get("group")
    grouped = list(group.expressions) if group is not None else []
    names = [g.alias_or_name for g in grouped]
    cells = [cell_of(inner, g) for g in grouped]
    openings: list[Opening] = []
    if not grouped:
        names, cells, openings = _rest(relation, _used([*aggregates, *keys]))
    for cell in cells:
        influence(inner.influence, cell.flow, GROUP_BY)
    flows = [_aggregate(inner, a, keys) for a in aggregates] or [{}]
    if len(keys) == 1 and isinstance(keys[0], exp.In):
        made_names, made_cells = _listed_columns(keys[0], aggregates, flows)
        return Relation([*names, *made_names], [*cells, *made_cells], openings)
    values = Cell.merged([Cell(f) for f in flows])
    return Relation([*names, STAR], [*cells, values], [*openings, Opening(AnyColumn(values), frozenset())])


def _listed_columns(key: Any, aggregates: list[Any], flows: list[Flow]) -> tuple[list[str], list[Cell]]:
    """Columns of ``ON key IN (a, b) USING f(x) AS n``: a value each, followed by the aggregate's name if it has one."""
    names, cells = [], []
    for value in key.expressions:
        for aggregate, flow in zip(aggregates, flows, strict=False):
            named = isinstance(aggregate, exp.Alias) or len(aggregates) > 1
            suffix = f"_{aggregate.alias or aggregate.sql().lower()}" if named else ""
            names.append(f"{value.alias_or_name}{suffix}")
            cells.append(Cell(flow))
    return names, cells


def _unpivot(inner: Scope, relation: Relation, node: Any) -> Relation:
    fold = inner.context.names.fold
    into = node.args.get("into")
    fields = node.args.get("fields") or []
    if fields:
        field = fields[0]
        values = node.expressions
        value_names = [fold(e) for v in values for e in (v.expressions if isinstance(v, exp.Tuple) else [v])]
        name = fold(field.this)
        items = field.expressions
    else:
        value_names = [fold(e) for e in into.expressions] if into is not None else ["value"]
        name = fold(into.this) if into is not None else "name"
        items = node.expressions
    groups: list[list[Cell]] = [[] for _ in value_names]
    for item in items:
        source = item.this if isinstance(item, (exp.PivotAlias, exp.Alias)) else item
        parts = source.expressions if isinstance(source, exp.Tuple) else [source]
        for position, part in enumerate(parts[: len(groups)]):
            groups[position].append(
                cell_of(inner, part if isinstance(part, exp.Column) else exp.column(part))
            )
    names, cells, openings = _rest(relation, _used(list(items)))
    made = [Cell.merged(g) if g else Cell({}) for g in groups]
    if not node.args.get("include_nulls"):  # a row without a value is left out
        for cell in made:
            influence(inner.influence, cell.flow, FILTER)
    if inner.context.dialect in _VALUES_FIRST:
        return Relation([*names, *value_names, name], [*cells, *made, Cell({})], openings)
    return Relation([*names, name, *value_names], [*cells, Cell({}), *made], openings)


_VALUES_FIRST = frozenset(("bigquery", "tsql"))


def matched(scope: Scope, relation: Relation, node: Any) -> Relation:
    """A relation behind MATCH_RECOGNIZE: its partition keys and measures, or all rows with them."""
    variables = [d.alias.lower() for d in node.args.get("define") or ()]
    pattern = str(node.args.get("pattern") or "")
    words = "".join(c if c.isalnum() or c == "_" else " " for c in pattern.lower()).split()
    aliases = tuple(dict.fromkeys(["", *variables, *words]))
    single, inner = _over(scope, relation), _over(scope, relation, aliases)
    inner.relations = [("", relation), *((a, _Named(relation)) for a in aliases if a)]
    for definition in node.args.get("define") or ():
        walk(inner, definition.this, inner.influence, FILTER)
    keys = node.args.get("partition_by") or []
    order = node.args.get("order")
    for key in (*keys, *(order.expressions if order is not None else ())):
        walk(single, key, inner.influence, GROUP_BY if key in keys else SORT)
    everything = "ALL ROWS" in str(node.args.get("rows") or "").upper()
    if everything:
        names, cells, openings = list(relation.names), list(relation.cells), list(relation.openings)
    else:
        names, cells, openings = [k.alias_or_name for k in keys], [cell_of(single, k) for k in keys], []
    for measure in node.args.get("measures") or ():
        this = measure.this
        flow: Flow = {}
        walk(inner, this, flow, AGGREGATION if isinstance(this.this, exp.AggFunc) else 0)
        names.append(this.alias_or_name)
        cells.append(Cell(flow))
    return Relation(names, cells, openings, {**relation.influence, **inner.influence})


class _Named(Relation):
    """A relation that only qualified names reach: a pattern variable of MATCH_RECOGNIZE."""

    def __init__(self, relation: Relation) -> None:
        super().__init__()
        self._relation = relation

    def listed(self, name: str) -> Cell | None:  # noqa: ARG002
        return None

    def possible(self, name: str) -> Cell | None:
        return self._relation.listed(name) or self._relation.possible(name)
