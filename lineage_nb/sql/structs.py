"""Values with parts: structs, elements of arrays, fields, whole rows, queries that stand for a value."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from lineage_nb.sql.flows import CARRIED, INNER, Cell, Flow, carry, decided_by, trace
from lineage_nb.sql.json_parts import UNSURE
from lineage_nb.sql.json_paths import json_path
from lineage_nb.sql.relations import BaseTable, Relation
from lineage_nb.sql.scope import Scope, is_own
from lineage_nb.sql.variables import Unknown, held_value
from lineage_nb.sql.words import AGGREGATED, AGGREGATION, DERIVED, IDENTITY, TRANSFORMATION

__all__ = [
    "DOCUMENTS",
    "KEEPS_FIELDS",
    "arrow_of",
    "bracketed_cell",
    "dotted_cell",
    "element_cell",
    "is_document",
    "parameter_cell",
    "picked_cell",
    "positional_cell",
    "scalar_cell",
    "struct_cell",
]

KEEPS_FIELDS = frozenset(
    kind
    for name in [
        "ArrayAgg",
        "Max",
        "Min",
        "AnyValue",
        "Bracket",
        "First",
        "Last",
        "FirstValue",
        "LastValue",
        "ArgMax",
        "ArgMin",
        "Array",
        "Window",
    ]
    if (kind := getattr(exp, name, None)) is not None
)

_AROUND = tuple(
    kind
    for name in ["Order", "Limit", "Distinct", "IgnoreNulls", "RespectNulls", "HavingMax", "Paren"]
    if (kind := getattr(exp, name, None)) is not None
)

DOCUMENTS = tuple(
    kind
    for name in ["FromJson", "ParseJSON", "JSONExtract", "JSONBExtract"]
    if (kind := getattr(exp, name, None)) is not None
)


def _kinds(names: str) -> tuple[Any, ...]:
    return tuple(kind for name in names.split() if (kind := getattr(exp, name, None)) is not None)


_SAME = _kinds("Paren Cast TryCast FromJson ParseJSON")
_SAME_CALLS = frozenset(("parse_json", "try_parse_json", "json_parse", "to_variant", "to_json", "json"))
_EXTRACTS = _kinds(
    "JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar JSONExtractArray JSONValueArray JSONValue JSONExtractQuote Bracket"
)


def is_document(scope: Scope, node: Any) -> bool:
    """Whether a value is one as stored, or a part that was taken out of such: paths inside of it begin there."""
    while isinstance(node, _SAME) or (type(node) is exp.Anonymous and str(node.name).lower() in _SAME_CALLS):
        node = node.this if not isinstance(node, exp.Anonymous) else next(iter(node.expressions), None)
    if isinstance(node, exp.Column):
        return all(key[3] == IDENTITY or how & INNER for key, how in scope.context.cell(scope, node).flow.items())
    return isinstance(node, _EXTRACTS)


_ARROW_TAKES = frozenset(("postgres", "redshift", "mysql", "sqlite", "materialize", "risingwave", "doris", "singlestore"))
"""Dialects without lambdas, where an arrow always takes a part out of a document."""
_OVER_LISTS = ("list_", "array_", "map_", "apply", "filter", "reduce", "transform")


def arrow_of(scope: Scope, node: Any) -> tuple[exp.Column, str | None] | None:
    """``f(doc -> 'key')``, which reads like a lambda: the column, and the key where the text tells it; None: it is one."""
    if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Identifier):
        return None
    first: Any = node.this
    while isinstance(first, (*_EXTRACTS, exp.Binary, exp.Cast)):
        around: Any = first
        first = around.this
    key = json_path(first)
    if scope.context.dialect not in _ARROW_TAKES:
        around = node.parent
        name = str(around.sql_name() if isinstance(around, exp.Func) and not isinstance(around, exp.Anonymous) else getattr(around, "name", ""))
        if scope.context.dialect != "duckdb" or not isinstance(first, exp.Literal) or name.lower().startswith(_OVER_LISTS):
            return None
    return exp.Column(this=node.expressions[0].copy()), key if first is node.this or key is None else f"{key}{UNSURE}"


def element_cell(scope: Scope, node: Any) -> Cell:
    """An element of a tuple or array, whichever it is."""
    flow: Flow = {}
    carry(flow, scope.context.cell(scope, node).flow, TRANSFORMATION, CARRIED)
    return Cell(flow, opaque=True)


def struct_cell(scope: Scope, node: exp.Expression) -> Cell:
    """A struct that is built here: its fields keep flows of their own."""
    fields: dict[str, Cell] = {}
    flow: Flow = {}
    for position, item in enumerate(node.expressions):
        value = item.expression if isinstance(item, exp.PropertyEQ) else item
        cell = scope.context.cell(scope, value)
        named = item.this if isinstance(item, exp.PropertyEQ) else item
        name = named.alias_or_name or getattr(named, "name", "") or f"_{position}"
        fields[name] = cell
        carry(flow, cell.flow, TRANSFORMATION, CARRIED)
    return Cell(flow, fields)


def picked_cell(scope: Scope, node: Any) -> Cell:
    """What takes whole values out of rows or arrays keeps the fields of the values."""
    if type(node) is exp.Bracket:
        return bracketed_cell(scope, node)
    flow: Flow = {}
    scope.context.walk(scope, node, flow)
    inner = node.this
    if type(node) is exp.Array:
        if len(node.expressions) > 1:
            return _listed(scope, node, flow)
        inner = node.expressions[0] if node.expressions else None
    while isinstance(inner, _AROUND):
        inner = inner.this if inner.this is not None else next(iter(inner.expressions), None)
    if not isinstance(inner, (exp.Struct, exp.Column, exp.Query, *KEEPS_FIELDS)):
        return Cell(flow)
    if isinstance(inner, exp.Column) and not isinstance(inner.args["this"], exp.Identifier):
        return Cell(flow)
    fields = scope.context.cell(scope, inner).fields
    if fields is None:
        return Cell(flow)
    subtype = AGGREGATION if isinstance(node, exp.AggFunc) else TRANSFORMATION
    taken: dict[str, Cell] = {}
    own = {key for cell in fields.values() for key in cell.flow}
    around = {k: v for k, v in flow.items() if k[3] > AGGREGATION and k not in own}
    for name, cell in fields.items():
        part: Flow = dict(around)
        carry(part, cell.flow, subtype, CARRIED)
        taken[name] = Cell(part, cell.fields)
    return Cell(flow, taken)


def _listed(scope: Scope, node: Any, flow: Flow) -> Cell:
    """``[STRUCT(1 AS a, b AS c), (2, d)]``: rows with the fields of the first, by position."""
    first = node.expressions[0]
    if not isinstance(first, exp.Struct):
        return Cell(flow, opaque=True)
    names = list(struct_cell(scope, first).fields or {})
    rows = [
        [e.expression if isinstance(e, exp.PropertyEQ) else e for e in row.expressions]
        for row in node.expressions
    ]
    fields: dict[str, Cell] = {}
    for position, name in enumerate(names):
        found = [scope.context.cell(scope, row[position]) for row in rows if position < len(row)]
        part: Flow = {}
        carry(part, Cell.merged(found).flow, TRANSFORMATION, CARRIED)
        fields[name] = Cell(part)
    return Cell(flow, fields)


def bracketed_cell(scope: Scope, node: Any) -> Cell:
    """``a[0]['key']``: an element, or the field that a literal key names."""
    keys: list[Any] = []
    while type(node) is exp.Bracket:
        keys.append(node.expressions)
        node = node.this
    document = is_document(scope, node)
    cell = scope.context.cell(scope, node)
    for parts in reversed(keys):
        key = parts[0] if parts else None
        text = str(key.this) if isinstance(key, exp.Literal) and key.is_string else None
        if text is not None and cell.fields is not None:
            cell = cell.field(text)
            continue
        flow: Flow = {}
        carry(flow, cell.flow, TRANSFORMATION, CARRIED, None if cell.opaque else text, kept=document)
        for part in parts:
            scope.context.walk(scope, part, flow, TRANSFORMATION, trace(DERIVED))
        cell = Cell(flow, cell.fields if text is None else None, opaque=cell.opaque)
    return cell


def _chosen_field(scope: Scope, node: Any, names: list[str]) -> Cell:
    """A field of what a CASE, IF or COALESCE chooses: that field of each choice, and the conditions."""
    if isinstance(node, exp.Case):
        choices: list[Any] = [
            *(b.args.get("true") for b in node.args.get("ifs") or ()),
            node.args.get("default"),
        ]
    elif isinstance(node, exp.If):
        choices = [node.args.get("true"), node.args.get("false")]
    else:
        choices = [node.this, *node.expressions]
    whole: Flow = {}
    scope.context.walk(scope, node, whole)
    flow: Flow = {k: v for k, v in whole.items() if k[3] > AGGREGATION}
    for choice in choices:
        if isinstance(choice, exp.Expression):
            cell = scope.context.cell(scope, choice)
            for name in names:
                cell = cell.field(name)
            carry(flow, cell.flow, TRANSFORMATION, CARRIED)
    return Cell(flow)


def dotted_cell(scope: Scope, node: exp.Expression) -> Cell | None:
    """A field of a struct that is itself an expression; None for anything else, such as a function of a package."""
    names: list[str] = []
    this: Any = node
    while type(this) is exp.Dot:
        if not isinstance(this.expression, exp.Identifier):
            return None
        names.append(scope.context.names.fold(this.expression))
        this = this.this
    if isinstance(this, exp.Identifier):
        return None
    while isinstance(this, exp.Paren):
        this = this.this
    if isinstance(this, DOCUMENTS):
        text: Flow = {}
        carry(text, scope.context.cell(scope, this).flow, TRANSFORMATION, CARRIED, ".".join(reversed(names)), kept=is_document(scope, this))
        return Cell(text)
    if isinstance(this, (exp.Case, exp.If, exp.Coalesce)):
        return _chosen_field(scope, this, names[::-1])
    cell = scope.context.cell(scope, this)
    for name in reversed(names):
        cell = cell.field(name)
    return cell


def positional_cell(scope: Scope, parameter: Any, table: Any) -> Cell:
    """Snowflake's ``$1`` and ``t.$2``: a column by its position."""
    number = parameter.this
    if (
        scope.context.dialect != "snowflake"
        or not isinstance(number, exp.Literal)
        or not number.this.isdigit()
    ):
        return parameter_cell(scope, parameter) if table is None else Cell({})
    relation = scope.relation([table.name.lower()]) if table is not None else None
    if relation is None and scope.relations:
        relation = scope.relations[0][1]
    position = int(number.this)
    if relation is None or position < 1:
        return Cell({})
    if isinstance(relation, BaseTable) and not relation.known:
        return Cell.column(relation.table, f"${position}")
    return relation.cells[position - 1] if position <= len(relation.cells) else Cell({})


