"""What a node is called in a picture, and how wide that is: no font is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["caption", "clean", "clip", "text_width"]

_SEPARATOR = re.compile(r"[./:#\\]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]{}/\\- `\""), frozenset("mwMWGOQ@%&")


def _advance(character: str) -> float:
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.88
    if character < "\u2e80":
        return 0.69 if character.isupper() else 0.6
    return 1.05


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate the width of a line of sans-serif text in pixels, on the safe side.

    Examples
    --------
    >>> text_width("orders", 12) < text_width("customers", 12)
    True
    """
    return sum(map(_advance, text)) * size * (1.12 if bold else 1.0)


def clean(text: object, limit: int = 300) -> str:
    r"""Make any value one line of visible text of at most `limit` characters.

    Control characters and those that turn the direction of writing become a visible mark.

    Examples
    --------
    >>> clean("a\nb")
    'a␣b'
    """
    shown = _UNSEEN.sub("\u2423", str(text))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def clip(text: str, width: float, size: float, *, bold: bool = False, keep: str = "ends") -> str:
    """Shorten `text` to `width` pixels.

    Parameters
    ----------
    text : str
        One line.
    width, size : float
        Pixels available, font size in pixels.
    bold : bool
        Measure bold letters.
    keep : {"ends", "end"}
        What of a long text remains: both ends (names often differ in a suffix), or the end, if possible
        whole components of it.

    Examples
    --------
    >>> clip("events_daily_aggregated_v2", 100, 12)
    'events_d…ed_v2'
    >>> clip("orders", 100, 12)
    'orders'
    """
    if text_width(text, size, bold=bold) <= width:
        return text
    if keep == "end":
        for cut in _SEPARATOR.finditer(text):
            if text_width("…" + text[cut.end() :], size, bold=bold) <= width and cut.end() < len(text):
                return "…" + text[cut.end() :]
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(_cut(text, middle, keep), size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return _cut(text, low, keep)


def _cut(text: str, length: int, keep: str) -> str:
    tail = length if keep == "end" else (length * 2) // 5
    return text[: length - tail] + "…" + (text[len(text) - tail :] if tail else "")


def caption(row: Mapping[str, Any]) -> tuple[str, str]:
    """Give a node's short name and, below it, where it lives.

    Parameters
    ----------
    row : Mapping
        A row of `nodes`: id, kind, name, namespace, parent.

    Returns
    -------
    tuple of str
        (name, place); place may be empty.

    Examples
    --------
    >>> caption({"id": "pg://db/shop.public.orders", "kind": "dataset", "name": "shop.public.orders",
    ...          "namespace": "pg://db", "parent": None})
    ('orders', 'shop.public')
    """
    name = str(row.get("name") or row["id"])
    namespace = str(row.get("namespace") or "")
    if row.get("kind") == "column":
        own = str(row["id"]).rpartition("#")[2] if "#" in str(row["id"]) else name.rpartition(".")[2] or name
        parent = str(row.get("parent") or namespace)
        return own, ".".join(_parts(parent)[-2:]) or parent
    if " " in name.strip():
        return name, namespace
    cut = max((m.end() for m in _SEPARATOR.finditer(name.rstrip("./:#\\"))), default=0)
    return name[cut:] or name, name[:cut].rstrip("./:#\\") or namespace


def _parts(text: str) -> list[str]:
    return [p for p in _SEPARATOR.split(text) if p]
