"""Lines of an invoice meet the records: by id, else by what they say, else in total."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

__all__ = ["Met", "meet"]

Days = tuple[date, date]
_LEVELS = ((("place", "kind"), "node, component, days"), (("place",), "node, days"), (("kind",), "component, days"), ((), "in total"))
_SAME = ("id", "node, component, days", "node, days")
"""Ways to be matched that name the charge itself, and not all that has something in common."""
_CENT = 10_000
"""Micro-units."""
_COLUMNS = ("line", "node", "component", "first", "last", "description", "invoiced", "recorded", "difference", "status", "matched", "records")


@dataclass(frozen=True)
class Met:
    """An invoice beside the records.

    Attributes
    ----------
    frame : polars.DataFrame
        See `lineage_nb.analyses.cost.reconcile.reconcile`.
    records : polars.DataFrame
        record, node, component, day, amount, own_currency, line (numbers of the lines that stand for it; null: none).
    currency_effect : int
        Micro-units of the differences of lines that state, in their own conversion, the very charges that records state
        in another currency: matched by id or node, all records in one other currency.
    implied : polars.DataFrame
        line, own (currency of its records), rate (of the bill), at (that the invoice used): of these lines.
    """

    frame: pl.DataFrame
    records: pl.DataFrame
    currency_effect: int
    implied: pl.DataFrame


def meet(lines: pl.DataFrame, records: pl.DataFrame, period: Days | None) -> Met:
    """Compare lines with records.

    Parameters
    ----------
    lines : polars.DataFrame
        line, record, node, resource, component, first, last, description, invoiced (micro-units), currency.
    records : polars.DataFrame
        record, node, resource (optional), component, day, amount (micro-units), own_currency, own_amount.
    period : (date, date), optional
        Of the records.

    Returns
    -------
    Met
        Every line and every record once: the sums of `invoiced` and `recorded` are theirs.
    """
    lines = lines.with_columns(_place(lines), pl.col("component").str.to_lowercase().alias("kind"), _where(period).alias("where"))
    records = records.with_columns(_place(records), pl.col("component").str.to_lowercase().alias("kind"))
    inside = lines.filter(pl.col("where") != "outside")
    groups, group_of = _groups(inside, records)
    sums = records.with_columns(pl.Series("group", group_of)).filter(pl.col("group") >= 0)
    held = sums.group_by("group").agg(
        pl.col("amount").sum().alias("held"), pl.len().cast(pl.Int64).alias("records"), pl.col("own_currency").unique().alias("own"), pl.col("own_amount").sum().alias("own_amount"),
    )
    told = _told(lines, groups.join(held, on="group", how="left"))
    frame = pl.concat([told.select(_COLUMNS), _unspoken(records, group_of).select(_COLUMNS)])
    foreign = told.filter((pl.col("status") == "differs") & pl.col("foreign"))
    numbers = groups.group_by("group").agg(pl.col("line").sort())
    listed = records.with_columns(pl.Series("group", group_of)).join(numbers, on="group", how="left", maintain_order="left")
    names = ("record", pl.col("place").alias("node"), "component", "day", "amount", "own_currency", "line")
    said = pl.col("own_amount").cast(pl.Float64)
    implied = foreign.filter(pl.col("own_amount") != 0).select(
        "line", pl.col("own").list.first(), (pl.col("held") / said).alias("rate"), (pl.col("together") / said).alias("at")
    )
    return Met(frame, listed.select(*names), int(foreign["difference"].sum()), implied)


def _place(frame: pl.DataFrame) -> pl.Expr:
    return (pl.coalesce("node", "resource") if "resource" in frame.columns else pl.col("node")).alias("place")


def _where(period: Days | None) -> pl.Expr:
    if period is None:
        return pl.lit("inside")
    first, last = (pl.lit(day) for day in period)
    outside = (pl.col("first") > last) | (pl.col("last") < first)
    partly = (pl.col("first") < first) | (pl.col("last") > last)
    return pl.when(outside).then(pl.lit("outside")).when(partly).then(pl.lit("partly outside")).otherwise(pl.lit("inside"))


def _groups(lines: pl.DataFrame, records: pl.DataFrame) -> tuple[pl.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Lines in groups that are compared in sum (line, group, matched), and the group of each record (-1: none)."""
    group_of = np.full(records.height, -1, dtype=np.int64)
    numbered = records.select("record", "place", "kind", "day").with_row_index("nth")
    by_id = lines.filter(pl.col("record").is_not_null()).select("record", "line").join(numbered.select("record", "nth"), on="record")
    group_of[by_id["nth"].to_numpy()] = by_id["line"].to_numpy()
    found = [by_id.select("line", pl.col("line").alias("group"), pl.lit("id").alias("matched"))]
    left = lines.filter(~pl.col("line").is_in(by_id["line"].implode()))
    for keys, matched in _LEVELS:
        said = [pl.col(c).is_not_null() if c in keys else pl.col(c).is_null() for c in ("place", "kind")]
        mine = left.filter(*said)
        if mine.is_empty():
            continue
        spans = mine.group_by(*keys, "first", "last").agg(pl.col("line").min().alias("group"))
        open_ = numbered.filter(pl.Series(group_of < 0))
        hit = _by_span(open_, spans, list(keys))
        group_of[hit["nth"].to_numpy()] = hit["group"].to_numpy()
        joined = mine.join(spans, on=[*keys, "first", "last"], nulls_equal=True)
        found.append(joined.select("line", "group", pl.lit(matched).alias("matched")))
    return pl.concat(found, how="vertical_relaxed").with_columns(pl.col("group").cast(pl.Int64)), group_of


