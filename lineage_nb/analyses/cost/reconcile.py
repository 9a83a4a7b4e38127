"""How the attributed sum meets the invoice, line by line and step by step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from lineage_nb.analyses.cost.bill import TINY, Bill, Days, bill_of, days_of_period, is_tiny
from lineage_nb.analyses.cost.invoice import invoice_lines
from lineage_nb.analyses.cost.rates import convert
from lineage_nb.analyses.cost.reconcile_lines import meet
from lineage_nb.analyses.result import Answer, money, plural
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.resources import match_resources

__all__ = ["STATUS", "reconcile", "reconcile_answer"]

STATUS = ("met", "differs", "not recorded", "partly outside", "outside", "not on the invoice")
"""What can be of a line: the records hold the same, something else, nothing; it lies partly or wholly outside of the
period; the last is of records that no line speaks of."""
_REST = ("idle", "unallocated", "unconsumed", "other", "joint")


def reconcile(
    lineage: Lineage,
    bill: Bill,
    attributed: Mapping[str, Any],
    invoice: object,
    *,
    period: Days | None = None,
    rates: object = None,
) -> Answer:
    """Compare an invoice with what was billed and attributed.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    bill : Bill
        The billed rows that were attributed.
    attributed : Mapping
        Summary of `lineage_nb.analyses.cost.attribution.cost`: billed, attributed and its lines.
    invoice : path, frame or number
        See `lineage_nb.analyses.cost.invoice.invoice_lines`.
    period : (date, date), optional
        Of the attribution; lines outside of it are told apart.
    rates : optional
        For an invoice in another currency; see `lineage_nb.analyses.cost.rates.convert`.

    Returns
    -------
    Answer
        Frame: line (number on the invoice, from 1; null: records that no line speaks of), node (or the resource as
        billed), component, first, last (days), description, invoiced, recorded, difference (recorded − invoiced;
        micro-units), status (see `STATUS`), matched (by what), records (number of rows). Lines in their order.
        Summary: invoiced, recorded, billed, attributed, steps (dicts with step, amount, kind ``total`` or
        ``change``, after: from the invoice's total over everything in between to what was attributed), currency,
        and the number of lines of each status.

    Raises
    ------
    LineageError
        For an invoice that cannot be read, or whose currency has no rate.

    Notes
    -----
    A line is met by the record of the same id. What is left is compared in sum: lines and records of the same node
    (or resource), component and days, of what a line says; a line of a month stands for all days of it, a line
    without a node for all nodes, and a line with nothing but an amount for everything that no other line speaks of.
    Lines in whole cents are met by records that differ by rounding alone: by half a cent a line.
    Where several lines say the same, a difference is shown on the largest. A difference is of ``currency`` where a line
    states in its own conversion what records of the same id or node all state in one other currency; any other differs.
    """
    lines = invoice_lines(invoice, bill.currency)
    foreign = sorted(set(lines["currency"].drop_nulls().to_list()) - {bill.currency, ""})
    if rates is None and foreign and bill.currency:
        raise LineageError(
            f"the invoice is in {', '.join(foreign)}, the costs are in {bill.currency}; give rates into the latter, such as "
            f"reconcile(invoice, rates={{'{foreign[0]}': 1.08}})"
        )
    try:
        converted = convert(lines.rename({"first": "day"}), bill.currency or None, rates)
    except LineageError as error:
        raise LineageError(f"invoice: {error}") from error
    given = lines.with_columns(converted.rows["amount"].alias("invoiced"))
    frames = lineage.frames
    given, _ = match_resources(_by_name(lineage, given), frames["nodes"], frames["aliases"])
    met = meet(given, bill.rows, None if period is None else days_of_period(period))
    summary = _summary(met.frame, met.currency_effect, attributed)
    notes = [note for note in (converted.note, *bill.notes) if note]
    if is_tiny(lines["amount"]) and TINY not in notes:
        notes.append(f"On the invoice: {TINY}")
    if met.frame["matched"].is_in(["in total"]).any():
        notes.append("A line that names neither node nor component is compared with everything that no other line speaks of.")
    for line, own, rate, at in met.implied.head(3).iter_rows():
        notes.append(f"Line {line} counts {own} at {at:.6g}, the bill at {rate:.6g}: the difference is the step currency.")
    notes.append(f"The steps add up: {money(summary['invoiced'], summary['currency'])} on the invoice, {money(summary['attributed'], summary['currency'])} attributed.")
    return Answer("reconcile", met.frame, _headline(summary), summary, tuple(notes), lineage, partial(_explain, met.records))


def _by_name(lineage: Lineage, lines: pl.DataFrame) -> pl.DataFrame:
    """Nodes that a line names by less than their id are looked up like resources."""
    known = lines["node"].is_in(lineage.frames["nodes"]["id"].implode())
    short = pl.Series(known.fill_null(value=True))
    return lines.with_columns(
        pl.when(short).then("node").alias("node"), pl.when(short).then("resource").otherwise("node").alias("resource")
    )


def _summary(frame: pl.DataFrame, currency_effect: int, attributed: Mapping[str, Any]) -> dict[str, Any]:
    def total(column: str, *status: str) -> int:
        return int(frame.filter(pl.col("status").is_in(list(status)))[column].sum())

    invoiced, recorded = int(frame["invoiced"].sum()), int(frame["recorded"].sum())
    changes = {
        "outside the period": total("difference", "outside"),
        "partly outside the period": total("difference", "partly outside"),
        "not recorded": total("difference", "not recorded"),
        "not on the invoice": total("difference", "not on the invoice"),
        "rounding": total("difference", "met"),
        "differs": total("difference", "differs") - currency_effect,
        "currency": currency_effect,
    }
    steps = [_step("invoice", invoiced, "total", invoiced)]
    for name, amount in changes.items():
        if amount:
            steps.append(_step(name, amount, "change", steps[-1]["after"] + amount))
    steps.append(_step("billed", steps[-1]["after"], "total", steps[-1]["after"]))
    for name in _REST:
        if attributed[name]:
            steps.append(_step(name, -attributed[name], "change", steps[-1]["after"] - attributed[name]))
    steps.append(_step("attributed", steps[-1]["after"], "total", steps[-1]["after"]))
    counts = dict(frame.group_by("status").len().iter_rows())
    return {
        "invoiced": invoiced,
        "recorded": recorded,
        "billed": attributed["billed"],
        "attributed": attributed["attributed"],
        "difference": recorded - invoiced,
        "lines": frame["line"].count(),
        **{status: counts.get(status, 0) for status in STATUS},
        "steps": steps,
        "currency": attributed["currency"],
        "first": attributed["first"],
        "last": attributed["last"],
    }


def _step(name: str, amount: int, kind: str, after: int) -> dict[str, Any]:
    return {"step": name, "amount": amount, "kind": kind, "after": after}


def _headline(summary: Mapping[str, Any]) -> str:
    def cash(amount: int) -> str:
        return money(amount, summary["currency"])

    lines = int(summary["lines"])
    text = f"Of {plural(lines, 'invoice line')} {summary['met']:,} {'is' if summary['met'] == 1 else 'are'} met; the invoice says {cash(summary['invoiced'])}, {cash(summary['billed'])} were billed"
    parts = [f"{s['step']} {cash(s['amount'])}" for s in summary["steps"] if s["kind"] == "change" and s["step"] not in _REST]
    return text + (": " + ", ".join(parts) if parts else "") + "."


def _explain(records: pl.DataFrame, line: str | int) -> pl.DataFrame:
    """Show the records that a line stands for.

    Parameters
    ----------
    records : polars.DataFrame
        All records and their lines.
    line : str or int
        Number of a line; 0: the records that no line speaks of.

    Returns
    -------
    polars.DataFrame
        record, node, component, day, amount (micro-units), own_currency.
    """
    text = str(line).strip()
    if not text.isdigit():
        raise LineageError(f"{line!r} is no line of the invoice; give its number, or 0 for the records that no line speaks of")
    wanted = int(text)
    chosen = pl.col("line").is_null() if wanted == 0 else pl.col("line").list.contains(wanted)
    return records.filter(chosen.fill_null(value=False)).drop("line")


def reconcile_answer(answer: Answer, invoice: object = None, *, rates: object = None, currency: str | None = None) -> Answer:
    """Compare an invoice with an answer of `cost`; see `reconcile`.

    Parameters
    ----------
    answer : Answer
        Of `lineage_nb.analyses.cost.attribution.cost`.
    invoice : path, frame or number, optional
        By default the one that `cost` was asked with.
    rates : mapping, frame or path, optional
        Of the invoice's currencies into that of the costs; by default those that `cost` was asked with.
    currency : str, optional
        In which to compare; that of the costs.

    Raises
    ------
    LineageError
        For the answer of another analysis, without an invoice, and for a `currency` that the costs are not in.
    """
    if answer.analysis != "cost":
        raise LineageError(f"an invoice is compared with costs: snap.cost().reconcile(invoice); this answers {answer.analysis!r}")
    asked = answer.settings
    given = asked["invoice"] if invoice is None else invoice
    if given is None:
        raise LineageError("no invoice; give a path, a frame or the total, as in snap.cost().reconcile('invoice.csv')")
    bill = bill_of(answer.lineage, asked["period"], asked["of"], currency=asked["currency"], rates=asked["rates"])
    if currency is not None and currency.strip().upper() != bill.currency.upper():
        raise LineageError(f"the costs are in {bill.currency}, not {currency}; ask for them as cost(currency={currency!r}, rates=…), then reconcile")
    return reconcile(answer.lineage, bill, answer.summary, given, period=asked["period"], rates=asked["rates"] if rates is None else rates)
