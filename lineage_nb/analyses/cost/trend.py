"""Cost over time: the bill attributed period by period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from lineage_nb.analyses.cost.attribution import cost
from lineage_nb.analyses.cost.bill import bill_of, days_of_period, spent_rows
from lineage_nb.analyses.cost.periods import EVERY, Span, is_complete, is_monthly, periods, recorded_spans
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import spoken_name

__all__ = ["cost_trend", "found_key"]

_SCHEMA = {"period": pl.Date, "key": pl.String, "amount": pl.Int64, "share": pl.Float64, "line": pl.String, "complete": pl.Boolean}
_MOST, _TWO = 3, 2


def cost_trend(
    lineage: Lineage,
    /,
    *,
    by: str = "team",
    method: str = "usage",
    every: str = "month",
    period: tuple[date | str, date | str] | None = None,
    of: str | Iterable[str] | None = None,
    monitors: str | Iterable[str] = (),
    **options: Any,
) -> Answer:
    """Attribute the bill period by period.

    Parameters
    ----------
    lineage : Lineage
        A snapshot with `costs`.
    by, method, of, monitors
        As `cost` takes them.
    every : {"month", "week", "day", "quarter"}
        Length of a period; a week begins on Monday.
    period : (date, date), optional
        First and last day, inclusive; all recorded costs by default.
    **options
        Anything else that `cost` takes.

    Returns
    -------
    Answer
        Frame: period (its first day), key, amount (micro-units), share (of the period's bill), line (consumer, or a
        line of `cost`), complete (whether the record and the asked days cover the period whole). By period, then as
        `cost` sorts. A period without costs has no rows. Summary: total, periods (first day → amount, empty ones
        too), growth and growth_share of the last complete period over the first (null: there are not two, more
        than half of all periods are empty, or the first is not above zero), rises and falls (key → change between the two, largest first).

    Raises
    ------
    LineageError
        For an unknown `every`, several currencies, and whatever `cost` refuses.

    Notes
    -----
    Each period is attributed by itself, so its amounts add up to what was billed in it, to the micro-unit. A period
    is complete if no record of costs (`coverage`, else the billed days themselves) begins or ends within it. A bill
    that names at most one day a month stands for whole months.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t", "r"], "kind": ["dataset", "report"], "owners": [None, "X"]},
    ...     edges={"source": ["t"], "target": ["r"]},
    ...     costs={"node": ["t"] * 2, "day": ["2025-01-31", "2025-02-28"], "amount": ["10.00", "12.00"]},
    ... )
    >>> snap.cost_trend(by="owner").frame.select("period", "key", "amount", "complete").rows()
    [(datetime.date(2025, 1, 1), 'X', 10000000, True), (datetime.date(2025, 2, 1), 'X', 12000000, True)]
    """
    if every not in EVERY:
        raise LineageError(f"unknown every={every!r}.{did_you_mean(every, EVERY)} Known: {', '.join(EVERY)}.")
    asked = {"by": by, "method": method, "of": of, "monitors": monitors, **options}
    days = spent_rows(lineage, period, of)["day"].unique().sort()
    if days.is_empty():
        raise LineageError("nothing is billed to these nodes; leave out `of`, or see snap.costs")
    bounds = None if period is None else days_of_period(period)
    spans = periods(days[0], days[-1], every)
    recorded, parts, currencies = recorded_spans(lineage), [pl.DataFrame(schema=_SCHEMA)], set()
    too_fine = every in ("day", "week") and is_monthly(days)
    recorded = [] if too_fine else recorded
    trust: list[tuple[str, ...]] = []
    for span in spans:
        if not days.is_between(*_within(span, bounds)).any():
            continue
        answer = cost(lineage, period=_within(span, bounds), **asked)
        currencies.add(str(answer.summary["currency"]))
        trust.append(answer.trust)
        told = {"period": pl.lit(span[0]), "complete": pl.lit(is_complete(span, recorded, bounds))}
        parts.append(answer.frame.with_columns(**told).select(list(_SCHEMA)))
    if len(currencies) > 1:
        raise LineageError(f"costs in several currencies ({', '.join(sorted(currencies))}): convert them to one before loading")
    frame = pl.concat(parts)
    whole = {s[0]: is_complete(s, recorded, bounds) for s in spans}
    summary = _summary(frame, whole, next(iter(currencies), ""), by, method, every)
    return Answer(
        "cost_trend",
        frame,
        _headline(summary),
        summary,
        _trust(summary, whole, trust, bill_of(lineage, period, of, **{c: options.get(c) for c in ("currency", "rates")}).notes, too_fine=too_fine),
        lineage,
        partial(_explain, lineage, spans, bounds, asked, frame),
        settings={"every": every, "period": period, **asked},
    )


def _within(span: Span, bounds: Span | None) -> Span:
    return span if bounds is None else (max(span[0], bounds[0]), min(span[1], bounds[1]))


def _summary(
    frame: pl.DataFrame, whole: dict[date, bool], currency: str, by: str, method: str, every: str
) -> dict[str, Any]:
    amounts = dict(frame.group_by("period").agg(pl.col("amount").sum()).iter_rows())
    totals = {p: int(amounts.get(p, 0)) for p in whole}
    complete = [p for p in totals if whole[p]]
    rare = 2 * sum(not a for a in totals.values()) > len(totals)
    first, last = (complete[0], complete[-1]) if len(complete) > 1 and not rare else (None, None)
    growth = None if first is None or last is None else totals[last] - totals[first]
    changes = _changes(frame, first, last)
    return {
        "total": sum(totals.values()),
        "periods": totals,
        "first": min(whole),
        "last": max(whole),
        "first_complete": first,
        "last_complete": last,
        "growth": growth,
        "growth_share": growth / totals[first] if growth is not None and first is not None and totals[first] > 0 else None,
        "rises": dict([(k, c) for k, c in changes if c > 0][:_MOST]),
        "falls": dict([(k, c) for k, c in reversed(changes) if c < 0][:_MOST]),
        "currency": currency,
        "by": by,
        "method": method,
        "every": every,
    }


def _changes(frame: pl.DataFrame, first: date | None, last: date | None) -> list[tuple[str, int]]:
    """Changes of keys between two periods, the largest rise first."""
    if first is None or last is None:
        return []
    sign = pl.when(pl.col("period") == last).then(pl.col("amount")).otherwise(-pl.col("amount"))
    pairs = frame.filter(pl.col("period").is_in([first, last])).group_by("key").agg(sign.sum().alias("change"))
    return [(str(k), int(c)) for k, c in pairs.sort("change", "key", descending=[True, False]).iter_rows()]


def _headline(summary: dict[str, Any]) -> str:
    currency, every = summary["currency"], summary["every"]
    text = f"{money(summary['total'], currency)} were billed in {plural(len(summary['periods']), every)} from {summary['first']} on"
    if summary["growth"] is None:
        return f"{text}; no growth can be told."
    share = "" if summary["growth_share"] is None else f" ({summary['growth_share']:+.1%})"
    word = "rose" if summary["growth"] >= 0 else "fell"
    text += f"; a {every} {word} by {money(abs(summary['growth']), currency)}{share}"
    text += f" between those of {summary['first_complete']} and {summary['last_complete']}"
    most = next(iter(summary["rises"].items()), None)
    return text + (f", most for {spoken_name(most[0])} ({money(most[1], currency)})." if most else ".")


def _trust(summary: dict[str, Any], whole: dict[date, bool], trust: list[tuple[str, ...]], of_bill: tuple[str, ...], *, too_fine: bool) -> tuple[str, ...]:
    every = summary["every"]
    notes = [f"Each {every} is attributed by itself, and its amounts add up to its bill."]
    if too_fine:
        notes.append(f"The bill names at most one day a month: no {every} of it is whole, so none are compared; every='month' compares.")
    partial_ = [str(p) for p, good in whole.items() if not good]
    if partial_:
        shown = ", ".join(partial_[:3]) + (" …" if len(partial_) > 3 else "")
        notes.append(f"Recorded in part only, and left out of the growth: {plural(len(partial_), every)} ({shown}).")
    empty = sum(1 for a in summary["periods"].values() if not a)
    if empty:
        rare = ": the bill comes less often than that, so no growth is told" if 2 * empty > len(whole) else ""
        notes.append(f"Without costs: {plural(empty, every)} of {len(whole):,}{rare}.")
    if sum(whole.values()) < _TWO:
        notes.append(f"Fewer than two {every}s are complete, so no growth is told.")
    common = [t for t in trust[0] if all(t in others for others in trust)] if len(trust) > 1 else []
    return (*notes, *of_bill, *(t for t in common if t not in of_bill))


def found_key(frame: pl.DataFrame, name: str) -> str:
    """Find the key that a name stands for: itself, else as it is spoken, else by its last component.

    Raises
    ------
    LineageError
        With keys of the frame.
    """
    keys = frame["key"].unique(maintain_order=True).to_list()
    if name in keys:
        return name
    at = [k for k in keys if spoken_name(k) == name or k.endswith("/" + name)]
    if len(at) == 1:
        return str(at[0])
    raise LineageError(f"no key {name!r} in this result. Keys: {', '.join(keys[:12])}{' …' if len(keys) > 12 else ''}")


def _explain(
    lineage: Lineage, spans: list[Span], bounds: Span | None, asked: dict[str, Any], frame: pl.DataFrame, key: str
) -> pl.DataFrame:
    """Show which resources the amounts of a key come from: period, node, billed, share, amount."""
    found = found_key(frame, key)
    held = set(frame.filter(pl.col("key") == found)["period"].to_list())
    parts = [
        cost(lineage, period=_within(s, bounds), **asked).explain(found).select(pl.lit(s[0]).alias("period"), "node", "billed", "share", "amount")
        for s in spans
        if s[0] in held
    ]
    return pl.concat(parts)
