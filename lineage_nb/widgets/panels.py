"""Panels: one question with its controls. The controls are read off the signature of the analysis."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as w
import polars as pl

from lineage_nb.analyses.consumers import BY
from lineage_nb.analyses.cost import METHODS, cost
from lineage_nb.analyses.impact import impact
from lineage_nb.analyses.pii import PREFIX, pii
from lineage_nb.analyses.result import Answer
from lineage_nb.analyses.unused import unused
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.html import frame_table, result_html
from lineage_nb.views.picture import busiest
from lineage_nb.widgets.suggest import suggest

__all__ = ["QUESTIONS", "Panel"]

QUESTIONS: dict[str, Callable[..., Answer]] = {"impact": impact, "cost": cost, "pii": pii, "unused": unused}
_ROWS = 15
_STYLE = {"description_width": "initial"}


class Panel(w.VBox):  # type: ignore[misc]
    """The controls of one analysis above its answer.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    question : {"impact", "cost", "pii", "unused"}
        Which analysis.
    wrap : callable, optional
        Applied to each answer before it becomes `result`.
    **arguments
        First values of the controls.

    Attributes
    ----------
    result
        The latest answer; None while the controls do not fit.
    code : str
        The call that gives the same answer in a cell.

    Raises
    ------
    LineageError
        For an unknown question.
    TypeError
        For an unknown argument.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> panel = ln.from_edges([("raw", "mart")]).panel("impact", node="raw")
    >>> panel.result.frame["node"].to_list()
    ['mart']
    """

    def __init__(
        self, lineage: Lineage, question: str, *, wrap: Callable[[Answer], Any] = lambda answer: answer, **arguments: Any
    ) -> None:
        if question not in QUESTIONS:
            raise LineageError(f"unknown question {question!r}. Known: {', '.join(QUESTIONS)}.")
        self._lineage, self._ask, self._wrap = lineage, QUESTIONS[question], wrap
        self._question = question
        parameters = dict(list(inspect.signature(self._ask).parameters.items())[1:])
        unknown = sorted(set(arguments) - set(parameters))
        if unknown:
            raise TypeError(f"unknown argument {', '.join(map(repr, unknown))}. Known: {', '.join(parameters)}.")
        self._fixed = {k: v for k, v in arguments.items() if k not in _CONTROLS}
        self.controls: dict[str, Any] = {}
        for name, parameter in parameters.items():
            if name in _CONTROLS:
                default = arguments.get(name, None if parameter.default is parameter.empty else parameter.default)
                self.controls[name] = _CONTROLS[name](lineage, default)
        self.result: Any = None
        self.code = ""
        self._answer = w.HTML()
        self._shown_code = w.HTML()
        self._why = w.Combobox(description="Why?", placeholder="a node of the answer", style=_STYLE, layout={"width": "420px"})
        self._reason = w.HTML()
        for control in (*self.controls.values(), self._why):
            control.observe(self._changed, "value")
        row = w.HBox(list(self.controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__([row, self._shown_code, self._answer, self._why, self._reason])
        self._run()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add the call and its answer, for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if isinstance(bundle, dict):
            bundle["text/html"] = self._shown_code.value + self._answer.value
        return bundle

    def _changed(self, change: dict[str, Any]) -> None:
        if change["owner"] is self._why:
            self._explain()
        else:
            self._run()

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that the controls stand for; defaults are left out."""
        found = dict(self._fixed)
        defaults = {n: p.default for n, p in inspect.signature(self._ask).parameters.items()}
        for name, control in self.controls.items():
            value = _value(name, control.value)
            if value != defaults[name] and (value or defaults[name]):
                found[name] = value
        return found

    def _run(self) -> None:
        arguments = self.arguments
        node = self.controls.get("node")
        if node is not None:
            node.options = suggest(self._lineage.frames["nodes"]["id"], node.value)
        listed = ", ".join(f"{k}={v!r}" for k, v in arguments.items())
        self.code = f"snap.{self._question}({listed})"
        self._shown_code.value = f"<code>{escape(self.code)}</code>"
        self._reason.value = ""
        try:
            answer = self._ask(self._lineage, **arguments)
        except (LineageError, TypeError) as error:
            self.result = None
            self._answer.value = f"<p>{escape(str(error))}</p>"
            self._why.layout.display = "none"
            return
        self.result = self._wrap(answer)
        self._explainer = answer.explain
        self._answer.value = result_html(answer, _ROWS)
        first = answer.frame.columns[0]
        self._why.options = tuple(self._lineage.spoken(v) for v in answer.frame[first].unique().sort().head(500))
        self._why.layout.display = None if self._why.options else "none"

    def _explain(self) -> None:
        if not self._why.value:
            self._reason.value = ""
            return
        try:
            frame: pl.DataFrame = self._explainer(self._why.value)
        except LineageError as error:
            self._reason.value = f"<p>{escape(str(error))}</p>"
            return
        self._reason.value = frame_table(frame.drop("i", strict=False), _ROWS) or "<p>No path is recorded.</p>"


def _value(name: str, value: Any) -> Any:
    if name == "max_hops":
        return value or None
    if name in ("kinds", "labels"):
        return list(value) or None
    return list(value) if isinstance(value, tuple) else value


def _node(lineage: Lineage, value: str | None) -> Any:
    chosen = value or lineage.spoken(busiest(lineage) or "")
    return w.Combobox(value=chosen, description="Node", style=_STYLE, continuous_update=False, layout={"width": "420px"})


def _choice(description: str, options: Sequence[str]) -> Callable[[Lineage, str], Any]:
    def make(_: Lineage, value: str) -> Any:
        return w.Dropdown(options=list(options), value=value, description=description, style=_STYLE, layout={"width": "170px"})

    return make


def _several(description: str, offered: Callable[[Lineage], list[str]]) -> Callable[[Lineage, Any], Any]:
    def make(lineage: Lineage, value: Any) -> Any:
        options = offered(lineage)
        chosen = [lineage_value for lineage_value in (value or ()) if lineage_value in options]
        return w.SelectMultiple(
            options=options, value=chosen, rows=min(5, max(2, len(options))), description=description, style=_STYLE
        )

    return make


def _kinds(lineage: Lineage) -> list[str]:
    return lineage.frames["nodes"]["kind"].unique().sort().to_list()


def _labels(lineage: Lineage) -> list[str]:
    tags = lineage.frames["nodes"]["tags"].explode().drop_nulls().unique().sort()
    return [t.removeprefix(PREFIX) for t in tags if t.startswith(PREFIX)]


def _readers(lineage: Lineage) -> list[str]:
    nodes = lineage.frames["nodes"]
    people = nodes.filter((pl.col("kind") == "principal") & (pl.col("type") != "team").fill_null(value=True))
    services = pl.col("type") == "service"
    return people.sort(~services.fill_null(value=False), "id")["id"].to_list()


_CONTROLS: dict[str, Callable[[Lineage, Any], Any]] = {
    "node": _node,
    "max_hops": lambda _, value: w.BoundedIntText(value or 0, min=0, max=99, description="Hops (0: all)", style=_STYLE, layout={"width": "160px"}),
    "kinds": _several("Kinds", _kinds),
    "indirect": lambda _, value: w.Checkbox(bool(value), description="filters and joins too", indent=False),
    "by": _choice("By", BY),
    "method": _choice("Method", METHODS),
    "labels": _several("Labels", _labels),
    "days": lambda _, value: w.BoundedIntText(value, min=1, max=3650, description="Days", style=_STYLE, layout={"width": "140px"}),
    "monitors": _several("Not counted", _readers),
}
