"""Bills before and after, like with like: equal days of what is billed by the day, whole months of what comes once a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from lineage_nb.analyses.what_if.savings import costs_of
from lineage_nb.graph.lineage import Lineage

__all__ = ["Bills", "Span", "bills"]

Span = tuple[date, date]
_KEYS = ["node", "component"]


@dataclass(frozen=True)
class Bills:
    """What can be compared of two records.

    Attributes
    ----------
    before, after : polars.DataFrame
        Billed rows that are compared; those of a monthly bill before are multiplied by the months after.
    days : tuple of Span or None
        The spans of equal length of what is billed by the day; None: there is nothing to compare.
    months : tuple of str
        What is compared of bills that come once a month, in words.
    open : polars.Series
        Nodes with a bill that no later record can be compared with yet.
    """

    before: pl.DataFrame
    after: pl.DataFrame
    days: tuple[Span, Span] | None
    months: tuple[str, ...]
    open: pl.Series

    def sums(self, lineage: Lineage, *, after: bool) -> pl.DataFrame:
        """Add up by node: node (a column's costs are its dataset's; a job's share of its warehouses is its own), amount."""
        rows = self.after if after else self.before
        if rows.is_empty():
            return pl.DataFrame(schema={"node": pl.String, "amount": pl.Int64})
        costs = costs_of(lineage, rows).filter(~pl.col("kept")).group_by("resource").agg(pl.col("amount").sum())
        return costs.select(lineage.coded.ids.gather(costs["resource"]).alias("node"), "amount")


def bills(lineage: Lineage, later: Lineage) -> Bills | None:
    """Find what of the bills of two records can be compared; None where one has none, or the later ends no later.

    A bill (a node and component) is monthly if no month has two days of it, in either record. Of such a bill the last whole
    month before is set against all whole months after: a month is whole when the record reaches over the day on which
    the bill comes. Anything else is compared over the same number of days, the last of either record.
    """
    both = [_billed(lineage), _billed(later)]
    spans = [_bounds(rows) for rows in both]
    if spans[0] is None or spans[1] is None or spans[1][1] <= spans[0][1]:
        return None
    before, after = spans[0], spans[1]
    monthly = _monthly(pl.concat([rows.select(*_KEYS, "day") for rows in both]))
    matched = _months(monthly, before, after)
    by_day = [rows.join(monthly, on=_KEYS, how="anti", nulls_equal=True) for rows in both]
    begins = max(after[0], before[1] + timedelta(days=1))
    back = timedelta(days=min((before[1] - before[0]).days, (after[1] - begins).days))
    equal = (before[1] - back, before[1]), (after[1] - back, after[1])
    kept = [rows.filter(pl.col("day").is_between(*span)) for rows, span in zip(by_day, equal, strict=True)]
    usable = matched.filter(pl.col("count") > 0)
    month = pl.col("day").dt.truncate("1mo")
    old = both[0].join(usable, on=_KEYS, nulls_equal=True).filter(month == pl.col("base"))
    old = old.with_columns((pl.col("amount") * pl.col("count")).alias("amount"))
    new = both[1].join(usable, on=_KEYS, nulls_equal=True).filter((month > pl.col("base")) & (month <= pl.col("until")))
    told = usable.group_by("base", "until", "count").len().sort("base", "until")
    words = tuple(f"{base:%Y-%m}, {'once' if count == 1 else f'{count} times'}, with {_to(base, until)}" for base, until, count, _ in told.iter_rows())
    some = any(rows.height for rows in by_day)
    return Bills(
        pl.concat([kept[0], old.select(kept[0].columns)]),
        pl.concat([kept[1], new.select(kept[1].columns)]),
        equal if some else None,
        words,
        matched.filter(pl.col("count") < 1)["node"].unique(),
    )


def _to(base: date, until: date) -> str:
    first = (base.replace(day=28) + timedelta(days=4)).replace(day=1)
    return f"{first:%Y-%m}" if first == until else f"{first:%Y-%m} to {until:%Y-%m}"


def _billed(lineage: Lineage) -> pl.DataFrame:
    return lineage.frames["costs"].filter((pl.col("role") == "billed") & pl.col("node").is_not_null() & pl.col("day").is_not_null())


def _bounds(rows: pl.DataFrame) -> Span | None:
    first, last = rows["day"].min(), rows["day"].max()
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


def _monthly(rows: pl.DataFrame) -> pl.DataFrame:
    """Bills of which no month has two days: node, component, early, late (days of the month), at_end (always its last day)."""
    days = rows.unique().with_columns(month=pl.col("day").dt.truncate("1mo"), ends=pl.col("day") == pl.col("day").dt.month_end())
    often = days.group_by(*_KEYS, "month").len().group_by(_KEYS).agg(pl.col("len").max())
    facts = days.group_by(_KEYS).agg(
        pl.col("day").dt.day().min().alias("early"), pl.col("day").dt.day().max().alias("late"), pl.col("ends").all().alias("at_end")
    )
    return facts.join(often.filter(pl.col("len") == 1), on=_KEYS, how="semi", nulls_equal=True)


def _months(monthly: pl.DataFrame, before: Span, after: Span) -> pl.DataFrame:
    """The last whole month before (base), the last after (until), and how many months (count; 0: nothing to compare)."""

    def last_whole(end: date) -> pl.Expr:
        this = pl.lit(end).dt.truncate("1mo")
        comes = pl.when("at_end").then(this.dt.month_end().dt.day()).otherwise(pl.min_horizontal("late", this.dt.month_end().dt.day()))
        return pl.when(comes <= end.day).then(this).otherwise(this.dt.offset_by("-1mo"))

    def first_whole(begin: date) -> pl.Expr:
        this = pl.lit(begin).dt.truncate("1mo")
        comes = pl.when("at_end").then(this.dt.month_end().dt.day()).otherwise("early")
        return pl.when(comes >= begin.day).then(this).otherwise(this.dt.offset_by("1mo"))

    months = monthly.with_columns(
        base=last_whole(before[1]), begin=first_whole(before[0]), until=last_whole(after[1]), since=first_whole(after[0])
    )
    number = {c: pl.col(c).dt.year().cast(pl.Int64) * 12 + pl.col(c).dt.month() for c in ("base", "until")}
    known = (pl.col("begin") <= pl.col("base")) & (pl.col("since") <= pl.col("base").dt.offset_by("1mo"))
    return months.with_columns(count=pl.when(known).then((number["until"] - number["base"]).clip(lower_bound=0)).otherwise(0))
