"""What resources would have cost at the exchange rates of an earlier span."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lineage_nb.analyses.cost.change_cells import resources
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.placement import place
from lineage_nb.graph.lineage import Lineage

__all__ = ["rate_moves"]

_UNIT = ["resource", "component"]


def rate_moves(lineage: Lineage, spent: Sequence[pl.DataFrame], during: Sequence[During], idle: str, currency: str) -> pl.DataFrame:
    """Say what the new cost of resources is at the old exchange rates.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    spent : (polars.DataFrame, polars.DataFrame)
        Billed rows of two spans, with `own_currency` and `own_amount` (see `lineage_nb.analyses.cost.bill.Bill`).
    during : (During, During)
        The spans.
    idle : {"line", "spread"}
        As `place` takes it.
    currency : str
        Into which the rows were converted.

    Returns
    -------
    polars.DataFrame
        resource, component, factor (new cost at old rates / new cost). The old rate of a resource is what it was
        converted at on average; without one, that of all rows of its currency. Without any, its cost is left as it is.
    """
    empty = pl.DataFrame(schema={"resource": pl.String, "component": pl.String, "factor": pl.Float64})
    currencies = pl.concat([s["own_currency"] for s in spent]).unique().sort()
    if (currencies == currency).all():
        return empty
    parts = [empty.select(*_UNIT, pl.lit(0, pl.Int64).alias("billed_after"), pl.lit(0.0).alias("plain"))]
    for own in currencies:
        rows = [s.filter(pl.col("own_currency") == own) for s in spent]
        before, after = (_totals(lineage, r, d, idle) for r, d in zip(rows, during, strict=True))
        given = int(rows[0]["own_amount"].sum())
        usual = int(rows[0]["amount"].sum()) / given if given else None
        both = after.join(before, on=_UNIT, how="left", suffix="_old", nulls_equal=True)
        rate = pl.when(pl.col("own_old") != 0).then(pl.col("billed_old") / pl.col("own_old")).otherwise(usual)
        plain = pl.coalesce(pl.col("own") * rate, pl.col("billed")).alias("plain")
        parts.append(both.select(*_UNIT, pl.col("billed").alias("billed_after"), plain))
    sums = pl.concat(parts).group_by(_UNIT).agg(pl.col("billed_after", "plain").sum()).filter(pl.col("billed_after") != 0)
    return sums.select(*_UNIT, (pl.col("plain") / pl.col("billed_after")).alias("factor"))


def _totals(lineage: Lineage, spent: pl.DataFrame, during: During, idle: str) -> pl.DataFrame:
    """resource, component, billed, own: in the currency of the answer, and as billed."""
    found = []
    for column, name in (("amount", "billed"), ("own_amount", "own")):
        rows = spent.with_columns(pl.col(column).alias("amount"))
        placed = place(lineage, rows, idle=idle, period=during)
        found.append(resources(lineage, rows, placed).rename({"amount": name}))
    return found[0].join(found[1], on=_UNIT, how="full", coalesce=True, nulls_equal=True).with_columns(pl.col("billed", "own").fill_null(0))
