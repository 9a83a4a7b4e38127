"""Summaries as matplotlib figures: labelled, colour-blind safe."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from lineage_nb.analyses.result import Answer, money
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.model.names import short_label
from lineage_nb.views.cost_bars import draw_changes, draw_loaded
from lineage_nb.views.figures import sentence
from lineage_nb.views.heat_map import draw_heat
from lineage_nb.views.labels import clean
from lineage_nb.views.money_layers import draw_layers
from lineage_nb.views.treemap import draw_treemap
from lineage_nb.views.trend import draw_trend
from lineage_nb.views.waterfall import draw_change, draw_cost, draw_invoice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot"]

_BLUE, _ORANGE, _GREY, _GREEN = "#0072b2", "#e69f00", "#9a9a9a", "#009e73"
_ROWS = 15


def plot(answer: Answer, kind: str | None = None) -> Figure:
    """Draw the summary of an answer.

    Parameters
    ----------
    answer : Answer
        Of any analysis.
    kind : str, optional
        Which picture, where an answer has several: ``bars``, ``waterfall``, ``treemap`` or ``layers`` of a cost, ``trend``
        of a trend, ``waterfall`` or ``bars`` of a change, ``bars`` or ``treemap`` of a loaded cost, ``heat``
        or ``bars`` of personal data. By default the first.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; a notebook shows it as it is.

    Raises
    ------
    LineageError
        For a kind that the answer does not have.
    """
    kinds = _KINDS.get(answer.analysis) or {"bars": _DRAW[answer.analysis]}
    chosen = next(iter(kinds)) if kind is None else kind
    if chosen not in kinds:
        raise LineageError(f"no picture {kind!r} of {answer.analysis!r}.{did_you_mean(kind, kinds)} Known: {', '.join(kinds)}.")
    figure = _figure_class()(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    kinds[chosen](answer, axes)
    figure.suptitle(_wrapped(answer.headline), x=0.01, ha="left", fontsize=10)
    return figure


@cache
def _figure_class() -> type[Figure]:
    from io import BytesIO

    from matplotlib.figure import Figure

    class Shown(Figure):
        """A figure that a notebook draws without pyplot."""

        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            self.savefig(buffer, format="png", dpi=110)
            return buffer.getvalue()

    return Shown


def _wrapped(text: str, width: int = 95) -> str:
    from textwrap import fill

    return fill(clean(text, 360).replace("$", r"\$"), width)


def _label(node: str) -> str:
    name = short_label(node).replace("$", r"\$")
    return name if len(name) <= 40 else name[:39] + "…"


def _impact(answer: Answer, axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    counts = answer.frame.group_by("hops", "certainty").len().sort("hops")
    for certainty, color, hatch in (("proved", _BLUE, ""), ("possible", _ORANGE, "//")):
        mine = dict(counts.filter(pl.col("certainty") == certainty).select("hops", "len").iter_rows())
        below = dict(counts.filter(pl.col("certainty") == "proved").select("hops", "len").iter_rows()) if hatch else {}
        hops = sorted(mine)
        axes.bar(hops, [mine[h] for h in hops], bottom=[below.get(h, 0) for h in hops], color=color, hatch=hatch, edgecolor="white", label=certainty)
    axes.set_xlabel("hops from the changed node")
    axes.set_ylabel("nodes hit")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if counts.height:
        axes.legend(frameon=False)


def _cost(answer: Answer, axes: Axes) -> None:
    from matplotlib.patches import Patch

    if answer.frame.is_empty():
        sentence(axes, "Nothing was billed.")
        return
    frame, currency = answer.frame.head(_ROWS).reverse(), str(answer.summary["currency"])
    names = [_label(k) for k in frame["key"]]
    exclusive, shared = (frame[c] / 1e6 for c in ("exclusive", "shared"))
    consumer = frame["line"] == "consumer"
    colors = [_BLUE if c else _GREY for c in consumer]
    axes.barh(range(len(names)), exclusive, color=colors)
    shared_bar = axes.barh(range(len(names)), shared, left=exclusive, color=_ORANGE, hatch="//", edgecolor="white", label="shared")
    for i, amount in enumerate(frame["amount"]):
        axes.text(max(amount / 1e6, 0), i, f" {money(amount)}", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(currency.replace("$", r"\$") or "amount")
    axes.margins(x=0.15)
    axes.legend(handles=[Patch(color=_BLUE, label="exclusive"), shared_bar], frameon=False, loc="lower right")


def _pii(answer: Answer, axes: Axes) -> None:
    counts = answer.frame.group_by("label", "verdict", "certainty").len()
    labels = sorted(counts["label"].unique())
    styles = {"plain": _ORANGE, "pseudonymised": _BLUE, "derived": "#56b4e9", "aggregated": _GREEN, "redacted": _GREY}
    left = dict.fromkeys(labels, 0)
    for certainty, hatch in (("proved", ""), ("possible", "//")):
        for verdict, color in styles.items():
            part = counts.filter((pl.col("verdict") == verdict) & (pl.col("certainty") == certainty))
            mine = dict(part.select("label", "len").iter_rows())
            if not mine:
                continue
            axes.barh([x.replace("$", r"\$") for x in labels], [mine.get(x, 0) for x in labels], left=[left[x] for x in labels], color=color, hatch=hatch, edgecolor="white", label=f"{verdict}, {certainty}")
            left = {x: left[x] + mine.get(x, 0) for x in labels}
    axes.set_xlabel("places reached")
    if labels:
        axes.legend(frameon=False, fontsize=8)


def _unused(answer: Answer, axes: Axes) -> None:
    from lineage_nb.analyses.unused.judge import DROPPABLE, VERDICTS

    counts = dict(answer.frame.group_by("verdict").len().iter_rows())
    shown = [v for v in reversed(VERDICTS) if v in counts]
    colors = [_ORANGE if v in DROPPABLE else _GREY if v == "unknown" else _BLUE for v in shown]
    drawn = axes.barh(shown, [counts[v] for v in shown], color=colors)
    axes.bar_label(drawn, padding=3, fontsize=8)
    axes.set_xlabel("tables and reports (orange: unused)")


def _classify(answer: Answer, axes: Axes) -> None:
    counts = dict(reversed(answer.summary["labels"].items()))
    drawn = axes.barh(list(counts), list(counts.values()), color=_BLUE)
    axes.bar_label(drawn, padding=3, fontsize=8)
    axes.set_xlabel("columns")


def _what_if(answer: Answer, axes: Axes) -> None:
    _money_bars(dict(answer.summary["by_component"]), str(answer.summary["currency"]), axes)


def _realised(answer: Answer, axes: Axes) -> None:
    told = {name: answer.summary[name] for name in ("promised", "realised") if answer.summary[name] is not None}
    _money_bars(told, str(answer.summary["currency"]), axes)


def _counted(values: pl.Series, what: str, axes: Axes) -> None:
    counts = values.alias("value").to_frame().group_by("value").len().sort("len", "value", descending=[True, False])
    _counts(dict(counts.iter_rows()), what, axes)


def _counts(counts: dict[str, int], what: str, axes: Axes) -> None:
    names = list(reversed(counts))
    drawn = axes.barh([_label(name) for name in names], [counts[name] for name in names], color=_BLUE)
    axes.bar_label(drawn, padding=3, fontsize=8)
    axes.set_xlabel(what)


def _money_bars(amounts: dict[str, int], currency: str, axes: Axes) -> None:
    names = list(reversed(amounts))
    drawn = axes.barh([_label(str(name)) for name in names], [amounts[name] / 1e6 for name in names], color=_BLUE)
    axes.bar_label(drawn, [money(amounts[name]) for name in names], padding=3, fontsize=8)
    axes.set_xlabel(currency.replace("$", r"\$") or "amount")
    axes.margins(x=0.15)


_DRAW: dict[str, Callable[[Answer, Axes], None]] = {
    "impact": _impact,
    "cost": _cost,
    "pii": _pii,
    "unused": _unused,
    "what_if": _what_if,
    "reconcile": draw_invoice,
    "classify": _classify,
    "realised": _realised,
    "exposures": lambda answer, axes: _counted(answer.frame.select("kind", "key").unique()["kind"], "recipients", axes),
    "cure": lambda answer, axes: _counts(dict(answer.frame.select("target", "changes").iter_rows()), "other places that lose a label", axes),
    "scan_plan": lambda answer, axes: _counts(dict(answer.frame.select("node", "decides").head(_ROWS).iter_rows()), "columns that it decides", axes),
    "subject_tables": lambda answer, axes: _counted(answer.frame.unique("node", keep="first", maintain_order=True)["how"], "tables", axes),
}
_KINDS: dict[str, dict[str, Callable[[Answer, Axes], None]]] = {
    "cost": {"bars": _cost, "waterfall": draw_cost, "treemap": draw_treemap, "layers": draw_layers},
    "pii": {"heat": draw_heat, "bars": _pii},
    "cost_trend": {"trend": draw_trend},
    "cost_change": {"waterfall": draw_change, "bars": draw_changes},
    "loaded_cost": {"bars": draw_loaded, "treemap": draw_treemap},
}
