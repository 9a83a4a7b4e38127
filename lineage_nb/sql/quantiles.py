"""Quantiles at the ends are the least and the greatest value of a group."""

from __future__ import annotations

from typing import Any, Final

from sqlglot import exp

from lineage_nb.sql.effects import KINDS, Effect, of_one_row
from lineage_nb.sql.functions import FunctionTable
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import AGGREGATED

__all__ = ["effect_of", "effect_there"]

_ENDS: Final = frozenset((0.0, 1.0))


def effect_of(functions: FunctionTable, node: Any) -> Effect:
    """What a call does: as its function does, but for quantiles at the ends, which are values of the group.

    Parameters
    ----------
    functions : FunctionTable
        Of the dialect.
    node
        The call.
    """
    effect = functions.of(node)
    if effect.verdict != AGGREGATED or isinstance(node, (exp.Sum, exp.Avg, exp.Count)):
        return effect
    name = (node.name if isinstance(node, _CALLS) else type(node).__name__).lower()
    if not name.startswith(("quantile", "approxquantile", "percentile", "approx_quantile", "approx_percentile")):
        return effect
    return effect._replace(verdict=KINDS["picked"].verdict) if any(map(_is_end, _fractions(node))) else effect


def effect_there(scope: Scope, node: Any) -> Effect:
    """What a call does where it stands: aggregates may fold the values of one row only."""
    effect = effect_of(scope.context.functions, node)
    return of_one_row(effect) if scope.folds else effect


def _fractions(node: Any) -> list[Any]:
    if isinstance(node, (exp.ParameterizedAgg, exp.CombinedParameterizedAgg)):
        return list(node.expressions)
    if isinstance(node, exp.PercentileCont):
        return [x for x in (node.this, node.args.get("expression")) if isinstance(x, exp.Expression)]
    found = node.args.get("quantile")
    return [found] if isinstance(found, exp.Expression) else list(node.args.get("expressions") or ())[1:]


def _is_end(node: Any) -> bool:
    numbers = [x for x in node.find_all(exp.Literal) if not x.is_string]
    return any(float(x.this) in _ENDS for x in numbers)


_CALLS: Final = (exp.Anonymous, exp.AnonymousAggFunc, exp.ParameterizedAgg, exp.CombinedParameterizedAgg, exp.CombinedAggFunc)