def _by_span(records: pl.DataFrame, spans: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """nth, group: each record goes to the shortest span that its day lies in, ties to the earlier line."""
    days = records.select(*keys, "day").drop_nulls().unique()
    pairs = days.join(spans, on=keys) if keys else days.join(spans, how="cross")
    begins, ends = pl.col("first").fill_null(date.min), pl.col("last").fill_null(date.max)
    pairs = pairs.filter((pl.col("day") >= begins) & (pl.col("day") <= ends))
    length = (ends - begins).dt.total_days().alias("length")
    best = pairs.with_columns(length).sort("length", "group").unique([*keys, "day"], keep="first", maintain_order=True)
    return records.join(best.select(*keys, "day", "group"), on=[*keys, "day"]).select("nth", "group")


def _told(lines: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Every line with what the records hold for it; the largest of a group bears the difference."""
    told = lines.join(groups, on="line", how="left", maintain_order="left").sort("line")
    bears = pl.col("line") == pl.col("line").sort_by(pl.col("invoiced").abs(), -pl.col("line")).last().over("group")
    rest = pl.col("held") - pl.col("invoiced").sum().over("group")
    recorded = pl.when(pl.col("held").is_null()).then(0).otherwise(pl.col("invoiced") + pl.when(bears).then(rest).otherwise(0))
    told = told.with_columns(recorded.alias("recorded"), pl.col("place").alias("node"))
    difference = pl.col("recorded") - pl.col("invoiced")
    status = (
        pl.when(pl.col("where") != "inside").then("where")
        .when(pl.col("held").is_null()).then(pl.lit("not recorded"))
        .when(difference.abs() <= _rounding()).then(pl.lit("met")).otherwise(pl.lit("differs"))
    )
    same = pl.col("matched").is_in(_SAME) & (pl.col("own").list.len() == 1)
    foreign = same & (pl.col("own").list.first() != pl.col("currency")).all().over("group")
    together = pl.col("invoiced").sum().over("group")
    return told.with_columns(
        difference.alias("difference"),
        status.alias("status"),
        pl.when(pl.col("held").is_not_null()).then("matched").alias("matched"),
        pl.col("records").fill_null(0),
        foreign.fill_null(value=False).alias("foreign"),
        together.alias("together"),
        pl.col("line").cast(pl.Int64),
    )


def _rounding() -> pl.Expr:
    """What rounding to the cent explains: half a cent for each line of a group that counts whole cents."""
    cents = (pl.col("invoiced") % _CENT == 0).all().over("group")
    return pl.when(cents).then(pl.len().over("group") * (_CENT // 2)).otherwise(0)


def _unspoken(records: pl.DataFrame, group_of: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.DataFrame:
    """Records that no line speaks of: a row a node and component."""
    left = records.filter(pl.Series(group_of < 0)).group_by("place", "component").agg(
        pl.col("day").min().alias("first"), pl.col("day").max().alias("last"), pl.col("amount").sum().alias("recorded"), pl.len().cast(pl.Int64).alias("records")
    )
    return left.sort("recorded", "place", "component", descending=[True, False, False]).select(
        pl.lit(None, pl.Int64).alias("line"),
        pl.col("place").alias("node"),
        "component",
        "first",
        "last",
        pl.lit(None, pl.String).alias("description"),
        pl.lit(0, pl.Int64).alias("invoiced"),
        "recorded",
        pl.col("recorded").alias("difference"),
        pl.lit("not on the invoice").alias("status"),
        pl.lit(None, pl.String).alias("matched"),
        "records",
    )