def parameter_cell(scope: Scope, node: Any) -> Cell:
    """``@v``, ``$v`` or ``:v``: what the variable holds; what a client binds is a value from outside."""
    name = str(node.name).lower()
    context = scope.context
    if not name or name.startswith("@"):
        return Cell({})
    if name in context.held or name in context.variables:
        return held_value(scope, name)
    if not isinstance(node, exp.Parameter) or context.dialect not in ("mysql", "snowflake"):
        return Cell({})
    inside = (a.this for a in node.root().find_all(exp.PropertyEQ))  # MySQL's @v := expression
    own = any(isinstance(v, exp.Parameter) and str(v.name).lower() == name for v in inside)
    return Cell({}) if own else Unknown(name)


def scalar_cell(scope: Scope, node: exp.Expression) -> Cell:
    """A query that stands for a value; what filters it concerns the whole output, and decides the value."""
    relation = scope.context.evaluate(node, scope)
    scope.influence.update(relation.influence)
    query = node.unnest() if isinstance(node, exp.Subquery) else node
    cell = _value_of(relation, query)
    if not relation.influence:
        return cell
    flow = dict(cell.flow)
    packed = trace(AGGREGATED) if _aggregates(scope, query) and not relation.of_row else CARRIED
    decided_by(flow, relation.influence, packed)
    return Cell(flow, cell.fields, opaque=cell.opaque)


def _aggregates(scope: Scope, query: Any) -> bool:
    """Whether a query gives nothing but aggregates that show no value of their group."""
    items = query.expressions if isinstance(query, exp.Select) else []
    found = [a for item in items for a in item.find_all(exp.AggFunc) if is_own(item, a)]
    return bool(found) and all(scope.context.functions.of(a).verdict == AGGREGATED for a in found)


def _value_of(relation: Relation, query: Any) -> Cell:
    if query.args.get("for_") is not None:  # FOR JSON, FOR XML: one text of all columns
        text: Flow = {}
        carry(text, relation.row().flow, TRANSFORMATION, CARRIED)
        return Cell(text)
    if str(query.args.get("kind") or "").upper() == "STRUCT" or len(relation.cells) > 1:
        row = relation.row()
        return Cell(row.flow, dict(zip(relation.names, relation.cells, strict=False)))
    return relation.cells[0] if relation.cells else Cell({})
