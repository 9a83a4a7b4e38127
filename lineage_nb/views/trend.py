"""Cost over time, stacked by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.result import Answer
from lineage_nb.views.figures import COLORS, DARK, GREY, HATCHES, brief, money_axis, names_of, plain, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Series", "draw_trend", "series_of", "spread"]

_KEYS = 6
_LINES = ("-", "--", "-.", ":")
Series = dict[str, NDArray[np.float64]]


def series_of(answer: Answer, most: int = _KEYS) -> tuple[Series, Series]:
    """Give the amounts of the largest consumers period by period, the others as one, then those of the lines.

    Parameters
    ----------
    answer : Answer
        Of `cost_trend`.
    most : int
        Consumers of their own.

    Returns
    -------
    tuple of dict of str to numpy.ndarray
        Key → micro-units, shape (periods,), largest first: of consumers, of lines. Over both they add up to the bill of
        each period.
    """
    frame, at = answer.frame, {p: i for i, p in enumerate(answer.summary["periods"])}
    size = frame.group_by("key", "line").agg(pl.col("amount").abs().sum()).sort(-pl.col("amount"), "key")
    consumers = size.filter(pl.col("line") == "consumer")["key"].to_list()
    shown = consumers if len(consumers) <= most + 1 else consumers[:most]
    rest = f"{len(consumers) - len(shown):,} more"
    own: Series = {}
    lines: Series = {line: np.zeros(len(at)) for line in size.filter(pl.col("line") != "consumer")["key"]}
    for key in [*shown, *([rest] if len(shown) < len(consumers) else [])]:
        own[key] = np.zeros(len(at))
    for period, key, amount, line in frame.select("period", "key", "amount", "line").iter_rows():
        if line != "consumer":
            lines[key][at[period]] += amount
        else:
            own[key if key in own else rest][at[period]] += amount
    return own, lines


def spread(places: list[float], least: float) -> list[float]:
    """Move ascending places apart until neighbours are `least` from each other, as little as that takes.

    Examples
    --------
    >>> spread([0.0, 0.0, 5.0], 1.0)
    [-0.5, 0.5, 5.0]
    """
    groups: list[tuple[float, int]] = []
    for place in places:
        centre, count = place, 1
        while groups and centre - (count - 1) * least / 2 < groups[-1][0] + (groups[-1][1] - 1) * least / 2 + least:
            before, many = groups.pop()
            centre = (before * many + centre * count) / (many + count)
            count += many
        groups.append((centre, count))
    return [centre + (i - (count - 1) / 2) * least for centre, count in groups for i in range(count)]


def draw_trend(answer: Answer, axes: Axes) -> None:
    """Draw the bill of every period, stacked by key; as lines where there are credits, as columns where periods are few."""
    if answer.frame.is_empty():
        return sentence(axes, "Nothing was billed.")
    own, lines = series_of(answer)
    names = dict(zip(own, names_of(answer.lineage, own), strict=True)) | {k: k for k in lines}
    styles: dict[str, dict[str, Any]] = {}
    for i, key in enumerate(own):
        more = key.endswith(" more") and i == len(own) - 1 and i >= _KEYS
        styles[key] = {"color": "#dddddd", "hatch": ".."} if more else {"color": COLORS[i % len(COLORS)], "hatch": HATCHES[i % len(HATCHES)]}
    styles |= {key: {"color": GREY, "hatch": "//"} for key in lines}
    data = own | lines
    count = len(answer.summary["periods"])
    if any((v < 0).any() for v in data.values()):
        ends = _lines(axes, data, styles, count)
    else:
        ends = _stacked(axes, data, styles, count)
    _axes(answer, axes, count)
    _labels(axes, ends, {k: names[k] for k in data}, data)
    _mark_partial(answer, axes)
    return None


def _stacked(axes: Axes, data: Series, styles: dict[str, dict[str, Any]], count: int) -> dict[str, float]:
    below, ends = np.zeros(count), {}
    for key, values in data.items():
        style = {"facecolor": styles[key]["color"], "hatch": styles[key]["hatch"], "edgecolor": "white", "linewidth": 0.6}
        if count <= 3:
            axes.bar(range(count), values, bottom=below, width=0.5, **style)
        else:
            axes.fill_between(range(count), below, below + values, **style)
        ends[key] = float(below[-1] + values[-1] / 2)
        below = below + values
    axes.set_ylim(0, max(float(below.max()), 1.0) * 1.06)
    return ends


def _lines(axes: Axes, data: Series, styles: dict[str, dict[str, Any]], count: int) -> dict[str, float]:
    for i, (key, values) in enumerate(data.items()):
        color = "#777777" if styles[key]["color"] in ("#dddddd", GREY) else styles[key]["color"]
        axes.plot(range(count), values, color=color, linestyle=_LINES[i % len(_LINES)], marker="osD^v<>"[i % 7], markersize=3.5, linewidth=1.5)
    axes.axhline(0, color=DARK, linewidth=0.8)
    return {key: float(values[-1]) for key, values in data.items()}


def _axes(answer: Answer, axes: Axes, count: int) -> None:
    from matplotlib.ticker import FixedLocator

    every, periods = answer.summary["every"], list(answer.summary["periods"])
    step = max(1, -(-count // 9))
    at = list(range(0, count, step))

    def written(i: int) -> str:
        day = periods[i]
        if every == "quarter":
            return f"{day.year} Q{(day.month + 2) // 3}"
        return f"{day:%Y-%m}" if every == "month" else str(day)

    axes.xaxis.set_major_locator(FixedLocator(at))
    axes.set_xticks(at, [written(i) for i in at], fontsize=8)
    axes.set_xlim(-0.5 if count <= 3 else 0, (count - 0.5) if count <= 3 else count - 1)
    money_axis(axes.yaxis, f"{answer.summary['currency']} a {every}")


def _labels(axes: Axes, ends: dict[str, float], names: dict[str, str], data: Series) -> None:
    """Write each key beside its end, apart from each other, with its last amount."""
    low, high = axes.get_ylim()
    height = high - low
    order = sorted(ends, key=lambda k: (ends[k], k))
    places = spread([ends[k] for k in order], height * 0.052)
    lift = max(0.0, low - places[0]) if places[0] < low else min(0.0, high - places[-1])
    right = axes.get_xlim()[1]
    for key, y in zip(order, places, strict=True):
        text = f"{plain(names[key], 150)}  {brief(float(data[key][-1]))}"
        axes.annotate(
            text, xy=(right, ends[key]), xytext=(14, y + lift), textcoords=("offset points", "data"), va="center", fontsize=8,
            color=DARK, annotation_clip=False, arrowprops={"arrowstyle": "-", "color": DARK, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 0},
        )


def _mark_partial(answer: Answer, axes: Axes) -> None:
    """Mark periods that are recorded in part only."""
    whole = dict(answer.frame.select("period", "complete").unique().iter_rows())
    for i, period in enumerate(answer.summary["periods"]):
        if whole.get(period) is False:
            axes.axvspan(i - 0.5, i + 0.5, facecolor="white", alpha=0.55, hatch="....", edgecolor=GREY, linewidth=0)
            axes.text(i, axes.get_ylim()[1], "in part", ha="center", va="bottom", fontsize=7, color=DARK)
