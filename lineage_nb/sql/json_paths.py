"""Parts of JSON values, written in one way: the keys with dots between them, whatever the dialect writes.

Elements of arrays are not told apart, so neither positions nor ``[*]`` stand in a path.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlglot import exp

__all__ = ["dotted_path", "json_path"]

_MODE: Final = re.compile(r"\s*(?:lax|strict)\s+", re.IGNORECASE)
_KEY: Final = re.compile(
    r"""\[\s*(?:\d+|\*|last|\#-?\d*)\s*\] | \[\s*'([^']*)'\s*\] | \[\s*"([^"]*)"\s*\] | "([^"]*)" | ([^.\[\]"]+)""",
    re.VERBOSE,
)


def dotted_path(text: str) -> str:
    """Keys of a path as some dialect writes it.

    Examples
    --------
    >>> [dotted_path(p) for p in ("$.lines[*].sku", "lax $.geo[0].lat", "{items,0,sku}", "$['a b'].c", '"Mixed".x')]
    ['lines.sku', 'geo.lat', 'items.sku', 'a b.c', 'Mixed.x']
    """
    if text.startswith("{") and text.endswith("}"):  # Postgres writes a path as an array
        parts = (part.strip().strip('"') for part in text[1:-1].split(","))
        return ".".join(part for part in parts if part and not part.lstrip("-").isdigit())
    text = _MODE.sub("", text, count=1).lstrip()
    text = text[1:] if text.startswith("$") else text
    keys = (next((group for group in found.groups() if group), "") for found in _KEY.finditer(text))
    return ".".join(key for key in keys if key)


def json_path(node: Any) -> str | None:
    """Keys of a JSON path that the text states; None where it states none."""
    if isinstance(node, exp.JSONPath):
        keys = [str(part.this) for part in node.expressions if isinstance(part, exp.JSONPathKey)]
        return ".".join(keys) or None
    if isinstance(node, exp.Literal) and node.is_string:
        return dotted_path(str(node.this)) or None
    return None
