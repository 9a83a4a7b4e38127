"""From an expression to the columns it is made of: one walk, with what each step does to a value."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlglot import exp

from lineage_nb.sql.absence import may_be_absent, with_absence
from lineage_nb.sql.called_functions import names_in_call, relation_of
from lineage_nb.sql.dictionaries import looked_up
from lineage_nb.sql.effects import of_one_row
from lineage_nb.sql.exact import EXACT, EXACT_CALLS
from lineage_nb.sql.fixed import fix
from lineage_nb.sql.flows import (
    CARRIED,
    COMPARED,
    Cell,
    Flow,
    add,
    carry,
    deciding,
    joined,
    special_of,
    trace,
)
from lineage_nb.sql.functions import FunctionTable
from lineage_nb.sql.json_paths import json_path, path_of_call
from lineage_nb.sql.quantiles import effect_there
from lineage_nb.sql.relations import STAR, BaseTable
from lineage_nb.sql.scope import Scope, lists, resolve
from lineage_nb.sql.steps import STEPS, Walk, behind, push_arguments
from lineage_nb.sql.structs import (
    DOCUMENTS,
    KEEPS_FIELDS,
    arrow_of,
    bracketed_cell,
    dotted_cell,
    element_cell,
    is_document,
    picked_cell,
    positional_cell,
    scalar_cell,
    struct_cell,
)
from lineage_nb.sql.variables import Unknown
from lineage_nb.sql.words import (
    AGGREGATED,
    AGGREGATION,
    COMPOSED,
    CONDITIONAL,
    DERIVED,
    IDENTITY,
    TRANSFORMATION,
    UNKNOWN,
)

__all__ = ["cell_of", "walk"]

_SILENT = frozenset(
    kind
    for name in (
        "Literal",
        "Null",
        "Boolean",
        "DataType",
        "SessionParameter",
        "Var",
        "Identifier",
        "National",
        "HexString",
        "BitString",
        "ByteString",
        "RawString",
        "JSONPath",
        "CurrentDate",
        "CurrentTimestamp",
        "Default",
    )
    if (kind := getattr(exp, name, None)) is not None
)


def cell_of(scope: Scope, node: exp.Expression) -> Cell:
    """Where the value of a projection comes from."""
    while isinstance(node, (exp.Alias, exp.Paren)):
        node = node.this
    if type(node) is exp.Column:
        if type(node.args["this"]) is exp.Identifier:
            return with_absence(scope, _told(scope, resolve(scope, node), node), node)
        if type(node.args["this"]) is exp.Parameter:
            cell = positional_cell(scope, node.args["this"], node.args.get("table"))
            return _told(scope, cell, node)
        if node.args.get("table") is None:
            return Cell({})
        return element_cell(scope, exp.Column(this=node.args["table"].copy()))  # ClickHouse's tuple.2
    if type(node) is exp.Parameter:
        return _told(scope, positional_cell(scope, node, None), node)
    if type(node) is exp.Struct:
        return struct_cell(scope, node)
    if type(node) is exp.Subquery or isinstance(node, exp.Query):
        return scalar_cell(scope, node)
    if type(node) in KEEPS_FIELDS:
        return picked_cell(scope, node)
    if type(node) is exp.Dot:
        dotted = dotted_cell(scope, node)
        if dotted is not None:
            return dotted
    flow: Flow = {}
    walk(scope, node, flow)
    return Cell(flow, opaque=not isinstance(node, DOCUMENTS))


@cache
def _plan(functions: FunctionTable, folds: bool) -> dict[type, Any]:
    """What to do at each class of node: skip it, call a step, or push its arguments behind an effect."""
    plan: dict[type, Any] = dict.fromkeys(_SILENT, False)
    for kind, usual in functions.by_type.items():
        effect = of_one_row(usual) if folds else usual
        hidden = behind(CARRIED, effect)
        steers = functions.configures.get(kind)
        plan[kind] = (
            effect.subtype,
            hidden,
            effect,
            steers if steers or effect.carries is not None else None,
        )
    plan.update(_STEPS)
    return plan


def _planned(plan: dict[type, Any], functions: FunctionTable, kind: type) -> Any:
    """Plan for a class that no table holds: a query, or something that carries all it is given."""
    if issubclass(kind, (exp.Query, exp.Subquery)):
        plan[kind] = _query
    else:
        plan[kind] = (TRANSFORMATION, CARRIED, None, functions.configures.get(kind))
    return plan[kind]


def _run(at: Walk) -> None:
    """Look at everything that is to be looked at."""
    stack = at.stack
    functions = at.scope.context.functions
    plan = _plan(functions, at.scope.folds)
    while stack:
        node, subtype, packed = stack.pop()
        kind = type(node)
        if kind is exp.Column:
            _column(at, node, subtype, packed)
            continue
        what = plan.get(kind)
        if what is None:
            what = _planned(plan, functions, kind)
        if what is False:
            continue
        if type(what) is not tuple:
            what(at, node, subtype, packed)
            continue
        step, hidden, effect, steers = what
        if subtype < step:
            subtype = step
        if hidden and subtype <= CONDITIONAL:
            packed = joined(packed, hidden)
        if steers is None and (effect is None or effect.carries is None):
            for value in node.args.values():
                if isinstance(value, exp.Expression):
                    stack.append((value, subtype, packed))
                elif type(value) is list:
                    stack.extend([(v, subtype, packed) for v in value if isinstance(v, exp.Expression)])
        else:
            push_arguments(node, subtype, packed, stack, effect, steers)


def walk(scope: Scope, node: Any, flow: Flow, subtype: int = IDENTITY, packed: int = CARRIED) -> None:
    """Add to `flow` all columns that `node` is made of, as they look behind a step of `subtype` and `packed`."""
    _run(Walk(scope, flow, (node, subtype, packed)))


def _column(at: Walk, node: Any, subtype: int, packed: int) -> None:
    what = type(node.args["this"])
    if what is exp.Star:
        _star(at, node, subtype, packed)
        return
    cell = resolve(at.scope, node) if what is exp.Identifier else cell_of(at.scope, node)
    if at.scope.decides and what is exp.Identifier and subtype <= CONDITIONAL:
        shown = trace(AGGREGATED) if special_of(packed) == AGGREGATED else CARRIED  # whatever is made of NULL is NULL
        carry(at.flow, may_be_absent(at.scope, node), CONDITIONAL, shown)
    if cell.table is not None:
        add(at.flow, (cell.table[0], cell.table[1], None, COMPOSED[subtype][IDENTITY]), packed)
    else:
        if subtype <= AGGREGATION:
            cell = _told(at.scope, cell, node)
        carry(at.flow, cell.flow, subtype, packed)


def _star(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``f(*)`` takes all columns; COUNT(*) none, but where a table's are not known its star stands for its rows."""
    counted = isinstance(node.parent, exp.Count) or isinstance(node.parent.parent, exp.Count)
    star = trace(AGGREGATED, True)
    for alias, relation in at.scope.relations:
        if not counted and not (node.args.get("table") and alias != node.args["table"].name.lower()):
            row = relation.row().flow
            at.scope.context.references.update(((key[0], STAR), None) for key in row if key[1] == STAR)
            carry(at.flow, row, subtype, packed)
        elif counted and isinstance(relation, BaseTable) and not relation.known:
            key = (relation.table, STAR, None, COMPOSED[subtype][AGGREGATION])
            add(at.flow, key, joined(packed, star))


