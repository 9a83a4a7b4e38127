"""What each kind of step on the way from an output to its columns does to a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import exp

from lineage_nb.sql.fixed import fix, fix_equal
from lineage_nb.sql.flows import CARRIED, COMPARED, RESTORES, Flow, deciding, joined, trace
from lineage_nb.sql.functions import Effect
from lineage_nb.sql.quantiles import effect_there
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import AGGREGATION, COMPOSED, CONDITIONAL, DERIVED, PLAIN, TRANSFORMATION, WINDOW

__all__ = ["STEPS", "Step", "Walk", "behind", "push_arguments"]

Step = tuple[Any, int, int]
"""A node, with the subtype and the trace of the way from the output down to it."""


class Walk:
    """One walk: whose columns it resolves, where it adds them, what is still to be looked at."""

    __slots__ = ("flow", "scope", "stack")

    def __init__(self, scope: Scope, flow: Flow, first: Step) -> None:
        self.scope = scope
        self.flow = flow
        self.stack = [first]


def behind(packed: int, effect: Effect) -> int:
    """Trace of a way that goes on through a function."""
    step = trace(effect.verdict, effect.masking, PLAIN if effect.predicate else None)
    if effect.restores:
        step |= RESTORES
    return joined(packed, step) if step else packed


def push_arguments(
    node: Any,
    subtype: int,
    packed: int,
    stack: list[Step],
    effect: Effect | None,
    steers: Mapping[str, int] | None,
) -> None:
    """Push what a function is given: what carries with its trace, what only steers it with its own verdict."""
    carries = None if effect is None else effect.carries
    if steers is None and carries is None:
        for value in node.args.values():
            if isinstance(value, exp.Expression):
                stack.append((value, subtype, packed))
            elif type(value) is list:
                stack.extend((v, subtype, packed) for v in value if isinstance(v, exp.Expression))
        return
    position = 0
    for name, value in _arguments(node):
        for item in value if type(value) is list else (value,):
            if not isinstance(item, exp.Expression):
                continue
            verdict = steers.get(name) if steers is not None else None
            if verdict is None and carries is not None and effect is not None and position not in carries:
                verdict = effect.others
            hidden = packed if verdict is None else joined(packed, trace(verdict))
            stack.append((item, subtype, hidden))
            position += 1


def _arguments(node: Any) -> Iterable[tuple[str, Any]]:
    """Arguments in the order in which `Effect.carries` counts them."""
    args = node.args
    if "params" in args:
        return [("params", args["params"]), *((k, v) for k, v in args.items() if k != "params")]
    return list(args.items())


def _same(at: Walk, node: Any, subtype: int, packed: int) -> None:
    at.stack.append((node.this, subtype, packed))


def _each(at: Walk, node: Any, subtype: int, packed: int) -> None:
    at.stack.extend((e, subtype, packed) for e in node.expressions)


def _cast(at: Walk, node: Any, subtype: int, packed: int) -> None:
    at.stack.append((node.this, COMPOSED[subtype][TRANSFORMATION], packed))


def _value(at: Walk, node: Any, subtype: int, packed: int) -> None:
    at.stack.append((node.expression, subtype, packed))


def _conditions(at: Walk, nodes: list[Any], subtype: int, packed: int) -> None:
    """Push what decides a value; of it shows no more than of the value."""
    influence = COMPOSED[subtype][CONDITIONAL]
    for node in nodes:
        if isinstance(node, exp.Expression):
            at.stack.append((node, influence, deciding(packed)))
            if subtype <= AGGREGATION:
                fix(at.scope, node, at.flow, influence)


def _case(at: Walk, node: Any, subtype: int, packed: int) -> None:
    branches = node.args.get("ifs") or []
    _conditions(at, [node.args.get("this"), *(b.this for b in branches)], subtype, packed)
    if node.args.get("this") is not None and subtype <= AGGREGATION:
        for branch in branches:
            fix_equal(at.scope, node.this, branch.this, at.flow, COMPOSED[subtype][CONDITIONAL])
    values = [*(b.args.get("true") for b in branches), node.args.get("default")]
    step = COMPOSED[subtype][TRANSFORMATION]
    at.stack.extend((v, step, packed) for v in values if isinstance(v, exp.Expression))


def _decode(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``DECODE(x, search, result, …, default)`` is a CASE."""
    what, *rest = node.expressions
    pairs = len(rest) // 2 * 2
    _conditions(at, [what, *rest[:pairs:2]], subtype, packed)
    for searched in rest[:pairs:2] if subtype <= AGGREGATION else ():
        fix_equal(at.scope, what, searched, at.flow, COMPOSED[subtype][CONDITIONAL])
    step = COMPOSED[subtype][TRANSFORMATION]
    at.stack.extend((v, step, packed) for v in (*rest[1:pairs:2], *rest[pairs:]))


