"""What if: what the removal of consumers, reports, people, datasets or jobs would free, and who would miss it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from lineage_nb.analyses.result import Answer, as_list, money, plural
from lineage_nb.analyses.usage_log import coverage_sentences, resolve_consumers, usage_log
from lineage_nb.analyses.what_if.needs import Needs
from lineage_nb.analyses.what_if.outcome import WHAT, Outcome
from lineage_nb.analyses.what_if.savings import CAPACITY, freed_of, resource_costs
from lineage_nb.analyses.what_if.why import explain
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage

__all__ = ["what_if"]

_SCANNER_SHARE = 0.8
_SCANNER_MIN = 10


def what_if(
    lineage: Lineage,
    remove: str | Iterable[str],
    *,
    days: int = 90,
    monitors: str | Iterable[str] = (),
    protect: str | Iterable[str] = ("protected",),
    period: tuple[date | str, date | str] | None = None,
) -> Answer:
    """Say what would be freed if a set of nodes were gone.

    The saving is the cost of all that is needed, minus the cost of all that is needed without the set: never a
    sum of single savings, as what two reports share is freed only when both go. A dataset is needed if
    something terminal reads it, or anything made from it, within the window (see `unused`), or if it is
    protected. A job is one indivisible resource: it is freed when nothing that it writes is needed any longer.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    remove : str or iterable of str
        Datasets, reports, jobs, people, services (ids or short names); a team stands for its members. A name
        given twice counts once.
    days : int
        Length of the window in which a read counts, in days, counted back from the end of the usage log.
    monitors : str or iterable of str
        Consumers whose reads do not count: scanners, profilers, platform accounts.
    protect : str or iterable of str
        Names of nodes, or tags, that stay needed whatever is read, as long as they are not removed themselves. A column
        stands for its dataset.
    period : (date, date), optional
        First and last day of the costs that count; the whole record by default.

    Returns
    -------
    Answer
        Frame: node, what (see `WHAT`), component (null: it costs nothing), freed (micro-units), cash
        (micro-units that are money at once), loses (the removed or lost inputs of a consumer that stays; else
        null), certainty (proved: freed or lost, whatever the records leave open), evidence. A row a node and component.
        Summary: freed, freed_at_least, freed_at_most, cash, capacity, by_component, not_freed (billed on when
        its owner is gone), already_unused (what was needed by nobody before, which no removal is thanked for),
        removed, gone_already (ids of these that were dropped before: they free nothing), no_longer_needed, losing (counts), currency, days, window.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        For a name that fits no or several nodes, with the nearest candidates.
    LineageError
        For a column or a machine, days below 1, a period without costs, several currencies.

    Notes
    -----
    *Bounds.* Edges that are only possible, reports whose views no log records, and tables without a complete
    log may or may not be needs. ``freed`` takes edges and reports as needs and the log as it is.
    ``freed_at_least`` counts what was needed for certain and would be needed by nobody, whatever is true;
    ``freed_at_most`` what may have been needed and may not be afterwards.

    *Cash.* What is billed on demand is money at once. Capacity (see `savings.resource_costs`) frees none until
    it is resized. The storage of clones and external tables, time travel and the like are billed on: they are in
    the frame with ``freed`` 0.

    *A dataset that is removed* takes its own cost, and what only it needed. What is made from it stays, as long
    as it is read; its consumers are listed with what they lose.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> from lineage_nb.analyses.what_if.removal import what_if
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t", "r1", "r2"], "kind": ["dataset", "report", "report"]},
    ...     edges={"source": ["t", "t"], "target": ["r1", "r2"]},
    ...     costs={"node": ["t"], "day": ["2025-01-01"], "amount": ["10.00"], "component": ["storage"]},
    ... )
    >>> [what_if(snap, remove).summary["freed"] for remove in (["r1"], ["r2"], ["r1", "r2"])]
    [0, 0, 10000000]
    """
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise LineageError(f"days is {days!r}; give a whole number ≥ 1")
    named, asked = resolve_consumers(lineage, monitors), _removed(lineage, as_list(remove))
    tags = lineage.frames["nodes"]["tags"].explode().drop_nulls().unique().to_list()
    kept = {p if p in tags or p == "protected" else _home(lineage, p) for p in as_list(protect)}
    needs = Needs(lineage, usage_log(lineage, named), days, kept)
    costs, spent, currency = resource_costs(lineage, period)
    costs = costs.filter(~pl.Series(needs.dropped).gather(costs["resource"]))
    outcome = Outcome(needs, asked, costs)
    frame = outcome.frame()
    summary = _summary(outcome, frame, spent, currency)
    return Answer(
        "what_if",
        frame,
        _headline(summary),
        summary,
        _trust(outcome, summary),
        lineage,
        partial(explain, outcome),
        settings={"remove": asked, "days": days, "monitors": named, "period": period},
    )


def _home(lineage: Lineage, name: str) -> str:
    """Id that a name stands for; of a column its dataset's."""
    coded = lineage.coded
    number = coded.numbers(pl.Series([lineage.names.resolve(name)])).item()
    return str(coded.ids[int(coded.data[number])])


