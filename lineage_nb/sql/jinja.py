"""SQL templates of dbt: the query they stand for, read off the syntax tree.

Jinja's own parser gives the tree; no template is compiled or rendered, no environment variable and no file is read.
What cannot be known from the text becomes a placeholder and a problem with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, TemplateError, nodes
from jinja2.parser import Parser

from lineage_nb.sql.jinja_values import Evaluator, LimitError
from lineage_nb.sql.placeholders import Placeholder
from lineage_nb.sql.result import Problem

__all__ = ["Rendered", "is_template", "render"]

ITERATIONS: Final = 10_000
"""Rounds that the loops of a template may take together."""

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
    """

    text: str
    problems: tuple[Problem, ...] = ()
    refs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    materialized: str | None = None


class _Break(Exception):  # noqa: N818 - a signal, no error
    """Leaves a loop."""


class _Continue(Exception):  # noqa: N818 - a signal, no error
    """Goes on with the next round."""


class _Writer:
    """Writes the text of a syntax tree."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.parts: list[str] = []
        self.line = 1
        self.quoted = False
        self.iterations = 0

    def write(self, text: str) -> None:
        """Append text, keeping count of lines and open quotes."""
        self.evaluator.produce(len(text))
        self.parts.append(text)
        self.line += text.count("\n")
        self.quoted ^= bool(text.count("'") % 2)

    def statements(self, body: Iterable[nodes.Node]) -> None:
        for node in body:
            self.statement(node)

    def statement(self, node: nodes.Node) -> None:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            self.evaluator.report(f"Jinja {type(node).__name__.lower()} is not interpreted", node)
        else:
            method(node)

    def _output(self, node: nodes.Output) -> None:
        children = node.nodes
        for position, child in enumerate(children):
            if isinstance(child, nodes.TemplateData):
                self.write("\n" * max(0, child.lineno - self.line) + child.data)
                continue
            value = self.evaluator.value(child)
            after = children[position + 1] if position + 1 < len(children) else None
            follows = after.data if isinstance(after, nodes.TemplateData) else ""
            if isinstance(value, Placeholder) and value.literal and self._stands_alone(follows):
                self.write(f"'{value}'")
            else:
                self.write(self.evaluator.text(value))

    def _stands_alone(self, follows: str) -> bool:
        """Tell whether a literal may stand here: not within quotes, nor as part of a name."""
        last = self.parts[-1][-1:] if self.parts else ""
        return not (self.quoted or re.match(r"[\w.\"`']", follows) or re.match(r"[\w.\"`']", last))

    def _if(self, node: nodes.If) -> None:
        for branch in (node, *node.elif_):
            held = self.evaluator.known(branch.test)
            if held is None:
                message = "condition cannot be known from the text; its first branch is kept"
                self.evaluator.report(message, branch)
            if held is not False:
                self.statements(branch.body)
                return
        self.statements(node.else_)

    def _for(self, node: nodes.For) -> None:
        values = self.evaluator.value(node.iter)
        if isinstance(values, dict):
            values = list(values)
        if not isinstance(values, list):
            self.evaluator.report("loop over what the text does not tell; it is read once", node)
            values = [values if isinstance(values, Placeholder) else Placeholder("item")]
        outer = dict(self.evaluator.names)
        chosen = [value for value in values if self._chosen(node, value)]
        for index, value in enumerate(chosen):
            self.iterations += 1
            if self.iterations > ITERATIONS:
                raise LimitError(f"the template's loops take more than {ITERATIONS:,} rounds")
            self.evaluator.names = {**outer, "loop": _loop(index, chosen)}
            self._bind(node.target, value)
            try:
                self.statements(node.body)
            except _Continue:
                continue
            except _Break:
                break
        self.evaluator.names = outer
        if not chosen:
            self.statements(node.else_)

    def _chosen(self, node: nodes.For, value: Any) -> bool:
        if node.test is None:
            return True
        names = dict(self.evaluator.names)
        self._bind(node.target, value)
        held = self.evaluator.known(node.test)
        self.evaluator.names = names
        return held is not False

    def _bind(self, target: nodes.Node, value: Any) -> None:
        if isinstance(target, nodes.Name):
            self.evaluator.names[target.name] = value
        elif isinstance(target, nodes.NSRef):
            space = self.evaluator.names.get(target.name)
            if isinstance(space, dict):
                space[target.attr] = value
        elif isinstance(target, nodes.Tuple):
            values = value if isinstance(value, list) and len(value) == len(target.items) else None
            for position, item in enumerate(target.items):
                self._bind(item, values[position] if values else Placeholder("item"))

    def _assign(self, node: nodes.Assign) -> None:
        self._bind(node.target, self.evaluator.value(node.node))

    def _assignblock(self, node: nodes.AssignBlock) -> None:
        value: Any = self._captured(node.body)
        if node.filter is not None:
            value = self.evaluator.filtered(value, node.filter)
        self._bind(node.target, value)

    def _filterblock(self, node: nodes.FilterBlock) -> None:
        self.write(self.evaluator.text(self.evaluator.filtered(self._captured(node.body), node.filter)))

    def _captured(self, body: list[nodes.Node]) -> str:
        inner = _Writer(self.evaluator)
        inner.line, inner.iterations = 1 << 60, self.iterations
        inner.statements(body)
        self.iterations = inner.iterations
        return "".join(inner.parts)

    def _with(self, node: nodes.With) -> None:
        outer = dict(self.evaluator.names)
        for target, value in zip(node.targets, node.values, strict=True):
            self._bind(target, self.evaluator.value(value))
        self.statements(node.body)
        self.evaluator.names = outer

    def _block(self, node: nodes.Block) -> None:
        self.statements(node.body)

    def _scope(self, node: nodes.Scope) -> None:
        self.statements(node.body)

    def _scopedevalcontextmodifier(self, node: nodes.ScopedEvalContextModifier) -> None:
        self.statements(node.body)

    def _exprstmt(self, node: nodes.ExprStmt) -> None:
        self.evaluator.value(node.node)

    def _macro(self, node: nodes.Macro) -> None:
        self.evaluator.report(f"the definition of macro {node.name!r} is skipped", node)

    def _break(self, _node: nodes.Break) -> None:
        raise _Break

    def _continue(self, _node: nodes.Continue) -> None:
        raise _Continue


def _loop(index: int, values: list[Any]) -> dict[str, Any]:
    last = index == len(values) - 1
    counts = {"index": index + 1, "index0": index, "revindex": len(values) - index, "length": len(values)}
    return {**counts, "first": index == 0, "last": last}


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
    evaluator = Evaluator(this, variables or {}, refs or {})
    writer = _Writer(evaluator)
    text, unknown = _blank_tags(sql, every=False)
    for name, line in unknown:
        if name == "snapshot":
            evaluator.materialized = "snapshot"
        elif not name.startswith("end"):
            evaluator.problems.append(
                Problem(f"Jinja tag {name!r} is not interpreted; what it encloses is kept", line)
            )
    try:
        writer.statements(Parser(_ENVIRONMENT, text).parse().body)
        text = "".join(writer.parts)
    except (TemplateError, RecursionError, ValueError, LimitError, _Break, _Continue) as error:
        line = getattr(error, "lineno", None) or 0
        message = (
            str(error)
            if isinstance(error, LimitError)
            else f"the template cannot be read: {_first_line(error)}"
        )
        evaluator.problems.append(Problem(message, line))
        text = _blank_tags(sql, every=True)[0]
    return Rendered(
        text,
        tuple(evaluator.problems),
        tuple(evaluator.refs),
        tuple(evaluator.sources),
        evaluator.materialized,
    )


def _first_line(error: BaseException) -> str:
    if isinstance(error, (_Break, _Continue)):
        return "break or continue outside a loop"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return (getattr(error, "message", None) or str(error)).split("\n", 1)[0][:200]
