"""Words of a line as arguments of a method, by its signature."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_nb.errors import LineageError, unknown_word
from lineage_nb.widgets.signature import Parameter

__all__ = ["arguments", "described", "is_list", "is_switch", "split_line", "usage"]

_YES = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_LIST = re.compile(r"\b(Iterable|Collection|Sequence|list|set|frozenset)\[")
_SPAN = re.compile(r"^tuple\[")
_PLAIN = {"str", "int", "float", "bool", "None"}


def split_line(line: str) -> list[str]:
    """Split a line into words as a shell does; quotes hold a word together.

    Raises
    ------
    LineageError
        For a quote that is not closed.

    Examples
    --------
    >>> split_line("impact 'my table' --max-hops 2")
    ['impact', 'my table', '--max-hops', '2']
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise LineageError(f"{line.strip()!r} cannot be split into words ({error}); close the quote") from error


def arguments(
    words: Sequence[str], parameters: Mapping[str, Parameter], variables: Mapping[str, object], what: str
) -> dict[str, Any]:
    """Read words as arguments.

    Parameters
    ----------
    words : sequence of str
        ``--option value``, ``--option=value``, ``--switch``, ``--no-switch``, and values of required parameters in order; the
        last of these takes several words if it is a list. Lists are written with commas, or by repeating the option.
    parameters : Mapping
        Of the method, by name (see `lineage_nb.widgets.signature.parameters`).
    variables : Mapping
        What options that take an object may name.
    what : str
        Name of the method, for error messages.

    Raises
    ------
    LineageError
        For an unknown option, a value that does not fit, or too few or too many words.

    Examples
    --------
    >>> from lineage_nb.analyses.impact import impact
    >>> from lineage_nb.widgets.signature import parameters
    >>> arguments(["mart.orders", "--max-hops", "2", "--no-indirect"], parameters(impact), {}, "impact")
    {'max_hops': 2, 'indirect': False, 'node': 'mart.orders'}
    """
    given: dict[str, list[str]] = {}
    free: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if not word.startswith("--") or word == "--":
            free += [word] if word != "--" else queue
            queue = [] if word == "--" else queue
            continue
        name, equals, value = word[2:].partition("=")
        name = name.replace("-", "_")
        if name.startswith("no_") and name not in parameters and is_switch(parameters.get(name[3:])):
            given[name[3:]] = ["no"]
            continue
        if name not in parameters:
            options = [f"--{known.replace('_', '-')}" for known in parameters]
            raise LineageError(f"{what}: {unknown_word('option', f'--{name}'.replace('_', '-'), options) if options else f'it has no option --{name}'}")
        if equals:
            given.setdefault(name, []).append(value)
        elif is_switch(parameters[name]) and (not queue or queue[0].lower() not in _YES):
            given[name] = ["yes"]
        elif not queue or queue[0].startswith("--"):
            raise LineageError(f"{what}: --{name.replace('_', '-')} needs a value: {described(parameters[name])}")
        else:
            given.setdefault(name, []).append(queue.pop(0))
    _place(free, given, parameters, what)
    return {name: _value(texts, parameters[name], variables, what) for name, texts in given.items()}


def _place(free: list[str], given: dict[str, list[str]], parameters: Mapping[str, Parameter], what: str) -> None:
    """Give the words that belong to no option to the required parameters, in order; else to the first one."""
    open_ = [p for p in parameters.values() if p.required and p.name not in given]
    if not open_ and free:
        first = next(iter(parameters.values()), None)
        open_ = [first] if first and first.name == "focus" and first.name not in given else []
    for at, parameter in enumerate(open_):
        if at < len(free):
            more = free[at:] if at == len(open_) - 1 and is_list(parameter) else [free[at]]
            given[parameter.name] = more
        elif parameter.required:
            raise LineageError(f"{what} needs {parameter.name}: {parameter.told or described(parameter)} {usage(what, parameters)}")
    placed = sum(len(given[p.name]) for p in open_ if p.name in given)
    if len(free) > placed:
        raise LineageError(f"{what}: {free[placed]!r} belongs to no option; quote a value that holds spaces. {usage(what, parameters)}")


def is_switch(parameter: Parameter | None) -> bool:
    """Whether a parameter is true or false."""
    return parameter is not None and _types(parameter) == {"bool"}


def is_list(parameter: Parameter) -> bool:
    """Whether a parameter takes several values."""
    return bool(_LIST.search(parameter.annotation))


def _types(parameter: Parameter) -> set[str]:
    return {part.strip() for part in parameter.annotation.split("|")} - {"None", ""}


def _value(texts: list[str], parameter: Parameter, variables: Mapping[str, object], what: str) -> Any:
    text, name = texts[-1], f"{what}: --{parameter.name.replace('_', '-')}"
    if is_list(parameter) and not _SPAN.match(parameter.annotation):
        return [part for one in texts for part in one.split(",") if part]
    if len(texts) > 1:
        raise LineageError(f"{name} is given {len(texts)} times; it takes one value")
    if "None" in parameter.annotation and text.lower() == "none":
        return None
    types = _types(parameter)
    if parameter.choices:
        if text in parameter.choices:
            return text
        if types <= {*_PLAIN, *(t for t in types if t.startswith("Literal["))} or text not in variables:
            raise LineageError(f"{name}: {unknown_word('value', text, parameter.choices)}")
        return variables[text]
    if types == {"bool"}:
        if text.lower() not in _YES:
            raise LineageError(f"{name}: {unknown_word('value', text, ['yes', 'no'])}")
        return _YES[text.lower()]
    if _SPAN.match(parameter.annotation):
        parts = tuple(part.strip() for part in text.split(","))
        if len(parts) != 2 or not all(parts):
            raise LineageError(f"{name} is {text!r}; give two values with a comma: 2025-01-01,2025-03-31")
        return parts
    for kind, make in (("int", int), ("float", float)):
        if kind in types:
            try:
                return make(text)
            except ValueError as error:
                raise LineageError(f"{name} is {text!r}; give a {'whole ' if kind == 'int' else ''}number") from error
    return text if types <= _PLAIN else variables.get(text, text)


def described(parameter: Parameter) -> str:
    """Say what a parameter takes.

    Examples
    --------
    >>> described(Parameter("days", "int", 90, False, (), "Length of the window."))
    'a whole number'
    """
    types = _types(parameter)
    if parameter.choices:
        return " | ".join(parameter.choices)
    if types == {"bool"}:
        return "yes | no"
    if _SPAN.match(parameter.annotation):
        return "first,last"
    if is_list(parameter):
        return "one or more, with commas"
    if "int" in types or "float" in types:
        return "a whole number" if "int" in types else "a number"
    return "text" if types <= _PLAIN else "a variable, or a path"


def usage(what: str, parameters: Mapping[str, Parameter]) -> str:
    """Write how a method is called.

    Examples
    --------
    >>> usage("unused", {"days": Parameter("days", "int", 90, False, (), "")})
    'Usage: %lineage unused [--days 90]'
    """
    parts = []
    for p in parameters.values():
        if p.required:
            parts.append(p.name.upper() + (" …" if is_list(p) else ""))
        else:
            shown = "" if p.default in (None, (), "") or isinstance(p.default, bool) else f" {_shown(p.default)}"
            parts.append(f"[--{p.name.replace('_', '-')}{shown}]")
    return " ".join(["Usage: %lineage", what, *parts])


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
