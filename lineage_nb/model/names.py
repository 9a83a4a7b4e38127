"""Short names: an exact id wins, else a unique suffix of whole components."""

from __future__ import annotations

import threading

import polars as pl

from lineage_nb.model.ids import parse_id
from lineage_nb.model.name_table import NameTable
from lineage_nb.model.suffix_order import dotted

__all__ = ["NameIndex", "short_label", "spoken_name"]

# One for all indexes: a lock of its own would keep an index from being copied and pickled.
_BUILDING = threading.Lock()


def short_label(node: str) -> str:
    """Give the last component of an id: a table's name, a column's name.

    Examples
    --------
    >>> short_label("postgres://db/shop.public.orders")
    'orders'
    >>> short_label("postgres://db/shop.public.orders#email")
    'email'
    """
    return dotted(node).rpartition(".")[2] or node


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
        self._nodes: pl.DataFrame | None = nodes
        self._made: NameTable | None = None
        self._where = where

    @classmethod
    def of_table(cls, table: NameTable, where: str = "this snapshot") -> NameIndex:
        """Resolve names over a table that exists already.

        Parameters
        ----------
        table : NameTable
            The ids.
        where : str
            What they belong to, for error messages.
        """
        index = cls.__new__(cls)
        index._nodes, index._made, index._where = None, table, where
        return index

    @property
    def _table(self) -> NameTable:
        if self._made is None:
            with _BUILDING:
                if self._made is None and self._nodes is not None:
                    nodes = self._nodes.select("id", "kind").drop_nulls("id").sort("id", maintain_order=True)
                    self._made, self._nodes = NameTable.build(nodes["id"], nodes["kind"]), None
        assert self._made is not None  # noqa: S101
        return self._made

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
        return self._table.name(self._table.resolve(name, self._where))

    def only(self, name: str) -> str | None:
        """Find the one id that `name` stands for; None where it stands for none or several (see `resolve`)."""
        number = self._table.only(name)
        return None if number is None else self._table.name(number)

    def nearest(self, name: str, limit: int = 5) -> list[str]:
        """List ids that look like `name`: by last component first, then by parts of it."""
        return self._table.nearest(name, limit)
