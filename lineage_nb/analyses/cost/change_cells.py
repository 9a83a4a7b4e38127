"""What is billed × who it comes to, in two spans, and the parts of the change between them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.outputs import output_weights
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.placement import Placement
from lineage_nb.analyses.result import Answer
from lineage_nb.graph.flow import split
from lineage_nb.graph.lineage import Lineage

__all__ = ["DOUBTED", "PARTS", "REST", "cells", "per_day", "resources", "with_parts"]

PARTS = ("new", "gone", "volume", "price", "exchange", "moved", "unexplained")
"""Parts of a change; they add up to it."""
REST = "the rest"
"""Key of all consumers that are too small to be told apart."""
DOUBTED = 3.0
"""A price that would have changed by more than this factor says that the quantity does not drive the cost."""
_UNIT = ["resource", "component"]
_CELL = [*_UNIT, "key"]


def cells(lineage: Lineage, answer: Answer, spent: pl.DataFrame, placed: Placement, period: During, keys: Collection[str]) -> pl.DataFrame:
    """Say what of each resource comes to each key.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    answer : Answer
        Of `cost`.
    spent : polars.DataFrame
        The billed rows that it attributes.
    placed : Placement
        Where they were spent.
    period : During
        The days of the answer.
    keys : collection of str
        That are told apart; what comes to all others is one key, `REST`, and is what they leave of each resource.

    Returns
    -------
    polars.DataFrame
        resource (what is billed: a job, a dataset, a machine; null: no node), component (null: all of a job's), key,
        amount. Sorted, none zero; the amounts of a key add up to its amount.
    """
    rows = [answer.explain(k).select("node", "amount", pl.lit(k).alias("key")) for k in answer.frame["key"] if k in keys]
    empty = pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64, "key": pl.String})
    flat = pl.concat([empty, *rows]).sort("key", "node").with_row_index("row")
    method, by = answer.settings["method"], answer.settings["by"]
    flows = method in ("usage", "even") or (method == "direct" and by == "dataset")
    made = _contributions(lineage, spent, placed, period, flows=flows)
    pairs = flat.join(made, on="node", how="left", nulls_equal=True).sort("row", *_UNIT, nulls_last=True)
    weight = pl.col("weight").fill_null(1)
    share = weight.cum_sum().over("row") / weight.sum().over("row")
    until = (pl.col("amount") * share).round().cast(pl.Int64)
    last = pl.col("row") != pl.col("row").shift(-1).fill_null(pl.col("row").max() + 1)
    until = pl.when(last).then("amount").otherwise(until)
    pairs = pairs.with_columns(until.alias("until"), pl.coalesce("resource", "node").alias("resource"))
    pairs = pairs.with_columns((pl.col("until") - pl.col("until").shift(1).over("row").fill_null(0)).alias("amount"))
    parts = [pairs.select(*_CELL, "amount")]
    if not answer.frame["key"].is_in(list(keys)).all():
        every = resources(lineage, spent, placed).with_columns(pl.lit(REST).alias("key"))
        parts += [every.select(*_CELL, "amount"), pairs.select(*_UNIT, pl.lit(REST).alias("key"), -pl.col("amount"))]
    return pl.concat(parts).group_by(_CELL).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).sort(_CELL, nulls_last=True)


def _contributions(lineage: Lineage, spent: pl.DataFrame, placed: Placement, period: During, *, flows: bool) -> pl.DataFrame:
    """List node (where money is placed), resource, component, weight: what the money of a node was billed for.

    Where money flows (`flows`), a dataset holds what its jobs cost as well. Nodes whose parts add up to zero, and all
    others, are not listed: they are billed for themselves.
    """
    own = _own(lineage, spent, placed)
    jobs = _outputs(lineage, placed.jobs, period).select("node", "resource", pl.lit(None, pl.String).alias("component"), "weight")
    made = pl.concat([own, jobs]) if flows else own
    return made.filter((pl.col("weight") != 0) & (pl.col("weight").sum().over("node") != 0))


def _own(lineage: Lineage, spent: pl.DataFrame, placed: Placement) -> pl.DataFrame:
    """node, resource (the same), component, weight: what is billed to anything but jobs and machines."""
    nodes = lineage.frames["nodes"]
    data = pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data")
    rows = spent.join(nodes.select("id", "kind", data), left_on="node", right_on="id", how="left")
    rows = rows.filter(~pl.col("kind").is_in(["job", "compute"]).fill_null(value=False))
    inside = pl.col("data").is_in(placed.own["node"].implode()).fill_null(value=False)
    node = pl.when(inside).then("data").otherwise("node").alias("node")
    own = rows.group_by(node, "component").agg(pl.col("amount").sum().alias("weight"))
    return own.select("node", pl.col("node").alias("resource"), "component", "weight")


def resources(lineage: Lineage, spent: pl.DataFrame, placed: Placement) -> pl.DataFrame:
    """List resources as `cells` does, whoever they come to: resource, component, amount; the sum is that of `spent`."""
    own = _own(lineage, spent, placed).select(*_UNIT, pl.col("weight").alias("amount"))
    lost = placed.lines["unallocated"].join(own.select(node="resource"), on="node", how="anti", nulls_equal=True)
    whole = pl.concat([placed.jobs, placed.lines["idle"], lost]).select(pl.col("node").alias("resource"), pl.lit(None, pl.String).alias("component"), "amount")
    return pl.concat([own, whole]).group_by(_UNIT).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)


def _outputs(lineage: Lineage, jobs: pl.DataFrame, period: During) -> pl.DataFrame:
    """node, resource (the job), weight: a job's cost to what it writes, as `place` does."""
    parts = jobs.rename({"node": "job"}).join(output_weights(lineage, jobs["node"], period), on="job")
    share = (pl.col("weight") / pl.col("weight").sum().over("job") * pl.col("amount")).round().cast(pl.Int64)
    return parts.select("node", pl.col("job").alias("resource"), share.alias("weight"))


def per_day(held: pl.DataFrame, length: timedelta) -> pl.DataFrame:
    """Divide cells by a number of days, so that the amounts of a key still add up to whole micro-units."""
    days = length.days
    until = pl.col("amount").cum_sum().over("key") // days
    held = held.sort("key", *_UNIT, nulls_last=True).with_columns(until.alias("until"))
    share = pl.col("until") - pl.col("until").shift(1).over("key").fill_null(0)
    return held.with_columns(share.alias("amount")).drop("until").filter(pl.col("amount") != 0).sort(_CELL, nulls_last=True)


def with_parts(before: pl.DataFrame, after: pl.DataFrame, measured: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Cut the change of every cell into parts.

    Parameters
    ----------
    before, after : polars.DataFrame
        What `cells` gives.
    measured : polars.DataFrame
        What `quantities` gives, in comparable spans.
    rates : polars.DataFrame
        What `lineage_nb.analyses.cost.rate_moves.rate_moves` gives.

    Returns
    -------
    polars.DataFrame
        resource, component, key, before, after, `PARTS`, unit, quantity_before, quantity_after, billed_before, billed_after
        (of the whole resource), doubted (a quantity is recorded that does not drive the cost). Before plus the parts is after, in every row; over the keys of a resource,
        ``moved`` adds up to zero.
    """
    both = before.rename({"amount": "before"}).join(
        after.rename({"amount": "after"}), on=_CELL, how="full", coalesce=True, nulls_equal=True
    )
    both = both.with_columns(pl.col("before", "after").fill_null(0)).sort(_CELL, nulls_last=True)
    totals = both.group_by(_UNIT, maintain_order=True).agg(
        pl.col("before").sum().alias("billed_before"), pl.col("after").sum().alias("billed_after"),
        (pl.col("before") != 0).any().alias("was"), (pl.col("after") != 0).any().alias("is"),
    )
    totals = totals.with_row_index("unit_number").join(measured, on=_UNIT, how="left", nulls_equal=True, maintain_order="left")
    totals = totals.join(rates, on=_UNIT, how="left", nulls_equal=True, maintain_order="left").with_columns(pl.col("factor").fill_null(1.0))
    totals = totals.with_columns(_doubted().alias("doubted"))
    both = both.join(totals, on=_UNIT, nulls_equal=True, maintain_order="left")
    amounts = {c: both[c].to_numpy() for c in ("before", "after")}
    stays = (both["was"] & both["is"]).to_numpy()
    paid = (both["billed_before"] > 0) & (both["billed_after"] > 0)
    known = stays & (paid & both["unit"].is_not_null() & ~both["doubted"]).to_numpy()
    old, volume, rate = _shared_out(totals, both["unit_number"].to_numpy().astype(np.int64), amounts["after"], stays, known)
    rest = np.where(stays, amounts["after"] - old - volume - rate, 0)
    parts = {
        "new": np.where(both["was"].to_numpy(), 0, amounts["after"]),
        "gone": np.where(both["is"].to_numpy(), 0, -amounts["before"]),
        "volume": volume,
        "price": np.where(known, rest, 0),
        "exchange": rate,
        "moved": np.where(stays, old - amounts["before"], 0),
        "unexplained": np.where(known, 0, rest),
    }
    both = both.with_columns(pl.Series(name, values, dtype=pl.Int64) for name, values in parts.items())
    known_only = [pl.when(pl.Series(known)).then(c).alias(c) for c in ("unit", "quantity_before", "quantity_after")]
    doubted = (pl.Series(stays) & paid & both["doubted"]).alias("doubted")
    return both.select(*_CELL, "before", "after", *PARTS, *known_only, "billed_before", "billed_after", doubted)


def _doubted() -> pl.Expr:
    """Whether the price of a resource would have changed beyond belief; what driver rows state is believed."""
    price = (pl.col("billed_after") * pl.col("factor") / pl.col("quantity_after")) / (pl.col("billed_before") / pl.col("quantity_before"))
    beyond = (price > DOUBTED) | (price < 1 / DOUBTED)
    return (beyond & (pl.col("unit") != "driver units")).fill_null(value=False)


def _shared_out(
    totals: pl.DataFrame, unit: NDArray[np.int64], after: NDArray[np.int64], stays: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Share each resource's old cost, what its quantity and what exchange rates add to it, as its new cost is shared; shape (cells,) each."""
    ratio = (totals["quantity_after"] / totals["quantity_before"]).fill_null(1.0).to_numpy()
    was = totals["billed_before"].to_numpy()
    more = np.rint(np.clip(was * (ratio - 1.0), -(2.0**61), 2.0**61)).astype(np.int64)
    new = totals["billed_after"].to_numpy()
    by_rate = new - np.rint(np.clip(new * totals["factor"].to_numpy(), -(2.0**61), 2.0**61)).astype(np.int64)
    by_rate[totals["factor"].to_numpy() == 1.0] = 0
    result = []
    for amount, where in ((was, stays & (after != 0)), (more, known & (after != 0)), (by_rate, stays & (after != 0))):
        shares = np.zeros(len(unit), dtype=np.int64)
        shares[where] = split(amount, unit[where], np.abs(after[where]).astype(np.float64))
        result.append(shares)
    return result[0], result[1], result[2]