def _json(at: Walk, node: Any, subtype: int, packed: int) -> None:
    inner: Flow = {}
    walk(at.scope, node.this, inner)
    key = node.args.get("expression") or node.args.get("path")
    several = any(isinstance(k, exp.Expression) and not isinstance(k, exp.Boolean) for k in node.expressions)
    path = None if several else json_path(key)
    carry(at.flow, inner, COMPOSED[subtype][TRANSFORMATION], packed, path, kept=is_document(at.scope, node.this))
    if path is None and isinstance(key, exp.Expression):
        at.stack.append((key, COMPOSED[subtype][TRANSFORMATION], joined(packed, trace(DERIVED))))


def _bracket(at: Walk, node: Any, subtype: int, packed: int) -> None:
    carry(at.flow, bracketed_cell(at.scope, node).flow, subtype, packed)


def _dot(at: Walk, node: Any, subtype: int, packed: int) -> None:
    cell = dotted_cell(at.scope, node)
    if cell is not None:
        carry(at.flow, cell.flow, subtype, packed)
        return
    if (defined := relation_of(at.scope, names_in_call(node))) is not None:
        carry(at.flow, defined.row().flow, subtype, packed)
    effect = at.scope.context.functions.of(node)
    step, packed = COMPOSED[subtype][effect.subtype], behind(packed, effect)
    chained = at.scope.context.dialect == "duckdb"  # where email.lower() is lower(email)
    if isinstance(node.this, exp.Identifier) and chained:
        base = exp.Column(this=node.this.copy())
        if isinstance(node.expression, exp.Identifier):  # where a source's column comes before a lambda's parameter
            name = node.expression.name
            listed = lists(at.scope, node.this.name, name)
            if listed:
                base = exp.column(node.expression.copy(), table=node.this.copy())
            elif listed is None:
                why = f"may be a column of {node.this.name} or a field of the lambda's parameter"
                at.scope.context.problem(f"{name}: {why}", node.expression)
                add(at.flow, ("", name, None, step), packed)
        at.stack.append((base, step, packed))
    elif chained or not isinstance(node.this, (exp.Identifier, exp.Dot)):
        at.stack.append((node.this, step, packed))
    push_arguments(node.expression, step, packed, at.stack, effect, None)


