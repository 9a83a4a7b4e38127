"""SQL templates of dbt: the query they stand for, read off the syntax tree.

Jinja's own parser gives the tree; no template is compiled or rendered, no environment variable and no file is read.
What cannot be known from the text becomes a placeholder and a problem with its line.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, TemplateError, nodes
from jinja2.parser import Parser

from lineage_nb.sql.jinja_choices import VARIANTS, Choices
from lineage_nb.sql.jinja_values import Evaluator, LimitError
from lineage_nb.sql.jinja_writer import Break, Continue, Writer
from lineage_nb.sql.result import Problem

__all__ = ["OPEN", "Rendered", "is_template", "render"]

OPEN: Final = "conditions cannot be known from the text and the columns stay open"
_LOOKS: Final = 64
"""Ways to take the open conditions of a template that are looked at, for the tables they read."""

_KNOWN_TAGS = frozenset(
    [
        *(
            "autoescape",
            "block",
            "break",
            "call",
            "continue",
            "do",
            "elif",
            "else",
            "endautoescape",
            "endblock",
        ),
        *(
            "endcall",
            "endfilter",
            "endfor",
            "endif",
            "endmacro",
            "endraw",
            "endset",
            "endwith",
            "extends",
            "filter",
        ),
        *("for", "from", "if", "import", "include", "macro", "raw", "set", "with"),
    ]
)
# Only its lexer and its tags are used: no template is ever rendered.
_ENVIRONMENT = Environment(
    autoescape=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], keep_trailing_newline=True
)
_OPENING = re.compile(r"\{[{%#]")
_TAG = re.compile(r"\{%[-+]?\s*(\w*)")
_FAULTS: Final = (TemplateError, RecursionError, ValueError, LimitError, Break, Continue)
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")


@dataclass(frozen=True)
class Rendered:
    """The SQL of a template.

    Attributes
    ----------
    text : str
        SQL without tags; its lines are those of the template, save after a loop or inside values of several lines.
    problems : tuple of Problem
        What could not be known from the text.
    refs, sources : tuple of str
        What it refers to, in order: ``model``, ``package.model``, ``model.v2``; ``source.table``.
    materialized : str or None
        How ``config`` says the model is stored; ``snapshot`` for a snapshot.
    variants : tuple of str
        The other texts that it may stand for, where conditions cannot be known; a few at most.
    complete : bool
        Whether these are all.
    tables : tuple of str
        What ``ref`` and ``source`` stand for, in all texts.
    passed : tuple of str
        Those of `tables` that are given to macros which are not interpreted.
    """

    text: str
    problems: tuple[Problem, ...] = ()
    refs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    materialized: str | None = None
    variants: tuple[str, ...] = ()
    complete: bool = True
    tables: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()


def _blank_tags(text: str, *, every: bool) -> tuple[str, list[tuple[str, int]]]:
    """Replace tags by their line breaks: those Jinja does not know, or `every` one; expressions by a name."""
    parts: list[str] = []
    unknown: list[tuple[str, int]] = []
    done = position = counted = 0
    line = 1
    while opening := _OPENING.search(text, position):
        start, closing = opening.start(), {"{{": "}}", "{%": "%}", "{#": "#}"}[opening.group()]
        end = text.find(closing, start + 2)
        end = end + 2 if end >= 0 else len(text)
        tag = _TAG.match(text, start)
        name = tag.group(1) if tag else ""
        raw = _END_RAW.search(text, end) if name == "raw" else None
        position = raw.start() if raw else end
        odd = bool(tag) and name not in _KNOWN_TAGS
        if odd:
            line, counted = line + text.count("\n", counted, start), start
            unknown.append((name, line))
        if odd or every:
            filling = "__jinja__" if closing == "}}" else ""
            parts += [text[done:start], filling, "\n" * text.count("\n", start, end)]
            done = end
    return "".join([*parts, text[done:]]), unknown


def is_template(sql: str) -> bool:
    """Tell whether a text holds Jinja tags.

    Parameters
    ----------
    sql : str
        The text.

    Examples
    --------
    >>> is_template("select * from {{ ref('orders') }}"), is_template("select 1")
    (True, False)
    """
    return _OPENING.search(sql) is not None


def render(
    sql: str,
    *,
    this: str | None = None,
    variables: Mapping[str, object] | None = None,
    refs: Mapping[str, str] | None = None,
) -> Rendered:
    """Write the SQL that a template stands for.

    Parameters
    ----------
    sql : str
        A dbt model, snapshot or test.
    this : str, optional
        The table that the model makes.
    variables : mapping, optional
        Values of ``var(…)``.
    refs : mapping, optional
        Table of each model; others keep the model's name.

    Returns
    -------
    Rendered
        The text and what was met. Of ``{% if is_incremental() %}`` the body is kept. A template that Jinja cannot
        read comes back with its tags blanked.

    Examples
    --------
    >>> model = "select a from {{ ref('orders') }} where day > '{{ var('day') }}'"
    >>> rendered = render(model, refs={"orders": "mart.orders"})
    >>> rendered.text
    "select a from mart.orders where day > '__jinja_var_day__'"
    >>> [str(problem) for problem in rendered.problems]
    ["line 1: var('day') is not given and has no default"]
    """
    text, unknown = _blank_tags(sql, every=False)
    first = Evaluator(this, variables or {}, refs or {})
    for name, line in unknown:
        if name == "snapshot":
            first.materialized = "snapshot"
        elif not name.startswith("end"):
            first.problems.append(
                Problem(f"Jinja tag {name!r} is not interpreted; what it encloses is kept", line)
            )
    try:
        body = Parser(_ENVIRONMENT, text).parse().body
        texts, every, complete = _variants(body, first)
    except _FAULTS as error:
        first.problems.append(_fault(error))
        texts, every, complete = [_blank_tags(sql, every=True)[0]], [first], True
    if not complete:
        first.problems.append(Problem(f"{OPEN}: more than {VARIANTS} ways to read its conditions"))
    return Rendered(
        texts[0],
        tuple(dict.fromkeys(problem for one in every for problem in one.problems)),
        tuple(dict.fromkeys(ref for one in every for ref in one.refs)),
        tuple(dict.fromkeys(source for one in every for source in one.sources)),
        first.materialized,
        tuple(texts[1:]),
        complete,
        tuple(dict.fromkeys(table for one in every for table in one.tables)),
        tuple(dict.fromkeys(table for one in every for table in one.passed)),
    )


def _variants(body: list[nodes.Node], first: Evaluator) -> tuple[list[str], list[Evaluator], bool]:
    """The different texts that a template may stand for, fewest changes first; what was met; whether these are all."""
    texts: dict[str, None] = {_written(body, first): None}
    every, complete = [first], True
    waiting = [(1, number, choices, hard) for number, (choices, hard) in enumerate(first.choices.others())]
    number = len(waiting)
    while waiting and len(every) < _LOOKS:
        changed, _, choices, hard = heapq.heappop(waiting)
        last = every[-1]
        evaluator = Evaluator(first.this, first.variables, first.relations, choices=Choices(choices))
        evaluator.produced, evaluator.steps = last.produced, last.steps
        every.append(evaluator)
        try:
            text = _written(body, evaluator)
        except _FAULTS as error:
            evaluator.problems.append(_fault(error))
            complete = False
            if isinstance(error, LimitError):
                break
            continue
        if len(texts) < VARIANTS:
            texts[text] = None
        else:
            complete = complete and (text in texts or not hard)
        for other, is_hard in evaluator.choices.others():
            heapq.heappush(waiting, (changed + 1, number, other, hard or is_hard))
            number += 1
    return list(texts), every, complete and not any(hard for *_, hard in waiting)


def _written(body: list[nodes.Node], evaluator: Evaluator) -> str:
    writer = Writer(evaluator)
    writer.statements(body)
    return "".join(writer.parts)


def _fault(error: BaseException) -> Problem:
    said = str(error) if isinstance(error, LimitError) else f"the template cannot be read: {_first_line(error)}"
    return Problem(said, getattr(error, "lineno", None) or 0)


def _first_line(error: BaseException) -> str:
    if isinstance(error, (Break, Continue)):
        return "break or continue outside a loop"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return (getattr(error, "message", None) or str(error)).split("\n", 1)[0][:200]
