"""What a drop plan promised, compared with what a later snapshot shows."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.graph.lineage import Lineage

if TYPE_CHECKING:
    from lineage_nb.analyses.plan.plan import Plan

__all__ = ["realised"]

_COUNTED = ("retire report", "stop job", "drop")
Span = tuple[date, date]


def realised(plan: Plan, later: Lineage) -> Answer:
    """Compare, step by step, what was promised with what was saved.

    Parameters
    ----------
    plan : Plan
        What was promised.
    later : Lineage
        A later snapshot, with costs of days after the plan's.

    Returns
    -------
    Answer
        Frame: step, action, node, gone (absent or deleted; a job also when it no longer runs), promised (micro-units
        that it cost in the span before), after (micro-units it still cost in the span after), realised (promised less
        after; null: no costs of later days, or several currencies). Both spans have the same number of days: the last
        days of the plan's cost record, and the last days of the later one.

    Notes
    -----
    The spans are as long as both records allow. A bill that comes once a month needs spans of whole months to
    compare; `summary` tells them. What costs more than before has a negative saving.
    """
    spans = _spans(plan, later)
    steps = plan.frame.filter(pl.col("action").is_in(_COUNTED)).select("step", "action", "node")
    one = _currency(plan.lineage) | _currency(later)
    comparable = spans is not None and len(one) <= 1
    gone = _gone(plan, later, spans[1] if spans else None)
    frame = steps.join(gone, on="node", how="left", maintain_order="left").with_columns(pl.col("gone").fill_null(value=True))
    for name, lineage, i in (("promised", plan.lineage, 0), ("after", later, 1)):
        if comparable and spans is not None:
            cost = _billed(lineage, spans[i]).rename({"amount": name})
            frame = frame.join(cost, on="node", how="left", maintain_order="left").with_columns(pl.col(name).fill_null(0))
        else:
            frame = frame.with_columns(pl.lit(None, pl.Int64).alias(name))
    frame = frame.with_columns((pl.col("promised") - pl.col("after")).alias("realised"))
    summary = _summary(frame, spans if comparable else None, next(iter(one), ""))
    return Answer("realised", frame, _headline(summary), summary, _trust(summary, one), later, partial(_explain, plan, later, spans))


def _currency(lineage: Lineage) -> set[str]:
    return set(lineage.frames["costs"]["currency"].unique().to_list())


def _bounds(lineage: Lineage) -> Span | None:
    days = lineage.frames["costs"].filter(pl.col("role") == "billed")["day"]
    first, last = days.min(), days.max()
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


def _spans(plan: Plan, later: Lineage) -> tuple[Span, Span] | None:
    """Equal spans before and after; None where one has no costs."""
    before, after = _bounds(plan.lineage), _bounds(later)
    if before is None or after is None or after[1] <= before[1]:
        return None
    begins = max(after[0], before[1] + timedelta(days=1))
    length = min((before[1] - before[0]).days, (after[1] - begins).days)
    back = timedelta(days=length)
    return (before[1] - back, before[1]), (after[1] - back, after[1])


def _billed(lineage: Lineage, span: Span) -> pl.DataFrame:
    """Sum up what was billed in a span: node (a column's costs are its dataset's), amount."""
    nodes = lineage.frames["nodes"].select("id", pl.when(pl.col("kind") == "column").then("parent").alias("data"))
    costs = lineage.frames["costs"].filter((pl.col("role") == "billed") & pl.col("day").is_between(*span))
    costs = costs.join(nodes, left_on="node", right_on="id", how="left")
    return costs.group_by(pl.coalesce("data", "node").alias("node")).agg(pl.col("amount").sum()).drop_nulls("node")


def _gone(plan: Plan, later: Lineage, after: Span | None) -> pl.DataFrame:
    """node, gone: of every node of the plan that the later snapshot still holds."""
    nodes = later.frames["nodes"].join(plan.frame.select("node").unique(), left_on="id", right_on="node", how="semi")
    runs = later.frames["runs"]
    told = nodes.select(node="id", gone=pl.col("deleted_at").is_not_null() | _only_mentioned(plan, later), job=pl.col("kind") == "job")
    if after is None:
        return told.select("node", "gone")
    known = runs["job"].unique()
    recent = runs.filter(pl.coalesce("start", "end").dt.date() >= after[0])["job"].unique()
    stopped = pl.col("job") & pl.col("node").is_in(known.implode()) & ~pl.col("node").is_in(recent.implode())
    return told.select("node", pl.col("gone") | stopped)


def _only_mentioned(plan: Plan, later: Lineage) -> pl.Expr:
    """Whether a node that was described before now stands in records of the past alone."""
    before, after = (lineage.data.frames["nodes"]["id"].unique() for lineage in (plan.lineage, later))
    running = later.frames["runs"]["job"].unique()
    mentioned = pl.col("id").is_in(before.implode()) & ~pl.col("id").is_in(after.implode())
    return mentioned & ~pl.col("id").is_in(running.implode())


def _summary(frame: pl.DataFrame, spans: tuple[Span, Span] | None, currency: str) -> dict[str, Any]:
    return {
        "steps": frame.height,
        "gone": int(frame["gone"].sum()),
        "promised": None if spans is None else int(frame["promised"].sum()),
        "realised": None if spans is None else int(frame["realised"].sum()),
        "before": None if spans is None else spans[0],
        "after": None if spans is None else spans[1],
        "days": None if spans is None else (spans[0][1] - spans[0][0]).days + 1,
        "currency": currency,
    }


def _headline(summary: dict[str, Any]) -> str:
    text = f"{summary['gone']:,} of {plural(summary['steps'], 'promised step')} done"
    if summary["days"] is None:
        return f"{text}; what it saved cannot be told."
    made, promised, currency = summary["realised"], summary["promised"], summary["currency"]
    return f"{text}; {money(made, currency)} of {money(promised, currency)} saved in {plural(summary['days'], 'day')}."


def _trust(summary: dict[str, Any], currencies: set[str]) -> tuple[str, ...]:
    if summary["days"] is None:
        why = "the costs are in several currencies" if len(currencies) > 1 else "it bills no day after the plan's record"
        return (f"The later snapshot cannot be compared: {why}.",)
    (a, b), (c, d) = summary["before"], summary["after"]
    return (
        f"Compared are {a} to {b} and {c} to {d}, {plural(summary['days'], 'day')} each.",
        "A bill that comes once a month shows only in spans of whole months.",
    )


def _explain(plan: Plan, later: Lineage, spans: tuple[Span, Span] | None, node: str) -> pl.DataFrame:
    """What a node was billed in both spans: span, day, component, amount."""
    found = plan.lineage.names.resolve(node)
    empty = pl.DataFrame(schema={"span": pl.String, "day": pl.Date, "component": pl.String, "amount": pl.Int64})
    if spans is None:
        return empty
    parts = [empty]
    for name, lineage, span in zip(("before", "after"), (plan.lineage, later), spans, strict=True):
        costs = lineage.frames["costs"].filter((pl.col("role") == "billed") & (pl.col("node") == found) & pl.col("day").is_between(*span))
        parts.append(costs.select(pl.lit(name).alias("span"), "day", "component", "amount"))
    return pl.concat(parts).sort("span", "day", "component", "amount", descending=[True, False, False, False])
