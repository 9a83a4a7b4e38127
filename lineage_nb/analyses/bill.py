"""The billed rows that a question is about, and their one currency."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl

from lineage_nb.analyses.result import as_list
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["currency_of", "spent_rows"]


def spent_rows(lineage: Lineage, period: tuple[date | str, date | str] | None, of: Iterable[str] | None) -> pl.DataFrame:
    """Billed rows of a period (both days inclusive; None: all) and of some nodes (None: all).

    Raises
    ------
    LineageError
        Without costs at all or in the period, and for sums beyond whole micro-units.
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes.
    """
    costs = lineage.frames["costs"].filter(pl.col("role") == "billed")
    if lineage.frames["costs"].is_empty():
        raise LineageError("the snapshot holds no costs; add a frame with node, day, component, amount, currency")
    if period is not None:
        first, last = _days(period)
        inside = costs.filter(pl.col("day").is_between(first, last))
        if inside.is_empty():
            recorded = [str(d) for d in costs.select(pl.col("day").min(), last=pl.col("day").max()).row(0)]
            raise LineageError(f"no costs from {first} to {last}; recorded are {' to '.join(recorded)}")
        costs = inside
    if of is not None:
        costs = costs.filter(pl.col("node").is_in([lineage.names.resolve(n) for n in as_list(of)]))
    if costs.select(pl.col("amount").cast(pl.Float64).abs().sum()).item() >= 2.0**62:
        raise LineageError("the costs add up to more than 4.6 trillion currency units; amounts are micro-units")
    return costs


def _days(period: tuple[date | str, date | str]) -> tuple[date, date]:
    """Two days, as dates or ``YYYY-MM-DD``."""
    try:
        first, last = (date.fromisoformat(d) if isinstance(d, str) else d for d in period)
    except (TypeError, ValueError) as error:  # a string has more than two letters
        raise LineageError(f"period is {period!r}; give two days, such as ('2026-01-01', '2026-01-31')") from error
    first, last = (d.date() if isinstance(d, datetime) else d for d in (first, last))
    if not (isinstance(first, date) and isinstance(last, date) and first <= last):
        raise LineageError(f"period is {period!r}; give two days, the first before the last")
    return first, last


def currency_of(spent: pl.DataFrame) -> str:
    """The one currency of billed rows; empty without rows.

    Raises
    ------
    LineageError
        For several currencies.
    """
    found = spent["currency"].unique().sort().to_list()
    if len(found) > 1:
        raise LineageError(f"costs in several currencies ({', '.join(found)}): convert them to one before loading")
    return str(found[0]) if found else ""
