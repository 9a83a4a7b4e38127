"""What a drop plan promised, compared with what a later snapshot shows."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.plan.bills import Bills, Span, bills
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.analyses.unused.freed import billed_currencies
from lineage_nb.graph.lineage import Lineage

if TYPE_CHECKING:
    from lineage_nb.analyses.plan.plan import Plan

__all__ = ["realised"]

_COUNTED = ("retire report", "stop job", "drop")


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
        that it cost before), after (micro-units it still cost after), realised (promised less after; null: nothing that can
        be compared with later, or several currencies). A job's cost includes its share of the warehouses that it ran on.

    Notes
    -----
    Like is compared with like (see `lineage_nb.analyses.plan.bills`): what is billed by the day over the same number of days,
    the last of both records; what comes at most once a month, as month-end bills do, by whole months: the last
    before, as many times as whole months came after. `trust` states what was compared. What costs more than before
    has a negative saving.
    """
    one = _currency(plan.lineage) | _currency(later)
    found = bills(plan.lineage, later) if len(one) <= 1 else None
    steps = plan.frame.filter(pl.col("action").is_in(_COUNTED)).select("step", "action", "node")
    gone = _gone(plan, later, _after(plan, later))
    frame = steps.join(gone, on="node", how="left", maintain_order="left").with_columns(pl.col("gone").fill_null(value=True))
    for name, lineage in (("promised", plan.lineage), ("after", later)):
        if found is None:
            frame = frame.with_columns(pl.lit(None, pl.Int64).alias(name))
            continue
        cost = found.sums(lineage, after=name == "after").rename({"amount": name})
        known = ~pl.col("node").is_in(_homes(plan.lineage, found.open).implode())
        frame = frame.join(cost, on="node", how="left", maintain_order="left")
        frame = frame.with_columns(pl.when(known).then(pl.col(name).fill_null(0)).alias(name))
    frame = frame.with_columns((pl.col("promised") - pl.col("after")).alias("realised"))
    summary = _summary(frame, found, next(iter(one), ""))
    return Answer("realised", frame, _headline(summary), summary, _trust(summary, one), later, partial(_explain, plan, found))


def _homes(lineage: Lineage, ids: pl.Series) -> pl.Series:
    """Ids, and the datasets of columns among them."""
    coded = lineage.coded
    return pl.concat([ids, coded.ids.gather(coded.data[coded.numbers(ids).drop_nulls().to_numpy()])]).unique()


def _after(plan: Plan, later: Lineage) -> Span | None:
    """Days of the later record's bills that the plan could not know."""
    known = [lineage.frames["costs"].filter(pl.col("role") == "billed")["day"] for lineage in (plan.lineage, later)]
    last, end = known[0].max(), known[1].max()
    return (last + timedelta(days=1), end) if isinstance(last, date) and isinstance(end, date) and end > last else None


def _currency(lineage: Lineage) -> set[str]:
    return set(billed_currencies(lineage))


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


def _summary(frame: pl.DataFrame, found: Bills | None, currency: str) -> dict[str, Any]:
    told = found is not None and frame["promised"].null_count() < max(frame.height, 1)
    spans = found.days if found and told else None
    return {
        "steps": frame.height,
        "gone": int(frame["gone"].sum()),
        "promised": int(frame["promised"].sum()) if told else None,
        "realised": int(frame["realised"].sum()) if told else None,
        "before": spans[0] if spans else None,
        "after": spans[1] if spans else None,
        "days": (spans[0][1] - spans[0][0]).days + 1 if spans else None,
        "months": list(found.months) if found and told else [],
        "not_compared": int(frame["promised"].null_count()),
        "currency": currency,
    }


def _headline(summary: dict[str, Any]) -> str:
    text = f"{summary['gone']:,} of {plural(summary['steps'], 'promised step')} done"
    if summary["promised"] is None:
        return f"{text}; what it saved cannot be told."
    made, promised, currency = summary["realised"], summary["promised"], summary["currency"]
    spans = [plural(summary["days"], "day")] if summary["days"] else []
    spans += ["whole months of monthly bills"] if summary["months"] else []
    return f"{text}; {money(made, currency)} of {money(promised, currency)} saved in {' and '.join(spans)}."


def _trust(summary: dict[str, Any], currencies: set[str]) -> tuple[str, ...]:
    if len(currencies) > 1:
        return ("The later snapshot cannot be compared: the costs are in several currencies; convert both with snap.in_currency(...).",)
    if summary["promised"] is None:
        return ("The later snapshot cannot be compared: it bills no day, or no whole month, after the plan's record.",)
    notes = []
    if summary["days"]:
        (a, b), (c, d) = summary["before"], summary["after"]
        notes.append(f"Compared are {a} to {b} and {c} to {d}, {plural(summary['days'], 'day')} each.")
    notes += [f"Bills that come at most once a month: compared is {text}." for text in summary["months"]]
    if summary["not_compared"]:
        notes.append(f"{plural(summary['not_compared'], 'step')} cannot be compared: no whole month of these bills came after.")
    return tuple(notes)


def _explain(plan: Plan, found: Bills | None, node: str) -> pl.DataFrame:
    """What a node was billed in both spans: span, day, component, amount."""
    name = plan.lineage.names.resolve(node)
    parts = [pl.DataFrame(schema={"span": pl.String, "day": pl.Date, "component": pl.String, "amount": pl.Int64})]
    for span, rows in (("before", found.before), ("after", found.after)) if found else ():
        parts.append(rows.filter(pl.col("node") == name).select(pl.lit(span).alias("span"), "day", "component", "amount"))
    return pl.concat(parts).sort("span", "day", "component", "amount", descending=[True, False, False, False])
