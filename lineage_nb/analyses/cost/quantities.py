"""How much of something was used in a span of days: what a cost can be divided by to give a price."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from lineage_nb.analyses.cost.outputs import written
from lineage_nb.analyses.cost.period import During
from lineage_nb.graph.lineage import Lineage

__all__ = ["UNITS", "quantities"]

UNITS = ("idle hours", "driver units", "run hours", "bytes moved", "bytes read", "rows written")
"""What a quantity is counted in, the surest first."""
_US_PER_HOUR = 3_600_000_000
_RESOURCE = ["resource", "component"]


def quantities(lineage: Lineage, resources: pl.DataFrame, before: During, after: During, *, idle: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Find a quantity for resources that is known in two spans.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    resources : polars.DataFrame
        resource (id of a node, or null), component (null: all of them).
    before, after : During
        The two spans, and what held in them.
    idle : (polars.DataFrame, polars.DataFrame)
        `idle_hours` of the placements of both (see `lineage_nb.analyses.cost.placement.Placement`).

    Returns
    -------
    polars.DataFrame
        resource, component, unit, quantity_before, quantity_after: a row for each resource with a quantity above zero in both
        spans. The first of `UNITS` that is known counts: billed hours of a machine in which nothing ran; driver rows of the resource; execution time of a job's runs
        that began in the span (`busy_us`, else end less start), a dataset's being that of the jobs that write
        nothing else; bytes that a job read and wrote; bytes that readers scanned; rows that runs wrote. A
        quantity with a part that is not recorded is not known. Storage depends on none of these but driver rows.
    """
    kinds = lineage.frames["nodes"].select(pl.col("id").alias("resource"), "kind")
    asked = resources.select(_RESOURCE).unique().drop_nulls("resource").join(kinds, on="resource", how="left").sort(_RESOURCE, nulls_last=True)
    stored = pl.col("component").fill_null("").str.to_lowercase().str.contains("storage")
    used = asked.filter(~stored)
    wanted: dict[str, tuple[pl.DataFrame, Callable[[Lineage, During], pl.DataFrame]]] = {
        "idle hours": (used.filter(pl.col("kind") == "compute"), lambda _, span: idle[span is after].rename({"node": "resource"})),
        "driver units": (asked, _drivers),
        "run hours": (used, _hours),
        "bytes moved": (used.filter(pl.col("kind") == "job"), _moved),
        "bytes read": (used.filter(pl.col("kind") != "job"), _read),
        "rows written": (used, _rows),
    }
    found = []
    for unit in UNITS:
        mine, measure = wanted[unit]
        rows = mine
        for name, span in (("quantity_before", before), ("quantity_after", after)):
            measured = measure(lineage, span).rename({"quantity": name})
            on = _RESOURCE if "component" in measured.columns else ["resource"]
            rows = rows.join(measured, on=on, how="left", nulls_equal=True)
        known = (pl.col("quantity_before") > 0) & (pl.col("quantity_after") > 0)
        found.append(rows.filter(known.fill_null(value=False)).select(*_RESOURCE, pl.lit(unit).alias("unit"), "quantity_before", "quantity_after"))
    return pl.concat(found).unique(_RESOURCE, keep="first", maintain_order=True)


def _if_known(column: str) -> pl.Expr:
    """The sum of a column, null where a value is missing."""
    values = pl.col(column)
    return pl.when(values.is_not_null().all()).then(values.sum()).cast(pl.Float64).alias("quantity")


def _drivers(lineage: Lineage, span: During) -> pl.DataFrame:
    """resource, component, quantity; with a null component the sum over all of a resource."""
    rows = lineage.frames["costs"].filter((pl.col("role") == "driver") & pl.col("day").is_between(span.first, span.last))
    rows = rows.select(pl.col("node").alias("resource"), "component", "amount").drop_nulls("resource")
    whole = rows.with_columns(pl.lit(None, pl.String).alias("component"))
    return pl.concat([rows, whole]).group_by(_RESOURCE).agg(pl.col("amount").sum().cast(pl.Float64).alias("quantity"))


def _runs(lineage: Lineage, span: During) -> pl.DataFrame:
    runs = lineage.frames["runs"].filter(pl.col("start").dt.date().is_between(span.first, span.last))
    length = pl.coalesce("busy_us", (pl.col("end") - pl.col("start")).dt.total_microseconds())
    return runs.select("job", "run", (length / _US_PER_HOUR).alias("hours"))


def _hours(lineage: Lineage, span: During) -> pl.DataFrame:
    runs = _runs(lineage, span)
    of_job = runs.group_by(pl.col("job").alias("resource")).agg(_if_known("hours"))
    writes = written(lineage, runs["job"], span)
    sole = writes.filter(pl.len().over("job") == 1)
    of_data = runs.join(sole, on="job").group_by(pl.col("node").alias("resource")).agg(_if_known("hours"))
    only = writes.group_by("node").agg((pl.col("job").is_in(sole["job"].implode())).all().alias("sole")).filter("sole")
    of_data = of_data.filter(pl.col("resource").is_in(only["node"].implode()))
    return pl.concat([of_job, of_data.join(of_job, on="resource", how="anti")])


def _io(lineage: Lineage, span: During) -> pl.DataFrame:
    nodes = lineage.frames["nodes"].select("id", pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("data"))
    return lineage.frames["io"].join(_runs(lineage, span), on="run").join(nodes, left_on="dataset", right_on="id", how="left")


def _moved(lineage: Lineage, span: During) -> pl.DataFrame:
    return _io(lineage, span).group_by(pl.col("job").alias("resource")).agg(_if_known("bytes"))


def _rows(lineage: Lineage, span: During) -> pl.DataFrame:
    out = _io(lineage, span).filter(pl.col("direction") == "out")
    ends = [out.group_by(pl.col(c).alias("resource")).agg(_if_known("rows")) for c in ("job", "data")]
    return pl.concat(ends).unique("resource", keep="first", maintain_order=True)


def _read(lineage: Lineage, span: During) -> pl.DataFrame:
    nodes = lineage.frames["nodes"].select("id", pl.when(pl.col("kind") == "column").then("parent").fill_null(pl.col("id")).alias("resource"))
    usage = lineage.frames["usage"].filter((pl.col("reads") > 0) & pl.col("day").is_between(span.first, span.last))
    return usage.join(nodes, left_on="node", right_on="id").group_by("resource").agg(_if_known("bytes"))
