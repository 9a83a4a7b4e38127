"""Why a row is in an answer: its facts, the hops that lead to it, and where it lies in the graph."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import ipywidgets as w
import polars as pl

from lineage_nb.analyses.result import Answer
from lineage_nb.analyses.unused.judge import MEANINGS
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.html import frame_table
from lineage_nb.views.labels import clean
from lineage_nb.views.table import named_column
from lineage_nb.views.text import NODE_COLUMNS, cell
from lineage_nb.views.way import NAME, way_of
from lineage_nb.widgets.controls import Explorer, explore

__all__ = ["Why", "explained", "hops_html", "problem_html"]

_HEIGHT = 340
_MOST_HOPS = 50
_MOST_ROWS = 15
_MOST_TEXT = 600


class Why(w.VBox):  # type: ignore[misc]
    """The explanation of one row, above the explorer.

    Attributes
    ----------
    text : ipywidgets.HTML
        The explanation.
    explorer : Explorer or None
        Made when it is first needed, then used again.
    """

    def __init__(self) -> None:
        self.text = w.HTML()
        self.explorer: Explorer | None = None
        super().__init__([self.text], layout={"display": "none"})
        self.add_class("ln-why")

    def clear(self) -> None:
        """Show nothing."""
        self.text.value = ""
        self.layout.display = "none"

    def show(self, answer: Answer, row: int) -> None:
        """Explain a row of an answer, and show where it is."""
        facts = answer.frame.row(row, named=True)
        about = "key" if answer.analysis == "exposures" else named_column(answer.frame)
        name = str(facts[about]) if about else ""
        try:
            frame = explained(answer, name, facts) if about else pl.DataFrame()
            reason = _reason(answer, frame, facts)
        except Exception as error:  # noqa: BLE001 - raised on a click, it would get lost in the browser's log
            frame, reason = pl.DataFrame(), problem_html(error)
        place = _first_place(answer.lineage, [name, *_named(frame)])
        self.text.value = _facts_html(answer, name, facts) + reason + self._placed(answer.lineage, name, place) + self._traced(answer, frame, facts)
        self.layout.display = None

    def _placed(self, lineage: Lineage, name: str, place: str | None) -> str:
        """Move the explorer; returns a line about it."""
        try:
            if place is None:
                self.children = [self.text]
                return '<p class="ln-quiet">It has no place in the graph.</p>'
            if self.explorer is None:
                self.explorer = explore(lineage, place, height=_HEIGHT)
            else:
                self.explorer.focus(place)
        except LineageError as error:
            self.children = [self.text]
            return f'<p class="ln-quiet">Not drawn: {escape(str(error))}</p>'
        self.children = [self.text, self.explorer]
        shown = _said(lineage, place)
        return "" if place == name else f'<p class="ln-quiet">Below, the first of these in the graph: {shown}</p>'


    def _traced(self, answer: Answer, frame: pl.DataFrame, facts: Mapping[str, Any]) -> str:
        """Draw the way of personal data, where the row tells of one; returns a line about it."""
        explorer = self.explorer
        if explorer is None or explorer not in self.children:
            return ""
        way = way_of(answer, frame, str(facts.get("label"))) if answer.analysis in ("pii", "exposures") else None
        try:
            if way is None:
                explorer.overlay = "" if explorer.overlay == NAME else explorer.overlay
                return ""
            explorer.overlay = way.overlay
            explorer.path(way.origin, way.end)
        except LineageError as error:
            return f'<p class="ln-quiet">The way is not drawn: {escape(str(error))}</p>'
        return '<p class="ln-quiet">Below, the way it took: colours are verdicts, dashed is possible only.</p>'


def problem_html(error: Exception) -> str:
    """Say what went wrong, for people; an error that was not meant to be raised is named by its type."""
    kind = "" if isinstance(error, LineageError) else f"{type(error).__name__}: "
    return f'<p class="ln-problem" role="alert">{escape(clean(kind + str(error), 2_000))}</p>'


def explained(answer: Answer, name: str, facts: Mapping[str, Any]) -> pl.DataFrame:
    """Explain a row: what the row knows and `explain` asks for (a label) is passed on."""
    wanted = list(inspect.signature(answer.explain).parameters)[1:]
    return answer.explain(name, **{key: facts[key] for key in wanted if key in facts})


def hops_html(lineage: Lineage, frame: pl.DataFrame) -> str:
    """Hops as a numbered list that reads from source to target; every string escaped."""
    items = []
    for hop in frame.head(_MOST_HOPS).iter_rows(named=True):
        told = _told(lineage, hop)
        items.append(
            f'<li><span class="ln-name">{_said(lineage, hop["source"])}</span> → '
            f'<span class="ln-name">{_said(lineage, hop["target"])}</span>'
            + (f' <span class="ln-quiet">{" · ".join(told)}</span>' if told else "")
            + (f"<br><code>{escape(clean(' '.join(hop['statement'].split()), _MOST_TEXT))}</code>" if isinstance(hop.get("statement"), str) else "")
            + "</li>"
        )
    rest = frame.height - _MOST_HOPS
    return f"<ol>{''.join(items)}</ol>" + (f"<p>and {rest:,} more</p>" if rest > 0 else "")


def _told(lineage: Lineage, hop: Mapping[str, Any]) -> list[str]:
    """What is known of a hop, most telling first."""
    kind = hop.get("tie") or hop.get("subtype") or hop.get("type")
    parts = [kind.lower().replace("_", " ") if kind else "", *(hop.get(c) or "" for c in ("verdict", "state"))]
    if hop.get("certainty") == "possible":
        parts.append("possible: no source states it by column")
    jobs = ", ".join(_said(lineage, job) for job in (hop.get("jobs") or [])[:3])
    evidence = ", ".join(escape(clean(e)) for e in (hop.get("evidence") or [])[:3])
    return [escape(clean(p)) for p in parts if p] + [p for p in (jobs and f"by {jobs}", evidence and f"told by {evidence}") if p]


def _said(lineage: Lineage, node: Any) -> str:
    if not isinstance(node, str):
        return "(no node)"
    return f'<span title="{escape(clean(node, 1_000))}">{escape(clean(lineage.spoken(node), 200))}</span>'


def _facts_html(answer: Answer, name: str, facts: Mapping[str, Any]) -> str:
    """The row itself, nothing abridged."""
    currency = str(answer.summary.get("currency", ""))
    spoken = answer.lineage.spoken
    listed = []
    for column, value in facts.items():
        if value is None or value == [] or value == name:
            continue
        said = spoken(value) if column in NODE_COLUMNS and isinstance(value, str) else cell(column, value, currency)
        listed.append(f"<span><b>{escape(column.replace('_', ' '))}</b> {escape(clean(said, _MOST_TEXT))}</span>")
    short = escape(clean(spoken(name), 300))
    whole = f'<div class="ln-quiet">{escape(clean(name, 1_000))}</div>' if spoken(name) != name else ""
    return f'<h4>Why {short}?</h4>{whole}<div class="ln-facts">{"".join(listed)}</div>'


def _reason(answer: Answer, frame: pl.DataFrame, facts: Mapping[str, Any]) -> str:
    meaning = MEANINGS.get(str(facts.get("verdict"))) if answer.analysis == "unused" else None
    told = f"<p>{escape(str(facts['verdict']))}: {escape(meaning)}.</p>" if meaning else ""
    if frame.is_empty():
        return told or '<p class="ln-quiet">No path leads to it: what the row says is all there is.</p>'
    if {"source", "target"} <= set(frame.columns):
        return told + hops_html(answer.lineage, frame)
    names = {v: answer.lineage.spoken(v) for v in _named(frame)}
    return told + frame_table(frame.drop("i", strict=False), _MOST_ROWS, names)


def _named(frame: pl.DataFrame) -> list[str]:
    """Nodes that an explanation names, in its order: ends of paths last to first."""
    columns = [c for c in ("node", "target", "source") if c in frame.columns]
    return [v for c in columns for v in frame[c].head(_MOST_HOPS).drop_nulls().to_list()]


def _first_place(lineage: Lineage, candidates: Iterable[str]) -> str | None:
    """The first of some names that the graph can show."""
    wanted = list(dict.fromkeys(candidates))
    nodes = lineage.frames["nodes"]
    drawn = nodes.filter(pl.col("id").is_in(wanted) & ~pl.col("kind").is_in(["principal", "compute"]))["id"]
    known = set(drawn.to_list())
    return next((name for name in wanted if name in known), None)
