"""Values of Jinja expressions, read from the syntax tree: a small known part of the language, nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import nodes

from lineage_nb.sql.dbt_macros import macro_sql
from lineage_nb.sql.jinja_choices import Choices, key_of
from lineage_nb.sql.jinja_comparison import holds
from lineage_nb.sql.jinja_data import plain, texts_in
from lineage_nb.sql.placeholders import Placeholder
from lineage_nb.sql.result import Problem

__all__ = ["LARGEST_RANGE", "LIMIT", "STEPS", "Evaluator", "LimitError"]

LIMIT: Final = 20_000_000
"""Characters that a template may produce, in values and in its text together."""
STEPS: Final = 1_000_000
LARGEST_RANGE: Final = 1_000

_PARTS: Final = {"schema": 1, "database": 2}
"""Parts of a table's dotted name, from its end."""
_SILENT = ("log", "print", "set_sql_header")
_CASTS = ("d", "default", "as_bool", "as_native", "as_number", "as_text", "string", "safe")


class LimitError(Exception):
    """A template would produce more text, or take more steps, than it may."""


def _path(node: nodes.Node) -> str:
    """The dotted name of `node`, empty where it has none."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    return ".".join([node.name, *reversed(parts)]) if isinstance(node, nodes.Name) else ""


@dataclass
class Evaluator:
    """The names that a template knows, and what was met while reading it."""

    this: str | None
    variables: Mapping[str, object]
    relations: Mapping[str, str]
    names: dict[str, Any] = field(default_factory=lambda: {"execute": True})
    problems: list[Problem] = field(default_factory=list)
    refs: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    passed: dict[str, None] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)
    materialized: str | None = None
    produced: int = 0
    steps: int = 0

    def produce(self, characters: int) -> None:
        """Count text against the limit."""
        self.produced += characters
        if self.produced > LIMIT:
            raise LimitError(f"the template produces more than {LIMIT:,} characters")

    def report(self, message: str, node: nodes.Node) -> None:
        """Note a problem once."""
        problem = Problem(message, node.lineno or 0)
        if problem not in self.problems[-20:]:
            self.problems.append(problem)

    def unknown(self, name: str, why: str, node: nodes.Node, *, literal: bool = False) -> Placeholder:
        """Stand in for a value, and say so."""
        self.report(why, node)
        return Placeholder(name, literal)

    def value(self, node: nodes.Node) -> Any:
        """Evaluate an expression: a Python value, or a placeholder."""
        self.steps += 1
        if self.steps > STEPS:
            raise LimitError(f"the template takes more than {STEPS:,} steps")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            kind = type(node).__name__
            return self.unknown("expression", f"Jinja expression ({kind}) is not interpreted", node)
        return method(node)

    def known(self, node: nodes.Node) -> bool | None:
        """Tell the truth of a condition, None where the text does not tell."""
        before = len(self.problems)
        value = self.value(node)
        if isinstance(value, Placeholder):
            del self.problems[before:]
            return None
        return bool(value)

    def decided(self, node: nodes.Node, what: str) -> bool:
        """How a condition is taken; one that the text does not tell is noted, and is open."""
        held = self.known(node)
        if held is not None:
            return held
        self.report(f"condition cannot be known from the text; {what}", node)
        condition, holds_ = key_of(node)
        return self.choices.take(condition, holds_) is holds_

    def weigh(self, value: Any) -> Any:
        """Count a value against the limit: lists may hold one another, so that a few make a huge text."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                waiting += [*item, *item.values()]
            elif isinstance(item, list):
                waiting += item
            self.produce(len(item) if isinstance(item, str) else 20)
        return value

    def text(self, value: Any) -> str:
        """Write a value as Jinja would."""
        return str(self.weigh(value))

    def _const(self, node: nodes.Const) -> Any:
        return node.value

    def _list(self, node: nodes.List | nodes.Tuple) -> list[Any]:
        values: list[Any] = self.weigh([self.value(item) for item in node.items])
        return values

    _tuple = _list

    def _dict(self, node: nodes.Dict) -> dict[Any, Any]:
        pairs = [(self.value(item.key), self.value(item.value)) for item in node.items]
        known = {key: value for key, value in pairs if isinstance(key, (str, int, float))}
        self.weigh(known)
        return known

    def _name(self, node: nodes.Name) -> Any:
        if node.name in self.names:
            return self.names[node.name]
        if node.name == "this":
            if self.this is not None:
                return self.this
            return self.unknown("this", "{{ this }}: the name of this model is not given; give it with this=…", node)
        return self.unknown(node.name, f"Jinja variable {node.name!r} is not known", node)

    def _getattr(self, node: nodes.Getattr) -> Any:
        path = _path(node)
        if path.startswith("target.") and "target" not in self.names:
            return self.unknown(path, f"{path} depends on where the project runs", node)
        if path.partition(".")[0] not in (*self.names, "this") and path:
            return self.unknown(path, f"Jinja variable {path!r} is not known", node)
        owner = self.value(node.node)
        if isinstance(owner, dict) and node.attr in owner:
            return owner[node.attr]
        if isinstance(owner, str) and node.attr in ("identifier", "name", "table"):
            return owner.rpartition(".")[2]
        if isinstance(owner, str) and node.attr in _PARTS and owner.count(".") >= _PARTS[node.attr]:
            return owner.split(".")[-1 - _PARTS[node.attr]]
        if isinstance(owner, Placeholder):
            return Placeholder(f"{owner.name}_{node.attr}")
        return self.unknown(path or node.attr, f"Jinja attribute {node.attr!r} is not known", node)

    def _getitem(self, node: nodes.Getitem) -> Any:
        owner, key = self.value(node.node), self.value(node.arg)
        if isinstance(owner, dict) and isinstance(key, (str, int, float)) and key in owner:
            return owner[key]
        if isinstance(owner, (list, str)) and isinstance(key, int) and -len(owner) <= key < len(owner):
            return owner[key]
        return self.unknown("item", "Jinja item is not known", node)

    def _concat(self, node: nodes.Concat) -> Any:
        return self._joined([self.value(part) for part in node.nodes])

    def _joined(self, parts: list[Any]) -> Any:
        """Join texts; a part that is not known makes a name that is not known."""
        return "".join(self.text(part) for part in parts)

    def _add(self, node: nodes.Add) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            return left + right
        if isinstance(left, str) and isinstance(right, str):
            return self._joined([left, right])
        if isinstance(left, list) and isinstance(right, list):
            self.weigh(left)
            self.weigh(right)
            return left + right
        return self.unknown("sum", "Jinja sum is not known", node)

    def _sub(self, node: nodes.Sub) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            return left - right
        return self.unknown("difference", "Jinja difference is not known", node)

    def _neg(self, node: nodes.Neg) -> Any:
        value = self.value(node.node)
        return -value if isinstance(value, (int, float)) else value

    def _not(self, node: nodes.Not) -> Any:
        value = self.value(node.node)
        return value if isinstance(value, Placeholder) else not value

    def _and(self, node: nodes.And) -> Any:
        left = self.value(node.left)
        if not isinstance(left, Placeholder):
            return self.value(node.right) if left else left
        right = self.value(node.right)
        return left if isinstance(right, Placeholder) or right else right

    def _or(self, node: nodes.Or) -> Any:
        left = self.value(node.left)
        if not isinstance(left, Placeholder):
            return left if left else self.value(node.right)
        right = self.value(node.right)
        return left if isinstance(right, Placeholder) or not right else right

    def _compare(self, node: nodes.Compare) -> Any:
        left = self.value(node.expr)
        for operand in node.ops:
            right = self.value(operand.expr)
            self.weigh([left, right])
            held = holds(operand.op, left, right)
            if held is None:
                return self.unknown("comparison", "Jinja comparison is not known", node)
            if not held:
                return False
            left = right
        return True

    def _condexpr(self, node: nodes.CondExpr) -> Any:
        if self.decided(node.test, "both values are read"):
            return self.value(node.expr1)
        return self.value(node.expr2) if node.expr2 is not None else ""

    def _test(self, node: nodes.Test) -> Any:
        if node.name in ("defined", "undefined") and isinstance(node.node, nodes.Name):
            return (node.node.name in self.names) is (node.name == "defined")
        value = self.value(node.node)
        if node.name == "none" and not isinstance(value, Placeholder):
            return value is None
        return self.unknown("test", f"Jinja test {node.name!r} is not interpreted", node)

    def _filter(self, node: nodes.Filter) -> Any:
        value = self.value(node.node) if node.node is not None else ""
        return self.filtered(value, node)

    def filtered(self, value: Any, node: nodes.Filter) -> Any:
        """Apply a filter to a value."""
        arguments = [self.value(argument) for argument in node.args]
        if isinstance(value, Placeholder) and node.name in ("d", "default") and arguments:
            return arguments[0] if self.choices.take(f"{value} | {arguments[0]!r}", True, certain=True) else value
        if isinstance(value, Placeholder) or any(isinstance(argument, Placeholder) for argument in arguments):
            return value
        name = node.name
        if isinstance(value, str) and name in ("upper", "lower", "trim", "title", "capitalize"):
            self.produce(len(value))
            return {"trim": value.strip}.get(name, getattr(value, name, value.strip))()
        if (
            name == "replace"
            and isinstance(value, str)
            and [type(item) for item in arguments[:2]] == [str, str]
        ):
            self.produce(len(value) + value.count(arguments[0]) * len(arguments[1]))
            return value.replace(*arguments[:2])
        if name == "join" and isinstance(value, list):
            glue = arguments[0] if arguments else ""
            return self._joined([part for item in value for part in (glue, item)][1:])
        if name in ("length", "count") and isinstance(value, (str, list, dict)):
            return len(value)
        if name in ("first", "last") and isinstance(value, (str, list)) and value:
            return value[0 if name == "first" else -1]
        if name in _CASTS:
            return value
        if name == "list" and isinstance(value, (list, dict)):
            return list(self.weigh(value))
        return self.unknown(f"filter_{name}", f"Jinja filter {name!r} is not interpreted", node)

    def _call(self, node: nodes.Call) -> Any:
        name = _path(node.node)
        method = getattr(self, f"_call_{name.replace('.', '_')}", None) if name in _FUNCTIONS else None
        if method is not None and name not in self.names:
            options = {option.key: option.value for option in node.kwargs}
            return method(node, options)
        if name in _SILENT or name.startswith("exceptions."):
            return ""
        if isinstance(node.node, nodes.Getattr) and node.node.attr in ("items", "keys", "values", "append"):
            return self._method(node, node.node)
        if name == "dbt_utils.star":
            self.report("dbt_utils.star is read as *", node)
            return "*"
        written = macro_sql(name, [self.value(a) for a in node.args]) if name.startswith("dbt_utils.") else None
        if written is not None:
            return written
        before = len(self.problems)
        given = [self.value(a) for a in (*node.args, *(option.value for option in node.kwargs))]
        del self.problems[before:]
        self.passed.update((word, None) for word in texts_in(given) if word in self.tables)
        why = f"macro {name or 'call'!r} is not interpreted"
        return self.unknown(name.rpartition(".")[2] or "call", why, node)

    def _method(self, node: nodes.Call, member: nodes.Getattr) -> Any:
        owner = self.value(member.node)
        if isinstance(owner, dict) and member.attr != "append":
            if member.attr == "items":
                return [[key, value] for key, value in self.weigh(owner).items()]
            return list(owner) if member.attr == "keys" else list(owner.values())
        if isinstance(owner, list) and member.attr == "append" and len(node.args) == 1:
            owner.append(self.weigh(self.value(node.args[0])))
            return ""
        return self.unknown(member.attr, f"Jinja method {member.attr!r} is not interpreted", node)

    def _words(self, node: nodes.Call) -> list[str] | None:
        """The arguments, if all are texts."""
        values = [self.value(argument) for argument in node.args]
        return values if all(isinstance(value, str) for value in values) else None

    def _call_ref(self, node: nodes.Call, options: dict[str, nodes.Node]) -> Any:
        words = self._words(node)
        if not words or len(words) > 2:
            return self.unknown("ref", "ref() of a model that the text does not name", node)
        version = options.get("version", options.get("v"))
        number = self.value(version) if version is not None else None
        suffix = "" if number is None else f".v{number}"
        key = ".".join(words) + suffix
        self.refs[key] = None
        given = self.relations.get(key, self.relations.get(words[-1] + suffix))
        table = given if given is not None else words[-1] + suffix.replace(".", "_")
        self.tables[table] = None
        return table

    def _call_source(self, node: nodes.Call, _options: dict[str, nodes.Node]) -> Any:
        words = self._words(node)
        if not words or len(words) != 2:
            return self.unknown("source", "source() of a table that the text does not name", node)
        self.sources[".".join(words)] = None
        self.tables[".".join(words)] = None
        return ".".join(words)

    def _call_config(self, _node: nodes.Call, options: dict[str, nodes.Node]) -> str:
        option = options.get("materialized")
        if isinstance(option, nodes.Const) and isinstance(option.value, str):
            self.materialized = option.value
        return ""

    def _call_config_get(self, node: nodes.Call, options: dict[str, nodes.Node]) -> Any:
        return self._setting("config", node, options, {})

    def _call_var(self, node: nodes.Call, options: dict[str, nodes.Node]) -> Any:
        return self._setting("var", node, options, self.variables)

    def _call_env_var(self, node: nodes.Call, options: dict[str, nodes.Node]) -> Any:
        return self._setting("env_var", node, options, {})

    def _setting(
        self, kind: str, node: nodes.Call, options: dict[str, nodes.Node], given: Mapping[str, object]
    ) -> Any:
        name = self.value(node.args[0]) if node.args else None
        if isinstance(name, str) and name in given:
            return plain(given[name])
        default = node.args[1] if len(node.args) > 1 else options.get("default")
        if default is not None:
            value = self.value(default)
            return self.choices.take(f"{kind}({name!r})", value, certain=True) if isinstance(value, bool) else value
        why = f"{kind}({name!r}) is not given and has no default"
        return self.unknown(f"{kind}_{name}", why, node, literal=True)

    def _call_is_incremental(self, _node: nodes.Call, _options: dict[str, nodes.Node]) -> bool:
        return self.choices.take("is_incremental()", default=True)

    def _call_range(self, node: nodes.Call, _options: dict[str, nodes.Node]) -> Any:
        bounds = [self.value(argument) for argument in node.args]
        if 1 <= len(bounds) <= 3 and all(type(bound) is int and abs(bound) < 2**31 for bound in bounds):
            numbers = range(*bounds) if len(bounds) < 3 or bounds[2] else range(0)
            if len(numbers) <= LARGEST_RANGE:
                return list(numbers)
        return self.unknown("range", f"range() is not known, or longer than {LARGEST_RANGE:,}", node)

    def _call_namespace(self, _node: nodes.Call, options: dict[str, nodes.Node]) -> dict[str, Any]:
        return {key: self.value(option) for key, option in options.items()}


_FUNCTIONS = frozenset(
    ["config", "config.get", "env_var", "is_incremental", "namespace", "range", "ref", "source", "var"]
)
