"""How deep YAML is nested: the compiled parser builds values by recursion that nothing limits."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__all__ = ["DEEPEST", "is_shallow"]

DEEPEST: Final = 500
"""Levels that the compiled parser is given."""


def is_shallow(content: str) -> bool:
    """Tell whether YAML is nested less deeply than `DEEPEST`, so that the compiled parser can take it.

    Text that is no YAML counts as shallow up to its fault: the parser stops there as well.

    Examples
    --------
    >>> is_shallow("a: [1, [2]]"), is_shallow("[" * 50_000), is_shallow("- " * 50_000)
    (True, False, False)
    """
    return _at_most(content) < DEEPEST or _depth(content) < DEEPEST


def _at_most(content: str) -> int:
    """More levels than there can be, at little cost."""
    indent = max((len(line) - len(line.lstrip(" -?\t")) for line in content.splitlines()), default=0)
    return indent + content.count("[") + content.count("{")


def _depth(content: str) -> int:
    """Levels that there are, counted up to `DEEPEST`; events come one by one, without recursion."""
    yaml: Any = import_module("yaml")
    depth = deepest = 0
    try:
        for event in yaml.parse(content, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            deepest = max(deepest, depth)
            if deepest >= DEEPEST:
                break
    except (yaml.YAMLError, RecursionError, ValueError):
        return deepest
    return deepest