def _removed(lineage: Lineage, names: list[str]) -> list[str]:
    """Ids of what is to go, sorted, each once; a team brings its members."""
    nodes, resolve = lineage.frames["nodes"], lineage.names.resolve
    texts = pl.Series("id", [name if isinstance(name, str) else resolve(name) for name in names], dtype=pl.String)
    exact = lineage.coded.numbers(texts).is_not_null()
    found = pl.concat([texts.filter(exact), pl.Series("id", map(resolve, texts.filter(~exact)), dtype=pl.String)])
    found = found.unique().sort()
    while True:
        teams = nodes.filter((pl.col("type") == "team") & pl.col("id").is_in(found.implode()))["id"]
        members = nodes.filter((pl.col("kind") == "principal") & pl.col("parent").is_in(teams.implode()))["id"]
        more = pl.concat([found, members]).unique().sort()
        if len(more) == len(found):
            break
        found = more
    wrong = nodes.filter(pl.col("kind").is_in(["column", "compute"]) & pl.col("id").is_in(found.implode()))
    if wrong.height:
        node, kind, parent = wrong.select("id", "kind", "parent").row(0)
        hint = f"; name its dataset, {parent}" if parent and kind == "column" else ""
        raise LineageError(f"{node} is a {kind}: only datasets, reports, jobs, people and services can be removed{hint}")
    return found.to_list()


def _summary(outcome: Outcome, frame: pl.DataFrame, spent: pl.DataFrame, currency: str) -> dict[str, object]:
    least, freed, most = outcome.freed
    parts = frame.filter(pl.col("freed") != 0).group_by("component").agg(pl.col("freed").sum())
    costs, gone, unused = outcome.costs, outcome.gone, outcome.already_unused
    kept = costs.filter(pl.col("kept") & pl.Series(gone[costs["resource"].to_numpy()]))
    counts = dict(frame.group_by("what").agg(pl.col("node").n_unique()).iter_rows())
    return {
        "freed": freed,
        "freed_at_least": least,
        "freed_at_most": most,
        "cash": int(frame["cash"].sum()),
        "capacity": freed - int(frame["cash"].sum()),
        "by_component": dict(parts.sort("freed", "component", descending=[True, False]).iter_rows()),
        "not_freed": int(kept["amount"].sum()),
        "already_unused": freed_of(costs, unused),
        "already_unused_nodes": int(unused.sum()),
        "removed": outcome.asked,
        "gone_already": outcome.lineage.coded.ids.gather(np.flatnonzero(outcome.removed & outcome.needs.dropped)).to_list(),
        "no_longer_needed": counts.get(WHAT[1], 0),
        "losing": counts.get(WHAT[2], 0),
        "currency": currency,
        "first": spent["day"].min(),
        "last": spent["day"].max(),
        "days": outcome.needs.days,
        "window": outcome.needs.log.window(outcome.needs.days),
    }


