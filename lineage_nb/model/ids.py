"""Readable, total ids: ``namespace/name#column``.

A generated id parses back to its parts for every namespace, name and column. Datasets and their columns
carry no prefix; every other kind does (``job:airflow/ingest``, ``report:dbt/stream.weekly_revenue``).
Only what would be ambiguous is percent-encoded, so that ordinary ids read as people write them.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

__all__ = ["PREFIXED", "NodeId", "column_id", "node_id", "parse_id"]

PREFIXED = ("job", "report", "principal", "compute")
"""Kinds whose ids start with ``kind:``."""

_PREFIX = re.compile(rf"^({'|'.join(PREFIXED)}):")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*)://")
_UNSAFE = re.compile(r"[%#\x00-\x1f\x7f]")
_UNSAFE_NAMESPACE = re.compile(r"[%#/\x00-\x1f\x7f]")


class NodeId(NamedTuple):
    """The parts of a generated id; `column` is None except for columns."""

    kind: str
    namespace: str
    name: str
    column: str | None = None


def _quote(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"


def _quote_namespace(namespace: str) -> str:
    scheme = _SCHEME.match(namespace)
    head = scheme.group() if scheme else ""
    rest = _UNSAFE_NAMESPACE.sub(_quote, namespace[len(head) :])
    if not head:
        if rest.endswith(":"):
            rest = rest[:-1] + "%3A"
        if _PREFIX.match(rest):
            rest = rest.replace(":", "%3A", 1)
    elif _PREFIX.match(head):
        head = head.replace("://", "%3A%2F%2F", 1)
    return head + rest


def node_id(kind: str, namespace: str, name: str) -> str:
    """Make the id of a node from its parts.

    Parameters
    ----------
    kind : str
        ``dataset`` or one of `PREFIXED`.
    namespace, name : str
        Any strings, also empty ones.

    Returns
    -------
    str
        An id that `parse_id` takes apart again.

    Examples
    --------
    >>> node_id("dataset", "postgres://db:5432", "shop.public.orders")
    'postgres://db:5432/shop.public.orders'
    >>> node_id("job", "airflow", "ingest#1")
    'job:airflow/ingest%231'
    """
    prefix = f"{kind}:" if kind != "dataset" else ""
    return f"{prefix}{_quote_namespace(namespace)}/{_UNSAFE.sub(_quote, name)}"


def column_id(dataset: str, column: str) -> str:
    """Make the id of a column of `dataset` (an id).

    Examples
    --------
    >>> column_id("postgres://db/shop.orders", "email")
    'postgres://db/shop.orders#email'
    """
    return f"{dataset}#{_UNSAFE.sub(_quote, column)}"


def parse_id(text: str) -> NodeId | None:
    """Take a generated id apart.

    Parameters
    ----------
    text : str
        Any id.

    Returns
    -------
    NodeId or None
        None for an id that was not generated here: hand-made ids are opaque.

    Examples
    --------
    >>> parse_id("postgres://db/shop.orders#email")
    NodeId(kind='column', namespace='postgres://db', name='shop.orders', column='email')
    >>> parse_id("orders") is None
    True
    """
    prefix = _PREFIX.match(text)
    kind = prefix.group(1) if prefix else "dataset"
    body = text[prefix.end() :] if prefix else text
    body, hash_, column = body.partition("#")
    scheme = _SCHEME.match(body)
    start = scheme.end() if scheme else 0
    slash = body.find("/", start)
    if slash < 0:
        return None
    namespace, name = unquote(body[:slash]), unquote(body[slash + 1 :])
    if hash_:
        return NodeId("column", namespace, name, unquote(column))
    return NodeId(kind, namespace, name)
