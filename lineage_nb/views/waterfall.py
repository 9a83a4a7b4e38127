"""Waterfalls: how the bill becomes what is attributed, and what made it change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from lineage_nb.analyses.cost.attribution import LINES
from lineage_nb.analyses.cost.change import PARTS
from lineage_nb.analyses.cost.periods import words
from lineage_nb.analyses.result import Answer, money
from lineage_nb.views.figures import (
    BLUE,
    DARK,
    GREY,
    ORANGE,
    VERMILION,
    brief,
    money_axis,
    names_of,
    plain,
    sentence,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Step", "change_steps", "cost_steps", "draw_change", "draw_cost", "draw_invoice", "invoice_steps"]

_KEYS = 8
_FAR = 4
"""Totals are cut where they are so many times as long as what lies between them."""


@dataclass(frozen=True)
class Step:
    """A bar: a total, or what is added to the one before.

    Attributes
    ----------
    name : str
        What it is.
    amount : int
        Micro-units: of a total all, else what comes on top.
    what : str
        ``total``, ``line``, ``key`` or ``part``.
    """

    name: str
    amount: int
    what: str


def cost_steps(answer: Answer, most: int = _KEYS) -> list[Step]:
    """List the steps from the bill down to nothing: lines are taken off first, then the largest keys.

    Parameters
    ----------
    answer : Answer
        Of `cost`.
    most : int
        Keys with a bar of their own; all others are one step.
    """
    frame, billed = answer.frame, int(answer.frame["amount"].sum())
    keys = frame.filter(pl.col("line") == "consumer")
    lines = dict(frame.filter(pl.col("line") != "consumer").group_by("line").agg(pl.col("amount").sum()).iter_rows())
    order = [line for line in ("idle", "unallocated", "unconsumed", "other", *LINES) if line in lines]
    steps = [Step("billed", billed, "total")]
    steps += [Step(line, -int(lines[line]), "line") for line in dict.fromkeys(order)]
    steps.append(Step("attributed", int(keys["amount"].sum()), "total"))
    ranked = keys.sort(-pl.col("amount").abs(), "key")
    shown, rest = ranked.head(most), ranked.slice(most)
    steps += [Step(n, -int(a), "key") for n, a in zip(names_of(answer.lineage, shown["key"]), shown["amount"], strict=True)]
    return [*steps, Step(f"{rest.height:,} more", -int(rest["amount"].sum()), "key")] if rest.height else steps


def change_steps(answer: Answer) -> list[Step]:
    """List the steps from the bill before to the bill after: one for each part that is not zero."""
    told = answer.summary
    parts = [Step(p, int(told[p]), "part") for p in PARTS if told[p]]
    first, last = (words(told[f"{w}_span"]) for w in ("before", "after"))
    return [Step(first, int(told["before"]), "total"), *parts, Step(last, int(told["after"]), "total")]


def invoice_steps(answer: Answer) -> list[Step]:
    """List the steps from an invoice to what was attributed."""
    kinds = {"total": "total", "change": "line"}
    return [Step(s["step"], int(s["amount"]), kinds[s["kind"]]) for s in answer.summary["steps"]]


def draw_invoice(answer: Answer, axes: Axes) -> None:
    """Draw how an invoice becomes what was attributed."""
    return _draw(invoice_steps(answer), str(answer.summary["currency"]), axes)


def draw_cost(answer: Answer, axes: Axes) -> None:
    """Draw how the bill becomes what is attributed."""
    if answer.frame.is_empty():
        return sentence(axes, "Nothing was billed.")
    return _draw(cost_steps(answer), str(answer.summary["currency"]), axes)


def draw_change(answer: Answer, axes: Axes) -> None:
    """Draw what made the bill change."""
    if answer.frame.is_empty():
        return sentence(axes, "Nothing was billed in either span.")
    per_day = answer.summary["compare"] == "per day"
    return _draw(change_steps(answer), str(answer.summary["currency"]) + (" per day" if per_day else ""), axes, zoom=True)


def _draw(steps: list[Step], unit: str, axes: Axes, *, zoom: bool = False) -> None:
    ends = [0]
    places = []
    for step in steps:
        begin = 0 if step.what == "total" else ends[-1]
        ends.append(begin + step.amount)
        places.append((begin, step))
    low, high = min(ends), max(ends)
    inner = ends[1:]
    cut = min(inner) if zoom and min(inner) > _FAR * (max(inner) - min(inner)) else 0
    low = cut - round((high - cut) * 0.6) if cut else low
    span = (high - low) or 1
    for i, (begin, step) in enumerate(places):
        color, hatch = _style(step)
        axes.barh(i, step.amount, left=begin, height=0.68, color=color, hatch=hatch, edgecolor="white", linewidth=0)
        end = begin + step.amount
        text = money(step.amount) if step.what == "total" else ("+" if step.amount > 0 else "") + brief(step.amount)
        axes.text(max(begin, end) + span * 0.008, i, text, va="center", ha="left", fontsize=8, color=DARK)
        if i + 1 < len(places):
            axes.plot([end, end], [i - 0.34, i + 1.34], color=DARK, linewidth=0.6, zorder=0)
    axes.set_yticks(range(len(places)), [plain(s.name, 190) for _, s in places], fontsize=8)
    for label, (_, step) in zip(axes.get_yticklabels(), places, strict=True):
        label.set_fontweight("bold" if step.what == "total" else "normal")
    axes.invert_yaxis()
    axes.set_xlim(low - span * (0.02 if low < 0 else 0), high + span * 0.12)
    if low < 0:
        axes.axvline(0, color=DARK, linewidth=0.8)
    money_axis(axes.xaxis, unit, whole=bool(cut))
    if cut:
        axes.set_xlabel(f"{axes.get_xlabel()} (the axis does not begin at 0)")


def _style(step: Step) -> tuple[str, str]:
    if step.what == "total":
        return BLUE, ""
    if step.what == "part":
        return (VERMILION, "//") if step.amount > 0 else ("#009e73", "..")
    if step.amount > 0:  # a credit that is taken off again
        return VERMILION, "xx"
    return (GREY, "//") if step.what == "line" else (ORANGE, "")
