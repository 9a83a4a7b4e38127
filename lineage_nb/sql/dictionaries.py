"""ClickHouse's dictionaries: tables that a function looks up by their key."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlglot import exp

from lineage_nb.sql.relations import STAR
from lineage_nb.sql.scope import Scope

__all__ = ["Lookup", "looked_up"]

_WITHOUT_ATTRIBUTE = ("hierarchy", "children", "descendants", "keys")


class Lookup(NamedTuple):
    """What a function takes out of a dictionary.

    Attributes
    ----------
    table : str
        The dictionary.
    attributes : tuple of str
        Its columns that are taken, ``*`` where the text does not tell.
    keys : list
        Expressions that choose the row.
    defaults : list
        Expressions that give the value where there is no such row.
    """

    table: str
    attributes: tuple[str, ...]
    keys: list[Any]
    defaults: list[Any]


def looked_up(scope: Scope, call: Any) -> Lookup | None:
    """Read ``dictGet('dictionary', 'attribute', key)`` and its kin; None for any other function."""
    name = str(call.name).lower()
    arguments = list(call.expressions)
    if not name.startswith(("dictget", "dicthas", "dictisin")) or len(arguments) < 2:
        return None
    table = _dictionary(arguments[0])
    if table is None:
        scope.context.problem(f"{call.name}: the text does not tell which dictionary is looked up")
        return None
    stored = scope.context.table(table).table
    if not name.startswith("dictget"):
        return Lookup(stored, (), arguments[1:], [])
    if name.endswith(_WITHOUT_ATTRIBUTE):
        return Lookup(stored, (STAR,), arguments[1:], [])
    defaulted = name.endswith("ordefault")
    return Lookup(stored, _attributes(arguments[1]), arguments[2:3], arguments[3:] if defaulted else [])


def _dictionary(node: Any) -> exp.Table | None:
    """The table that the first argument names, as a text or as a name."""
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return exp.Table(
            this=node.this.copy(), db=node.args["table"].copy() if node.args.get("table") else None
        )
    if not (isinstance(node, exp.Literal) and node.is_string):
        return None
    schema, _, name = str(node.this).rpartition(".")
    parts = [exp.to_identifier(part, quoted=True) for part in (name, schema) if part]
    return exp.Table(this=parts[0], db=parts[1] if len(parts) > 1 else None) if parts else None


def _attributes(node: Any) -> tuple[str, ...]:
    items = node.expressions if isinstance(node, (exp.Tuple, exp.Array)) else [node]
    names = tuple(str(i.this) for i in items if isinstance(i, exp.Literal) and i.is_string)
    return names if names and len(names) == len(items) else (STAR,)
