"""What stands in FROM and is no table: functions that give rows, UNNEST, documents taken apart."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.called_functions import CALL, HIDDEN, names_in_call, relation_of
from lineage_nb.sql.expressions import cell_of, walk
from lineage_nb.sql.flows import CARRIED, Cell, Flow, carry, joined, trace, unsure
from lineage_nb.sql.json_paths import dotted_path
from lineage_nb.sql.relations import STAR, AnyColumn, BaseTable, Opening, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.structs import is_document
from lineage_nb.sql.words import DERIVED, TRANSFORMATION, UNKNOWN

__all__ = [
    "alias_of",
    "columns_of_alias",
    "element_of",
    "function_name",
    "json_table",
    "json_tuple",
    "open_json",
    "predicted",
    "table_function",
    "transformed",
    "unnested",
]

_FILE_READERS = frozenset(
    [
        "read_csv",
        "read_csv_auto",
        "read_parquet",
        "parquet_scan",
        "read_json",
        "read_json_auto",
        "read_ndjson",
        "read_ndjson_auto",
        "read_json_objects",
        "read_text",
        "read_blob",
        "read_xlsx",
        "read_files",
        "delta_scan",
        "iceberg_scan",
        "s3",
        "s3cluster",
        "url",
        "file",
        "hdfs",
        "gcs",
        "azureblobstorage",
        "openrowset",
        "deltalake",
        "iceberg",
        "read_avro",
        "readcsv",
        "readparquet",
    ]
)

_FLATTEN_VALUES = frozenset(("value", "this"))

_ELEMENTS = frozenset(("Explode", "ExplodeOuter", "Posexplode", "PosexplodeOuter", "Inline", "Unnest"))


def columns_of_alias(scope: Scope, alias: Any) -> list[str]:
    """The column list of an alias: ``t(a, b)`` gives ``["a", "b"]``."""
    columns = alias.args.get("columns") if isinstance(alias, exp.Expression) else None
    fold = scope.context.names.fold
    return [fold(c.this if isinstance(c, exp.ColumnDef) else c) for c in columns or ()]


def alias_of(node: Any) -> str:
    """Alias of a source in lower case."""
    alias = node.args.get("alias")
    return str(alias.name if isinstance(alias, exp.Expression) else alias or "").lower()


def _arguments(scope: Scope, function: Any) -> Flow:
    flow: Flow = {}
    walk(scope, function, flow, TRANSFORMATION, CARRIED)
    return flow


def function_name(node: Any) -> str:
    """Name of a function in lower case."""
    if isinstance(node, exp.Func) and not isinstance(node, exp.Anonymous):
        return str(node.sql_name()).lower()
    return str(getattr(node, "name", "") or "").lower()


def table_function(scope: Scope, function: Any, columns: list[str]) -> Relation:
    """A table function: each of its columns may come from each of its arguments."""
    name = function_name(function)
    if name in _FILE_READERS:
        files = _files(function)
        if files:
            stored = [scope.context.stored(place) for place in files]
            return (stored[0] if len(stored) == 1 else _Several(stored)).renamed(columns)
    if isinstance(function, (exp.Query, exp.Subquery)):
        return scope.context.evaluate(function, scope)
    if isinstance(function, exp.Unnest):
        return unnested(scope, function)
    if name == "identifier" and isinstance(literal := next(iter(function.expressions), None), exp.Literal):
        return scope.context.table(exp.Table(this=exp.DynamicIdentifier(this=literal.copy())))
    if name == "table" and len(function.expressions) == 1 and isinstance(function.expressions[0], exp.Func):
        return table_function(scope, function.expressions[0], columns)
    defined = relation_of(scope, names_in_call(function), view=scope.context.dialect == "clickhouse")
    if defined is not None:
        return defined.renamed(columns)
    if name in _REMOTE and len(function.expressions) > 1 and isinstance(function.expressions[1], exp.Column):
        return scope.context.table(exp.to_table(function.expressions[1].sql()))
    if name == "table_changes" and (literal := next(function.find_all(exp.Literal), None)) is not None:
        return scope.context.table(exp.to_table(str(literal.this)))
    tables = [a for a in function.find_all(exp.Table) if isinstance(a.parent, exp.Expression)]
    if isinstance(function, exp.Stack):
        return _stacked(scope, function, columns)
    if isinstance(function, (exp.Explode, exp.Inline)) or type(function).__name__ in _ELEMENTS:
        return _elements(scope, function, columns)
    flow = {} if tables else _arguments(scope, function)
    for table in tables:
        carry(flow, scope.context.table(table).row().flow, TRANSFORMATION, CARRIED)
    if _is_unknown(scope, function, name, bool(tables), bool(flow)):
        scope.context.problem(f"{name}: {HIDDEN}", function.parent)
        flow = {**flow, ("", f"{name}{CALL}", None, TRANSFORMATION): trace(UNKNOWN)}
    if not columns:
        alias = alias_of(function.parent) if function.parent is not None else ""
        columns = [alias] if alias and scope.context.scalar_functions else [STAR]
        if columns == [STAR] and name in _GENERATORS:
            return Relation(_GENERATORS[name], [Cell({}) for _ in _GENERATORS[name]])
    if name in _RECORDS and columns and scope.context.dialect in ("postgres", "redshift", "duckdb"):
        return _records(columns, flow, sure=all(is_document(scope, a) for a in function.expressions))
    if name not in _OF_ARRAYS:
        flow = unsure(flow)
    whole = Cell(flow, opaque=True)
    cells = [Cell(flow, opaque=True) for _ in columns]
    openings = [Opening(AnyColumn(cells[0]), frozenset())] if columns == [STAR] else []
    return Relation(columns, cells, openings, whole=whole)


def _is_unknown(scope: Scope, function: Any, name: str, of_tables: bool, of_columns: bool) -> bool:
    """Whether a function in FROM may read tables that its arguments do not name."""
    dialect = scope.context.dialect
    if of_tables or name in _OF_VALUES or (dialect == "clickhouse" and name in _CLICKHOUSE):
        return False
    if of_columns and dialect in _OF_ARGUMENTS:
        return False
    return isinstance(function, (exp.Anonymous, exp.Dot)) or name in _FILE_READERS


_GENERATORS: dict[str, tuple[str, ...]] = {"generator": (), "range": ("id",), "numbers": ("number",), "zeros": ("zero",)}
"""Functions that make rows out of nothing → their columns."""
_REMOTE = frozenset(("remote", "remotesecure", "cluster", "clusterallreplicas"))


_CLICKHOUSE = frozenset(("numbers_mt", "zeros_mt", "generaterandom", "generateseries", "values", "null", "format", "fuzzjson", "view", "loop"))
_OF_ARGUMENTS = frozenset(("hive", "spark", "spark2"))
"""Dialects whose own table functions see their arguments and no tables."""
_OF_VALUES = frozenset(
    (
        *("generator", "range", "numbers", "zeros", "sequence", "generate_series", "generate_subscripts", "generate_array"),
        *("generate_date_array", "generate_timestamp_array", "flatten", "split_to_table", "strtok_split_to_table", "string_split"),
        *("string_to_table", "string_split_to_table", "regexp_split_to_table", "regexp_matches", "regexp_substr_to_table", "unnest"),
        *("json_each", "json_each_text", "jsonb_each", "jsonb_each_text", "json_tree", "jsonb_tree", "json_object_keys", "jsonb_object_keys"),
        *("json_array_elements", "jsonb_array_elements", "json_array_elements_text", "jsonb_array_elements_text", "json_to_record"),
        *("json_to_recordset", "jsonb_to_record", "jsonb_to_recordset", "json_populate_record", "json_populate_recordset"),
        *("jsonb_populate_record", "jsonb_populate_recordset", "jsonb_path_query", "json_table", "xmltable", "openjson", "openxml"),
        *("variant_explode", "variant_explode_outer", "explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer"),
        *("stack", "json_tuple", "parse_url_tuple", "ts_parse", "unnest_struct", "skeys", "svals", "each", "hstore_each", "str_split"),
    )
)
"""Functions that give rows made of their arguments and of nothing else."""
_OF_ARRAYS = frozenset(("json_array_elements", "jsonb_array_elements", "json_array_elements_text", "jsonb_array_elements_text"))
"""Functions that take arrays apart and nothing else: what is a part of an element is a part of the array."""
_RECORDS = frozenset(
    [
        "json_to_record",
        "json_to_recordset",
        "jsonb_to_record",
        "jsonb_to_recordset",
        "json_populate_record",
        "json_populate_recordset",
        "jsonb_populate_record",
        "jsonb_populate_recordset",
    ]
)


def _records(columns: list[str], flow: Flow, *, sure: bool) -> Relation:
    """``jsonb_to_recordset(doc) AS r(sku text, qty int)``: the columns are keys of the document."""
    cells = []
    for column in columns:
        part: Flow = {}
        carry(part, dict.fromkeys(flow, CARRIED), TRANSFORMATION, CARRIED, column, kept=sure)
        cells.append(Cell(part))
    return Relation(columns, cells)


def _files(function: Any) -> list[str]:
    """Paths that a function reads, where the text tells them."""
    first = (
        function.this if isinstance(function.this, exp.Expression) else next(iter(function.expressions), None)
    )
    if isinstance(first, exp.Array):
        return [str(e.this) for e in first.expressions if isinstance(e, exp.Literal) and e.is_string]
    literal = next((a for a in function.find_all(exp.Literal) if a.is_string), None)
    return [str(literal.this)] if literal is not None else []


class _Several(Relation):
    """Several files read as one table."""

    def __init__(self, tables: list[BaseTable]) -> None:
        star = Cell.merged([Cell.column(t.table, STAR) for t in tables])
        super().__init__((STAR,), (star,))
        self.openings = (Opening(self, frozenset((STAR,))),)
        self._tables = tables

    def possible(self, name: str) -> Cell | None:
        return Cell.merged([t.stated(name) for t in self._tables])


def _elements(scope: Scope, function: Any, columns: list[str]) -> Relation:
    """EXPLODE and its kin: elements of an array or map, with their position."""
    argument = function.this.expression if isinstance(function.this, exp.Kwarg) else function.this
    element = element_of(cell_of(scope, argument)) if isinstance(argument, exp.Expression) else Cell({})
    if scope.context.dialect == "snowflake" and not columns:
        columns = ["SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS"]
    path = next((dotted_path(str(k.expression.this)) for k in function.expressions if _is_path(k)), None)
    if path:
        deeper: Flow = {}
        carry(deeper, element.flow, TRANSFORMATION, CARRIED, path, kept=is_document(scope, argument))
        element = Cell(deeper)
    if scope.context.dialect == "snowflake":  # where it takes objects apart, too, key by key
        element = Cell(unsure(element.flow), element.fields, opaque=element.opaque)
    elif any(key[2] is not None for key in element.flow):
        flow = {k: v for k, v in element.flow.items() if k[2] is None}
        element = Cell(flow | unsure({k: v for k, v in element.flow.items() if k[2] is not None}), element.fields, opaque=element.opaque)
    lower = [c.lower() for c in columns]
    if set(lower) >= {"seq", "key", "path", "index", "value"}:  # Snowflake's FLATTEN
        position = Cell({k: joined(trace(DERIVED), v) for k, v in element.flow.items()})
        cells = [element if c in _FLATTEN_VALUES else position for c in lower]
        return Relation(columns, cells)
    if type(function).__name__.startswith("Pos"):
        names = columns if len(columns) > 1 else ["pos", columns[0] if columns else "col"]
        return Relation(names, [Cell({}), *[element for _ in names[1:]]], whole=element)
    names = columns or ["col"]
    return Relation(names, [element for _ in names], whole=element)


def _stacked(scope: Scope, node: Any, columns: list[str]) -> Relation:
    """``stack(n, a1, b1, a2, b2, …)``: n rows of its arguments."""
    rows = int(node.this.this) if isinstance(node.this, exp.Literal) and str(node.this.this).isdigit() else 0
    values = node.expressions
    width = -(-len(values) // rows) if rows else 0
    names = columns or [f"col{i}" for i in range(width)]
    rows_of = [[cell_of(scope, v) for v in values[i::width]] for i in range(width)]
    cells = [element_of(Cell.merged(found or [Cell({})])) for found in rows_of]
    return Relation(names[:width], cells[: len(names)])


def _is_path(argument: Any) -> bool:
    named = isinstance(argument, exp.Kwarg) and argument.name.lower() == "path"
    return named and isinstance(argument.expression, exp.Literal)


def element_of(cell: Cell) -> Cell:
    """What UNNEST takes out of an array."""
    flow: Flow = {}
    carry(flow, cell.flow, TRANSFORMATION, CARRIED)
    return Cell(flow, cell.fields, opaque=cell.opaque)


def unnested(scope: Scope, node: Any) -> Relation:
    """UNNEST: a column for each array, and the position where it is asked for."""
    names = columns_of_alias(scope, node.args.get("alias"))
    cells = [element_of(cell_of(scope, e)) for e in node.expressions]
    if not names:
        alias = alias_of(node)
        parts = cells[0].fields if len(cells) == 1 else None
        if not alias and parts is not None:
            return Relation(list(parts), list(parts.values()), whole=cells[0])
        names = [alias] if alias and len(cells) == 1 else ["unnest"] * len(cells)
    whole = cells[0] if len(cells) == 1 else None
    if (
        len(names) > len(cells) and whole is not None
    ):  # elements are rows: their fields under the alias' names
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


def open_json(scope: Scope, node: Any) -> Relation:
    """T-SQL's OPENJSON … WITH."""
    return _json_columns(scope, node, node.expressions)


