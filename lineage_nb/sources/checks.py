"""Checks of options: a wrong one is named, with what it should be."""

from __future__ import annotations

from collections.abc import Mapping

from lineage_nb.errors import LineageError

__all__ = ["require_mapping", "require_schema", "require_text"]


def require_text(name: str, value: object, example: str) -> None:
    """Raise unless an option is a text, or None where it was left out.

    Examples
    --------
    >>> require_text("namespace", 3, "snowflake")
    Traceback (most recent call last):
    ...
    lineage_nb.errors.LineageError: namespace is 3; give a text, such as 'snowflake'
    """
    if value is not None and not (isinstance(value, str) and value):
        raise LineageError(f"{name} is {_clipped(value)}; give a text, such as {example!r}")


def require_mapping(name: str, value: object, example: str) -> None:
    """Raise unless an option maps texts.

    Examples
    --------
    >>> require_mapping("prices", 3, "{'credit': 3.0}")
    Traceback (most recent call last):
    ...
    lineage_nb.errors.LineageError: prices is 3; give a mapping, such as {'credit': 3.0}
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise LineageError(f"{name} is {_clipped(value)}; give a mapping, such as {example}")


def require_schema(value: object) -> None:
    """Raise unless an option maps tables to their columns; what columns are is checked by the catalog."""
    if value is not None:
        require_mapping("schema", value, "{'raw.users': ['id', 'email']}")
        from lineage_nb.sql.catalog import Catalog

        Catalog(value)  # type: ignore[arg-type]


def _clipped(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"
