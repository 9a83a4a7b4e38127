"""Parts of values by name: keys with dots between them, and from where on it is not known where they lie."""

from __future__ import annotations

from typing import Final

__all__ = ["UNSURE", "deeper", "shown_path", "sure_path"]

UNSURE: Final = "\0"
"""Stands in a path before what is not known to begin there."""


def deeper(path: str | None, more: str, *, sure: bool = True) -> str:
    """A path inside a part; not `sure` where the part may not be of the source as it lies there."""
    mark = "" if sure else UNSURE
    return f"{path}{mark}.{more}" if path else f"{mark}{more}"


def shown_path(path: str | None) -> str | None:
    r"""All that a path tells.

    Examples
    --------
    >>> shown_path("items\0.sku"), shown_path("\0")
    ('items.sku', None)
    """
    return path.replace(UNSURE, "").strip(".") or None if path else None


def sure_path(path: str | None) -> str | None:
    r"""The part of the source that the value surely lies in; None: the whole.

    Examples
    --------
    >>> sure_path("items\0.sku"), sure_path("\0sku"), sure_path("geo.lat")
    ('items', None, 'geo.lat')
    """
    return path.partition(UNSURE)[0].strip(".") or None if path else None
