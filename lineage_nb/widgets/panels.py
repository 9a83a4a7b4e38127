"""Panels: one question with its controls. The controls are read off the signature of the analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as w

from lineage_nb.analyses.cost.attribution import cost
from lineage_nb.analyses.impact import impact
from lineage_nb.analyses.pii.propagation import pii
from lineage_nb.analyses.result import Answer
from lineage_nb.analyses.unused.judge import unused
from lineage_nb.analyses.what_if.removal import what_if
from lineage_nb.errors import LineageError, did_you_mean
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.html import STYLE, table
from lineage_nb.views.labels import clean
from lineage_nb.views.picture import picture
from lineage_nb.widgets.asking import Asking
from lineage_nb.widgets.audit import Audit
from lineage_nb.widgets.call import Call, call
from lineage_nb.widgets.choosers import Node
from lineage_nb.widgets.fields import Field, field_for, same
from lineage_nb.widgets.signature import parameters, takes_more
from lineage_nb.widgets.table import AnswerTable
from lineage_nb.widgets.why import Why, problem_html

__all__ = ["QUESTIONS", "Panel", "Question"]

Question = Callable[..., Answer]
QUESTIONS: dict[str, Question] = {"impact": impact, "cost": cost, "what_if": what_if, "pii": pii, "unused": unused}
_ROWS = 15
_TYPING = 1.2
_ROW = {"flex_flow": "row wrap", "align_items": "flex-start", "width": "100%"}


class Panel(w.VBox):  # type: ignore[misc]
    """The controls of one analysis above its answer.

    The answer is a headline, a picture and all rows; a row that is clicked is explained below, with the explorer
    on it. Each change of a control asks again after a short pause; what takes long can be cancelled.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.
    question : str
        Which analysis: a name in `questions`.
    wrap : callable, optional
        Applied to each answer before it becomes `result`.
    questions : mapping, optional
        Name → analysis; `QUESTIONS` by default.
    wait : bool
        Whether the first answer is there when the panel is; else it comes as later ones do, and can be cancelled.
    **arguments
        First values of the controls. A parameter without a control keeps what it is given here.

    Attributes
    ----------
    controls : dict
        Parameter → widget with a ``value``.
    code : str
        The call that the controls stand for.
    audit : Audit or None
        Of the panel ``pii``: the zone shown, and who gets what is in it.

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
        self,
        lineage: Lineage,
        question: str,
        *,
        wrap: Callable[[Answer], Any] = lambda answer: answer,
        questions: Mapping[str, Question] | None = None,
        wait: bool = True,
        **arguments: Any,
    ) -> None:
        known = QUESTIONS if questions is None else questions
        if question not in known:
            raise LineageError(f"unknown question {question!r}.{did_you_mean(question, known)} Known: {', '.join(known)}.")
        self._lineage, self._ask, self._wrap, self._question = lineage, known[question], wrap, question
        self._parameters = parameters(self._ask)
        unknown = sorted(set(arguments) - set(self._parameters))
        if unknown and not takes_more(self._ask):
            raise TypeError(f"unknown argument {', '.join(map(repr, unknown))}.{did_you_mean(unknown[0], self._parameters)} Known: {', '.join(self._parameters)}.")
        self._fields, self._fixed = self._make_fields(arguments)
        self.controls: dict[str, Any] = {name: field.control for name, field in self._fields.items()}
        self._answer: Answer | None = None
        self._result: Any = None
        self._answered = ""
        self._asking = Asking(self._work, self._show, self._busy)
        super().__init__(self._parts())
        self.add_class("ln-panel")
        for name, control in self.controls.items():
            control.observe(lambda _, name=name: self._changed(name), "value")
            if isinstance(control, Node):
                control.observe(lambda _: self._changed("", 0.0), "entered")
        self._tell_code()
        if wait:
            self._show(self._work(self.arguments))
        else:
            self.table.show(None)
            self._asking.ask(self.arguments, 0.0)

    def _make_fields(self, arguments: Mapping[str, Any]) -> tuple[dict[str, Field], dict[str, Any]]:
        fields, fixed = {}, {name: value for name, value in arguments.items() if name not in self._parameters}
        for name, parameter in self._parameters.items():
            field = field_for(parameter, self._lineage, arguments.get(name, parameter.default))
            if field is not None:
                fields[name] = field
            elif name in arguments:
                fixed[name] = arguments[name]
        return fields, fixed

    def _parts(self) -> list[Any]:
        self._call = Call()
        self._shown = w.HTML()
        self._working = w.HTML(layout={"margin": "0 8px 0 0"})
        self.cancel = w.Button(description="Cancel", tooltip="Give the question up", layout={"width": "auto"})
        self.cancel.on_click(lambda _: self._give_up())
        self._progress = w.HBox([self._working, self.cancel], layout={"display": "none", "align_items": "center"})
        self.table = AnswerTable(self._explain, self._call)
        self.why = Why()
        row = w.HBox(list(self.controls.values()), layout=_ROW)
        row.add_class("ln-controls")
        self.audit = Audit(self._call, self._narrow, self.why.show) if self._question == "pii" else None
        if self.audit is None:
            return [row, w.VBox([self._call, self._progress]), self._shown, self.table, self.why]
        row.children = [*row.children, self.audit.zone]
        places = w.VBox([self.table], layout={"flex": "1 1 440px", "min_width": "0", "overflow": "auto"})
        beside = w.HBox([self.audit, places], layout={"flex_flow": "row wrap", "align_items": "flex-start", "width": "100%"})
        return [row, w.VBox([self._call, self._progress]), self._shown, beside, self.why]

    # -- state -----------------------------------------------------------------------------------------------

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that the controls stand for; defaults are left out."""
        found = dict(self._fixed)
        for name, field in self._fields.items():
            value, parameter = field.argument, self._parameters[name]
            if parameter.required or not same(value, parameter.default):
                found[name] = value
        order = list(dict.fromkeys([*self._parameters, *found]))
        return {name: found[name] for name in order if name in found}

    @property
    def code(self) -> str:
        """The call that gives the same answer in a cell."""
        return call(self._question, self.arguments)

    @property
    def result(self) -> Any:
        """The answer to what the controls say; None while they do not fit. Waits for one that is still open."""
        self._asking.settle()
        return self._result

    def _tell_code(self) -> None:
        self._call.said = ""
        self._call.code = self.code

    # -- asking ----------------------------------------------------------------------------------------------

    def _changed(self, name: str, pause: float | None = None) -> None:
        self._tell_code()
        if pause is None and isinstance(self.controls.get(name), Node):
            pause = _TYPING if self._unfinished(self.controls[name].value) else None
        self._shown.add_class("ln-stale")
        self._asking.ask(self.arguments, pause)

    def _unfinished(self, text: str) -> bool:
        """Whether a name does not fit yet: people may still be typing it."""
        try:
            self._lineage.names.resolve(text)
        except LineageError:
            return True
        return False

    def _missing(self, arguments: Mapping[str, Any]) -> list[str]:
        return [n for n, p in self._parameters.items() if p.required and arguments.get(n) in (None, "", [], ())]

    def _work(self, arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], Answer | Exception | None]:
        """Answer, or say what stood in the way; None: something is still to be chosen. Touches no widget."""
        if self._missing(arguments):
            return arguments, None
        try:
            return arguments, self._ask(self._lineage, **arguments)
        except Exception as error:  # noqa: BLE001 - in a thread nobody would see it; it is shown instead
            return arguments, error

    def _show(self, found: tuple[Mapping[str, Any], Answer | Exception | None]) -> None:
        arguments, answer = found
        self._shown.remove_class("ln-stale")
        self._progress.layout.display = "none"
        self.why.clear()
        self._answer = answer if isinstance(answer, Answer) else None
        self._result = None if self._answer is None else self._wrap(self._answer)
        self._answered = call(self._question, arguments)
        self._shown.value = self._html(arguments, answer)
        self.table.show(self._answer)
        if self.audit is not None:
            self.audit.show(self._answer)

    def _narrow(self, answer: Answer) -> None:
        """Show the part of the answer that is in the chosen zone; `result` stays whole."""
        if answer is not self._answer:
            self._answer = answer
            self.why.clear()
            self._shown.value = self._html({}, answer)
            self.table.show(answer)

    def _html(self, arguments: Mapping[str, Any], answer: Answer | Exception | None) -> str:
        if answer is None:
            return f'<p class="ln-hint">{escape(self._wanted(arguments))}</p>'
        if isinstance(answer, Exception):
            return problem_html(answer)
        notes = "".join(f"<li>{escape(note)}</li>" for note in answer.trust)
        return f'{STYLE}<div class="lnb"><h4>{escape(answer.headline)}</h4>{_drawn(answer)}<ul class="trust">{notes}</ul></div>'

    def _wanted(self, arguments: Mapping[str, Any]) -> str:
        missing = self._missing(arguments)
        unseen = [name for name in missing if name not in self.controls]
        if unseen:
            return f"Open it with {call('panel', {'question': self._question})[:-1]}, {', '.join(f'{n}=…' for n in unseen)})"
        return f"Choose what to {missing[0]}." if missing == ["remove"] else f"Choose {' and '.join(missing)}."

    def _busy(self, busy: bool) -> None:
        self._working.value = f'<span role="status"><progress></progress> Working on {escape(clean(self.code, 200))}</span>'
        self.cancel.layout.display = None
        self._progress.layout.display = None if busy else "none"

    def _give_up(self) -> None:
        """Keep what was shown before, and say what it answers."""
        self._asking.give_up()
        self._shown.remove_class("ln-stale")
        still = f"Below is still the answer to <code>{escape(clean(self._answered, 300))}</code>" if self._answered else ""
        self._working.value = f'<span role="status">Cancelled. {still}</span>'
        self.cancel.layout.display = "none"
        self._progress.layout.display = None

    # -- a row, a reader without a kernel ----------------------------------------------------------------------

    def _explain(self, row: int) -> None:
        if self._answer is not None:
            self.why.show(self._answer, row)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add the call and its answer, for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**options)
        if isinstance(bundle, dict):
            rows = "" if self._answer is None else f'<div class="lnb">{table(self._answer, _ROWS)}</div>'
            bundle["text/html"] = f"<code>{escape(self._answered)}</code>{self._shown.value}{rows}"
        return bundle


def _drawn(answer: Answer) -> str:
    """The picture of an answer; nothing for an analysis that has none."""
    try:
        return picture(answer)
    except KeyError:
        return ""