def _if(at: Walk, node: Any, subtype: int, packed: int) -> None:
    _conditions(at, [node.this], subtype, packed)
    step = COMPOSED[subtype][TRANSFORMATION]
    for arg in ("true", "false"):
        value = node.args.get(arg)
        if isinstance(value, exp.Expression):
            at.stack.append((value, step, packed))


def _coalesce(at: Walk, node: Any, subtype: int, packed: int) -> None:
    values = [node.this, *node.expressions]
    _conditions(at, values, subtype, packed)
    step = COMPOSED[subtype][TRANSFORMATION]
    at.stack.extend((v, step, packed) for v in values)


def _nullif(at: Walk, node: Any, subtype: int, packed: int) -> None:
    _conditions(at, [node.this, node.expression], subtype, packed)
    at.stack.append((node.this, COMPOSED[subtype][TRANSFORMATION], packed))


def _filter(at: Walk, node: Any, subtype: int, packed: int) -> None:
    aggregate = node.this
    while isinstance(aggregate, (exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)):
        aggregate = aggregate.this
    _conditions(at, [node.expression.this], subtype, behind(packed, effect_there(at.scope, aggregate)))
    at.stack.append((node.this, subtype, packed))


def _having_max(at: Walk, node: Any, subtype: int, packed: int) -> None:
    _conditions(at, [node.expression], subtype, packed)
    at.stack.append((node.this, subtype, packed))


def _keys(at: Walk, node: Any, subtype: int) -> None:
    influence = COMPOSED[subtype][WINDOW]
    at.stack.extend((n, influence, CARRIED) for n in node.expressions)


