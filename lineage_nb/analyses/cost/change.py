"""What changed in the bill between two spans of days, and why: new and gone, volume and price."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import polars as pl

from lineage_nb.analyses.cost.attribution import LINES, cost
from lineage_nb.analyses.cost.bill import Bill, bill_of, days_of_period
from lineage_nb.analyses.cost.change_cells import DOUBTED, PARTS, REST, cells, per_day, with_parts
from lineage_nb.analyses.cost.period import During
from lineage_nb.analyses.cost.periods import Span, words
from lineage_nb.analyses.cost.placement import place
from lineage_nb.analyses.cost.quantities import UNITS, quantities
from lineage_nb.analyses.cost.rate_moves import rate_moves
from lineage_nb.analyses.cost.trend import found_key
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import spoken_name

__all__ = ["COMPARE", "PARTS", "cost_change"]

COMPARE = ("total", "per day")
_MOST = 200


def cost_change(
    lineage: Lineage,
    /,
    *,
    before: tuple[date | str, date | str],
    after: tuple[date | str, date | str],
    by: str = "team",
    method: str = "usage",
    compare: str = "total",
    **options: Any,
) -> Answer:
    """Say what changed in the bill, for whom and why.

    Parameters
    ----------
    lineage : Lineage
        A snapshot with `costs`.
    before, after : (date, date)
        First and last day of what is compared, inclusive.
    by, method
        As `cost` takes them.
    compare : {"total", "per day"}
        Compare what was billed, or divide it by the number of days (rounded to the micro-unit, key by key).
    **options
        Anything else that `cost` takes, but `period`: ``of``, ``monitors`` …

    Returns
    -------
    Answer
        Frame: key, before, after, change (micro-units), then the parts of the change, which add up to it: ``new``, ``gone``,
        ``volume``, ``price``, ``exchange``, ``moved``, ``unexplained`` (see the notes), line (consumer, or a line of `cost`). Of more than 400 keys the
        200 largest of each span are told apart, and all others are one key and line, ``the rest``. The
        largest change first, lines last. Summary: the sums of all these, change_share, before_days, after_days, by_unit
        (what was measured in what: micro-units before), doubted, rises and falls (key → change).

    Raises
    ------
    LineageError
        For spans without costs, that overlap or come in the wrong order, in two currencies, and whatever `cost` refuses.

    Notes
    -----
    A resource is what is billed: a job (with its share of warehouse time), a component of a dataset, a machine's idle time.

    ``new``, ``gone``
        Resources without cost before, or after.
    ``volume``
        Old cost × (new quantity / old quantity − 1): what the new quantity would have cost more at the old price.
    ``price``
        The rest of a resource's change: new quantity × (new price − old price).
    ``exchange``
        New cost in its own currency × (new rate − old rate): what exchange rates alone did. All other parts are at old rates.
    ``moved``
        Old cost × (new share − old share): the same resource, split differently between keys. Over all keys it is zero.
    ``unexplained``
        The change of a resource whose quantity is not known in both spans, or does not drive its cost (the price would
        have changed more than threefold), or that is a credit in one.

    For the quantity of a resource the first that is known counts of: idle hours (of a machine's idle time), driver rows, execution time, bytes, rows
    (`lineage_nb.analyses.cost.quantities`).

    References
    ----------
    Volume at old prices and price at new quantities are the indices of Laspeyres and Paasche: ILO and others,
    "Consumer Price Index Manual" (2020), chapter 2.

    Examples
    --------
    A job that ran twice as long and cost three times as much, and a new table:

    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["j", "t", "u", "r"], "kind": ["job", "dataset", "dataset", "report"], "owners": [None] * 3 + ["X"]},
    ...     edges=[{"source": "j", "target": "t", "type": "WRITE"}, {"source": "t", "target": "r"}, {"source": "u", "target": "r"}],
    ...     runs=[
    ...         {"job": "j", "run": "1", "start": "2025-01-05T00:00:00Z", "end": "2025-01-05T01:00:00Z"},
    ...         {"job": "j", "run": "2", "start": "2025-02-05T00:00:00Z", "end": "2025-02-05T02:00:00Z"},
    ...     ],
    ...     costs={"node": ["j", "j", "u"], "day": ["2025-01-31", "2025-02-28", "2025-02-28"], "amount": ["10.00", "30.00", "4.00"]},
    ... )
    >>> change = snap.cost_change(before=("2025-01-01", "2025-01-31"), after=("2025-02-01", "2025-02-28"), by="owner")
    >>> change.frame.select("key", "change", "new", "volume", "price").rows()
    [('X', 24000000, 4000000, 10000000, 10000000)]
    """
    if compare not in COMPARE:
        raise LineageError(f"unknown compare={compare!r}.{did_you_mean(compare, COMPARE)} Known: {', '.join(COMPARE)}.")
    spans = days_of_period(before), days_of_period(after)
    if spans[0][1] >= spans[1][0]:
        raise LineageError(f"before ({words(spans[0])}) must end before after ({words(spans[1])}) begins")
    answers = [cost(lineage, by=by, method=method, period=span, **options) for span in spans]
    currencies = sorted({str(a.summary["currency"]) for a in answers})
    if len(currencies) > 1:
        raise LineageError(f"costs in several currencies ({', '.join(currencies)}): convert them to one before loading")
    money_ = {c: options.get(c) for c in ("currency", "rates")}
    bills = [bill_of(lineage, span, options.get("of"), **money_) for span in spans]
    spent, idle = [bill.rows for bill in bills], options.get("idle", "line")
    during = [During(lineage, *span) for span in spans]
    placed = [place(lineage, s, idle=idle, period=d) for s, d in zip(spent, during, strict=True)]
    told = _told_apart(answers)
    held = [cells(lineage, *each, told) for each in zip(answers, spent, placed, during, strict=True)]
    measured = quantities(lineage, pl.concat(held), *during, idle=[p.idle_hours for p in placed])
    if compare == "per day":
        lengths = [last - first + timedelta(days=1) for first, last in spans]
        held = [per_day(h, length) for h, length in zip(held, lengths, strict=True)]
        measured = measured.with_columns(
            pl.col(c) / length.days for c, length in zip(("quantity_before", "quantity_after"), lengths, strict=True)
        )
    parts = with_parts(held[0], held[1], measured, rate_moves(lineage, spent, during, idle, currencies[0]))
    frame = _frame(parts, answers)
    summary = _summary(frame, parts, spans, currencies[0], by, method, compare)
    return Answer(
        "cost_change",
        frame,
        _headline(summary),
        summary,
        _trust(summary, bills, len({k for a in answers for k in a.frame["key"]} - told)),
        lineage,
        partial(_explain, parts, frame),
        settings={"before": before, "after": after, "by": by, "method": method, "compare": compare, **options},
    )


def _told_apart(answers: list[Answer]) -> set[str]:
    """The largest keys of each span and all lines; all keys, where they are not many more."""
    every = {k for a in answers for k in a.frame["key"]}
    if len(every) <= 2 * _MOST:
        return every
    rows = [a.frame.filter(pl.col("line") == "consumer").sort(-pl.col("amount").abs(), "key")["key"].head(_MOST) for a in answers]
    return {k for keys in rows for k in keys} | {k for a in answers for k in a.frame.filter(pl.col("line") != "consumer")["key"]}


def _frame(parts: pl.DataFrame, answers: list[Answer]) -> pl.DataFrame:
    lines = pl.concat([a.frame.select("key", "line") for a in answers]).unique("key", keep="first", maintain_order=True)
    sums = parts.group_by("key").agg(pl.col("before", "after", *PARTS).sum()).join(lines, on="key", how="left").with_columns(pl.col("line").fill_null(REST))
    change = (pl.col("after") - pl.col("before")).alias("change")
    frame = sums.with_columns(change).select("key", "before", "after", "change", *PARTS, "line")
    last = pl.col("line").replace_strict({"consumer": 0, **{k: i + 1 for i, k in enumerate(LINES)}}, default=len(LINES) + 1)
    return frame.sort(last, -pl.col("change").abs(), "key")


def _summary(
    frame: pl.DataFrame, parts: pl.DataFrame, spans: tuple[Span, Span], currency: str, by: str, method: str, compare: str
) -> dict[str, Any]:
    sums = {c: int(frame[c].sum()) for c in ("before", "after", "change", *PARTS)}
    moves = frame.sort("change", "key", descending=[True, False]).select("key", "change").rows()
    units = dict(parts.filter(pl.col("unit").is_not_null()).group_by("unit").agg(pl.col("before").sum()).iter_rows())
    return {
        **sums,
        "change_share": sums["change"] / sums["before"] if sums["before"] > 0 else None,
        "before_span": spans[0],
        "after_span": spans[1],
        "before_days": (spans[0][1] - spans[0][0]).days + 1,
        "after_days": (spans[1][1] - spans[1][0]).days + 1,
        "doubted": int(parts.filter("doubted")["before"].sum()),
        "by_unit": {u: int(units[u]) for u in UNITS if u in units},
        "rises": dict([(k, c) for k, c in moves if c > 0][:3]),
        "falls": dict([(k, c) for k, c in reversed(moves) if c < 0][:3]),
        "currency": currency,
        "by": by,
        "method": method,
        "compare": compare,
    }


def _headline(summary: dict[str, Any]) -> str:
    currency, what = summary["currency"], "The bill" + (" per day" if summary["compare"] == "per day" else "")
    spans = f"from {words(summary['before_span'])} to {words(summary['after_span'])}"
    if not summary["change"]:
        return f"{what} is the same {spans}: {money(summary['after'], currency)}."
    word = "rose" if summary["change"] > 0 else "fell"
    share = "" if summary["change_share"] is None else f" ({summary['change_share']:+.1%})"
    text = f"{what} {word} by {money(abs(summary['change']), currency)}{share} {spans}"
    why = [f"{part} {_signed(summary[part], currency)}" for part in PARTS if summary[part]]
    most = next(iter(summary["rises" if summary["change"] > 0 else "falls"].items()), None)
    text += f": {', '.join(why)}" if why else ""
    return text + (f"; most for {spoken_name(most[0])} ({_signed(most[1], currency)})." if most else ".")


def _signed(micro: int, currency: str) -> str:
    return ("+" if micro > 0 else "") + money(micro, currency)


def _trust(summary: dict[str, Any], bills: list[Bill], untold: int) -> tuple[str, ...]:
    currency = summary["currency"]
    days = summary["before_days"], summary["after_days"]
    notes = ["Before plus the parts is after, for every key, to the micro-unit."]
    if days[0] != days[1]:
        how = "compared per day" if summary["compare"] == "per day" else "compared as billed; compare='per day' divides by the days"
        notes.append(f"The spans differ in length ({plural(days[0], 'day')} and {plural(days[1], 'day')}); {how}.")
    known = [f"{money(amount, currency)} by {unit}" for unit, amount in summary["by_unit"].items()]
    notes.append(f"Quantities are known for {', '.join(known)} of what was billed before." if known else "No quantity is known in both spans: nothing is told of volume and price.")
    if untold:
        notes.append(f"{plural(untold, 'key')} beyond the largest {_MOST} of each span are one: {REST}.")
    common = [note for note in bills[0].notes if note in bills[1].notes]
    spans = summary["before_span"], summary["after_span"]
    notes += common + [f"{words(span)}: {note}" for span, bill in zip(spans, bills, strict=True) for note in bill.notes if note not in common]
    if summary["doubted"]:
        notes.append(
            f"Of {money(summary['doubted'], currency)} the price per recorded quantity would have changed more than {DOUBTED:.0f}-fold: "
            "that quantity does not drive the cost, and the change is unexplained."
        )
    return tuple(notes)


def _explain(parts: pl.DataFrame, frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Show the resources behind the change of a key.

    Returns
    -------
    polars.DataFrame
        node, component (null: all of a job's), before, after, change (of what comes to this key; micro-units), `PARTS`, unit,
        quantity_before, quantity_after (null: not known in both spans), price_before, price_after (micro-units per unit, of the
        whole resource). The amounts add up to those of the key. Largest change first.
    """
    mine = parts.filter(pl.col("key") == found_key(frame, key))
    change = (pl.col("after") - pl.col("before")).alias("change")
    prices = [(pl.col(f"billed_{w}") / pl.col(f"quantity_{w}")).alias(f"price_{w}") for w in ("before", "after")]
    mine = mine.with_columns(change, *prices).rename({"resource": "node"})
    columns = ["node", "component", "before", "after", "change", *PARTS, "unit", "quantity_before", "quantity_after", "price_before", "price_after"]
    return mine.select(columns).sort(-pl.col("change").abs(), "node", "component", nulls_last=True)
