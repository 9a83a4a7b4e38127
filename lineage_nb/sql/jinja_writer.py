"""The text of a template's syntax tree, statement by statement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from jinja2 import nodes

from lineage_nb.sql.jinja_values import Evaluator, LimitError
from lineage_nb.sql.placeholders import Placeholder

__all__ = ["ITERATIONS", "Break", "Continue", "Writer"]

ITERATIONS: Final = 10_000
"""Rounds that the loops of a template may take together."""


_TAIL: Final = 1_000
"""Characters behind the last clause that are kept, to tell what stands before a value."""
_HIDDEN: Final = re.compile(r"'[^']*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CLOSED: Final = re.compile(r"\([^()]*\)")
_CLAUSE: Final = re.compile(
    r"(?i)\b(select|from|where|on|using|having|qualify|group|order|partition|limit|offset|values|set|into|join|window|top)\b"
)
_BEFORE_VALUE: Final = re.compile(r"(?i)(?:\b(?:select|distinct|all|then|else)|,|\|\||(?<!\bin)(?<!\bin )\()\s*$")
"""What a value may follow in a list of SELECT: no comparison, no factor, no unit."""
_WRITES_NOTHING: Final = ("statement", "noop_statement", "set_sql_header")


class Break(Exception):  # noqa: N818 - a signal, no error
    """Leaves a loop."""


class Continue(Exception):  # noqa: N818 - a signal, no error
    """Goes on with the next round."""


class Writer:
    """Writes the text of a syntax tree."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.parts: list[str] = []
        self.line = 1
        self.quoted = False
        self.seen, self.looked = "", 0  # the text so far, shortened, and how many parts it holds
        self.iterations = 0

    def write(self, text: str) -> None:
        """Append text, keeping count of lines and open quotes."""
        self.evaluator.produce(len(text))
        self.parts.append(text)
        self.line += text.count("\n")
        self.quoted ^= bool(text.count("'") % 2)

    def statements(self, body: Iterable[nodes.Node]) -> None:
        """Write what stands one after the other."""
        for node in body:
            self.statement(node)

    def statement(self, node: nodes.Node) -> None:
        """Write one part of a template."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            self.evaluator.report(f"Jinja {type(node).__name__.lower()} is not interpreted", node)
            if isinstance(node, nodes.Include):
                self.write(f" {Placeholder('include')} ")
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
                self.write(str(value) if self._is_selected() else f"'{value}'")
            else:
                self.write(self.evaluator.text(value))

    def _stands_alone(self, follows: str) -> bool:
        """Tell whether a literal may stand here: not within quotes, nor as part of a name."""
        last = self.parts[-1][-1:] if self.parts else ""
        return not (self.quoted or re.match(r"[\w.\"`']", follows) or re.match(r"[\w.\"`']", last))

    def _is_selected(self) -> bool:
        """Whether what is written next begins a value in a list of SELECT, where it may as well be a column."""
        text, before = _HIDDEN.sub("''", self.seen + "".join(self.parts[self.looked :])), ""
        while text != before:
            before, text = text, _CLOSED.sub("", text)
        clause = ["", *_CLAUSE.findall(text)][-1]
        if len(text) > 2 * _TAIL:
            text = f"{clause} {text[-_TAIL:]}"
        self.seen, self.looked = text, len(self.parts)
        return clause.lower() == "select" and _BEFORE_VALUE.search(text) is not None

    def _callblock(self, node: nodes.CallBlock) -> None:
        """What a macro makes of a text: anything, of all tables that the text names; of a statement that dbt runs nothing."""
        name = getattr(node.call.node, "name", "call")
        self.evaluator.report(f"Jinja callblock of {name!r} is not interpreted", node)
        if name in _WRITES_NOTHING:
            return
        known = dict(self.evaluator.tables)
        self._captured(node.body)
        self.evaluator.passed.update((t, None) for t in self.evaluator.tables if t not in known)
        self.write(f" {Placeholder('call')} ")

    def _if(self, node: nodes.If) -> None:
        for branch in (node, *node.elif_):
            if self.evaluator.decided(branch.test, "each of its branches is read"):
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
            except Continue:
                continue
            except Break:
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
        inner = Writer(self.evaluator)
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
        raise Break

    def _continue(self, _node: nodes.Continue) -> None:
        raise Continue


def _loop(index: int, values: list[Any]) -> dict[str, Any]:
    last = index == len(values) - 1
    counts = {"index": index + 1, "index0": index, "revindex": len(values) - index, "length": len(values)}
    return {**counts, "first": index == 0, "last": last}