def _aggregate_order(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``ARRAY_AGG(x ORDER BY y)``: the order of the values inside an aggregate."""
    if isinstance(node.this, exp.Expression):
        at.stack.append((node.this, subtype, packed))
    _keys(at, node, subtype)


def _within_group(at: Walk, node: Any, subtype: int, packed: int) -> None:
    """``LISTAGG(x) WITHIN GROUP (ORDER BY y)`` orders by y; ``PERCENTILE_CONT(0.5)`` takes its value from it."""
    at.stack.append((node.this, subtype, packed))
    if not isinstance(node.expression, exp.Order):
        return
    keys = node.expression.expressions
    if next(node.this.find_all(exp.Column), None) is not None:
        influence = COMPOSED[subtype][WINDOW]
        at.stack.extend((k, influence, CARRIED) for k in keys)
        return
    effect = effect_there(at.scope, node.this)
    step = COMPOSED[subtype][effect.subtype]
    at.stack.extend((k, step, behind(packed, effect)) for k in keys)


def _is_of_one_row(node: Any) -> bool:
    """Whether a window holds nothing but the row itself: what is aggregated there is that row's value."""
    spec = node.args.get("spec")
    if spec is None or isinstance(node.this, exp.Count) or not isinstance(node.this, exp.AggFunc):
        return False
    start, end = spec.args.get("start"), spec.args.get("end") or "CURRENT ROW"
    return str(spec.args.get("kind")).upper() == "ROWS" and start == end == "CURRENT ROW" and not spec.args.get("exclude")


def _window(at: Walk, node: Any, subtype: int, packed: int) -> None:
    if _is_of_one_row(node):
        step = COMPOSED[subtype][TRANSFORMATION]
        push_arguments(node.this, step, packed, at.stack, None, None)
    else:
        at.stack.append((node.this, subtype, packed))
    influence = COMPOSED[subtype][WINDOW]
    seen: set[str] = set()
    while node is not None:
        keys = list(node.args.get("partition_by") or [])
        order = node.args.get("order")
        keys += order.expressions if order is not None else []
        at.stack.extend((k, influence, CARRIED) for k in keys)
        named = node.args.get("alias") or (node.this if isinstance(node.this, exp.Identifier) else None)
        name = str(getattr(named, "name", "")).lower()
        node = at.scope.windows.get(name) if name and name not in seen else None
        seen.add(name)


def _in(at: Walk, node: Any, subtype: int, packed: int) -> None:
    step, hidden = COMPOSED[subtype][TRANSFORMATION], joined(packed, COMPARED)
    for arg in ("this", "query", "unnest", "field"):
        value = node.args.get(arg)
        if isinstance(value, exp.Expression):
            at.stack.append((value, step, hidden))
    at.stack.extend((e, step, hidden) for e in node.expressions)


_MASK = re.compile(r"[*#xX?•._-]*[*#xX?•][*#xX?•._-]*")
_MANY = r"(?:[+*]|\{[01],\})"
_FROM_START = re.compile(rf"\^?\(?(?:\.{_MANY}\)?\$?|\[\^@\]{_MANY}\)?)")
_EVERY_RUN = re.compile(rf"\(?(?:\.|(?:\.|\\[Sw]|\[\^(?:[^\w\]\\]|\\[^\w])+\]){_MANY})\)?")
_ONE_ONLY = frozenset(("", "postgres", "materialize", "risingwave", "duckdb"))
"""Dialects that replace what is found first, unless a flag asks for all."""


def masks(node: Any, dialect: str) -> bool:
    """Whether a replacement by pattern puts a mask over all of a value up to a mark, as ``'^[^@]+' → '***'`` does."""
    pattern, mask = node.args.get("expression"), node.args.get("replacement")
    if not isinstance(pattern, exp.Literal) or not isinstance(mask, exp.Literal) or not _MASK.fullmatch(str(mask.this)):
        return False
    position, occurrence = node.args.get("position"), node.args.get("occurrence")
    if (position is not None and str(position) != "1") or (occurrence is not None and str(occurrence) != "0"):
        return False
    flags = node.args.get("modifiers")
    every = dialect not in _ONE_ONLY or (isinstance(flags, exp.Literal) and "g" in str(flags.this))
    text = str(pattern.this)
    return bool(_FROM_START.fullmatch(text) or (every and text and _EVERY_RUN.fullmatch(text)))


def _regexp_replace(at: Walk, node: Any, subtype: int, packed: int) -> None:
    step = COMPOSED[subtype][TRANSFORMATION]
    if subtype <= AGGREGATION and masks(node, at.scope.context.dialect):
        packed = joined(packed, trace(DERIVED, True))  # what is left of it
    push_arguments(node, step, packed, at.stack, None, at.scope.context.functions.configures.get(type(node)))


STEPS = {
    kind: handler
    for names, handler in (
        ("Alias Paren Ordered IgnoreNulls RespectNulls SafeFunc", _same),
        ("HavingMax", _having_max),
        ("Distinct Tuple", _each),
        ("Cast TryCast", _cast),
        ("PropertyEQ Kwarg", _value),
        ("Case", _case),
        ("If Nvl2", _if),
        ("DecodeCase", _decode),
        ("Coalesce", _coalesce),
        ("Nullif", _nullif),
        ("Filter", _filter),
        ("Order", _aggregate_order),
        ("WithinGroup", _within_group),
        ("Window", _window),
        ("In", _in),
        ("RegexpReplace", _regexp_replace),
    )
    for name in names.split()
    if (kind := getattr(exp, name, None)) is not None
}
"""Class of a node → what to push of it; what is not here is a function or operator."""
