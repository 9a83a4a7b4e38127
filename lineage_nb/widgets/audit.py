"""Who gets the personal data of an answer, worst first, in one zone or in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as w
import polars as pl

from lineage_nb.analyses.pii.exposures import BY, exposures
from lineage_nb.analyses.result import Answer
from lineage_nb.views.heat_map import layers
from lineage_nb.views.labels import clean
from lineage_nb.widgets.asking import Asking
from lineage_nb.widgets.call import Call
from lineage_nb.widgets.table import AnswerTable
from lineage_nb.widgets.why import problem_html

__all__ = ["Audit", "in_zone", "zones_of"]

Zone = tuple[str, str]
_ALL = ("all zones", "")
"""A dropdown takes None for nothing chosen."""
_COLUMNS = ("key", "label", "verdict", "certainty", "status", "kind", "node", "people")
_SAID = {"recipient": "reports, exports, jobs, grants", "person": "persons and services", "region": "borders crossed", "column": "columns"}


def zones_of(answer: Answer) -> list[tuple[str, Zone]]:
    """Layers (names of datasets up to the last dot) and namespaces that personal data is in: (words, zone), by name."""
    told = _told(answer)
    found = []
    for kind in ("layer", "namespace"):
        found += [(clean(f"{kind} {name}", 80), (kind, name)) for name in told[kind].drop_nulls().unique().sort()]
    return found


def in_zone(answer: Answer, zone: Zone | str | None) -> Answer:
    """The rows of an answer of `pii` that are in a zone, and words that say so; nothing: the answer itself."""
    if not isinstance(zone, tuple):
        return answer
    frame = _told(answer).filter(pl.col(zone[0]) == zone[1]).select(answer.frame.columns)
    said = f"{answer.headline} In {zone[0]} {zone[1]}: {frame['node'].n_unique():,} of these places."
    return replace(answer, frame=frame, headline=said)


def _told(answer: Answer) -> pl.DataFrame:
    lineage, frame = answer.lineage, answer.frame
    coded = lineage.coded
    home = pl.Series(coded.data).gather(coded.numbers(frame["node"])) if frame.height else pl.Series([], dtype=pl.Int64)
    namespace = lineage.frames["nodes"]["namespace"].gather(home)
    return frame.with_columns(layer=layers(lineage, frame["node"]) if frame.height else pl.lit(""), namespace=namespace)


class Audit(w.VBox):  # type: ignore[misc]
    """The exposures of an answer of `pii` as a table.

    Parameters
    ----------
    call : Call
        Hands files to the browser.
    narrowed : callable
        Told the answer of the chosen zone whenever that changes.
    picked : callable
        Told the exposures and the row that was clicked.

    Attributes
    ----------
    zone : Dropdown
        Which layer or namespace; empty: all.
    by : Dropdown
        By what exposures are counted.
    table : AnswerTable
        The exposures, worst first.
    """

    def __init__(self, call: Call, narrowed: Callable[[Answer], object], picked: Callable[[Answer, int], object]) -> None:
        self._narrowed, self._picked = narrowed, picked
        self._answer: Answer | None = None
        self._exposures: Answer | None = None
        self._quiet = False
        self._asking = Asking(self._work, self._show, bool)
        self.zone = w.Dropdown(description="zone", options=[_ALL], layout={"width": "260px"}, tooltip="Show one layer or namespace")
        self.by = w.Dropdown(description="who gets it", options=[(_SAID[b], b) for b in BY], layout={"width": "320px"}, style={"description_width": "80px"})
        self.said = w.HTML()
        self.table = AnswerTable(self._clicked, call)
        super().__init__([self.by, self.said, self.table], layout={"flex": "1 1 560px", "min_width": "0", "overflow": "auto", "display": "none"})
        self.add_class("ln-audit")
        self.zone.observe(lambda _: self._changed(), "value")
        self.by.observe(lambda _: self._ask(), "value")

    @property
    def exposures(self) -> Answer | None:
        """The exposures shown; waits for those that are still open."""
        self._asking.settle()
        return self._exposures

    def show(self, answer: Answer | None) -> None:
        """Take another answer; the zone stays where it has any personal data."""
        self._answer = answer
        self.layout.display = "none" if answer is None else None
        offered = [] if answer is None else zones_of(answer)
        chosen = self.zone.value if self.zone.value in [zone for _, zone in offered] else ""
        self._quiet = True
        self.zone.options = [_ALL, *offered]
        self.zone.value = chosen
        self._quiet = False
        self._changed()

    def _changed(self) -> None:
        if self._answer is None or self._quiet:
            return
        self._narrowed(in_zone(self._answer, self.zone.value))
        self._ask()

    def _ask(self) -> None:
        if self._answer is not None:
            self._asking.ask((self._answer, self.zone.value, self.by.value), 0.0)

    def _work(self, question: tuple[Answer, Zone | str, Any]) -> Answer | Exception:
        answer, zone, by = question
        try:
            within = None if not zone else in_zone(answer, zone).frame["node"].unique()
            return exposures(answer, by=by, within=within)
        except Exception as error:  # noqa: BLE001 - in a thread nobody would see it; it is shown instead
            return error

    def _show(self, found: Answer | Exception) -> None:
        if isinstance(found, Exception):
            self._exposures, self.said.value = None, problem_html(found)
            self.table.show(None)
            return
        self._exposures = found
        notes = "".join(f"<li>{escape(clean(note, 1_000))}</li>" for note in found.trust)
        self.said.value = f'<div class="lnb"><h4>{escape(clean(found.headline, 500))}</h4><details><summary>What this rests on</summary><ul class="trust">{notes}</ul></details></div>'
        self.table.show(replace(found, frame=found.frame.select(_COLUMNS)))

    def _clicked(self, row: int) -> None:
        if self._exposures is not None:
            self._picked(self._exposures, row)
