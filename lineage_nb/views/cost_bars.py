"""Bars of what changed for each key, and of what a report depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.views.figures import (
    BLUE,
    DARK,
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

__all__ = ["draw_changes", "draw_loaded"]

_ROWS = 14


def draw_changes(answer: Answer, axes: Axes) -> None:
    """Draw the change of each key, the largest first."""
    frame = answer.frame.filter(pl.col("change") != 0).sort(-pl.col("change").abs(), "key")
    if frame.is_empty():
        return sentence(axes, "Nothing changed.")
    shown, rest = frame.head(_ROWS), frame.slice(_ROWS)
    rows = list(zip(names_of(answer.lineage, shown["key"]), shown["change"].to_list(), strict=True))
    if rest.height:
        rows.append((f"{rest.height:,} more", int(rest["change"].sum())))
    for i, (_, change) in enumerate(rows):
        axes.barh(i, change, color=VERMILION if change > 0 else "#009e73", hatch="//" if change > 0 else "..", edgecolor="white", linewidth=0)
        axes.annotate(
            ("+" if change > 0 else "") + brief(change), (change, i), xytext=(4 if change > 0 else -4, 0), textcoords="offset points",
            va="center", ha="left" if change > 0 else "right", fontsize=8, color=DARK,
        )
    axes.axvline(0, color=DARK, linewidth=0.8)
    _rows(axes, [n for n, _ in rows], str(answer.summary["currency"]) + (" per day" if answer.summary["compare"] == "per day" else ""))
    return None


def draw_loaded(answer: Answer, axes: Axes) -> None:
    """Draw what each resource costs that a report depends on: what it alone depends on, and what it shares."""
    from matplotlib.patches import Patch

    frame = answer.frame
    if frame.is_empty():
        return sentence(axes, "Nothing that it is made from is billed.")
    shown, rest = frame.head(_ROWS), frame.slice(_ROWS)
    rows = [
        (name, int(billed), share >= 1)
        for name, (billed, share) in zip(names_of(answer.lineage, shown["node"]), shown.select("billed", "share").iter_rows(), strict=True)
    ]
    for i, (_, billed, own) in enumerate(rows):
        axes.barh(i, billed, color=BLUE if own else ORANGE, hatch="" if own else "//", edgecolor="white", linewidth=0)
        axes.annotate(brief(billed), (max(billed, 0), i), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8, color=DARK)
    names = [n for n, _, _ in rows]
    if rest.height:
        amount = int(rest["billed"].sum())
        axes.barh(len(rows), amount, color="#dddddd", hatch="..", edgecolor="white", linewidth=0)
        axes.annotate(brief(amount), (max(amount, 0), len(rows)), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8, color=DARK)
        names.append(f"{rest.height:,} more")
    handles = [Patch(color=BLUE, label="it alone depends on"), Patch(facecolor=ORANGE, hatch="//", edgecolor="white", label="others too")]
    axes.legend(handles=handles, frameon=False, loc="lower right", fontsize=8)
    _rows(axes, names, str(answer.summary["currency"]))
    return None


def _rows(axes: Axes, names: list[str], unit: str) -> None:
    axes.set_yticks(range(len(names)), [plain(n, 190) for n in names], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    money_axis(axes.xaxis, unit)
