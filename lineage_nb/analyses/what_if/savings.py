"""What a thing costs by component, and how much of that its removal gives back, at once or at all."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.cost.bill import currency_of, spent_rows
from lineage_nb.analyses.cost.placement import place
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["CAPACITY", "SHARED_TYPES", "costs_of", "freed_of", "resource_costs"]

CAPACITY = "capacity"
"""Component of what is paid for being there: warehouse hours, reservations, commitments."""
SHARED_TYPES = ("clone", "shallow clone", "zero-copy clone", "external", "external table", "foreign table")
"""Types of nodes whose storage is another's: dropping one leaves the files."""

_PAID_AHEAD = r"capacity|commitment|reservation|reserved|provisioned|warehouse|cluster"
_STORAGE = r"storage|stored"
_RETAINED = r"time[ _-]?travel|fail[ _-]?safe|retention|retained"
_SCHEMA = {
    "resource": pl.Int64,
    "component": pl.String,
    "amount": pl.Int64,
    "kept": pl.Boolean,
    "capacity": pl.Boolean,
}


def resource_costs(lineage: Lineage, period: tuple[date | str, date | str] | None = None) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """Sum what each dataset, report, job and person was billed.

    A column's cost is its dataset's. What was billed to a machine (kind ``compute``) is shared by the jobs that
    ran on it, by execution time, under the component `CAPACITY`; its idle time stays with it. So is a component
    whose name says that it is paid ahead (capacity, commitment, reservation, warehouse …). Every other component
    is on demand.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    period : (date, date), optional
        First and last day; the whole record by default.

    Returns
    -------
    costs : polars.DataFrame
        resource (number of a node), component, amount (micro-units), kept (it is billed on when the resource is
        gone: time travel and the like, and the storage of `SHARED_TYPES`), capacity (not cash until it is
        resized); a row a resource and component.
    billed : polars.DataFrame
        The rows of `costs` that were counted.
    currency : str
        Their currency; empty without costs.

    Raises
    ------
    LineageError
        For a period without costs, and for several currencies.
    """
    if lineage.frames["costs"].is_empty():
        return pl.DataFrame(schema=_SCHEMA), lineage.frames["costs"], ""
    spent = spent_rows(lineage, period, None)
    if spent["currency"].n_unique() > 1:
        shown = ", ".join(sorted(map(str, spent["currency"].unique())))
        raise LineageError(f"the costs are in several currencies ({shown}); convert them first: snap.in_currency(currency, rates)")
    return costs_of(lineage, spent), spent, currency_of(spent)


def costs_of(lineage: Lineage, spent: pl.DataFrame) -> pl.DataFrame:
    """Sum billed rows by resource and component, as `resource_costs` does.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    spent : polars.DataFrame
        Billed rows of `costs`, of one currency.
    """
    coded, nodes = lineage.coded, lineage.frames["nodes"]
    number = coded.numbers(spent["node"])
    rows = spent.with_columns(
        resource=pl.Series(coded.data).gather(number).cast(pl.Int64), kind=coded.kinds.cast(pl.String).gather(number)
    )
    own = rows.filter(pl.col("resource").is_not_null() & (pl.col("kind") != "compute"))
    metered = _metered(lineage, spent.filter((rows["kind"] == "compute").fill_null(value=False)))
    shared = (nodes["type"].str.to_lowercase().is_in(SHARED_TYPES)).fill_null(value=False)
    word = own["component"].str.to_lowercase()
    kept = word.str.contains(_RETAINED) | (word.str.contains(_STORAGE) & shared.gather(own["resource"]))
    ahead = word.str.contains(_PAID_AHEAD)
    named = own.with_columns(kept.alias("kept"), ahead.alias("capacity")).select(
        "resource", pl.when("capacity").then(pl.lit(CAPACITY)).otherwise("component").alias("component"), "amount", "kept", "capacity"
    )
    metered = metered.with_columns(kept=pl.lit(value=False), capacity=pl.lit(value=True))
    costs = pl.concat([named, metered.select(named.columns)]).group_by("resource", "component", "kept", "capacity").agg(pl.col("amount").sum())
    return costs.select(list(_SCHEMA)).cast(_SCHEMA).sort("resource", "component", "kept")  # type: ignore[arg-type]


def _metered(lineage: Lineage, hours: pl.DataFrame) -> pl.DataFrame:
    """What was billed to machines, on the jobs that ran there: resource, component, amount."""
    placed, coded = place(lineage, hours), lineage.coded
    jobs = pl.concat([placed.jobs.select("node", "amount"), placed.lines["unallocated"].select("node", "amount")])
    number = coded.numbers(jobs["node"]).cast(pl.Int64)
    is_job = (coded.kinds.cast(pl.String).gather(number) == "job").fill_null(value=False)
    return jobs.select(number.alias("resource"), pl.lit(CAPACITY).alias("component"), "amount").filter(is_job)


def freed_of(costs: pl.DataFrame, gone: NDArray[np.bool_]) -> int:
    """Sum what is freed when the marked resources go, in micro-units."""
    found = costs.filter(~pl.col("kept") & pl.Series(gone[costs["resource"].to_numpy()]))
    return int(found["amount"].sum())
