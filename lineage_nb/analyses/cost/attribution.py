"""Cost: where the bill goes, exact to the micro-unit.

Billed rows are placed on datasets (a job's on what it writes, a warehouse hour's on the jobs that ran in it)
and flow from there along the lineage to whoever consumes in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

import polars as pl

from lineage_nb.analyses.cost.bill import Bill, bill_of, days_of_period
from lineage_nb.analyses.cost.centres import Centres, CentresOn, namesakes
from lineage_nb.analyses.cost.consumers import BY, BY_MAP
from lineage_nb.analyses.cost.direct import DirectSplit
from lineage_nb.analyses.cost.flow import FlowSplit
from lineage_nb.analyses.cost.parts import Parts
from lineage_nb.analyses.cost.period import During, log_sentence
from lineage_nb.analyses.cost.placement import IDLE, Placement, place
from lineage_nb.analyses.cost.reach import ReachSplit
from lineage_nb.analyses.cost.readers import scanners
from lineage_nb.analyses.cost.reconcile import reconcile
from lineage_nb.analyses.cost.shares import LINES, Method
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.analyses.usage_log import resolve_consumers
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import spoken_name

__all__ = ["LINES", "METHODS", "cost"]

METHODS = ("usage", "even", "direct", "marginal", "shapley")


def cost(
    lineage: Lineage,
    *,
    by: str = "owner",
    method: str = "usage",
    period: tuple[date | str, date | str] | None = None,
    of: str | Iterable[str] | None = None,
    monitors: str | Iterable[str] = (),
    idle: str = "line",
    currency: str | None = None,
    rates: object = None,
    centres: object = None,
    invoice: object = None,
) -> Answer:
    """Attribute the bill.

    Parameters
    ----------
    lineage : Lineage
        A snapshot with `costs`.
    by : {"owner", "team", "report", "consumer", "dataset", "cost_centre"}
        What the keys are. ``dataset`` stops where the money is spent; all others follow it to the reports and
        people that consume in the end. ``consumer`` keeps reports and people apart; ``report`` puts people
        who read tables themselves under ``other``; ``owner`` takes the owners of a report and a reader
        himself; ``team`` the teams of both; ``cost_centre`` their cost centres by `centres`. Several owners share evenly.
    method : {"usage", "even", "direct", "marginal", "shapley"}
        How what several keys depend on is dealt with; see the notes.
    period : (date, date), optional
        First and last day, inclusive; all recorded costs by default. Cost flows along the reads and edges of
        these days, as far as the record says when they were.
    of : str or iterable of str, optional
        Attribute only the cost of these nodes.
    monitors : str or iterable of str
        Consumers that do not count: scanners, profilers.
    idle : {"line", "spread"}
        Warehouse time in which nothing ran: a line of its own, or spread over the jobs of that warehouse by
        execution time.
    currency : str, optional
        ISO 4217 code to convert into; by default the one of the costs.
    rates : mapping, frame or path, optional
        Units of `currency` per unit: ``{"EUR": 1.08}``, or a table with currency, rate, from, to. Needed for several
        currencies; exact, rounded once for the whole bill (see `lineage_nb.analyses.cost.rates.convert`).
    centres : frame or path, optional
        A dated map with owner, team, cost_centre, from, to (see `lineage_nb.analyses.cost.centres.Centres`), used by
        ``team`` and ``cost_centre``. The cost of a day goes by the map of that day; where it names a team, that wins
        over the parent of a person.
    invoice : path, frame or number, optional
        Is compared with what was billed; see `Result.reconcile`, which shows it line by line.

    Returns
    -------
    Answer
        Frame: key, amount (micro-units), share (of the sum), exclusive (of resources that this key alone
        depends on), shared (amount − exclusive), line (consumer, or one of `LINES`). Largest first, lines
        last. The amounts add up to what was billed, to the micro-unit. Summary: billed, attributed, every line,
        currency, first, last (days); with an invoice also invoiced and steps (from it to attributed).

    Raises
    ------
    LineageError
        For an unknown `by`, `method` or `idle`, several currencies without rates, a currency or day without a rate,
        cost centres without a map or with one that disagrees with itself, or a snapshot without costs.

    Notes
    -----
    ``usage``
        What a table costs, and what flows into it, is split between its direct readers: by bytes scanned if known for
        all of them, else by reads, else evenly; a reader that leads to no consumer gets nothing, a cycle is one table.
        For showing who uses how much of what.
    ``even``
        The same, always evenly: where the log is not to be trusted.
    ``direct``
        Nothing flows. A job's cost goes to who ran it: the principals it writes for (the queries of a reader), else
        its owners; what is billed to a dataset or report to those who run the jobs that write it, else to its own
        owners; several share evenly. What nobody is named for, and by report whatever is not billed to a report, is
        ``other``; nothing is ``unconsumed``. By dataset, where it is spent. For charging those who can act on it.
    ``marginal``
        amount(k) = the sum of c(r) over the resources r with K(r) = {k}: what would disappear with k alone. The rest
        is ``joint``. For judging one removal; of several together they are too low.
    ``shapley``
        amount(k) = the sum of c(r) / (number of keys in K(r)) over the resources r with k in K(r): each resource is shared equally
        by the keys that depend on it. This is the Shapley value of the game in which a set of keys costs all
        resources that one of them depends on. For a bill that all can accept: it depends neither on the order of
        the keys nor on the number of steps in between.

    A resource r is what is billed to a dataset, or a job with its share of warehouse time, undivided; c(r) is its cost
    and K(r) the keys with a reader that r reaches along the readers that ``usage`` splits between (``other`` is one
    of them). With an empty K(r) it is ``unconsumed``. Each key's sum is rounded once, by largest remainder, ties to
    the earlier key. ``explain(key)["billed"].sum()`` under ``shapley`` is the fully loaded cost of a key: all it
    depends on, whoever else does.

    References
    ----------
    Shapley, "A value for n-person games" (1953); the closed form is that of Littlechild and Owen, "A simple
    expression for the Shapley value in a special case" (1973), for resources instead of runway lengths.

    Examples
    --------
    A table of 12.00 feeds two reports of team X and one of team Y, another of 10.00 the first two:

    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={
    ...         "id": ["t", "u", "r1", "r2", "r3"],
    ...         "kind": ["dataset", "dataset", "report", "report", "report"],
    ...         "owners": ["Z", None, "X", "X", "Y"],
    ...     },
    ...     edges={"source": ["t", "t", "t", "u", "u"], "target": ["r1", "r2", "r3", "r1", "r2"]},
    ...     costs={"node": ["t", "u"], "day": ["2025-01-01"] * 2, "amount": ["12.00", "10.00"]},
    ... )
    >>> def amounts(by, method):
    ...     return {k: a // 10**6 for k, a in snap.cost(by=by, method=method).frame.select("key", "amount").rows()}
    >>> amounts("report", "shapley"), amounts("report", "usage")
    ({'r1': 9, 'r2': 9, 'r3': 4}, {'r1': 9, 'r2': 9, 'r3': 4})
    >>> amounts("team", "shapley"), amounts("team", "even")
    ({'X': 16, 'Y': 6}, {'X': 18, 'Y': 4})
    >>> amounts("report", "marginal"), amounts("team", "marginal"), amounts("owner", "direct")
    ({'joint': 22}, {'X': 10, 'joint': 12}, {'Z': 12, 'other': 10})
    """
    _check(by, method, idle, centres)
    bill = bill_of(lineage, period, of, currency=currency, rates=rates)
    during = None if period is None else During(lineage, *days_of_period(period))
    named = resolve_consumers(lineage, monitors)
    parts = []
    for spent, on in _spans(lineage, bill, by, centres):
        placed = place(lineage, spent, idle=idle, period=during)
        parts.append((placed, _method(lineage, placed, by, method, named, during, on)))
    attributed = Parts(parts)
    frame = _frame(attributed)
    summary = _summary(frame, bill, by, method) | {"period": None if period is None else days_of_period(period)}
    met = reconcile(lineage, bill, summary, invoice, period=period, rates=rates) if invoice is not None else None
    if met is not None:
        summary |= {"invoiced": met.summary["invoiced"], "steps": met.summary["steps"]}
    notes = _trust(lineage, bill, summary, attributed, during, named)
    return Answer(
        "cost",
        frame,
        _headline(summary),
        summary,
        (*notes, met.headline) if met is not None else notes,
        lineage,
        partial(_explain, attributed, frame),
        settings={
            "by": by, "method": method, "period": period, "of": of, "monitors": named, "idle": idle,
            "currency": currency, "rates": rates, "centres": centres, "invoice": invoice,
        },
    )


def _check(by: str, method: str, idle: str, centres: object) -> None:
    for name, value, known in (("by=", by, (*BY, BY_MAP)), ("method ", method, METHODS), ("idle=", idle, IDLE)):
        if value not in known:
            raise LineageError(f"unknown {name}{value!r}.{did_you_mean(value, known)} Known: {', '.join(known)}.")
    if by == BY_MAP and centres is None:
        raise LineageError("by='cost_centre' needs the map: centres= a frame or file with owner, team, cost_centre, from, to")


def _spans(lineage: Lineage, bill: Bill, by: str, centres: object) -> list[tuple[pl.DataFrame, CentresOn | None]]:
    """The billed rows, cut where the map of owners changes; the map of each part."""
    if centres is None or by not in ("team", BY_MAP) or bill.rows.is_empty():
        return [(bill.rows, None)]
    days = bill.rows["day"]
    spans = Centres(centres, lineage.frames["nodes"]).spans(days.min(), days.max())  # type: ignore[arg-type]
    parts = ((bill.rows.filter(pl.col("day").is_between(first, last)), on) for first, last, on in spans)
    return [(rows, on) for rows, on in parts if rows.height]


def _method(
    lineage: Lineage, placed: Placement, by: str, method: str, monitors: Sequence[str], period: During | None, centres: CentresOn | None
) -> Method:
    if method in ("shapley", "marginal"):
        return ReachSplit(lineage, placed, by, method, monitors, period, centres)
    if method == "direct" and by != "dataset":
        return DirectSplit(lineage, placed, by, centres, period)
    return FlowSplit(lineage, placed, by, method, monitors, period, centres)


def _frame(attributed: Parts) -> pl.DataFrame:
    """The answer's frame."""
    split = attributed.split
    keys = pl.DataFrame({"key": pl.Series(attributed.keys, dtype=pl.String), "exclusive": split.exclusive, "shared": split.shared})
    consumer = pl.when(pl.col("key") == "other").then(pl.lit("other")).otherwise(pl.lit("consumer")).alias("line")
    lines = {**split.lines, "unallocated": attributed.unallocated, "idle": attributed.idle}
    rows = [(k, 0 if k == "joint" else v, v if k == "joint" else 0, k) for k, v in lines.items() if v]
    extra = pl.DataFrame(rows, schema={"key": pl.String, "exclusive": pl.Int64, "shared": pl.Int64, "line": pl.String}, orient="row")
    used = keys.with_columns(consumer).filter((pl.col("exclusive") != 0) | (pl.col("shared") != 0))
    frame = pl.concat([used, extra]).with_columns((pl.col("exclusive") + pl.col("shared")).alias("amount"))
    total = frame["amount"].sum()
    share = pl.col("amount") / total if total else pl.lit(0.0)
    last = pl.col("line").replace_strict({"consumer": 0, **{k: i + 1 for i, k in enumerate(LINES)}})
    frame = frame.filter(pl.col("amount") != 0).sort(last, -pl.col("amount"), "key")
    return frame.select("key", "amount", share.alias("share"), "exclusive", "shared", "line")


def _summary(frame: pl.DataFrame, bill: Bill, by: str, method: str) -> dict[str, object]:
    amounts = dict(frame.select("key", "amount").iter_rows())
    return {
        "billed": bill.total,
        "attributed": int(frame.filter(pl.col("line") == "consumer")["amount"].sum()),
        **{line: int(frame.filter(pl.col("line") == line)["amount"].sum()) for line in LINES},
        "currency": bill.currency,
        "keys": int((frame["line"] == "consumer").sum()),
        "largest": next(iter(amounts), None),
        "by": by,
        "method": method,
        "first": bill.rows["day"].min(),
        "last": bill.rows["day"].max(),
    }


def _headline(summary: dict[str, object]) -> str:
    def cash(name: str) -> str:
        return money(int(str(summary[name])), str(summary["currency"]))

    asked = summary["period"]
    first, last = asked if isinstance(asked, tuple) else (summary["first"], summary["last"])
    text = f"{cash('billed')} were billed from {first} to {last}; {cash('attributed')} reach {plural(int(str(summary['keys'])), str(summary['by']).replace('_', ' '))}"
    rest = [f"{line} {cash(line)}" for line in LINES if summary[line]]
    return text + ("; " + ", ".join(rest) if rest else "") + "."


def _trust(lineage: Lineage, bill: Bill, summary: dict[str, object], attributed: Parts, period: During | None, named: Sequence[str]) -> tuple[str, ...]:
    parts = [*bill.notes, *attributed.notes]
    shared = namesakes(lineage.frames["nodes"]) if summary["by"] not in ("report", "dataset") else []
    if shared:
        parts.append(f"Several principals are called {', '.join(shared[:3])}{' …' if len(shared) > 3 else ''}: owners named so are no one of them, and count by the word itself; give ids.")
    measured, first, last = attributed.measured, summary["first"], summary["last"]
    if summary["by"] != "dataset" and summary["method"] != "direct" and isinstance(first, date) and isinstance(last, date):
        parts.append(log_sentence(lineage, first, last))
        if period is not None:
            parts.append(period.sentence())
        parts += _scanners(lineage, named, period)
    if measured and summary["by"] != "dataset" and summary["method"] == "usage":
        parts.append(
            f"Tables were split by bytes scanned ({measured['bytes']:,}), by reads where bytes are not known for all "
            f"readers ({measured['reads']:,}), evenly where neither is ({measured['evenly']:,})."
        )
    if len(attributed.parts) > 1:
        parts.append(f"The map of owners changes: {len(attributed.parts)} spans of days were attributed by their own and added up.")
    total = sum(int(str(summary[k])) for k in ("attributed", *LINES))
    parts.append(f"The lines add up to the bill: {money(total, str(summary['currency']))}.")
    return tuple(parts)


def _scanners(lineage: Lineage, monitors: Sequence[str], period: During | None) -> list[str]:
    """Say which accounts read nearly everything."""
    found = scanners(lineage, monitors, period)
    if not found:
        return []
    return [f"{', '.join(found[:3])}{' …' if len(found) > 3 else ''} read nearly every table, as scanners do, and bear cost for it; named in monitors=, they would not count."]


def _explain(attributed: Parts, frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Show which resources the amount of a key or line comes from.

    Returns
    -------
    polars.DataFrame
        node, billed (what it costs in all), share (of it that comes here), amount; the amounts add up to that
        of the key. Largest first.
    """
    if attributed.is_line(key) or key in attributed.keys:
        return attributed.explain(key)
    fitting = [k for k in attributed.keys if spoken_name(k) == key or k.endswith("/" + key)]
    if len(fitting) == 1:
        return attributed.explain(fitting[0])
    good = [*frame.filter(pl.col("line") == "consumer")["key"].head(10), *frame.filter(pl.col("line") != "consumer")["key"]]
    raise LineageError(f"no key {key!r} in this result. Keys: {', '.join(good)}")
