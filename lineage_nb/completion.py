"""Completion of names inside strings: ``snap["mart.o<TAB>``, ``snap.impact("mart.o<TAB>``, ``snap.cost(by="te<TAB>``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_nb.analyses.name_offers import NameOffers
from lineage_nb.api import Snapshot
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage_graph import LEVELS, LineageGraph
from lineage_nb.node import NodeView
from lineage_nb.result import CostResult, PiiResult, Result, UnusedResult
from lineage_nb.widgets.signature import parameters

__all__ = ["NODE_PARAMETERS", "complete_string", "matcher", "register", "unregister"]

NODE_PARAMETERS = frozenset({"node", "focus", "remove", "of", "monitors", "protect", "name", "report", "a", "b"})
"""Parameters that take the name of a node."""

_HELD: Mapping[str, type] = {k.__name__: k for k in (Snapshot, CostResult, PiiResult, UnusedResult, Result, NodeView, LineageGraph)}
_IDENTIFIER = "lineage_nb.names"
_MOST = 200
_STRING = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")
_WORD = re.compile(r"\w+\Z")


@dataclass
class _Bracket:
    sign: str
    at: int
    commas: int = 0
    argument: int = 0
    """Where the current argument begins."""


@dataclass
class _Cursor:
    """What is open at the cursor."""

    brackets: list[_Bracket] = field(default_factory=list)
    closed: dict[int, int] = field(default_factory=dict)
    string: tuple[str, str, int] | None = None
    """Prefix, quote and place of the string that is open."""


def complete_string(text: str, namespace: Mapping[str, object]) -> tuple[str, list[str]]:
    """Offer names for the string that is open at the end of some code.

    Nothing is run: objects are looked up by name, and what their methods return is read from the annotations.

    Parameters
    ----------
    text : str
        Code up to the cursor.
    namespace : Mapping
        Variables by name.

    Returns
    -------
    tuple of (str, list of str)
        What is typed of the string, and what may stand in its place, escaped for the quotes it is in.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_edges([("raw.users", "mart.users")])
    >>> complete_string('snap.impact("ra', {"snap": snap})
    ('ra', ['raw.users'])
    >>> complete_string('snap.cost(by="te', {"snap": snap})
    ('te', ['team'])
    """
    cursor = _scan(text)
    if cursor.string is None or cursor.string[0].lower() not in ("", "u") or len(cursor.string[1]) != 1:
        return "", []
    _, quote, start = cursor.string
    typed = text[start + 1 :]
    if "\\" in typed:
        return "", []
    found = _offered(text, cursor, typed, namespace)
    return typed, [_quoted(name, quote) for name in found]


def _quoted(name: str, quote: str) -> str:
    text = name.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _scan(text: str) -> _Cursor:
    """Read code up to the cursor: brackets and strings that are open, comments left out."""
    cursor, at = _Cursor(), 0
    while at < len(text):
        sign = text[at]
        opened = _STRING.match(text, at) if at == 0 or not (text[at - 1].isalnum() or text[at - 1] == "_") or sign in "\"'" else None
        if opened:
            end = _end_of_string(text, opened.end(), opened[2])
            if end < 0:
                cursor.string = opened[1], opened[2], opened.end() - len(opened[2])
                return cursor
            at = end
            continue
        if sign == "#":
            at = text.find("\n", at)
            if at < 0:
                break
        elif sign in "([{":
            cursor.brackets.append(_Bracket(sign, at, argument=at + 1))
        elif sign in ")]}" and cursor.brackets:
            cursor.closed[at] = cursor.brackets.pop().at
        elif sign == "," and cursor.brackets:
            cursor.brackets[-1].commas += 1
            cursor.brackets[-1].argument = at + 1
        at += 1
    return cursor


def _end_of_string(text: str, at: int, quote: str) -> int:
    """Place behind the closing quote; -1: it is still open. A line end closes a string of one line."""
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return -1


def _offered(text: str, cursor: _Cursor, typed: str, namespace: Mapping[str, object]) -> list[str]:
    end = cursor.string[2] - len(cursor.string[0]) if cursor.string else len(text)
    for bracket in reversed(cursor.brackets):
        before = text[: bracket.at].rstrip()
        belongs = before[-1:].isalnum() or before[-1:] in ("_", ")", "]")
        argument = text[bracket.argument : end].strip()
        if bracket.sign == "[" and belongs:
            root, held = _held(_chain(before, cursor.closed), namespace)
            return _names(root, typed) if held is Snapshot and not argument and not bracket.commas else []
        if bracket.sign == "(" and belongs:
            keyword = re.fullmatch(r"(\w+)\s*=", argument)
            if argument and not keyword:
                return []
            return _argument(_chain(before, cursor.closed), keyword[1] if keyword else bracket.commas, typed, namespace, text[bracket.at + 1 :])
        if argument:
            return []
        end = bracket.at
    return []


def _chain(text: str, closed: Mapping[int, int]) -> list[str]:
    """The links of the expression that ends a text: names, ``()`` for a call, ``[]`` for an item; empty: not that simple."""
    links: list[str] = []
    while text := text.rstrip():
        if text[-1] in ")]":
            opened = closed.get(len(text) - 1)
            if opened is None:
                return []
            links.append(text[opened] + text[-1])
            text = text[:opened]
            continue
        word = _WORD.search(text)
        if not word:
            return []
        links.append(word[0])
        text = text[: word.start()].rstrip()
        if not text.endswith("."):
            return links[::-1]
        text = text[:-1]
    return []


def _held(links: Sequence[str], namespace: Mapping[str, object]) -> tuple[object, type | None]:
    """The object that a chain begins with, and the class of what it gives."""
    root = namespace.get(links[0]) if links else None
    held = next((kind for kind in _HELD.values() if isinstance(root, kind)), None)
    given: Any = None
    for link in links[1:]:
        if link == "()":
            held, given = _returned(given), None
        elif link == "[]":
            held, given = (NodeView if held is Snapshot else None), None
        else:
            given = inspect.getattr_static(held, link, None) if held else None
            held = _returned(given.fget) if isinstance(given, property) else None
    return root, held


def _returned(given: Callable[..., object] | None) -> type | None:
    if not callable(given):
        return None
    return _HELD.get(str(inspect.signature(given).return_annotation).rpartition(".")[2])


def _argument(links: list[str], which: str | int, typed: str, namespace: Mapping[str, object], inside: str) -> list[str]:
    """Offer values of an argument, given by name or place, of the method that a chain names."""
    if len(links) < 2:
        return []
    root, held = _held(links[:-1], namespace)
    if held is None and inspect.ismodule(root) and root.__name__ == "lineage_nb" and len(links) == 2:
        # A free function takes the snapshot first.
        first = re.match(r"\s*(\w+)\s*,", inside)
        root, held = namespace.get(first[1]) if first else None, Snapshot
        which = which - 1 if isinstance(which, int) else which
    method = inspect.getattr_static(held, links[-1], None) if held else None
    if not inspect.isfunction(method) or (isinstance(which, int) and which < 0):
        return []
    takes = [p.name for p in inspect.signature(method).parameters.values() if p.kind != p.VAR_KEYWORD][1:]
    name = which if isinstance(which, str) else takes[which] if which < len(takes) else ""
    if links[-1] == "explain" and name == "node" and isinstance(root, Result) and len(links) == 2:
        return _answered(root, typed)
    if links[-1] == "graph" and name == "level":
        return [level for level in LEVELS if level.startswith(typed)]
    known = parameters(method).get(name)
    if known and known.choices:
        return [choice for choice in known.choices if choice.startswith(typed)]
    return _names(root, typed) if name in NODE_PARAMETERS else []


def _names(root: object, typed: str) -> list[str]:
    offers = _offers(root)
    return offers.starting(typed, _MOST) if offers else []


def _offers(root: object) -> NameOffers | None:
    if isinstance(root, NodeView):
        root = root._snapshot
    elif isinstance(root, Result):
        root = root._answer.lineage
    return root.name_offers if isinstance(root, Snapshot) else None


def _answered(result: Result, typed: str) -> list[str]:
    """Names of the nodes or keys of an answer."""
    answer = result._answer
    column = next((c for c in ("node", "key", "job") if c in answer.frame.columns), None)
    if column is None:
        return []
    ids = answer.frame[column].drop_nulls().unique(maintain_order=True).head(5_000).to_list()
    names = [name for node in ids for name in (answer.lineage.spoken(node), node)]
    fitting = [name for name in names if name.startswith(typed)] or _names(result, typed)
    return list(dict.fromkeys(fitting))[:_MOST]


def matcher(namespace: Mapping[str, object], offer: Callable[[str], tuple[str, list[str]] | None] | None = None) -> Callable[[Any], Any]:
    """Make a matcher for IPython's completer (its matcher API v2, IPython 8.6 and later).

    Parameters
    ----------
    namespace : Mapping
        The user's variables.
    offer : callable, optional
        Asked first with the line up to the cursor; None: it is not its business.
    """

    def match(context: Any) -> dict[str, Any]:
        from IPython.core.completer import SimpleCompletion

        line = context.text_until_cursor
        try:
            told = offer(line) if offer else None
            if told is None:
                before = context.full_text.split("\n")[: context.cursor_line]
                told = complete_string("\n".join([*before, line]), namespace)
        except LineageError:
            told = "", []
        typed, found = told
        if not found:
            return {"completions": [], "suppress": False}
        completions = [SimpleCompletion(text=name, type="lineage") for name in found]
        return {"completions": completions, "matched_fragment": typed, "suppress": True, "ordered": True}

    vars(match).update(matcher_api_version=2, matcher_identifier=_IDENTIFIER, matcher_priority=100)
    return match


def register(shell: Any, offer: Callable[[str], tuple[str, list[str]] | None] | None = None) -> bool:
    """Complete names in a shell; once, however often it is called.

    Returns
    -------
    bool
        False where the shell's completer takes no matchers (IPython before 8.6): nothing is changed then.
    """
    unregister(shell)
    matchers = getattr(getattr(shell, "Completer", None), "custom_matchers", None)
    if not isinstance(matchers, list):
        return False
    matchers.append(matcher(shell.user_ns, offer))
    return True


def unregister(shell: Any) -> None:
    """Complete names no longer."""
    matchers = getattr(getattr(shell, "Completer", None), "custom_matchers", None)
    if isinstance(matchers, list):
        matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != _IDENTIFIER]
