"""What a function's signature and documentation say about its parameters."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Parameter", "parameters", "takes_more"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of an analysis.

    Attributes
    ----------
    name : str
        Its name.
    annotation : str
        Its type as written.
    default
        What it is when not given; None for a required one.
    required : bool
        Whether it has to be given.
    choices : tuple of str
        All values it may take; empty where they are not stated.
    told : str
        What the documentation says about it, one line.
    """

    name: str
    annotation: str
    default: Any
    required: bool
    choices: tuple[str, ...]
    told: str


def parameters(ask: Callable[..., Any]) -> dict[str, Parameter]:
    """Read the parameters of an analysis, the snapshot left out.

    Choices come from a constant of the function's module (``method`` from ``METHODS``, ``by`` from ``BY``), else
    from its type (``Literal``) or its documentation (``method : {"usage", "even"}``).

    Examples
    --------
    >>> from lineage_nb.analyses.cost.attribution import cost
    >>> parameters(cost)["by"].choices[:2]
    ('owner', 'team')
    """
    documented = _documented(inspect.getdoc(ask) or "")
    found = {}
    for name, given in list(inspect.signature(ask).parameters.items())[1:]:
        if given.kind in (given.VAR_POSITIONAL, given.VAR_KEYWORD):
            continue
        kind, told = documented.get(name, ("", ""))
        required = given.default is given.empty
        default = None if required else given.default
        annotation = given.annotation if isinstance(given.annotation, str) else getattr(given.annotation, "__name__", "")
        literal = annotation.replace("'", '"') if annotation.startswith("Literal[") else kind if kind.startswith("{") else ""
        found[name] = Parameter(name, annotation, default, required, _choices(ask, name, default, literal), told)
    return found


def takes_more(ask: Callable[..., Any]) -> bool:
    """Whether an analysis takes arguments that its signature does not name."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(ask).parameters.values())


def _choices(ask: Callable[..., Any], name: str, default: Any, literal: str) -> tuple[str, ...]:
    if not isinstance(default, str):
        return ()
    module = vars(sys.modules.get(ask.__module__, object))
    for constant in (name.upper(), f"{name.upper()}S"):
        values = module.get(constant)
        if isinstance(values, (tuple, list)) and default in values and all(isinstance(v, str) for v in values):
            return tuple(values)
    stated = tuple(re.findall(r'"([^"]+)"', literal))
    return stated if default in stated else ()


def _documented(doc: str) -> dict[str, tuple[str, str]]:
    """Parameter → (type as documented, description), from a numpydoc text."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-{3,}|\Z)", doc, re.MULTILINE | re.DOTALL)
    found: dict[str, tuple[str, str]] = {}
    for entry in re.findall(r"^(\w[^\n]*) : ([^\n]*)\n((?:(?:[ ]+[^\n]*)?\n?)*)", section[1] if section else "", re.MULTILINE):
        names, kind, text = entry
        told = " ".join(text.split()).replace("``", "").replace("`", "")
        found |= {name.strip(): (kind, told) for name in names.split(",")}
    return found
