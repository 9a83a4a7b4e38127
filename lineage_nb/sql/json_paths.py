"""Parts of JSON values, written in one way: the keys with dots between them, whatever the dialect writes.

Elements of arrays are not told apart, so neither positions nor ``[*]`` stand in a path. What follows a step that may
lead to any key (``*``, ``..``, a filter, what a function made of the value) is told, but behind `UNSURE`: it is not
known where in the source it lies.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlglot import exp

from lineage_nb.sql.json_parts import UNSURE, deeper

__all__ = ["dotted_path", "json_path", "path_of_call"]

_MODE: Final = re.compile(r"\s*(?:lax|strict)\s+", re.IGNORECASE)
_KEY: Final = re.compile(
    r"""\[\s*(?:\d+|\*|last|\#-?\d*)\s*\] | \[\s*'([^']*)'\s*\] | \[\s*"([^"]*)"\s*\] | "([^"]*)" | ([^.\[\]"]+)""",
    re.VERBOSE,
)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_LOOSE: Final = re.compile(r"\.\.|\*\*|[?@()]|^/|\[(?!\s*(?:\d+|\*|last|\#-?\d*)\s*\])[^\]'\"]")
"""What a path of plain keys and positions does not have; a key of ``*`` is any key, too."""


def dotted_path(text: str) -> str:
    """Keys of a path as some dialect writes it.

    Examples
    --------
    >>> [dotted_path(p) for p in ("$.lines[*].sku", "lax $.geo[0].lat", "{items,0,sku}", "$['a b'].c", '"Mixed".x')]
    ['lines.sku', 'geo.lat', 'items.sku', 'a b.c', 'Mixed.x']
    >>> from lineage_nb.sql.json_parts import shown_path, sure_path
    >>> [shown_path(dotted_path(p)) for p in ("$.a.*.b", "$**.dept")], [sure_path(dotted_path(p)) for p in ("$.a.*.b", "$**.dept")]
    (['a.*.b', '**.dept'], ['a', None])
    """
    if text.startswith("{") and text.endswith("}"):  # Postgres writes a path as an array
        parts = (part.strip().strip('"') for part in text[1:-1].split(","))
        return ".".join(part for part in parts if part and not part.lstrip("-").isdigit())
    text = _MODE.sub("", text, count=1).lstrip()
    text = text[1:] if text.startswith("$") else text
    keys = [next((group for group in found.groups() if group), "") for found in _KEY.finditer(text)]
    keys = [key for key in keys if key]
    if _LOOSE.search(_QUOTED.sub("", text)):
        return UNSURE + ".".join(keys)
    loose = next((i for i, key in enumerate(keys) if key.strip() == "*"), None)
    if loose is None:
        return ".".join(keys)
    head = ".".join(keys[:loose])
    return deeper(head, ".".join(keys[loose:]), sure=False)



def json_path(node: Any) -> str | None:
    """Keys of a JSON path that the text states; None where it states none."""
    if isinstance(node, exp.JSONPath):
        path: str | None = None
        sure = True
        for part in node.expressions:
            if isinstance(part, exp.JSONPathKey) and isinstance(part.this, str):
                path = deeper(path, part.this, sure=sure)
                sure = True
            elif not isinstance(part, (exp.JSONPathRoot, exp.JSONPathSubscript)):
                sure = False
        return path if path or sure else UNSURE
    if isinstance(node, exp.Literal) and node.is_string:
        return dotted_path(str(node.this)) or None
    return None


_JSON_BY_PATH = frozenset(("json_value", "json_query", "json_exists", "variant_get", "try_variant_get"))

_JSON_BY_KEYS = frozenset(("json_extract_path", "jsonb_extract_path", "json_extract_path_text", "jsonb_extract_path_text"))


def path_of_call(node: Any) -> str | None:
    """The path that a JSON function takes out, where its arguments tell it; None for any other function."""
    name = str(node.name).lower()
    keys = node.expressions[1:]
    if not keys or not all(isinstance(k, exp.Literal) for k in keys):
        return None
    if name in _JSON_BY_KEYS:
        return ".".join(str(k.this) for k in keys if k.is_string and not str(k.this).lstrip("-").isdigit()) or None
    if name in _JSON_BY_PATH:
        return json_path(keys[0])
    if name == "jsonextract":
        keys = keys[:-1]  # the last names the type
    if name.startswith(("jsonextract", "simplejsonextract", "visitparamextract")):
        return ".".join(str(k.this) for k in keys if k.is_string) or None
    return None