_COMBINED = (exp.CombinedAggFunc, exp.CombinedParameterizedAgg)


def _is_conditional(node: Any) -> bool:
    """ClickHouse's ``sumIf(x, condition)``; ``countIf(condition)`` counts it."""
    return str(node.name).lower().endswith("if") and len(node.expressions) > 1


def _anonymous(at: Walk, node: Any, subtype: int, packed: int) -> None:
    functions = at.scope.context.functions
    if (
        str(node.name).lower() == "identifier"
        and node.expressions
        and isinstance(node.expressions[0], exp.Literal)
    ):
        at.stack.append((exp.Column(this=exp.to_identifier(str(node.expressions[0].this))), subtype, packed))
        return
    lookup = looked_up(at.scope, node) if at.scope.context.dialect == "clickhouse" else None
    if lookup is not None:
        for attribute in lookup.attributes:
            add(at.flow, (lookup.table, attribute, None, COMPOSED[subtype][IDENTITY]), packed)
        at.stack.extend((e, subtype, packed) for e in lookup.defaults)
        at.stack.extend((e, COMPOSED[subtype][CONDITIONAL], deciding(packed)) for e in lookup.keys)
        return
    if type(node) is exp.Anonymous and (exact := EXACT_CALLS.get(str(node.name).lower())) is not None:
        exact(at, node, subtype, packed)
        return
    path = path_of_call(node) if type(node) is exp.Anonymous else None
    if path is not None:
        inner: Flow = {}
        walk(at.scope, node.expressions[0], inner)
        document = is_document(at.scope, node.expressions[0])
        carry(at.flow, inner, COMPOSED[subtype][TRANSFORMATION], packed, path, kept=document)
        return
    if isinstance(node, _COMBINED) and _is_conditional(node):
        *values, condition = node.expressions
        node = exp.Anonymous(this=str(node.name)[:-2], expressions=values)
        influence = COMPOSED[subtype][CONDITIONAL]
        at.stack.append((condition, influence, deciding(behind(packed, effect_there(at.scope, node)))))
        fix(at.scope, condition, at.flow, influence)
    if type(node) is exp.Anonymous and (defined := relation_of(at.scope, names_in_call(node))) is not None:
        carry(at.flow, defined.row().flow, subtype, packed)
    effect = effect_there(at.scope, node)
    step, steers = COMPOSED[subtype][effect.subtype], functions.configures.get(type(node))
    push_arguments(node, step, behind(packed, effect), at.stack, effect, steers)


