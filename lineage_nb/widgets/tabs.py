"""Everything in one place: a tab for the graph and one for each question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from lineage_nb.analyses.result import Answer
from lineage_nb.graph.lineage import Lineage
from lineage_nb.widgets.controls import Explorer, explore
from lineage_nb.widgets.panels import QUESTIONS, Panel, Question

__all__ = ["App"]

_TITLES = {"pii": "Personal data", "what_if": "What if", "impact": "Impact", "cost": "Cost", "unused": "Unused"}
_EXPLORER = "Explorer"
_STYLE = """<style>.ln-app>.lm-TabBar .lm-TabBar-tab{flex:0 0 auto!important}
.ln-app>.lm-TabBar .lm-TabBar-content{flex-wrap:wrap}</style>"""


class App(w.Tab):  # type: ignore[misc]
    """The explorer and a panel for each question, in tabs that are built when they are first opened.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    wrap : callable, optional
        Applied to each answer before it becomes a panel's `result`.
    questions : mapping, optional
        Name → analysis; those of `Panel` by default.

    Attributes
    ----------
    panels : dict of str to Panel
        Those that were opened.
    explorer : Explorer
        That of the first tab.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> app = ln.app(ln.from_edges([("raw", "mart")]))
    >>> app.titles[:2], list(app.panels)
    (('Explorer', 'Impact'), [])
    >>> app.turn_to("impact").result.frame.height
    1
    """

    def __init__(
        self,
        lineage: Lineage,
        *,
        wrap: Callable[[Answer], Any] = lambda answer: answer,
        questions: Mapping[str, Question] | None = None,
    ) -> None:
        self._lineage, self._wrap = lineage, wrap
        self._questions = dict(QUESTIONS if questions is None else questions)
        self.panels: dict[str, Panel] = {}
        self.explorer: Explorer = explore(lineage)
        self._rooms = {name: w.VBox([w.Label("Opening …")]) for name in self._questions}
        titles = [_EXPLORER, *(_TITLES.get(n, n.replace("_", " ").capitalize()) for n in self._questions)]
        first = w.VBox([w.HTML(_STYLE, layout={"display": "none"}), self.explorer])
        super().__init__([first, *self._rooms.values()], titles=titles, selected_index=0)
        self.add_class("ln-app")
        self.observe(self._turned, "selected_index")

    def turn_to(self, question: str) -> Panel:
        """Turn to the tab of a question.

        Returns
        -------
        Panel
            Built if this is its first time.
        """
        self.selected_index = 1 + list(self._questions).index(question)
        return self.panels[question]

    def _turned(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            return
        name = list(self._questions)[change["new"] - 1]
        if name not in self.panels:
            self.panels[name] = Panel(self._lineage, name, wrap=self._wrap, questions=self._questions, wait=False)
            self._rooms[name].children = [self.panels[name]]

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add the still picture of the graph, for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if isinstance(bundle, dict):
            bundle["text/html"] = self.explorer._repr_mimebundle_()["text/html"]
        return bundle
