"""ClickHouse's dictionaries: tables that a function looks up by their key."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlglot import exp

from lineage_nb.sql.flows import Cell, trace
from lineage_nb.sql.relations import STAR, Relation
from lineage_nb.sql.scope import Scope
from lineage_nb.sql.words import TRANSFORMATION, UNKNOWN

__all__ = ["Lookup", "looked_up", "source_of"]

_WITHOUT_ATTRIBUTE = ("hierarchy", "children", "descendants", "keys")


def source_of(item: Any, scope: Scope) -> Relation | None:
    """What fills a dictionary, by its SOURCE; a relation of no known columns where that is another system."""
    if str(item.this).upper() != "SOURCE":
        return None
    told = {s.name.lower(): s.args["value"] for s in item.args.get("settings") or () if isinstance(s, exp.DictSubProperty)}
    texts = {k: str(v.this) for k, v in told.items() if isinstance(v, exp.Literal)}
    if str(item.args.get("kind")).lower() == "clickhouse" and "query" in texts:
        tree = scope.context.names.dialect.parse(texts["query"])[0]
        return scope.context.evaluate(tree, scope) if tree is not None else None
    if str(item.args.get("kind")).lower() == "clickhouse" and "table" in texts:
        schema = texts.get("db", "default")
        db = exp.to_identifier(schema) if schema != "default" else None
        return scope.context.table(exp.Table(this=exp.to_identifier(texts["table"]), db=db))
    scope.context.problem("what fills the dictionary is not known")
    return Relation([STAR], [Cell({("", STAR, None, TRANSFORMATION): trace(UNKNOWN)})])


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
