"""What stands in FROM: tables, subqueries, joins, laterals, table functions."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import CARRIED, Cell, Flow, carry, influence, joined, trace
from lineage_nb.sql.pivots import pivoted
from lineage_nb.sql.relations import STAR, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import DERIVED, JOIN, TRANSFORMATION

__all__ = ["add_sources", "columns_of_alias"]

HIDDEN = "\0"  # prefix of aliases that the rest of the query cannot see: the right side of a semi join

_FILE_FORMATS = frozenset(("csv", "json", "parquet", "orc", "text", "avro", "delta", "iceberg", "binaryfile"))
_FILE_READERS = frozenset(
    ["read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto", "read_json_objects", "read_text", "read_blob", "read_xlsx", "read_files", "delta_scan", "iceberg_scan", "s3", "s3cluster", "url", "file", "hdfs", "gcs", "azureblobstorage", "openrowset", "deltalake", "iceberg", "read_avro", "readcsv", "readparquet"]
)
_FLATTEN_VALUES = frozenset(("value", "this"))


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
    for join in joins:
        _join(scope, join)


def _add(scope: Scope, node: Any, lateral: bool) -> None:
    alias, relation = _source(scope, node, lateral)
    scope.add(alias, relation)


def columns_of_alias(scope: Scope, alias: Any) -> list[str]:
    """The column list of an alias: ``t(a, b)`` gives ``["a", "b"]``."""
    columns = alias.args.get("columns") if isinstance(alias, exp.Expression) else None
    fold = scope.context.names.fold
    return [fold(c.this if isinstance(c, exp.ColumnDef) else c) for c in columns or ()]


def _alias(node: Any) -> str:
    alias = node.args.get("alias")
    return str(alias.name if isinstance(alias, exp.Expression) else alias or "").lower()


def _source(scope: Scope, node: Any, lateral: bool) -> tuple[str, Relation]:
    while isinstance(node, exp.Paren):
        node = node.this
    alias = _alias(node)
    if isinstance(node, exp.Table):
        alias, relation = _table(scope, node, alias)
    elif isinstance(node, exp.Lateral):
        relation = _lateral(scope, node)
    elif isinstance(node, exp.Unnest):
        relation = _unnest(scope, node)
    elif isinstance(node, exp.Subquery) and not alias and _is_nested(node.this):
        return _nested(scope, node)
    elif isinstance(node, (exp.Query, exp.Values, exp.DML)):
        relation = _derived(scope, node, lateral)
    else:
        function = node.this if isinstance(node, exp.TableFromRows) else node
        relation = _function(scope, function, columns_of_alias(scope, node.args.get("alias")))
    if isinstance(node, exp.Values):
        return alias, relation
    for pivot in node.args.get("pivots") or ():
        relation = pivoted(scope, relation, pivot)
        alias = _alias(pivot) or alias
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
    while isinstance(inner, exp.Subquery) and not inner.args.get("joins") and not _alias(inner):
        inner = inner.this
    return isinstance(inner, exp.Table) or (isinstance(inner, exp.Subquery) and bool(inner.args.get("joins")))


def _nested(scope: Scope, node: Any) -> tuple[str, Relation]:
    """``(a JOIN b ON …)`` without an alias: its tables keep their own."""
    add_sources(scope, node.this, [])
    return scope.relations.pop()


def _table(scope: Scope, node: Any, alias: str) -> tuple[str, Relation]:
    context = scope.context
    this = node.this
    if isinstance(this, exp.Func) and not isinstance(this, exp.Identifier):
        columns = columns_of_alias(scope, node.args.get("alias"))
        return alias or this.sql_name().lower(), _function(scope, this, columns)
    name = str(getattr(this, "name", "") or "")
    if not node.args.get("db"):
        cte = scope.ctes.get(name.lower())
        if cte is not None:
            return alias or name.lower(), cte
    if name.lower() in context.variables:
        return alias or name.lower(), Relation(whole=Cell({}, opaque=True))
    if isinstance(this, (exp.Var, exp.Literal, exp.Parameter)) or name.startswith("@"):
        return alias or name.lower(), context.stored(this.sql() if isinstance(this, exp.Parameter) else name)
    if "/" in name and str(node.args.get("db") and node.db).lower() in _FILE_FORMATS:
        return alias or name.lower(), context.stored(name)
    return alias or name.lower(), context.table(node)


def _arguments(scope: Scope, function: Any) -> Flow:
    flow: Flow = {}
    walk(scope, function, flow, TRANSFORMATION, CARRIED)
    return flow


def _function(scope: Scope, function: Any, columns: list[str]) -> Relation:
    """A table function: each of its columns may come from each of its arguments."""
    name = (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()
    literal = next((a for a in function.find_all(exp.Literal) if a.is_string), None)
    if name in _FILE_READERS and literal is not None:
        return scope.context.stored(str(literal.this)).renamed(columns)
    if isinstance(function, (exp.Query, exp.Subquery)):
        return scope.context.evaluate(function, scope)
    if isinstance(function, exp.Unnest):
        return _unnest(scope, function)
    tables = [a for a in function.find_all(exp.Table) if isinstance(a.parent, exp.Expression)]
    if isinstance(function, (exp.Explode, exp.Inline)) or type(function).__name__ in _ELEMENTS:
        return _elements(scope, function, columns)
    flow = {} if tables else _arguments(scope, function)
    for table in tables:
        carry(flow, scope.context.table(table).row().flow, TRANSFORMATION, CARRIED)
    whole = Cell(flow, opaque=True)
    if not columns:
        alias = _alias(function.parent) if function.parent is not None else ""
        columns = [alias] if alias and scope.context.scalar_functions else [STAR]
    return Relation(columns, [Cell(flow) for _ in columns], whole=whole)


_ELEMENTS = frozenset(("Explode", "ExplodeOuter", "Posexplode", "PosexplodeOuter", "Inline", "Unnest"))


def _elements(scope: Scope, function: Any, columns: list[str]) -> Relation:
    """EXPLODE and its kin: elements of an array or map, with their position."""
    argument = function.this.expression if isinstance(function.this, exp.Kwarg) else function.this
    element = _element(cell_of(scope, argument)) if isinstance(argument, exp.Expression) else Cell({})
    lower = [c.lower() for c in columns]
    if set(lower) >= {"seq", "key", "path", "index", "value"}:  # Snowflake's FLATTEN
        position = Cell({k: joined(trace(DERIVED), v) for k, v in element.flow.items()})
        cells = [element if c in _FLATTEN_VALUES else position for c in lower]
        return Relation(columns, cells)
    if type(function).__name__.startswith("Pos"):
        names = columns if len(columns) > 1 else ["pos", columns[0] if columns else "col"]
        return Relation(names, [Cell({}), *[element for _ in names[1:]]], whole=element)
    if isinstance(function, exp.Inline):
        cells = [element.field(c) for c in columns]
        return Relation(columns, cells, whole=element)
    names = columns or ["col"]
    return Relation(names, [element for _ in names], whole=element)


def _element(cell: Cell) -> Cell:
    flow: Flow = {}
    carry(flow, cell.flow, TRANSFORMATION, CARRIED)
    return Cell(flow, cell.fields, opaque=cell.opaque)


def _unnest(scope: Scope, node: Any) -> Relation:
    names = columns_of_alias(scope, node.args.get("alias"))
    cells = [_element(cell_of(scope, e)) for e in node.expressions]
    if not names:
        alias = _alias(node)
        names = [alias] if alias and len(cells) == 1 else ["unnest"] * len(cells)
    whole = cells[0] if len(cells) == 1 else None
    if len(names) > len(cells) and whole is not None:  # elements are rows: their fields under the alias' names
        offset = 1 if node.args.get("offset") is True else 0
        fields = [whole] * (len(names) - offset)
        relation = Relation(names, [*fields, *[Cell({})] * offset], whole=whole)
    else:
        relation = Relation(names[: len(cells)], cells, whole=whole)
    offset_name = node.args.get("offset")
    if isinstance(offset_name, exp.Expression):
        relation = _with_column(relation, scope.context.names.fold(offset_name))
    elif offset_name is True and len(names) == len(cells):
        relation = _with_column(relation, "offset")
    return relation


def _with_column(relation: Relation, name: str) -> Relation:
    """The relation with one more column that no input decides."""
    cells = [*relation.cells, Cell({})]
    return Relation([*relation.names, name], cells, relation.openings, relation.influence, relation.whole)


def _lateral(scope: Scope, node: Any) -> Relation:
    this = node.this
    columns = columns_of_alias(scope, node.args.get("alias"))
    if isinstance(this, exp.Unnest):
        relation = _unnest(scope, this)
        return relation.renamed(columns)
    if isinstance(this, (exp.Query, exp.Subquery, exp.Values)):
        return scope.context.evaluate(this, scope).renamed(columns)
    if isinstance(this, exp.OpenJSON):
        return _open_json(scope, this)
    if str(getattr(this, "name", "")).lower() == "json_tuple" or type(this).__name__ == "JSONTuple":
        return _json_tuple(scope, this, columns)
    return _function(scope, this, columns)


def _open_json(scope: Scope, node: Any) -> Relation:
    source = cell_of(scope, node.this)
    names, cells = [], []
    for definition in node.expressions:
        name = scope.context.names.fold(definition.this)
        path = definition.args.get("path")
        flow: Flow = {}
        text = str(path.this).lstrip("$.") if isinstance(path, exp.Literal) else name
        carry(flow, source.flow, TRANSFORMATION, CARRIED, text)
        names.append(name)
        cells.append(Cell(flow))
    return Relation(names, cells, whole=_element(source))


def _json_tuple(scope: Scope, node: Any, columns: list[str]) -> Relation:
    arguments = [a for a in (node.this, *node.expressions) if isinstance(a, exp.Expression)]
    source = cell_of(scope, arguments[0])
    cells = []
    for key, _ in zip(arguments[1:], columns, strict=False):
        flow: Flow = {}
        path = str(key.this) if isinstance(key, exp.Literal) else None
        carry(flow, source.flow, TRANSFORMATION, CARRIED, path)
        cells.append(Cell(flow))
    return Relation(columns[: len(cells)], cells, whole=_element(source))


def _join(scope: Scope, join: Any) -> None:
    kind = str(join.args.get("kind") or "").upper()
    side = str(join.args.get("side") or "").upper()
    if kind == "ARRAY":
        _array_join(scope, join)
        return
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
    if kind in ("SEMI", "ANTI") or side in ("SEMI", "ANTI"):
        _hide(scope, len(before))
        scope.merged = merged


def _hide(scope: Scope, start: int) -> None:
    for position in range(start, len(scope.relations)):
        alias, relation = scope.relations[position]
        seen = Relation(influence=relation.influence)
        scope.relations[position] = (HIDDEN + alias, seen)
    scope.found.clear()


def _common(scope: Scope, before: Any, added: Any) -> list[str]:
    if not all(r.complete for _, r in (*before, *added)):
        scope.context.problem("NATURAL JOIN: which columns it joins is not known without the tables' columns")
    left = {n.lower() for _, r in before for n in r.names}
    return [n for _, r in added for n in r.names if n.lower() in left and n != "*"]


def _merge(scope: Scope, name: str, before: Any, added: Any, merged: dict[str, Cell]) -> None:
    """A column of USING is the one or the other side's: SQL defines it as their COALESCE."""
    lower = name.lower()
    cells = [merged[lower]] if lower in merged else _offered(before, name)
    cells += _offered(added, name)
    for cell in cells:
        influence(scope.influence, cell.flow, JOIN)
    if cells:
        scope.merged[lower] = Cell.merged(cells)


def _offered(relations: Any, name: str) -> list[Cell]:
    """The column of these sources that has the name: listed if any lists it, else of those that may have it."""
    listed = [c for _, r in relations if (c := r.listed(name)) is not None]
    if listed:
        return listed
    possible = [c for _, r in relations if (c := r.possible(name)) is not None]
    return possible if len(possible) == 1 else possible[:1]


def _array_join(scope: Scope, join: Any) -> None:
    """ClickHouse's ARRAY JOIN: each array is replaced by its elements."""
    for item in join.expressions or [join.this]:
        source = item.this if isinstance(item, (exp.Alias, exp.Table)) else item
        if isinstance(item, exp.Table):
            source = exp.column(item.this)
        element = _element(cell_of(scope, source))
        alias = item.alias_or_name
        if isinstance(item, exp.Alias) or item.args.get("alias"):
            scope.add(alias.lower(), Relation([alias], [element], whole=element))


