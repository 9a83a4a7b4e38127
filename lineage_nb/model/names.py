"""Short names: an exact id wins, else a unique suffix of whole components."""

from __future__ import annotations

import difflib
import re

import polars as pl

from lineage_nb.errors import AmbiguousNameError, UnknownNameError
from lineage_nb.model.ids import parse_id

__all__ = ["NameIndex", "short_label", "spoken_name"]

_SEPARATOR = re.compile(r"[/#:]")
_SHOWN = 8
_DATA_KINDS = ("dataset", "column", "report")


def _dotted(name: str) -> str:
    return "." + _SEPARATOR.sub(".", name).strip(".")


def short_label(node: str) -> str:
    """Give the last component of an id: a table's name, a column's name.

    Examples
    --------
    >>> short_label("postgres://db/shop.public.orders")
    'orders'
    >>> short_label("postgres://db/shop.public.orders#email")
    'email'
    """
    return _dotted(node).rpartition(".")[2] or node


def spoken_name(node: str) -> str:
    """Give an id as people say it: a dataset, column or person without namespace, anything else as it is.

    Examples
    --------
    >>> spoken_name("postgres://db/shop.public.orders#email")
    'shop.public.orders.email'
    >>> spoken_name("job:airflow/load")
    'job:airflow/load'
    """
    parts = parse_id(node)
    if parts is None or parts.kind not in ("dataset", "column", "principal") or not parts.name:
        return node
    return f"{parts.name}.{parts.column}" if parts.column is not None else parts.name


class NameIndex:
    """Resolves what people type to ids.

    Parameters
    ----------
    nodes : polars.DataFrame
        Columns id and kind, one row a node.
    where : str
        What the nodes belong to, for error messages.

    Examples
    --------
    >>> nodes = pl.DataFrame({"id": ["db/mart.orders", "db/mart.orders#email"], "kind": ["dataset", "column"]})
    >>> NameIndex(nodes).resolve("orders.email")
    'db/mart.orders#email'
    """

    def __init__(self, nodes: pl.DataFrame, where: str = "this snapshot") -> None:
        self._nodes = nodes.select(
            "id", "kind", (pl.lit(".") + pl.col("id").str.replace_all(r"[/#:]", ".")).alias("dotted")
        )
        self._where = where
        self._exact = set[str]()

    def resolve(self, name: str) -> str:
        """Find the one id that `name` stands for.

        Parameters
        ----------
        name : str
            An id, or its last components: ``mart.orders.email`` for ``…/shop.mart.orders#email``. Upper and
            lower case are told apart first, and ignored when nothing fits. A dataset, column or report wins
            over a job, person or machine of the same short name.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.
        """
        if not isinstance(name, str):
            raise UnknownNameError(f"a node is named by a string, not {name!r}")
        if not self._exact:
            self._exact.update(self._nodes["id"])
        if name in self._exact:
            return name
        wanted = _dotted(name)
        dotted = pl.col("dotted")
        for fits in (dotted.str.ends_with(wanted), dotted.str.to_lowercase().str.ends_with(wanted.lower())):
            hits = self._nodes.filter(fits)
            data = hits.filter(pl.col("kind").is_in(_DATA_KINDS))
            hits = data if data.height else hits
            if hits.height == 1:
                return str(hits["id"][0])
            if hits.height > 1:
                ids = hits["id"].sort()
                raise AmbiguousNameError.of(name, ids.head(_SHOWN).to_list(), hits.height)
        raise UnknownNameError.of(name, self.nearest(name), self._where)

    def nearest(self, name: str, limit: int = 5) -> list[str]:
        """List ids that look like `name`: by last component first, then by parts of it."""
        last = _dotted(name).rpartition(".")[2].lower()
        tail = self._nodes["dotted"].str.extract(r"([^.]*)$").str.to_lowercase()
        pool = tail.unique().sort().head(200_000).to_list()
        close = difflib.get_close_matches(last, pool, n=limit, cutoff=0.6) if len(pool) <= 200_000 else []
        if last and not close:
            close = [p for p in pool if last in p][:limit]
        hits = self._nodes.filter(tail.is_in(close))["id"].to_list()
        return difflib.get_close_matches(name, hits, n=limit, cutoff=0.0) if hits else []
