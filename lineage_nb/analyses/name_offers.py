"""Which names to offer while somebody types one: whole names that are sure to be understood."""

from __future__ import annotations

import re

import polars as pl

from lineage_nb.analyses.usage_log import usage_log
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.names import spoken_name
from lineage_nb.model.suffix_order import dotted

__all__ = ["MOST", "NameOffers"]

MOST = 1_500
"""Most datasets whose names are offered at once."""

_SEPARATOR = re.compile(r"[/#:]")
_DATA = ("dataset", "report")
_MOST_TABLES = 20


class NameOffers:
    """The names of a snapshot, the most read first.

    Parameters
    ----------
    lineage : Lineage
        A snapshot.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     edges={"source": ["db/raw.users"], "target": ["db/mart.users"]},
    ...     nodes={"id": ["db/mart.users", "db/mart.users#mail"], "kind": ["dataset", "column"], "parent": [None, "db/mart.users"]},
    ... )
    >>> offers = NameOffers(snap)
    >>> offers.starting("ma"), offers.starting("MART.USERS.")
    (['mart.users'], ['mart.users.mail'])
    """

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._nodes = lineage.frames["nodes"].select("id", "kind", "parent", "ordinal")
        reads = usage_log(lineage).reads.group_by("node").agg(pl.col("reads").sum())
        self._ranked = (
            self._nodes.lazy()
            .filter(pl.col("kind") != "column")
            .join(reads.lazy(), left_on="id", right_on="node", how="left")
            .sort(~pl.col("kind").is_in(_DATA), -pl.col("reads").fill_null(0), "id")
            .select("id", "kind", ("." + pl.col("id").str.replace_all("[/#:]", ".").str.to_lowercase()).alias("dotted"))
            .collect()
        )
        self._most_read: list[str] | None = None

    def most_read(self) -> list[str]:
        """Names of at most `MOST` datasets and reports, where they are clear: the whole name, and its last two components."""
        if self._most_read is None:
            ids = self._ranked.filter(pl.col("kind").is_in(_DATA))["id"].head(MOST)
            whole = [self._sure(spoken_name(i), i) for i in ids]
            short = [self._sure(".".join(name.split(".")[-2:]), i) for name, i in zip(whole, ids, strict=True)]
            self._most_read = list(dict.fromkeys([*whole, *(n for n, i in zip(short, ids, strict=True) if n != i)]))
        return self._most_read.copy()

    def starting(self, typed: str, limit: int = 100) -> list[str]:
        """List names that go on as `typed` begins, upper and lower case alike.

        Parameters
        ----------
        typed : str
            The beginning of an id or of any of its components. With a whole table in front, columns are offered.
        limit : int
            At most so many.

        Returns
        -------
        list of str
            Each stands for exactly one node: the last components from the typed one on, or the whole id where others end
            alike. The most read first; after them the columns of the table that is typed in full, in order.
        """
        if not typed:
            return self.most_read()[:limit]
        wanted = "." + _SEPARATOR.sub(".", typed).lower()
        hits = self._ranked.filter(pl.col("dotted").str.contains(wanted, literal=True)).head(limit)["id"].to_list()
        found = [self._from(typed, node) for node in [*hits, *self._columns(wanted, limit)]]
        return list(dict.fromkeys(found))[:limit]

    def _columns(self, wanted: str, limit: int) -> list[str]:
        table, dot, start = wanted.rpartition(".")
        if not dot or len(table) < 2:
            return []
        tables = self._ranked.filter(pl.col("dotted").str.ends_with(table))["id"].head(_MOST_TABLES)
        if tables.is_empty():
            return []
        own = self._nodes.filter((pl.col("kind") == "column") & pl.col("parent").is_in(tables.implode()))
        name = pl.col("id").str.replace_all("[/#:]", ".").str.to_lowercase()
        ours = own.filter(name.str.contains(f"{table}.{start}", literal=True)).sort("parent", "ordinal", "id", nulls_last=True)
        return ours["id"].head(limit).to_list()

    def _from(self, typed: str, node: str) -> str:
        """The components of a node from the typed ones on, if that names it; else the whole id."""
        plain = _SEPARATOR.sub(".", node)
        at = f".{plain}".lower().find("." + _SEPARATOR.sub(".", typed).lower())
        # Where lower case is of another length, places cannot be compared.
        if at < 0 or len(plain.lower()) != len(plain):
            return node
        return self._sure(node[at:].replace("#", "."), node)

    def _sure(self, name: str, node: str) -> str:
        if name == node or not dotted(name).strip("."):
            return node
        try:
            return name if self._lineage.names.resolve(name) == node else node
        except LineageError:
            return node