def _told(scope: Scope, cell: Cell, node: Any) -> Cell:
    """A value; that of a variable which the script does not tell is a problem."""
    if type(cell) is Unknown:
        scope.context.problem(f"what the variable {cell.name} holds is not known", _identifier(node))
        return Cell({("", cell.name, None, TRANSFORMATION): trace(UNKNOWN)})
    return cell


def _identifier(node: Any) -> Any:
    """The node that knows where a column stands."""
    while not node.meta and isinstance(node.args.get("this"), exp.Expression):
        node = node.args["this"]
    return node


def _parameter(at: Walk, node: Any, subtype: int, packed: int) -> None:
    cell = positional_cell(at.scope, node, None)
    if subtype <= AGGREGATION:
        cell = _told(at.scope, cell, node)
    carry(at.flow, cell.flow, subtype, packed)


def _comprehension(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``[f(x) FOR x IN list IF c(x)]``: the variable stands for elements of the list."""
    step = COMPOSED[subtype][TRANSFORMATION]
    at.stack.append((node.args["iterator"], step, packed))
    outside = at.scope.shadowed
    at.scope.shadowed = outside | {str(node.expression.name).lower()}
    walk(at.scope, node.this, at.flow, step, packed)
    if isinstance(node.args.get("condition"), exp.Expression):
        walk(at.scope, node.args["condition"], at.flow, COMPOSED[subtype][CONDITIONAL], deciding(packed))
    at.scope.shadowed = outside


def _lambda(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``x -> x + y``: its parameters stand for elements of the other arguments; ``doc -> 'key'`` is no lambda."""
    if (document := arrow_of(at.scope, node)) is not None:
        column, path = document
        inner: Flow = {}
        walk(at.scope, column, inner)
        step = COMPOSED[subtype][TRANSFORMATION]
        carry(at.flow, inner, step, packed, path, kept=is_document(at.scope, column))
        walk(at.scope, node.this, at.flow, step, packed)
        return
    outside = at.scope.shadowed
    names = {str(getattr(e, "name", "")).lower() for e in node.expressions}
    at.scope.shadowed = outside | names
    walk(at.scope, node.this, at.flow, COMPOSED[subtype][TRANSFORMATION], packed)
    at.scope.shadowed = outside


def _query(at: Walk, node: Any, subtype: int, packed: int) -> None:
    cell = scalar_cell(at.scope, node)
    carry(at.flow, cell.flow, subtype, packed)


def _exists(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """EXISTS shows nothing of what its query selects: only what decides whether there is a row."""
    query: Any = node.this
    if not isinstance(query, (exp.Query, exp.Subquery)):
        push_arguments(
            node, COMPOSED[subtype][TRANSFORMATION], joined(packed, COMPARED), at.stack, None, None
        )
        return
    relation = at.scope.context.evaluate(query, at.scope)
    kind = COMPOSED[subtype][CONDITIONAL] if subtype <= AGGREGATION else subtype
    for table, column, path, _ in relation.influence:
        add(at.flow, (table, column, path, kind), deciding(packed))


_STEPS = {
    **STEPS,
    **EXACT,
    **{
        kind: handler
        for names, handler in (
            (
                "JSONExtract JSONExtractScalar JSONBExtract JSONBExtractScalar JSONExtractArray JSONValueArray "
                "JSONValue JSONExtractQuote",
                _json,
            ),
            ("Bracket", _bracket),
            ("Dot", _dot),
            (
                "Anonymous AnonymousAggFunc CombinedAggFunc ParameterizedAgg CombinedParameterizedAgg",
                _anonymous,
            ),
            ("Lambda", _lambda),
            ("Comprehension", _comprehension),
            ("Parameter Placeholder", _parameter),
            ("Exists", _exists),
            ("Star", _star),
        )
        for name in names.split()
        if (kind := getattr(exp, name, None)) is not None
    },
}
