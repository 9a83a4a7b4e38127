"""Spans of days: the periods that a bill is cut into, and whether the record covers them whole."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from lineage_nb.graph.lineage import Lineage

__all__ = ["EVERY", "Span", "is_complete", "is_monthly", "periods", "recorded_spans", "words"]

Span = tuple[date, date]
EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q"}
"""Lengths of a period and how polars writes them; weeks begin on Monday."""
_ONE = timedelta(days=1)


def periods(first: date, last: date, every: str) -> list[Span]:
    """List the whole periods from the one with `first` to the one with `last`.

    Examples
    --------
    >>> [str(p[1]) for p in periods(date(2025, 1, 31), date(2025, 2, 1), "month")]
    ['2025-01-31', '2025-02-28']
    """
    step = EVERY[every]
    begin, end = pl.Series([first, last]).dt.truncate(step).to_list()
    begins = pl.date_range(begin, end, step, eager=True)
    ends = begins.dt.offset_by(step).dt.offset_by("-1d")
    return list(zip(begins.to_list(), ends.to_list(), strict=True))


def words(span: Span) -> str:
    """Write a span as people do: a day, a month, or two days.

    Examples
    --------
    >>> words((date(2025, 2, 1), date(2025, 2, 28))), words((date(2025, 2, 1), date(2025, 2, 2)))
    ('2025-02', '2025-02-01 to 2025-02-02')
    """
    first, last = span
    if first == last:
        return str(first)
    if first.day == 1 and (last + _ONE).day == 1 and (first.year, first.month) == (last.year, last.month):
        return f"{first:%Y-%m}"
    return f"{first} to {last}"


def recorded_spans(lineage: Lineage) -> list[Span]:
    """List the spans that the record of costs covers.

    What `coverage` says of costs; else from the first billed day to the last, to the bounds of their months where
    the bill names at most one day a month.
    """
    costs = lineage.frames["costs"].filter(pl.col("role") == "billed")
    days = costs["day"].unique().sort()
    if days.is_empty():
        return []
    first, last = days[0], days[-1]
    stated = lineage.frames["coverage"].filter((pl.col("what") == "cost") & pl.col("complete").fill_null(value=True))
    if stated.height:
        spans = stated.select(pl.col("from").fill_null(first), pl.col("to").fill_null(last)).unique().sort("from", "to")
        return [(a, b) for a, b in spans.iter_rows() if a <= b]
    if is_monthly(days):
        return [(periods(first, first, "month")[0][0], periods(last, last, "month")[0][1])]
    return [(first, last)]


def is_monthly(days: pl.Series) -> bool:
    """Tell whether billed days (distinct) are several, and at most one a month."""
    return len(days.dt.truncate("1mo").unique()) == len(days) > 1


def is_complete(span: Span, recorded: list[Span], asked: Span | None) -> bool:
    """Tell whether a period is recorded and asked for whole: no record of costs begins or ends inside of it."""
    first, last = span
    if asked is not None and not asked[0] <= first <= last <= asked[1]:
        return False
    inside = [a <= first and last <= b for a, b in recorded]
    outside = [b < first or last < a for a, b in recorded]
    if not any(inside):
        return _bridged(span, recorded)
    return all(i or o for i, o in zip(inside, outside, strict=True))


def _bridged(span: Span, recorded: list[Span]) -> bool:
    """Whether spans that follow each other without a gap cover a period together."""
    rows = sorted(r for r in recorded if r[1] >= span[0] and r[0] <= span[1])
    if not rows or rows[0][0] > span[0] or max(b for _, b in rows) < span[1]:
        return False
    return all(b[0] <= a[1] + _ONE for a, b in pairwise(rows))
