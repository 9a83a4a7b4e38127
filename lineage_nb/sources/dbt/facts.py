"""Small facts out of dbt's values: names, tags, owners, sizes. Values of a wrong type count as not given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lineage_nb.model.ids import node_id

__all__ = [
    "counted",
    "job_name",
    "joined",
    "number",
    "owner_names",
    "reference",
    "tag_list",
    "text",
    "tier",
    "unquoted",
]

_IDENTIFIER = re.compile(r'"([^"]*)"|`([^`]*)`|\[([^\]]*)\]|([^.\s"`\[\]()\']+)')
_DENIED = ("false", "no", "0", "none")
_MAX_INT = 2**63 - 1


def unquoted(relation: str) -> str | None:
    """Write a relation name without the quotes of its platform.

    Parameters
    ----------
    relation : str
        As dbt renders it: each part plain or in ``"…"``, backticks or ``[…]``. A dot inside quotes stays.

    Returns
    -------
    str or None
        None for what is no relation name, such as a file path or a function call.

    Examples
    --------
    >>> unquoted('"shop"."mart"."daily.orders"'), unquoted("`shop`.mart.orders"), unquoted("[shop].[orders]")
    ('shop.mart.daily.orders', 'shop.mart.orders', 'shop.orders')
    >>> unquoted("read_csv('orders.csv')") is None
    True
    """
    relation, parts, at = relation.strip(), [], 0
    while True:
        match = _IDENTIFIER.match(relation, at)
        if match is None or not (part := match[match.lastindex or 0]):
            return None
        parts.append(part)
        at = match.end()
        if at == len(relation):
            return ".".join(parts)
        if relation[at] != ".":
            return None
        at += 1


def joined(*parts: str | None) -> str | None:
    """Join the parts of a relation name that are given.

    Examples
    --------
    >>> joined(None, "mart", "orders")
    'mart.orders'
    """
    return ".".join(p for p in parts if p) or None


def reference(unique_id: str) -> str:
    """Make the id that stands for the relation of a resource until its manifest is known.

    Examples
    --------
    >>> reference("model.shop.orders")
    'dbt/model.shop.orders'
    """
    return node_id("dataset", "dbt", unique_id)


def job_name(unique_id: str) -> str:
    """Name what builds a resource: package, name and version.

    Examples
    --------
    >>> job_name("model.shop.orders.v2")
    'shop.orders.v2'
    """
    return unique_id.partition(".")[2]


def counted(number: int, noun: str) -> str:
    """Say how many.

    Examples
    --------
    >>> counted(1, "source"), counted(2000, "source")
    ('1 source', '2,000 sources')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def text(value: Any) -> str | None:
    """Take a text that says something; None for an empty one.

    Examples
    --------
    >>> text(" One row per order. "), text(""), text(7)
    ('One row per order.', None, None)
    """
    return (value.strip() or None) if isinstance(value, str) else None


def number(value: Any) -> int | None:
    """Take a whole number of at least 0 that fits 63 bits, also one written as a text or a float.

    Examples
    --------
    >>> number(12), number("12"), number(12.0), number(-1), number(True)
    (12, 12, 12, None, None)
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INT
    return value if fits else None


def tier(meta: Mapping[str, Any]) -> str | None:
    """Take the importance that ``meta: {tier: …}`` states.

    Examples
    --------
    >>> tier({"tier": "gold"}), tier({"tier": 1}), tier({})
    ('gold', '1', None)
    """
    value = meta.get("tier")
    return str(value) if number(value) is not None else text(value)


# -- tags ---------------------------------------------------------------------------------------------------


def tag_list(given: Iterable[Any], meta: Mapping[str, Any]) -> list[str] | None:
    """Unite dbt's tags with what ``meta: {pii: …}`` says.

    Parameters
    ----------
    given : iterable
        Values of ``tags``: lists or single texts.
    meta : Mapping
        ``pii`` may be a label, a list of labels, an object (its ``type`` or ``label``, else its values) or
        true; false becomes ``pii=false``, since it denies what ``pii:…`` would say.

    Returns
    -------
    list of str or None
        Sorted; None when there are none.

    Examples
    --------
    >>> tag_list([["nightly", "PII:phone"], "gold"], {"pii": ["email", "name"]})
    ['gold', 'nightly', 'pii:email', 'pii:name', 'pii:phone']
    >>> tag_list([["pii"]], {}), tag_list([], {"pii": False}), tag_list([], {})
    (['pii:true'], ['pii=false'], None)
    """
    found = {_tag(t) for value in given for t in _texts(value)}
    if "pii" in meta:
        found.update(_pii(meta["pii"]))
    return sorted(found) or None


def _texts(value: Any) -> Iterator[str]:
    for item in _listed(value):
        said = str(item) if number(item) is not None else text(item)
        if said:
            yield said


def _tag(tag: str) -> str:
    key, colon, label = tag.partition(":")
    if key.strip().lower() != "pii":
        return tag
    return f"pii:{label.strip() or 'true'}" if colon else "pii:true"


def _pii(value: Any) -> Iterator[str]:
    for item in _listed(value):
        named = [item[k] for k in ("type", "label") if k in item] if isinstance(item, dict) else [item]
        for part in named or item.values():
            for label in _listed(part):
                if isinstance(label, bool):
                    yield "pii:true" if label else "pii=false"
                    continue
                for said in _texts(label):
                    denied = said.lower() in _DENIED
                    yield (
                        "pii=false"
                        if denied
                        else _tag(said if said.lower().startswith("pii:") else f"pii:{said}")
                    )


# -- owners -------------------------------------------------------------------------------------------------


def owner_names(*values: Any) -> list[str] | None:
    """List who is named as an owner: a text, an object with ``name`` or else ``email``, or a list of those.

    Returns
    -------
    list of str or None
        Sorted; None when nobody is named.

    Examples
    --------
    >>> owner_names("ana", {"name": None, "email": ["bo@x.example"]}, [{"name": "Team C", "email": "c@x.example"}])
    ['Team C', 'ana', 'bo@x.example']
    """
    return sorted({name for value in values for name in _owners(value)}) or None


def _owners(value: Any) -> Iterator[str]:
    for item in _listed(value):
        said = text(item.get("name")) or item.get("email") if isinstance(item, dict) else item
        for name in _listed(said):
            if isinstance(name, str) and name.strip():
                yield name.strip()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