def _headline(summary: Mapping[str, object]) -> str:
    def cash(name: str) -> str:
        return money(int(str(summary[name])), str(summary["currency"]))

    asked = summary["removed"]
    text = f"Removing {plural(len(asked) if isinstance(asked, list) else 0, 'node')} frees {cash('freed')}"
    if not summary["freed_at_least"] == summary["freed"] == summary["freed_at_most"]:
        text += f" (at least {cash('freed_at_least')}, at most {cash('freed_at_most')})"
    if summary["capacity"]:
        text += f", of which {cash('capacity')} is {CAPACITY} that saves nothing until it is resized"
    before = summary["gone_already"]
    if isinstance(before, list) and before:
        text += f"; {plural(len(before), 'node')} of these {'is' if len(before) == 1 else 'are'} gone already"
    nodes, losing = int(str(summary["no_longer_needed"])), int(str(summary["losing"]))
    text += f"; {plural(nodes, 'other')} {'is' if nodes == 1 else 'are'} no longer needed"
    return text + f", and {plural(losing, 'consumer')} {'loses' if losing == 1 else 'lose'} an input."


def _trust(outcome: Outcome, summary: Mapping[str, object]) -> tuple[str, ...]:
    needs, currency = outcome.needs, str(summary["currency"])
    notes = [needs.log.sentence(), *coverage_sentences(outcome.lineage, needs.log)]
    if outcome.costs.is_empty():
        notes.append("No costs are recorded, so nothing can be said about money.")
    else:
        notes.append(f"freed counts what was billed from {summary['first']} to {summary['last']}.")
    possible = int((~needs.graph.table.proved).sum())
    open_ = [
        plural(possible, "edge") + " only possible" if possible else "",
        plural(int(needs.assumed.sum()), "report") + " whose views no log records" if needs.assumed.any() else "",
        plural(int(needs.unsure.sum()), "table") + " that may be read unrecorded" if needs.unsure.any() else "",
    ]
    if any(open_):
        notes.append(f"The bounds rest on {', '.join(filter(None, open_))}.")
    if summary["not_freed"]:
        notes.append(f"{money(int(str(summary['not_freed'])), currency)} are billed on: shared files, or retained history.")
    if summary["already_unused_nodes"]:
        unused = f"{int(str(summary['already_unused_nodes'])):,} nodes were needed by nobody before"
        notes.append(f"{unused}; their {money(int(str(summary['already_unused'])), currency)} are not counted here (see unused).")
    if needs.dropped.any():
        notes.append(f"{plural(int(needs.dropped.sum()), 'node')} {'is' if needs.dropped.sum() == 1 else 'are'} gone already by the records; past costs of these are not freed.")
    kept = outcome.removal.data & needs.protected
    if kept.any():
        names = needs.graph.names(np.flatnonzero(kept)[:3]).to_list()
        notes.append(f"Removed although protected: {', '.join(names)}{' …' if kept.sum() > 3 else ''}.")
    return (*notes, *_scanners(outcome))


def _scanners(outcome: Outcome) -> list[str]:
    """Warn of accounts that read nearly everything: nothing they read is ever freed."""
    reads = outcome.needs.reads.filter(pl.col("consumer") >= 0)
    per = reads.group_by("consumer").agg(pl.col("place").n_unique().alias("tables"))
    enough = max(_SCANNER_MIN, _SCANNER_SHARE * reads["place"].n_unique())
    found = outcome.lineage.coded.ids.gather(per.filter(pl.col("tables") >= enough)["consumer"].sort())
    return [f"{node} reads nearly every table, so it keeps nearly all of it needed; name it in monitors= if it is a scanner." for node in found]