def json_table(scope: Scope, node: Any) -> Relation:
    """JSON_TABLE … COLUMNS."""
    schema = node.args.get("schema")
    return _json_columns(scope, node, schema.expressions if schema is not None else [])


def _json_columns(scope: Scope, node: Any, definitions: list[Any]) -> Relation:
    """Columns that JSON_TABLE and OPENJSON take out of a document by their paths."""
    source = cell_of(scope, node.this)
    document = is_document(scope, node.this)
    start = _path_text(node.args.get("path"))
    names, cells = [], []
    for definition in definitions:
        name = scope.context.names.fold(definition.this)
        path = ".".join(p for p in (start, _path_text(definition.args.get("path")) or name) if p)
        flow: Flow = {}
        if not definition.args.get("ordinality"):
            carry(flow, source.flow, TRANSFORMATION, CARRIED, path, kept=document)
        names.append(name)
        cells.append(Cell(flow))
    return Relation(names, cells, whole=Cell(unsure(element_of(source).flow), opaque=True))


def _path_text(node: Any) -> str:
    return dotted_path(str(node.this)) if isinstance(node, exp.Literal) else ""


def transformed(scope: Scope, node: Any) -> Relation:
    """Hive's ``TRANSFORM (a, b) USING 'script' AS (c, d)``: what the script does is not known."""
    flow: Flow = {}
    for item in node.expressions:
        walk(scope, item, flow, TRANSFORMATION, trace(UNKNOWN))
    schema = node.args.get("schema")
    fold = scope.context.names.fold
    names = (
        [fold(getattr(c, "this", c)) for c in schema.expressions] if schema is not None else ["key", "value"]
    )
    return Relation(names, [Cell(flow) for _ in names])


