"""What the search box offers while people type: names, columns, and nodes by owner or tag."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

import polars as pl

from lineage_nb.model.names import spoken_name

__all__ = ["SUGGESTIONS", "Search", "suggest"]

SUGGESTIONS = 50
_ARROW = " → "
_FIELDS = {"owner": "owners", "tag": "tags"}


def suggest(ids: pl.Series, text: str, limit: int = SUGGESTIONS) -> list[str]:
    """List ids that hold `text`, upper and lower case alike: those whose last part begins with it first.

    Examples
    --------
    >>> suggest(pl.Series(["raw.orders", "mart.users", "mart.orders_by_day"]), "ORDERS")
    ['raw.orders', 'mart.orders_by_day']
    """
    return _ranked(pl.DataFrame({"id": ids, "low": ids.str.to_lowercase()}), text, limit)


def _ranked(table: pl.DataFrame, text: str, limit: int) -> list[str]:
    wanted = text.strip().lower()
    if not wanted:
        return []
    hits = table.filter(pl.col("low").str.contains(wanted, literal=True))
    last = pl.col("low").str.extract(r"([^./#:]*)$")
    ranked = hits.sort(last != wanted, ~last.str.starts_with(wanted), pl.col("id").str.len_chars(), "id")
    return ranked["id"].head(limit).to_list()


class Search:
    """Completes what people type.

    Parameters
    ----------
    nodes : polars.DataFrame
        What can be found: id, owners, tags.

    Examples
    --------
    >>> search = Search(pl.DataFrame({"id": ["t", "u"], "owners": [["ana"], ["ben"]], "tags": [None, ["pii:email"]]}))
    >>> search.options("owner:a")
    ['owner:ana', 'owner:ana → t']
    >>> search.options("tag:pii")
    ['tag:pii:email', 'tag:pii:email → u']
    """

    def __init__(self, nodes: pl.DataFrame) -> None:
        self._nodes = nodes

    @cached_property
    def _names(self) -> pl.DataFrame:
        return self._nodes.select("id", pl.col("id").str.to_lowercase().alias("low"))

    def _having(self, field: str) -> pl.DataFrame:
        column = _FIELDS[field]
        if column not in self._nodes.columns:
            return pl.DataFrame(schema={"value": pl.String, "id": pl.String})
        return self._nodes.select(pl.col(column).alias("value"), "id").explode("value").drop_nulls("value")

    def options(self, text: str, limit: int = SUGGESTIONS) -> list[str]:
        """List what the text may mean: ids, or ``owner:…`` and ``tag:…`` with the nodes that have them."""
        field, colon, wanted = text.strip().partition(":")
        if not colon or field.lower() not in _FIELDS:
            return _ranked(self._names, text, limit)
        field, wanted = field.lower(), wanted.partition(_ARROW)[0].strip().lower()
        having = self._having(field).filter(pl.col("value").str.to_lowercase().str.contains(wanted, literal=True))
        having = having.sort(pl.col("value").str.to_lowercase() != wanted, "value", "id")
        values = having["value"].unique(maintain_order=True).head(limit // 2).to_list()
        said = self._said(field)
        nodes = [f"{field}:{said[v]}{_ARROW}{i}" for v, i in having.head(limit - len(values)).iter_rows()]
        return [*(f"{field}:{said[v]}" for v in values), *nodes]

    def _said(self, field: str) -> dict[str, str]:
        """Owners and tags as people say them, where that leaves no doubt; `meaning` reads both forms."""
        known = self._having(field)["value"].unique().to_list()
        short = {v: spoken_name(v) for v in known}
        often = Counter([*short.values(), *(v for v in known if short[v] != v)])
        return {v: s if often[s] == 1 else v for v, s in short.items()}

    def meaning(self, text: str) -> tuple[str, str] | None:
        """Read an option of `options`: ("node", id), or (field, value); None for anything else.

        Examples
        --------
        >>> Search(pl.DataFrame({"id": ["t"], "owners": [["team/ana"]]})).meaning("owner:ana")
        ('owner', 'team/ana')
        """
        field, colon, rest = text.strip().partition(":")
        if not colon or field.lower() not in _FIELDS:
            return None
        value, arrow, node = rest.partition(_ARROW)
        if arrow and node in self._nodes["id"]:
            return "node", node
        known = self._having(field.lower())["value"].unique().sort().to_list()
        exact = [v for v in known if v == value] or [v for v in known if spoken_name(v) == value]
        near = exact or [v for v in known if value.lower() in v.lower()]
        return (field.lower(), near[0]) if value.strip() and (exact or len(near) == 1) else None