def predicted(scope: Scope, node: Any) -> Relation:
    """``ML.PREDICT(MODEL m, query)``: the query's columns, and what the model makes of them."""
    model = scope.context.table(node.this)
    query = node.expression
    given = scope.context.evaluate(query, scope) if isinstance(query, exp.Expression) else Relation()
    flow: Flow = {}
    carry(flow, model.row().flow, TRANSFORMATION, CARRIED)
    carry(flow, given.row().flow, TRANSFORMATION, CARRIED)
    made = Cell(flow, opaque=True)
    return Relation([*given.names, STAR], [*given.cells, made], given.openings, given.influence, made)


def json_tuple(scope: Scope, node: Any, columns: list[str]) -> Relation:
    """Hive's json_tuple: a column for each key."""
    arguments = [a for a in (node.this, *node.expressions) if isinstance(a, exp.Expression)]
    source = cell_of(scope, arguments[0])
    document = is_document(scope, arguments[0])
    cells = []
    for key, _ in zip(arguments[1:], columns, strict=False):
        flow: Flow = {}
        path = str(key.this) if isinstance(key, exp.Literal) else None
        carry(flow, source.flow, TRANSFORMATION, CARRIED, path, kept=document)
        cells.append(Cell(flow))
    return Relation(columns[: len(cells)], cells, whole=element_of(source))
